# SPDX-License-Identifier: MIT
# timeout: 400
"""The whole path: packets to regions to screens and history, every figure balanced."""
import json
import os
import re
import time
import unittest

import watchfloor
from watchfloor import SystemTest

PROGRAMS = ("wf", "wf-up", "wf-receiver", "wf-logger", "wf-get", "wf-status", "wf-query",
            "wf-console", "wf-simulate", "wf-hostfeed")
SPACECRAFT = ("power", "thermal", "attitude", "comms")
HOST = ("host", "host_disk", "host_net")
# Rings that hold the whole run, so that the newest samples can be compared with history.
CONFIG = watchfloor.spacecraft_config("[receiver]\nring_time = 120s\n")


def load_shipped(name):
    with open(os.path.join(watchfloor.SOURCE, "config", name)) as file:
        return file.read()


class Path(SystemTest):
    def setUp(self):
        watchfloor.need(*PROGRAMS)

    def simulate(self, system, *options):
        report = os.path.join(system.folder, "report.json")
        system.run("wf-simulate", "--to", "listener", "--report", report, *options, timeout=120)
        with open(report) as file:
            found = json.load(file)
        self.assertEqual(found["failed"], 0)
        return found

    def wait_for_history(self, system, report, name, parameter):
        """All points of a parameter between the report's times, once all are recorded."""
        one = report["subsystems"][name]

        def look():
            found = system.query("%s.%s" % (name, parameter), *watchfloor.around(one))
            points = found["series"][0]["points"]
            return found if len(points) >= one["expected"]["published"] else None
        found = self.wait_for(look, "every sample of %s in history" % name, every=0.5)
        self.assertEqual(len(found["series"][0]["points"]), one["expected"]["published"], name)
        return found

    def ring(self, system, name):
        return system.peek("ring", "main", name)

    def test_what_is_sent_is_received_shown_and_recorded_without_one_missing(self):
        system = self.new_system(CONFIG)
        up = system.up()
        report = self.simulate(system, "--for", "8s", "--speed", "60", "--fault",
                               "at 3s gap power 1500ms", "--fault", "at 2s duplicate attitude 1s",
                               "--fault", "at 5s corrupt attitude 1s how version")

        def balanced():
            receiver = system.status()["receiver"]
            return (receiver["datagrams"] + receiver["kernel_dropped"] >= report["datagrams"] and
                    receiver)
        receiver = self.wait_for(balanced, "a receiver that has counted every datagram")
        status = system.status()
        receiver = status["receiver"]

        # datagrams offered = received + dropped; packets = published + rejected + idle.
        self.assertEqual(receiver["datagrams"], report["datagrams"])
        self.assertEqual(receiver["kernel_dropped"], 0)
        self.assertEqual(receiver["packets"], receiver["published"] + receiver["idle"] +
                         sum(receiver["rejected"].values()))
        self.assertEqual(receiver["rejected"]["duplicate"], 10)
        self.assertEqual(receiver["rejected"]["bad_version"], 10)
        for name in SPACECRAFT:
            row = system.subsystem(name, status)
            expected = report["subsystems"][name]["expected"]
            self.assertEqual(row["samples"], expected["published"], name)
        self.assertEqual(system.subsystem("power", status)["gaps"], 1)
        self.assertEqual(system.subsystem("attitude", status)["duplicates"], 10)

        # Published = stored + in gap rows, and stored equals published value by value.
        for name, parameter in (("power", "bus_voltage"), ("thermal", "array_temperature"),
                                ("attitude", "quaternion_norm"), ("comms", "recorder_bytes")):
            found = self.wait_for_history(system, report, name, parameter)
            ring = self.ring(system, name)
            points = found["series"][0]["points"]
            self.assertEqual(len(ring), len(points), name)
            for sample, (_, value) in zip(ring, points):
                self.assertEqual(sample["values"][parameter], value, name)
        gaps = [gap for gap in self.wait_for_history(system, report, "power", "mode")["gaps"]
                if gap["subsystem"] == "power"]
        self.assertEqual([gap["lost"] for gap in gaps], [15])
        self.assertEqual(up.stop(), 0)

    def test_current_values_come_with_unit_quality_and_times(self):
        system = self.new_system(CONFIG)
        system.up()
        feed = system.launch("wf-simulate", "--to", "listener", "--fault",
                             "at 1s nan attitude.rate_x")

        def look():
            found = system.get("power.bus_voltage").get("power.bus_voltage")
            return found if found and found["quality"] != "NEVER" else None
        value = self.wait_for(look, "a bus voltage")
        self.assertEqual(value["unit"], "V")
        self.assertEqual(value["quality"], "VALID")
        self.assertTrue(26 < value["value"] < 33, value)
        self.assertAlmostEqual(value["raw"] * 0.01, value["value"], places=9)
        for key in ("device_time", "receive_time"):
            self.assertRegex(value[key], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6,9}Z$")
        self.assertLess(value["age_s"], 10)
        self.assertEqual(value["severity"], 0)

        self.assertEqual(system.value("power.mode"), "NOMINAL")
        cycles = system.value("attitude.control_cycles")
        self.assertGreaterEqual(int(cycles), 218 * 86400 * 8)
        bad = self.wait_for(lambda: self.invalid(system, "attitude.rate_x"), "an invalid rate")
        self.assertEqual(bad["value"], "NaN")
        csv_text = system.run("wf", "get", "--csv", "power.bus_voltage")
        self.assertEqual(csv_text.splitlines()[0].split(",")[:3], ["name", "value", "raw"])

        # The source goes silent: the value stays and says that it is old.
        self.assertEqual(feed.stop(), 0)
        stale = self.wait_for(lambda: self.with_quality(system, "power.bus_voltage", "STALE"),
                              "a stale bus voltage")
        self.assertGreater(stale["age_s"], 2)

    def invalid(self, system, name):
        return self.with_quality(system, name, "INVALID")

    def with_quality(self, system, name, quality):
        one = system.get(name)[name]
        return one if one["quality"] == quality else None

    def test_the_demonstration_lives_and_stops_by_itself(self):
        system = self.new_system(None)
        begun = time.monotonic()
        up = system.launch("wf", "up", "--demo", "--for", "20s")
        up.wait_for_text("ready")
        self.wait_for(lambda: {"power.bus_voltage", "host.uptime"} <=
                      set(system.get("power.bus_voltage", "host.uptime")) and
                      system.get("host.uptime")["host.uptime"]["quality"] == "VALID" and
                      system.get("power.bus_voltage")["power.bus_voltage"]["quality"] == "VALID",
                      "values of machine and spacecraft")
        names = {one["name"] for one in system.status()["subsystems"]}
        self.assertLessEqual(set(SPACECRAFT + HOST), names)
        for name in ("receiver", "logger", "hostfeed", "simulate"):
            self.assertEqual(system.process_status(name)["state"], "running", name)
        screen = system.run("wf", "console", "--once", "--size", "120x40")
        for name in SPACECRAFT + HOST:
            self.assertRegex(screen, r"\b%s\b" % name)
        self.assertNotIn("\x1b", screen)
        rows = self.wait_for(lambda: system.query("host.load_1", "--from", "now-1m", "--to", "now")
                             ["series"][0]["points"], "the machine's load in history")
        self.assertTrue(all(re.match(r"\d{4}-", when) for when, _ in rows))
        self.assertEqual(up.wait(), 0, up.err())
        self.assertLess(time.monotonic() - begun, 20 + watchfloor.PATIENCE_S)
        self.assertEqual(system.own_pids(), [])

    def test_a_limit_violation_comes_and_goes(self):
        system = self.new_system(CONFIG)
        system.up()
        system.launch("wf-simulate", "--to", "listener", "--fault",
                     "at 2s ramp power.bus_voltage 6s to 34")
        self.wait_for(lambda: system.get("power.bus_voltage")["power.bus_voltage"]["severity"] == 2,
                      "a warning")
        self.wait_for(lambda: system.get("power.bus_voltage")["power.bus_voltage"]["severity"] == 0,
                      "its end")


if __name__ == "__main__":
    unittest.main()
