# SPDX-License-Identifier: MIT
# label: full
"""What cannot be done is said in one line, with what to do about it, and leaves nothing behind."""
import glob
import os
import signal
import socket
import subprocess
import unittest

import receivercase
import watchfloor
from receivercase import SCHEMAS, SERIAL, UDP, serial_packet


class Refusals(watchfloor.SystemTest):
    def refused(self, config, schemas=None, setup=()):
        system = self.new_system(config, SCHEMAS if schemas is None else schemas)
        done = subprocess.run([*setup, system.program("wf-receiver"), "--config",
                               system.config_file()],
                              env=system.env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 2, done.stderr.decode())
        self.assertEqual(done.stdout, b"")
        self.assertEqual(self.shared_memory(system), [])
        return done.stderr.decode()

    @staticmethod
    def shared_memory(system):
        return sorted(glob.glob("/dev/shm/wf." + system.instance + ".*"))

    def test_a_configuration_with_problems_names_them_all(self):
        text = self.refused(UDP + "allow = 10.0.0.1/8\n[listener b]\nport = 0\n"
                            "framing = backwards\n")
        for part in ("watchfloor.ini:7:", "10.0.0.0/8", "watchfloor.ini:10:", "framing"):
            self.assertIn(part, text)
        self.assertIn("system's own", self.refused(UDP + "source = wf\n"))

    def test_two_subsystems_that_nothing_tells_apart(self):
        text = self.refused(UDP, {"one": SERIAL, "two": SERIAL})
        self.assertIn("APID 100", text)
        self.assertIn("match", text)

    def test_ports_that_cannot_be_had(self):
        for kind, transport in ((socket.SOCK_DGRAM, "udp"), (socket.SOCK_STREAM, "tcp")):
            taken = socket.socket(socket.AF_INET, kind)
            self.addCleanup(taken.close)
            taken.bind(("127.0.0.1", 0))
            if kind == socket.SOCK_STREAM:
                taken.listen()
            text = self.refused("[listener in]\ntransport = %s\nport = %d\n" %
                                (transport, taken.getsockname()[1]))
            self.assertIn("in use", text)
            self.assertIn("choose another port", text)
        self.assertIn("no interface", self.refused("[listener in]\nhost = 192.0.2.1\nport = 0\n"))

    def test_regions_beyond_their_ceiling(self):
        text = self.refused("[receiver]\nregion_memory = 1M\n\n" + UDP,
                            {"serial": SERIAL.replace("4096", "65536")})
        self.assertIn("region_memory", text)

    def test_a_refused_start_spares_what_an_earlier_life_left(self):
        system = self.new_system(UDP, {"serial": SERIAL})
        receiver = system.receiver()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(serial_packet(7), ("127.0.0.1", system.port("in")))
        watchfloor.wait_for(lambda: system.counters()["published"] == 1, "the packet")
        self.assertEqual(receiver.stop(), 0)
        before = self.shared_memory(system)
        system.write_schema("zebra", SERIAL.replace("apid  = 100", "apid = 200"))
        system.write_config("[receiver]\nregion_memory = 1M\n\n" + UDP)
        refused = system.launch("wf-receiver", "--config", system.config_file())
        self.assertEqual(refused.wait(), 2)
        self.assertIn("region_memory", refused.err())
        self.assertEqual(self.shared_memory(system), before)
        self.assertEqual([one["values"]["serial"] for one in
                          system.peek("ring", "main", "serial")], [7])

    @unittest.skipUnless(watchfloor.has_private_mounts(), "no right to a private /dev/shm here")
    def test_no_space_in_dev_shm(self):
        text = self.refused(UDP, setup=("unshare", "-m", "sh", "-c",
                                        "mount -t tmpfs -o size=256k tmpfs /dev/shm && exec \"$@\"",
                                        "sh"))
        self.assertIn("/dev/shm", text)
        self.assertIn("no room", text)

    def test_only_checking_opens_and_makes_nothing(self):
        system = self.new_system(UDP, SCHEMAS)
        text = system.run("wf-receiver", "--config", system.config_file(), "--check")
        self.assertIn("1 listeners, %d subsystems" % len(SCHEMAS), text)
        self.assertFalse(os.path.exists(system.state))
        self.assertEqual(glob.glob("/dev/shm/wf.%s.*" % system.instance), [])
        system.write_config("[listener in]\nport = many\n")
        system.run("wf-receiver", "--config", system.config_file(), "--check", status=2)

    def test_wf_check_knows_what_only_the_receiver_understands(self):
        system = self.new_system(UDP, SCHEMAS)
        system.run("wf-check", "--config", system.config_file())
        system.write_config(UDP + "allow = 10.0.0.1/8\n")
        system.run("wf-check", "--config", system.config_file(), status=2)
        system.write_config(UDP)
        system.write_schema("twin", SERIAL)
        system.run("wf-check", "--config", system.config_file(), status=2)


class Second(receivercase.ReceiverCase):
    def test_a_second_receiver_is_refused_and_does_no_harm(self):
        self.start()
        self.udp().send(serial_packet(0))
        self.settled(published=1)
        second = self.system.receiver(ready=False)
        self.assertEqual(second.wait(), 2)
        self.assertIn(str(self.receiver.pid), second.err())
        self.udp().send(serial_packet(1))
        self.settled(published=2)
        self.assertTrue(os.path.exists(os.path.join(self.system.state, "run", "listeners.json")))

    def test_numbers_continue_through_a_restart(self):
        self.start()
        self.udp().send(serial_packet(0))
        self.settled(published=1)
        first = self.system.peek("sample", "main", "serial")
        self.assertEqual(self.receiver.stop(signal.SIGINT), 0)
        self.assertFalse(os.path.exists(os.path.join(self.system.state, "run", "listeners.json")))
        self.receiver = self.system.receiver()
        self.udp().send(serial_packet(1))
        self.settled(published=1)
        second = self.system.peek("sample", "main", "serial")
        self.assertEqual((first["number"], second["number"]), (0, 1))
        self.assertGreater(second["epoch"], first["epoch"])
        self.assertEqual(sorted(self.system.table("links", "link")), ["in", "in/127.0.0.1"])

    def test_what_an_earlier_life_left_and_nobody_names_goes(self):
        self.start(UDP + "source = sat1\n")
        self.receiver.kill()
        self.system.write_config(UDP + "source = sat2\n")
        self.receiver = self.system.receiver()
        sources = {r["source"] for r in self.system.peek("list")}
        self.assertEqual(sources, {"sat2", "wf"})
        self.assertEqual(list(self.system.table("sources", "name")), ["sat2"])
        self.assertEqual({r["source"] for r in self.system.table("subsystems", "name").values()},
                         {"sat2"})

    def test_the_watchdog_is_fed(self):
        self.system = self.new_system(UDP, SCHEMAS)
        receiver = self.system.receiver(env={"WATCHDOG_USEC": "500000"})
        watchfloor.wait_for(lambda: receiver.poll_states().count("WATCHDOG=1") >= 3, "watchdog")
        self.assertEqual(receiver.stop(), 0)


if __name__ == "__main__":
    unittest.main()
