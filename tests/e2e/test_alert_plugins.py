# SPDX-License-Identifier: MIT
# timeout: 300
"""Alert plugins: what they judge becomes alarms; one that crashes, hangs or floods ends only its own
process, is reported, comes back by itself, and telemetry is judged on meanwhile."""
import os
import shutil
import unittest

from alertcase import CONFIG, AlertCase, struct, wait_for
from watchfloor import BUILD

LIMIT = "main.power.volts LIMIT"


class AlertPlugins(AlertCase):
    config = CONFIG + "[alert main]\nplugin_deadline = 1s\n"

    def plugin(self, *names):
        for name in names:
            folder = os.path.join(self.system.folder, "plugins", "alerts")
            os.makedirs(folder, mode=0o755, exist_ok=True)
            os.chmod(folder, 0o755)
            shutil.copy(os.path.join(BUILD, "tests", "alerts", name + ".so"), folder)

    def wait_running(self, count):
        wait_for(lambda: self.health()["plugins"] == count, "%d plugins" % count)

    def health(self):
        return (self.system.peek("sample", "wf", "alert") or {}).get("values", {"plugins": -1})

    def wait_state(self, name, state):
        wait_for(lambda: [one for one in self.ask(do="list", match=name, all=True)["alarms"]
                          if one["state"] == state], "%s of %s" % (state, name))

    def test_what_it_judges_becomes_an_alarm_of_its_own(self):
        self.plugin("good")
        self.start()
        self.wait_running(1)
        self.power(29)
        self.wait_state("main.power.good RULE", "NORMAL")
        self.power(31)
        self.wait_state("main.power.good RULE", "ACTIVE_UNACK")
        self.assertEqual(self.transitions("main.power.good RULE", "event, shown"),
                         [("RAISE", "raw 3100")])
        self.power(29)
        self.wait_state("main.power.good RULE", "RTN_UNACK")

    def test_over_a_restart_it_judges_each_sample_once(self):
        self.plugin("good")
        self.start()
        self.wait_running(1)
        self.power(29, 31)
        self.wait_state("main.power.good RULE", "ACTIVE_UNACK")
        self.stop()
        for value in (29, 31, 29):
            self.send(struct.pack(">HB", value * 100, 1))
        self.alert = self.monitor()
        wait_for(lambda: len(self.transitions("main.power.good RULE")) >= 4, "four transitions")
        self.assertEqual([event for (event,) in self.transitions("main.power.good RULE", "event")],
                         ["RAISE", "RTN", "RAISE", "RTN"])

    def misbehaves(self, name, words):
        self.plugin(name, "good")
        self.start()
        self.wait_running(2)
        self.power(41)
        wait_for(lambda: self.journal("SELECT text FROM entries WHERE kind = 'trouble' AND"
                                      " text LIKE '%%%s%%'" % words), "the report")
        wait_for(lambda: self.health()["plugins_failed"] == 1, "a plugin that failed")
        self.assertEqual(self.state(LIMIT), "ACTIVE_UNACK")
        self.wait_state("main.power.good RULE", "ACTIVE_UNACK")
        wait_for(lambda: "wf.alert.plugins_failed LIMIT" in self.rows(), "an alarm of its own")
        self.power(31)
        self.wait_running(2)
        self.power(29)
        self.assertTrue(self.alert.is_running())
        self.stop()

    def test_a_crash(self):
        self.misbehaves("crash", "crashed (signal 6)")

    def test_a_hang(self):
        self.misbehaves("hang", "did not answer in time")

    def test_a_flood(self):
        self.misbehaves("flood", "makes no sense")

    def test_an_exit(self):
        self.misbehaves("quit", "ended by itself with status 0")

    def test_a_module_that_crashes_when_loaded_is_given_up(self):
        self.plugin("crash-load")
        self.start()
        wait_for(lambda: self.journal("SELECT text FROM entries WHERE kind = 'trouble' AND"
                                      " text LIKE '%crash-load%not started again%'"), "the report")
        self.power(31)
        self.assertEqual(self.state(LIMIT), "ACTIVE_UNACK")

    def test_plugins_may_be_switched_off(self):
        self.plugin("good")
        self.start()
        self.wait_running(1)
        self.system.write_config(CONFIG + "[alert main]\nplugins = no\n")
        self.reload()
        self.wait_running(0)


if __name__ == "__main__":
    unittest.main()
