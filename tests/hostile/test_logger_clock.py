# SPDX-License-Identifier: MIT
# timeout: 300
"""What people and machines do to a running logger: a clock that leaps by years, both ways, and folders
of history that are taken away."""
import json
import os
import unittest

from historycase import HistoryCase
from tamper import WrongClock
from watchfloor import wait_for

# 2001-01-31T20:00:00Z: with some seconds from sample to sample, days and months pass.
BEGIN = 980971200000000000
STEP = 2000000000


class LoggerClock(HistoryCase):
    def restart(self):
        self.stop_logger(self.program)
        self.program = self.logger()

    def record_at(self, time):
        """The clock says so, and some rows are stored."""
        self.clock.set(time)
        # What was published before may still be on its way.
        self.wait_stored("main", self.stored("main") + 400)
        self.assertIn(time[:10], self.names())

    def names(self):
        return [os.path.basename(path)[:-len(".db")] for path in self.days()]

    def test_a_clock_that_leaps_by_years_costs_nothing(self):
        self.system.write_config("[logger]\nsync = 50ms\nraw_keep = 2d\n")
        self.clock = WrongClock(os.path.join(self.system.folder, "clock"))
        self.addCleanup(self.clock.close)
        self.system.env.update(self.clock.environment())
        self.clock.set("2026-03-01T12:00:00")
        publisher = self.publisher("--rate", "1000")
        self.program = self.logger()
        before = ["2026-03-01", "2026-03-02", "2026-03-03"]
        for day in before:
            self.record_at(day + "T12:00:00")

        self.record_at("2099-06-01T12:00:00")
        self.restart()
        self.program.wait_for_text("the clock says 2099-06-01")
        told = json.loads(self.system.run("wf-status", "--json", status=None))
        self.assertIn("clock_doubted", told["logger"])
        wait_for(lambda: self.system.peek("sample", "wf", "logger")["values"]["clock_doubted"],
                 "word of it")
        self.assertEqual(self.names(), before + ["2099-06-01"])

        # Right again. Now a clock that forgot the year, and then what is really old goes.
        self.record_at("2026-03-03T13:00:00")
        self.restart()
        self.record_at("2001-01-01T12:00:00")
        self.record_at("2026-03-04T12:00:00")
        self.restart()
        wait_for(lambda: "2026-03-01" not in self.names(), "the end of the oldest day")
        self.assertEqual(self.names(), ["2001-01-01", "2026-03-02", "2026-03-03", "2026-03-04",
                                        "2099-06-01"])
        head = self.end_publisher(publisher)["main.power"]["head"]
        self.stop_logger(self.program)
        self.assert_all_accounted(head)

    def assert_all_accounted(self, head):
        rows = sum(count for count, in self.ask("SELECT count(*) FROM power"))
        lost = sum(count for count, in self.ask(
            "SELECT coalesce(sum(lost), 0) FROM _gaps WHERE is_published AND subsystem = 'power'"))
        self.assertEqual(rows + lost, head)

    def take_away(self, *folders):
        """While rows are written and rolled up; what comes later must not count on it."""
        self.system.write_config("[logger]\nsync = 20ms\nbatch_rows = 200\n")
        publisher = self.publisher("--rate", "2000", "--received", str(BEGIN), "--step", str(STEP))
        logger = self.logger()
        wait_for(lambda: self.tier_files("minute") and self.tier_files("hour"), "rollups")
        self.wait_stored("main", 3000)
        for number, folder in enumerate(folders):
            os.rename(os.path.join(self.system.state, folder),
                      os.path.join(self.system.folder, "away%d" % number))
        wait_for(lambda: self.stored("main") > 1000 and self.tier_files("minute") and
                 self.tier_files("hour"), "rows and rollups again")
        self.wait_stored("main", self.stored("main") + 5000)
        head = self.end_publisher(publisher)["main.power"]["head"]
        errors = self.stop_logger(logger)
        self.assert_all_accounted(head)
        if "history/raw" not in folders: # else rollups know more than rows, of the first minute
            self.assertGreater(self.assert_rollups(["main"]), 30, errors)

    def test_the_folder_of_history_is_taken_away(self):
        self.take_away("history")

    def test_the_folders_of_rollups_are_taken_away(self):
        self.take_away("history/minute", "history/hour")

    def test_the_folder_of_raw_days_is_taken_away(self):
        self.take_away("history/raw")


if __name__ == "__main__":
    unittest.main()
