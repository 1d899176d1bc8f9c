# SPDX-License-Identifier: MIT
# timeout: 600
"""Calls on the files of one tier fail, with EIO or for want of room: telemetry goes on, the logger
says so where people look, goes on by itself when the fault is gone, and all figures fit.

WF_TEST_FAULTS says how many faults at random (12)."""
import contextlib
import glob
import json
import os
import random
import sqlite3
import time
import unittest

from historycase import HistoryCase
from receivercase import UDP, ReceiverCase, serial_packet
from tamper import DiskFaults
from watchfloor import wait_for

FAULTS = int(os.environ.get("WF_TEST_FAULTS", "12"))
# 2001-01-31T20:00:00Z: with some seconds from sample to sample, days and months pass.
BEGIN = 980971200000000000
STEP = 2000000000
CALLS = (("ENOSPC", "w"), ("EIO", "w"), ("EIO", "s"), ("EIO", "t"), ("ENOSPC", "wt"), ("EIO", "o"),
         ("EROFS", "o"))


class DiskFaultsOfTheLogger(HistoryCase):
    def setUp(self):
        super().setUp()
        self.faults = DiskFaults(os.path.join(self.system.folder, "faults"))
        self.addCleanup(self.faults.close)
        self.system.write_config("[logger]\nsync = 20ms\nbatch_rows = 200\n")

    def start(self, rate=2000):
        self.heads_from = self.publisher("--sources", "main,sat1", "--rate", str(rate), "--batch",
                                         "5", "--received", str(BEGIN), "--step", str(STEP))
        self.program = self.logger(env=self.faults.environment())

    def health(self):
        return self.system.peek("sample", "wf", "logger")["values"]

    def head(self):
        return min(one["head"] for one in self.system.peek("list") if one["subsystem"] == "power")

    def problems(self):
        return " ".join(json.loads(self.system.run("wf-status", "--json", status=None))["problems"])

    def wait_failed(self, count=1):
        so_far = self.faults.failed()
        wait_for(lambda: self.faults.failed() >= so_far + count, "%d calls that fail" % count)

    def wait_telemetry(self, more=500):
        head = self.head()
        wait_for(lambda: self.head() > head + more, "telemetry going on")

    def finish(self):
        heads = self.end_publisher(self.heads_from)
        errors = self.stop_logger(self.program)
        self.assert_balanced(heads)
        return heads, errors

    @contextlib.contextmanager
    def fault(self, *rule):
        """In force inside; afterwards it is gone in any case."""
        self.faults.begin(rule)
        try:
            with self.subTest("%s %s %s" % rule):
                yield
        finally:
            self.faults.end()

    def test_raw_files(self):
        self.start()
        for name, calls, pattern in (("ENOSPC", "w", "*/raw/*.db-wal"), ("EIO", "w", "*/raw/*.db-wal"),
                                     ("EIO", "s", "*/raw/*.db-wal"), ("ENOSPC", "wto", "*/raw/*"),
                                     ("EROFS", "owt", "*/raw/*")):
            self.wait_stored("main", self.stored("main") + 300)
            before = len(self.program.err())
            with self.fault(name, calls, pattern):
                wait_for(lambda: self.health()["state"] == "failing", "the logger failing")
                self.wait_telemetry()
                self.assertIn("cannot write history", self.problems())
                self.wait_failed(2)
                # An error that changes while it lasts is said again; not each attempt.
                said = self.program.err()[before:]
                self.assertIn(said.count("cannot write history"), (1, 2), said)
                self.assertNotIn("is written again", said)
            wait_for(lambda: self.health()["state"] == "writing", "the logger writing")
            wait_for(lambda: "history is written again" in self.program.err()[before:],
                     "word of it")
        self.wait_stored("main", self.stored("main") + 3000)
        self.finish()
        self.assertGreater(self.assert_rollups(["main", "sat1"]), 30)

    def test_rollup_files(self):
        self.start()
        for tier, faults in (("minute", (("ENOSPC", "w"), ("EIO", "s"))),
                             ("hour", (("EIO", "wsto"), ("ENOSPC", "w")))):
            for name, calls in faults:
                stored, before = self.stored("main"), len(self.program.err())
                with self.fault(name, calls, "*/%s/*" % tier):
                    wait_for(lambda: self.health()["rollups_failing"], "rollups that fail", 60)
                    self.assertIn("rollups cannot be written", self.problems())
                    self.assertEqual(self.health()["state"], "writing")
                    self.wait_stored("main", stored + 1000)
                    said = self.program.err()[before:]
                    self.assertEqual(said.count("rollups cannot be written"), 1, said)
                wait_for(lambda: not self.health()["rollups_failing"], "rollups", 60)
        self.wait_stored("main", self.stored("main") + 3000)
        self.finish()
        self.assertGreater(self.assert_rollups(["main", "sat1"]), 30)

    def test_faults_at_random(self):
        seed = int(os.environ.get("WF_TEST_SEED", "0")) or int.from_bytes(os.urandom(4), "little")
        print("WF_TEST_SEED=%d" % seed)
        dice = random.Random(seed)
        self.start(4000)
        for number in range(FAULTS):
            rules = []
            for _ in range(dice.randrange(1, 3)):
                name, calls = dice.choice(CALLS)
                ending = dice.choice((".db", ".db-wal", "*"))
                rules.append((name, calls, "*/%s/*%s" % (
                    dice.choice(("raw", "raw", "minute", "hour", "*")), ending)))
            self.faults.begin(*rules)
            # How long it lasts is the test; half of the faults end while a retry is under way.
            time.sleep(dice.random())
            if number % 4 == 3:
                self.program.kill()
                self.program = self.logger(ready=False, env=self.faults.environment())
                time.sleep(dice.random())
            self.faults.end()
            time.sleep(dice.random())
        wait_for(lambda: self.health()["state"] == "writing", "the logger writing")
        self.wait_stored("main", self.stored("main") + 3000)
        print("%d calls failed" % self.faults.failed())
        self.finish()
        self.assertGreater(self.assert_rollups(["main", "sat1"]), 30)


class DiskFaultsOfTheRecorder(ReceiverCase):
    def rows(self):
        rows = []
        for path in glob.glob(os.path.join(self.system.state, "history", "packets", "*.db")):
            db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
            try:
                self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
                rows += db.execute("SELECT number, data FROM packets").fetchall()
            finally:
                db.close()
        return sorted(rows)

    def test_packets_wait_for_the_disk_and_none_is_stored_twice(self):
        self.start("[receiver]\npacket_ring = 4M\n[recorder]\nsync = 20ms\n" + UDP)
        faults = DiskFaults(os.path.join(self.system.folder, "faults"))
        self.addCleanup(faults.close)
        recorder = self.system.start("wf-recorder", "--config", self.system.config_file(),
                                     env=faults.environment())
        sender, sent = self.udp(), []

        def send(count):
            for _ in range(count):
                sent.append(serial_packet(len(sent)))
                sender.send(sent[-1])

        def state():
            return self.system.peek("sample", "wf", "recorder")["values"]["state"]
        for name, calls, pattern in (("EIO", "s", "*-wal"), ("ENOSPC", "w", "*-wal"),
                                     ("EIO", "w", "*"), ("EIO", "wst", "*"), ("EROFS", "ow", "*")):
            send(100)
            wait_for(lambda: state() == "recording", "the recorder recording")
            before = len(recorder.err())
            faults.begin((name, calls, "*/packets/" + pattern))
            send(100)
            wait_for(lambda: state() == "failing", "the recorder failing")
            told = json.loads(self.system.run("wf-status", "--json", status=None))["problems"]
            self.assertIn("cannot write the archive", " ".join(told))
            send(100)
            faults.end()
            wait_for(lambda: state() == "recording", "the recorder recording")
            said = recorder.err()[before:]
            self.assertEqual(said.count("packets cannot be stored"), 1, said)
        self.settled(packets=len(sent))
        wait_for(lambda: len(self.rows()) >= len(sent), "%d packets" % len(sent))
        self.assertEqual(recorder.stop(), 0)
        self.assertEqual(self.rows(), list(enumerate(sent)))


if __name__ == "__main__":
    unittest.main()
