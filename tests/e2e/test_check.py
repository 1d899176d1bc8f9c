# SPDX-License-Identifier: MIT
"""wf check and wf: every problem with file and line; the front door leads to every program."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = os.environ.get("WATCHFLOOR_SOURCE",
                        os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("WATCHFLOOR_BUILD", os.path.join(SOURCE, "build", "debug"))

POWER = "[subsystem]\napid = 100\n[parameter bus_voltage]\nbits = 16\nhi = 33\n"


def run(*arguments, **environment):
    env = {name: value for name, value in os.environ.items()
           if name not in ("WF_INSTANCE", "WF_STATE", "WF_CONFIG")}
    done = subprocess.run([os.path.join(BUILD, "bin", arguments[0]), *arguments[1:]],
                          env=dict(env, **environment), text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    return done.returncode, done.stdout, done.stderr


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="wf-test-")
        self.write("plugins/power/power.ini", POWER)

    def tearDown(self):
        shutil.rmtree(self.folder)

    def write(self, name, text, mode="w"):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, mode) as file:
            file.write(text)
        return path

    def check(self, config, *arguments):
        if "[watchfloor]" not in config:
            config = "[watchfloor]\nplugins = plugins\n" + config
        self.config = self.write("c.ini", config)
        return run("wf", "check", "--config", self.config, *arguments)

    def test_rules_are_compiled_against_all_that_is_there(self):
        self.write("plugins/power/power.ini", POWER + "suppressed_by = power.lost\n"
                   "[condition far]\nwhen = thermal.tank < 3\n"
                   "[condition own]\nwhen = wf.receiver.dropped > 0\n")
        status, _, err = self.check("[listener a]\n")
        self.assertEqual(status, 2, err)
        self.assertIn("power.ini: far: column 1: there is no parameter 'thermal.tank'", err)
        self.assertIn("there is no alarm 'power.lost'", err)
        self.assertNotIn("wf.receiver", err)

    def test_good_configuration_is_fine(self):
        status, out, err = self.check("[listener a]\nframing = skip 4, length 2 big\n"
                                      "[process p]\nrun = sh -c \"exit 0\"\nnotify = no\n")
        self.assertEqual((status, out), (0, ""), err)
        self.assertIn("fine", err)

    def test_every_problem_is_told_with_file_and_line(self):
        self.write("plugins/power/fake.so", "not a module")
        status, _, err = self.check("[listener a]\nframing = skipp 4\nsubsystems = powr\n"
                                    "[process p]\nrun = no-such-program\n")
        self.assertEqual(status, 2)
        for line in (r"c\.ini:4: framing: ", r"c\.ini:\d+: subsystems: .*did you mean 'power'",
                     r"c\.ini:7: run: there is no program 'no-such-program'",
                     r"fake\.so: "):
            self.assertRegex(err, line)
        for line in err.rstrip("\n").split("\n"):
            self.assertRegex(line, r"^[^ :]+(:\d+)?: ")

    def test_a_broken_schema_is_told_in_its_own_file(self):
        self.write("plugins/broken/broken.ini", "[subsystem]\napid = 5\n[parameter x]\nbits = 99\n")
        status, _, err = self.check("[listener a]\n")
        self.assertEqual(status, 2)
        self.assertRegex(err, r"^[^ :]+/broken\.ini:4: .*99.*\n$")

    def test_a_missing_file_is_said(self):
        status, _, err = run("wf", "check", "--config", os.path.join(self.folder, "none.ini"))
        self.assertEqual(status, 2)
        self.assertIn("none.ini", err)
        self.assertIn("No such file", err)

    def test_what_print_config_prints_can_be_loaded(self):
        status, first, err = self.check("[listener a]\nport = 5\nallow = 10.0.0.0/8\n"
                                        "[source main]\ntitle = Some ; thing\n", "--print-config")
        self.assertEqual(status, 0, err)
        self.assertIn("port = 5\n", first)
        status, second, err = self.check(first, "--print-config")
        self.assertEqual(status, 0, err)
        self.assertEqual(first, second)

    def test_what_is_shipped_is_fine(self):
        folder = os.path.join(BUILD, "share", "watchfloor", "config")
        for name in ("watchfloor.ini", "demo.ini"):
            status, _, err = run("wf", "check", "--config", os.path.join(folder, name))
            self.assertEqual(status, 0, err)

    def test_configuration_comes_from_the_environment_too(self):
        config = self.write("c.ini", "[nonsense]\n")
        status, _, err = run("wf-check", WF_CONFIG=config)
        self.assertEqual(status, 2)
        self.assertIn("c.ini:1: ", err)


class FrontDoor(unittest.TestCase):
    def test_help_lists_every_program_with_a_line(self):
        status, out, err = run("wf", "help")
        self.assertEqual(status, 0, err)
        missing = []
        for name in sorted(os.listdir(os.path.join(BUILD, "bin"))):
            if name.startswith("wf-") and not re.search(r"^  %s +[a-z]" % name[3:], out, re.M):
                missing.append(name)
        self.assertEqual(missing, [], "not in the table of tools/wf/commands.c")
        self.assertNotIn("Others", out)

    def test_every_program_answers_help_and_version(self):
        for name in sorted(os.listdir(os.path.join(BUILD, "bin"))):
            if not name.startswith("wf-"):
                continue
            with self.subTest(program=name):
                status, out, err = run("wf", "help", name[3:])
                self.assertEqual(status, 0, err)
                self.assertIn("usage: ", out)
                self.assertEqual(run("wf", name[3:], "--version")[0], 0)
                status, _, err = run(name, "--no-such-option")
                self.assertEqual(status, 2, err)

    def test_an_unknown_command_gets_the_nearest(self):
        status, out, err = run("wf", "chekc")
        self.assertEqual((status, out), (2, ""))
        self.assertIn("did you mean 'check'?", err)
        for name in ("../wf", "-", "Check", ""):
            self.assertEqual(run("wf", name)[0], 2)

    def test_options_before_the_command_are_handed_on(self):
        status, _, err = run("wf", "--config=/nowhere/x.ini", "--instance", "some", "check")
        self.assertEqual(status, 2)
        self.assertIn("/nowhere/x.ini", err)
        status, _, err = run("wf", "--instance", "Not Good", "check")
        self.assertEqual(status, 2)
        self.assertIn("a-z", err)
        self.assertEqual(run("wf", "--instance")[0], 2)


if __name__ == "__main__":
    unittest.main()
