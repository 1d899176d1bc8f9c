# SPDX-License-Identifier: MIT
# timeout: 900
"""Real missions: definitions imported, recordings decoded, every value compared with what the
missions' own ground tools (or a third party's decoder) made of the same packets."""
import csv
import io
import json
import os
import shutil
import struct
import subprocess
import tempfile
import unittest

import watchfloor


# NASA cFE event services, long format: payload in the host's byte order.
EVS = """[subsystem]
name = evs
apid = 8
byte_order = little
[parameter application]
type = string
at = 16
size = 20
[parameter event]
bits = 16
[parameter type]
bits = 16
[parameter spacecraft]
bits = 32
[parameter processor]
bits = 32
[parameter text]
type = string
size = 122
"""


def read_csv(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def single(text):
    """The nearest float of 32 bits: shortest texts of floats differ as doubles."""
    return struct.unpack(">f", struct.pack(">f", float(text)))[0]


def is_equal(got, want, tolerance=1e-12):
    if got == want:
        return True
    try:
        a, b = float(got), float(want)
    except ValueError:
        return False
    return a == b or abs(a - b) <= tolerance * max(abs(a), abs(b)) or (
        abs(a) < 3e38 and single(got) == single(want) and abs(a - b) <= 1e-7 * abs(b))


class RealData(unittest.TestCase):
    def setUp(self):
        watchfloor.need("wf-decode", "wf-import", "wf-export")
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def bring_in(self, *parts, args=(), status=0):
        done = subprocess.run([watchfloor.program("wf-import"), "xtce",
                               watchfloor.testdata(*parts), "--out", self.folder] + list(args),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stderr.decode()

    def decode(self, *parts, args=(), status=0):
        done = subprocess.run([watchfloor.program("wf-decode"), watchfloor.testdata(*parts),
                               "--schema", self.folder] + list(args),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
        self.said = done.stderr.decode()
        self.assertEqual(done.returncode, status, self.said)
        return list(csv.DictReader(io.StringIO(done.stdout.decode(), newline="")))

    def compare(self, rows, expected, columns=None, name=lambda column: column,
                tolerance=1e-12):
        """(equal, all, {column: rows that differ}) over the expected columns."""
        equal, count, wrong = 0, 0, {}
        self.assertGreaterEqual(len(rows), len(expected))
        for row, want in zip(rows, expected):
            for column in columns or want:
                count += 1
                if is_equal(row[name(column)], want[column], tolerance):
                    equal += 1
                else:
                    wrong[column] = wrong.get(column, 0) + 1
        return equal, count, wrong

    def both(self, rows, expected):
        return [column for column in expected[0] if column in rows[0]]

    def test_jpss(self):
        self.bring_in("jpss", "jpss1_geolocation_xtce_v1.xml")
        rows = self.decode("jpss", "J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1")
        expected = read_csv(watchfloor.testdata("jpss", "expected_apid11_raw.csv"))
        self.assertEqual(self.compare(rows, expected), (194400, 194400, {}))

    def test_jpss_by_a_table_of_columns(self):
        done = subprocess.run([watchfloor.program("wf-import"), "csv",
                               watchfloor.testdata("jpss", "ccsdspy_jpss1_geolocation.csv"),
                               "--apid", "11", "--out", self.folder], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        rows = self.decode("jpss", "J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1")
        expected = read_csv(watchfloor.testdata("jpss", "expected_apid11_raw.csv"))
        self.assertEqual(self.compare(rows, expected, self.both(rows, expected)),
                         (144000, 144000, {}))

    def codice(self, definition, args=()):
        self.bring_in("imap", "codice", definition)
        return self.decode("imap", "codice", "imap_codice_l0_hskp_20100101_v001.pkts",
                           args=["--apid", "1136"] + list(args))

    def test_codice_raw(self):
        rows = self.codice("P_COD_NHK.xml", ["--raw"])
        expected = read_csv(watchfloor.testdata("imap", "codice",
                                                "idle_export_raw.COD_NHK_20230822_122700.csv"))
        self.assertEqual(self.compare(rows, expected, self.both(rows, expected)),
                         (12078, 12078, {}))

    def test_codice_engineering_by_the_table_of_polynomials(self):
        folder = ("imap", "codice")
        self.bring_in(*folder, "P_COD_NHK.xml")
        done = subprocess.run([watchfloor.program("wf-import"), "units",
                               watchfloor.testdata(*folder, "eu_unit_lookup_table.csv"),
                               "--select", "COD_NHK", "--out", self.folder, "--force"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        columns = [row["mnemonic"].upper() for row in
                   read_csv(watchfloor.testdata(*folder, "eu_unit_lookup_table.csv"))
                   if row["packetName"] == "COD_NHK"]
        expected = read_csv(watchfloor.testdata(*folder,
                                                "idle_export_eu.COD_NHK_20230822_122700.csv"))
        rows = self.decode(*folder, "imap_codice_l0_hskp_20100101_v001.pkts",
                           args=["--apid", "1136"])
        # The table gives currents of microamperes by coefficients of three digits.
        for row, want in zip(rows, expected):
            for column in columns:
                if column.endswith("_IMON"):
                    self.assertAlmostEqual(float(row[column]), float(want[column]), delta=1e-8)
                    row[column] = want[column]
        self.assertEqual(self.compare(rows, expected, columns, tolerance=1e-5), (6138, 6138, {}))

    def test_codice_with_the_mission_definition(self):
        folder = ("imap", "codice")
        raw = read_csv(watchfloor.testdata(*folder, "idle_export_raw.COD_NHK_20230822_122700.csv"))
        eu = read_csv(watchfloor.testdata(*folder, "idle_export_eu.COD_NHK_20230822_122700.csv"))
        rows = self.codice("codice_packet_definition.xml", ["--raw"])
        # SPARE_6 ends before the checksum that this definition has in its place.
        shared = [column for column in self.both(rows, raw) if column != "SPARE_6"]
        self.assertEqual(self.compare(rows, raw, shared), (9702, 9702, {}))

        rows = self.decode(*folder, "imap_codice_l0_hskp_20100101_v001.pkts",
                           args=["--apid", "1136"])
        states = [column for column in shared
                  if not eu[0][column].replace(".", "").replace("-", "").replace("e", "").isdigit()]
        equal, count, wrong = self.compare(rows, eu, states)
        print("states: %d of %d; another revision: %s" % (equal, count, wrong))
        self.assertEqual((equal, count), (768, 792), wrong)

    def test_swapi_science(self):
        self.bring_in("imap", "swapi", "swapi_packet_definition.xml")
        rows = self.decode("imap", "swapi", "imap_swapi_l0_raw_20240924_v001.pkts",
                           args=["--apid", "1188", "--raw"])
        expected = read_csv(watchfloor.testdata("imap", "swapi",
                                                "idle_export_raw.SWP_SCI_20240924_080204.csv"))
        self.assertEqual(self.compare(rows, expected, self.both(rows, expected)),
                         (7650, 7650, {}))

    def test_swapi_housekeeping_is_older_than_its_packets(self):
        self.bring_in("imap", "swapi", "swapi_packet_definition.xml")
        rows = self.decode("imap", "swapi", "imap_swapi_l0_raw_20240924_v001.pkts",
                           args=["--apid", "1184", "--raw", "--quality"])
        self.assertEqual({row["quality"] for row in rows}, {"SUSPECT"})
        self.assertIn("17 longer than defined (the definition may be older than the packets)",
                      self.said)

    def test_hit_housekeeping(self):
        self.bring_in("imap", "hit", "hit_packet_definitions.xml")
        rows = self.decode("imap", "hit", "imap_hit_l0_hk_20100105_v001.pkts", args=["--raw"])
        expected = read_csv(watchfloor.testdata("imap", "hit", "hskp_sample_raw.csv"))
        self.assertEqual(len(expected), 87)
        self.assertEqual(self.compare(rows, expected, self.both(rows, expected)),
                         (10266, 10266, {}))

    def test_lo_raw_and_engineering(self):
        self.bring_in("imap", "lo", "lo_xtce.xml")
        for kind, args in (("raw", ["--raw"]), ("eu", [])):
            with self.subTest(kind=kind):
                rows = self.decode("imap", "lo", "imap_lo_l0_raw_20240627_v001.pkts",
                                   args=["--apid", "677"] + args)
                expected = read_csv(watchfloor.testdata(
                    "imap", "lo", "expected_apid677_%s_first300.csv" % kind))
                equal, count, wrong = self.compare(
                    rows, expected, name=lambda column: column.split(".")[-1])
                self.assertEqual((equal, count, wrong), (104700, 104700, {}))

    def test_every_definition_survives_export_and_import(self):
        for parts in (("jpss", "jpss1_geolocation_xtce_v1.xml"),
                      ("imap", "codice", "codice_packet_definition.xml"),
                      ("imap", "swapi", "swapi_packet_definition.xml"),
                      ("imap", "hit", "hit_packet_definitions.xml"), ("imap", "lo", "lo_xtce.xml")):
            self.bring_in(*parts, args=["--force"])
        names = sorted(os.listdir(self.folder))
        again = os.path.join(self.folder, "again")
        os.mkdir(again)
        for name in names:
            path = os.path.join(self.folder, name, name + ".ini")
            done = subprocess.run([watchfloor.program("wf-export"), "xtce", path],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (0, b""), name)
            with open(os.path.join(again, name + ".xml"), "wb") as file:
                file.write(done.stdout)
            subprocess.run([watchfloor.program("wf-import"), "xtce", file.name, "--out", again],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                           timeout=60)
            with open(path) as first, open(os.path.join(again, name, name + ".ini")) as second:
                self.assertEqual(first.read(), second.read(), name)
        self.assertEqual(len(names), 31)

    def test_cfs_events_by_a_schema_written_by_hand(self):
        with open(os.path.join(self.folder, "evs.ini"), "w") as file:
            file.write(EVS)
        rows = self.decode("cfs", "cfs_udp_tlm.bin",
                           args=["--apid", "8", "--framing", "skip 8, length 4 big"])
        with open(watchfloor.testdata("cfs", "expected_evs.jsonl")) as file:
            expected = [json.loads(line) for line in file]
        self.assertEqual(len(expected), 54)
        self.assertEqual([(row["application"], row["event"], row["type"], row["text"])
                          for row in rows],
                         [(one["app"], str(one["event_id"]), str(one["type"]), one["message"])
                          for one in expected])
        self.assertEqual(sum("\n" in row["text"] for row in rows), 16)

    def test_undefined_packets_are_counted(self):
        self.bring_in("imap", "lo", "lo_xtce.xml")
        self.decode("imap", "lo", "imap_lo_l0_raw_20240627_v001.pkts",
                    args=["--out", os.path.join(self.folder, "out")])
        self.assertIn("APID 721 (0x2d1): 1826 packets nobody defines", self.said)
        self.assertEqual(len(os.listdir(os.path.join(self.folder, "out"))), 5)


if __name__ == "__main__":
    unittest.main()
