# SPDX-License-Identifier: MIT
# timeout: 300
"""Alarms of a replay: at any speed they are those that there were, at the times there were."""
import json
import os
import re
import sqlite3
import time
import unittest

from alertcase import CONFIG, AlertCase, struct, wait_for

# Everything that lasts: raising, clearing, silence, a rate, a rule over a window.
POWER = """[subsystem]
apid = 100
ring = 4096
period = 100ms
stale_after = 700ms
[parameter volts]
bits = 16
polynomial = 0 0.01
unit = V
hi = 30
hihi = 34
raise = 300ms
clear = 200ms
rate = -1000 .. 5
rate_window = 500ms
rate_samples = 2
[parameter mode]
bits = 8
[condition high]
when = avg(volts over 400ms) > 31
severity = 2
raise = 2 of 2
clear = 2 of 2
"""
CALM, HIGH = (28,) * 4, (32,) * 7
# Values, 80 ms apart; a number alone is a silence in seconds.
SCRIPT = (CALM, HIGH, CALM, 1.2, CALM, (31, 28), (32, 36, 36, 36, 36, 36), CALM, 1.0, HIGH, CALM)


class ReplayedAlarms(AlertCase):
    schemas = {"power": POWER}

    def setUp(self):
        super().setUp()
        self.other = self.new_system(config=CONFIG, schemas=self.schemas)

    def record(self):
        """Live: what happens at its own pace, an alarm monitor and a logger."""
        self.start()
        logger = self.system.start("wf-logger", "--config", self.system.config_file())
        self.begin = time.time()
        for part in SCRIPT:
            if isinstance(part, tuple):
                for value in part:
                    self.send(struct.pack(">HB", round(value * 100), 1))
                    time.sleep(0.08)  # the pace of the source
            else:
                time.sleep(part)  # its silence
        wait_for(lambda: self.state("main.power STALE") == "ACTIVE_UNACK", "the last silence")
        self.settle()
        self.stop()
        self.end = time.time()
        self.assertEqual(logger.stop(), 0, logger.err())
        self.assertEqual(self.receiver.stop(), 0)
        self.live = self.happened(self.system)
        names = {one[0] for one in self.live}
        self.assertEqual(names, {"main.power STALE", "main.power.high RULE",
                                 "main.power.volts LIMIT", "main.power.volts RATE"})
        self.assertGreater(len([one for one in self.live if one[0] == "main.power STALE"]), 4)

    @staticmethod
    def happened(system):
        """What telemetry made of the alarms of power, with the nanosecond."""
        path = os.path.join(system.state, "alarms", "main.db")
        db = sqlite3.connect("file:%s?mode=ro" % path, uri=True, timeout=20)
        try:
            return db.execute(
                "SELECT a.name, e.event, e.from_state, e.to_state, e.severity, e.value, e.\"limit\","
                " e.utc_ns FROM _entries e JOIN _alarms a ON a.id = e.alarm WHERE e.kind = 0"
                " AND a.name LIKE 'main.power%' AND e.event != 'EDIT' ORDER BY e.seq").fetchall()
        finally:
            db.close()

    def replay(self, *args):
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self.begin - 2))
        return self.system.start("wf-replay", "--from", stamp, "--to", "@%.3f" % self.end, "--into",
                                 self.other.instance, *args)

    def remote(self, *words):
        return self.system.run("wf-replay", *words, "--into", self.other.instance)

    def monitor_of_replay(self):
        return self.other.start("wf-alert", "--config", self.other.config_file())

    def settle_other(self):
        mine, self.system = self.system, self.other
        try:
            self.settle()
        finally:
            self.system = mine

    def wait_end(self):
        """The replay is at its end, and the alarm monitor has judged all of it."""
        wait_for(lambda: "finished" in self.remote("status"), "the end of the replay")
        wait_for(lambda: len(self.happened(self.other)) >= len(self.live), "as many transitions")

    def assert_same(self, replayed):
        self.assertEqual([one[:4] + (one[7],) for one in replayed],
                         [one[:4] + (one[7],) for one in self.live])
        self.assertEqual(replayed, self.live)

    def test_at_any_speed_they_are_the_same(self):
        self.record()
        for speed in ("1", "10", "max"):
            with self.subTest(speed=speed):
                self.other.close()
                self.other = self.new_system(config=CONFIG, schemas=self.schemas)
                alert = self.monitor_of_replay()
                replay = self.replay("--speed", speed, "--stay")
                self.wait_end()
                self.remote("stop")
                self.assertEqual(replay.wait(), 0)
                self.assertEqual(alert.stop(), 0)
                self.assert_same(self.happened(self.other))

    def test_a_pause_is_no_silence_and_going_back_begins_anew(self):
        self.record()
        alert = self.monitor_of_replay()
        replay = self.replay("--paused", "--stay")
        self.remote("step", "4s")
        paused = self.remote("status")
        self.assertIn("paused", paused)
        # Longer than stale_after, several times: nothing may come of it.
        wait_for(lambda: self.happened(self.other), "what the first seconds bring")
        self.settle_other()
        before = self.happened(self.other)
        time.sleep(2.5)
        self.assertEqual(self.happened(self.other), before)
        status = self.other.run("wf-status", status=None)
        self.assertIn("REPLAY", status)
        self.assertNotIn("stale", status.lower().split("power")[-1])
        value = json.loads(self.other.run("wf-get", "power.volts", "--json"))[0]
        self.assertTrue(value["replay"])
        self.assertNotEqual(value["quality"], "STALE")
        self.assertIn("REPLAY of", self.other.run("wf-alarms", status=None))
        # A monitor that is started again goes on where it was.
        self.assertEqual(alert.stop(), 0)
        alert = self.monitor_of_replay()
        self.remote("resume")
        self.wait_end()
        self.assert_same(self.happened(self.other))
        # Back to the beginning: what was going on ends, and all of it happens again.
        self.remote("seek", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.begin - 1)))
        self.remote("speed", "max")
        self.remote("resume")
        self.wait_end()
        wait_for(lambda: len(self.happened(self.other)) >= 2 * len(self.live), "all of it again")
        self.assert_same(self.happened(self.other)[len(self.live):])
        self.remote("stop")
        self.assertEqual(replay.wait(), 0)
        self.assertEqual(alert.stop(), 0)

    def test_nobody_is_told(self):
        self.record()
        self.other.write_config(CONFIG + "[route log]\nplugin = file\nsettings =\n"
                                "    path = told.jsonl\n    format = json\ngroup = 0\n")
        notify = self.other.start("wf-notify", "--config", self.other.config_file())
        alert = self.monitor_of_replay()
        replay = self.replay("--speed", "max", "--stay")
        self.wait_end()
        wait_for(lambda: "nobody is told" in notify.stderr(), "the notifier saying so")
        entries = lambda: int(json.loads(self.other.run("wf-get", "wf.notify.entries", "--json"))
                              [0]["value"])
        wait_for(lambda: entries() >= len(self.live), "the notifier having read all of it")
        self.remote("stop")
        self.assertEqual(replay.wait(), 0)
        self.assertEqual(alert.stop(), 0)
        self.assertEqual(notify.stop(), 0)
        told = os.path.join(self.other.state, "notify", "told.jsonl")
        self.assertFalse(os.path.exists(told) and re.search("power", open(told).read()))


if __name__ == "__main__":
    unittest.main()
