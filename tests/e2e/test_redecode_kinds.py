# SPDX-License-Identifier: MIT
# timeout: 300
"""wf history redecode over hours, of values of every kind: what it makes of rows stored under older
definitions is what an import of the same packets under the new one makes, and so are the rollups."""
import csv
import io
import os
import sqlite3
import struct
import unittest

import packets
from importcase import START, ImportCase

STEP = 5                        # seconds: 12 packets a minute have rollups per minute
COUNT = 3 * 3600 // STEP

# The last byte is not known yet: every packet is longer than that, and all of it SUSPECT.
FIRST = """[subsystem]
apid = 200
time = cuc 4.2
period = 5s
ring = 4096
[parameter mode]
bits = 8
enumeration = modes
[parameter level]
bits = 16
polynomial = 0 0.5
[parameter cells]
bits = 8
count = 4
polynomial = 0 0.1
[parameter name]
type = string
size = 6
[parameter blob]
type = bytes
size = 3
[parameter tuned]
bits = 8
calibrator = high usual
[parameter gone]
bits = 8
[parameter old]
bits = 16
[enumeration modes]
0 = OFF
1 = ON
[calibrator high]
when = mode == 1
polynomial = 0 10
[calibrator usual]
polynomial = 0 2
"""
SECOND = FIRST.replace("[parameter old]\nbits = 16", "[parameter old]\nbits = 16\n[parameter extra]\n"
                       "bits = 8")
# Other labels, another calibration and what of it is valid, conditions the other way round, elements
# of another width, text of another length, one gone, one under another name, and one derived.
THIRD = (SECOND.replace("1 = ON", "1 = RUN\n2 = SAFE")
         .replace("bits = 16\npolynomial = 0 0.5", "bits = 16\npolynomial = 1 0.25\nvalid = 0 .. 500")
         .replace("bits = 8\ncount = 4\npolynomial = 0 0.1", "bits = 16\ncount = 2")
         .replace("size = 6", "size = 4").replace("size = 3", "size = 5")
         .replace("when = mode == 1", "when = mode == 2")
         .replace("[parameter gone]\nbits = 8\n[parameter old]\nbits = 16",
                  "[parameter fresh]\nskip = 8\nbits = 16") +
         "[derived both]\nexpression = level + tuned\n")
PIECES = """[subsystem]
apid = 103
segmented = yes
packet_max = 1000
period = 60s
ring = 4096
[parameter head]
bits = 16
[parameter rest]
type = bytes
size = rest
size_max = 900
"""
PIECES_AFTER = PIECES.replace("bits = 16", "bits = 8\npolynomial = 0 3\n[parameter second]\nbits = 8")


def mixed(number):
    data = struct.pack(">BH4B6s3sBBHB", number % 3, number * 7 % 4096, *(number * k % 256 for k in
                       (1, 3, 5, 7)), b"n%-5d" % number, struct.pack(">I", number)[1:],
                       number % 100, 77, number % 65536, number % 250)
    at = START + number * STEP
    return packets.packet(200, number, packets.cuc(at - 5) + data, secondary=True)


def recording(first, count):
    found = []
    for number in range(first, first + count):
        found.append(mixed(number))
        if number % 12 == 0:
            found += [packets.packet(103, number // 6, struct.pack(">H", number) + b"one" * 40,
                                     flags=packets.FIRST),
                      packets.packet(103, number // 6 + 1, b"two" * 30, flags=packets.LAST)]
    return found


class RedecodeKinds(ImportCase):
    schemas = {"mixed": FIRST, "pieces": PIECES}

    def buckets(self, source, tier):
        """{(parameter, start): what the bucket says} of one source."""
        found = {}
        for path in self.tier_files(tier):
            db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
            base, width = (db.execute("SELECT value FROM _file WHERE key = ?", (key,)).fetchone()[0]
                           for key in ("base_ns", "bucket_ns"))
            for name, number, *rest in db.execute(
                    "SELECT p.subsystem || '.' || p.name, b.id & 65535, b.min, b.max, b.sum, b.last,"
                    " b.last_ns, b.count, b.bad, b.quality, b.last_quality FROM _buckets AS b"
                    " JOIN _parameters AS p ON p.id = b.id >> 16 WHERE p.source = ?", (source,)):
                found[name, (base + number * width) // 10**9] = [
                    round(one, 6) if isinstance(one, float) else one for one in rest]
            db.close()
        return found

    def assert_tiers_agree(self, source):
        for step, tier, rows in (("1m", "minute", 120), ("1h", "hour", 2)):
            ask = ["%s.mixed.%s" % (source, name) for name in ("level", "tuned", "fresh", "both")]
            ask += ["--from", "2001-02-03T22:00:00Z", "--to", "2001-02-04T00:00:00Z", "--every",
                    step, "--agg", "min,max,count,bad,last"]
            answers = [list(csv.reader(io.StringIO(self.query(*ask, "--format", "csv", "--tier",
                                                              one)))) for one in ("auto", "raw")]
            self.assertEqual(answers[0], answers[1])
            self.assertEqual(len(answers[0]), rows + 1)
            self.assertIn('"tier":"%s"' % tier,
                          self.query(*ask, "--format", "json").replace(" ", ""))

    def test_all_that_was_stored_is_as_if_it_came_under_the_new_definition(self):
        half = COUNT // 2
        self.play(recording(0, half))
        self.assertEqual(set(self.ask("SELECT DISTINCT mode FROM mixed WHERE source = 'main'")),
                         {("OFF",), ("ON",), (2,)})
        self.system.write_schema("mixed", SECOND)
        self.play(recording(half, COUNT - half))
        self.system.write_schema("mixed", THIRD)
        self.system.write_schema("pieces", PIECES_AFTER)
        text = self.history("redecode", "--from", "2001-01-01")
        self.assertIn("main.mixed: %d of %d samples decoded anew" % (COUNT, COUNT), text)
        self.assertIn("main.pieces: %d of %d samples decoded anew" % (COUNT // 12, COUNT // 12),
                      text)
        with open(os.path.join(self.system.folder, "all.pkts"), "wb") as file:
            file.write(b"".join(recording(0, COUNT)))
        self.load(os.path.join(self.system.folder, "all.pkts"), "--source", "copy")
        for name in ("mixed", "pieces"):
            self.assertEqual(self.table("main", name), self.table("copy", name), name)
        for tier in ("minute", "hour"):
            # Packets in pieces have no time but that of receipt.
            main, copy = ({key: one for key, one in self.buckets(source, tier).items()
                           if key[0].startswith("mixed")} for source in ("main", "copy"))
            self.assertGreater(len(copy), 10, tier)
            self.assertEqual(sorted(set(main) - set(copy))[:5], [], tier)
            self.assertEqual(sorted(set(copy) - set(main))[:5], [], tier)
            self.assertEqual([(key, main[key], copy[key]) for key in copy
                              if main[key] != copy[key]][:5], [], tier)
        for source in ("main", "copy"):
            self.assert_tiers_agree(source)
        # The views show the new columns only, and nothing is SUSPECT any more.
        [row] = self.ask("SELECT count(*), count(quality), sum(fresh IS NULL) FROM mixed WHERE"
                         " source = 'main' AND level <= 500", path=self.days()[-1])
        self.assertEqual(row[1:], (0, 0))
        self.assertIn("0 of %d samples" % COUNT, self.history("redecode", "--from", "2001-01-01"))
        self.history("check")


if __name__ == "__main__":
    unittest.main()
