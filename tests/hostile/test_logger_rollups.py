# SPDX-License-Identifier: MIT
# timeout: 900
"""Rollups of a logger that is killed, and of one whose machine loses its power: what the files say
is complete is what the rows say, and every published sample is stored or in the gap table.

WF_TEST_KILLS and WF_TEST_POWER_CUTS say how often (30 and 20)."""
import os
import random
import shutil
import time
import unittest

from historycase import HistoryCase
from tamper import preload

KILLS = int(os.environ.get("WF_TEST_KILLS", "30"))
CUTS = int(os.environ.get("WF_TEST_POWER_CUTS", "20"))
# 2001-01-31T20:00:00Z: with half a second from sample to sample, days and months pass.
BEGIN = 980971200000000000
STEP = 500000000


class LoggerRollups(HistoryCase):
    def begin(self, rate):
        seed = int.from_bytes(os.urandom(4), "little")
        print("seed %d" % seed)
        self.system.write_config("[logger]\nsync = 50ms\nbatch_rows = 200\n")
        self.heads_from = self.publisher("--sources", "main,sat1", "--rate", str(rate), "--batch",
                                         "5", "--received", str(BEGIN), "--step", str(STEP))
        return random.Random(seed)

    def finish(self, logger):
        """All in order; then what is there must fit together."""
        heads = self.end_publisher(self.heads_from)
        errors = self.stop_logger(logger)
        self.assert_balanced(heads)
        for source, following, rows, lost in self.ask(
                "SELECT source, max(next), sum(rows), sum(lost) FROM _positions"
                " WHERE subsystem = 'power' GROUP BY source"):
            self.assertLessEqual(following, heads[source + ".power"]["head"])
        return heads, errors

    def test_kills_leave_rollups_that_equal_their_rows(self):
        dice = self.begin(4000)
        for kill in range(KILLS):
            logger = self.logger(ready=False)
            time.sleep(dice.random() * (0.1 if kill % 4 == 0 else 0.7))
            logger.kill()
        logger = self.logger()
        self.wait_stored("main", self.stored("main") + 12000)
        heads, errors = self.finish(logger)
        complete = self.assert_rollups(["main", "sat1"])
        self.assertGreater(complete, 100, errors)

    def test_power_cuts_lose_nothing_that_was_synced(self):
        """Only what was synced stays: the rest is read from the rings again, or is a gap."""
        dice = self.begin(2500)
        history = os.path.join(self.system.state, "history")
        twin = os.path.join(self.system.folder, "disk")
        env = preload({"POWERCUT_FROM": history, "POWERCUT_TO": twin}, "test-powercut")
        synced = 0
        for cut in range(CUTS):
            # What the disk held before is there at the start of this life, too.
            if os.path.exists(history):
                shutil.copytree(history, twin)
            logger = self.logger(ready=False, env=env)
            time.sleep(0.15 + dice.random() * (0.2 if cut % 4 == 0 else 0.9))
            logger.kill()
            shutil.rmtree(history, ignore_errors=True)
            if os.path.exists(twin):
                shutil.move(twin, history)
            for path in self.days() + self.tier_files("minute") + self.tier_files("hour"):
                self.assertEqual(self.ask("PRAGMA integrity_check", path=path), [("ok",)], path)
            # A batch is whole or not there; what was on the disk once stays there.
            at = self.ask("SELECT max(next), sum(rows) + sum(lost) FROM _positions"
                          " WHERE source = 'main' AND subsystem = 'power'") if self.days() else []
            following = max([row[0] or 0 for row in at], default=0)
            self.assertGreaterEqual(following, synced)
            self.assertEqual(sum(row[1] or 0 for row in at), following)
            synced = following
        self.assertGreater(synced, 500)
        logger = self.logger()
        self.wait_stored("main", self.stored("main") + 12000)
        heads, errors = self.finish(logger)
        complete = self.assert_rollups(["main", "sat1"])
        self.assertGreater(complete, 100, errors)


if __name__ == "__main__":
    unittest.main()
