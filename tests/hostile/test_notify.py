# SPDX-License-Identifier: MIT
# timeout: 900
"""Plugins that hang, crash, flood and lie; a notifier that is killed at any moment; disks that are
full: no other route waits, nobody is forgotten, and it says so."""
import os
import random
import shutil
import signal
import subprocess
import time
import unittest

from notifycase import HEAD, LOG, NotifyCase, acknowledged, normal, raised, wait_for

KILLS = int(os.environ.get("WF_TEST_KILLS", "120"))


def workers_of(pid):
    """Processes that serve this notifier, their forked children too."""
    found = []
    for name in os.listdir("/proc"):
        try:
            with open("/proc/%s/cmdline" % name, "rb") as file:
                words = file.read().split(b"\0")
        except (OSError, ValueError):
            continue
        if words[1:3] == [b"--as-worker", b"%d" % pid]:
            found.append(int(name))
    return found


class Plugins(NotifyCase):
    def bad(self, what, more=""):
        build = os.environ["WATCHFLOOR_BUILD"]
        folder = os.path.join(self.system.folder, "plugins", "bad")
        os.makedirs(folder, exist_ok=True)
        target = os.path.join(folder, "bad.so")
        shutil.copy(os.path.join(build, "tests", "notify", "bad.so"), target)
        os.chmod(target, 0o755)
        os.chmod(folder, 0o755)
        os.chmod(os.path.dirname(folder), 0o755)
        return ("[route bad]\nplugin = bad\ndeadline = 300ms\nretry = 10ms\nretry_max = 20ms\n"
                "group = 0\n%ssettings =\n    do = %s\n    file = %s\n"
                % (more, what, os.path.join(self.system.folder, "attempts")))

    def configure(self, text):
        self.system.write_config(HEAD.replace("plugins = ", "plugins = plugins:") + text)

    def attempts(self):
        try:
            with open(os.path.join(self.system.folder, "attempts")) as file:
                return file.read().split()
        except FileNotFoundError:
            return []

    def run_bad(self, what, more=""):
        self.configure(self.bad(what, more) + LOG)
        journal = self.journal()
        program = self.notify()
        begin = time.monotonic()
        for n in range(5):
            journal.write(raised("main.power.p%d LIMIT" % n))
        self.wait_told(5)
        self.assertLess(time.monotonic() - begin, 10, "the other route waited")
        return journal, program

    def assert_ended(self, program):
        pid = program.pid
        self.assertEqual(program.stop(), 0, program.err())
        wait_for(lambda: not workers_of(pid), "all workers are gone")

    def test_one_that_ends_its_worker_is_given_up_after_three_times(self):
        for what, words in (("crash", "signal 11"), ("exit", "ended with status 0"),
                            ("flood", "more than 1 MiB"), ("babble", "answers nonsense")):
            with self.subTest(what=what):
                journal, program = self.run_bad(what)
                wait_for(lambda: self.routes()["bad"]["given_up"] == 5, "given up", 60)
                self.assertEqual(len(self.attempts()), 15)
                self.assertIn(words, self.routes()["bad"]["why"])
                wait_for(lambda: self.health()["given_up"] == 5, "the region counts them")
                self.assertEqual(self.health()["failing"], 1)
                self.assertIn("route bad: ", program.err())
                self.assert_ended(program)
                journal.close()
                shutil.rmtree(self.system.state)
                os.unlink(os.path.join(self.system.folder, "attempts"))

    def test_one_that_hangs_is_ended_with_all_it_started(self):
        for what in ("hang", "orphan"):
            with self.subTest(what=what):
                journal, program = self.run_bad(what, "attempts = 2\n")
                wait_for(lambda: self.routes()["bad"]["given_up"] == 5, "given up", 60)
                self.assertIn("no answer within 300ms; it was ended", self.routes()["bad"]["why"])
                self.assertEqual(len(self.attempts()), 10)
                self.assert_ended(program)
                journal.close()
                shutil.rmtree(self.system.state)
                os.unlink(os.path.join(self.system.folder, "attempts"))

    def test_one_that_fails_is_tried_again_and_again_and_refused_once(self):
        journal, program = self.run_bad("retry", "attempts = 3\n")
        wait_for(lambda: self.routes()["bad"]["given_up"] == 5, "given up")
        self.assertEqual([self.attempts().count(a) for a in sorted(set(self.attempts()))], [3] * 5)
        self.assertEqual(self.routes()["bad"]["why"], " [31mbad day")
        self.assert_ended(program)
        journal.close()
        shutil.rmtree(self.system.state)
        os.unlink(os.path.join(self.system.folder, "attempts"))
        journal, program = self.run_bad("refuse")
        wait_for(lambda: self.routes()["bad"]["given_up"] == 5, "given up")
        self.assertEqual(len(self.attempts()), 5)
        self.assert_ended(program)

    def test_a_worker_that_somebody_kills_comes_back(self):
        self.configure(LOG)
        journal = self.journal()
        program = self.notify()
        journal.write(raised("a.b.c LIMIT"))
        self.wait_told(1)
        wait_for(lambda: self.routes()["log"]["pid"], "a worker")
        os.kill(self.routes()["log"]["pid"], signal.SIGKILL)
        journal.write(raised("a.b.d LIMIT"))
        self.wait_told(2)
        self.assert_ended(program)

    def test_a_notifier_that_is_killed_takes_its_workers_along(self):
        self.configure(self.bad("orphan") + LOG)
        journal = self.journal()
        program = self.notify()
        journal.write(raised())
        wait_for(self.attempts, "an attempt")
        program.kill()
        wait_for(lambda: not workers_of(program.pid), "all workers are gone")

    def test_a_plugin_that_hangs_when_it_opens_delays_nobody(self):
        self.configure(self.bad("open") + LOG)
        journal = self.journal()
        program = self.notify()
        journal.write(raised())
        self.wait_told(1)
        self.assert_ended(program)

    def test_ten_thousand_alarms_at_once(self):
        self.configure(LOG + LOG.replace("log", "people").replace("told.", "people.").replace(
            "group = 0", "group = 1s"))
        journal = self.journal()
        self.notify()
        journal.write(*(raised("main.flood.p%d LIMIT" % n) for n in range(10000)))
        wait_for(lambda: self.routes().get("log", {}).get("delivered") == 10000, "all are told", 300)
        told = self.told()
        self.assertEqual(len({m["alarm"] for m in told}), 10000)
        self.assertEqual(len(told), 10000)
        self.assertEqual(sum(m["count"] for m in self.told("people.jsonl")), 10000)


class Killed(NotifyCase):
    def test_nobody_is_forgotten_and_only_what_was_on_its_way_comes_twice(self):
        seed = int.from_bytes(os.urandom(4), "little")
        print("seed %d, %d kills" % (seed, KILLS))
        dice = random.Random(seed)
        self.configure(LOG + "normal = yes\n" +
                       LOG.replace("log", "lead").replace("told.", "lead.") +
                       "[escalation all]\nafter = 0s: log; 1s if unack: lead\n")
        journal = self.journal()
        self.notify().stop()  # the journal's past is known: from here on all is told
        last, alarms = 0, []
        for kill in range(KILLS):
            program = self.notify(ready=False)
            end = time.monotonic() + dice.random() * (0.1 if kill % 3 == 0 else 0.6)
            while time.monotonic() < end:
                names = ["main.kill.p%d LIMIT" % (len(alarms) + n) for n in range(dice.randint(1, 5))]
                alarms += names
                last = journal.write(*(raised(name) for name in names))
                time.sleep(dice.random() * 0.03)
            program.kill()
        program = self.notify()
        wait_for(lambda: self.position("main") == last, "the journal is read", 120)
        wait_for(lambda: {m["alarm"] for m in self.told()} >= set(alarms), "all are told", 120)
        wait_for(lambda: {m["alarm"] for m in self.told("lead.jsonl")} >= set(alarms),
                 "all are escalated", 120)
        wait_for(lambda: self.health()["waiting"] == 0, "nothing waits")
        self.assertEqual(program.stop(), 0, program.err())
        for name, event in (("told.jsonl", "raised"), ("lead.jsonl", "escalated")):
            told = self.told(name)
            self.assertTrue(all(m["event"] == event and 0 < m["entry"] <= last for m in told))
            ids = [m["id"] for m in told]
            self.assertEqual(len(set(ids)), len(alarms))
            twice = len(ids) - len(set(ids))
            print("%s: %d alarms, %d told twice" % (name, len(alarms), twice))
            self.assertLessEqual(twice, KILLS)
            self.assertLessEqual(max(ids.count(i) for i in set(ids)), 1 + KILLS)
        self.assertEqual(self.ask("SELECT count(*) FROM _messages WHERE done IS NULL"), [(0,)])
        self.assertEqual(self.ask("PRAGMA integrity_check"), [("ok",)])

    def test_an_acknowledge_before_the_kill_stays_one(self):
        self.configure(LOG + "[escalation all]\nafter = 0s: log; repeat 1s\n")
        journal = self.journal()
        program = self.notify()
        journal.write(raised())
        self.wait_told(1)
        last = journal.write(acknowledged())
        wait_for(lambda: self.position("main") == last, "the acknowledge is read")
        program.kill()
        count = len(self.told())
        program = self.notify()
        end = time.monotonic() + 2.5
        wait_for(lambda: time.monotonic() > end, "two repetitions' time")
        self.assertEqual(len(self.told()), count)
        journal.write(normal(to="NORMAL", **{"from": "ACTIVE_ACK"}))
        wait_for(lambda: not self.ask("SELECT key FROM _tracks"), "the alarm is forgotten")
        program.stop()


class Disks(NotifyCase):
    def mount(self, folder, size="2m"):
        """A small disk that only what runs in its namespace sees; how to enter that."""
        if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("nsenter"):
            self.skipTest("needs root, unshare and nsenter for a private mount")
        os.makedirs(folder, exist_ok=True)
        holder = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=%s none "$1" && echo mounted && '
             'read end' % size, "sh", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        self.addCleanup(self.unmount, holder)
        if holder.stdout.readline() != b"mounted\n":
            self.skipTest("no private mounts here: " + holder.stderr.read().decode().strip())
        return holder

    @staticmethod
    def unmount(holder):
        holder.stdin.close()
        holder.wait()
        holder.stdout.close()
        holder.stderr.close()

    def fill(self, path):
        fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    os.write(fd, bytes(size))
            except OSError:
                pass
        os.close(fd)

    def start_inside(self, holder):
        return self.system.start("/usr/bin/nsenter", "-t", str(holder.pid), "-m",
                                 self.system.program("wf-notify"), "--config",
                                 self.system.config_file())

    def test_people_are_told_while_the_outbox_s_disk_is_full(self):
        told = os.path.join(self.system.folder, "told.jsonl")
        self.configure(LOG.replace("told.jsonl", told))
        journal = self.journal()
        holder = self.mount(os.path.join(self.system.state, "notify"))
        filler = "/proc/%d/root%s" % (holder.pid, self.path("filler"))
        program = self.start_inside(holder)
        journal.write(raised("a.b.c0 LIMIT"))
        self.wait_told(1, told)
        self.fill(filler)
        count = 1
        while self.health()["state"] != "failing":
            journal.write(raised("a.b.c%d LIMIT" % count))
            count += 1
            self.wait_told(count, told)
            self.assertLess(count, 3000)
        journal.write(raised("a.b.full LIMIT"))
        self.wait_told(count + 1, told)
        os.unlink(filler)
        wait_for(lambda: self.health()["state"] == "working", "it is written again")
        self.assertIn("cannot write the outbox", program.err())
        self.assertEqual(program.err().count("cannot write the outbox"), 1)
        self.assertEqual(program.stop(), 0, program.err())
        # Nothing is told again by the next life.
        program = self.start_inside(holder)
        journal.write(raised("a.b.last LIMIT"))
        self.wait_told(count + 2, told)
        ids = [m["id"] for m in self.told(told)]
        self.assertEqual(len(ids), len(set(ids)))
        program.stop()

    def test_a_start_on_a_full_disk_tells_when_there_is_room(self):
        told = os.path.join(self.system.folder, "told.jsonl")
        self.configure(LOG.replace("told.jsonl", told))
        journal = self.journal()
        holder = self.mount(os.path.join(self.system.state, "notify"))
        filler = "/proc/%d/root%s" % (holder.pid, self.path("filler"))
        self.fill(filler)
        program = self.start_inside(holder)
        journal.write(raised("a.b.c LIMIT"))
        wait_for(lambda: self.health()["state"] == "failing", "it says so")
        self.assertIn("nobody is told until it can be", program.err())
        os.unlink(filler)
        self.wait_told(1, told)
        wait_for(lambda: self.health()["state"] == "working", "it works")
        self.assertEqual(program.stop(), 0, program.err())

    def test_a_log_on_a_full_disk_has_whole_lines_later(self):
        folder = os.path.join(self.system.folder, "logs")
        self.configure(LOG.replace("told.jsonl", os.path.join(folder, "told.jsonl")) +
                       "retry = 50ms\nretry_max = 100ms\nattempts = 100000\n")
        journal = self.journal()
        holder = self.mount(folder, "64k")
        inside = "/proc/%d/root%s/" % (holder.pid, folder)
        program = self.start_inside(holder)
        journal.write(raised("a.b.c0 LIMIT"))
        self.wait_told(1, inside + "told.jsonl")
        self.fill(inside + "filler")
        journal.write(*(raised("a.b.full%d LIMIT" % n) for n in range(20)))
        wait_for(lambda: self.routes()["log"]["failed"] > 2, "it fails")
        self.assertIn("No space left", self.routes()["log"]["why"])
        os.unlink(inside + "filler")
        self.wait_told(21, inside + "told.jsonl")
        self.assertEqual(program.stop(), 0, program.err())


if __name__ == "__main__":
    unittest.main()
