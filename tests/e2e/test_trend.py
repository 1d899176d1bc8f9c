# SPDX-License-Identifier: MIT
# timeout: 300
"""Trends: a console that comes later shows what was recorded before, and what is live behind it."""
import os
import re
import shutil
import time
import unittest

import terminal
from historycase import HistoryCase
from watchfloor import BUILD, program

RING = 4096  # of historycase.POWER


class Trends(HistoryCase):
    def setUp(self):
        super().setUp()
        shutil.copytree(os.path.join(BUILD, "lib", "watchfloor", "plugins", "displays"),
                        os.path.join(self.system.folder, "plugins", "displays"))

    def console(self, display):
        one = terminal.Terminal([program("wf-console"), "--config", self.system.config_file(),
                                 "--display", display], self.system.env, 120, 40)
        self.addCleanup(one.close)
        return one

    def record(self, count, *args):
        """Samples of the last minutes, more of them than the ring holds."""
        logger = self.logger()
        begin = time.time_ns() - count * 10**8 - 60 * 10**9
        heads = self.publish("--received", str(begin), "--step", str(10**8), "--count", str(count),
                             *args)
        self.stop_logger(logger)
        self.assert_balanced(heads)

    @staticmethod
    def zoom_to_an_hour(console):
        console.wait_for("last 1m")
        for window in ("2m", "5m", "10m", "30m", "1h"):
            console.type("-")
            console.wait_for("last %s " % window)

    def test_every_sample_of_history_and_of_the_ring_is_there_once(self):
        self.record(RING + 2000)
        # These are in the ring only: no logger runs any more.
        self.publish("--received", str(time.time_ns() - 30 * 10**9), "--step", str(10**8), "--count",
                     "150")
        console = self.console("power/trend")
        self.zoom_to_an_hour(console)
        console.wait_for("raw+live")
        console.wait_gone("reading history")
        console.type("7")
        console.wait_for("from raw+live, %d samples" % (RING + 2000 + 150))
        console.type("q")
        self.assertEqual(console.wait_exit(), 0)

    def test_without_history_the_trend_goes_on_live_and_says_why(self):
        publisher = self.publisher("--rate", "20")
        console = self.console("power/trend")
        console.wait_for("history: there is none; wf-logger records it")
        console.wait_until(lambda screen: re.search(r"▸1 number .*[0-9] \.\. [1-9]", screen),
                           "values of the trend")
        console.type("q")
        self.assertEqual(console.wait_exit(), 0)
        self.end_publisher(publisher)

    def test_a_damaged_day_is_told_and_live_goes_on(self):
        self.record(500)
        for day in self.days():
            os.chmod(day, 0o600)
            with open(day, "r+b") as file:
                file.write(b"\xa5" * 8192)
        publisher = self.publisher("--rate", "20")
        console = self.console("power/trend")
        console.wait_for("history: ")
        console.wait_until(lambda screen: re.search(r"▸1 number .*[0-9] \.\. [1-9]", screen),
                           "values of the trend")
        console.type("q")
        self.assertEqual(console.wait_exit(), 0)
        self.end_publisher(publisher)

    def test_one_screen_as_text_has_history_too(self):
        self.record(300)
        text = self.system.run("wf-console", "--once", "--display", "history", "--size", "120x40",
                               "--config", self.system.config_file(), status=1)
        self.assertIn("300 samples", text)


if __name__ == "__main__":
    unittest.main()
