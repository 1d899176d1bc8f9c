# SPDX-License-Identifier: MIT
# timeout: 400
"""wf history import of recorded packets: history holds what the receiver would have published and
what wf decode prints; every packet is in one of the counts; begun again, nothing comes twice."""
import csv
import glob
import io
import os
import random
import re
import struct
import subprocess
import time
import unittest

import packets
from importcase import START, ImportCase, timed, wait_for
from receivercase import SCHEMAS, serial_packet


def stream():
    """Packets of all kinds in the order a receiver would have them: good, lost, late, repeated,
    too long, too short, of nobody, in pieces; and how many the receiver publishes."""
    found = []
    for number in range(300):
        if number % 50 != 20:                           # lost
            found.append(timed(number, START + number / 10, number * 7 % 65536,
                                      number % 2))
        if number % 60 == 30:
            found.append(found[-1])                     # repeated
        if number == 121:
            found.append(timed(120, START + 12, 840, 0))     # late: it was lost
        found.append(serial_packet(number))
        found.append(packets.packet(102, number, struct.pack(">BH", 1, number) if number % 2 else
                                    struct.pack(">BI", 2, number)))
        found.append(packets.packet(104, 0, bytes([number % 256])))
        if number % 25 == 0:
            body = bytes(range(number % 200 + 1))
            found += [packets.packet(103, 2 * number // 25, struct.pack(">H", number) + body,
                                     flags=packets.FIRST),
                      packets.packet(103, 2 * number // 25 + 1, b"tail",
                                     flags=packets.LAST if number != 75 else
                                     packets.CONTINUATION)]
        if number % 100 == 40:
            found += [packets.packet(102, 1000 + number, b"\x09xx"),          # no match
                      packets.packet(555, number, b"nobody's"),
                      packets.packet(packets.IDLE, number, b"fill"),
                      packets.packet(100, 1000 + number, b"x")]               # too short
        if number == 200:
            found.append(packets.packet(101, 900, packets.cuc(START + 15.05) + b"\1\2\3long",
                                        secondary=True))
            found.append(packets.packet(101, 901, packets.cuc(START + 15.07) + b"\1\2",
                                        secondary=True))
            found.append(packets.packet(101, 902, b"\0\0\0\1\0\0\1\2\3", secondary=True))
    return found


class ImportPackets(ImportCase):
    def test_live_decode_and_import_agree_in_every_value(self):
        sent = stream()
        counters = self.play(sent)
        path = self.write(b"".join(sent))
        text, rows, there = self.load(path, "--source", "copy", status=1)
        self.assertEqual((rows, there), (counters["published"], 0))
        for reason, count in counters["by_reason"].items():
            told = re.search(r"^  (\d+) %s \(" % reason, text, re.M)
            self.assertEqual(int(told.group(1)) if told else 0, count, reason)
        for name in ("timed", "serial", "first", "second", "pieces", "still"):
            live, copy = self.table("main", name), self.table("copy", name)
            self.assertGreater(len(live), 10, name)
            self.assertEqual(copy, live, name)
        self.assertEqual({row[0] for row in self.table("copy", "timed", "_flags & 256")}, {256})
        self.assertEqual({row[0] for row in self.table("main", "timed", "_flags & 256")}, {0})
        self.assertEqual(self.sequence_gaps("copy"), self.sequence_gaps("main"))
        self.assertIn(("timed", 1), self.sequence_gaps("copy"))
        self.assert_decoded(path, text)
        # The same once more, and under the name it has live, where packets have times of their own.
        self.assertEqual(self.load(path, "--source", "copy", status=1)[1:], (0, rows))
        again = self.load(path, "--dry-run", status=1)[0]
        self.assertIn("main.timed: 0 rows would be stored, %d there" %
                      len(self.table("main", "timed")), again)
        self.history("check")

    def assert_decoded(self, path, text):
        """What wf decode prints, but for what was repeated, is what wf query says."""
        out = os.path.join(self.system.folder, "values")
        self.system.run("wf-decode", path, "--schema", os.path.join(self.system.folder, "plugins"),
                        "--out", out, status=None)
        for name in ("timed", "serial", "first", "second", "pieces", "still"):
            with open(os.path.join(out, name + ".csv"), newline="") as file:
                table = list(csv.reader(file))
            wanted = [row[2:] for at, row in enumerate(table[1:])
                      if name != "timed" or row not in table[1:at + 1]]
            found = list(csv.reader(io.StringIO(self.query(
                name, "--source", "copy", "--from", "1900-01-01", "--format", "csv"), newline="")))
            self.assertEqual([one.rpartition(".")[2] for one in found[0][1:]], table[0][2:])
            # By time: what came late, or without a time to believe, stands elsewhere.
            self.assertEqual(sorted(row[1:] for row in found[1:]), sorted(wanted), name)

    def test_hours_of_a_recording_are_rolled_up(self):
        data = b"".join(timed(n, START + n, n * 3 % 65536) for n in range(3 * 3600))
        self.assertEqual(self.load(self.write(data))[1], 3 * 3600)
        (minute_from, hour_from, rolled_to), dirty = self.trusted("main", "timed")
        self.assertEqual(dirty, set())
        self.assertLessEqual(minute_from, START * 10**9)
        self.assertGreaterEqual(rolled_to, (START + 3 * 3600 - 60) * 10**9)
        for step, tier in (("1m", "minute"), ("1h", "hour")):
            ask = ("timed.volts", "--from", "2001-02-03T22:00:00Z", "--to", "2001-02-04T00:00:00Z",
                   "--every", step, "--agg", "min,max,mean,count,last")
            answers = [self.query(*ask, "--format", "csv", "--tier", one)
                       for one in ("auto", "raw")]
            rolled, exact = (list(csv.reader(io.StringIO(one))) for one in answers)
            self.assertEqual(len(rolled), 121 if tier == "minute" else 3)
            for one, other in zip(rolled, exact):
                means = [float(row.pop(3)) if row[0] != "time" else 0 for row in (one, other)]
                self.assertAlmostEqual(*means, places=9)
                self.assertEqual(one, other)
            self.assertIn('"tier":"%s"' % tier,
                          self.query(*ask, "--format", "json").replace(" ", ""))

    def test_what_is_torn_or_rubbish_is_told_with_its_place(self):
        good = [serial_packet(n) for n in range(60)]
        torn = b"".join(good)[:-10]
        text, rows, _ = self.load(self.write(torn), "--source", "torn", status=1)
        self.assertEqual(rows, 59)
        self.assertIn("1 truncated (", text)
        self.assertIn("first at %s:%d\n" % (os.path.join(self.system.folder, "pass.pkts"),
                                           59 * len(good[0])), text)
        rubbish = b"".join(good[:30]) + b"\xff" * 77 + b"".join(good[30:])
        text, rows, _ = self.load(self.write(rubbish), "--source", "rubbish", status=1)
        self.assertEqual(rows, 60)
        self.assertRegex(text, r"first at \S+pass.pkts:%d\n" % (30 * len(good[0])))
        self.assertIn("  77 bytes in no packet", text)
        # The same in records of datagrams, each with the time it was received.
        records = [struct.pack(">dI", START + n, len(one)) + one for n, one in enumerate(good)]
        size = len(records[0])
        for data, count, place in (
                (b"".join(records), 60, None), (b"".join(records)[:-3], 59, 59 * size),
                (b"".join(records[:20]) + b"\x41" * 999 + b"".join(records[20:]), 60, 20 * size)):
            source = "r%d" % (place or 0)
            text, rows, _ = self.load(self.write(data), "--source", source,
                                      status=0 if place is None else 1)
            self.assertEqual(rows, count, text)
            if place is not None:
                self.assertRegex(text, r"first at \S+pass.pkts:%d\n" % place)
            received = [row[0] for row in self.table(source, "serial", "_received_ns")]
            self.assertEqual(received, [(START + n) * 10**9 for n in range(count)])

    def test_times_of_receipt_are_those_of_the_packet_or_as_stated(self):
        data = [serial_packet(0), timed(0, START + 100), serial_packet(1), serial_packet(2)]
        path = self.write(b"".join(data))
        for source, options, want in (
                ("a", (), [START, START + 100, START + 100]),
                ("b", ("--received", "2001-02-04T00:00:00Z", "--rate", "4"),
                 [START + 7200 + n / 4 for n in range(3)]),
                ("c", ("--received", "2001-02-04T00:00:00Z"),
                 [START + 7200 + n for n in range(3)])):
            self.load(path, "--source", source, *options)
            rows = [row[0] for row in self.table(source, "serial", "_received_ns, _device_ns")]
            self.assertEqual(rows, [int(one * 10**9) for one in want])
            self.assertEqual(self.table(source, "timed", "_received_ns, _device_ns")[0][:2],
                             ((START + 100) * 10**9,) * 2)
            self.assertEqual(self.load(path, "--source", source, *options)[1:], (0, 4))
        # Packets of one time in any number, across batches.
        data = b"".join(serial_packet(n) for n in range(2500))
        self.assertEqual(self.load(self.write(data, "many.pkts"), "--source", "many")[1], 2500)
        self.assertEqual(self.load(self.write(data, "many.pkts"), "--source", "many")[1:],
                         (0, 2500))

    def test_a_listener_says_source_framing_and_subsystems(self):
        self.system.write_config("[source far]\ntai_offset = -10\n\n[listener down]\n"
                                 "transport = tcp\nport = 0\nframing = skip 3, length 2 big\n"
                                 "source = far\nsubsystems = timed\n")
        data = b"".join(b"abc" + struct.pack(">H", len(one)) + one for one in
                        [timed(n, START + n) for n in range(50)] + [serial_packet(1)])
        path = self.write(data)
        text, rows, _ = self.load(path, "--listener", "down", status=1)
        self.assertEqual(rows, 50)
        self.assertIn("1 unknown_apid", text)
        self.assertEqual(self.table("far", "timed", "_device_ns")[0][0], (START - 10) * 10**9)
        self.assertEqual(self.load(path, "--framing", "skip 3, length 2 big", "--source", "x")[1],
                         51)

    def test_what_cannot_be_done_is_told(self):
        path = self.write(serial_packet(0))
        for args, told in (((path, "--listener", "none"), "none of that name"),
                           ((path, "--framing", "knots"), "knots"),
                           ((path, "--skip", "x"), "--skip"),
                           ((path, "--rate", "0"), "--rate"),
                           ((path, "--received", "noon"), "--received"),
                           ((path + ".not",), "pass.pkts.not"),
                           ((self.system.folder,), "a folder"),
                           ((self.write(b"SQLite format 3\0" + b"x" * 100, "x.db"),), "archive")):
            self.assertIn(told, self.history("import", *args, status=2))
        self.assertEqual(self.days(), [])
        logger = self.logger()
        self.assertIn("stop it first", self.history("import", path, status=2))
        self.load(path, "--dry-run")
        self.stop_logger(logger)
        self.assertEqual(self.load(self.write(b""))[1:], (0, 0))

    def test_killed_in_the_middle_it_is_begun_again(self):
        data = b"".join(timed(n, START + n // 3, n % 65536) if n % 5000 != 77 else b""
                        for n in range(12000))
        path = self.write(data)
        args = ("wf-history", "--config", self.system.config_file(), "import", path)
        killed = 0
        for turn in range(6):
            process = self.system.launch(*args)
            before = self.stored_imports()
            wait_for(lambda: not process.is_running() or
                     self.stored_imports() > before, "something stored")
            if turn % 2:
                time.sleep(random.uniform(0, 0.3))
            killed += process.is_running()
            process.kill()
        self.assertGreater(killed, 0)
        self.load(path)
        rows = self.table("main", "timed", "_sequence % 16384")
        self.assertEqual(sorted(row[0] for row in rows),
                         [n for n in range(12000) if n % 5000 != 77])
        # What was missing is told once, and what is counted is what is there.
        self.assertEqual(self.sequence_gaps("main"), [("timed", 1)] * 3)
        self.assertEqual(self.stored_imports(), len(rows))
        self.history("check")

    def stored_imports(self):
        total = 0
        for path in self.days():
            try:
                if self.ask("SELECT 1 FROM sqlite_schema WHERE name = '_imported'", path=path):
                    total += self.ask("SELECT sum(rows) FROM _imported", path=path)[0][0] or 0
            except Exception:
                pass            # made a moment ago
        return total


class ImportArchive(ImportCase):
    def archive(self):
        [path] = glob.glob(os.path.join(self.system.state, "history", "packets", "*.db"))
        return path

    def test_what_the_recorder_kept_while_no_logger_ran_comes_into_history(self):
        sent = stream()
        counters = self.play(sent, with_logger=False)
        text, rows, _ = self.load(self.archive(), status=1)
        self.assertEqual(rows, counters["published"], text)
        path = self.write(b"".join(sent))
        self.load(path, "--source", "copy", status=1)
        for name in ("timed", "serial", "first", "second", "pieces", "still"):
            self.assertEqual(self.table("main", name), self.table("copy", name), name)
        self.assertEqual(self.load(self.archive(), status=1)[1:], (0, rows))
        # Times of receipt are those of then, and a value leads to its packet.
        [low, high] = self.ask("SELECT min(_received_ns), max(_received_ns) FROM %s" %
                               self.ask("SELECT table_name FROM _schemas WHERE subsystem ="
                                        " 'serial'", path=self.days()[-1])[0],
                               path=self.days()[-1])[0]
        self.assertGreater(low, (time.time() - 300) * 10**9)
        self.assertLess(high, time.time() * 10**9)
        text = self.query("main.timed.volts", "--packet", "--to", "2001-02-03T22:00:10Z")
        self.assertIn("volts", text)
        self.assertIn("timed", text)
        # What nobody defined then has a definition now.
        self.system.write_schema("news", "[subsystem]\napid = 555\n[parameter first]\nbits = 8\n")
        text, rows, _ = self.load(self.archive(), status=1)
        self.assertEqual(rows, 3)
        self.assertIn("main.news: 3 rows stored", text)
        # Decoding anew finds the packets of imported rows.
        self.system.write_schema("timed", SCHEMAS["timed"].replace("0 0.01", "1 0.02"))
        text = self.history("redecode", "--from", "2001-01-01", "main.timed")
        self.assertRegex(text, r"main.timed: (\d+) of \1 samples decoded anew")
        self.history("check")

    def test_rows_that_were_stored_live_are_not_stored_again(self):
        counters = self.play(stream())
        text, rows, there = self.load(self.archive(), status=1)
        self.assertEqual((rows, there), (0, counters["published"]), text)


class ImportMemory(ImportCase):
    def test_memory_does_not_grow_with_the_recording(self):
        piece = b"".join(serial_packet(n) for n in range(16384))
        peaks = []
        for times in (1, 6):
            path = self.write(piece * times, "long.pkts")
            child = subprocess.Popen(
                [self.system.program("wf-history"), "--config", self.system.config_file(),
                 "import", path, "--dry-run", "--received", "2001-02-03T22:00:00Z", "--rate",
                 "100"], env=dict(self.system.env, ASAN_OPTIONS="quarantine_size_mb=1"),
                stdout=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = 0
            self.assertEqual(status, 0)
            peaks.append(usage.ru_maxrss)
        self.assertLess(peaks[1], peaks[0] + 8192, peaks)


if __name__ == "__main__":
    unittest.main()
