# SPDX-License-Identifier: MIT
# timeout: 300
"""From a packet on the wire through the alarm monitor to people, and back: an alarm of its own when
nobody can be told."""
import json
import os
import subprocess
import time
import unittest

from alertcase import CONFIG, AlertCase, wait_for
from notifycase import BUILT_PLUGINS, LOG

LIMIT = "main.power.volts LIMIT"


class NotifyAlert(AlertCase):
    def begin(self, routes):
        self.system.write_config("[watchfloor]\nplugins = plugins:%s\n\n%s%s"
                                 % (BUILT_PLUGINS, CONFIG, routes))
        self.start()
        self.notify = self.system.start("wf-notify", "--config", self.system.config_file())

    def told(self):
        try:
            with open(os.path.join(self.system.state, "notify", "told.jsonl")) as file:
                return [json.loads(line) for line in file.read().splitlines()]
        except FileNotFoundError:
            return []

    def wait_told(self, *wanted):
        wait_for(lambda: [(m["event"], m.get("alarm")) for m in self.told()] == list(wanted),
                 "%s; there is %s" % (wanted, self.told()))
        return self.told()

    def test_people_are_told_of_a_limit_with_title_and_guidance(self):
        self.begin(LOG + "normal = yes\nacknowledged = yes\n")
        self.power(28, 35, mode=0)
        message = self.wait_told(("raised", LIMIT))[0]
        self.assertEqual((message["severity"], message["level"], message["value"],
                          message["limit"], message["title"], message["guidance"]),
                         (4, "hihi", "35 V", "34", "Main bus", "Shed load B."))
        self.do("ack", LIMIT, seq=message["seq"], note="on it")
        self.wait_told(("raised", LIMIT), ("acknowledged", LIMIT))
        self.power(28, 28, 28, 28, mode=0)
        self.wait_told(("raised", LIMIT), ("acknowledged", LIMIT), ("normal", LIMIT))
        self.assertEqual(self.notify.stop(), 0, self.notify.err())

    def test_a_shelved_alarm_is_silent_and_told_when_it_comes_back(self):
        self.begin(LOG + "[escalation all]\nafter = 0s: log; repeat 1s\n")
        self.power(31)
        self.wait_told(("raised", LIMIT))
        self.do("shelve", LIMIT, for_s=2.5, note="valve test")
        begin = time.monotonic()
        wait_for(lambda: len(self.told()) > 1, "it comes back")
        self.assertGreater(time.monotonic() - begin, 1.5)
        self.assertEqual(self.told()[1]["event"], "returned")

    def test_a_route_that_fails_is_an_alarm_told_by_another(self):
        self.begin(LOG + "[route dead]\nplugin = exec\nretry = 100ms\nretry_max = 200ms\n"
                   "settings = command = false\nalarms = power\n")
        self.power(31)
        wait_for(lambda: "wf.notify.failing LIMIT" in [m.get("alarm") for m in self.told()],
                 "an alarm of its own", 60)
        self.assertEqual(self.state("wf.notify.failing LIMIT"), "ACTIVE_UNACK")
        message = [m for m in self.told() if m.get("alarm") == "wf.notify.failing LIMIT"][0]
        self.assertEqual(message["severity"], 4)

    def test_wf_up_starts_it_when_there_is_a_route_and_stops_it_in_order(self):
        for routes, wanted in ((LOG, True), ("", False)):
            self.system.write_config("[watchfloor]\nplugins = plugins:%s\n\n%s%s"
                                     % (BUILT_PLUGINS, CONFIG, routes))
            up = subprocess.Popen([self.system.program("wf-up"), "--config",
                                   self.system.config_file()], env=self.system.env,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            line = up.stdout.readline().decode()
            self.assertEqual(" notify" in line, wanted, line)
            if wanted:
                done = subprocess.run([self.system.program("wf-notify"), "test", "log"],
                                      env=self.system.env, timeout=60)
                self.assertEqual(done.returncode, 0)
                self.assertEqual(len(self.told()), 1)
            up.terminate()
            _, errors = up.communicate(timeout=120)
            self.assertEqual(up.returncode, 0, errors.decode())

    def test_wf_check_covers_routes(self):
        for routes, status, words in ((LOG, 0, "fine"),
                                      ("[route a]\nsettings = pth = x\n", 2, "did you mean 'path'"),
                                      ("[route a]\nhours = 7\n", 2, "hours: '7'")):
            self.system.write_config("[watchfloor]\nplugins = plugins:%s\n\n%s%s"
                                     % (BUILT_PLUGINS, CONFIG, routes))
            done = subprocess.run([self.system.program("wf-check"), "--config",
                                   self.system.config_file()], env=self.system.env,
                                  stderr=subprocess.PIPE, timeout=120)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(words, done.stderr.decode())


if __name__ == "__main__":
    unittest.main()
