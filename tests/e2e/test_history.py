# SPDX-License-Identifier: MIT
# timeout: 300
"""History from end to end: what is published is recorded, and wf query gives it back exactly."""
import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import time
import unittest

from historycase import POWER, HistoryCase, wait_for

# 2001-02-03T23:59:59.5Z, half a second before midnight.
BEFORE_MIDNIGHT = 981244799500000000

EDGES = """[subsystem]
period = 1s
[parameter huge]
bits = 64
[parameter nan]
type = float
bits = 64
[parameter inf]
type = float
bits = 64
[parameter mode]
bits = 8
enumeration = modes
[parameter cells]
bits = 16
count = 3
[enumeration modes]
0 = OFF
1 = SAFE MODE
2 = "ODD", SAID
"""


class History(HistoryCase):
    def logged(self, *args, schema="power"):
        """Publish with a logger beside it; both ended in order."""
        logger = self.logger()
        heads = self.publish(*args, schema=schema)
        self.stop_logger(logger)
        return heads

    def rows(self, *args, status=0):
        text = self.query(*args, "--format", "csv", status=status)
        self.assertTrue(text.endswith("\r\n"))
        return list(csv.reader(io.StringIO(text, newline="")))

    # -- recording -------------------------------------------------------------------------

    def test_what_is_published_comes_back(self):
        heads = self.logged("--count", "500", "--rate", "5000")
        self.assert_balanced(heads)
        rows = self.rows("power.number", "power.volts", "power.name")
        self.assertEqual(rows[0], ["time", "power.number", "power.volts", "power.name"])
        self.assertEqual([row[1] for row in rows[1:]], [str(n) for n in range(500)])
        self.assertEqual(rows[5][2:], ["0.04", "4"])
        self.assertRegex(rows[1][0], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")

    def test_a_second_logger_is_refused(self):
        logger = self.logger()
        other = self.logger(ready=False)
        self.assertEqual(other.wait(), 2)
        self.assertIn("running already", other.err())
        self.stop_logger(logger)

    def test_an_orderly_stop_loses_nothing(self):
        logger = self.logger()
        heads = self.publish("--count", "3000", "--rate", "0", "--batch", "100")
        self.stop_logger(logger)
        self.assert_balanced(heads)
        self.assertEqual(self.gaps("main"), [])
        # Also when all is over before the logger has looked for the first time.
        heads = self.publish("--count", "100")
        self.stop_logger(self.logger())
        self.assert_balanced(heads)

    def test_what_is_missing_while_no_logger_runs_has_that_cause(self):
        self.system.write_schema("power", POWER.replace("ring = 4096", "ring = 64"))
        self.logged("--count", "20", "--rate", "500")
        self.publish("--count", "1000", "--rate", "0")
        heads = self.logged("--count", "20", "--rate", "500")
        self.assert_balanced(heads)
        self.assertIn("logger_down", [gap[0] for gap in self.gaps("main")])

    def test_midnight_begins_a_new_file(self):
        heads = self.logged("--sources", "main,sat1", "--count", "100", "--rate", "2000",
                            "--received", str(BEFORE_MIDNIGHT), "--step", "10000000")
        self.assert_balanced(heads)
        days = [path for path in self.days() if "2001-02" in path]
        self.assertEqual([os.path.basename(path) for path in days],
                         ["2001-02-03.db", "2001-02-04.db"])
        for path, numbers in zip(days, (range(0, 50), range(50, 100))):
            for source in ("main", "sat1"):
                self.assertEqual(self.ask("SELECT number FROM power WHERE source = '%s'"
                                          " ORDER BY time" % source, path=path),
                                 [(n,) for n in numbers])
        rows = self.rows("main.power.number", "--from", "2001-02-03", "--to", "2001-02-05")
        self.assertEqual([row[1] for row in rows[1:]], [str(n) for n in range(100)])

    def test_a_closed_day_is_one_read_only_file(self):
        self.logged("--count", "10", "--received", str(BEFORE_MIDNIGHT))
        path = [path for path in self.days() if "2001-02-03" in path][0]
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o440)
        self.assertFalse(os.path.exists(path + "-wal"))

    def test_a_schema_that_changes_keeps_both_shapes(self):
        logger = self.logger()
        self.publish("--count", "50", "--rate", "1000")
        self.wait_stored("main", 50)
        self.system.write_schema("power", POWER.replace("polynomial = 0 0.01",
                                                        "polynomial = 100 0.01") +
                                 "[parameter more]\nbits = 16\n")
        self.publish("--count", "50", "--rate", "1000")
        wait_for(lambda: self.stored("main") == 100, "both versions")
        self.stop_logger(logger)
        self.assertEqual(self.ask("SELECT count(*), count(more), min(volts), max(volts)"
                                  " FROM power"), [(100, 50, 0.0, 100.49)])
        rows = self.rows("power.volts", "power.more")
        self.assertEqual(len(rows), 101)
        self.assertEqual(rows[1][1:], ["0", ""])
        self.assertEqual(rows[51][1:], ["100", "0"])
        # The old region was read to its end before it went: nothing is unknown.
        self.assertNotIn("region_replaced", [gap[0] for gap in self.gaps("main")])

    def test_a_schema_can_ask_to_be_left_out(self):
        self.system.write_schema("power", POWER.replace("[subsystem]", "[subsystem]\nrecorded = no"))
        self.system.write_schema("kept", POWER)
        logger = self.logger()
        self.publish("--count", "10")
        self.publish("--count", "10", schema="kept")
        self.wait_stored("main", 10, "kept")
        self.stop_logger(logger)
        names = {name for (name,) in self.ask("SELECT subsystem FROM _schemas")}
        self.assertIn("kept", names)
        self.assertNotIn("power", names)
        self.assertEqual(self.gaps("main"), [])

    def test_a_reload_changes_what_is_recorded(self):
        logger = self.logger()
        publisher = self.publisher("--sources", "main,sat1", "--rate", "500")
        self.wait_stored("sat1", 20)
        self.system.write_config("[logger]\nsubsystems = main.*\n")
        logger.send_signal(signal.SIGHUP)
        wait_for(lambda: "reload" in logger.err(), "the reload")
        before = self.stored("main")
        self.wait_stored("main", before + 1000)
        self.system.write_config("[logger]\nsinc = 1s\n")
        logger.send_signal(signal.SIGHUP)
        wait_for(lambda: "nothing was changed" in logger.err(), "the refusal")
        heads = self.end_publisher(publisher)
        self.stop_logger(logger)
        self.assert_balanced({"main.power": heads["main.power"]})
        self.assertLess(self.stored("sat1"), self.stored("main") - 400)

    def test_thinning_on_request_is_counted(self):
        self.system.write_config("[record some]\nsubsystems = main.power\nmode = period\n"
                                 "every = 1s\n")
        logger = self.logger()
        self.publish("--sources", "main,sat1", "--count", "400", "--rate", "2000",
                     "--received", str(BEFORE_MIDNIGHT), "--step", "10000000")
        self.stop_logger(logger)
        rows = self.ask("SELECT sum(rows), sum(thinned), sum(lost) FROM _positions"
                        " WHERE source = 'main' AND subsystem = 'power' GROUP BY 1 > 0")
        rows, thinned, lost = (sum(row[i] for row in rows) for i in range(3))
        # Four seconds, which begin at half past one: five of them have a first sample.
        self.assertEqual((rows, rows + thinned + lost), (5, 400))
        self.assertEqual(self.stored("sat1"), 400)
        self.assertEqual(self.gaps("main"), [])
        own = self.rows("wf.logger.drained", "wf.logger.stored", "wf.logger.thinned",
                        "wf.logger.queued")[1:]
        for drained, *parts in (row[1:] for row in own):
            self.assertEqual(int(drained), sum(int(part) for part in parts))

    def deleted(self, source):
        return [gap[:2] for gap in self.gaps(source) if gap[0] == "retention"]

    def test_days_beyond_what_is_kept_are_deleted(self):
        self.logged("--count", "100", "--received", str(BEFORE_MIDNIGHT), "--step", "10000000")
        self.assertEqual(len([path for path in self.days() if "2001-02" in path]), 2)
        # A leap of years is believed when there are days behind it.
        for days in (2, 1):
            self.logged("--count", "10", "--received", str(time.time_ns() - days * 86400 * 10**9))
        self.system.write_config("[logger]\nraw_keep = 30d\n")
        logger = self.logger()
        wait_for(lambda: not [path for path in self.days() if "2001-02" in path], "the deletion")
        wait_for(lambda: self.deleted("main"), "the record")
        self.stop_logger(logger)
        self.assertEqual(self.deleted("main"), [("retention", 50)] * 2)
        self.assertEqual([row[0] for row in self.ask("SELECT file FROM deleted ORDER BY 1")],
                         ["2001-02-03.db", "2001-02-04.db"])

    def test_sync_says_which_commits_wait_for_the_disk(self):
        counts = {}
        for sync in ("0", "1s", "1h"):
            self.system.write_config("[logger]\nsync = %s\n" % sync)
            logger = self.logger()
            self.publish("--count", "500", "--rate", "250")
            self.stop_logger(logger)
            values = self.system.peek("sample", "wf", "logger")["values"]
            counts[sync] = (values["batches"], values["syncs"])
        self.assertGreater(counts["0"][0], 3)
        self.assertGreaterEqual(counts["0"][1], counts["0"][0])
        # Two seconds and the stop, by a clock that may be slow; beside it what rollups need.
        self.assertGreaterEqual(counts["1s"][1], 2)
        self.assertLess(counts["1h"][1], counts["1h"][0] + 2)
        self.assertLess(counts["1h"][1], counts["0"][1])

    def test_its_own_health_is_recorded_too(self):
        logger = self.logger()
        self.publish("--count", "100", "--rate", "1000")
        self.wait_stored("main", 100)
        self.wait_stored("wf", 1, "logger")
        self.stop_logger(logger)
        published = self.system.peek("sample", "wf", "logger")
        last = published["values"]
        self.assertEqual((last["state"], last["queued"]), ("stopped", 0))
        self.assertEqual(last["stored"], last["drained"])
        rows = self.ask("SELECT count(*), max(drained) FROM logger")
        self.assertGreaterEqual(rows[0][1], 100)
        # What was said behind the last commit is stored by the next logger, and nothing is lost.
        logger = self.logger()
        self.wait_stored("wf", published["number"] + 1, "logger")
        self.stop_logger(logger)
        self.assertEqual(self.ask("SELECT count(*) FROM logger WHERE state = 'stopped'"), [(1,)])
        self.assertEqual([gap for gap in self.gaps("wf", "logger") if gap[1]], [])

    # -- asking ----------------------------------------------------------------------------

    def test_a_reader_that_had_enough_is_no_error_to_tell(self):
        self.logged("--count", "50", "--rate", "1000")
        reader, writer = os.pipe()
        os.close(reader)
        try:
            done = subprocess.run([self.system.program("wf-query"), "power", "--format", "csv"],
                                  env=self.system.env, stdout=writer,
                                  stderr=subprocess.PIPE, timeout=60)
        finally:
            os.close(writer)
        self.assertNotIn(b"cannot write", done.stderr)

    def test_edges_are_exact_in_every_form(self):
        self.system.write_schema("edges", EDGES)
        self.logged("--count", "3", "--rate", "100", schema="edges")
        answer = json.loads(self.query("edges", "--format", "json"))
        values = {series["name"]: [value for _, value in series["points"]]
                  for series in answer["series"]}
        huge = [2 ** 64 - 1 - n for n in range(3)]
        self.assertEqual(values["edges.huge"], huge)
        self.assertEqual(values["edges.nan"], ["NaN"] * 3)
        self.assertEqual(values["edges.inf"], ["Inf"] * 3)
        self.assertEqual(values["edges.mode"], ["OFF", "SAFE MODE", '"ODD", SAID'])
        self.assertEqual(sorted(name for name in values if "cells" in name),
                         ["edges.cells[0]", "edges.cells[1]", "edges.cells[2]"])
        rows = self.rows("edges.huge", "edges.nan", "edges.mode", "edges.cells[0]")
        self.assertEqual([row[1:] for row in rows[1:]],
                         [[str(huge[0]), "NaN", "OFF", "0"], [str(huge[1]), "NaN", "SAFE MODE", "1"],
                          [str(huge[2]), "NaN", '"ODD", SAID', "2"]])
        self.assertEqual(self.rows("edges.mode", "--raw")[2][1], "1")
        steps = json.loads(self.query("edges.huge", "--every", "1d", "--agg", "min,max", "--format",
                                      "json"))["series"]
        self.assertEqual([series["points"][0][1] for series in steps], [huge[2], huge[0]])
        self.assertEqual(self.ask("SELECT huge, nan, quality FROM edges ORDER BY time LIMIT 1"),
                         [(str(huge[0]), None, "nan INVALID, inf INVALID")])

    def test_steps_equal_what_the_samples_say(self):
        self.logged("--count", "250", "--received", "981201600000000000", "--step", "100000000")
        day = ("--from", "2001-02-03", "--to", "2001-02-04")
        rows = self.rows("power.half", "--every", "10s", "--agg", "min,mean,max,last,count", *day)
        # Device times are a microsecond before receive times: the first sample has a step alone.
        values = [n * 0.5 for n in range(250)]
        parts = [values[0:1], values[1:101], values[101:201], values[201:]]
        self.assertEqual(rows[0], ["time"] + ["power.half:" + agg for agg in
                                              ("min", "mean", "max", "last", "count")])
        self.assertEqual([row[0] for row in rows[1:]],
                         ["2001-02-03T11:59:50.000000000Z", "2001-02-03T12:00:00.000000000Z",
                          "2001-02-03T12:00:10.000000000Z", "2001-02-03T12:00:20.000000000Z"])
        for row, part in zip(rows[1:], parts):
            self.assertEqual([float(cell) for cell in row[1:]],
                             [min(part), sum(part) / len(part), max(part), part[-1], len(part)])
        by_received = self.rows("power.half", "--every", "10s", "--by", "received", *day)
        self.assertEqual(len(by_received), 4)

    def test_gaps_are_told_in_every_form(self):
        self.logged("--count", "300", "--rate", "3000", "--lost-every", "100")
        answer = json.loads(self.query("power.number", "--format", "json"))
        self.assertEqual([(gap["subsystem"], gap["lost"], gap["cause"]) for gap in answer["gaps"]],
                         [("power", 2, "sequence_gap")] * 3)
        self.assertEqual(answer["series"][0]["resolution"], "raw")
        table = self.query("power.number")
        self.assertEqual(table.count("sequence_gap, 2 lost"), 3)
        # Between two lines of wide steps they are one line: hundreds would hide the values.
        steps = self.query("power.number", "--every", "1h")
        self.assertEqual(steps.count("sequence_gap"), 2, steps)
        self.assertIn("sequence_gap 3 times, 6 lost within ", steps)
        self.assertIn("300 rows, resolution raw, 3 gaps (6 lost)", table)
        self.assertIn("gaps +", self.query("power.number", "--format", "plot"))

    def test_questions_while_the_logger_writes(self):
        logger = self.logger()
        publisher = self.publisher("--rate", "2000")
        self.wait_stored("main", 100)
        before = 0
        for _ in range(20):
            count = len(self.rows("power.number")) - 1
            self.assertGreaterEqual(count, before)
            before = count
        self.end_publisher(publisher)
        self.stop_logger(logger)
        self.assertGreater(before, 100)

    def test_a_damaged_day_hides_no_other(self):
        self.logged("--count", "10", "--received", str(BEFORE_MIDNIGHT), "--step", "86400000000000")
        path = [path for path in self.days() if "2001-02-06" in path][0]
        os.chmod(path, 0o600)
        with open(path, "wb") as file:
            file.write(b"no database any more" * 100)
        done = self.system.launch("wf-query", "power.number", "--from", "2001-02-01", "--to",
                                 "2001-03-01", "--format", "json")
        self.assertEqual(done.wait(), 0)
        self.assertIn("2001-02-06.db", done.err())
        answer = json.loads(done.out())
        self.assertEqual([value for _, value in answer["series"][0]["points"]],
                         [0, 1, 2, 4, 5, 6, 7, 8, 9])
        self.assertIn(("2001-02-06T00:00:00.000000000Z", None, "file_corrupt"),
                      [(gap["from"], gap["lost"], gap["cause"]) for gap in answer["gaps"]])

    def test_answers_to_bad_questions(self):
        done = self.system.launch("wf-query", "power")
        self.assertEqual(done.wait(), 1)
        self.assertIn("wf up", done.err())
        self.logged("--count", "10", "--rate", "100")
        for args, status, words in (
                (["nosuch"], 1, "there is: power"),
                (["power", "--from", "1999-01-01", "--to", "1999-01-02"], 1, "its newest sample"),
                (["power", "--from", "yesteryear"], 2, "--from"),
                (["power", "--from", "now", "--to", "now-1h"], 2, "later"),
                (["power", "--every", "0s"], 2, "--every"),
                (["power", "--every", "1s", "--agg", "median"], 2, "mean,min,max,last,count,bad"),
                (["power", "--format", "xml"], 2, "table, csv, json, plot or svg")):
            done = self.system.launch("wf-query", *args)
            self.assertEqual(done.wait(), status, args)
            self.assertIn(words, done.err())
        self.assertIn("volts", self.query())

    def test_a_stranger_with_sqlite(self):
        self.logged("--count", "5", "--rate", "100")
        path = self.days()[0]
        db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
        try:
            names = [column[0] for column in db.execute("SELECT * FROM power").description]
            self.assertEqual(names, ["time", "received", "source", "number", "volts", "half", "name",
                                     "quality"])
            self.assertEqual(db.execute("SELECT parameter, unit FROM parameters WHERE subsystem ="
                                        " 'power' AND unit IS NOT NULL").fetchall(),
                             [("volts", "V")])
            self.assertEqual(db.execute("SELECT \"view\", rows FROM subsystems WHERE subsystem ="
                                        " 'power'").fetchall(), [("power", 5)])
            self.assertEqual(db.execute("SELECT count(*) FROM gaps").fetchone(), (0,))
        finally:
            db.close()


if __name__ == "__main__":
    unittest.main()
