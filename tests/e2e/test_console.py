# SPDX-License-Identifier: MIT
# timeout: 600
"""wf-console on a terminal of its own: keys, resize, restarts, displays that misbehave."""
import os
import re
import shutil
import signal
import subprocess
import time
import unittest

import terminal
from watchfloor import BUILD, PLUGINS, SystemTest, is_running, need, program, wait_for

CONFIG = """[watchfloor]
plugins = plugins
[listener spacecraft]
port = 0
subsystems = power thermal attitude comms
"""
MISDEEDS = os.path.join(BUILD, "tests", "displays")


class ConsoleTest(SystemTest):
    def setUp(self):
        need("wf-receiver", "wf-simulate", "wf-console")
        self.ops = self.new_system()
        self.plugins = self.ops.plugins
        for name in ("displays", "power", "thermal", "attitude", "comms"):
            shutil.copytree(os.path.join(PLUGINS, name), os.path.join(self.plugins, name))
        self.ops.write_config(CONFIG)

    def misbehave(self, name):
        """Add a display for power that sorts before the ones there are."""
        target = os.path.join(self.plugins, "power", name + ".so")
        shutil.copy(os.path.join(MISDEEDS, name + ".so"), target)
        os.chmod(target, 0o755)

    def feed(self):
        self.receiver = self.ops.receiver()
        self.simulator = self.ops.launch("wf-simulate", "--to", "listener:spacecraft")

    def once(self, *arguments, **environment):
        env = {name: value for name, value in self.ops.env.items() if name != "TERM"}
        return subprocess.run([program("wf-console"), "--once", *arguments],
                              env=dict(env, **environment), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)

    def wait_for_data(self):
        wait_for(lambda: self.once("--display", "power/table").returncode == 0, "live data")

    def console(self, *arguments, width=80, height=24, **environment):
        one = terminal.Terminal([program("wf-console"), *arguments],
                                dict(self.ops.env, **environment), width, height)
        self.addCleanup(one.close)
        return one


class Once(ConsoleTest):
    def test_without_a_system_it_says_what_to_do(self):
        done = self.once("--size", "80x24")
        self.assertEqual(done.returncode, 1, done.stderr)
        text = done.stdout.decode()
        self.assertIn("NO RECEIVER", text)
        self.assertIn("wf up --instance " + self.ops.instance, text)
        self.assertEqual(len(text.split("\n")), 25)
        self.assertEqual(done.stderr, b"")

    def test_one_screen_as_text_of_the_size_asked_for(self):
        self.feed()
        self.wait_for_data()
        for width, height in ((80, 24), (120, 40), (200, 60)):
            done = self.once("--size", "%dx%d" % (width, height))
            self.assertEqual(done.returncode, 0, done.stderr)
            lines = done.stdout.decode().split("\n")
            self.assertEqual(len(lines), height + 1)
            self.assertLessEqual(max(len(line) for line in lines), width)
            self.assertNotIn("\x1b", done.stdout.decode())
            self.assertIn("LIVE", lines[0])
            self.assertRegex(done.stdout.decode(), r"(?m)^ power +.* 24 ")
        self.assertIn("SOLAR ARRAY", self.once("--display", "power-bus").stdout.decode())
        self.assertIn("bus_voltage", self.once("--display", "power/table").stdout.decode())
        self.assertIn("last 1m", self.once("--display", "thermal/trend").stdout.decode())
        self.assertIn("spacecraft", self.once("--display", "links").stdout.decode())

    def test_ascii_is_ascii(self):
        self.feed()
        self.wait_for_data()
        for done in (self.once("--ascii", "--display", "power"), self.once(LC_ALL="C"),
                     self.once("--display", "power/trend", LC_ALL="de_DE.ISO-8859-1")):
            self.assertEqual(done.returncode, 0, done.stderr)
            done.stdout.decode("ascii")

    def test_what_cannot_be_shown_is_answered(self):
        self.feed()
        self.wait_for_data()
        for arguments, words in ((("--display", "propulsion"), b"power-bus"),
                                 (("--size", "0x0"), b"COLUMNSxROWS"),
                                 (("--size", "80"), b"COLUMNSxROWS"),
                                 (("--rate", "0"), b"1 to 10"), (("extra",), b"not expected")):
            done = self.once(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stdout, b"")

    def test_a_display_that_crashes_is_left_out_of_the_text_too(self):
        self.misbehave("a-crash")
        self.feed()
        self.wait_for_data()
        done = self.once("--display", "power")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("SOLAR ARRAY", done.stdout.decode())
        self.assertIn("display 'a-crash' crashed in draw", done.stdout.decode())
        self.assertIn(b"display 'a-crash' crashed in draw", done.stderr)

    def test_a_wrong_configuration_costs_nobody_the_screen(self):
        self.ops.write_config("[console]\nrate = 99\n")
        done = self.once()
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"problems", done.stderr)
        self.assertIn("NO RECEIVER", done.stdout.decode())


class Screens(ConsoleTest):
    def test_keys_lead_through_the_pages_and_q_leaves_the_terminal_as_it_was(self):
        self.feed()
        console = self.console()
        console.wait_for("LIVE")
        console.wait_for("power")
        console.type("/power")
        console.wait_for("/power")
        console.type("\r\r")
        console.wait_for("SOLAR ARRAY")
        console.type("x")
        console.wait_for("FIELD")
        console.type("/battery_soc\r")
        console.wait_for("Coulomb count")
        console.type("\x1b[B")  # an arrow
        console.wait_gone("Coulomb count")
        console.type("4")
        console.wait_for("last 1m")
        console.type("+")
        console.wait_for("last 30s")
        console.type("\t")
        console.wait_for("LINK ")
        console.type("8")
        console.wait_for("DISPLAY")
        console.type("?")
        console.wait_for("EVERYWHERE")
        console.type("z1")
        console.wait_for("SUBSYSTEM")
        self.assertTrue(console.screen.is_alternate)
        console.type("q")
        self.assertEqual(console.wait_exit(), 0)
        self.assertTrue(console.is_restored())

    def test_ctrl_c_and_the_end_of_the_terminal_restore_it(self):
        for how in ("\x03", signal.SIGTERM, signal.SIGHUP):
            console = self.console()
            console.wait_for("NO RECEIVER")
            if isinstance(how, str):
                console.type(how)
            else:
                console.popen.send_signal(how)
            self.assertEqual(console.wait_exit(), 0, how)
            self.assertTrue(console.is_restored(), how)

    def test_a_terminal_that_cannot_be_drawn_on_is_refused(self):
        console = terminal.Terminal([program("wf-console")], self.ops.env, 80, 24, term="dumb")
        self.addCleanup(console.close)
        self.assertEqual(console.wait_exit(), 2)
        self.assertIn(b"TERM=dumb cannot move its cursor", console.raw)
        self.assertIn(b"--once", console.raw)
        self.assertTrue(console.is_restored())

    def test_numbers_move_and_freeze_stops_them(self):
        self.feed()
        console = self.console("--display", "power/table")
        console.wait_for("sample_counter")

        def counter():
            found = re.search(r"sample_counter +(\d+)", console.text())
            return int(found.group(1)) if found else 0

        first = counter()
        console.wait_until(lambda _: counter() > first + 5, "a later sample")
        console.type("p")
        console.wait_for("FROZEN for")
        frozen = counter()
        clock = console.text().split("\n")[0]
        console.wait_for("FROZEN for 2.")  # the freeze itself is seen to last
        self.assertEqual(counter(), frozen)
        self.assertEqual(console.text().split("\n")[0], clock)
        console.type("p")
        console.wait_gone("FROZEN")
        console.wait_until(lambda _: counter() > frozen + 15, "what was missed meanwhile")

    def test_any_size_and_back(self):
        self.feed()
        console = self.console()
        console.wait_for("LIVE")
        console.wait_for("power")
        console.resize(120, 40)
        console.wait_for("in_sunlight")  # the panel that only wide screens have
        for width, height in ((200, 50), (40, 10), (10, 3), (1, 1), (80, 24)):
            console.resize(width, height)
            mark = len(console.raw)
            console.wait_until(lambda _: console.raw[mark:] != b"", "anything drawn")
        console.wait_for("LIVE")
        console.wait_for("[1]over [2]alarms [3]subsys [4]trend [5]links [6]events [7]history")
        self.assertEqual(len(console.text().split("\n")), 24)
        console.type("q")
        self.assertEqual(console.wait_exit(), 0)

    def test_a_screen_drawn_in_pieces_equals_one_drawn_at_once(self):
        """Diff drawing: after many updates the terminal shows what a redraw shows."""
        self.feed()
        console = self.console("--display", "power/table", width=100, height=30)
        console.wait_for("sample_counter")
        for key in ("j", "j", "r", "r", "v", "V", "x", "x", "x"):
            console.type(key)
            console.pump(0.2)
        console.type("p")
        console.wait_for("FROZEN")

        def without_age(screen):
            return re.sub(r"FROZEN for [^:]*:", "FROZEN:", screen)

        before = without_age(console.wait_for("FROZEN for 1."))
        mark = len(console.raw)
        console.type("\x0c")
        console.wait_until(lambda _: b"\x1b[2J" in console.raw[mark:] or
                           b"\x1b[H\x1b[J" in console.raw[mark:], "a redraw")
        console.wait_until(lambda screen: without_age(screen) == before, "the same screen anew")

    def test_no_color_means_no_colour_and_severity_still_shows(self):
        self.feed()
        for environment, has_colour in (({}, True), ({"NO_COLOR": "1"}, False)):
            console = self.console("--display", "help", height=50, **environment)
            console.wait_for("LIVE")
            console.wait_for("severity")
            self.assertEqual(bool(console.screen.colours), has_colour, environment)
            console.type("\x03")
            self.assertEqual(console.wait_exit(), 0)

    def test_restart_stop_and_death_of_the_receiver(self):
        console = self.console()
        console.wait_for("NO RECEIVER")
        console.wait_for("wf up --instance")
        self.feed()
        console.wait_for("LIVE")  # attaches by itself
        console.wait_for("power")
        self.simulator.stop()
        self.receiver.stop()
        console.wait_for("RECEIVER STOPPED")
        console.wait_for("STALE")
        self.feed()
        console.wait_for("LIVE")
        console.wait_for("receiver restarted, reattached")
        self.simulator.stop()
        self.receiver.send_signal(signal.SIGKILL)
        self.receiver.wait()
        console.wait_for("RECEIVER SILENT")
        self.feed()
        console.wait_for("LIVE")
        console.wait_gone("SILENT for")

    def test_a_receiver_that_hears_nothing_is_not_called_live(self):
        self.feed()
        console = self.console()
        console.wait_for("LIVE")
        console.wait_for("power")
        self.simulator.stop()
        console.wait_for("NO DATA for")

    def test_an_unknown_terminal_is_said_in_one_line(self):
        for term, words in (("no-such-terminal", "does not know the terminal"),
                            ("", "does not know the terminal")):
            # curses keeps what it allocated for a terminal that it then refused.
            env = dict(self.ops.env, ASAN_OPTIONS="detect_leaks=0")
            console = terminal.Terminal([program("wf-console")], env, term=term)
            self.addCleanup(console.close)
            self.assertEqual(console.wait_exit(), 2)
            self.assertIn(words, console.text().replace("\n", ""))
        done = subprocess.run([program("wf-console")], env=self.ops.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"--once", done.stderr)


class Misdeeds(ConsoleTest):
    """A display that crashes or hangs costs its own picture, nothing else."""

    def show(self, name, *arguments):
        self.misbehave(name)
        self.feed()
        self.wait_for_receiver_only()
        return self.console("--display", "power", *arguments, width=100, height=30)

    def wait_for_receiver_only(self):
        """Data is there; looked for without any display, so that none is at work."""
        wait_for(lambda: b" power " in self.once("--display", "overview").stdout, "power")

    def check_left_out(self, console, name, how):
        console.wait_for("display '%s' %s" % (name, how))
        console.wait_for("SOLAR ARRAY")  # the next display that fits takes its place
        self.assertTrue(console.screen.is_alternate)
        console.type("8")
        console.wait_for("LEFT OUT")
        console.type("1")
        console.wait_for("LIVE")
        console.type("q")
        self.assertEqual(console.wait_exit(), 0)
        self.assertTrue(console.is_restored())
        self.assertIn("display '%s' %s" % (name, how), console.text())  # told once more at the end

    def test_one_that_crashes_while_drawing(self):
        self.check_left_out(self.show("a-crash"), "a-crash", "crashed in draw (Segmentation fault)")

    def test_one_that_crashes_while_opening(self):
        self.check_left_out(self.show("a-crash-open"), "a-crash-open", "crashed in open")

    def test_one_that_crashes_while_being_loaded(self):
        self.misbehave("a-crash-load")
        self.feed()
        self.wait_for_receiver_only()
        console = self.console("--display", "power", width=100, height=30)
        self.check_left_out(console, "a-crash-load", "crashed in load")

    def test_one_that_ends_the_process(self):
        self.check_left_out(self.show("a-quit"), "a-quit", "ended the process in draw")

    def test_one_that_hangs(self):
        self.check_left_out(self.show("a-hang"), "a-hang", "hung in draw")

    def test_ctrl_c_works_while_one_hangs(self):
        console = self.show("a-hang")
        time_limit = time.monotonic() + 60
        while not console.children() and time.monotonic() < time_limit:
            console.pump(0.05)
        console.wait_until(lambda _: console.screen.is_alternate, "a screen")
        console.type("\x03")
        self.assertIn(console.wait_exit(30), (0, 2))
        self.assertTrue(console.is_restored())

    def test_one_that_is_slow_is_reported(self):
        console = self.show("a-slow")
        console.wait_for("drawn by a-slow")
        console.type("8")
        console.wait_for("slow: draw took")
        console.type("q")
        self.assertEqual(console.wait_exit(), 0)

    def test_one_that_swallows_keys_cannot_hold_anybody(self):
        console = self.show("a-swallow")
        console.wait_for("drawn by a-swallow")
        console.type("q1?")
        console.pump(0.2)
        self.assertIn("drawn by a-swallow", console.text())
        console.type("\t\t")
        console.wait_for("LINK ")
        console.type("q")
        self.assertEqual(console.wait_exit(), 0)

    def test_what_is_no_module_is_refused_by_name(self):
        with open(os.path.join(self.plugins, "power", "rubbish.so"), "w") as file:
            file.write("not a module")
        self.misbehave("a-slow")
        os.chmod(os.path.join(self.plugins, "power", "a-slow.so"), 0o777)
        self.feed()
        console = self.console("--display", "plugins", width=120, height=40)
        console.wait_for("REFUSED")
        console.wait_for("rubbish.so")
        self.assertEqual(console.text().count("REFUSED"), 2)

    def test_the_screen_ends_when_its_parent_is_killed(self):
        console = self.console()
        console.wait_for("NO RECEIVER")
        child = console.children()[0]
        os.kill(console.pid, signal.SIGKILL)
        wait_for(lambda: not is_running(child), "end of the screen's process")


if __name__ == "__main__":
    unittest.main()
