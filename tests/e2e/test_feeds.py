# SPDX-License-Identifier: MIT
# timeout: 300
"""The feeds by themselves: command lines, files, finding the receiver, orderly ends."""
import collections
import json
import os
import signal
import struct
import unittest

import watchfloor
from packets import split
from watchfloor import SystemTest


def apid_of(packet):
    return struct.unpack(">H", packet[:2])[0] & 0x7ff


class CommandLines(SystemTest):
    def test_a_wrong_command_line_ends_with_2_and_says_what_was_expected(self):
        system = self.new_system(watchfloor.spacecraft_config())
        to = ["--to", "udp:127.0.0.1:9"]
        cases = [
            ("wf-simulate", ["--to", "carrier-pigeon"], "expected udp:HOST:PORT"),
            ("wf-simulate", ["--to", "udp:127.0.0.1"], "expected HOST:PORT"),
            ("wf-simulate", ["--to", "udp:127.0.0.1:0"], "from 1 to 65535"),
            ("wf-simulate", ["--to", "listener:ghost"], "no listener 'ghost'"),
            ("wf-simulate", ["--to", "file:/nowhere/x.bin", "--for", "1s"], "/nowhere/x.bin"),
            ("wf-simulate", ["--to", "file:" + system.folder + "/x.bin"], "needs --for"),
            ("wf-simulate", to + ["--speed", "1e9"], "between 0 and 3600"),
            ("wf-simulate", to + ["--rate", "power"], "SUBSYSTEM=RATE"),
            ("wf-simulate", to + ["--rate", "warp=9"], "no subsystem 'warp'"),
            ("wf-simulate", to + ["--rate", "power=0,thermal=0,attitude=0,comms=0"],
             "nothing to send"),
            ("wf-simulate", to + ["--sequence", "16384"], "between 0 and 16383"),
            ("wf-simulate", to + ["--fault", "at noon gap power"], "'at'"),
            ("wf-simulate", to + ["--fault", "at 1s gap warp 1s"], "no subsystem 'warp'"),
            ("wf-simulate", to + ["--fault", "at 1s nan power.bus_voltage 1s"], "battery_soc"),
            ("wf-simulate", to + ["--fault", "at 1s gap power 1s", "--fault=at 1s hole power"],
             "'hole' is no fault"),
            ("wf-simulate", to + ["--scenario", "/nowhere.ini"], "/nowhere.ini"),
            ("wf-simulate", to + ["--speeed", "3"], "did you mean --speed"),
            ("wf-hostfeed", to + ["--rate", "11"], "between 0.1 and 10"),
            ("wf-hostfeed", to + ["--rate", "fast"], "--rate"),
            ("wf-hostfeed", to + ["--for", "ever"], "--for"),
            ("wf-hostfeed", ["--to", "listener:"], "listener:NAME"),
        ]
        for name, arguments, want in cases:
            with self.subTest(" ".join([name] + arguments)):
                done = system.attempt(name, *arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(want, done.stderr)

    def test_a_wrong_scenario_is_told_line_by_line_and_nothing_is_sent(self):
        system = self.new_system(watchfloor.spacecraft_config())
        path = os.path.join(system.folder, "wrong.ini")
        with open(path, "w") as file:
            file.write("[simulation]\nspeeed = 3\nspeed = fast\n[rate]\nwarp = 1\n"
                       "[fault a]\nrun = at 1s hole power\n[weather]\nrain = yes\n")
        out = os.path.join(system.folder, "x.bin")
        done = system.attempt("wf-simulate", "--to", "file:" + out, "--for", "1s",
                              "--scenario", path)
        self.assertEqual(done.returncode, 2)
        for line, text in ((2, "did you mean 'speed'"), (3, "speed"), (5, "no subsystem 'warp'"),
                           (7, "'hole' is no fault"), (8, "unknown section [weather]")):
            self.assertRegex(done.stderr, r"wrong\.ini:%d: .*%s" % (line, text.replace("[", r"\[")))
        self.assertFalse(os.path.exists(out))

    def test_the_shipped_scenario_is_found_by_its_bare_name(self):
        system = self.new_system(None)
        out = os.path.join(system.folder, "x.bin")
        system.run("wf-simulate", "--to", "file:" + out, "--for", "1s", "--scenario",
                   "demo-scenario.ini")
        self.assertGreater(os.path.getsize(out), 0)


class Files(SystemTest):
    def simulate(self, system, name, *arguments):
        out = os.path.join(system.folder, name)
        report = out + ".json"
        system.run("wf-simulate", "--to", "file:" + out, "--report", report, *arguments)
        with open(out, "rb") as packets, open(report) as figures:
            return packets.read(), json.load(figures)

    def test_equal_seeds_and_starts_make_equal_files_and_the_report_counts_them(self):
        system = self.new_system(None)
        options = ["--for", "20m", "--start", "2026-11-20T18:00:00Z", "--speed", "20", "--fault",
                   "at 30s gap power 5s", "--fault", "at 60s duplicate all 10s", "--fault",
                   "at 2m flood comms 3s rate 77", "--fault", "at 3m reorder attitude 7s"]
        one, report = self.simulate(system, "one", "--seed", "5", *options)
        two, _ = self.simulate(system, "two", "--seed", "5", *options)
        three, _ = self.simulate(system, "three", "--seed", "6", *options)
        self.assertEqual(one, two)
        self.assertNotEqual(one, three)

        counted = collections.Counter(apid_of(packet) for packet in split(one))
        for name, rate in (("power", 10), ("thermal", 2), ("attitude", 10), ("comms", 1)):
            figures = report["subsystems"][name]
            self.assertEqual(counted[figures["apid"]], figures["sent"], name)
            self.assertEqual(figures["made"], 1200 * rate + figures["flooded"], name)
            self.assertEqual(figures["duplicated"], 10 * rate, name)
            self.assertEqual(figures["sent"],
                             figures["made"] - figures["withheld"] + figures["duplicated"], name)
            self.assertEqual(figures["expected"]["published"],
                             figures["made"] - figures["withheld"], name)
        self.assertEqual(report["subsystems"]["power"]["withheld"], 50)
        self.assertEqual(report["subsystems"]["comms"]["flooded"], 231)
        self.assertEqual(report["subsystems"]["attitude"]["swapped"], 35)
        self.assertEqual(report["datagrams"], sum(counted.values()))
        self.assertEqual(report["failed"], 0)

    def test_the_demonstration_is_interesting_within_its_first_minutes(self):
        system = self.new_system(None)
        packets, report = self.simulate(system, "demo", "--for", "3m", "--scenario",
                                        "demo-scenario.ini")
        power = [one for one in split(packets) if apid_of(one) == 100]
        # Behind header and time: 4 bits mode, regulator, sun; array_voltage; ... bus_voltage.
        sunlit = [bool(one[12] & 0x04) for one in power]
        self.assertTrue(all(sunlit[:250]))
        self.assertIn(False, sunlit[:600]) # the first eclipse within the first minute
        self.assertIn(True, sunlit[sunlit.index(False):]) # and its end
        volts = [(int.from_bytes(one[14:24], "big") >> 80 - 72 & 0xfff) * 0.01 for one in power]
        above = [volt >= 33 for volt in volts]
        self.assertIn(True, above[:300])
        self.assertFalse(any(above[300:1200])) # a violation that comes and goes
        self.assertEqual(report["subsystems"]["attitude"]["withheld"], 30)
        self.assertGreater(report["subsystems"]["attitude"]["nan"], 0)
        self.assertGreater(report["subsystems"]["thermal"]["frozen"], 0)
        self.assertGreater(report["subsystems"]["power"]["swapped"], 0)
        self.assertGreater(report["subsystems"]["power"]["duplicated"], 0)

    def test_a_full_disk_is_said_and_ends_with_2(self):
        if not os.path.exists("/dev/full"):
            raise unittest.SkipTest("no /dev/full here")
        done = self.new_system(None).attempt("wf-simulate", "--to", "file:/dev/full", "--for", "1h")
        self.assertEqual(done.returncode, 2)
        self.assertIn("could not be written whole", done.stderr)

    def test_hostfeed_writes_three_packets_a_period(self):
        system = self.new_system(None)
        out = os.path.join(system.folder, "host.bin")
        system.run("wf-hostfeed", "--to", "file:" + out, "--rate", "10", "--for", "2s")
        with open(out, "rb") as file:
            counted = collections.Counter(apid_of(one) for one in split(file.read()))
        self.assertEqual(set(counted), {200, 201, 202})
        self.assertEqual(len(set(counted.values())), 1)
        self.assertGreater(counted[200], 5)

    def test_without_proc_hostfeed_says_so_once_and_goes_on(self):
        system = self.new_system(None)
        out = os.path.join(system.folder, "host.bin")
        done = system.attempt("wf-hostfeed", "--to", "file:" + out, "--rate", "10", "--for", "1s",
                          "--root", system.folder)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stderr.count("is /proc mounted"), 1)
        self.assertEqual(os.path.getsize(out), 0)


class Finding(SystemTest):
    def test_a_feed_alone_sends_into_the_void_and_ends_in_order(self):
        system = self.new_system(None)
        report = os.path.join(system.folder, "report.json")
        system.run("wf-simulate", "--to", "udp:127.0.0.1:9", "--for", "1s", "--report", report)
        with open(report) as file:
            figures = json.load(file)
        self.assertEqual(figures["subsystems"]["power"]["sent"], 10)
        self.assertEqual(figures["failed"], 0)

    def test_a_feed_waits_for_a_receiver_that_starts_later(self):
        watchfloor.need("wf-receiver")
        system = self.new_system(watchfloor.spacecraft_config())
        feed = system.launch("wf-simulate", "--to", "listener", "--for", "2s")
        feed.wait_for_text("looking for listener 'spacecraft'")
        self.assertNotIn("sending", feed.err())
        system.receiver()
        feed.wait_for_text("sending 4 subsystems")
        self.assertEqual(feed.wait(), 0)

    def test_a_feed_follows_a_receiver_to_its_new_port(self):
        watchfloor.need("wf-receiver")
        system = self.new_system(watchfloor.spacecraft_config())
        receiver = system.receiver()
        place = system.place("spacecraft")
        feed = system.launch("wf-simulate", "--to", "listener")
        feed.wait_for_text("at %s:%d" % place)
        receiver.send_signal(signal.SIGKILL)
        receiver.wait()
        system.receiver()
        place = system.place("spacecraft")
        feed.wait_for_text("at %s:%d" % place)
        self.assertEqual(feed.stop(), 0)

    def test_term_and_int_end_a_feed_in_order_with_its_report(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            system = self.new_system(None)
            report = os.path.join(system.folder, "report.json")
            feed = system.launch("wf-simulate", "--to", "udp:127.0.0.1:9", "--report", report)
            feed.wait_for_text("sending 4 subsystems")
            feed.send_signal(number)
            self.assertEqual(feed.wait(), 0)
            with open(report) as file:
                self.assertIn("power", json.load(file)["subsystems"])

    def test_ipv6_is_an_address_too(self):
        system = self.new_system(None)
        done = system.attempt("wf-simulate", "--to", "udp:[::1]:9", "--for", "300ms")
        if "refused" in done.stderr and " 0 refused" not in done.stderr:
            raise unittest.SkipTest("no IPv6 loopback here")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("[::1]:9", done.stderr)


if __name__ == "__main__":
    unittest.main()
