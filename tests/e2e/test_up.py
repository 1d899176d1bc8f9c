# SPDX-License-Identifier: MIT
"""wf up with programs that only pretend: order of start and stop, readiness, restarts, refusals.

wf-up finds its programs beside itself, so a copy of it in a private bin/ runs scripts in the
place of the receiver and the logger. What they did stands in a common log, line by line.
"""
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

SOURCE = os.environ.get("WATCHFLOOR_SOURCE",
                        os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("WATCHFLOOR_BUILD", os.path.join(SOURCE, "build", "debug"))
DEADLINE = 40.0

# Notes what happens to it in $FAKE_LOG; $FAKE_<NAME> (JSON) says how it behaves.
FAKE = """#!%s
import json, os, signal, socket, sys, time
name = os.path.basename(sys.argv[0]).replace("wf-", "")
how = json.loads(os.environ.get("FAKE_" + name.upper(), "{}"))

def note(what):
    with open(os.environ["FAKE_LOG"], "a") as log:
        log.write("%%s %%s %%d %%s\\n" %% (what, name, os.getpid(), " ".join(sys.argv[1:])))

def lives():
    with open(os.environ["FAKE_LOG"]) as log:
        return sum(line.startswith("start %%s " %% name) for line in log)

def tell(text):
    address = os.environ["NOTIFY_SOCKET"].replace("@", "\\0")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(text.encode(), address)

def on_term(number, frame):
    note("stop")
    sys.exit(how.get("stop_status", 0))

note("start")
signal.signal(signal.SIGTERM, on_term if not how.get("deaf") else signal.SIG_IGN)
signal.signal(signal.SIGHUP, lambda number, frame: note("reload"))
if lives() <= how.get("die_early", 0):
    if how.get("last_words"):
        tell("STATUS=" + how["last_words"])
    sys.exit(how.get("status", 1))
if how.get("mute") is None:
    note("ready")  # first: whoever hears of it may look into the log at once
    tell("READY=1\\nSTATUS=all is well")
print("this goes to people")
while True:
    time.sleep(0.02)
    if how.get("end_after") and time.monotonic() > how["end_after"]:
        sys.exit(0)
"""


def wait_for(condition, what, deadline=DEADLINE):
    end = time.monotonic() + deadline
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError("waited %.0f s in vain: %s" % (deadline, what))
        time.sleep(0.01)


def is_alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Up(unittest.TestCase):
    serial = 0

    def setUp(self):
        Up.serial += 1
        self.instance = "t%d-up%d" % (os.getpid(), Up.serial)
        self.folder = tempfile.mkdtemp(prefix="wf-test-")
        self.bin = os.path.join(self.folder, "bin")
        self.log_file = os.path.join(self.folder, "log")
        os.makedirs(self.bin)
        os.makedirs(os.path.join(self.folder, "lib", "watchfloor", "plugins"))
        for name in ("wf-up", "wf"):
            shutil.copy(os.path.join(BUILD, "bin", name), self.bin)
        for name in ("wf-receiver", "wf-logger", "wf-alert", "feed", "second"):
            path = os.path.join(self.bin, name)
            with open(path, "w") as file:
                file.write(FAKE % sys.executable)
            os.chmod(path, 0o755)
        open(self.log_file, "w").close()
        self.environment = dict(os.environ, WF_INSTANCE=self.instance,
                                WF_STATE=os.path.join(self.folder, "state"),
                                FAKE_LOG=self.log_file)
        self.environment.pop("NOTIFY_SOCKET", None)
        self.config("[process feed]\nrun = feed --rate \"a b\"\n")
        self.started = []

    def tearDown(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        for line in self.log():
            if line[0] == "start" and is_alive(line[2]):
                os.kill(line[2], signal.SIGKILL)
        for path in glob.glob("/dev/shm/wf.%s.*" % self.instance):
            os.unlink(path)
        shutil.rmtree(self.folder)

    def config(self, text):
        self.config_file = os.path.join(self.folder, "c.ini")
        with open(self.config_file, "w") as file:
            file.write(text)

    def log(self):
        """[(what, name, pid, arguments)]"""
        with open(self.log_file) as file:
            lines = [line.rstrip("\n").split(" ", 3) for line in file]
        return [(what, name, int(pid), rest) for what, name, pid, rest in lines]

    def names(self, what):
        return [name for did, name, _, _ in self.log() if did == what]

    def pid(self, name):
        return [pid for what, who, pid, _ in self.log() if what == "start" and who == name][-1]

    def start(self, *arguments, behaviour=None, **environment):
        for name, how in (behaviour or {}).items():
            environment["FAKE_" + name.upper()] = json.dumps(how)
        process = subprocess.Popen(
            [os.path.join(self.bin, "wf"), "up", "--config", self.config_file, *arguments],
            env=dict(self.environment, **environment), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.started.append(process)
        return process

    def start_ready(self, *arguments, **more):
        process = self.start(*arguments, **more)
        line = process.stdout.readline()
        if "ready" not in line:
            process.kill()
            self.fail("not ready: %r\n%s" % (line, process.communicate()[1]))
        return process

    def finish(self, process, status):
        out, err = process.communicate(timeout=DEADLINE)
        self.assertEqual(process.returncode, status, err)
        self.assertEqual(out, "", "stdout carries the one line only")
        return err

    def assert_stopped_in_order(self):
        names = self.names("stop")
        self.assertEqual(names[:2], ["feed", "receiver"])
        self.assertEqual(sorted(names[2:]), ["alert", "logger"])

    def test_each_alarm_monitor_is_started_by_its_name(self):
        self.config("[alert main]\n[alert night]\nsubsystems = power\n")
        process = self.start_ready()
        started = {rest.split("--name ")[1] for what, name, _, rest in self.log()
                   if what == "start" and name == "alert"}
        self.assertEqual(started, {"main", "night"})
        process.terminate()
        self.finish(process, 0)

    def test_all_start_in_order_and_stop_feeds_first_and_monitors_last(self):
        process = self.start_ready()
        self.assertEqual(self.names("start"), ["receiver", "logger", "alert", "feed"])
        self.assertEqual(self.names("ready"), ["receiver", "logger", "alert", "feed"])
        arguments = {name: rest for what, name, _, rest in self.log() if what == "start"}
        self.assertEqual(arguments["receiver"],
                         "--instance %s --config %s" % (self.instance, self.config_file))
        self.assertEqual(arguments["feed"], "--rate a b")
        process.send_signal(signal.SIGTERM)
        err = self.finish(process, 0)
        self.assert_stopped_in_order()
        self.assertIn("this goes to people", err)

    def test_it_stops_by_itself_when_told_for_how_long(self):
        process = self.start("--for", "300ms")
        out, err = process.communicate(timeout=DEADLINE)
        self.assertEqual(process.returncode, 0, err)
        self.assertEqual([line for line in out.split("\n") if "ready" in line], [out.rstrip("\n")])
        self.assert_stopped_in_order()

    def test_ctrl_c_stops_in_order(self):
        process = self.start_ready()
        process.send_signal(signal.SIGINT)
        self.finish(process, 0)
        self.assert_stopped_in_order()

    def test_what_dies_is_started_again(self):
        process = self.start_ready()
        for _ in range(2):
            before = self.pid("receiver")
            os.kill(before, signal.SIGKILL)
            wait_for(lambda: self.pid("receiver") != before, "a new receiver")
            wait_for(lambda: self.names("ready").count("receiver") ==
                     self.names("start").count("receiver"), "it is up again")
        process.send_signal(signal.SIGTERM)
        err = self.finish(process, 0)
        self.assertIn("starting it again in 0.25 s", err)
        self.assertIn("starting it again in 0.50 s", err)
        self.assertEqual(self.names("start").count("receiver"), 3)
        self.assertEqual(self.names("start").count("feed"), 1)

    def test_a_program_that_cannot_work_ends_everything_at_once(self):
        process = self.start(behaviour={"logger": {"die_early": 99, "status": 2,
                                                   "last_words": "no room on the disk"}})
        out, err = process.communicate(timeout=DEADLINE)
        self.assertEqual(process.returncode, 2, err)
        self.assertNotIn("ready", out)
        self.assertRegex(err, r"logger \(pid \d+\) ended with status 2 before it was up: "
                         "no room on the disk; stopping everything")
        self.assertEqual(self.names("start"), ["receiver", "logger"])
        self.assertEqual(self.names("stop"), ["receiver"])

    def test_a_program_that_fails_at_first_is_tried_again_three_times(self):
        process = self.start_ready(behaviour={"receiver": {"die_early": 2}})
        self.assertEqual(self.names("start").count("receiver"), 3)
        process.send_signal(signal.SIGTERM)
        self.finish(process, 0)
        os.truncate(self.log_file, 0)
        process = self.start(behaviour={"receiver": {"die_early": 3}})
        out, err = process.communicate(timeout=DEADLINE)
        self.assertEqual(process.returncode, 2, err)
        self.assertIn("ended with status 1 before it was up (see its message above)", err)
        self.assertEqual(self.names("start"), ["receiver"] * 3)

    def test_what_failed_on_the_way_is_another_status(self):
        process = self.start_ready(behaviour={"feed": {"stop_status": 3}})
        process.send_signal(signal.SIGTERM)
        err = self.finish(process, 1)
        self.assertIn("ended with status 3 while stopping", err)

    def test_a_program_that_is_not_there_is_named(self):
        self.config("[process feed]\nrun = no-such-feed\n")
        process = self.start()
        out, err = process.communicate(timeout=DEADLINE)
        self.assertEqual(process.returncode, 2, err)
        self.assertIn("c.ini:2: [process feed]: there is no program 'no-such-feed'", err)
        self.assertEqual(self.log(), [])

    def test_bad_configuration_starts_nothing(self):
        self.config("[process feed]\nrum = feed\n")
        process = self.start()
        out, err = process.communicate(timeout=DEADLINE)
        self.assertEqual(process.returncode, 2, err)
        self.assertIn("c.ini:2: [process] has no key 'rum'; did you mean 'run'?", err)
        self.assertEqual(self.log(), [])

    def test_a_second_one_of_the_same_instance_is_refused(self):
        process = self.start_ready()
        second = self.start()
        out, err = second.communicate(timeout=DEADLINE)
        self.assertEqual(second.returncode, 2, err)
        self.assertIn("instance '%s' is up already" % self.instance, err)
        self.assertEqual(len(self.names("start")), 4)
        process.send_signal(signal.SIGTERM)
        self.finish(process, 0)

    def test_an_optional_process_may_end(self):
        self.config("[process feed]\nrun = feed\noptional = yes\n[process second]\nrun = second\n")
        process = self.start_ready(behaviour={"feed": {"die_early": 99}})
        self.assertEqual(self.names("start"), ["receiver", "logger", "alert", "feed", "second"])
        process.send_signal(signal.SIGTERM)
        self.finish(process, 0)

    def test_a_process_without_notification_counts_once_it_runs(self):
        self.config("[process feed]\nrun = feed\nnotify = no\n[process second]\nrun = second\n")
        process = self.start_ready(behaviour={"feed": {"mute": True}})
        process.send_signal(signal.SIGTERM)
        self.finish(process, 0)

    def test_reload_goes_to_all_but_feeds(self):
        process = self.start_ready()
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: sorted(self.names("reload")) == ["alert", "logger", "receiver"], "all reload")
        process.send_signal(signal.SIGTERM)
        self.finish(process, 0)

    def test_killing_wf_up_stops_its_children(self):
        process = self.start_ready()
        pids = [self.pid(name) for name in ("receiver", "logger", "alert", "feed")]
        process.kill()
        process.wait()
        wait_for(lambda: not any(is_alive(pid) for pid in pids), "the children end too")
        self.assertEqual(sorted(self.names("stop")), ["alert", "feed", "logger", "receiver"])
        # And nothing is in the way of the next.
        again = self.start_ready("--for", "50ms")
        self.finish(again, 0)

    def test_a_child_that_fails_while_stopping_is_told(self):
        process = self.start_ready(behaviour={"logger": {"stop_status": 3}})
        process.send_signal(signal.SIGTERM)
        err = self.finish(process, 1)
        self.assertIn("ended with status 3 while stopping", err)

    def test_the_third_ctrl_c_kills_what_does_not_listen(self):
        process = self.start_ready(behaviour={"feed": {"deaf": True}})
        # Each after the one before was heard: equal signals that wait are merged into one.
        for heard in ("stopping (interrupt)", "asking all to stop at once", "killing what is left"):
            process.send_signal(signal.SIGINT)
            line = wait_for(process.stderr.readline, heard)
            while heard not in line:
                line = wait_for(process.stderr.readline, heard)
        self.finish(process, 1)
        self.assertFalse(any(is_alive(self.pid(name)) for name in ("receiver", "logger", "alert", "feed")))

    def test_an_own_notification_socket_hears_of_it_too(self):
        import socket
        path = os.path.join(self.folder, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
            listener.bind(path)
            listener.settimeout(DEADLINE)
            process = self.start_ready(NOTIFY_SOCKET=path)
            self.assertIn("READY=1", listener.recv(4096).decode())
            process.send_signal(signal.SIGTERM)
            self.assertEqual(listener.recv(4096).decode(), "STOPPING=1")
            self.finish(process, 0)


if __name__ == "__main__":
    unittest.main()
