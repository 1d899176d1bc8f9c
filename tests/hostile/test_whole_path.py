# SPDX-License-Identifier: MIT
# timeout: 900
"""Every sample that a receiver published is in history or in the gap table, exactly: real packets
through UDP with faults, while programs are killed and started again and the clock passes
midnight, leaps and is set back.

WF_TEST_SAMPLES says how many (300000), WF_TEST_RATE how many a second (5000)."""
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import unittest

from historycase import HistoryCase, wait_for
from tamper import WrongClock
from watchfloor import SOURCE
from wholecheck import WholeCheck
import wholepath

SAMPLES = int(os.environ.get("WF_TEST_SAMPLES", "300000"))
RATE = int(os.environ.get("WF_TEST_RATE", "5000"))
SPACECRAFT = ("power", "thermal", "attitude", "comms")
SIMULATOR_FAULTS = ("at 1s gap power 1s", "at 1s duplicate thermal 1s", "at 1s reorder attitude 1s",
                    "at 1s corrupt comms 1s", "at 2s flood comms 500ms rate 2000")

CONFIG = """
[receiver]
packet_ring = 2M
[listener one]
port = 0
source = sat1
subsystems = steady
receive_buffer = 64M
[listener two]
port = 0
source = sat2
subsystems = steady
receive_buffer = 64M
[listener three]
port = 0
source = sat3
subsystems = burst
receive_buffer = 64M
[listener space]
port = 0
subsystems = power thermal attitude comms
receive_buffer = 64M
[logger]
sync = 100ms
batch_rows = 1000
[recorder]
sync = 100ms
[record thin]
subsystems = sat2.steady
mode = change
every = 1h
deadband = 1e18 level:0.01
"""


class WholePath(WholeCheck, HistoryCase):
    def setUp(self):
        seed = int(os.environ.get("WF_TEST_SEED", "0")) or int.from_bytes(os.urandom(4), "little")
        print("WF_TEST_SEED=%d" % seed, flush=True)
        self.dice = random.Random(seed)
        self.system = self.new_system(CONFIG, {"steady": wholepath.STEADY, "burst": wholepath.BURST})
        for name in SPACECRAFT:
            shutil.copytree(os.path.join(SOURCE, "plugins", name),
                            os.path.join(self.system.folder, "plugins", name))
        self.clock = WrongClock(os.path.join(self.system.folder, "clock"))
        self.addCleanup(self.clock.close)
        self.clock.set("2027-12-31T23:59:50")
        self.system.env.update(self.clock.environment())
        self.streams = [wholepath.Stream("one", "sat1", "steady", 200),
                        wholepath.Stream("two", "sat2", "steady", 200),
                        wholepath.Stream("three", "sat3", "burst", 201)]
        self.burst = self.streams[2]
        self.sender = wholepath.Sender(self.streams[:2], RATE, self.dice)
        self.addCleanup(self.sender.close)
        self.addCleanup(self.sender.stop)
        self.done = {}
        self.found = {}  # packets, by life of a receiver that could say it
        self.lives = 0

    # -- lives of the receiver ---------------------------------------------------------------

    def begin_life(self):
        """A new receiver, and the books opened anew; while nothing is sent."""
        self.receiver = self.system.receiver()
        self.sender.begin_life(self.system.listeners())
        self.burst.begin_life()
        self.report = None
        self.lives += 1

    def settled(self):
        """The counters of this life once it has taken all; while nothing is sent."""
        self.sender.flush()
        datagrams = self.sender.datagrams + (self.report["datagrams"] if self.report else 0)

        def look():
            values = self.system.counters()
            if values["datagrams"] + values["kernel_dropped"] == datagrams:
                return values
            self.assertLess(values["datagrams"], datagrams)
            return None
        return wait_for(look, "%d datagrams received" % datagrams, 60)

    def check_life(self):
        """What was sent is what was found, and every fault has its counter."""
        values = self.settled()
        # Kernel buffers are deep enough; a machine that still drops cannot be judged so closely.
        self.assertEqual(values["kernel_dropped"], 0)
        rejected = dict(self.sender.junk, duplicate=0)
        published = 0
        rows = self.system.table("subsystems", "name")
        for stream in self.streams:
            name = stream.source + "." + stream.subsystem
            row = rows[name]
            self.assertEqual({key: row["samples" if key == "published" else key]
                              for key in stream.books}, stream.books, name)
            rejected["duplicate"] += stream.books["duplicates"]
            published += stream.books["published"]
        for name, one in (self.report["subsystems"] if self.report else {}).items():
            self.assertEqual((rows[name]["samples"], rows[name]["lost"], rows[name]["out_of_order"]),
                             (one["expected"]["published"], one["expected"]["lost"],
                              one["expected"]["out_of_order"]), name)
            published += one["expected"]["published"]
            for reason, count in one["expected"]["rejected"].items():
                rejected[reason] = rejected.get(reason, 0) + count
        got = {reason: count for reason, count in values["by_reason"].items() if count}
        self.assertEqual(got, {reason: count for reason, count in rejected.items() if count})
        self.assertEqual(values["published"], published)
        self.assertEqual(values["packets"], published + sum(got.values()) + values["idle"])
        self.found[self.system.peek("sample", "wf", "receiver")["epoch"]] = values["packets"]

    # -- what happens to it --------------------------------------------------------------------

    def start_logger(self, ready=True):
        self.logger_program = self.logger(ready=ready)

    def start_recorder(self, ready=True):
        self.recorder = self.system.start("wf-recorder", "--config", self.system.config_file(),
                                          ready=ready)

    def kill_logger(self):
        self.logger_program.kill()
        self.start_logger(ready=self.dice.random() < 0.5)

    def stop_and_start_logger(self):
        self.stop_logger(self.logger_program.wait_ready())      # before, a signal just ends it
        self.start_logger()

    def kill_recorder(self):
        self.recorder.kill()
        self.start_recorder(ready=self.dice.random() < 0.5)

    def stop_and_start_recorder(self):
        self.assertEqual(self.recorder.wait_ready().stop(), 0, self.recorder.err())
        self.start_recorder()

    def kill_receiver(self):
        self.receiver.kill()
        with self.sender.paused():
            self.begin_life()

    def stop_and_start_receiver(self):
        with self.sender.paused():
            self.check_life()
            self.assertEqual(self.receiver.stop(), 0, self.receiver.err())
            self.begin_life()

    def flood(self):
        """More at a time than any ring holds."""
        with self.sender.paused():
            self.sender.send_clean(self.burst, 20000)

    def flood_while_logger_is_down(self):
        self.logger_program.kill()
        with self.sender.paused():
            for stream in self.streams:
                self.sender.send_clean(stream, 10000)
        self.start_logger()

    def flood_while_all_stand_still(self):
        for program in (self.logger_program, self.recorder):
            program.send_signal(signal.SIGSTOP)
        with self.sender.paused():
            for stream in self.streams:
                self.sender.send_clean(stream, 20000)
        for program in (self.logger_program, self.recorder):
            program.send_signal(signal.SIGCONT)

    def clock_ahead(self):
        self.clock.step(self.dice.randrange(60, 7200))

    def clock_back(self):
        self.clock.step(-self.dice.randrange(60, 7200))

    def midnight(self):
        """Wherever the clock is: back to before the same midnight, and through it."""
        self.clock.set("2027-12-31T23:59:59.5")
        wait_for(lambda: self.clock.now_ns() % (86400 * 10**9) < 3600 * 10**9, "midnight")

    def query(self):
        """What can be asked at any moment is right, however little it is."""
        done = subprocess.run(
            [self.system.program("wf-query"), "sat1.steady.number", "sat1.steady.hash", "--format",
             "csv", "--from", "2027-12-31", "--to", "2028-01-02", "--limit", "20000"],
            env=self.system.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=120)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        for line in done.stdout.decode().splitlines()[1:]:
            number, value = [int(word) for word in line.split(",")[-2:]]
            self.assertEqual(value, wholepath.hash_of(number), line)
        json.loads(self.system.run("wf-status", "--json", status=None))

    def disturb(self, events):
        for event in events:
            threading.Event().wait(self.dice.random() * 0.5)
            event()
            self.done[event.__name__] = self.done.get(event.__name__, 0) + 1

    # -- what is there in the end -------------------------------------------------------------------

    def regions(self):
        return {(one["source"], one["subsystem"]): one["head"] for one in self.system.peek("list")
                if one["source"] != "wf"}

    def test_every_published_sample_is_stored_or_in_a_gap(self):
        self.begin_life()
        self.start_logger()
        self.start_recorder()
        self.sender.start()

        # One life with the simulator's faults, which its report accounts for.
        report = os.path.join(self.system.folder, "report.json")
        arguments = ["--to", "listener:space", "--for", "4s", "--report", report, "--rate",
                     "power=50,thermal=50,attitude=50,comms=50"]
        for fault in SIMULATOR_FAULTS:
            arguments += ["--fault", fault]
        simulator = self.system.launch("wf-simulate", "--config", self.system.config_file(),
                                       *arguments)
        self.disturb([self.kill_logger, self.flood, self.kill_recorder, self.query,
                      self.kill_logger])
        self.assertEqual(simulator.wait(), 0)
        with open(report) as file:
            self.report = json.load(file)
        self.stop_and_start_receiver()

        events = [self.kill_logger, self.kill_logger, self.kill_logger, self.stop_and_start_logger,
                  self.kill_recorder, self.stop_and_start_recorder, self.kill_receiver,
                  self.stop_and_start_receiver, self.flood, self.flood_while_logger_is_down,
                  self.flood_while_all_stand_still, self.clock_ahead, self.clock_back,
                  self.midnight, self.query]
        while True:
            self.dice.shuffle(events)
            self.disturb(events)
            if self.sender.packets >= SAMPLES:
                break
        self.midnight()
        self.sender.stop()
        self.stop_and_start_receiver()
        self.check_life()
        self.assertEqual(self.receiver.stop(), 0)
        self.stop_logger(self.logger_program.wait_ready())
        self.assertEqual(self.recorder.wait_ready().stop(), 0, self.recorder.err())
        print("%d packets, %d lives of the receiver, %s" % (self.sender.packets, self.lives,
                                                            self.done), flush=True)

        heads = self.regions()
        self.assertGreaterEqual(len(self.days()), 2)
        kept = self.archive()
        for epoch, count in self.found.items():
            self.assertEqual(len(kept.epochs[epoch]), count)
        beyond = sum(self.check_stream(stream, heads[stream.source, stream.subsystem], kept,
                                       is_thinned=stream.source == "sat2")
                     for stream in self.streams)
        # What a receiver had published of the batch in which it was killed.
        self.assertLessEqual(beyond, 1000 * self.done["kill_receiver"])
        for name in SPACECRAFT:
            self.check_numbers("main", name, heads["main", name])
        # Both happened; which stream was hit by which is a matter of luck.
        causes = {gap[0] for stream in self.streams
                  for gap in self.gaps(stream.source, stream.subsystem)}
        self.assertLessEqual({"ring_overrun", "logger_down"}, causes)
        self.check_places()
        self.assertGreater(self.assert_rollups(["sat1", "sat2"], "steady", ("number", "hash")), 1)
        self.system.run("wf-history", "check", "--config", self.system.config_file())


if __name__ == "__main__":
    unittest.main()
