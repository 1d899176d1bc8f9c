# SPDX-License-Identifier: MIT
# timeout: 300
"""Every fault of the simulator, through a real receiver: the exact effect, and nothing else."""
import json
import os
import unittest

import watchfloor
from watchfloor import SystemTest

# Rings that hold a whole run, and a receiver that loses nothing.
CONFIG = watchfloor.spacecraft_config("[receiver]\nring_time = 300s\n")
REJECTS = ("truncated", "bad_version", "bad_type", "unknown_apid", "bad_length", "duplicate")


class Faults(SystemTest):
    def run_with(self, *options, run_for="4s"):
        """Simulate at 50 Hz each, and wait until the receiver has counted it all."""
        watchfloor.need("wf-receiver", "test-peek")
        self.sys = self.new_system(CONFIG)
        self.sys.receiver()
        report = os.path.join(self.sys.folder, "report.json")
        self.sys.run("wf-simulate", "--to", "listener", "--for", run_for, "--report", report,
                     "--rate", "power=50,thermal=50,attitude=50,comms=50", *options)
        with open(report) as file:
            self.report = json.load(file)
        self.assertEqual(self.report["failed"], 0)
        self.counters = self.wait_for(self.balanced, "a receiver that has counted every packet")
        self.rows = {row["name"]: row for row in self.peek("rows", "wf", "subsystems")}

    def peek(self, *arguments):
        return self.sys.peek(*arguments)

    def balanced(self):
        counters = self.peek("sample", "wf", "receiver")["values"]
        if counters["datagrams"] + counters["kernel_dropped"] != self.report["datagrams"]:
            return None
        rows = self.peek("rows", "wf", "subsystems")
        return counters if sum(row["samples"] for row in rows) == counters["published"] else None

    def ring(self, name):
        return self.peek("ring", "main", name)

    def check_balance(self):
        """Everything the report expects, and the equations of every receiver."""
        self.assertEqual(self.counters["kernel_dropped"], 0)
        # "Found" is what framing made of the datagrams; what it could not is rejected as well.
        self.assertEqual(self.counters["published"] + self.counters["rejected"],
                         self.report["datagrams"])
        for reason in REJECTS:
            self.assertEqual(
                self.counters["rejected_" + reason],
                sum(one["expected"]["rejected"][reason]
                    for one in self.report["subsystems"].values()), reason)
        for name, one in self.report["subsystems"].items():
            row = self.rows[name]
            self.assertEqual(row["samples"], one["expected"]["published"], name)
            self.assertEqual(row["lost"], one["expected"]["lost"], name)
            self.assertEqual(row["out_of_order"], one["expected"]["out_of_order"], name)
            self.assertEqual(row["duplicates"], one["expected"]["rejected"]["duplicate"], name)
            self.assertEqual(row["restarts"], 0, name)

    def test_without_faults_everything_arrives_over_the_wrap_of_the_count(self):
        self.run_with("--sequence", "16300")
        self.check_balance()
        for name in ("power", "thermal", "attitude", "comms"):
            self.assertEqual(self.rows[name]["samples"], 200)
            self.assertEqual(self.rows[name]["gaps"], 0)
        sequences = [one["sequence"] & 0x3fff for one in self.ring("power")]
        self.assertEqual(sequences, [(16300 + i) % 16384 for i in range(200)])

    def test_gap_duplicate_and_reorder(self):
        self.run_with("--fault", "at 1s gap power 1s", "--fault", "at 1s duplicate thermal 1s",
                      "--fault", "at 1s reorder attitude 1s")
        self.check_balance()
        self.assertEqual((self.rows["power"]["gaps"], self.rows["power"]["lost"]), (1, 50))
        self.assertEqual(self.rows["thermal"]["duplicates"], 50)
        self.assertEqual(self.rows["attitude"]["out_of_order"], 25)
        self.assertEqual(self.rows["comms"]["gaps"], 0)
        lost_before = [one["lost_before"] for one in self.ring("power")]
        self.assertEqual([lost for lost in lost_before if lost], [50])
        self.assertEqual(lost_before.index(50), 50)

    def test_corrupt_packets_are_rejected_for_what_is_wrong_with_them(self):
        self.run_with("--fault", "at 1s corrupt power 2s", "--fault", "at 1s corrupt comms 1s how bits")
        self.check_balance()
        self.assertEqual(sum(self.report["subsystems"]["power"]["damaged"].values()), 100)
        self.assertEqual(self.report["subsystems"]["comms"]["damaged"]["bits"], 50)
        self.assertEqual(self.rows["comms"]["samples"], 200)
        self.assertEqual(self.rows["comms"]["gaps"], 0)

    def test_a_flood_is_received_whole(self):
        self.run_with("--fault", "at 1s flood comms 1s rate 5000")
        self.check_balance()
        self.assertEqual(self.rows["comms"]["samples"], 5200)

    def test_freeze_nan_and_clock_jump_change_values_and_times_only(self):
        self.run_with("--fault", "at 1s freeze power 1s", "--fault", "at 1s nan attitude.rate_x 1s",
                      "--fault", "at 1s clock-jump comms 1s by -1h", "--speed", "100")
        self.check_balance()
        power = self.ring("power")
        frozen = {json.dumps(one["values"]) for one in power[49:100]}
        self.assertEqual(len(frozen), 1)
        self.assertGreater(len({json.dumps(one["values"]) for one in power}), 140)
        self.assertTrue(all(a["device_ns"] < b["device_ns"] for a, b in zip(power, power[1:])))

        for index, one in enumerate(self.ring("attitude")):
            bad = 50 <= index < 100
            self.assertEqual(one["qualities"].get("rate_x") == "INVALID", bad, index)
            self.assertEqual(one["values"]["rate_x"] == "NaN", bad, index)
            # What is derived from it is not known either; its neighbours are.
            self.assertEqual("rate_total" in one["qualities"], bad, index)
            self.assertNotIn("rate_y", one["qualities"])

        comms = self.ring("comms")
        start = comms[0]["device_ns"]
        for index, one in enumerate(comms):
            off = -3600e9 if 50 <= index < 100 else 0
            self.assertAlmostEqual(one["device_ns"] - start, index * 20e6 + off, delta=40e3)

    def test_a_ramp_passes_the_limit_and_returns(self):
        self.run_with("--fault", "at 1s ramp power.bus_voltage 2s to 35")
        self.check_balance()
        volts = [one["values"]["bus_voltage"] for one in self.ring("power")]
        self.assertTrue(all(volt < 33 for volt in volts[:50] + volts[151:]))
        self.assertAlmostEqual(max(volts), 35.0, delta=0.01)
        self.assertAlmostEqual(volts[100], 35.0, delta=0.01)
        rising = volts[52:88]
        self.assertTrue(all(b > a - 0.02 for a, b in zip(rising, rising[1:])))


if __name__ == "__main__":
    unittest.main()
