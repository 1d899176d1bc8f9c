# SPDX-License-Identifier: MIT
"""wf backtest: other limits over what was recorded are what a monitor with those limits made of it."""
import json
import os
import sqlite3
import struct
import unittest

from alertcase import CONFIG, POWER, AlertCase, wait_for

LIMIT = "main.power.volts LIMIT"
PROPOSED = {"lolo": 20, "lo": 24, "hi": 29, "hihi": 33}
VALUES = (28, 29.5, 30.5, 33.5, 34.5, 33.2, 29.8, 28.4, 28, 28, 31, 28.2, 28, 28, 23, 19, 26, 27, 28)


class Backtest(AlertCase):
    # An overlay of the configuration is in force, live and in history: hi is 30.2 then.
    config = CONFIG + "[overlay main.power.volts]\nhi = 30.2\n"

    def record(self, *values):
        self.receiver = self.system.receiver()
        self.address = ("127.0.0.1", self.system.port("here"))
        self.write_config("[alert main]\n[alert trial]\n")
        self.alert = self.monitor()
        self.trial = self.monitor("--name", "trial")
        answer = self.ask("trial", do="limits", alarm=LIMIT, limits=PROPOSED, note="proposal")
        self.assertTrue(answer["ok"], answer)
        logger = self.system.start("wf-logger", "--config", self.system.config_file())
        for value in values:
            self.send(struct.pack(">HB", round(value * 100), 1))
        self.wait_judged("power", len(values))
        wait_for(lambda: self.ask("trial", do="status")["behind"] == 0 and
                 len(self.transitions(LIMIT, "seq")) > 0, "the other monitor")
        wait_for(lambda: self.recorded() >= len(values), "every sample recorded")
        self.assertEqual(logger.stop(), 0)

    def recorded(self):
        folder, count = os.path.join(self.system.state, "history", "raw"), 0
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            if name.endswith(".db"):
                db = sqlite3.connect("file:%s?mode=ro" % os.path.join(folder, name), uri=True,
                                     timeout=20)
                try:
                    count += db.execute("SELECT count(*) FROM power").fetchone()[0]
                except sqlite3.OperationalError:
                    pass
                finally:
                    db.close()
        return count

    def file(self, name, text):
        path = os.path.join(self.system.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def backtest(self, *arguments):
        return json.loads(self.system.run("wf-backtest", "--json", "--transitions", "--from",
                                          "now-10m", *arguments))

    def live(self, monitor):
        """Of that monitor: what samples made, with nanoseconds."""
        return self.journal(
            "SELECT a.name, e.event, e.from_state, e.to_state, e.severity, e.value, e.\"limit\","
            " e.utc_ns % 1000000000 FROM _entries e JOIN _alarms a ON a.id = e.alarm"
            " WHERE e.kind = 0 AND a.name LIKE 'main.power.%' AND e.event != 'EDIT' ORDER BY e.seq",
            monitor=monitor)

    @staticmethod
    def told(outcome):
        return [(one["alarm"], one["event"], one["from"], one["to"], one["severity"], one["value"],
                 one["limit"], int(one["time"][20:29])) for one in outcome["transitions"]
                if one["alarm"].startswith("main.power.")]

    OVERLAY = "[overlay main.power.volts]\n" + "".join(
        "%s = %g\n" % (name, value) for name, value in sorted(PROPOSED.items()))

    def test_a_changed_limit_gives_the_alarms_that_it_would_have_given(self):
        self.record(*VALUES)
        report = self.backtest(self.file("limits.ini", self.OVERLAY))
        self.assertEqual(self.told(report["old"]), self.live("main"))
        self.assertEqual(self.told(report["new"]), self.live("trial"))
        self.assertNotEqual(self.told(report["old"]), self.told(report["new"]))
        # The overlay of the configuration was in force.
        self.assertIn(30.2, [one[6] for one in self.live("main")])

    def test_incidents_say_when_the_new_alarm_would_have_come(self):
        self.record(*VALUES)
        report = self.backtest(self.file("limits.ini", self.OVERLAY))
        self.assertEqual(report["incidents_from"], "journal")
        first = [one for one in report["incidents"] if one["alarm"] == LIMIT][0]
        self.assertLess(first["later_s"], 0)
        # Without alarms nothing would have come at all.
        report = self.backtest(self.file("none.ini", "[overlay *.power.volts]\nlolo = none\n"
                                         "lo = none\nhi = none\nhihi = none\n"))
        self.assertEqual({one["new"] for one in report["incidents"] if one["alarm"] == LIMIT}, {None})
        self.assertNotIn(LIMIT, report["new"]["alarms"])
        self.assertIn(LIMIT, report["old"]["alarms"])

    def test_a_schema_file_brings_conditions_and_parameters_that_were_not_recorded(self):
        self.record(*VALUES)
        schema = POWER.replace("[condition hot]", "[parameter later]\nbits = 8\nhi = 3\n"
                               "[condition low]\nwhen = volts < 24.5\nseverity = 1\n[condition hot]")
        report = self.backtest(self.file("power.ini", schema))
        self.assertIn("main.power.low RULE", report["new"]["alarms"])
        self.assertNotIn("main.power.low RULE", report["old"]["alarms"])
        self.assertNotIn("main.power.later LIMIT", report["new"]["alarms"])
        text = self.system.run("wf-backtest", "--from", "now-10m",
                               self.file("power.ini", schema))
        self.assertIn("alarms raised", text)
        self.assertIn("main.power.low RULE", text)

    def test_what_cannot_be_done_is_said(self):
        text = self.failing("--from", "now-10m")
        self.assertIn("there is no history", text)
        self.record(35)
        for arguments, what in (
                ((), "expected --from"),
                (("--from", "now", "--to", "now-1h"), "--to is not after"),
                (("--from", "now-10m", "--late", "never"), "expected log, alarm or ignore"),
                (("--from", "now-10m", "nowhere.ini"), "nowhere.ini"),
                (("--from", "now-10m", self.file("a.ini", "[overlay main.power.nothing]\nhi = 2\n")),
                 "nothing"),
                (("--from", "now-10m", self.file("b.ini", "[overlay main.thermal.x]\nhi = 2\n")),
                 "nothing named"),
                (("--from", "now-10m", self.file("c.ini", "[limits]\nhi = 2\n")), "means nothing"),
                (("--from", "now-10m", self.file("d.ini", "[overlay power.volts]\nbits = 3\n")),
                 "bits"),
                (("--from", "now-10m", self.file("other.ini", "[subsystem]\n[parameter x]\n")),
                 "no subsystem 'other'"),
                (("--from", "now-10m", self.file("power.ini", POWER + "[condition bad]\n"
                                                 "when = thermal.x > 3\n")), "thermal.x"),
                (("--from", "2001-01-01", "--to", "2001-01-02"), "nothing was recorded")):
            self.assertIn(what, self.failing(*arguments), arguments)

    def failing(self, *arguments):
        import subprocess
        done = subprocess.run([self.system.program("wf-backtest"), *arguments], timeout=60,
                              env=self.system.env, capture_output=True, text=True)
        self.assertEqual(done.returncode, 2, done.stderr)
        return done.stderr


if __name__ == "__main__":
    unittest.main()
