# SPDX-License-Identifier: MIT
# timeout: 300
"""Replay: history comes back in another instance, whole, in order, and marked."""
import os
import sqlite3
import unittest

from historycase import POWER, HistoryCase, wait_for

# 2001-02-03T23:59:55Z: ten seconds of samples go over midnight.
BEGIN_NS = 981244795 * 10**9
FROM, TO = "2001-02-03T23:59:55Z", "2001-02-04T00:00:05Z"


class Replay(HistoryCase):
    def setUp(self):
        super().setUp()
        self.other = self.new_system(schemas={"power": POWER})

    def record(self, *args):
        logger = self.logger()
        heads = self.publish("--sources", "sat1,sat2", "--received", str(BEGIN_NS), "--step",
                             str(10**7), "--count", "1000", *args)
        self.stop_logger(logger)
        self.assert_balanced(heads)

    def replay(self, *args, **more):
        return self.system.start("wf-replay", "--from", FROM, "--to", TO, "--into",
                                 self.other.instance, *args, **more)

    def remote(self, *words, status=0):
        return self.system.run("wf-replay", *words, "--into", self.other.instance, status=status)

    @staticmethod
    def order_of(system):
        """(source, number) of all rows in the order in which they were received."""
        rows = []
        folder = os.path.join(system.state, "history", "raw")
        for day in sorted(name for name in os.listdir(folder) if name.endswith(".db")):
            db = sqlite3.connect("file:%s?mode=ro" % os.path.join(folder, day), uri=True)
            tables = db.execute("SELECT table_name FROM _schemas WHERE subsystem = 'power'")
            for table, in tables.fetchall():  # none on the day that has the systems' own health
                rows += db.execute('SELECT s.name, r.number FROM "%s" AS r JOIN _sources AS s'
                                   ' ON s.id = r._source ORDER BY r._id' % table)
            db.close()
        return rows

    def newest(self, source):
        return self.other.peek("sample", source, "power")

    def test_everything_comes_back_in_the_order_in_which_it_happened(self):
        self.record()
        logger = self.other.start("wf-logger", "--config", self.other.config_file())
        replay = self.replay("--speed", "max")
        self.assertEqual(replay.wait(), 0)
        self.assertIn("replayed 2000 samples", replay.err())
        self.assertEqual(logger.stop(), 0)
        self.assertEqual(self.order_of(self.other), self.order_of(self.system))
        self.assertEqual(len(self.order_of(self.other)), 2000)

    def test_a_replay_pauses_steps_and_seeks(self):
        self.record()
        replay = self.replay("--paused")
        self.assertIn("paused at 2001-02-03T23:59:55.000Z", self.remote("status"))
        self.remote("step", "3")
        self.assertEqual(int(self.newest("sat1")["values"]["number"]) +
                         int(self.newest("sat2")["values"]["number"]), 1)
        self.remote("step", "1s")
        self.assertEqual(int(self.newest("sat2")["values"]["number"]), 101)
        # Seeking shows the state of that moment at once, on both sides of midnight.
        self.remote("seek", "2001-02-04T00:00:01Z")
        self.assertEqual(int(self.newest("sat1")["values"]["number"]), 599)
        self.remote("seek", "2001-02-03T23:59:56Z")
        self.assertEqual(int(self.newest("sat1")["values"]["number"]), 99)
        self.assertIn("outside", self.refused("seek", "2001-02-05T00:00:00Z"))
        self.remote("speed", "max")
        self.remote("resume")
        self.assertEqual(replay.wait(), 0)

    def refused(self, *words):
        process = self.system.launch("wf-replay", *words, "--into", self.other.instance)
        self.assertEqual(process.wait(), 2)
        return process.err()

    def test_hours_in_which_nothing_was_recorded_yet_are_passed_over(self):
        self.record()
        replay = self.system.start("wf-replay", "--from", "2001-02-03T20:00:00Z", "--to", TO,
                                   "--into", self.other.instance)
        wait_for(lambda: self.newest("sat1")["values"]["number"] > 10, "samples")
        self.assertIn("nothing was recorded before 2001-02-03T23:59:55.000Z", replay.err())
        self.remote("seek", "2001-02-03T21:00:00Z")  # whoever wants to wait may
        self.remote("stop")
        self.assertEqual(replay.wait(), 0)

    def test_it_keeps_its_pace_and_is_marked(self):
        self.record()
        replay = self.replay("--speed", "4", "--stay")
        wait_for(lambda: "finished" in self.remote("status"), "the end of 10 s at 4 x")
        self.assertEqual(self.newest("sat2")["values"]["number"], 999)
        screen = self.other.run("wf-console", "--once", "--config", self.other.config_file())
        self.assertIn("REPLAY of '%s'" % self.system.instance, screen)
        self.assertIn("at its END", screen)
        self.remote("seek", "2001-02-04T00:00:00Z")
        self.remote("stop")
        self.assertEqual(replay.wait(), 0)

    def test_where_it_would_mix_with_live_telemetry_it_is_refused(self):
        self.record()
        publisher = self.other.start("test-publish", self.other.instance, self.other.state,
                                     os.path.join(self.other.folder, "plugins/power/power.ini"),
                                     "--rate", "10")
        self.assertIn("do not mix", self.refused("--from", FROM, "--to", TO))
        publisher.stop()

    def test_what_cannot_be_replayed_says_why(self):
        self.assertIn("wf-logger records it", self.refused("--from", FROM))
        self.record()
        for words, answer in ((["--from", "1999-01-01", "--to", "1999-01-02"], "nothing was recorded"),
                              (["thermal", "--from", FROM, "--to", TO], "nothing of that name"),
                              (["--from", TO, "--to", FROM], "not after"),
                              (["--from", FROM, "--speed", "-1"], "expected a factor"),
                              ([], "expected --from"),
                              (["pause"], "not running"),
                              (["step", "x"], "step")):
            self.assertIn(answer, self.refused(*words), words)
        process = self.system.launch("wf-replay", "--from", FROM, "--into", self.system.instance)
        self.assertEqual(process.wait(), 2)
        self.assertIn("--into", process.err())


if __name__ == "__main__":
    unittest.main()
