# SPDX-License-Identifier: MIT
# label: full
"""UDP into regions: every kind of packet ends in exactly one counter, values and stamps are right."""
import socket
import struct
import time
import unittest

import packets
import receivercase
import watchfloor
from receivercase import (GAP_BEFORE, LATE, LONG, RESTART, SHORT, TIME_BAD, UDP, serial_packet,
                          timed_packet)

BASE = 1790000000.0


class Publishing(receivercase.ReceiverCase):
    def test_values_times_and_numbers_arrive_as_sent(self):
        self.start()
        before = time.time_ns()
        self.udp().send(timed_packet(7, BASE + 0.5, counts=2812, state=1))
        self.settled(published=1)
        sample = self.system.peek("sample", "main", "timed")
        self.assertAlmostEqual(sample["values"]["volts"], 28.12)
        self.assertEqual(sample["values"]["state"], "ON")
        self.assertEqual(sample["sequence"] % 16384, 7)
        self.assertEqual((sample["number"], sample["packet"]), (0, 0))
        self.assertAlmostEqual(sample["device_ns"] / 1e9, BASE + 0.5, places=3)
        self.assertGreaterEqual(sample["received_ns"], before - 10**9)
        self.assertLessEqual(sample["received_ns"], time.time_ns())
        self.assertLessEqual(sample["received_mono_ns"], time.monotonic_ns())
        self.assertEqual(sample["qualities"], {})

    def test_several_packets_in_one_datagram(self):
        self.start()
        sender = self.udp()
        sender.send(b"".join(serial_packet(n) for n in range(5)) + timed_packet(0, BASE))
        sender.send(serial_packet(5))
        values = self.settled(datagrams=2, packets=7, published=7)
        self.assertEqual(values["rejected"], 0)
        self.assertEqual([s["values"]["serial"] for s in self.ring("serial")], list(range(6)))
        orders = [s["order"] for s in self.ring("serial") + self.ring("timed")]
        self.assertEqual(len(set(orders)), 7)

    def test_idle_packets_are_counted_and_passed_over(self):
        self.start()
        self.udp().send(packets.packet(packets.IDLE, 0, b"\0" * 20) + serial_packet(0))
        values = self.settled(packets=2)
        self.assertEqual((values["idle"], values["published"], values["rejected"]), (1, 1, 0))

    def test_two_subsystems_share_an_apid_by_their_contents(self):
        self.start()
        sender = self.udp()
        sender.send(packets.packet(102, 0, struct.pack(">BH", 1, 11)))
        sender.send(packets.packet(102, 1, struct.pack(">BI", 2, 22)))
        sender.send(packets.packet(102, 2, struct.pack(">BI", 3, 33)))
        values = self.settled(packets=3, published=2)
        self.assertEqual(self.rejected(values), {"no_match": 1})
        self.assertEqual(self.system.peek("sample", "main", "first")["values"]["a"], 11)
        self.assertEqual(self.system.peek("sample", "main", "second")["values"]["b"], 22)
        self.assertEqual(values["gaps"], 0)

    def test_segments_become_one_packet(self):
        self.start()
        sender = self.udp()
        for sequence, flags, data in ((0, packets.FIRST, b"\x12\x34abc"),
                                      (1, packets.CONTINUATION, b"defg"),
                                      (2, packets.LAST, b"h"),
                                      (3, packets.UNSEGMENTED, b"\x00\x01xyz"),
                                      (4, packets.CONTINUATION, b"lost its first"),
                                      (5, packets.FIRST, b"\x00\x02never"),
                                      (6, packets.UNSEGMENTED, b"\x00\x03!")):
            sender.send(packets.packet(103, sequence, data, flags=flags))
        values = self.settled(published=3, segments=3)
        self.assertEqual(self.rejected(values), {"bad_segment": 2})
        got = [(s["values"]["head"], s["values"]["rest"]) for s in self.ring("pieces")]
        self.assertEqual(got, [(0x1234, b"abcdefgh".hex()), (1, b"xyz".hex()), (3, b"!".hex())])

    def test_short_and_long_packets_are_published_and_told(self):
        self.start()
        sender = self.udp()
        sender.send(packets.packet(101, 0, packets.cuc(BASE) + b"\x0a\xf0", secondary=True))
        sender.send(packets.packet(101, 1, packets.cuc(BASE + 1) + b"\x0a\xf0\x01\xff",
                                   secondary=True))
        self.settled(published=2)
        short, long = self.ring("timed")
        self.assertEqual((short["flags"], long["flags"]), (SHORT, LONG))
        self.assertEqual(short["qualities"].get("state"), "ABSENT")
        self.subsystem("timed", short_packets=1, long_packets=1, samples=2)


class Rejecting(receivercase.ReceiverCase):
    def test_every_wrong_packet_has_its_reason_and_is_kept(self):
        self.start()
        cases = [
            ("unknown_apid", packets.packet(999, 1, b"1234")),
            ("bad_version", packets.packet(100, 1, b"1234", version=3)),
            ("bad_type", packets.packet(100, 1, b"1234", command=True)),
            ("bad_length", packets.packet(100, 1, b"12")),
            ("truncated", packets.packet(100, 1, b"12345678", length=5000)),
            ("bad_version", b"\x61bc"),
        ]
        sender = self.udp()
        for number, (reason, data) in enumerate(cases):
            sender.send(data)
            values = self.settled(datagrams=number + 1)
            expected = [one for one, _ in cases[:number + 1]].count(reason)
            self.assertEqual(values["by_reason"][reason], expected,
                             (reason, self.rejected(values)))
        self.assertEqual(values["published"], 0)
        self.assertEqual(values["rejected"], len(cases))
        kept = watchfloor.wait_for(
            lambda: (lambda ring: ring if len(ring) == len(cases) else None)(
                self.ring("rejects", "wf")), "rejects")
        for sample, (reason, data) in zip(kept, cases):
            self.assertEqual(sample["values"]["reason"], reason)
            self.assertEqual(sample["values"]["data"], data.hex())
            self.assertEqual(sample["values"]["length"], len(data))
            self.assertEqual(sample["values"]["listener"], "in")
            self.assertEqual(sample["values"]["peer"], "127.0.0.1")
        self.assertIn("999", kept[0]["values"]["explanation"])
        for one in (kept[1], kept[5]):      # whether or not there is a whole header
            self.assertIn("it is 3", one["values"]["explanation"])

    def test_rubbish_of_any_length_balances(self):
        self.start()
        sender = self.udp()
        rubbish = bytes((i * 37 + 11) & 0xFF for i in range(3000))
        for length in list(range(0, 40)) + [100, 500, 3000]:
            sender.send(rubbish[:length])
        sender.send(serial_packet(0))
        values = self.settled(datagrams=44, published=1)
        self.assertGreater(values["rejected"], 0)

    def test_strangers_are_rejected_and_cost_no_peer(self):
        self.start("[listener in]\ntransport = udp\nport = 0\nallow = 192.0.2.0/24\n")
        sender = self.udp()
        for number in range(10):
            sender.send(serial_packet(number))
        values = self.settled(datagrams=10, packets=10)
        self.assertEqual(self.rejected(values), {"not_allowed": 10})
        self.assertEqual(list(self.system.table("links", "link")), ["in"])

    def test_newest_rejects_are_kept_under_a_flood_of_rubbish(self):
        self.start("[receiver]\nreject_count = 8\n\n" + UDP)
        sender = self.udp()
        for number in range(2000):
            sender.send(packets.packet(999, number, struct.pack(">I", number)))
        self.settled(datagrams=2000, packets=2000)
        newest = watchfloor.wait_for(
            lambda: (lambda s: s if s["values"]["sequence"] == 1999 else None)(
                self.system.peek("sample", "wf", "rejects")), "the newest reject")
        self.assertEqual(newest["values"]["apid"], 999)


class Sequence(receivercase.ReceiverCase):
    def test_gap_reorder_duplicate_and_wrap(self):
        self.start()
        sender = self.udp()
        # 16380 ... wraps; 16382 comes late, 1 twice, 3 and 4 never.
        counts = [16380, 16381, 16383, 16382, 0, 1, 1, 2, 5]
        for number, count in enumerate(counts):
            sender.send(serial_packet(number, count))
        values = self.settled(packets=9, published=8)
        self.assertEqual(self.rejected(values), {"duplicate": 1})
        self.assertEqual((values["gaps"], values["lost"], values["out_of_order"]), (2, 2, 1))
        samples = self.ring("serial")
        self.assertEqual([s["values"]["serial"] for s in samples], [0, 1, 2, 3, 4, 5, 7, 8])
        sequences = [s["sequence"] - samples[0]["sequence"] for s in samples]
        self.assertEqual(sequences, [0, 1, 3, 2, 4, 5, 6, 9])
        self.assertEqual([s["flags"] for s in samples],
                         [0, 0, GAP_BEFORE, LATE, 0, 0, 0, GAP_BEFORE])
        self.assertEqual([s["lost_before"] for s in samples], [0, 0, 1, 0, 0, 0, 0, 2])
        self.assertEqual(samples[3]["qualities"]["serial"], "LATE")
        row = self.subsystem("serial", samples=8)
        self.assertEqual((row["gaps"], row["lost"], row["duplicates"], row["out_of_order"]),
                         (2, 2, 1, 1))

    def test_counts_that_say_nothing_are_not_listened_to(self):
        self.start()
        sender = self.udp()
        for count in (7, 7, 7, 9000, 3):
            sender.send(packets.packet(104, count, bytes([count % 256])))
        values = self.settled(packets=5, published=5)
        for name in ("rejected", "lost", "gaps", "out_of_order", "restarts"):
            self.assertEqual(values[name], 0, name)
        self.assertEqual([s["sequence"] for s in self.ring("still")], [7, 7, 7, 9000, 3])

    def test_a_restart_far_away_is_told(self):
        self.start()
        sender = self.udp()
        for count in (9000, 9001, 0, 1, 2):
            sender.send(serial_packet(count))
        values = self.settled(packets=5, published=5)
        self.assertEqual((values["restarts"], values["lost"]), (1, 0))
        self.assertEqual(sum(1 for s in self.ring("serial") if s["flags"] & RESTART), 1)

    def test_a_restart_nearby_is_known_by_its_times(self):
        self.start()
        sender = self.udp()
        for count in range(20):
            sender.send(timed_packet(count, BASE + count / 10))
        for count in range(20):
            sender.send(timed_packet(count, BASE + 60 + count / 10))
        sender.send(timed_packet(19, BASE + 60 + 1.9))
        values = self.settled(packets=41, published=40)
        self.assertEqual(self.rejected(values), {"duplicate": 1})
        self.assertEqual((values["restarts"], values["gaps"]), (1, 0))

    def test_a_whole_cycle_of_counts_loses_nothing(self):
        self.start()
        sender = self.udp()
        total = 16384 + 500
        for number in range(total):
            sender.send(serial_packet(number, number % 16384))
            if number % 200 == 199:
                # Not faster than the sanitized receiver: this is about counts, not load.
                watchfloor.wait_for(lambda: self.system.peek("sample", "main", "serial")["values"]
                                  ["serial"] >= number, "the receiver keeping up")
        values = self.settled(packets=total, published=total)
        self.assertEqual((values["gaps"], values["lost"], values["restarts"]), (0, 0, 0))


class DeviceTime(receivercase.ReceiverCase):
    def test_absurd_device_times_are_told_and_kept(self):
        self.start()
        sender = self.udp()
        now = time.time()
        for count, when in enumerate((now, -300000000, now + 3 * 86400, 946684800)):
            sender.send(timed_packet(count, when))
        self.settled(published=4)
        flags = [s["flags"] & TIME_BAD for s in self.ring("timed")]
        self.assertEqual(flags, [0, TIME_BAD, TIME_BAD, 0])
        self.subsystem("timed", time_bad=2)

    def test_the_correlation_of_a_source_is_added(self):
        self.start("[source sat1]\ntai_offset = -120.5\n\n" + UDP + "source = sat1\n")
        self.udp().send(timed_packet(0, BASE))
        self.settled(published=1)
        sample = self.system.peek("sample", "sat1", "timed")
        self.assertAlmostEqual(sample["device_ns"] / 1e9, BASE - 120.5, places=3)


class Listeners(receivercase.ReceiverCase):
    def test_many_listeners_of_every_kind_and_source(self):
        config = """
[listener v4]
port = 0
source = sat1
[listener v6]
host = ::1
port = 0
source = sat2
[listener some]
port = 0
source = sat3
subsystems = timed
[listener many]
host = 127.0.0.1
group = 239.255.77.33
interface = 127.0.0.1
port = 0
source = sat4
"""
        self.start(config)
        for name in ("v4", "v6", "some"):
            self.udp(name).send(serial_packet(1))
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        sender.sendto(serial_packet(1), ("239.255.77.33", self.system.port("many")))
        values = self.settled(datagrams=4, published=3)
        self.assertEqual(self.rejected(values), {"unknown_apid": 1})
        for source in ("sat1", "sat2", "sat4"):
            self.assertEqual(self.system.peek("sample", source, "serial")["values"]["serial"], 1)
        sources = self.system.table("sources", "name")
        self.assertEqual({name: row["published"] for name, row in sources.items()},
                         {"sat1": 1, "sat2": 1, "sat3": 0, "sat4": 1})
        links = self.system.table("links", "link")
        self.assertIn("v4/127.0.0.1", links)
        self.assertIn("v6/::1", links)
        self.assertEqual(links["some"]["rejected"], 1)

    def test_framing_stages_are_taken_off(self):
        self.start(UDP + "framing = sync 1acffc1d, length 2 big\n")
        data = serial_packet(3)
        self.udp().send(b"\x1a\xcf\xfc\x1d" + struct.pack(">H", len(data)) + data)
        self.settled(published=1, rejected=0)

    def test_a_subsystem_that_falls_silent_is_stale(self):
        self.start("[receiver]\nsource_silent = 1s\n\n" + UDP)
        self.udp().send(timed_packet(0, time.time()))
        self.subsystem("timed", samples=1, is_stale=True)
        watchfloor.wait_for(lambda: self.system.counters()["sources_silent"] == 1, "silent source")


class Health(receivercase.ReceiverCase):
    def test_the_receiver_tells_about_itself_each_second(self):
        self.start()
        first = self.system.peek("sample", "wf", "receiver")
        later = watchfloor.wait_for(
            lambda: (lambda s: s if s["number"] >= first["number"] + 2 else None)(
                self.system.peek("sample", "wf", "receiver")), "health")
        self.assertGreater(later["values"]["memory"], 0)
        self.assertGreater(later["values"]["region_bytes"], 0)
        self.assertEqual(later["values"]["listeners"], 1)
        elapsed = (later["received_mono_ns"] - first["received_mono_ns"]) / 1e9
        self.assertAlmostEqual(elapsed, later["number"] - first["number"], delta=0.5)

    def test_an_orderly_stop_publishes_what_the_kernel_still_held(self):
        self.start()
        sender = self.udp()
        for number in range(300):
            sender.send(serial_packet(number))
        self.assertEqual(self.receiver.stop(), 0)
        values = self.system.counters()
        self.check_balance(values)
        self.assertEqual((values["datagrams"], values["published"]), (300, 300))
        self.assertEqual({r["state"] for r in self.system.peek("list")}, {2})


if __name__ == "__main__":
    unittest.main()
