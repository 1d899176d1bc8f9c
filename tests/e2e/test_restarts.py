# SPDX-License-Identifier: MIT
# timeout: 600
"""Programs that come late, die, are killed or run twice, while everything else goes on."""
import json
import os
import signal
import unittest

import watchfloor
from watchfloor import SystemTest

CONFIG = watchfloor.spacecraft_config("[receiver]\nring_time = 120s\n")


class Restarts(SystemTest):
    def setUp(self):
        watchfloor.need("wf", "wf-up", "wf-receiver", "wf-logger", "wf-get", "wf-status",
                        "wf-query", "wf-console", "wf-simulate")

    def fresh(self, system, name="power.bus_voltage"):
        one = system.get(name).get(name)
        return one if one and one["quality"] == "VALID" and one["age_s"] < 2 else None

    def running(self, system, name, not_pid):
        one = system.process_status(name)
        return one if one["state"] == "running" and one["pid"] != not_pid else None

    def peek(self, system, *arguments):
        return system.peek(*arguments)

    def test_nothing_is_said_of_processes_that_nobody_watches(self):
        system = self.new_system(CONFIG)
        up = system.up()
        os.kill(up.pid, signal.SIGKILL)
        self.wait_for(lambda: {one["state"] for one in system.status()["processes"]} == {"unknown"},
                      "status that knows nothing of the processes", every=0.2)
        status = system.status()
        self.assertFalse(status["ready"])
        self.assertTrue([one for one in status["problems"] if one.startswith("up (process ")])

    def test_a_killed_receiver_comes_back_and_everything_goes_on(self):
        system = self.new_system(CONFIG)
        system.up()
        feed = system.launch("wf-simulate", "--to", "listener")
        self.wait_for(lambda: self.fresh(system), "values before")
        before = self.peek(system, "sample", "main", "power")
        logger = system.process_status("logger")
        for _ in range(3):
            receiver = system.process_status("receiver")
            os.kill(receiver["pid"], signal.SIGKILL)
            self.wait_for(lambda: self.running(system, "receiver", receiver["pid"]),
                          "another receiver")
            self.wait_for(lambda: self.fresh(system), "values again")
        after = self.peek(system, "sample", "main", "power")
        self.assertGreater(after["epoch"], before["epoch"])
        self.assertGreater(after["number"], before["number"])
        self.assertEqual(system.process_status("receiver")["restarts"], 3)
        self.assertEqual(system.process_status("logger")["pid"], logger["pid"])
        self.assertTrue(feed.is_running())

        # History has what each life of the receiver published, no sample twice.
        newest = self.peek(system, "sample", "main", "power")

        def recorded():
            points = system.query("power.sample_counter", "--from", "now-10m", "--to",
                                  "now")["series"][0]["points"]
            values = [value for _, value in points]
            return values if newest["values"]["sample_counter"] in values else None
        values = self.wait_for(recorded, "the newest sample in history", every=0.5)
        self.assertEqual(len(values), len(set(values)))
        self.assertEqual(values, sorted(values))

    def test_a_killed_logger_loses_and_doubles_nothing(self):
        system = self.new_system(CONFIG)
        system.up()
        report = os.path.join(system.folder, "report.json")
        feed = system.launch("wf-simulate", "--to", "listener", "--report", report, "--rate",
                            "power=50")
        self.wait_for(lambda: self.fresh(system), "values")
        for _ in range(3):
            logger = system.process_status("logger")
            os.kill(logger["pid"], signal.SIGKILL)
            self.wait_for(lambda: self.running(system, "logger", logger["pid"]), "another logger")
        self.assertEqual(feed.stop(), 0)
        with open(report) as file:
            power = json.load(file)["subsystems"]["power"]

        def recorded():
            points = system.query("power.sample_counter", *watchfloor.around(power))["series"][0]["points"]
            return points if len(points) >= power["expected"]["published"] else None
        points = self.wait_for(recorded, "every sample in history", every=0.5)
        self.assertEqual([value for _, value in points],
                         list(range(power["expected"]["published"])))

    def test_any_order_of_starting_comes_to_the_same(self):
        orders = [("wf-logger", "wf-simulate", "wf-receiver"),
                  ("wf-simulate", "wf-receiver", "wf-logger"),
                  ("wf-receiver", "wf-logger", "wf-simulate")]
        for order in orders:
            with self.subTest(order):
                system = self.new_system(CONFIG)
                for name in order:
                    arguments = ["--to", "listener"] if name == "wf-simulate" else []
                    system.launch(name, *arguments)
                self.wait_for(lambda: self.fresh(system), "values")
                self.wait_for(lambda: system.query("power.bus_voltage", "--from", "now-1m", "--to",
                                                   "now")["series"][0]["points"], "history")
                for process in system.processes:
                    self.assertTrue(process.is_running(), process.err())
                for process in reversed(system.processes):
                    self.assertEqual(process.stop(), 0, process.err())

    def test_each_program_alone_says_what_it_waits_for_and_stops_in_order(self):
        for name in ("wf-receiver", "wf-logger"):
            with self.subTest(name):
                system = self.new_system(CONFIG)
                process = system.launch(name)
                self.wait_for(lambda: process.err(), "a word of " + name)
                self.assertTrue(process.is_running(), process.err())
                self.assertEqual(process.stop(), 0, process.err())
        system = self.new_system(CONFIG)
        done = system.attempt("wf", "status", "--json")
        self.assertNotEqual(done.returncode, 0)
        self.assertNotIn("Traceback", done.stderr)
        done = system.attempt("wf", "get", "power.bus_voltage")
        self.assertNotEqual(done.returncode, 0)
        self.assertTrue(done.stderr.strip())
        done = system.attempt("wf", "query", "power.bus_voltage", "--from", "now-1m")
        self.assertNotEqual(done.returncode, 0)
        self.assertTrue(done.stderr.strip())
        done = system.attempt("wf", "console", "--once")
        self.assertTrue(done.stdout.strip() or done.stderr.strip())

    def test_two_instances_run_side_by_side(self):
        one = self.new_system(CONFIG)
        two = self.new_system(CONFIG)
        one.up()
        up = two.up()
        self.assertNotEqual(one.place("spacecraft"), two.place("spacecraft"))
        one.launch("wf-simulate", "--to", "listener", "--rate", "comms=0")
        two.launch("wf-simulate", "--to", "listener", "--rate", "power=0")
        self.wait_for(lambda: self.fresh(one, "power.bus_voltage"), "power of the first")
        self.wait_for(lambda: self.fresh(two, "comms.recorder_fill"), "comms of the second")
        self.assertEqual(one.subsystem("comms")["samples"], 0)
        self.assertEqual(two.subsystem("power")["samples"], 0)
        self.assertEqual(up.stop(), 0)
        self.wait_for(lambda: self.fresh(one, "power.bus_voltage"), "power after the other's end")


if __name__ == "__main__":
    unittest.main()
