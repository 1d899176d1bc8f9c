# SPDX-License-Identifier: MIT
# label: full
"""wf get, wf status and wf clean on a receiver that is fed by hand."""
import csv
import grp
import io
import json
import os
import pwd
import signal
import struct
import subprocess
import time
import unittest

import watchfloor
from packets import packet, send_udp

SCHEMA = """
[subsystem]
title  = Odd things
apid   = 77
period = 1s
stale_after = 10m

[parameter big]
bits = 64
unit = counts

[parameter level]
bits = 16
unit = V
polynomial = 0 0.5
hi   = 100

[parameter ratio]
type = float
bits = 64

[parameter mode]
bits = 8
enumeration = modes

[parameter cells]
bits  = 8
count = 3

[parameter text]
type = string
size = 6

[enumeration modes]
0 = OFF
1 = "ON", really
"""

QUIET = """
[subsystem]
apid = 78
[parameter x]
"""


def odd(big=2**64 - 1, level=56, ratio=float("nan"), mode=1, cells=(1, 2, 3), text=b'a"\xff\x1bz'):
    return struct.pack(">QHdB3B6s", big, level, ratio, mode, *cells, text)


class Look(watchfloor.SystemTest):
    def start(self):
        system = self.new_system("[listener in]\nhost = 127.0.0.1\nport = 0\n",
                                 {"odd": SCHEMA, "quiet": QUIET})
        self.receiver = system.receiver()
        return system

    def send(self, system, *packets):
        send_udp(system.place("in"), packets)

    def received(self, system, count=1):
        def look():
            return [one for one in system.status()["subsystems"]
                    if one["name"] == "odd" and one["samples"] >= count]
        return self.wait_for(look, "%d samples of odd" % count)[0]


class Get(Look):
    def test_json_is_exact_and_complete(self):
        system = self.start()
        before = time.time()
        self.send(system, packet(77, 0, odd()))
        self.received(system)
        got = system.get("odd")
        self.assertEqual(list(got), ["odd.big", "odd.level", "odd.ratio", "odd.mode",
                                     "odd.cells[0]", "odd.cells[1]", "odd.cells[2]", "odd.text"])
        self.assertEqual(got["odd.big"]["value"], 2**64 - 1)
        self.assertEqual(got["odd.big"]["raw"], 2**64 - 1)
        self.assertEqual(got["odd.big"]["unit"], "counts")
        self.assertEqual((got["odd.level"]["value"], got["odd.level"]["raw"]), (28.0, 56))
        self.assertEqual((got["odd.ratio"]["value"], got["odd.ratio"]["quality"]),
                         ("NaN", "INVALID"))
        self.assertEqual((got["odd.mode"]["value"], got["odd.mode"]["raw"]), ('"ON", really', 1))
        self.assertEqual(got["odd.cells[2]"]["value"], 3)
        self.assertEqual(got["odd.text"]["value"], 'a"\ufffd\x1bz')
        one = got["odd.level"]
        self.assertEqual(set(one), {"name", "value", "raw", "unit", "quality", "device_time",
                                    "receive_time", "age_s", "severity"})
        self.assertEqual((one["quality"], one["severity"]), ("VALID", 0))
        self.assertRegex(one["receive_time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertLess(one["age_s"], time.time() - before + 1)

    def test_severity_follows_the_limits(self):
        system = self.start()
        self.send(system, packet(77, 0, odd(level=200)))
        self.received(system)
        self.assertGreater(system.get("odd.level")["odd.level"]["severity"], 0)

    def test_csv_quotes_what_it_must(self):
        system = self.start()
        self.send(system, packet(77, 0, odd(text=b"a,b")))
        self.received(system)
        rows = list(csv.DictReader(io.StringIO(system.run("wf", "get", "--csv", "odd"))))
        values = {row["name"]: row for row in rows}
        self.assertEqual(values["odd.text"]["value"], "a,b")
        self.assertEqual(values["odd.mode"]["value"], '"ON", really')
        self.assertEqual(values["odd.big"]["raw"], str(2**64 - 1))

    def test_the_table_shows_no_control_bytes(self):
        system = self.start()
        self.send(system, packet(77, 0, odd()))
        self.received(system)
        text = system.run("wf", "get", "odd")
        self.assertNotIn("\x1b", text)
        self.assertIn("28", text)
        self.assertIn("56", system.run("wf", "get", "odd.level", "--raw"))

    def test_never_received_and_not_found_are_1(self):
        done = self.new_system(None).attempt("wf", "get", "any.thing", "--json")
        self.assertEqual((done.returncode, json.loads(done.stdout)), (1, []))
        self.assertIn("is the system running?", done.stderr)
        system = self.start()
        done = system.attempt("wf", "get", "quiet", "--json")
        self.assertEqual(done.returncode, 1)
        one = json.loads(done.stdout)[0]
        self.assertEqual((one["name"], one["value"], one["quality"], one["age_s"]),
                         ("quiet.x", None, "NEVER", None))
        done = system.attempt("wf", "get", "nonsense", "--json")
        self.assertEqual((done.returncode, json.loads(done.stdout)), (1, []))
        self.assertIn("nonsense", done.stderr)
        self.assertEqual(system.attempt("wf", "get", "--nonsense").returncode, 2)

    def test_rows_of_a_table_are_named_by_their_key(self):
        system = self.start()
        self.send(system, packet(77, 0, odd()))
        self.received(system)
        got = self.wait_for(lambda: system.get("wf.subsystems.samples"), "rows")
        self.assertIn("wf.subsystems.samples[odd]", got)

    def test_watching_shows_each_new_sample_until_told_to_stop(self):
        system = self.start()
        self.send(system, packet(77, 0, odd(big=1)))
        self.received(system)
        watching = system.launch("wf-get", "odd.big", "--watch", "--json")
        watching.wait_for_text('"value": 1,')
        self.send(system, packet(77, 1, odd(big=2)))
        watching.wait_for_text('"value": 2,')
        self.assertEqual(watching.stop(), 0)
        for line in watching.out().splitlines():
            self.assertEqual(json.loads(line)["name"], "odd.big")


class Permissions(Look):
    def as_nobody(self, system, *arguments):
        def drop():
            os.setgid(65534)
            os.setgroups([])
            os.setuid(65534)
        return subprocess.run([watchfloor.program("wf"), *arguments], env=system.env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, preexec_fn=drop, text=True, timeout=60)

    def test_who_may_not_read_is_told_who_may(self):
        if os.geteuid() != 0:
            self.skipTest("only root can become somebody else")
        system = self.start()
        os.chmod(system.folder, 0o755)
        for path in (watchfloor.program("wf"), system.folder):
            watchfloor.need_open_to_others(path)
        group = grp.getgrgid(os.getegid()).gr_name
        who = "not permitted; user %s and members of group %s are (usermod -aG %s %s makes you one)" % (
            pwd.getpwuid(os.geteuid()).pw_name, group, group, pwd.getpwuid(65534).pw_name)
        for arguments in (("get",), ("get", "odd.level"), ("status",), ("status", "--json"),
                          ("console", "--once")):
            done = self.as_nobody(system, *arguments)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(who, done.stdout + done.stderr)
            self.assertNotIn("is the system running", done.stderr)
            self.assertNotIn("nothing runs", done.stdout)
            self.assertNotIn("No system runs", done.stdout)
        self.assertIn("not readable", done.stdout)


class Status(Look):
    def test_counters_balance(self):
        system = self.start()
        self.send(system, packet(77, 0, odd()), packet(77, 3, odd()), packet(99, 0, b"??"),
                  packet(2047, 0, b"idle"))
        self.wait_for(lambda: system.status()["receiver"]["packets"] == 4, "four packets")
        status = system.status()
        receiver = status["receiver"]
        self.assertEqual(status["instance"], system.instance)
        self.assertEqual(receiver["packets"], receiver["published"] + receiver["idle"] +
                         sum(receiver["rejected"].values()))
        self.assertEqual(receiver["rejected"]["unknown_apid"], 1)
        self.assertEqual((receiver["datagrams"], receiver["kernel_dropped"]), (4, 0))
        odd_row = system.subsystem("odd")
        self.assertEqual((odd_row["samples"], odd_row["gaps"], odd_row["lost"]), (2, 1, 2))
        for key in ("rate_hz", "age_s", "stale", "duplicates", "out_of_order"):
            self.assertIn(key, odd_row)
        self.assertFalse(odd_row["stale"])

    def test_packets_that_are_not_as_defined_are_told_and_marked(self):
        system = self.start()
        self.send(system, packet(77, 0, odd() + b"more"), packet(77, 1, odd() + b"more"))
        self.received(system, 2)
        found = system.get("odd")
        self.assertEqual({found["odd.big"]["quality"], found["odd.ratio"]["quality"],
                          found["odd.level"]["quality"]}, {"SUSPECT", "INVALID"})
        self.send(system, packet(77, 2, odd()[:10]))
        self.received(system, 3)
        self.assertEqual(system.get("odd.mode")["odd.mode"]["quality"], "ABSENT")
        self.wait_for(lambda: system.subsystem("odd")["long_packets"] == 2 and
                      system.subsystem("odd")["short_packets"] == 1, "the counts")
        shown = system.attempt("wf", "status").stdout
        self.assertIn("odd: 2 packets longer than the schema", shown)
        self.assertIn("odd: 1 packet shorter than the schema", shown)
        said = self.receiver.err()
        self.assertEqual((said.count("longer than its schema"), said.count("ends before")), (1, 1))

    def test_words_agree_with_numbers_and_reals_are_short(self):
        system = self.start()
        self.send(system, packet(77, 0, odd()), packet(77, 2, odd()))
        self.wait_for(lambda: system.status()["receiver"]["gaps"] == 1, "the gap")
        self.assertIn(" 1 gap, 1 packet missing", system.attempt("wf", "status").stdout)
        text = system.attempt("wf", "status", "--json").stdout
        status = json.loads(text)
        self.assertEqual(json.dumps(json.loads(text), indent=1, ensure_ascii=False,
                                    separators=(",", ": ")) + "\n", text)
        self.assertIsInstance(status["receiver"]["drop_rate"], float)

    def test_rejects_show_what_came(self):
        system = self.start()
        self.send(system, packet(99, 5, b"\xca\xfe"))
        self.wait_for(lambda: system.status()["receiver"]["packets"] == 1, "the packet")
        done = system.attempt("wf", "status", "--rejects")
        self.assertIn("unknown_apid", done.stdout)
        self.assertIn("cafe", done.stdout)
        shown = system.run("wf", "status", "--rejects", "--json", status=None)
        rejects = json.loads(shown)["rejects"]
        self.assertEqual((rejects[-1]["apid"], rejects[-1]["sequence"]), (99, 5))

    def test_the_last_sample_of_a_stopped_receiver_invents_no_rate(self):
        system = self.start()
        values = system.status()["receiver"]
        # Just behind a sample, so that the last one comes milliseconds later.
        self.wait_for(lambda: system.status()["receiver"]["uptime"] > values["uptime"], "a sample")
        self.send(system, *(packet(99, number, b"\0") for number in range(20)))
        self.receiver.stop()
        receiver = system.status()["receiver"]
        self.assertLess(receiver["packet_rate"], 41)

    def test_a_stopped_and_a_killed_receiver_are_wrong(self):
        system = self.start()
        self.wait_for(lambda: "source main is silent" in system.status()["problems"],
                      "the silence of a source that never sent")
        self.send(system, packet(77, 0, odd()))
        self.wait_for(lambda: system.attempt("wf", "status").returncode == 0, "all well")
        self.assertTrue(system.status()["ready"])
        self.receiver.stop()
        done = system.attempt("wf", "status")
        self.assertEqual(done.returncode, 1)
        self.assertIn("receiver was stopped", done.stdout)
        self.assertFalse(system.status()["ready"])
        self.receiver = system.receiver()
        self.wait_for(lambda: system.status()["ready"], "ready again")
        self.receiver.send_signal(signal.SIGKILL)
        self.receiver.wait()
        self.wait_for(lambda: "no sign of life" in system.attempt("wf", "status").stdout,
                      "the missing sign of life")

    def test_an_instance_that_never_ran(self):
        system = self.new_system("")
        done = system.attempt("wf", "status", "--json")
        self.assertEqual(done.returncode, 1)
        status = json.loads(done.stdout)
        self.assertEqual((status["ready"], status["subsystems"]), (False, []))
        self.assertIn("wf up", status["problems"][0])


class Clean(Look):
    def test_it_refuses_the_living_and_removes_the_dead(self):
        system = self.start()
        done = system.attempt("wf", "clean")
        self.assertEqual(done.returncode, 1)
        self.assertIn("alive", done.stderr)
        self.assertIn(str(self.receiver.pid), done.stderr)
        before = system.shared_memory()
        self.assertTrue(before)

        self.receiver.send_signal(signal.SIGKILL)
        self.receiver.wait()
        done = system.run("wf", "clean", "--dry-run")
        self.assertEqual(system.shared_memory(), before)
        done = system.run("wf", "clean")
        self.assertEqual(system.shared_memory(), [])
        for name in before:
            self.assertIn(name, done)
        self.assertEqual(system.run("wf", "clean"), "")

    def test_it_finds_the_lease_from_another_state_folder(self):
        system = self.start()
        system.env["WF_STATE"] = os.path.join(system.folder, "elsewhere")
        done = system.attempt("wf", "clean")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)

    def test_damaged_leftovers_go_too(self):
        system = self.new_system("")
        path = "/dev/shm/wf.%s.main.rubbish" % system.instance
        with open(path, "wb") as file:
            file.write(b"rubbish" * 1000)
        with open("/dev/shm/wf.%s.@rubbish" % system.instance, "wb") as file:
            file.write(b"x")
        system.run("wf", "clean")
        self.assertEqual(system.shared_memory(), [])


if __name__ == "__main__":
    unittest.main()
