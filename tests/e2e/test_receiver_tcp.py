# SPDX-License-Identifier: MIT
# label: full
"""TCP into regions: streams cut anywhere, rubbish between packets, servers that come and go."""
import json
import os
import resource
import socket
import time
import unittest

import receivercase
import watchfloor
from receivercase import SERIAL, TCP, TIMED, serial_packet, timed_packet


class Streams(receivercase.ReceiverCase):
    def serials(self):
        return [s["values"]["serial"] for s in self.ring("serial")]

    def test_a_stream_may_be_cut_anywhere(self):
        self.start(TCP)
        sender = self.tcp()
        stream = b"".join(serial_packet(n) for n in range(6))
        for at in range(0, len(stream), 7):
            sender.sendall(stream[at:at + 7])
            time.sleep(0.0005)      # not a wait for anything: makes separate segments likely
        values = self.settled(packets=6, published=6)
        self.assertEqual(values["stream_bytes"], len(stream))
        self.assertEqual((values["rejected"], values["datagrams"]), (0, 0))
        self.assertEqual(self.serials(), list(range(6)))

    def test_packets_are_found_again_after_rubbish(self):
        self.start(TCP)
        sender = self.tcp()
        rubbish = bytes((i * 91 + 7) & 0xFF for i in range(777))
        sender.sendall(b"".join(serial_packet(n) for n in range(5)) + rubbish +
                       b"".join(serial_packet(n) for n in range(5, 15)))
        sender.shutdown(socket.SHUT_WR)
        values = self.settled(connections=0, published=15)
        self.assertGreater(values["rejected"], 0)
        self.assertEqual(self.serials(), list(range(15)))

    def test_a_packet_without_its_end_is_truncated(self):
        self.start(TCP)
        sender = self.tcp()
        sender.sendall(serial_packet(0) + serial_packet(1)[:-3])
        sender.close()
        values = self.settled(packets=2, published=1, connections=0)
        self.assertEqual(self.rejected(values), {"truncated": 1})

    def test_a_burst_waits_until_monitors_had_time_to_look(self):
        self.start("[receiver]\nring_turn = 1s\n\n" + TCP,
                   {"serial": SERIAL.replace("4096", "64"), "timed": TIMED})
        follower = self.system.launch("test-follow", self.system.instance, "main.serial")
        follower.wait_for_text("following\n")
        fast, other = self.tcp(), self.tcp()
        fast.sendall(b"".join(serial_packet(n) for n in range(160)))
        fast.close()                # all at once, and nobody at the other end any more
        watchfloor.wait_for(lambda: self.system.counters()["stream_waits"] > 0, "a wait")
        other.sendall(timed_packet(0, time.time()))     # another stream is read meanwhile
        values = self.settled(published=161, rejected=0)
        self.assertLess(self.ring("timed")[0]["packet"], 160)
        self.assertGreaterEqual(values["stream_waits"], 4)
        self.assertEqual(self.receiver.stop(), 0)
        self.assertEqual(follower.stop(), 0, follower.err())
        tally = json.loads(follower.out().splitlines()[-1])
        self.assertEqual((tally["delivered"], tally["lost"]), (160, 0), tally)

    def test_a_stop_publishes_what_still_waits(self):
        self.start("[receiver]\nring_turn = 10s\n\n" + TCP,
                   {"serial": SERIAL.replace("4096", "64")})
        sender = self.tcp()
        sender.sendall(b"".join(serial_packet(n) for n in range(160)))
        watchfloor.wait_for(lambda: self.system.counters()["stream_waits"] > 0, "a wait")
        self.assertLess(self.system.counters()["published"], 160)
        self.assertEqual(self.receiver.stop(), 0)
        values = self.system.counters()
        self.check_balance(values)
        self.assertEqual(values["stream_bytes"], 78 * values["published"])

    def test_connections_do_not_disturb_each_other(self):
        self.start(TCP)
        one, two = self.tcp(), self.tcp()
        first, second = serial_packet(0), serial_packet(1)
        one.sendall(first[:20])
        two.sendall(second[:50])
        one.sendall(first[20:])
        two.sendall(second[50:])
        values = self.settled(published=2, rejected=0)
        self.assertEqual(values["connections"], 2)
        self.assertEqual(sorted(self.serials()), [0, 1])
        row = self.system.table("links", "link")["in/127.0.0.1"]
        self.assertEqual((row["connections"], row["packets"]), (2, 2))

    def test_more_connections_than_allowed_are_closed_at_once(self):
        self.start(TCP + "connection_max = 2\n")
        kept = [self.tcp(), self.tcp()]
        self.settled(connections=2)
        refused = self.tcp()
        self.assert_closed(refused)
        kept[0].sendall(serial_packet(0))
        values = self.settled(published=1, connections_refused=1)
        self.assertEqual(values["connections_accepted"], 2)
        kept[1].close()
        self.settled(connections=1)
        self.tcp().sendall(serial_packet(1))
        self.settled(published=2)

    def test_strangers_are_refused(self):
        self.start(TCP + "allow = 192.0.2.0/24 ::1\n")
        stranger = self.tcp()
        self.assert_closed(stranger)
        self.settled(connections_refused=1, connections_accepted=0)

    def test_many_short_connections_leave_nothing_behind(self):
        self.start(TCP + "connection_max = 1000\n")
        port = self.system.port("in")
        descriptors = len(self.descriptors())
        for number in range(300):
            with socket.create_connection(("127.0.0.1", port)) as sender:
                sender.sendall(serial_packet(number))
        self.settled(published=300, connections=0)
        watchfloor.wait_for(lambda: len(self.descriptors()) <= descriptors + 1, "descriptors")

    def descriptors(self):
        return os.listdir("/proc/%d/fd" % self.receiver.pid)

    def test_without_descriptors_it_goes_on_without_spinning(self):
        self.start(TCP)
        # Only when it has said READY is its notify socket closed, and its own files are open.
        watchfloor.wait_for(lambda: self.system.peek("sample", "wf", "receiver")["number"] >= 1,
                          "the first second")
        # The limit is on numbers, and some below the highest may be free.
        numbers = [int(name) for name in self.descriptors()]
        limit = max(numbers) + 3
        free = limit - len(numbers)
        resource.prlimit(self.receiver.pid, resource.RLIMIT_NOFILE, (limit, limit))
        kept = [self.tcp() for _ in range(free)]
        kept[0].sendall(serial_packet(0))
        self.settled(published=1, connections=free)
        more = [self.tcp() for _ in range(5)]
        for sender in more:
            self.assert_closed(sender)
        before = self.system.counters()["cpu_time"]
        kept[1].sendall(serial_packet(1))
        after = self.settled(published=2)
        self.assertLess(after["cpu_time"] - before, 1.0)


class Client(receivercase.ReceiverCase):
    def server(self, port=0):
        server = socket.socket()
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        server.settimeout(watchfloor.PATIENCE_S)
        self.addCleanup(server.close)
        return server

    def test_it_connects_and_comes_back_after_every_end(self):
        server = self.server()
        port = server.getsockname()[1]
        self.start("[listener in]\ntransport = tcp-connect\nport = %d\n" % port)
        first, _ = server.accept()
        first.sendall(serial_packet(0))
        self.settled(published=1, connections=1)
        self.assertEqual(self.system.table("links", "link")["in"]["state"], "CONNECTED")
        first.close()
        second, _ = server.accept()
        self.addCleanup(second.close)
        second.sendall(serial_packet(1))
        self.settled(published=2, connections_accepted=2)
        self.assertEqual(self.receiver.stop(), 0)

    def test_it_waits_for_a_server_that_is_not_there_yet(self):
        placeholder = self.server()
        port = placeholder.getsockname()[1]
        placeholder.close()
        self.start("[listener in]\ntransport = tcp-connect\nport = %d\n" % port)
        row = watchfloor.wait_for(lambda: (lambda r: r if r["trouble"] else None)(
            self.system.table("links", "link")["in"]), "trouble told")
        self.assertIn("refused", row["trouble"])
        self.assertEqual(self.system.counters()["listeners_down"], 1)
        server = self.server(port)
        connection, _ = server.accept()
        self.addCleanup(connection.close)
        connection.sendall(serial_packet(0))
        self.settled(published=1, listeners_down=0)

    def test_a_host_that_cannot_be_looked_up_is_told_and_tried_again(self):
        self.start("[listener in]\ntransport = tcp-connect\nhost = no-such-host.invalid\n"
                   "port = 9\n")
        watchfloor.wait_for(lambda: self.system.table("links", "link")["in"]["trouble"], "trouble")
        self.assertEqual(self.receiver.stop(), 0)


if __name__ == "__main__":
    unittest.main()
