# SPDX-License-Identifier: MIT
# timeout: 300
"""./demo in a tree that is built already: it starts, tells how it goes, and stops when it should.

Only what installs and builds is replaced (tools/machine.sh); the script itself and everything
that it starts are the real ones.
"""
import os
import shutil
import signal
import time
import unittest

import watchfloor

MACHINE = """# Nothing is missing here, and all is built.
say() { printf 'demo: %s\\n' "$*" >&2; }
die() { say "$*"; exit 2; }
bring_machine_up() { :; }
build() { :; }
"""


class Demo(watchfloor.SystemTest):
    def setUp(self):
        watchfloor.need("wf", "wf-up", "wf-receiver", "wf-logger", "wf-status", "wf-simulate")
        self.sys = self.new_system(None)
        self.tree = os.path.join(self.sys.folder, "tree")
        os.makedirs(os.path.join(self.tree, "tools"))
        os.makedirs(os.path.join(self.tree, "build"))
        shutil.copy(os.path.join(watchfloor.SOURCE, "demo"), self.tree)
        with open(os.path.join(self.tree, "tools", "machine.sh"), "w") as file:
            file.write(MACHINE)
        os.symlink(watchfloor.BUILD, os.path.join(self.tree, "build", "release"))

    def demo(self, *arguments):
        return self.sys.launch(os.path.join(self.tree, "demo"), *arguments)

    def assert_all_gone(self):
        self.assertEqual(self.sys.own_pids(), [])

    def test_it_stops_by_itself_in_order(self):
        for arguments in (("--for", "3s"), ("--for=1s",)):
            demo = self.demo(*arguments)
            self.assertEqual(demo.wait(120), 0, demo.err())
            lines = demo.out().split("\n")
            self.assertEqual(len([line for line in lines if line.startswith("wf up: ready")]), 1)
            self.assertTrue(any("processes running" in line for line in lines), lines)
            self.assertIn("demo: all stopped in order; history is kept (wf query, wf status)", lines)
            self.assertIn("all stopped in order", demo.err())
            self.assert_all_gone()

    def test_a_signal_stops_it_in_order(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            demo = self.demo()
            demo.wait_for_text("processes running", 120)
            demo.send_signal(number)
            self.assertEqual(demo.wait(120), 0, demo.err())
            self.assertIn("demo: all stopped in order", demo.out())
            self.assert_all_gone()

    def test_what_cannot_start_is_told_with_its_status(self):
        first = self.demo()
        first.wait_for_text("processes running", 120)
        second = self.demo("--for", "1s")
        self.assertEqual(second.wait(120), 2, second.err())
        self.assertIn("is up already", second.err())
        self.assertNotIn("all stopped in order", second.out())
        self.assertTrue(first.is_running())
        self.assertEqual(first.stop(), 0, first.err())

    def test_its_arguments_are_checked_before_anything_starts(self):
        for arguments, complaint in ((("--for",), "--for needs a time"), (("--fast",), "--fast"),
                                     (("--for", "soon", "--for=now", "x"), "x")):
            begun = time.monotonic()
            demo = self.demo(*arguments)
            self.assertEqual(demo.wait(60), 2, demo.err())
            self.assertIn(complaint, demo.err())
            self.assertLess(time.monotonic() - begun, 30)
        demo = self.demo("--for", "soon")
        self.assertEqual(demo.wait(60), 2, demo.err())
        self.assertIn("--for: ", demo.err())
        demo = self.demo("--help")
        self.assertEqual(demo.wait(60), 0)
        self.assertIn("./demo --for 30s", demo.out())
        self.assertEqual(self.sys.own_pids(), [])


if __name__ == "__main__":
    unittest.main()
