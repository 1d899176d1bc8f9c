# SPDX-License-Identifier: MIT
# timeout: 300
"""wf sql against sqlite3 on the same files, one by one; and what it must refuse."""
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

# 2001-02-03T23:59:50Z, ten seconds before midnight.
EVENING = 981244790 * 10**9

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
[parameter time]
bits = 8
[enumeration modes]
0 = OFF
1 = SAFE MODE
"""


class Sql(HistoryCase):
    def logged(self, *args, schema="power"):
        logger = self.logger()
        self.publish(*args, schema=schema)
        self.stop_logger(logger)

    def sql(self, *statements, form="json", status=0):
        text = self.system.run("wf-sql", "--format", form, *statements, status=status)
        return json.loads(text) if form == "json" else text

    def refused(self, statement, words=""):
        done = self.system.launch("wf-sql", statement)
        self.assertEqual(done.wait(), 2, statement)
        self.assertIn(words, done.err())

    def both(self, statement):
        """The answer of wf sql, having proved that sqlite3 gives the same rows file by file."""
        want = sorted(self.ask(statement), key=repr)
        got = sorted((tuple(row.values()) for row in self.sql(statement)), key=repr)
        self.assertEqual(got, want, statement)
        return got

    # -- the same as sqlite3 --------------------------------------------------------------------

    def test_rows_are_those_of_the_files(self):
        self.logged("--sources", "main,sat1", "--count", "300", "--received", str(EVENING),
                    "--step", "100000000")
        self.assertEqual(len(self.both("SELECT * FROM power")), 600)
        for condition in ("time > '2001-02-04'", "time < '2001-02-04'",
                          "time >= '2001-02-03T23:59:55' AND time <= '2001-02-04T00:00:05'",
                          "time BETWEEN '2001-02-03T23:59:59' AND '2001-02-04T00:00:00.5Z'",
                          "time = '2001-02-04T00:00:00.999999000Z'", "time <= '2001-02-04T00:00:01Z'",
                          "received < '2001-02-03T23:59:52'", "received >= '2001-02-04T00:00:18'",
                          "source = 'sat1'", "source IN ('sat1', 'nobody')", "number % 97 = 5",
                          "source = 'main' AND time > '2001-02-04T00:00:10' AND volts < 2.5",
                          "time > 'rubbish'", "quality IS NOT NULL", "time LIKE '2001-02-04%'",
                          "time LIKE '2001-02-03T23:59:5_%'", "time GLOB '2001-02-04T00:00:0[1-3]*'",
                          "time LIKE '2001%'", "time LIKE '%Z'", "received LIKE '2001-02-04T00:00:1%'",
                          "time > '2001-02-03 23:59:55'", "time < '2001-02-04 00:00:10'",
                          "time >= datetime('2001-02-04', '+3 seconds')", "time > '2001-02-04T00'",
                          "time < '2001-02-04T00:00'", "time > '2001-02'", "time < '2001-02-04U'",
                          "time >= '2001-02-04T00:00:1'", "time <= '2001-02-03T23:59:5'",
                          "time > '2001-2'", "time < '2002'", "time > '2001-02-04 00'"):
            self.both("SELECT time, received, source, number, volts, name FROM power WHERE " +
                      condition)
        ordered = self.sql("SELECT time, source, number FROM power ORDER BY time")
        self.assertEqual([row["time"] for row in ordered], sorted(row["time"] for row in ordered))
        self.assertEqual(self.sql("SELECT count(*) AS n, max(number) AS m, min(time_ns) AS t FROM power"
                                  " WHERE time_ns >= 981244799999999000"),
                         [{"n": 400, "m": 299, "t": 981244799999999000}])
        joined = self.sql("SELECT count(*) AS n FROM power AS a JOIN power AS b ON a.time = b.time"
                          " AND a.source < b.source")
        self.assertEqual(joined, [{"n": 300}])

    def test_the_newest_come_first(self):
        # Two sources with a hole of a month between two lots of rows.
        self.logged("--sources", "main,sat1", "--count", "3000", "--received", str(EVENING),
                    "--step", "10000000")
        logger = self.logger()
        self.publish("--sources", "main", "--count", "500", "--received",
                     str(EVENING + 30 * 86400 * 10**9), "--step", "50000000")
        self.stop_logger(logger)
        times = [row[0] for row in self.both("SELECT time FROM power")]
        self.assertEqual(len(times), 6500)
        got = self.sql("SELECT time, source, number FROM power ORDER BY time DESC")
        self.assertEqual([row["time"] for row in got], sorted(times, reverse=True))
        self.assertEqual(len({(row["source"], row["time"]) for row in got}), 6500)
        self.assertEqual(self.sql("SELECT number FROM power ORDER BY time DESC LIMIT 2"),
                         [{"number": 3499}, {"number": 3498}])
        self.assertEqual(self.sql("SELECT max(time) AS t FROM power"), [{"t": max(times)}])
        self.assertEqual(self.sql("SELECT time AS t FROM power WHERE source = 'sat1' AND time <"
                                  " '2001-02-04T00:00:00Z' ORDER BY time_ns DESC LIMIT 1"),
                         self.sql("SELECT max(time) AS t FROM power WHERE source = 'sat1' AND time"
                                  " < '2001-02-04T00:00:00Z'"))
        self.assertEqual(self.sql("SELECT time FROM power WHERE time < '2001' ORDER BY time DESC"),
                         [])
        # Each row with what the other source said last: a join by time.
        pairs = self.sql("SELECT a.number AS n, (SELECT b.number FROM power AS b WHERE b.source ="
                         " 'sat1' AND b.time <= a.time ORDER BY b.time DESC LIMIT 1) AS m FROM power"
                         " AS a WHERE a.source = 'main' AND a.number % 500 = 0 ORDER BY a.time")
        self.assertEqual(pairs, [{"n": n, "m": min(n, 2999)} for n in range(0, 3500, 500)])

    def test_plans_can_be_read(self):
        self.logged("--count", "3", "--received", str(EVENING), "--step", "1000000000")
        plan = self.sql("EXPLAIN QUERY PLAN SELECT volts FROM power WHERE time > '2001' AND source ="
                        " 'main' ORDER BY time DESC")
        self.assertIn("time>? source=?", plan[0]["detail"])
        self.assertIn("order:time-desc", plan[0]["detail"])
        self.assertEqual(len(plan), 1, plan) # nothing is sorted
        plan = self.sql("EXPLAIN QUERY PLAN SELECT * FROM gaps WHERE \"from\" > '2001' AND cause ="
                        " 'x'")
        self.assertIn("from>? cause=?", plan[0]["detail"])

    def test_a_time_with_a_space_is_told_of(self):
        self.logged("--count", "3", "--received", str(EVENING), "--step", "1000000000")
        done = self.system.launch("wf-sql", "SELECT count(*) FROM power WHERE time > datetime('now')")
        self.assertEqual(done.wait(), 0)
        self.assertIn("at('now-1h')", done.err())

    def test_types_of_thousands_go_on_in_further_tables(self):
        wide = "[subsystem]\nperiod = 1s\n" + "".join(
            "[parameter p%d]\nbits = 8\n" % i for i in range(2500))
        self.system.write_schema("wide", wide)
        self.logged("--count", "20", "--received", str(EVENING), "--step", "1000000000",
                    schema="wide")
        self.both("SELECT time, p0, p1899 FROM wide")
        self.both('SELECT time, source, p1900, p2499 FROM "wide:2" WHERE p1901 > 3')
        self.assertEqual(self.sql('SELECT count(*) AS n FROM wide JOIN "wide:2" AS more ON'
                                  " more.time = wide.time AND more.p2499 IS NOT NULL"), [{"n": 20}])

    def test_edges_are_exact(self):
        self.system.write_schema("edges", EDGES)
        self.logged("--count", "3", "--rate", "100", schema="edges")
        db = sqlite3.connect("file:%s?mode=ro" % self.days()[0], uri=True)
        want = db.execute("SELECT * FROM edges ORDER BY time").fetchall()
        names = [column[0] for column in db.execute("SELECT * FROM edges").description]
        db.close()
        rows = self.sql("SELECT * FROM edges ORDER BY time")
        self.assertEqual(list(rows[0]), names)
        for got, row in zip(rows, want):
            row = [cell.hex() if isinstance(cell, bytes) else cell for cell in row]
            row = ["Inf" if cell == float("inf") else cell for cell in row]
            self.assertEqual(list(got.values()), row)
        self.assertEqual(rows[0]["huge"], str(2**64 - 1))
        self.assertIsNone(rows[0]["nan"])
        self.assertIn("nan INVALID", rows[0]["quality"])

    def test_a_schema_that_changed_is_one_table(self):
        logger = self.logger()
        self.publish("--count", "50", "--rate", "1000")
        self.wait_stored("main", 50)
        self.system.write_schema("power", POWER.replace("polynomial = 0 0.01",
                                                        "polynomial = 100 0.01") +
                                 "[parameter more]\nbits = 16\n")
        self.publish("--count", "50", "--rate", "1000")
        wait_for(lambda: self.stored("main") == 100, "both versions")
        self.stop_logger(logger)
        self.both("SELECT time, number, volts, more, quality FROM power")
        self.assertEqual(self.sql("SELECT count(*) AS n, count(more) AS m, min(volts) AS a,"
                                  " max(volts) AS b FROM power"),
                         [{"n": 100, "m": 50, "a": 0.0, "b": 100.49}])

    # -- the other tables -----------------------------------------------------------------------

    def test_gaps_parameters_and_buckets(self):
        self.logged("--count", "300", "--received", str(EVENING), "--step", "100000000",
                    "--lost-every", "100")
        self.assertEqual(self.sql("SELECT cause, sum(lost) AS lost FROM gaps WHERE subsystem ="
                                  " 'power' GROUP BY cause"), [{"cause": "sequence_gap", "lost": 6}])
        for condition in ("1", "\"from\" > '2001-02-04T00:00:00Z'", "\"to\" < '2001-02-04'",
                          "\"from\" >= '2001-02-03T23:59:55' AND \"to\" < '2001-02-04T00:00:09'",
                          "\"from\" IS NULL OR \"to\" IS NULL", "source = 'main' AND cause ="
                          " 'sequence_gap'", "source = 'nobody'", "lost > 1",
                          "\"from\" LIKE '2001-02-04%'"):
            self.both("SELECT source, subsystem, \"from\", \"to\", lost, cause, is_published FROM"
                      " gaps WHERE " + condition)
        self.assertEqual(self.sql("SELECT unit FROM parameters WHERE subsystem = 'power' AND"
                                  " parameter = 'volts'"), [{"unit": "V"}])
        self.assertIn("power", [row["subsystem"] for row in self.sql("SELECT * FROM subsystems")])
        self.assertEqual(self.sql("SELECT * FROM deleted"), [])
        buckets = self.sql("SELECT time, min, max, last, count FROM power_minute WHERE parameter ="
                           " 'number' ORDER BY time")
        self.assertEqual(buckets, [
            {"time": "2001-02-03T23:59:00.000000000Z", "min": 0, "max": 100, "last": 100,
             "count": 101},
            {"time": "2001-02-04T00:00:00.000000000Z", "min": 101, "max": 299, "last": 299,
             "count": 199}])
        self.assertEqual(self.sql("SELECT parameter, count FROM power_hour WHERE time >="
                                  " '2001-02-04' ORDER BY parameter"),
                         [{"parameter": name, "count": 199} for name in ("half", "number", "volts")])

    # -- forms ------------------------------------------------------------------------------------

    def test_forms_and_scripts(self):
        self.logged("--count", "3", "--received", str(EVENING), "--step", "1000000000")
        text = self.sql("SELECT number, name FROM power", form="csv")
        self.assertEqual(list(csv.reader(io.StringIO(text, newline=""))),
                         [["number", "name"], ["0", "0"], ["1", "1"], ["2", "2"]])
        text = self.sql("SELECT number AS n, volts FROM power", form="table")
        self.assertEqual(text.splitlines(), ["n  volts", "-  -----", "0      0", "1   0.01",
                                             "2   0.02"])
        script = "-- a comment\n.mode csv\nSELECT count(*) AS n\nFROM power;\n.tables\nSELECT 'x''y';\n"
        done = subprocess.run([self.system.program("wf-sql")], input=script.encode(), timeout=60,
                              env=self.system.env, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.decode().split("\r\n")[:2], ["n", "3"])
        self.assertIn("power_minute", done.stdout.decode())
        self.assertIn("x'y", done.stdout.decode())
        self.assertEqual(self.sql("SELECT at('2001-02-03') AS t"),
                         [{"t": "2001-02-03T00:00:00.000000000Z"}])

    def shell(self, script, status=0):
        done = subprocess.run([self.system.program("wf-sql")], input=script.encode(), timeout=60,
                              env=self.system.env, capture_output=True, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout.decode(), done.stderr.decode()

    def test_words_that_people_know(self):
        self.logged("--count", "3", "--received", str(EVENING), "--step", "1000000000")
        out, _ = self.shell(".tables power%\n.headers off\nSELECT NULL, number FROM power LIMIT 1;\n")
        self.assertEqual(out.split(), ["name", "-" * 12, "power", "power_hour", "power_minute", "0"])
        out, _ = self.shell(".nullvalue -none-\n.mode line\nSELECT number, NULL AS missing, 'z\u00fc'"
                            " AS t FROM power LIMIT 2;\n")
        self.assertEqual(out, " number = 0\nmissing = -none-\n      t = z\u00fc\n\n"
                              " number = 1\nmissing = -none-\n      t = z\u00fc\n")
        out, _ = self.shell(".headers off\n.mode csv\nSELECT number FROM power;\n")
        self.assertEqual(out, "0\r\n1\r\n2\r\n")
        out, _ = self.shell("SELECT 'm\u00fcde' AS a, 1 AS b;\n")
        self.assertEqual(out.splitlines()[2], "m\u00fcde  1")
        out, _ = self.shell(".schema power\n")
        self.assertIn("volts", out)
        self.assertNotIn("cause", out)
        _, err = self.shell(".timer on\nSELECT 1;\n")
        self.assertRegex(err, r"[0-9.]+ s\n")
        _, err = self.shell(".help\n")
        self.assertIn(".read", err)
        path = os.path.join(self.system.folder, "script.sql")
        with open(path, "w") as file:
            file.write("SELECT count(*) AS n FROM power;\n.nosuch\n")
        out, err = self.shell(".read %s\n.quit\nSELECT 1;\n" % path, status=2)
        self.assertEqual(out.split(), ["n", "-", "3"])
        self.assertIn("'.nosuch' is unknown", err)
        with open(path, "w") as file:
            file.write(".read %s\n" % path)
        _, err = self.shell(".read %s\n" % path, status=2)
        self.assertIn("8 deep", err)
        self.assertEqual(self.system.run("wf-sql", "--csv", "SELECT 1 AS n"), "n\r\n1\r\n")

    # -- what must not be ---------------------------------------------------------------------------

    def test_nothing_can_be_written_or_reached(self):
        self.logged("--count", "3", "--received", str(EVENING), "--step", "1000000000")
        target = os.path.join(self.system.folder, "written.db")
        for statement in ("INSERT INTO power (number) VALUES (1)", "DELETE FROM power",
                          "UPDATE power SET number = 1", "DROP TABLE power",
                          "CREATE TABLE t (x)", "CREATE TEMP TABLE t (x)", "CREATE VIEW v AS SELECT 1",
                          "ATTACH '%s' AS a" % target, "VACUUM INTO '%s'" % target,
                          "PRAGMA journal_mode = WAL", "PRAGMA query_only = 0",
                          "PRAGMA writable_schema = 1", "SELECT load_extension('x')",
                          "BEGIN; INSERT INTO power (number) VALUES (1); COMMIT",
                          "ALTER TABLE power RENAME TO p", "ANALYZE", "DETACH main",
                          "CREATE VIRTUAL TABLE v USING wf_rows('power')",
                          "SELECT readfile('/etc/passwd')", "SELECT writefile('%s', 'x')" % target):
            self.refused(statement)
        self.assertFalse(os.path.exists(target))
        self.refused("SELECT nosuch FROM power", "nosuch")
        self.refused('SELECT "nosuch" FROM power', "nosuch")
        self.assertEqual(self.sql("SELECT count(*) AS n FROM power"), [{"n": 3}])

    def test_endless_statements_end(self):
        self.logged("--count", "100", "--received", str(EVENING), "--step", "1000000")
        endless = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
                   " SELECT count(*) FROM n, power")
        begun = time.monotonic()
        done = self.system.launch("wf-sql", "--timeout", "300ms", endless)
        self.assertEqual(done.wait(), 2)
        self.assertIn("longer than it may", done.err())
        self.assertLess(time.monotonic() - begun, 20)
        done = self.system.launch("wf-sql", endless)
        # It may not have begun yet: an interrupt before that would end the program.
        wait_for(lambda: self.is_busy(done.pid), "the statement to run")
        done.send_signal(signal.SIGINT)
        self.assertEqual(done.wait(), 2)
        self.assertIn("interrupted", done.err())

    @staticmethod
    def is_busy(pid):
        with open("/proc/%d/stat" % pid) as file:
            return int(file.read().rsplit(")", 1)[1].split()[11]) > 30

    def test_a_damaged_day_hides_no_other(self):
        self.logged("--count", "300", "--received", str(EVENING), "--step", "100000000")
        path = [path for path in self.days() if "2001-02-04" in path][0]
        os.chmod(path, 0o600)
        with open(path, "wb") as file:
            file.write(b"no database any more" * 100)
        done = self.system.launch("wf-sql", "--format", "csv", "SELECT count(*) FROM power")
        self.assertEqual(done.wait(), 0)
        self.assertIn("2001-02-04.db", done.err())
        self.assertEqual(done.out().split()[1], "100")

    def test_hundreds_of_files_are_one_table(self):
        logger = self.logger()
        self.publish("--count", "400", "--received", str(EVENING), "--step", "86400000000000")
        wait_for(lambda: len(self.days()) >= 400, "400 days", timeout=120)
        self.stop_logger(logger)
        self.assertGreaterEqual(len(self.days()), 400)
        begun = time.monotonic()
        self.assertEqual(self.sql("SELECT count(*) AS n, sum(number) AS s FROM power"),
                         [{"n": 400, "s": 400 * 399 // 2}])
        self.assertEqual([row["number"] for row in self.sql(
            "SELECT number FROM power WHERE time > '2001-06-01' AND time < '2001-06-04'"
            " ORDER BY time")], [118, 119, 120])
        rows = self.query("power.number", "--from", "2001-01-01", "--to", "2003-01-01", "--format",
                          "csv").split()
        self.assertEqual([int(row.split(",")[1]) for row in rows[1:]], list(range(400)))
        # Under sanitizers, on a busy machine: far from what it takes, near enough for a mistake.
        self.assertLess(time.monotonic() - begun, 60)


if __name__ == "__main__":
    unittest.main()
