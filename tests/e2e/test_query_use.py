# SPDX-License-Identifier: MIT
# timeout: 300
"""wf query as people meet it: names that are nearly right, ranges without anything, folders that may
not be read, a terminal, a pager that is left, and memory that does not grow with the answer."""
import json
import os
import resource
import signal
import subprocess
import time
import unittest

from historycase import HistoryCase, wait_for
from terminal import open_pty
from watchfloor import need_open_to_others, program

NOON = 981201600 * 10**9  # 2001-02-03T12:00:00Z
COUNT = 60000
DAY = ("--from", "2001-02-03", "--to", "2001-02-05")

POWER = """[subsystem]
period = 100ms
ring = 65536
[parameter number]
bits = 64
[parameter volts]
bits = 12
polynomial = 0 0.01
unit = V
""" + "".join("[parameter p%d]\nbits = 8\n" % i for i in range(12))


class QueryUse(HistoryCase):
    def setUp(self):
        super().setUp()
        self.system.write_schema("power", POWER)

    def logged(self, count):
        logger = self.logger()
        self.publish("--count", str(count), "--rate", "0", "--received", str(NOON), "--step",
                     "100000000")
        self.wait_stored("main", count)
        self.stop_logger(logger)

    def told(self, *args, status=1, **more):
        done = self.system.attempt("wf-query", *args, **more)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr

    # -- nothing to answer with ---------------------------------------------------------------

    def test_what_is_not_there_is_told_with_what_is(self):
        self.assertIn("no history in", self.told("power.volts"))
        self.logged(100)
        self.assertIn("did you mean power.volts?", self.told("power.volt", *DAY))
        self.assertIn("did you mean power.volts?", self.told("powr.volts", *DAY))
        self.assertIn("there is: power", self.told("nothing.like.it", *DAY))
        self.assertIn("its newest sample is of 2001-02-03T12:00:09.899Z", self.told(
            "power.volts", "--from", "2001-03-01", "--to", "2001-03-02"))
        self.assertIn("lies in the future", self.told("power.volts", "--from", "now+1h", "--to",
                                                      "now+2h"))
        self.assertIn("later than --from", self.told("power.volts", "--from", "now", "--to",
                                                     "now-1h", status=2))
        # A range that has rows, of which none is left, is an empty answer and no error.
        done = self.system.attempt("wf-query", "power.volts", *DAY, "--where", "volts > 1000",
                                   "--format", "csv")
        self.assertEqual((done.returncode, done.stdout), (1, "time,power.volts\r\n"))
        done = self.system.attempt("wf-query", "power.nosuch", *DAY, "--format", "json")
        self.assertEqual((done.returncode, json.loads(done.stdout)["series"]), (1, []))

    def test_a_zone_is_understood_and_answers_are_utc(self):
        self.logged(20)
        rows = self.query("power.number", "--from", "2001-02-03T14:00:00+02:00", "--to",
                          "2001-02-03T12:00:00.5", "--format", "csv",
                          ).split()
        self.assertEqual(rows[1].split(","), ["2001-02-03T12:00:00.099999000Z", "1"])
        self.assertEqual(len(rows), 6)

    def test_a_folder_that_may_not_be_read_is_named(self):
        self.logged(20)
        raw = os.path.join(self.system.state, "history", "raw")
        os.chmod(raw, 0)
        self.addCleanup(os.chmod, raw, 0o750)
        more = {}
        if os.geteuid() == 0: # who may read anything: ask as nobody, who stops at the first folder
            need_open_to_others(program("wf-query"))
            more = {"user": 65534, "group": 65534, "extra_groups": []}
        told = self.told("power.volts", *DAY, status=2, **more)
        self.assertIn("may not be read: it is ", told)
        self.assertNotIn("raw/2001", told)

    # -- terminals and pipes --------------------------------------------------------------------

    def test_whoever_reads_may_leave(self):
        self.logged(5000)
        for form in ("table", "csv", "json"):
            asked = subprocess.Popen([program("wf-query"), "power", *DAY, "--format", form],
                                     env=self.system.env, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE)
            asked.stdout.read(100)
            asked.stdout.close()
            told = asked.stderr.read()
            asked.stderr.close()
            self.assertEqual((asked.wait(60), told), (2, b""), form)
        with open("/dev/full", "wb") as full:
            for name, args in (("wf-query", ("power", *DAY)), ("wf-sql", ("SELECT * FROM power",))):
                asked = subprocess.run([program(name), *args], env=self.system.env, stdout=full,
                                       stderr=subprocess.PIPE, timeout=60, check=False)
                self.assertEqual(asked.returncode, 2)
                self.assertIn(b"cannot write", asked.stderr)

    def test_a_pager_that_sleeps_keeps_the_logger_from_nothing(self):
        logger = self.logger()
        self.publish("--count", "30000", "--rate", "0", "--received", str(NOON), "--step",
                     "100000000")
        self.wait_stored("main", 30000)
        asked = subprocess.Popen([program("wf-query"), "power", *DAY], env=self.system.env,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(asked.stderr.close)
        asked.stdout.read(100) # the pipe is full soon, and nobody reads on
        self.publish("--count", "30000", "--rate", "0", "--received",
                     str(NOON + 3000 * 10**9), "--step", "100000000")
        self.wait_stored("main", 60000)
        self.assertNotIn("warning", self.stop_logger(logger))
        rows = asked.stdout.read().decode().splitlines()
        asked.stdout.close()
        self.assertEqual(asked.wait(60), 0)
        self.assertGreaterEqual(len(rows), 30000)

    def test_progress_is_for_terminals_only(self):
        self.logged(COUNT)
        ours, theirs = open_pty()
        self.addCleanup(os.close, ours)
        path = os.path.join(self.system.folder, "answer.json")
        with open(path, "wb") as out:
            asked = subprocess.Popen([program("wf-query"), "power", *DAY, "--format", "json"],
                                     env=self.system.env, stdout=out, stderr=theirs)
        wait_for(lambda: os.path.getsize(path) > 1 << 20 or asked.poll() is not None, "a first part")
        # For it to take longer than what is not worth telling of.
        asked.send_signal(signal.SIGSTOP)
        begun = time.monotonic()
        wait_for(lambda: time.monotonic() - begun > 0.7, "time to pass")
        asked.send_signal(signal.SIGCONT)
        self.assertEqual(asked.wait(60), 0)
        os.close(theirs)
        told = b""
        try:
            while True:
                told += os.read(ours, 4096)
        except OSError:
            pass # that is how the end of a terminal reads
        self.assertRegex(told.decode(), r"2001-02-03T1[0-9:]+Z +[0-9]+ %")
        self.assertTrue(told.endswith(b"\x1b[K"), told)
        with open(path) as file:
            self.assertEqual(len(json.load(file)["series"][0]["points"]), COUNT)

    # -- memory -----------------------------------------------------------------------------------

    def peak_kib(self, *args):
        def limit():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        env = dict(self.system.env, ASAN_OPTIONS="quarantine_size_mb=1:malloc_context_size=0")
        asked = subprocess.Popen([program("wf-query"), *args], env=env, preexec_fn=limit,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(asked.pid, 0)
        asked.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(asked.returncode, 0, args)
        return usage.ru_maxrss

    def test_memory_does_not_grow_with_the_answer(self):
        self.logged(COUNT)
        few = ("--from", "2001-02-03T12:00:00", "--to", "2001-02-03T12:01:00") # 600 rows
        for question in (("power", "--format", "table"), ("power", "--format", "csv"),
                         ("power.volts", "--format", "json"), ("power.volts", "--stats"),
                         ("power", "--where", "volts > 3"), ("power", "--every", "1s"),
                         ("power.volts", "--plot"), ("power.volts", "--last", "volts < 20")):
            small = self.peak_kib(*question, *few)
            large = self.peak_kib(*question, *DAY)
            self.assertLess(large, small + 6 * 1024, "%s: %d KiB, %d KiB" % (question, small, large))


if __name__ == "__main__":
    unittest.main()
