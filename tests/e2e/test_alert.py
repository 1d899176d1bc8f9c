# SPDX-License-Identifier: MIT
# timeout: 400
"""The alarm monitor from packets to journal, table and commands."""
import grp
import json
import os
import pwd
import time
import unittest

import watchfloor
from alertcase import CONFIG, POWER, AlertCase, signal, struct, wait_for

LIMIT = "main.power.volts LIMIT"


class Alert(AlertCase):
    # -- the life of an alarm --------------------------------------------------------------------

    def test_a_ramp_through_both_limits_and_back_with_hysteresis(self):
        self.start()
        self.power(28, 30, 33, 34, 35)
        self.power(33.6, 33.5, 33.4, 33.4)   # hihi is left below 33.5, twice in a row
        self.power(29.6, 29.4, 29.4)
        self.assertEqual(self.transitions(LIMIT, "event, to_state, level, severity, highest, shown"), [
            ("RAISE", "ACTIVE_UNACK", "hi", 2, 2, "30 V"),
            ("WORSEN", "ACTIVE_UNACK", "hihi", 4, 4, "34 V"),
            ("EASE", "ACTIVE_UNACK", "hi", 2, 4, "33.4 V"),
            ("RTN", "RTN_UNACK", None, 0, 4, "29.4 V")])
        row = self.rows()[LIMIT]
        self.assertEqual((row["state"], row["highest"], row["level"], row["title"], row["guidance"]),
                         ("RTN_UNACK", 4, "none", "Main bus", "Shed load B."))
        self.do("ack", LIMIT, seq=row["seq"], note="load shed")
        self.assertNotIn(LIMIT, self.rows())
        self.assertEqual(self.transitions(LIMIT, "event, to_state, user, note")[-1],
                         ("ACK", "NORMAL", "root" if os.geteuid() == 0 else self.me(), "load shed"))

    @staticmethod
    def me():
        return pwd.getpwuid(os.geteuid()).pw_name

    def test_states_and_rules_are_alarms_of_their_own(self):
        self.start()
        self.power(33, mode=1)
        self.assertEqual(self.state("main.power.hot RULE"), "ACTIVE_UNACK")
        self.power(33, mode=2)
        self.assertEqual(self.state("main.power.mode STATES"), "ACTIVE_UNACK")
        self.assertEqual(self.transitions("main.power.mode STATES", "event, severity, shown"),
                         [("RAISE", 3, "SAFE")])

    def test_who_comes_second_is_told_what_changed(self):
        self.start()
        self.power(31)
        seq = self.rows()[LIMIT]["seq"]
        self.do("ack", LIMIT, seq=seq, note="first")
        answer = self.refused("BUSY", "ack", alarm=LIMIT, seq=seq, note="second")
        self.assertEqual(answer["changed"]["event"], "ACK")
        self.assertEqual(answer["alarm"]["note"], "first")
        self.power(35)
        answer = self.refused("BUSY", "ack", alarm=LIMIT, seq=seq + 1)
        self.assertEqual((answer["changed"]["event"], answer["alarm"]["state"]),
                         ("WORSEN", "ACTIVE_UNACK"))

    def test_shelving_ends_by_itself_and_presents_what_is_active(self):
        self.start()
        self.power(31)
        alarm = self.do("shelve", LIMIT, for_s=0.7, note="valve test")
        self.assertEqual((alarm["marks"], alarm["mark_note"], alarm["shown"]),
                         (["SHELVED"], "valve test", False))
        self.assertTrue(self.rows()[LIMIT]["shelved"])
        wait_for(lambda: self.alarm(LIMIT)["marks"] == [], "the end of the shelf")
        self.assertEqual(self.transitions(LIMIT, "event, marks")[-2:],
                         [("MARK", "SHELVED"), ("REPRESENT", "")])
        self.refused("LIMIT", "shelve", alarm=LIMIT, for_s=9 * 3600)
        self.refused("INVALID", "unshelve", alarm=LIMIT)

    def test_out_of_service_is_not_judged(self):
        self.start()
        self.do("service", LIMIT, out=True, note="sensor is replaced")
        self.power(35)
        self.assertEqual(self.state(LIMIT), "NORMAL")
        self.do("service", LIMIT, out=False)
        self.power(35)
        self.assertEqual(self.state(LIMIT), "ACTIVE_UNACK")

    def test_names_may_be_short_where_they_mean_one_alarm(self):
        self.start()
        self.power(31)
        self.assertEqual(self.do("ack", "POWER.volts limit", seq=self.alarm(LIMIT)["seq"])["alarm"],
                         LIMIT)
        self.assertEqual(self.do("shelve", "power.volts", for_s=60)["alarm"], LIMIT)
        answer = self.refused("INVALID", "explain", alarm="power.mode")
        self.assertIn("main.power.mode STATES", answer["candidates"])
        self.refused("ABSENT", "ack", alarm="power.nothing", seq=1)
        self.refused("INVALID", "ack", alarm=LIMIT)
        self.refused("INVALID", "dance", alarm=LIMIT)

    def test_many_are_acknowledged_at_once(self):
        self.start()
        self.power(33, mode=2)
        self.power(33, mode=1)
        listed = [one for one in self.ask(do="list")["alarms"] if one["shown"]]
        self.assertGreater(len(listed), 1)
        asked = [{"alarm": one["alarm"], "seq": one["seq"]} for one in listed]
        asked.append({"alarm": "main.nothing LIMIT", "seq": 1})
        results = self.ask(do="ack", alarms=asked, note="all of them")["results"]
        self.assertEqual([one["ok"] for one in results], [True] * len(listed) + [False])
        self.assertEqual(results[-1]["code"], "ABSENT")
        self.assertTrue(all(one["alarm"]["note"] == "all of them" for one in results[:-1]))

    # -- limits ----------------------------------------------------------------------------------

    def test_limits_are_changed_kept_over_a_restart_and_taken_back(self):
        self.start()
        self.power(28)
        answer = self.ask(do="limits", alarm=LIMIT, limits={"hi": 27, "hihi": 34}, note="trial")
        self.assertEqual(answer["limits"], {"hi": 27.0, "hihi": 34.0})
        self.power(28)
        self.assertEqual(self.state(LIMIT), "ACTIVE_UNACK")
        row = wait_for(lambda: self.rows("limits", "name").get("main.power.volts"), "limits")
        self.assertEqual((row["hi"], row["present"], bool(row["user"])), (27, 0b1100, True))
        self.stop()
        self.alert = self.monitor()
        self.assertEqual(self.state(LIMIT), "ACTIVE_UNACK")
        explained = self.ask(do="explain", alarm=LIMIT)["explain"]
        self.assertEqual((explained["limits"]["hi"], explained["configured"]["hi"]), (27, 30))
        self.assertIsNotNone(explained["changed_by"])
        self.assertEqual(self.ask(do="revert", alarm=LIMIT)["limits"]["hi"], 30)
        self.power(28, 28)
        self.assertEqual(self.state(LIMIT), "NORMAL")
        wait_for(lambda: self.rows("limits", "name") == {}, "no limits but the schema's")
        changes = [json.loads(text) for (text,) in self.journal("SELECT change FROM limit_changes")]
        self.assertEqual([(one["old"]["hi"], one["new"]["hi"]) for one in changes],
                         [(30, 27), (27, 30)])

    def test_limits_that_make_no_sense_change_nothing(self):
        self.start()
        for limits in ({"hi": 20, "lo": 30}, {"hi": "much"}, {}, {"top": 3}, {"hi": None}, 7):
            self.refused("INVALID", "limits", alarm=LIMIT, limits=limits)
        self.refused("INVALID", "limits", alarm="main.power.mode STATES", limits={"hi": 2})
        self.refused("INVALID", "revert", alarm=LIMIT)
        self.assertEqual(self.journal("SELECT count(*) FROM limit_changes"), [(0,)])

    # -- restarts --------------------------------------------------------------------------------

    def test_a_restart_restores_everything(self):
        self.system.write_schema("power", POWER.replace("clear = 2 of 2", "clear = 3 of 3"))
        self.start()
        self.power(31, mode=2)
        self.do("ack", "power.mode STATES", seq=self.alarm("main.power.mode STATES")["seq"])
        self.do("shelve", "main.power.volts INVALID", for_s=600, note="why")
        self.power(29, 29, mode=2)          # two of the three that clear it
        before = self.ask(do="list", all=True)["alarms"]
        self.kill()
        self.alert = self.monitor()
        after = self.ask(do="list", all=True)["alarms"]
        for one, other in zip(before, after):
            self.assertEqual(one, other)
        self.power(29, mode=2)
        self.assertEqual(self.state(LIMIT), "RTN_UNACK")

    def test_what_comes_while_it_is_away_is_judged_once(self):
        self.start()
        self.power(31)
        self.kill()
        for value in (29, 29, 35):
            self.send(struct.pack(">HB", value * 100, 1))
        self.alert = self.monitor()
        self.wait_judged("power", 4)
        self.assertEqual([event for (event,) in self.transitions(LIMIT, "event")],
                         ["RAISE", "RTN", "RAISE"])

    def test_only_what_changed_in_a_schema_is_reset(self):
        self.start()
        self.power(31, mode=2)
        seq = self.alarm("main.power.mode STATES")["seq"]
        self.system.write_schema("power", POWER.replace("hi = 30", "hi = 30.5"))
        self.receiver.send_signal(signal.SIGHUP)
        wait_for(lambda: self.state(LIMIT) == "NORMAL", "the reset")
        self.assertEqual(self.transitions(LIMIT, "event, user")[-1], ("EDIT", "wf-alert"))
        self.assertEqual(self.alarm("main.power.mode STATES")["seq"], seq)
        self.send(struct.pack(">HB", 3100, 1))
        wait_for(lambda: self.state(LIMIT) == "ACTIVE_UNACK", "the new limit")

    def test_without_a_sync_of_every_commit_nothing_is_missing_either(self):
        self.write_config("[alert main]\nsync = 50ms\n")
        self.start()
        for _ in range(5):
            self.power(31, 29, 29)
        self.kill()
        self.write_config("")
        self.alert = self.monitor()
        self.write_config("[alert main]\nsync = 1s\n")
        self.reload()
        self.power(31)
        self.assertEqual([event for (event,) in self.transitions(LIMIT, "event")],
                         ["RAISE", "RTN"] * 5 + ["RAISE"])
        self.stop()

    # -- who may what ----------------------------------------------------------------------------

    def ask_as(self, whom, **request):
        """The same by another user."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setgroups([])
                os.setgid(grp.getgrnam("nogroup").gr_gid)
                os.setuid(pwd.getpwnam(whom).pw_uid)
                os.write(writing, json.dumps(self.ask(**request)).encode())
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            answer = pipe.read()
        os.waitpid(child, 0)
        self.assertTrue(answer, "no answer for %s to %r" % (whom, request))
        return json.loads(answer)

    def test_roles_come_from_users_and_groups(self):
        if os.geteuid() != 0:
            self.skipTest("needs root to become somebody else")
        everybody = "[watchfloor]\nplugins = plugins\ngroup = nogroup\n" + CONFIG
        self.system.write_config(everybody + "[role operator]\nusers = nobody\nshelve_max = 10m\n")
        self.start()
        for folder in (self.system.folder, self.system.state,
                       os.path.join(self.system.state, "run")):
            os.chmod(folder, 0o755)
        watchfloor.need_open_to_others(self.system.state)
        self.power(31)
        seq = self.alarm(LIMIT)["seq"]
        self.assertEqual(self.ask_as("nobody", do="status")["you"],
                         {"user": "nobody", "role": "operator"})
        answer = self.ask_as("nobody", do="service", alarm=LIMIT, out=True)
        self.assertEqual((answer["code"], answer["role"], answer["needs"]),
                         ("DENIED", "operator", "engineer"))
        self.assertEqual(self.ask_as("nobody", do="shelve", alarm=LIMIT, for_s=700)["code"], "LIMIT")
        answer = self.ask_as("nobody", do="ack", alarm=LIMIT, seq=seq, note="mine", user="root")
        self.assertEqual(answer["alarm"]["user"], "nobody")
        self.system.write_config(everybody + "[role engineer]\ngroups = nogroup\n")
        self.reload()
        self.assertTrue(self.ask_as("nobody", do="service", alarm=LIMIT, out=True)["ok"])
        self.system.write_config(everybody)
        self.reload()
        self.assertEqual(self.ask_as("nobody", do="unshelve", alarm=LIMIT)["code"], "DENIED")
        self.assertTrue(self.ask_as("nobody", do="list")["ok"])

    # -- configuration ---------------------------------------------------------------------------

    def test_reload_is_all_or_nothing(self):
        self.start()
        self.power(31)
        seq = self.alarm(LIMIT)["seq"]
        self.write_config("[alert main]\nshadow = *.volts LIMIT\nlate = sometimes\n")
        self.reload("nothing was changed")
        self.assertEqual(self.alarm(LIMIT)["marks"], [])
        self.write_config("[alert main]\nshadow = *.volts LIMIT\n")
        self.reload()
        wait_for(lambda: self.alarm(LIMIT)["state"] == "ACTIVE_UNACK", "the alarm")
        self.write_config("[alert main]\nsubsystems = nothing\n")
        self.reload()
        wait_for(lambda: self.ask(do="status")["counts"]["alarms"] == 0, "no alarms")
        self.write_config("")
        self.reload()
        wait_for(lambda: self.ask(do="status")["counts"]["alarms"] > 0, "all alarms")
        self.assertEqual((self.alarm(LIMIT)["state"], self.alarm(LIMIT)["seq"]),
                         ("ACTIVE_UNACK", seq))

    def test_several_monitors_side_by_side(self):
        self.write_config("[alert main]\nsubsystems = wf.*\n[alert night]\nsubsystems = power\n")
        self.start()
        night = self.monitor("--name", "night")
        self.send(struct.pack(">HB", 3100, 1))
        wait_for(lambda: LIMIT in self.rows("alarms_night"), "the alarm of the other one")
        self.assertNotIn(LIMIT, self.rows())
        self.assertEqual(self.ask("night", do="status")["monitor"], "night")
        second = self.monitor("--name", "night", ready=False)
        self.assertEqual(second.wait(), 2)
        self.assertIn("running already", second.err())
        self.stop(night)
        self.stop()

    def test_a_monitor_that_is_not_configured_does_not_start(self):
        other = self.monitor("--name", "night", ready=False)
        self.assertEqual(other.wait(), 2)
        self.assertIn("[alert night]", other.err())

    def send_late(self, *volts):
        """Each behind one that was measured after it; judged when this returns."""
        for value in volts:
            next_one = self.sequence.get(100, 0)
            for number, level in ((next_one + 1, 28), (next_one, value)):
                self.sequence[100] = number
                self.send(struct.pack(">HB", round(level * 100), 1))
            self.sequence[100] = next_one + 2
        self.wait_judged("power", self.sequence[100])

    def late_notes(self):
        return self.journal("SELECT alarm, text FROM entries WHERE kind = 'late' ORDER BY id")

    def test_what_comes_too_late_is_noted_and_not_judged(self):
        self.start()
        self.send_late(29)                      # in limits: nothing to note
        self.send_late(35, 36, 37)              # once a minute; the others are counted
        wait_for(self.late_notes, "a note")
        (alarm, text), = self.late_notes()
        self.assertEqual(alarm, LIMIT)
        self.assertRegex(text, r"^35 V violates hihi 34, received .*Z: too late to be judged$")
        self.assertEqual(self.state(LIMIT), "NORMAL")
        self.assertEqual(self.transitions(LIMIT), [])
        shown = self.system.run("wf", "alarms", "--history", "power.volts")
        self.assertIn("late", shown)
        self.assertIn("too late to be judged", shown)
        self.stop()

    def test_late_values_are_ignored_on_request(self):
        self.write_config("[alert main]\nlate = ignore\n")
        self.start()
        self.send_late(35)
        self.assertEqual(self.late_notes(), [])
        self.assertEqual(self.state(LIMIT), "NORMAL")
        self.stop()

    def test_a_rule_that_does_not_compile_takes_no_limit_with_it(self):
        self.system.write_schema("power", POWER + "[condition far]\nwhen = engine.thrust > 1\n"
                                                  "severity = 2\n")
        self.start()
        self.power(31)
        self.assertEqual(self.state(LIMIT), "ACTIVE_UNACK")
        self.assertEqual(self.system.peek("sample", "wf", "alert")["values"]["refused"], 1)
        self.assertIn("engine.thrust", self.alert.err())
        # It comes to life with the subsystem that it names.
        self.system.write_schema("engine", "[subsystem]\napid = 200\n[parameter thrust]\nbits = 8\n")
        self.receiver.send_signal(signal.SIGHUP)
        wait_for(lambda: self.ask(do="list", match="*far*", all=True)["alarms"], "the rule")
        self.send(b"\x05", apid=200)
        self.wait_judged("engine", 1)
        self.assertEqual(self.state("main.power.far RULE"), "ACTIVE_UNACK")

    # -- what is around it -----------------------------------------------------------------------

    def test_samples_around_a_trip_are_kept_with_it(self):
        self.write_config("[alert main]\nblackbox_before = 10s\nblackbox_after = 300ms\n")
        self.start()
        self.power(27, 28, 31, 29)
        seq = self.alarm(LIMIT)["seq"]
        def samples():
            return self.journal("SELECT value FROM samples WHERE seq = ? AND parameter = 'volts'"
                                " ORDER BY number", seq - (self.state(LIMIT) != "ACTIVE_UNACK"))
        values = wait_for(samples, "the black box")
        self.assertEqual([value for (value,) in values][:3], [27, 28, 31])

    def test_signs_of_life(self):
        import socket
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(20)
        self.write_config("[alert main]\ndeadman_file = alive\ndeadman_to = udp:127.0.0.1:%d\n"
                          % listener.getsockname()[1])
        self.start()
        first, second = json.loads(listener.recv(2000)), json.loads(listener.recv(2000))
        self.assertEqual((second["beat"], second["state"]), (first["beat"] + 1, "running"))
        path = os.path.join(self.system.state, "alive")
        with open(path) as file:
            self.assertEqual(json.load(file)["monitor"], "main")
        self.alert.send_signal(signal.SIGSTOP)
        listener.settimeout(3)
        with self.assertRaises(socket.timeout):
            for _ in range(4):
                listener.recv(2000)
        self.alert.send_signal(signal.SIGCONT)
        listener.settimeout(20)
        listener.recv(2000)

    def test_silence_is_an_alarm_and_freezes_the_others(self):
        self.system.write_schema("power", POWER.replace("ring = 4096",
                                                        "period = 100ms\nstale_after = 500ms"))
        self.start()
        self.power(31)
        wait_for(lambda: self.state("main.power STALE") == "ACTIVE_UNACK", "the silence")
        self.assertEqual(self.state(LIMIT), "ACTIVE_UNACK")
        wait_for(lambda: self.rows()[LIMIT]["frozen"], "the frozen row")

        def is_warm():
            self.send(struct.pack(">HB", 3100, 1))
            return not self.rows()[LIMIT]["frozen"]
        wait_for(is_warm, "the row as it is now")

    def stale(self):
        return [event for (event,) in self.transitions("main.power STALE", "event")]

    def test_what_was_down_as_a_whole_raises_no_alarm_for_that_time(self):
        self.system.write_schema("power", POWER.replace("ring = 4096",
                                                        "period = 300ms\nstale_after = 6s"))
        self.start()
        logger = self.system.start("wf-logger", "--config", self.system.config_file())
        self.power(28)
        wait_for(lambda: self.ask(do="list", match="wf.logger*", all=True)["alarms"],
                 "the logger having been seen")
        self.assertEqual(logger.stop(), 0)
        self.stop()
        self.assertEqual(self.receiver.stop(), 0)
        time.sleep(6.5)  # it is down for longer than a source may be silent
        self.start()
        # Comes after the monitor, which makes its alarms anew for that.
        logger = self.system.start("wf-logger", "--config", self.system.config_file())
        self.power(28)
        self.assertEqual(self.stale(), [])
        self.assertEqual(self.transitions("wf.logger STALE", "event"), [])
        self.assertEqual(logger.stop(), 0)
        # The source says nothing after a start: that is its silence.
        self.stop()
        self.assertEqual(self.receiver.stop(), 0)
        self.start()
        wait_for(lambda: self.stale() == ["RAISE"], "the silence since the start")
        self.power(28, 28, 28)
        self.assertEqual(self.stale(), ["RAISE", "RTN"])
        # The monitor was there while the receiver was down: the values it showed were stale.
        self.assertEqual(self.receiver.stop(), 0)
        wait_for(lambda: self.stale() == ["RAISE", "RTN", "RAISE"], "values that are stale")

    def test_what_happened_to_it_stands_in_the_journal(self):
        self.start()
        self.reload()
        self.stop()
        kinds = self.journal("SELECT kind FROM entries WHERE kind <> 'transition'")
        self.assertEqual([kind for (kind,) in kinds], ["started", "reloaded", "stopped"])


if __name__ == "__main__":
    unittest.main()
