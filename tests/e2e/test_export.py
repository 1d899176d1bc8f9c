# SPDX-License-Identifier: MIT
# label: quick
"""wf export xtce: a schema in XTCE's words means the same, and what has no words is listed."""
import csv
import io
import os
import shutil
import subprocess
import tempfile
import unittest

import packets
import watchfloor

PUMP = """[subsystem]
title = A pump
apid = 300 301
match = kind == 2 and not (unit == 7 or unit > 9)
time = cuc 4.2
period = 1s

[parameter kind]
[parameter unit]
[parameter gain]
enumeration = gains
states = HIGH: 3
[parameter volts]
bits = 16
unit = V
calibrator = steep flat
lo = 1
hi = 5
hihi = 7
hysteresis = 0.1
[parameter n]
[parameter list]
count = n+1
count_max = 4
[parameter more]
bits = 16
byte_order = little
present_when = gain == HIGH and n != 3
[parameter check]
at = end-1
bits = 8
[derived double]
expression = volts * 2 - sqrt(kind + 2) / -4
unit = V
[derived odd]
type = bool
expression = kind % 2 == 1 or not n < 4
[derived which]
expression = if(gain == HIGH, 1, 2)
[calibrator steep]
when = gain == HIGH
polynomial = 0 0.5
[calibrator flat]
table = 0:1 1000:11
[enumeration gains]
0 = LOW
1 = HIGH
[context high]
when = gain == HIGH and n > 1
volts = hi 60
[condition wrong]
when = volts > 3
"""


class Export(unittest.TestCase):
    def setUp(self):
        watchfloor.need("wf-import", "wf-export", "wf-decode")
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.schema = os.path.join(self.folder, "pump.ini")
        with open(self.schema, "w", encoding="utf-8") as file:
            file.write(PUMP)

    def run_program(self, name, *args, data=None):
        return subprocess.run([watchfloor.program(name)] + list(args), input=data,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)

    def export(self):
        done = self.run_program("wf-export", "xtce", self.schema)
        return done.returncode, done.stdout, done.stderr.decode()

    def rows(self, schema, data):
        done = self.run_program("wf-decode", "-", "--schema", schema, data=data)
        self.assertIn(done.returncode, (0, 1), done.stderr.decode())
        return list(csv.DictReader(io.StringIO(done.stdout.decode(), newline="")))

    def test_what_comes_back_decodes_the_same(self):
        path = os.path.join(self.folder, "pump.xml")
        out = os.path.join(self.folder, "out")
        with open(path, "wb") as file:
            file.write(self.export()[1])
        done = self.run_program("wf-import", "xtce", path, "--out", out)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        data = b""
        for n, (apid, rest) in enumerate((
                (300, b"\x02\x01\x01\x00\x64\x02\x0a\x0b\x0c\x34\x12\xaa"),
                (301, b"\x02\x01\x00\x00\x64\x00\x0a\xbb"),
                (300, b"\x02\x09\x05\x03\xe8\x03\x01\x02\x03\x04\xcc"),
                (300, b"\x02\x07\x00\x00\x64\x00\x0a\xbb"),
                (300, b"\x01\x01\x00\x00\x64\x00\x0a\xbb"))):
            data += packets.packet(apid, n, packets.cuc(1700000000 + n / 4) + rest, secondary=True)
        want = self.rows(self.schema, data)
        got = self.rows(out, data)
        self.assertEqual([row["volts"] for row in want], ["50", "2", "11"])
        self.assertEqual(len(got), len(want))
        for one, other in zip(want, got):
            self.assertEqual({name: other[name] for name in one if name != "which"},
                             {name: one[name] for name in one if name != "which"})

    def test_what_has_no_words_is_listed(self):
        status, xml, said = self.export()
        self.assertEqual(status, 1)
        for text in ("pump.ini: volts: hysteresis", "pump.ini: which: its expression",
                     "[condition]", "period, stale_after"):
            self.assertIn(text, said)
        for text in (b"<ContextCalibrator>", b"<ContextAlarm>", b"<IncludeCondition>",
                     b'outputParameterRef="double"', b"<OffsetFrom", b"containerEnd",
                     b'<LinearAdjustment slope="1" intercept="1"/>'):
            self.assertIn(text, xml)

    def test_a_schema_that_xtce_can_say_leaves_nothing_to_list(self):
        with open(self.schema, "w", encoding="utf-8") as file:
            file.write("[subsystem]\napid = 5\n[parameter a]\nunit = V\nhi = 3\n")
        self.assertEqual((self.export()[0], self.export()[2]), (0, ""))


if __name__ == "__main__":
    unittest.main()
