# SPDX-License-Identifier: MIT
# label: quick
"""What tests/run says about itself: skipped cases are counted, wrong arguments refused."""
import os
import subprocess
import sys
import unittest

SOURCE = os.environ.get("WATCHFLOOR_SOURCE",
                        os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(SOURCE, "tests", "support"))

import skips

LOG = """Start testing: Nov 20 22:00 UTC
----------------------------------------------------------
1/120 Testing: unit.all_well
1/120 Test: unit.all_well
Command: "/build/tests/test-all_well"
Output:
[       OK ] nothing_is_skipped
2/120 Testing: unit.recordings
2/120 Test: unit.recordings
SKIPPED: no /data/a.pkts; set WATCHFLOOR_TESTDATA
[  SKIPPED ] one_equals_another
SKIPPED: no /data/b.pkts; set WATCHFLOOR_TESTDATA
[  SKIPPED ] two_equals_another
[  SKIPPED ] 2 test(s), listed below:
[  SKIPPED ] one_equals_another
[  SKIPPED ] two_equals_another

 2 SKIPPED TEST(S)
3/120 Testing: e2e.send
3/120 Test: e2e.send
test_a (test_send.Send.test_a) ... skipped 'no recording'
SKIPPED: test_a (test_send.Send.test_a): no recording
"""


class Run(unittest.TestCase):
    def run_it(self, *arguments):
        return subprocess.run([os.path.join(SOURCE, "tests", "run")] + list(arguments), text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)

    def test_skipped_cases_are_found_in_the_log(self):
        self.assertEqual(skips.skipped(LOG.split("\n")),
                         [("unit.recordings", 2, "no /data/a.pkts; set WATCHFLOOR_TESTDATA"),
                          ("e2e.send", 1, "no recording")])
        self.assertEqual(skips.skipped(["nothing"]), [])

    def test_wrong_arguments_are_refused_before_anything_is_done(self):
        for arguments in (("--repeat",), ("--repeat", "0"), ("--repeat", "many"), ("--slow",)):
            done = self.run_it(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
            self.assertIn("--help", done.stderr)

    def test_help_names_every_option(self):
        done = self.run_it("--help")
        self.assertEqual(done.returncode, 0)
        for option in ("--quick", "--repeat"):
            self.assertIn(option, done.stdout)


if __name__ == "__main__":
    unittest.main()
