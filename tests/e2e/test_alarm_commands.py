# SPDX-License-Identifier: MIT
# timeout: 400
"""What an operator types: every alarm command against a running alarm monitor, and without one."""
import csv
import io
import json
import os
import select
import subprocess
import unittest

import watchfloor
from alertcase import AlertCase, struct, wait_for
from terminal import open_pty

LIMIT = "main.power.volts LIMIT"


class Commands(AlertCase):
    def wf(self, command, *args, status=0):
        """stdout, stderr of `wf COMMAND`; the exit status must be `status`."""
        done = subprocess.run([self.system.program("wf-" + command), *args],
                              env=self.system.env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120)
        out, err = done.stdout.decode(), done.stderr.decode()
        if status is not None:
            self.assertEqual(done.returncode, status, "wf %s %s\n%s\n%s" % (command, args, out, err))
        return out, err

    def json(self, command, *args, status=0):
        return json.loads(self.wf(command, "--json", *args, status=status)[0])

    def listed(self, *args):
        return {row["alarm"]: row for row in self.json("alarms", *args, status=None)["alarms"]
                if row["source"] == "main"}

    def start_quiet(self):
        """With nothing of the monitor's own in the list."""
        self.start()
        self.wf("ack", "wf.*", "--all", status=None)


class Lists(Commands):
    def test_the_list_shows_what_has_to_be_looked_at_and_counts_all_that_is_hidden(self):
        self.start()
        self.power(28)
        self.assertEqual(self.listed(), {})
        self.power(31)
        self.power(35, mode=2)
        rows = self.listed()
        self.assertEqual(set(rows), {LIMIT, "main.power.mode STATES"})
        row = rows[LIMIT]
        self.assertEqual((row["state"], row["severity"], row["level"], row["value"], row["limit"],
                          row["value_text"], row["guidance"], row["title"], row["count"]),
                         ("ACTIVE_UNACK", 4, "hihi", 35.0, 34.0, "35 V", "Shed load B.", "Main bus", 2))
        out, _ = self.wf("alarms", status=1)
        self.assertIn("power.volts LIMIT", out)
        self.assertNotIn("main.power", out)
        self.assertIn("^ hihi 34", out)
        self.assertRegex(out.splitlines()[0], r"alarms: critical 1.*shelved 0  suppressed 0  out of service 0")
        self.wf("shelve", LIMIT, "--why", "test")
        self.assertEqual(set(self.listed()), {"main.power.mode STATES"})
        self.assertRegex(self.wf("alarms", status=1)[0].splitlines()[0], "shelved 1")

    def test_each_list_has_its_alarms(self):
        self.start()
        self.power(31, mode=2)
        self.power(33, mode=1)
        hot = "main.power.hot RULE"
        self.assertEqual(set(self.listed("--unacknowledged")), set(self.listed()))
        self.wf("ack", "power.volts")
        self.assertEqual(set(self.listed("--acknowledged")), {LIMIT})
        self.assertNotIn(LIMIT, self.listed("--unacknowledged"))
        self.wf("shelve", hot, "--for", "1h", "--why", "test")
        self.assertEqual(set(self.listed("--shelved")), {hot})
        self.wf("service", "power.volts", "LIMIT", "out", "--why", "broken")
        self.assertEqual(set(self.listed("--out-of-service")), {LIMIT})
        self.assertEqual(self.listed("--suppressed"), {})
        self.assertEqual(self.listed("--pending"), {})
        self.assertIn("main.power GAP", self.listed("--all"))
        self.assertIn(hot, self.listed("--all"))
        _, err = self.wf("alarms", "--shelved", "--all", status=2)
        self.assertIn("one list at a time", err)

    def test_filters_by_name_severity_and_text(self):
        self.start()
        self.power(31, mode=2)
        mode = "main.power.mode STATES"
        self.assertEqual(set(self.listed("power.volts")), {LIMIT})
        self.assertEqual(set(self.listed("POWER.V* limit")), {LIMIT})
        self.assertEqual(set(self.listed("power")), {LIMIT, mode})
        self.assertEqual(set(self.listed("power.volts", "power.mode", "STATES")), {LIMIT, mode})
        self.assertEqual(set(self.listed("thermal")), set())
        self.assertEqual(set(self.listed("--severity", "3")), {mode})
        self.assertEqual(set(self.listed("--severity", "distress")), {mode})
        self.assertEqual(set(self.listed("--text", "LOAD b")), {LIMIT})
        self.assertIn("--severity", self.wf("alarms", "--severity", "loud", status=2)[1])
        self.assertEqual(set(self.listed("--monitor", "main")), {LIMIT, mode})
        self.assertIn("no alarm monitor 'other'", self.wf("alarms", "--monitor", "other", status=2)[1])

    def test_csv_has_one_row_for_each(self):
        self.start()
        self.power(31)
        self.wf("ack", "power.volts", "--note", 'a "quoted", note')
        rows = list(csv.DictReader(io.StringIO(self.wf("alarms", "--csv", "power", status=None)[0])))
        self.assertEqual([(row["alarm"], row["limit"], row["note"]) for row in rows],
                         [(LIMIT, "30", 'a "quoted", note')])
        self.assertIn("not both", self.wf("alarms", "--csv", "--json", status=2)[1])

    def test_watching_shows_each_change(self):
        self.start_quiet()
        watch = subprocess.Popen([self.system.program("wf-alarms"), "--watch", "--json", "power"],
                                 env=self.system.env, stdout=subprocess.PIPE)
        try:
            self.assertEqual(json.loads(watch.stdout.readline())["alarms"], [])
            self.power(31)
            states = []
            while not states or states[-1] != ["ACTIVE_UNACK"]:
                states.append([row["state"] for row in json.loads(watch.stdout.readline())["alarms"]])
            self.wf("ack", "power.volts")
            while states[-1] != ["ACTIVE_ACK"]:
                states.append([row["state"] for row in json.loads(watch.stdout.readline())["alarms"]])
        finally:
            watch.terminate()
            self.assertEqual(watch.wait(30), 0)
            watch.stdout.close()

    def test_a_terminal_gets_lines_that_fit(self):
        self.start()
        self.power(31)
        ours, theirs = open_pty()
        try:
            import fcntl, struct, termios
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
            done = subprocess.Popen([self.system.program("wf-alarms")], env=self.system.env,
                                    stdout=theirs, stderr=subprocess.DEVNULL)
            self.assertEqual(done.wait(60), 1)
            text = b""
            while select.select([ours], [], [], 0.2)[0]:
                text += os.read(ours, 65536)
        finally:
            os.close(ours)
            os.close(theirs)
        lines = text.decode().splitlines()
        self.assertIn("power.volts LIMIT", text.decode())
        self.assertLessEqual(max(len(line) for line in lines[1:]), 60)

    def test_monitors_are_merged_and_one_can_be_asked_for(self):
        self.write_config("[alert main]\nsubsystems = power\n[alert second]\nsubsystems = power\n")
        self.receiver = self.system.receiver()
        self.address = ("127.0.0.1", self.system.port("here"))
        self.alert = self.monitor("--name", "main")
        self.monitor("--name", "second")
        self.power(31)
        wait_for(lambda: len([row for row in self.json("alarms", "power", status=None)["alarms"]]) == 2,
                 "the alarm of both monitors")
        self.assertIn("MONITOR", self.wf("alarms", "power", status=1)[0])
        self.assertEqual([row["monitor"] for row in
                          self.json("alarms", "--monitor", "second", "power", status=None)["alarms"]],
                         ["second"])
        history = self.json("alarms", "--history", "power")
        self.assertEqual(sorted(entry["monitor"] for entry in history), ["main", "second"])
        self.assertIn("2 alarms", self.wf("ack", "power.volts", status=2)[1])
        self.wf("ack", "power.volts", "--monitor", "second")
        self.assertEqual([row["state"] for row in
                          self.json("alarms", "--monitor", "main", "power", status=None)["alarms"]],
                         ["ACTIVE_UNACK"])


class Acting(Commands):
    def test_acknowledging_takes_exactly_what_was_seen(self):
        self.start()
        self.power(31)
        seen = self.listed()[LIMIT]["seq"]
        self.power(35)                                       # it got worse since
        _, err = self.wf("ack", "power.volts", "--seq", str(seen), status=1)
        self.assertIn("changed", err)
        self.assertIn("WORSEN", err)
        self.assertIn("35 V", err)
        self.assertEqual(self.state(LIMIT), "ACTIVE_UNACK")
        out, _ = self.wf("ack", "power.volts", "--note", "load shed", "--owner", "ben")
        self.assertIn("acknowledged, now ACTIVE_ACK", out)
        self.assertEqual(self.transitions(LIMIT, "event, note")[-1], ("ACK", "@ben: load shed"))
        self.assertIn("--seq", self.wf("ack", "power.volts", "--seq", "many", status=2)[1])

    def test_two_operators_at_once_one_wins_and_the_other_is_told(self):
        self.start()
        for _ in range(5):
            self.power(28, 28)
            self.wf("ack", "power.volts", status=None)
            self.power(31)
            seq = str(self.alarm(LIMIT)["seq"])
            both = [subprocess.Popen([self.system.program("wf-ack"), "power.volts", "--seq", seq,
                                      "--note", who], env=self.system.env,
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                    for who in ("first", "second")]
            told = [one.communicate(timeout=60) for one in both]
            self.assertEqual(sorted(one.returncode for one in both), [0, 1])
            loser = told[0] if both[0].returncode == 1 else told[1]
            self.assertRegex(loser[1].decode(), "changed|nothing to acknowledge")
            self.assertEqual([event for (event,) in self.transitions(LIMIT, "event")].count("ACK"),
                             [event for (event,) in self.transitions(LIMIT, "event")].count("RAISE"))

    def test_a_name_means_the_only_alarm_that_it_can(self):
        self.start()
        self.power(33, mode=2)
        self.power(33, mode=1)
        _, err = self.wf("ack", "power.*", status=2)
        self.assertIn("--all", err)
        self.assertIn("power.volts LIMIT", err)
        self.assertIn("power.mode STATES", err)
        self.wf("ack", "power.volts")
        self.assertIn("nothing to acknowledge", self.wf("ack", "power.volts", status=1)[1])
        out, _ = self.wf("ack", "power.*", "--all", "--note", "all of them")
        self.assertEqual(len(out.splitlines()), 2)
        self.assertEqual({row["state"] for row in self.listed().values()} - {"NORMAL", "ACTIVE_ACK"}, set())
        self.assertIn("there is no alarm 'power.amps'", self.wf("ack", "power.amps", status=2)[1])
        self.assertIn("which alarm?", self.wf("ack", status=2)[1])
        self.assertIn("means", self.wf("explain", "power", status=2)[1])

    def test_shelving_needs_an_end_and_a_reason_and_can_be_taken_back(self):
        self.start()
        self.power(31)
        self.assertIn("--why", self.wf("shelve", "power.volts", status=2)[1])
        self.assertIn("--for", self.wf("shelve", "power.volts", "--why", "x", "--for", "0", status=2)[1])
        self.assertIn("--for", self.wf("shelve", "power.volts", "--why", "x", "--for", "soon", status=2)[1])
        _, err = self.wf("shelve", "power.volts", "--why", "x", "--for", "30d", status=2)
        self.assertIn("shelve", err)
        out, _ = self.wf("shelve", "power.volts", "--why", "valve test", "--for", "20m")
        self.assertRegex(out, r"shelved until 20..-..-..T..:..:..Z")
        row = self.listed("--shelved")[LIMIT]
        self.assertEqual((row["marks"], row["mark_note"]), (["SHELVED"], "valve test"))
        self.assertIn("valve test", self.wf("alarms", "--shelved", status=None)[0])
        self.wf("limits", "power.volts", "hi=31", "--why", "something else")
        self.assertEqual(self.listed("--shelved")[LIMIT]["mark_note"], "valve test")
        self.wf("shelve", "power.volts", "--why", "longer", "--for", "1h")
        self.assertEqual(self.listed("--shelved")[LIMIT]["mark_note"], "longer")
        self.wf("unshelve", "power.volts")
        self.assertIn("not shelved", self.wf("unshelve", LIMIT, status=1)[1])

    def test_service_and_reset_say_what_is_missing(self):
        self.start()
        self.power(31)
        self.assertIn("out or in", self.wf("service", "power.volts", status=2)[1])
        self.assertIn("--why", self.wf("service", "power.volts", "out", status=2)[1])
        out, _ = self.wf("service", "power.volts", "LIMIT", "out", "--why", "sensor")
        self.assertIn("taken out of service", out)
        self.assertIn("already", self.wf("service", LIMIT, "out", "--why", "again", status=1)[1])
        self.wf("service", "power.volts", "in", "--why", "new sensor")
        self.assertEqual(self.listed("--out-of-service"), {})
        self.assertIn("reset", self.wf("reset", LIMIT, status=1)[1])

    def test_limits_are_shown_changed_and_taken_back(self):
        self.start()
        self.power(28)
        self.assertIn("No limits were changed", self.wf("limits")[0])
        out, _ = self.wf("limits", "power.volts")
        self.assertIn("lolo 20  lo 24  hi 30  hihi 34", out)
        self.assertIn("--why", self.wf("limits", "power.volts", "hi=27", status=2)[1])
        for bad in ("hi", "top=3", "hi=much", "hi=nan"):
            self.assertIn("expected", self.wf("limits", "power.volts", bad, "--why", "x", status=2)[1])
        self.assertEqual(self.alarm(LIMIT)["seq"], 0)
        out, _ = self.wf("limits", "power.volts", "hi=27", "lolo=none", "--why", "trial")
        self.assertIn("lo 24  hi 27  hihi 34", out)
        self.assertIn("trial", out)
        self.power(28)
        self.assertEqual(self.state(LIMIT), "ACTIVE_UNACK")
        changed = self.json("limits")
        self.assertEqual((len(changed), changed[0]["alarm"], changed[0]["limits"]["hi"]), (1, LIMIT, 27))
        self.wf("limits", "power.volts", "--revert", "--why", "over")
        self.assertEqual(self.json("limits"), [])
        self.assertIn("power.mode", self.wf("limits", "power.mode", "hi=1", "--why", "x", status=2)[1])

    @unittest.skipUnless(os.geteuid() == 0, "only root can be somebody else")
    def test_who_may_not_is_told_what_is_needed(self):
        watchfloor.need_open_to_others(self.system.program("wf-ack"))
        self.start()
        self.power(31)

        def as_nobody(command, *args):
            done = subprocess.run([self.system.program("wf-" + command), *args], user=65534,
                                  env=self.system.env, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=120)
            return done.returncode, done.stdout.decode(), done.stderr.decode()

        run = os.path.join(self.system.state, "run")
        for folder in (self.system.folder, self.system.state, run):
            os.chmod(folder, 0o755)
        status, _, err = as_nobody("ack", "power.volts")
        self.assertEqual(status, 2, err)
        self.assertIn("ermission denied", err)               # not even let in
        os.chmod(os.path.join(run, "alert-main.sock"), 0o666)
        status, _, err = as_nobody("ack", "power.volts")
        self.assertEqual(status, 2, err)
        self.assertIn("needs the role operator", err)
        status, out, err = as_nobody("limits", "power.volts")
        self.assertEqual(status, 0, err)
        self.assertIn("hi 30", out)
        self.assertEqual(self.state(LIMIT), "ACTIVE_UNACK")

    def test_what_people_write_cannot_draw_on_others_screens(self):
        self.start()
        self.power(31)
        self.wf("ack", "power.volts", "--note", "red \x1b[31m\nnext line")
        for args in (("alarms",), ("alarms", "--history"), ("handover",)):
            out, _ = self.wf(*args, status=None)
            self.assertNotIn("\x1b", out)
            self.assertIn("red ?[31m?next line", out)
        self.assertIn("UTF-8", self.wf("ack", "power.volts", "--note", b"\xff\xfe", status=2)[1])


class Past(Commands):
    def test_history_is_what_happened_and_can_be_narrowed(self):
        self.start()
        self.power(31)
        self.wf("ack", "power.volts", "--note", "mine")
        self.power(28, 28, mode=2)
        events = [(entry["event"], entry["to"]) for entry in self.json("alarms", "--history", LIMIT)]
        self.assertEqual(events, [("RAISE", "ACTIVE_UNACK"), ("ACK", "ACTIVE_ACK"), ("RTN", "NORMAL")])
        self.assertEqual([entry["alarm"] for entry in self.json("alarms", "--history", "power.*")],
                         [LIMIT, LIMIT, "main.power.mode STATES", LIMIT])
        self.assertEqual([entry["event"] for entry in
                          self.json("alarms", "--history", "--limit", "1", LIMIT)], ["RTN"])
        out, err = self.wf("alarms", "--history", "--limit", "2", "power")
        self.assertEqual(len(out.splitlines()), 2)
        self.assertIn("newest 2", err)
        self.assertEqual(self.json("alarms", "--history", "--to", "now-1h"), [])
        self.assertEqual(len(self.json("alarms", "--history", "--from", "now-1h", "--limit", "0", "power")), 4)
        self.assertEqual([entry["event"] for entry in
                          self.json("alarms", "--history", "--text", "MINE")], ["ACK"])
        self.assertEqual([entry["alarm"] for entry in
                          self.json("alarms", "--history", "--severity", "3", "power")],
                         ["main.power.mode STATES"])
        kinds = [entry["kind"] for entry in self.json("alarms", "--history")]
        self.assertIn("started", kinds)
        rows = list(csv.DictReader(io.StringIO(self.wf("alarms", "--history", "--csv", LIMIT)[0])))
        self.assertEqual([row["event"] for row in rows], ["RAISE", "ACK", "RTN"])
        out, _ = self.wf("alarms", "--history", "power.volts")
        self.assertRegex(out.splitlines()[0],
                         r"^20\S+Z  RAISE +ACTIVE_UNACK +warning +power.volts LIMIT  31 V  hi 30$")
        self.assertIn("--from", self.wf("alarms", "--history", "--from", "whenever", status=2)[1])
        self.assertIn("of --history", self.wf("alarms", "--from", "today", status=2)[1])

    def test_explain_is_one_screen_of_everything(self):
        self.start()
        self.power(28, 29, 31)
        self.wf("ack", "power.volts", "--note", "mine")
        self.power(28, 28, 35)
        self.wf("limits", "power.volts", "hihi=36", "--why", "trial")
        out, _ = self.wf("explain", "power.volts")
        for part in ("power.volts LIMIT  -  Main bus", "Shed load B.", "hihi 36", "changed by", "trial",
                     "cleared 2 of 2, hysteresis 0.5", "last samples", "past events", "mine"):
            self.assertIn(part, out)
        self.assertLessEqual(len(out.splitlines()), 45)
        told = self.json("explain", LIMIT)
        self.assertEqual((told["alarm"], told["monitor"], told["limits"]["hihi"], told["configured"]["hihi"]),
                         (LIMIT, "main", 36, 34))
        self.assertGreaterEqual(len(told["past"]), 2)
        self.assertEqual(told["past"][-1]["note"], "mine")

    def test_explain_shows_the_black_box_of_the_last_trip(self):
        self.write_config("[alert main]\nblackbox_after = 0\n")
        self.start()
        self.power(28, 29, 31)
        box = wait_for(lambda: self.json("explain", LIMIT)["black_box"], "the black box")
        values = [sample[3][box["parameters"].index("volts")] for sample in box["samples"]]
        self.assertEqual([round(value) for value in values[:3]], [28, 29, 31])
        self.assertIn("<- trip", self.wf("explain", "power.volts")[0])

    def test_handover_has_what_the_next_shift_must_know(self):
        self.start()
        self.power(31, mode=2)
        self.wf("ack", "power.volts", "--note", "load shed")
        self.wf("shelve", "power.hot", "--for", "2h", "--why", "known")
        self.wf("service", "power.volts", "INVALID", "out", "--why", "sensor")
        self.wf("limits", "power.volts", "lo=23", "--why", "winter")
        told = self.json("handover", status=None)
        names = {key: [row["alarm"] for row in told[key] if row["alarm"].startswith("main.")]
                 for key in ("unacknowledged", "acknowledged", "shelved", "out_of_service", "limits")}
        self.assertEqual(names["shelved"], ["main.power.hot RULE"])
        self.assertEqual(names["out_of_service"], ["main.power.volts INVALID"])
        self.assertEqual(names["limits"], [LIMIT, LIMIT])    # the change, and what is in force
        self.assertIn("main.power.mode STATES", names["unacknowledged"])
        self.assertIn(LIMIT, [row["alarm"] for row in told["alarms"]])
        self.assertIn("started", [row["kind"] for row in told["events"]])
        self.assertIn("no history", told["no_history"])
        out, _ = self.wf("handover", "--since", "now-1h", status=1)
        for part in ("HANDOVER", "power.mode STATES", "known", "sensor", "winter", "load shed", "until 20"):
            self.assertIn(part, out)
        self.assertIn("--since", self.wf("handover", "--since", "soon", status=2)[1])

    def test_handover_has_the_gaps_of_the_data(self):
        self.start()
        self.system.start("wf-logger", "--config", self.system.config_file())
        self.power(25, 25)
        self.sequence[100] += 5                              # five packets never came
        for _ in range(3):
            self.send(struct.pack(">HB", 2500, 1))
        wait_for(lambda: self.head("power") >= 5, "the samples behind the gap")

        def gaps():
            return [gap for gap in self.json("handover", status=None)["gaps"]
                    if (gap["subsystem"], gap["cause"]) == ("power", "sequence_gap")]
        gap = wait_for(gaps, "the gap in history")[0]
        self.assertEqual((gap["times"], gap["lost"]), (1, 5))
        self.assertIn("packets are missing", self.wf("handover", status=None)[0])

    def test_statistics_count_what_was_announced(self):
        self.start()
        for _ in range(4):
            self.power(31)
            self.wf("ack", "power.volts")
            self.power(28, 28)
        told = self.json("alarms", "stats", "power", status=1)   # it chatters
        self.assertEqual((told["alarms"], told["acknowledged"]["count"], told["acknowledged"]["not"]),
                         (4, 4, 0))
        self.assertEqual(told["top"][0]["alarm"], LIMIT)
        self.assertFalse(told["figures"]["chattering"]["met"])
        self.assertTrue(told["figures"]["flood_percent"]["met"])
        out, _ = self.wf("alarms", "stats", "--from", "now-1h", "power", status=1)
        self.assertIn("TOO MUCH", out)
        self.assertIn("ISA-18.2", out)
        self.assertIn("--from", self.wf("alarms", "stats", "--from", "now", "--to", "now-1h", status=2)[1])


class Without(Commands):
    """Nothing runs, or not any more."""

    def test_nothing_ever_ran(self):
        self.assertIn("wf up", self.wf("alarms", status=2)[1])
        for command in (("ack", "x.y"), ("shelve", "x", "--why", "x"), ("unshelve", "x"), ("reset", "x"),
                        ("service", "x", "in", "--why", "x"), ("explain", "x"), ("limits", "x.y")):
            self.assertIn("no alarm monitor runs", self.wf(*command, status=2)[1], command)
        for command in (("alarms", "--history"), ("alarms", "stats"), ("handover",)):
            self.assertIn("no alarm monitor has run", self.wf(*command, status=2)[1], command)
        self.assertEqual(self.json("limits"), [])

    def test_what_is_known_stays_readable_when_the_monitor_stopped(self):
        self.start()
        self.power(31)
        self.stop()
        out, err = self.wf("alarms", status=1)
        self.assertIn("power.volts LIMIT", out)
        self.assertIn("last that is known", err)
        self.assertIn("wf up", self.wf("ack", "power.volts", status=2)[1])
        self.assertEqual(self.json("alarms", "--history", LIMIT)[-1]["event"], "RAISE")
        self.assertIn("not running", self.wf("handover", status=1)[0])

    def test_a_killed_monitor_left_a_socket_that_nobody_answers(self):
        self.start()
        self.power(31)
        self.kill()
        self.assertIn("not running", self.wf("ack", "power.volts", status=2)[1])
        self.assertIn("power.volts", self.wf("alarms", status=1)[0])

    def test_empty_lists_are_said_to_be_empty(self):
        self.start_quiet()
        out, _ = self.wf("alarms", "power", status=None)
        self.assertRegex(out.splitlines()[0], r"^\d+ alarms?")
        self.assertIn("nothing happened", self.wf("alarms", "--history", "thermal")[1])
        self.assertEqual(self.json("alarms", "--history", "thermal"), [])

    def test_every_command_tells_how_it_is_used(self):
        for command in ("alarms", "ack", "shelve", "unshelve", "reset", "service", "limits", "explain",
                        "handover"):
            out, _ = self.wf(command, "--help")
            self.assertIn("Exit status", out)
            self.assertRegex(self.system.run("wf", "help"), r"\n  %s +\w" % command)


if __name__ == "__main__":
    unittest.main()
