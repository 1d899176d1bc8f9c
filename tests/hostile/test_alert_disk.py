# SPDX-License-Identifier: MIT
# timeout: 600
"""Disks that fill up or cannot be written: judging goes on, nothing is shown that is not in the
journal, and afterwards nothing is missing in it."""
import os
import shutil
import unittest

from alertcase import CONFIG, AlertCase, struct, wait_for
from privatedisk import PrivateDisk

LIMIT = "main.power.volts LIMIT"


class AlertDisk(AlertCase):
    config = CONFIG + "[alert main]\nheld_max = 200\n"

    def start_on(self, size, before=lambda disk: None):
        if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("nsenter"):
            self.skipTest("needs root, unshare and nsenter for a private mount")
        self.disk = PrivateDisk(os.path.join(self.system.state, "alarms"), size)
        self.addCleanup(self.disk.close)
        before(self.disk)
        self.receiver = self.system.receiver()
        self.address = ("127.0.0.1", self.system.port("here"))
        self.alert = self.monitor_on_disk()

    def monitor_on_disk(self):
        program, *args = self.disk.enter(self.system.program("wf-alert"), "--config",
                                         self.system.config_file())
        return self.system.start(program, *args)

    def health(self, key):
        return (self.system.peek("sample", "wf", "alert") or {}).get("values", {}).get(key)

    def wait_state(self, *states):
        wait_for(lambda: self.health("state") in states, "the state %s" % (states,))

    def toggle(self, count):
        """So many times up and down, three good samples each: two transitions."""
        for _ in range(count):
            for value in (31, 29, 29):
                self.send(struct.pack(">HB", value * 100, 1))

    def wait_stored(self, count):
        def stored():
            try:
                return len(self.journal_copy()) >= count
            except Exception:
                return False
        wait_for(stored, "%d transitions" % count)

    def journal_copy(self):
        """(SQLite cannot open it through the other's mount.)"""
        folder = os.path.join(self.system.folder, "copy")
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(os.path.join(folder, "alarms"))
        for name in ("main.db", "main.db-wal"):
            if os.path.exists(self.disk.path(name)):
                shutil.copy(self.disk.path(name), os.path.join(folder, "alarms"))
        state, self.system.state = self.system.state, folder
        try:
            return self.transitions(LIMIT, "event, seq")
        finally:
            self.system.state = state

    def test_a_full_disk_shows_nothing_and_loses_nothing(self):
        self.start_on("4m")
        self.send(struct.pack(">HB", 3100, 1))
        wait_for(lambda: LIMIT in self.rows(), "the first alarm")
        seq = self.rows()[LIMIT]["seq"]
        filler = self.disk.fill()
        self.send(struct.pack(">HB", 3500, 1))
        wait_for(lambda: self.health("held"), "a transition that waits")
        self.wait_state("failing")
        samples = self.health("samples")
        self.assertEqual(self.rows()[LIMIT]["seq"], seq)
        answer = self.ask(do="ack", alarm=LIMIT, seq=seq)
        self.assertEqual((answer["ok"], answer["code"]), (False, "NOSPACE"), answer)
        self.send(struct.pack(">HB", 3500, 1))
        wait_for(lambda: self.health("samples") > samples, "judging to go on")
        os.unlink(filler)
        wait_for(lambda: self.rows()[LIMIT]["seq"] > seq, "the transition that waited")
        self.wait_state("running")
        self.do("ack", LIMIT, seq=self.rows()[LIMIT]["seq"])
        errors = self.stop()
        self.assertEqual(errors.count("cannot write the journal"), 1, errors)
        self.assertIn("is written again", errors)
        self.assertEqual([event for event, _ in self.journal_copy()], ["RAISE", "WORSEN", "ACK"])

    def test_too_much_that_waits_pauses_the_judging(self):
        self.start_on("4m")
        filler = self.disk.fill()
        self.toggle(300)
        self.wait_state("paused")
        self.assertGreaterEqual(self.health("held"), 200)
        self.assertEqual(self.rows().get(LIMIT), None)
        os.unlink(filler)
        self.wait_stored(600)
        seqs = [seq for _, seq in self.journal_copy()]
        self.assertEqual(seqs, sorted(set(seqs)))
        self.assertEqual([event for event, _ in self.journal_copy()], ["RAISE", "RTN"] * 300)
        self.assertEqual(self.health("lost"), 0)
        self.stop()

    def test_a_disk_that_is_full_from_the_beginning(self):
        filler = []
        self.start_on("4m", lambda disk: filler.append(disk.fill()))
        self.assertIn("cannot write the journal", self.alert.err())
        self.toggle(3)
        self.assertEqual(self.ask(do="ack", alarm=LIMIT, seq=1)["code"], "BUSY")
        self.wait_state("starting")
        os.unlink(filler[0])
        self.wait_state("running")
        self.wait_stored(6)
        self.assertEqual([event for event, _ in self.journal_copy()], ["RAISE", "RTN"] * 3)
        self.stop()

    def test_a_kill_while_it_fails_loses_nothing_that_the_ring_has(self):
        self.start_on("4m")
        self.toggle(1)
        self.wait_stored(2)
        filler = self.disk.fill()
        self.toggle(5)
        wait_for(lambda: self.health("held") == 10, "ten transitions that wait")
        self.kill()
        os.unlink(filler)
        self.alert = self.monitor_on_disk()
        self.wait_stored(12)
        self.assertEqual([event for event, _ in self.journal_copy()], ["RAISE", "RTN"] * 6)
        self.stop()


if __name__ == "__main__":
    unittest.main()
