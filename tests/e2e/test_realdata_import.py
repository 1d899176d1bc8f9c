# SPDX-License-Identifier: MIT
# timeout: 400
"""Recordings of real missions imported into history: every value is the one wf decode prints, raw
and engineering, every packet is in one of the counts, and a second import stores nothing."""
import csv
import io
import unittest

import test_realdata_live as live
import watchfloor
from importcase import TOTAL
from watchfloor import SystemTest


class RealImport(SystemTest):
    bring_in, decoded = live.Live.bring_in, live.Live.decoded

    def setUp(self):
        watchfloor.need("wf", "wf-history", "wf-query", "wf-decode", "wf-import")
        self.recordings = live.recordings()
        self.sys = self.new_system("[watchfloor]\nplugins = plugins\n")
        self.plugins = self.sys.plugins
        for folder, name in live.DEFINITIONS:
            self.bring_in("imap", folder, name)
        self.bring_in("jpss", "jpss1_geolocation_xtce_v1.xml")
        with open(watchfloor.SOURCE + "/tests/data/real/cfs_event.ini") as file:
            self.sys.write_schema("cfs_event", file.read())

    def load(self, recording, source):
        done = self.sys.attempt("wf", "history", "import", recording.path, "--source", source,
                                timeout=300)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        read, rows, there, rejected, idle, joined = map(int, TOTAL.search(done.stdout).groups())
        self.assertEqual(read, rows + there + rejected + idle + joined)
        self.assertEqual(read, len(recording.times))
        return rows, there, rejected

    def rows(self, source, subsystem, *options):
        text = self.sys.run("wf", "query", "%s.%s" % (source, subsystem), "--from", "1900-01-01",
                            "--format", "csv", *options)
        return list(csv.reader(io.StringIO(text, newline="")))

    def test_what_is_imported_is_what_wf_decode_prints(self):
        cells = 0
        for number, recording in enumerate(self.recordings):
            source = "r%d" % number
            rows, there, rejected = self.load(recording, source)
            self.assertEqual((there, rejected), (0, recording.undefined), recording.name)
            for options in ((), ("--raw",)):
                tables, _ = self.decoded(recording, len(recording.times), *options)
                self.assertEqual(rows, sum(len(table) - 1 for table in tables.values()))
                for subsystem, table in tables.items():
                    found = self.rows(source, subsystem, *options)
                    names = [name.split(".", 2)[2] for name in found[0][1:]]
                    self.assertEqual(names, table[0][1:], subsystem)
                    # Without a time of its own a packet has that of the one before it.
                    is_timed = any(row[0] != "" for row in table[1:])
                    have = [row if is_timed else row[1:] for row in found[1:]]
                    want = [row if is_timed else row[1:] for row in table[1:]]
                    self.assertEqual(sorted(have), sorted(want), (recording.name, subsystem))
                    cells += len(have) * len(names)
            self.assertEqual(self.load(recording, source), (0, rows, rejected))
        print("%d values compared" % cells)


if __name__ == "__main__":
    unittest.main()
