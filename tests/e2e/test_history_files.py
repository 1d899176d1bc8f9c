# SPDX-License-Identifier: MIT
# timeout: 300
"""wf history: checking, copying and repairing the files."""
import os
import shutil
import sqlite3
import unittest

from historycase import HistoryCase, wait_for

# 2001-02-03T22:00:00Z; with half a second from sample to sample a night passes in seconds.
EVENING = 981237600000000000


class HistoryFiles(HistoryCase):
    def history(self, *args, status=0):
        return self.system.run("wf-history", *args, status=status)

    @property
    def folder(self):
        return os.path.join(self.system.state, "history")

    def record(self, count=20000):
        logger = self.logger()
        heads = self.publish("--count", str(count), "--rate", "6000", "--received", str(EVENING),
                             "--step", "500000000")
        self.stop_logger(logger)
        return heads

    def damage(self, path, pages=3):
        """Overwrite some pages in the second half: rows, not the catalogue at the front."""
        os.chmod(path, 0o640)
        size = os.path.getsize(path)
        with open(path, "r+b") as file:
            file.seek(size // 4096 * 3 // 5 * 4096)
            file.write(b"\xa5" * 4096 * pages)

    def assert_sealed(self, path):
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o440, path)
        for beside in ("-wal", "-shm"):
            self.assertFalse(os.path.exists(path + beside), path + beside)

    def sums(self):
        return tuple(sum(row[i] or 0 for row in self.ask(
            "SELECT sum(rows), sum(lost) FROM _positions WHERE subsystem = 'power'"))
            for i in range(2))

    def test_everything_is_looked_through(self):
        self.record()
        text = self.history("check")
        self.assertRegex(text, r"^\d+ files fine, 0 damaged, 0 set aside; \d+ bytes\n$")
        self.damage(self.days()[0])
        text = self.history("check", status=1)
        self.assertIn("damaged    raw/2001-02-03.db", text)
        self.assertIn(", 1 damaged, ", text)

    def test_nothing_there_and_nonsense_are_told(self):
        self.assertEqual(self.history("check", status=2), "")
        self.history("backup", status=2)
        self.history("mend", status=2)

    def test_a_copy_is_made_while_the_logger_writes(self):
        logger = self.logger()
        publisher = self.publisher("--rate", "3000", "--received", str(EVENING), "--step",
                                   "500000000")
        self.wait_stored("main", 10000)
        target = os.path.join(self.system.folder, "copy")
        self.assertIn("copied to", self.history("backup", target))
        self.history("backup", target, status=2)
        heads = self.end_publisher(publisher)
        self.stop_logger(logger)
        self.assert_balanced(heads)
        # The copy stands by itself, to its last row, and its rollups are those of its rows.
        shutil.rmtree(self.folder)
        shutil.move(os.path.join(target, "history"), self.folder)
        rows, _ = self.sums()
        self.assertGreaterEqual(rows, 10000)
        self.assertEqual(self.ask("SELECT count(*) FROM power WHERE source = 'main'",
                                  path=self.days()[0])[0][0] > 0, True)
        self.assertGreater(self.assert_rollups(["main"]), 50)
        self.history("check")

    def test_repair_wants_the_logger_to_be_stopped(self):
        logger = self.logger()
        self.publish("--count", "10")
        self.wait_stored("main", 10)
        self.history("repair", status=2)
        self.stop_logger(logger)
        self.history("repair")

    def test_a_damaged_day_is_saved_and_what_is_missing_is_a_gap(self):
        heads = self.record()
        rows, lost = self.sums()
        self.damage(self.days()[0])
        text = self.history("repair", status=1)
        self.assertIn("saved      raw/2001-02-03.db", text)
        after = self.sums()
        self.assertLess(after[0], rows)
        self.assertGreater(after[0], rows // 2)
        self.assertEqual(sum(after), heads["main.power"]["head"])
        found = sum(row[0] for row in self.ask("SELECT count(*) FROM power WHERE source = 'main'"))
        self.assertEqual(found, after[0])
        self.assertIn("file_corrupt", [gap[0] for gap in self.gaps("main")])
        self.assertGreater(self.assert_rollups(["main"]), 50)
        # The logger goes on in what was saved.
        heads = self.record(100)
        self.assertEqual(sum(self.sums()), heads["main.power"]["head"])

    def test_a_day_that_was_set_aside_comes_back(self):
        self.record()
        path = self.days()[0]
        # Its first page is gone: the logger begins a new file and owes what was in it.
        shutil.copy(path, path + ".kept")
        os.chmod(path, 0o640)
        with open(path, "r+b") as file:
            file.write(b"\xa5" * 100)
        logger = self.logger()
        self.publish("--count", "50", "--received", str(EVENING + 3600 * 10**9), "--step", "1000")
        self.stop_logger(logger)
        aside = path + ".damaged-1"
        self.assertTrue(os.path.exists(aside))
        os.rename(path + ".kept", aside)
        before = self.ask("SELECT count(*) FROM power")
        text = self.history("repair")
        self.assertIn("put back   raw/2001-02-03.db.damaged-1", text)
        after = self.ask("SELECT count(*) FROM power")
        self.assertGreater(after[0][0], before[0][0] + 5000)
        self.assertTrue(os.path.exists(aside + ".saved"))
        self.assertNotIn("file_corrupt", [gap[0] for gap in self.gaps("main")])
        self.assertGreater(self.assert_rollups(["main"]), 50)
        self.history("check")

    def test_rollups_that_are_wrong_or_damaged_are_made_again(self):
        self.record()
        [minutes] = self.tier_files("minute")
        [hours] = self.tier_files("hour")
        for path in (minutes, hours):
            self.assert_sealed(path)  # months and years that are over
            os.chmod(path, 0o640)
        db = sqlite3.connect(minutes)
        db.execute("UPDATE _buckets SET max = 1")
        db.commit()
        db.close()
        with open(hours, "r+b") as file:
            file.write(b"\xa5" * 8192)
        self.history("repair")
        self.assertGreater(self.assert_rollups(["main"]), 50)
        self.assertEqual(len([name for name in os.listdir(os.path.dirname(hours))
                              if name.endswith(".damaged-1")]), 1)
        for path in (minutes, hours):
            self.assert_sealed(path)

    def test_months_that_a_killed_logger_left_open_are_sealed_by_the_next(self):
        logger = self.logger()
        self.publish("--count", "4000", "--rate", "6000", "--received", str(EVENING), "--step",
                     "1000000000")
        wait_for(lambda: self.stored("main") and self.trusted("main")[0][2] > 0, "rollups")
        logger.kill()
        for path in self.tier_files("minute") + self.tier_files("hour"):
            self.assertTrue(os.path.exists(path + "-wal"))
        # Rows that come late open them once more; what the killed one owes is made up for.
        logger = self.logger()
        self.publish("--count", "400", "--rate", "4000", "--sources", "late", "--received",
                     str(EVENING), "--step", "1000000000")
        self.wait_stored("late", 400)
        self.stop_logger(logger)
        for path in self.tier_files("minute") + self.tier_files("hour"):
            self.assert_sealed(path)
        self.assertGreater(self.assert_rollups(["main", "late"]), 50)


if __name__ == "__main__":
    unittest.main()
