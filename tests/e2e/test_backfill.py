# SPDX-License-Identifier: MIT
# timeout: 300
"""wf history import and redecode: values that come into history beside the logger's path."""
import os
import random
import subprocess
import time
import unittest

import packets
from historycase import HistoryCase, wait_for
from receivercase import UDP

# 2001-02-03T22:00:00Z; with half a second from sample to sample a night passes in seconds.
EVENING = 981237600000000000
RANGE = ("--from", "2001-02-03", "--to", "2001-02-05")


class Backfill(HistoryCase):
    def history(self, *args, status=0):
        return self.system.run("wf-history", "--config", self.system.config_file(), *args,
                               status=status)

    def history_error(self, *args):
        done = subprocess.run([self.system.program("wf-history"), "--config",
                               self.system.config_file(), *args], env=self.system.env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr.decode()

    def kill_in_the_middle(self, *args, after=None):
        """Start, kill after a moment (or when `after` holds); whether it was still at work."""
        process = self.system.launch("wf-history", "--config", self.system.config_file(), *args)
        if after is None:
            time.sleep(random.uniform(0.02, 0.4))
        else:
            wait_for(lambda: not process.is_running() or after(), "something written")
        was_alive = process.is_running()
        process.kill()
        return was_alive

    def rows_of(self, source, columns="number, volts, half, name", subsystem="power"):
        rows = self.ask("SELECT time, %s FROM %s WHERE source = ?" % (columns, subsystem), source)
        return sorted(rows)


class Import(Backfill):
    def record(self, count=3000):
        """Publish; how many rows there are now."""
        logger = self.logger()
        self.publish("--count", str(count), "--rate", "4000", "--received", str(EVENING),
                     "--step", "1000000000")
        self.stop_logger(logger)
        return len(self.rows_of("main"))

    def write(self, text):
        path = os.path.join(self.system.folder, "values.csv")
        with open(path, "w", newline="") as file:
            file.write(text)
        return path

    def exported(self, *args):
        return self.write(self.query("power.*", "--source", "main", "--format", "csv", *RANGE,
                                     *args))

    def test_what_a_query_wrote_comes_back_equal_and_only_once(self):
        count = self.record()
        for source, raw in (("copy", ()), ("again", ("--raw",))):
            path = self.exported(*raw)
            args = ("import", path, "--subsystem", "power", "--source", source, *raw)
            self.assertEqual("%s.power: %d rows stored, 0 there already\n" % (source, count),
                             self.history(*args))
            rows = self.rows_of("main")
            self.assertEqual(self.rows_of(source), rows)
            self.assertGreater(self.assert_rollups([source]), 10)
            self.assertIn("0 rows stored, %d there already" % count, self.history(*args))
            self.assertEqual(self.rows_of(source), rows)
        self.assertIn("0 rows stored, %d there already" % count,
                      self.history("import", self.exported(), "--subsystem", "power"))
        self.history("check")
        # And the logger goes on as if nothing had happened.
        self.assertGreater(self.record(100), count)

    def test_a_gap_is_filled_and_rollups_follow(self):
        count = self.record()
        path = self.exported()
        with open(path, newline="") as file:
            lines = file.read().splitlines(True)
        half = self.write("".join(lines[:1] + lines[1::2]))
        args = ("import", half, "--subsystem", "power", "--source", "late")
        self.history(*args)
        self.assertGreater(self.assert_rollups(["late"]), 10)
        whole = self.write("".join(lines))
        self.assertIn("%d rows stored, %d there already" % (count // 2, count - count // 2),
                      self.history(*args))
        self.assertEqual(self.rows_of("late"), self.rows_of("main"))
        self.assertGreater(self.assert_rollups(["late"]), 10)
        self.assertEqual(whole, half)

    def test_a_bad_row_is_told_with_its_line_and_nothing_is_stored(self):
        good = "time,number,volts\r\n2001-02-03T22:00:00Z,1,2.5\r\n"
        for text, told in ((good + "yesterday,2,2.5\r\n", "values.csv:3: time 'yesterday'"),
                           (good + "2001-02-03T22:00:01Z,two,1\r\n", "values.csv:3: number 'two'"),
                           (good + "2001-02-03T22:00:01Z,2\r\n", "values.csv:3: 2 columns, expected 3"),
                           (good + '2001-02-03T22:00:01Z,"2,1\r\n', "values.csv:3: a quote is open"),
                           ("time,amps\r\n", "values.csv:1: column 'amps'"),
                           ("", "values.csv:1: the file is empty")):
            error = self.history_error("import", self.write(text), "--subsystem", "power")
            self.assertIn(told, error)
            self.assertEqual(self.days(), [])
        self.assertIn("--subsystem", self.history_error("import", self.write(good)))
        self.assertIn("'nothing'", self.history_error("import", self.write(good), "--subsystem",
                                                      "nothing"))
        self.assertIn("1 rows stored", self.history("import", self.write(good), "--subsystem",
                                                    "power"))

    def test_it_wants_the_logger_to_be_stopped(self):
        logger = self.logger()
        path = self.write("time,number\r\n2001-02-03T22:00:00Z,1\r\n")
        self.assertIn("stop it first", self.history_error("import", path, "--subsystem", "power"))
        self.stop_logger(logger)

    def test_killed_in_the_middle_it_is_begun_again(self):
        self.record()
        args = ("import", self.exported(), "--subsystem", "power", "--source", "copy")
        killed = [self.kill_in_the_middle(*args) for _ in range(2)]
        killed.append(self.kill_in_the_middle(*args, after=lambda: self.rows_of("copy")))
        self.assertIn(True, killed)
        self.history(*args)
        self.assertEqual(self.rows_of("copy"), self.rows_of("main"))
        self.assertGreater(self.assert_rollups(["copy"]), 10)
        self.history("check")


COUNTS = """[subsystem]
apid = 100
period = 100ms
[parameter number]
bits = 32
[parameter half]
bits = 16
polynomial = 0 0.5
[parameter after]
bits = 16
"""
KEEP = "[receiver]\npacket_ring = 4M\n\n[recorder]\nsync = 100ms\n\n[logger]\nsync = 100ms\n\n"


class Redecode(Backfill):
    def setUp(self):
        self.system = self.new_system(KEEP + UDP, schemas={"counts": COUNTS})

    def record(self, count=1500):
        """Packets through receiver, recorder and logger."""
        import socket
        receiver = self.system.receiver()
        recorder = self.system.start("wf-recorder", "--config", self.system.config_file())
        logger = self.logger()
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.connect(("127.0.0.1", self.system.port("in")))
        for number in range(count):
            sender.send(packets.packet(100, number, number.to_bytes(4, "big") +
                                       (number % 1000).to_bytes(2, "big") +
                                       (number % 7).to_bytes(2, "big")))
            if number % 100 == 99:
                self.wait_stored("main", number + 1, "counts")
        sender.close()
        for process in (receiver, logger, recorder):
            self.assertEqual(process.stop(), 0)

    def values(self):
        return [row[1:] for row in self.rows_of("main", "number, half, after", "counts")]

    def stamps(self):
        rows = []
        for path in self.days():
            for (table,) in self.ask("SELECT table_name FROM _schemas", path=path):
                rows += self.ask("SELECT _id, _received_ns, _number, _packet, _sequence FROM " +
                                 table, path=path)
        return sorted(rows)

    def correct(self, old, new):
        self.system.write_schema("counts", COUNTS.replace(old, new))

    def redecode(self, *args):
        return self.history("redecode", "--from", "2001-01-01", *args)

    def expected(self, factor=0.5, offset=0.0):
        return [(n, n % 1000 * factor + offset, n % 7) for n in range(1500)]

    def assert_rolled(self):
        """The rollups of the whole are those of the rows (asked for in one step)."""
        halves = [row[1] for row in self.values()]
        text = self.query("counts.half", "--format", "csv", "--every", "1d", "--agg",
                          "min,max,count", "--from", "2001-01-01")
        low, high, count = 1e9, -1e9, 0
        for line in text.splitlines()[1:]:
            cells = line.split(",")
            if cells[1]:
                low, high = min(low, float(cells[1])), max(high, float(cells[2]))
                count += int(cells[3])
        self.assertEqual((low, high, count), (min(halves), max(halves), len(halves)))

    def test_a_corrected_polynomial_changes_its_values_and_nothing_else(self):
        self.record()
        self.assertEqual(self.values(), self.expected())
        stamps = self.stamps()
        self.assertIn("0 of 1500 samples", self.redecode())
        self.correct("0 0.5", "10 0.25")
        self.assertIn("1500 of 1500 samples would be", self.redecode("--dry-run"))
        self.assertEqual(self.values(), self.expected())
        self.assertIn("1500 of 1500 samples decoded anew", self.redecode())
        self.assertEqual(self.values(), self.expected(0.25, 10))
        self.assertEqual(self.stamps(), stamps)
        self.assert_rolled()
        self.assertEqual(sum(row[0] for row in self.ask("SELECT rows FROM _redecoded")), 1500)
        self.assertIn("0 of 1500 samples", self.redecode("main.counts"))
        self.history("check")

    def test_a_corrected_position_changes_its_values(self):
        self.record()
        text = COUNTS.replace("[parameter after]", "[parameter after]\nat = 10")
        self.system.write_schema("counts", text.replace("[parameter half]",
                                                        "[parameter half]\nat = 12"))
        self.assertIn("1500 of 1500 samples decoded anew", self.redecode("counts"))
        self.assertEqual(self.values(), [(n, n % 7 * 0.5, n % 1000) for n in range(1500)])
        self.assert_rolled()

    def test_killed_in_the_middle_every_row_is_there_once_in_one_form(self):
        self.record()
        stamps = self.stamps()
        self.correct("0 0.5", "10 0.25")
        args = ("redecode", "--from", "2001-01-01")
        both = list(zip(self.expected(), self.expected(0.25, 10)))
        for turn in range(4):
            done = None if turn % 2 else lambda: self.ask(
                "SELECT 1 FROM sqlite_schema WHERE name = '_redecoded'")
            self.kill_in_the_middle(*args, after=done)
            self.assertEqual(self.stamps(), stamps)
            for got, choice in zip(self.values(), both):
                self.assertIn(got, choice)
            self.assert_rolled()
        self.redecode()
        self.assertEqual(self.values(), self.expected(0.25, 10))
        self.assert_rolled()
        self.history("check")

    def test_what_cannot_be_done_is_told(self):
        self.assertIn("--from", self.history_error("redecode"))
        self.assertIn("packet_ring", self.history_error("redecode", "--from", "2001-01-01"))
        self.record(100)
        logger = self.logger()
        self.assertIn("stop it first", self.history_error("redecode", "--from", "2001-01-01"))
        self.stop_logger(logger)
        self.assertIn("expected SUBSYSTEM", self.history_error("redecode", "--from", "2001-01-01",
                                                               "nothing"))


if __name__ == "__main__":
    unittest.main()
