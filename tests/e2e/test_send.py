#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# label: full
# timeout: 180
"""wf send: what a recording holds arrives, at the pace asked for, and the rest is told."""
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from watchfloor import program, testdata  # noqa: E402

PATIENCE_S = 60


def packet(apid, count, body):
    return struct.pack(">HHH", apid, 0xC000 | count % 16384, len(body) - 1) + body


def timed(count, seconds):
    """A packet with a CUC 4.2 time behind its header."""
    whole = int(seconds)
    body = struct.pack(">IH", whole, int((seconds - whole) * 65536)) + bytes([count % 256])
    return packet(0x800 | 7, count, body)


class Send(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="wf-test-")
        self.addCleanup(self.folder.cleanup)
        self.random = random.Random(5)

    def write(self, data):
        path = os.path.join(self.folder.name, "recording")
        with open(path, "wb") as file:
            file.write(data)
        return path

    def packets(self, count, most=200):
        return [packet(100 + i % 3, i, self.random.randbytes(self.random.randrange(1, most)))
                for i in range(count)]

    def start(self, *arguments):
        env = dict(os.environ, WF_STATE=self.folder.name, WF_INSTANCE="t%d-send" % os.getpid())
        return subprocess.Popen([program("wf-send"), *arguments], env=env, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def run_send(self, *arguments):
        process = self.start(*arguments)
        out, err = process.communicate(timeout=PATIENCE_S)
        return process.returncode, out, err

    def udp(self):
        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(receiver.close)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(PATIENCE_S)
        return receiver, "udp:127.0.0.1:%d" % receiver.getsockname()[1]

    def tcp(self, reads=True):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        server.settimeout(PATIENCE_S)
        received = bytearray()

        def serve():
            connection, _ = server.accept()
            with connection:
                while reads:
                    data = connection.recv(65536)
                    if not data:
                        return
                    received.extend(data)

        thread = threading.Thread(target=serve)
        thread.start()
        self.addCleanup(thread.join)
        return received, thread, "tcp:127.0.0.1:%d" % server.getsockname()[1]

    def receive(self, receiver, count):
        return [receiver.recv(70000) for _ in range(count)]

    def assert_counts(self, out, **want):
        counts = json.loads(out)
        self.assertEqual(want, {name: counts[name] for name in want}, counts)

    def test_every_packet_is_a_datagram_of_its_own(self):
        packets = self.packets(500)
        receiver, target = self.udp()
        status, out, err = self.run_send(self.write(b"".join(packets)), "--to", target, "--json",
                                         "--rate", "5000")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(packets, self.receive(receiver, 500))
        self.assert_counts(out, packets=500, bytes=sum(map(len, packets)), not_sent=0,
                           rubbish_bytes=0)

    def test_a_stream_gets_the_same_bytes(self):
        packets = self.packets(3000, 2000)
        received, thread, target = self.tcp()
        status, out, err = self.run_send(self.write(b"".join(packets)), "--to", target, "--json",
                                         "--speed", "max")
        self.assertEqual((status, err), (0, ""))
        thread.join(PATIENCE_S)
        self.assertEqual(b"".join(packets), bytes(received))
        self.assert_counts(out, packets=3000, not_sent=0)

    def test_records_go_out_as_recorded_and_in_their_time(self):
        datagrams = [b"".join(self.packets(2)) for _ in range(6)]
        data = b"".join(struct.pack(">dI", 1.7e9 + 0.1 * i, len(d)) + d
                        for i, d in enumerate(datagrams))
        for speed, least, most in (("recorded", 0.45, 30), ("5", 0.08, 20), ("max", 0, 20)):
            receiver, target = self.udp()
            begun = time.monotonic()
            status, out, err = self.run_send(self.write(data), "--to", target, "--json",
                                             "--speed", speed)
            took = time.monotonic() - begun
            self.assertEqual((status, err), (0, ""))
            self.assertEqual(datagrams, self.receive(receiver, 6))
            self.assertTrue(least <= json.loads(out)["seconds"] <= took <= most, (speed, out))

    def test_times_in_packets_pace_them(self):
        packets = [timed(i, 1e9 + 0.2 * i) for i in range(4)]
        receiver, target = self.udp()
        path = self.write(b"".join(packets))
        status, out, _ = self.run_send(path, "--to", target, "--json", "--time-field", "cuc 4.2",
                                       "--speed", "2")
        self.assertEqual(0, status)
        self.assertEqual(packets, self.receive(receiver, 4))
        self.assertGreaterEqual(json.loads(out)["seconds"], 0.28)

    def test_a_clock_that_was_set_makes_no_one_wait(self):
        # Booted at 0, set to the mission's time, back after a reset, a pass ninety minutes later.
        times = [0, 0.1, 4e8, 4e8 + 0.1, 3, 3.1, 3.05, 3.2, 3.2 + 5400, 3.3 + 5400]
        packets = [timed(i, seconds) for i, seconds in enumerate(times)]
        path = self.write(b"".join(packets))
        for options, jumps in ((("--speed", "1"), 3), (("--speed", "100000"), 3),
                               (("--speed", "200000", "--pause-max", "2h"), 2)):
            receiver, target = self.udp()
            status, out, _ = self.run_send(path, "--to", target, "--json", "--time-field",
                                           "cuc 4.2", *options)
            self.assertEqual(0, status)
            self.assertEqual(packets, self.receive(receiver, len(packets)))
            self.assert_counts(out, time_jumps=jumps)
            self.assertLess(json.loads(out)["seconds"], 20)
        receiver, target = self.udp()
        _, _, err = self.run_send(path, "--to", target, "--time-field", "cuc 4.2")
        self.assertIn("3 jumps of the recorded time", err)
        status, _, err = self.run_send(path, "--to", target, "--speed", "recorded")
        self.assertEqual(2, status)
        self.assertIn("--time-field", err)

    def test_skip_count_and_loop(self):
        packets = self.packets(5)
        data = b"".join(b"prefix!!" + p for p in packets)
        receiver, target = self.udp()
        status, out, _ = self.run_send(self.write(data), "--to", target, "--skip", "8", "--loop",
                                       "3", "--json")
        self.assertEqual(0, status)
        self.assertEqual(packets * 3, self.receive(receiver, 15))
        status, out, _ = self.run_send(self.write(data), "--to", target, "--skip", "8", "--loop",
                                       "0", "--count", "12", "--json")
        self.assertEqual(0, status)
        self.assertEqual((packets * 3)[:12], self.receive(receiver, 12))
        self.assert_counts(out, packets=12, not_sent=0)

    def test_what_is_no_packet_is_passed_over_and_told(self):
        packets = self.packets(20)
        data = b"".join(packets[:10]) + b"\xff" * 100 + b"".join(packets[10:]) + b"\x00\x64\xc0"
        receiver, target = self.udp()
        status, out, err = self.run_send(self.write(data), "--to", target, "--format", "ccsds")
        self.assertEqual(1, status)
        self.assertEqual(packets, self.receive(receiver, 20))
        self.assertIn("sent 20 packets", err)
        self.assertIn("103 bytes of the file are no packet", err)

    def test_a_cut_record_is_told(self):
        data = struct.pack(">dI", 1.7e9, 10) + bytes(10) + struct.pack(">dI", 1.7e9, 10) + bytes(4)
        receiver, target = self.udp()
        status, _, err = self.run_send(self.write(data), "--to", target, "--format", "records")
        self.assertEqual(1, status)
        self.assertIn("16 bytes of the file are no packet: the last record is cut", err)
        self.assertEqual([bytes(10)], self.receive(receiver, 1))

    def test_nobody_there_is_counted(self):
        receiver, target = self.udp()
        receiver.close()
        status, out, _ = self.run_send(self.write(b"".join(self.packets(30))), "--to", target,
                                       "--json")
        self.assertEqual(1, status)
        self.assert_counts(out, packets=0, bytes=0, not_sent=30)
        status, _, err = self.run_send(self.write(b"".join(self.packets(30))), "--to",
                                       target.replace("udp", "tcp"))
        self.assertEqual(2, status)
        self.assertIn("connection refused", err)

    def test_a_connection_that_breaks_ends_it(self):
        _, thread, target = self.tcp(reads=False)
        status, _, err = self.run_send(self.write(b"".join(self.packets(2000))), "--to", target,
                                       "--rate", "1000")
        thread.join(PATIENCE_S)
        self.assertEqual(2, status)
        self.assertIn("stopping here", err)

    def test_a_signal_stops_it_with_its_count(self):
        receiver, target = self.udp()
        process = self.start(self.write(b"".join(self.packets(5))), "--to", target, "--loop", "0",
                             "--rate", "50", "--json")
        self.receive(receiver, 7)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE_S)
        counts = json.loads(out)
        self.assertTrue(counts["stopped"])
        self.assertGreaterEqual(counts["packets"], 7)

    def test_it_sleeps_between_packets(self):
        receiver, target = self.udp()
        process = self.start(self.write(b"".join(self.packets(5))), "--to", target, "--loop", "0",
                             "--rate", "20")
        self.receive(receiver, 5)  # started

        def cpu():
            with open("/proc/%d/stat" % process.pid) as file:
                fields = file.read().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

        before, begun = cpu(), time.monotonic()
        self.receive(receiver, 20)
        used, took = cpu() - before, time.monotonic() - begun
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
        self.assertLess(used, 0.25 * took)

    def test_bad_wishes_are_refused(self):
        path = self.write(b"".join(self.packets(2)))
        for arguments, complaint in (
                ((path,), "--to"),
                (("--to", "udp:127.0.0.1:1"), "one FILE"),
                ((path, "--to", "udp:192.0.2.1:4711"), "--allow-remote"),
                ((path, "--to", "tcp:192.0.2.1:4711"), "--allow-remote"),
                ((path, "--to", "http:127.0.0.1:1"), "udp:HOST:PORT"),
                ((path, "--to", "udp:127.0.0.1:70000"), "port"),
                ((path, "--to", "udp::1"), "host"),
                ((path, "--to", "udp:127.0.0.1:1", "--speed", "fast"), "--speed"),
                ((path, "--to", "udp:127.0.0.1:1", "--speed", "1", "--rate", "1"), "exclude"),
                ((path, "--to", "udp:127.0.0.1:1", "--rate", "0"), "--rate"),
                ((path, "--to", "udp:127.0.0.1:1", "--count", "x"), "--count"),
                ((path, "--to", "udp:127.0.0.1:1", "--format", "pcap"), "ccsds or records"),
                ((path, "--to", "udp:127.0.0.1:1", "--time-field", "noon"), "--time-field"),
                ((path, "--to", "udp:127.0.0.1:1", "--pause-max", "long"), "--pause-max"),
                ((path + "x", "--to", "udp:127.0.0.1:1"), "No such file"),
        ):
            status, out, err = self.run_send(*arguments)
            self.assertEqual((status, out), (2, ""), (arguments, err))
            self.assertIn(complaint, err, arguments)
            self.assertTrue(err.startswith("wf-send: "), err)

    def test_a_file_that_cannot_be_read_is_a_failure(self):
        receiver, target = self.udp()
        for form in ("ccsds", "records"):
            status, _, err = self.run_send(self.folder.name, "--to", target, "--format", form)
            self.assertEqual(2, status, err)
            self.assertIn("Is a directory", err)

    def test_an_empty_file_sends_nothing_and_ends(self):
        receiver, target = self.udp()
        status, out, _ = self.run_send(self.write(b""), "--to", target, "--loop", "0", "--json")
        self.assertEqual(0, status)
        self.assert_counts(out, packets=0, not_sent=0)

    def test_a_flight_software_recording_plays(self):
        path = testdata("cfs", "cfs_udp_tlm.bin")
        receiver, target = self.udp()
        status, out, err = self.run_send(path, "--to", target, "--speed", "100", "--json")
        self.assertEqual((status, err), (0, ""))
        self.assert_counts(out, packets=512, not_sent=0)
        got = self.receive(receiver, 512)
        self.assertEqual(54, sum(1 for p in got if struct.unpack(">H", p[:2])[0] & 0x7FF == 8))


if __name__ == "__main__":
    unittest.main()
