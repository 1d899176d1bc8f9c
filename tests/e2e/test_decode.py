# SPDX-License-Identifier: MIT
# label: quick
"""wf decode: recorded packets to values, and an account of everything that was not decoded."""
import csv
import io
import json
import os
import shutil
import struct
import subprocess
import tempfile
import unittest

import packets
import watchfloor
from terminal import open_pty

PUMP = """[subsystem]
apid = 300
time = cuc 4.2

[parameter temperature]
type = int
bits = 16
polynomial = 0 0.01
[parameter mode]
bits = 8
enumeration = modes
[parameter serial]
bits = 64
[parameter ratio]
type = float
bits = 32
[parameter series]
bits = 8
count = 2
[parameter note]
type = string
size = prefix 8
size_max = 40
[enumeration modes]
0 = OFF
1 = ON, fast
"""
TANK = "[subsystem]\napid = 301\n[parameter level]\nbits = 16\n"


def pump(sequence, note=b"plain", temperature=2150):
    data = packets.cuc(1700000000 + sequence)
    data += struct.pack(">hBQfBB", temperature, 1, 2**64 - 1, 0.1, 7, 8)
    return packets.packet(300, sequence, data + bytes([len(note)]) + note, secondary=True)


def tank(sequence, level=9):
    return packets.packet(301, sequence, struct.pack(">H", level))


class Decode(unittest.TestCase):
    def setUp(self):
        watchfloor.need("wf-decode")
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        for name, text in (("pump", PUMP), ("tank", TANK)):
            with open(os.path.join(self.folder, name + ".ini"), "w") as file:
                file.write(text)

    def decode(self, data, *args, status=0):
        done = subprocess.run([watchfloor.program("wf-decode"), "-", "--schema", self.folder] +
                              list(args), input=data, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        self.said = done.stderr.decode()
        return done.stdout.decode()

    def rows(self, text):
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def test_every_value_is_exact_and_text_is_quoted(self):
        rows = self.rows(self.decode(pump(5) + pump(6, b'a "b",\nc')))
        self.assertEqual(list(rows[0]), ["time", "sequence", "temperature", "mode", "serial",
                                         "ratio", "series[0]", "series[1]", "note"])
        self.assertEqual(rows[0], {
            "time": "2023-11-14T22:13:25.000000000Z", "sequence": "5", "temperature": "21.5",
            "mode": "ON, fast", "serial": "18446744073709551615", "ratio": "0.1",
            "series[0]": "7", "series[1]": "8", "note": "plain"})
        self.assertEqual(rows[1]["note"], 'a "b",\nc')

    def test_raw_values_are_those_of_the_packet(self):
        row = self.rows(self.decode(pump(5), "--raw"))[0]
        self.assertEqual((row["temperature"], row["mode"]), ("2150", "1"))

    def test_json_holds_the_same(self):
        rows = json.loads(self.decode(pump(5) + pump(6), "--format", "json"))
        self.assertEqual([row["sequence"] for row in rows], [5, 6])
        self.assertEqual(rows[0]["serial"], 2**64 - 1)
        self.assertEqual(rows[0]["series"], [7, 8])

    def test_one_file_for_each_subsystem(self):
        out = os.path.join(self.folder, "values", "deep")
        self.assertEqual(self.decode(pump(0) + tank(0) + tank(1), "--out", out), "")
        self.assertEqual(sorted(os.listdir(out)), ["pump.csv", "tank.csv"])
        with open(os.path.join(out, "tank.csv"), newline="") as file:
            self.assertEqual(file.read(), "time,sequence,level\r\n,0,9\r\n,1,9\r\n")

    def test_a_second_subsystem_on_stdout_is_said_and_not_mixed_in(self):
        text = self.decode(pump(0) + tank(0), status=1)
        self.assertEqual(len(self.rows(text)), 1)
        self.assertIn("tank: 0 rows; 1 rows not shown", self.said)
        self.assertEqual(self.decode(pump(0) + tank(0), "--apid", "301"),
                         "time,sequence,level\r\n,0,9\r\n")

    def test_everything_that_was_not_decoded_is_counted(self):
        data = tank(0) + tank(3) + tank(3) + packets.packet(900, 0, b"xx") * 2
        data += packets.packet(301, 4, b"x") + packets.packet(301, 5, b"xyz") + tank(6)
        self.decode(data, status=1)
        for text in ("2 packets missing in gaps", "1 repeated",
                     "APID 900 (0x384): 2 packets nobody defines", "1 longer than defined",
                     "1 too short for even one value"):
            self.assertIn(text, self.said)

    def test_counts_that_say_nothing_are_not_listened_to(self):
        with open(os.path.join(self.folder, "still.ini"), "w") as file:
            file.write("[subsystem]\napid = 302\nsequence = none\n[parameter level]\n")
        self.decode(b"".join(packets.packet(302, n, b"x") for n in (7, 7, 9, 9000, 3)))
        self.assertIn("still: 5 rows\n", self.said)

    def test_what_a_short_packet_lacks_is_empty(self):
        row = self.rows(self.decode(packets.packet(
            300, 0, packets.cuc(1700000000) + b"\0\1\1", secondary=True), "--quality"))[0]
        self.assertEqual((row["mode"], row["serial"], row["note"]), ("ON, fast", "", ""))
        self.assertEqual(row["quality"], "ABSENT")
        self.assertIn("1 shorter than defined", self.said)

    def test_bytes_before_each_packet_are_passed_over(self):
        data = b"".join(b"\xee" * 12 + tank(n) for n in range(3))
        self.assertEqual(len(self.rows(self.decode(data, "--skip", "12"))), 3)

    def test_rubbish_is_passed_over_and_counted(self):
        data = b"".join(tank(n) for n in range(4))
        self.decode(data + b"\xff" * 100 + data, status=1)
        self.assertIn("100 bytes in no packet", self.said)

    def test_progress_is_shown_on_a_terminal(self):
        path = os.path.join(self.folder, "tank.pkts")
        with open(path, "wb") as file:
            file.write(b"".join(tank(n) for n in range(200)))
        screen, theirs = open_pty()
        try:
            done = subprocess.run([watchfloor.program("wf-decode"), path, "--schema", self.folder],
                                  stdout=subprocess.PIPE, stderr=theirs, timeout=60)
            os.close(theirs)
            shown = b""
            try:
                while True:
                    shown += os.read(screen, 4096)
            except OSError:  # nobody writes any more
                pass
        finally:
            os.close(screen)
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"tank.pkts: 100 %", shown)
        self.assertIn(b"tank: 200 rows", shown)

    def test_nothing_to_decode_is_no_success(self):
        self.decode(b"", status=1)

    def test_what_cannot_be_done_is_said(self):
        for args, text in ((["--apid", "9999"], "expected 0 .. 2047"),
                           (["--format", "xml"], "expected csv or json"),
                           (["--skip", "x"], "--skip"), (["--framing", "huh 3"], "huh"),
                           (["--schema", "/nowhere"], "/nowhere"),
                           (["/nowhere/either"], "/nowhere/either: No such file")):
            self.decode(tank(0), *args, status=2)
            self.assertIn(text, self.said)


if __name__ == "__main__":
    unittest.main()
