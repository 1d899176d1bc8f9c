# SPDX-License-Identifier: MIT
# timeout: 300
"""Readers that sleep in a transaction, as a forgotten sqlite3 does: the log of changes of the file
they hold stays below its cap, each goes on seeing what it saw, nothing is lost or doubled, also
when the logger is killed meanwhile; and what they held is put in order when they let go."""
import glob
import os
import sqlite3
import stat
import subprocess
import sys
import unittest

from historycase import HistoryCase, wait_for

CAP = 1 << 20
# One batch, however late it is on a loaded machine.
SLACK = 3 << 20

SLEEPER = """
import sqlite3, sys
db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True, isolation_level=None)
db.execute("BEGIN")
print(db.execute("SELECT count(*) FROM power").fetchone()[0], flush=True)
sys.stdin.readline()
print(db.execute("SELECT count(*) FROM power").fetchone()[0],
      db.execute("PRAGMA integrity_check").fetchone()[0], flush=True)
"""


class Sleepers(HistoryCase):
    def setUp(self):
        super().setUp()
        self.system.write_config("[logger]\nlog_cap = %d\nsync = 100ms\n" % CAP)
        self.sleepers = []
        self.addCleanup(self.end_all)

    def end_all(self):
        for sleeper in self.sleepers:
            if sleeper.poll() is None:
                sleeper.kill()
            sleeper.wait()
            sleeper.stdin.close()
            sleeper.stdout.close()

    def fall_asleep(self, path):
        sleeper = subprocess.Popen([sys.executable, "-c", SLEEPER, path], text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.sleepers.append(sleeper)
        sleeper.saw = int(sleeper.stdout.readline())
        return sleeper

    def wake_up(self, sleeper):
        sleeper.stdin.write("\n")
        sleeper.stdin.flush()
        self.assertEqual(sleeper.stdout.readline().split(), [str(sleeper.saw), "ok"])
        self.assertEqual(sleeper.wait(timeout=30), 0)

    def part(self, number):
        return self.first if number == 1 else "%s.%d.db" % (self.first[:-3], number)

    def log_bytes(self):
        sizes = [0]
        for path in glob.glob(self.first[:-3] + "*-wal"):
            try:
                sizes.append(os.stat(path).st_size)
            except FileNotFoundError:
                pass  # sealed meanwhile
        return max(sizes)

    def wait_for_part(self, number):
        def is_there():
            self.assertLess(self.log_bytes(), CAP + SLACK)
            try:
                return self.ask("SELECT count(*) FROM power", path=self.part(number))[0][0] > 0
            except sqlite3.OperationalError:
                return False  # not there, or nothing in it yet
        wait_for(is_there, "part %d" % number, 60)

    def is_sealed(self, path):
        return not os.stat(path).st_mode & stat.S_IWUSR and not os.path.exists(path + "-wal")

    def test_they_are_left_behind_and_nobody_loses_anything(self):
        publisher = self.publisher("--sources", "main,sat1", "--rate", "3000", "--lost-every", "997")
        logger = self.logger()
        self.wait_stored("main", 1000)
        self.first = self.days()[-1]
        one = self.fall_asleep(self.first)
        self.wait_for_part(2)
        two = self.fall_asleep(self.part(2))
        self.wait_for_part(3)
        logger.kill()
        # It finds its place again, and what is held stays as it is.
        logger = self.logger()
        three = self.fall_asleep(self.part(3))
        self.wait_for_part(4)
        status = self.system.run("wf-status", status=None)
        self.assertRegex(status, r"\d day files? held by readers")
        self.assertFalse(self.is_sealed(self.first))

        self.wake_up(two)
        wait_for(lambda: self.is_sealed(self.part(2)), "part 2 in order", 60)
        self.wake_up(one)
        self.wake_up(three)
        for number in (1, 3):
            wait_for(lambda: self.is_sealed(self.part(number)), "part %d in order" % number, 60)
        heads = self.end_publisher(publisher)
        errors = self.stop_logger(logger)
        self.assert_balanced(heads)
        self.assertIn("(pid %d) has held a snapshot" % three.pid, errors)
        self.assertRegex(errors, r"rows go on in \S+\.4\.db")
        self.assertIn("held by nobody any more", errors)
        # One question asks all parts.
        rows = self.query("main.power.number", "--from", "now-1d", "--format", "csv", "--raw")
        self.assertEqual(len(rows.splitlines()) - 1, self.stored("main"))
        self.assertRegex(self.system.run("wf-history", "check"),
                         r"[4-9] files fine, 0 damaged, 0 set aside")

    def test_a_shell_that_stays_open_holds_nothing_up(self):
        """Between statements there is no snapshot: one file, whatever is written."""
        publisher = self.publisher("--rate", "3000")
        logger = self.logger()
        self.wait_stored("main", 500)
        self.first = self.days()[-1]
        script = SLEEPER.replace('db.execute("BEGIN")', "")
        idle = subprocess.Popen([sys.executable, "-c", script, self.first], text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.sleepers.append(idle)
        self.assertGreaterEqual(int(idle.stdout.readline()), 500)
        self.wait_stored("main", 20000)
        self.assertLess(self.log_bytes(), CAP + SLACK)
        self.assertFalse(os.path.exists(self.part(2)))
        heads = self.end_publisher(publisher)
        self.stop_logger(logger)
        self.assert_balanced(heads)


if __name__ == "__main__":
    unittest.main()
