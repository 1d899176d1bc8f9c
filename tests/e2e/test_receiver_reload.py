# SPDX-License-Identifier: MIT
# label: full
"""HUP: a new configuration takes the place of the old one, all or nothing, while packets flow."""
import signal
import socket
import time
import unittest

import receivercase
import watchfloor
from receivercase import SERIAL, UDP, serial_packet, timed_packet


class Reload(receivercase.ReceiverCase):
    def reload(self, fails=False):
        counter = "reload_failures" if fails else "reloads"
        before = self.system.counters()[counter]
        self.receiver.send_signal(signal.SIGHUP)
        return self.settled(**{counter: before + 1})

    def created(self):
        return {(r["source"], r["subsystem"]): r["created"] for r in self.system.peek("list")}

    def test_nothing_changed_means_nothing_happens(self):
        self.start()
        sender = self.udp()
        sender.send(serial_packet(0))
        self.settled(published=1)
        before = self.created()
        self.reload()
        sender.send(serial_packet(1))       # the same socket, the same port
        sender.send(serial_packet(3))
        values = self.settled(published=3, datagrams=3)
        self.assertEqual((values["gaps"], values["lost"]), (1, 1))
        self.assertEqual(self.created(), before)
        self.assertEqual([s["number"] for s in self.ring("serial")], [0, 1, 2])

    def test_a_changed_schema_makes_its_region_anew_and_no_other(self):
        self.start()
        sender = self.udp()
        sender.send(serial_packet(0))
        self.settled(published=1)
        before = self.created()
        self.system.write_schema("serial", SERIAL + "[derived twice]\nexpression = serial * 2\n")
        self.reload()
        after = self.created()
        changed = {name for name in before if after[name] != before[name]}
        self.assertEqual(changed, {("main", "serial")})
        sender.send(serial_packet(21))
        self.settled(published=2)
        sample = self.system.peek("sample", "main", "serial")
        self.assertEqual((sample["number"], sample["values"]["twice"]), (0, 42))

    def test_a_bad_schema_changes_nothing(self):
        self.start()
        sender = self.udp()
        self.system.write_schema("serial", SERIAL + "[parameter broken]\nbits = many\n")
        self.system.write_config(UDP + "\n[listener more]\nport = 0\n")
        values = self.reload(fails=True)
        self.assertTrue(values["is_reload_refused"])
        self.assertIn("serial.ini:", self.receiver.err())
        self.assertEqual(list(self.system.listeners()), ["in"])
        sender.send(serial_packet(0))
        self.settled(published=1)
        self.system.write_schema("serial", SERIAL)
        self.assertFalse(self.reload()["is_reload_refused"])
        self.assertEqual(set(self.system.listeners()), {"in", "more"})

    def test_a_port_in_use_changes_nothing(self):
        self.start()
        taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        before = self.created()
        self.system.remove_schema("timed")
        self.system.write_config(UDP + "\n[listener a]\nport = 0\n[listener b]\nport = %d\n" %
                                 taken.getsockname()[1])
        self.reload(fails=True)
        self.assertIn("in use", self.receiver.err())
        self.assertEqual(self.created(), before)
        self.udp().send(timed_packet(0, time.time()))
        self.settled(published=1)

    def test_listeners_and_sources_come_and_go(self):
        self.start(UDP + "\n[listener old]\nport = 0\nsource = sat1\n")
        self.udp("old").send(serial_packet(0))
        self.settled(published=1)
        self.system.write_config(UDP + "\n[listener new]\nport = 0\nsource = sat2\n"
                                 "\n[listener stream]\ntransport = tcp\nport = 0\n")
        self.reload()
        self.assertEqual(set(self.system.listeners()), {"in", "new", "stream"})
        self.udp("new").send(serial_packet(0))
        self.settled(published=2)
        self.assertEqual(set(self.system.table("sources", "name")), {"main", "sat2"})
        self.assertNotIn("sat1.serial", self.system.table("subsystems", "name"))
        self.assertNotIn("old", self.system.table("links", "link"))
        sources = {source for source, _ in self.created()}
        self.assertEqual(sources, {"main", "sat2", "wf"})

    def test_an_allow_list_changes_without_losing_the_socket(self):
        self.start()
        sender = self.udp()
        sender.send(serial_packet(0))
        self.settled(published=1)
        self.system.write_config(UDP + "allow = 192.0.2.0/24\n")
        self.reload()
        sender.send(serial_packet(1))
        self.assertEqual(self.rejected(self.settled(packets=2)), {"not_allowed": 1})
        self.system.write_config(UDP)
        self.reload()
        sender.send(serial_packet(2))
        self.settled(published=2)

    def test_connections_live_on_unless_they_are_framed_otherwise(self):
        config = "[listener in]\ntransport = tcp\nport = 0\n"
        self.start(config)
        sender = self.tcp()
        data = serial_packet(0)
        sender.sendall(data[:30])
        self.settled(connections=1)
        self.reload()
        sender.sendall(data[30:])
        self.settled(published=1, connections=1)
        self.system.write_config(config + "framing = length 2 big\n")
        self.reload()
        self.assert_closed(sender)
        self.settled(connections=0)

    def test_fifty_reloads_under_load_lose_nothing(self):
        self.start()
        sender = self.udp()
        sent = 0
        for turn in range(50):
            if turn % 2:
                self.system.write_schema("extra", "[subsystem]\napid = 900\n[parameter x]\n")
            elif turn:
                self.system.remove_schema("extra")
            self.receiver.send_signal(signal.SIGHUP)
            for _ in range(20):
                sender.send(serial_packet(sent))
                sent += 1
            watchfloor.wait_for(lambda: (self.system.peek("sample", "main", "serial") or
                                       {"values": {"serial": -1}})["values"]["serial"] >= sent - 1,
                              "packets of this turn")
        values = self.settled(datagrams=sent, published=sent)
        self.assertEqual((values["lost"], values["rejected"], values["kernel_dropped"]), (0, 0, 0))
        self.assertGreater(values["reloads"], 0)


if __name__ == "__main__":
    unittest.main()
