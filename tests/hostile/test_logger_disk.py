# SPDX-License-Identifier: MIT
# timeout: 600
"""Disks that fill up, cannot be written or hold damaged files: telemetry goes on, the logger says
so once, recovers by itself, and the figures balance."""
import glob
import os
import shutil
import subprocess
import unittest

from historycase import HistoryCase, wait_for
from privatedisk import PrivateDisk


class LoggerDisk(HistoryCase):
    def logger_state(self):
        return self.system.peek("sample", "wf", "logger")["values"]["state"]

    def head(self):
        return max(region["head"] for region in self.system.peek("list")
                   if region["subsystem"] == "power")

    def trouble(self):
        return self.system.peek("sample", "wf", "logger")["values"]["trouble"]

    def wait_state(self, state):
        wait_for(lambda: self.logger_state() == state, "the logger in state %s" % state)

    def private_disk(self, size):
        if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("nsenter"):
            self.skipTest("needs root, unshare and nsenter for a private mount")
        disk = PrivateDisk(os.path.join(self.system.state, "history"), size)
        self.addCleanup(disk.close)
        self.days = lambda: disk.copy_days(os.path.join(self.system.folder, "copy"))
        return disk

    def logger_on(self, disk):
        program, *args = disk.enter(self.system.program("wf-logger"), "--config",
                                    self.system.config_file())
        return self.system.start(program, *args)

    def assert_said_once(self, errors, reasons=1):
        """Once for each reason, however often it is tried."""
        self.assertIn(errors.count("cannot write history"), range(1, reasons + 1), errors)
        self.assertIn("history is written again", errors)

    def test_a_full_disk(self):
        disk = self.private_disk("8m")
        publisher = self.publisher("--rate", "4000")
        logger = self.logger_on(disk)
        self.wait_stored("main", 100)
        filler = disk.fill()
        self.wait_state("failing")
        wait_for(lambda: "free space there" in self.trouble(), "what to do")
        self.assertIn("the logger cannot write history: ", self.system.run("wf-status", status=1))
        head = self.head()
        wait_for(lambda: self.head() > head + 4000,
                 "telemetry going on")
        os.unlink(filler)
        self.wait_state("writing")
        wait_for(lambda: self.trouble() == "", "no trouble")
        heads = self.end_publisher(publisher)
        errors = self.stop_logger(logger)
        self.assert_balanced(heads)
        self.assert_said_once(errors)

    def test_a_disk_that_is_full_from_the_beginning_to_beyond_the_ring(self):
        self.system.write_config("[logger]\nqueue = 64K\n")
        disk = self.private_disk("6m")
        filler = disk.fill()
        publisher = self.publisher("--rate", "8000")
        logger = self.logger_on(disk)
        wait_for(lambda: self.head() > 12000, "12000 samples")
        os.unlink(filler)
        self.wait_state("writing")
        self.wait_stored("main", 1)
        heads = self.end_publisher(publisher)
        errors = self.stop_logger(logger)
        self.assert_balanced(heads)
        self.assertGreater(sum(lost or 0 for _, lost, _, _ in self.gaps("main")), 0, errors)

    def test_a_read_only_disk(self):
        disk = self.private_disk("8m")
        disk.run("mount", "-o", "remount,ro", disk.folder)
        publisher = self.publisher("--rate", "2000")
        logger = self.logger_on(disk)
        self.wait_state("failing")
        disk.run("mount", "-o", "remount,rw", disk.folder)
        self.wait_state("writing")
        self.wait_stored("main", 100)
        heads = self.end_publisher(publisher)
        errors = self.stop_logger(logger)
        self.assert_balanced(heads)
        self.assert_said_once(errors)

    def test_a_limit_on_file_sizes_does_not_kill_it(self):
        if not shutil.which("prlimit"):
            self.skipTest("needs prlimit")
        publisher = self.publisher("--rate", "4000")
        logger = self.logger()
        self.wait_stored("main", 100)
        subprocess.run(["prlimit", "--pid", str(logger.pid), "--fsize=200000:unlimited"],
                       check=True)
        self.wait_state("failing")
        subprocess.run(["prlimit", "--pid", str(logger.pid), "--fsize=unlimited"], check=True)
        self.wait_state("writing")
        heads = self.end_publisher(publisher)
        errors = self.stop_logger(logger)
        self.assert_balanced(heads)
        # SQLite cannot always say why a commit failed; the next attempt tells what the system said.
        self.assert_said_once(errors, reasons=2)

    def damaged(self, damage):
        """Log, stop, damage the file, log again."""
        publisher = self.publisher("--rate", "2000")
        logger = self.logger()
        self.wait_stored("main", 500)
        self.stop_logger(logger)
        path = self.days()[0]
        damage(path)
        logger = self.logger()
        self.wait_stored("main", 100)
        heads = self.end_publisher(publisher)
        errors = self.stop_logger(logger)
        self.assert_balanced(heads)
        self.assertTrue(os.path.exists(path + ".damaged-1"), os.listdir(os.path.dirname(path)))
        self.assertIn("is damaged", errors)

    def test_a_file_whose_beginning_is_rubbish_is_set_aside(self):
        def damage(path):
            with open(path, "r+b") as file:
                file.write(b"rubbish " * 64)
        self.damaged(damage)

    def test_a_file_that_is_no_database_is_set_aside(self):
        def damage(path):
            with open(path, "wb") as file:
                file.write(b"not a database, but long enough to look at\n" * 300)
            for name in glob.glob(path + "-*"):
                os.unlink(name)
        self.damaged(damage)

    def test_a_file_removed_while_it_is_written(self):
        publisher = self.publisher("--rate", "2000")
        logger = self.logger()
        self.wait_stored("main", 500)
        path = self.days()[0]
        for name in glob.glob(path + "*"):
            os.unlink(name)
        wait_for(lambda: os.path.exists(path) and self.stored("main") > 0, "a new file")
        heads = self.end_publisher(publisher)
        errors = self.stop_logger(logger)
        self.assertIn("was removed", errors)
        lost = sum(lost for cause, lost, _, _ in self.gaps("main") if cause == "file_corrupt")
        rows = self.ask("SELECT count(*) FROM power WHERE source = 'main'")[0][0]
        self.assertEqual(rows + lost, heads["main.power"]["head"])
        self.assertGreater(lost, 400)

    def test_a_full_disk_at_the_end_leaves_the_rest_to_the_next_start(self):
        disk = self.private_disk("4m")
        publisher = self.publisher("--rate", "1000")
        logger = self.logger_on(disk)
        self.wait_stored("main", 100)
        filler = disk.fill()
        self.wait_state("failing")
        heads = self.end_publisher(publisher)
        self.assertEqual(logger.stop(), 0)
        self.assertIn("could not be stored", logger.err())
        os.unlink(filler)
        logger = self.logger_on(disk)
        self.stop_logger(logger)
        self.assert_balanced(heads)


if __name__ == "__main__":
    unittest.main()
