# SPDX-License-Identifier: MIT
# timeout: 300
"""The simulator's faults through receiver, alarm monitor and logger: the exact journal of each alarm,
and a back-test of what was recorded that gives the very same."""
import datetime
import json
import os
import sqlite3
import unittest

import watchfloor
from alertcase import AlertCase, wait_for

PLUGINS = os.path.join(watchfloor.BUILD, "lib", "watchfloor", "plugins")
CONFIG = ("[watchfloor]\nplugins = %s\n[receiver]\nring_time = 60s\n"
          "[listener spacecraft]\nhost = 127.0.0.1\nport = 0\n"
          "subsystems = power thermal attitude comms\n" % PLUGINS)
SUBSYSTEMS = ("power", "thermal", "attitude", "comms")
RATES = "power=20,thermal=10,attitude=20,comms=5"


def ns_of(text):
    """Nanoseconds of an ISO time with nine digits."""
    moment = datetime.datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
    seconds = int(moment.replace(tzinfo=datetime.timezone.utc).timestamp())
    return seconds * 10**9 + int(text[20:29])


class AlarmFaults(AlertCase):
    schemas = {}
    config = CONFIG

    def run_with(self, *faults, run_for, options=()):
        """A whole run, every sample of it judged and recorded."""
        self.receiver = self.system.receiver()
        self.alert = self.monitor()
        self.logger = self.system.start("wf-logger", "--config", self.system.config_file())
        report = os.path.join(self.system.folder, "report.json")
        more = [word for fault in faults for word in ("--fault", fault)]
        self.system.run("wf-simulate", "--config", self.system.config_file(), "--to", "listener",
                        "--for", run_for, "--report", report, "--rate", RATES, *options, *more)
        with open(report) as file:
            self.expected = {name: one["expected"]["published"]
                             for name, one in json.load(file)["subsystems"].items()}
        wait_for(lambda: all(self.head(name) >= self.expected[name] for name in SUBSYSTEMS),
                 "every packet in its region")
        self.settle()
        wait_for(lambda: self.recorded() >= sum(self.expected.values()), "every sample recorded")
        self.end_ns = self.last_received()

    def history(self, sql):
        folder, rows = os.path.join(self.system.state, "history", "raw"), []
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            if not name.endswith(".db"):
                continue
            db = sqlite3.connect("file:%s?mode=ro" % os.path.join(folder, name), uri=True,
                                 timeout=20)
            try:
                rows += db.execute(sql).fetchall()
            except sqlite3.OperationalError:
                pass                    # a subsystem that is not there yet
            finally:
                db.close()
        return rows

    def recorded(self):
        return sum(row[0] for name in SUBSYSTEMS
                   for row in self.history("SELECT count(*) FROM %s" % name))

    def last_received(self):
        last = max(row[0] for name in SUBSYSTEMS
                   for row in self.history("SELECT max(received) FROM %s" % name))
        return ns_of(last) if isinstance(last, str) else last

    # -- what came of it ---------------------------------------------------------------------

    def entries(self, alarm="main.%"):
        """Until the last sample: afterwards everything falls silent."""
        return self.journal(
            "SELECT a.name, e.event, e.from_state, e.to_state, e.severity, e.utc_ns FROM _entries e"
            " JOIN _alarms a ON a.id = e.alarm WHERE e.kind = 0 AND a.name LIKE ?"
            " AND e.utc_ns <= ? ORDER BY e.seq", alarm, self.end_ns)

    def events(self, alarm):
        return [(event, severity) for _, event, _, _, severity, _ in self.entries(alarm)]

    def backtest(self, *files):
        def iso(ns):
            return datetime.datetime.fromtimestamp(
                ns // 10**9, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S") + (
                    ".%09dZ" % (ns % 10**9))
        first = min(entry[5] for entry in self.entries("%"))
        text = self.system.run("wf-backtest", "--json", "--transitions", "--from",
                               iso(first - 3600 * 10**9), "--to", iso(self.end_ns + 1), *files)
        return json.loads(text)

    def told(self, outcome):
        return [(one["alarm"], one["event"], one["from"], one["to"], one["severity"],
                 ns_of(one["time"])) for one in outcome["transitions"]]

    def test_each_fault_has_its_journal_and_the_back_test_the_same(self):
        self.run_with("at 1s ramp power.bus_voltage 3s to 36",
                      "at 5s ramp power.bus_voltage 3s to 22",
                      "at 2s nan attitude.rate_x 1s",
                      "at 2s every 200ms ramp power.bus_current 160ms to 30",
                      "at 1s ramp thermal.obc_temperature 8s to 58",
                      "at 5s gap thermal 5s",
                      run_for="13s", options=("--phase", "60"))
        # Up through hi and hihi and back, then down; each level with its hysteresis.
        self.assertEqual(self.events("main.power.bus_voltage LIMIT"),
                         [("VIOLATION", 0), ("RAISE", 2), ("WORSEN", 4), ("EASE", 2), ("RTN", 0),
                          ("RAISE", 2), ("WORSEN", 4), ("EASE", 2), ("RTN", 0)])
        # A number that is none: its own alarm, and the limits say nothing.
        self.assertEqual(self.events("main.attitude.rate_x INVALID"),
                         [("VIOLATION", 0), ("RAISE", 2), ("RTN", 0)])
        self.assertEqual(self.events("main.attitude.rate_x LIMIT"), [])
        # Silence: STALE at its moment, the limit's alarm stays as it is.
        stale = self.entries("main.thermal STALE")
        self.assertEqual([one[1] for one in stale], ["RAISE", "RTN"])
        limit = self.entries("main.thermal.obc_temperature LIMIT")
        during = [one for one in limit if stale[0][5] <= one[5] < stale[1][5] - 3 * 10**8]
        self.assertEqual(during, [])
        self.assertEqual(limit[-1][3], "RTN_UNACK")
        self.assertEqual(self.events("main.thermal GAP"), [])   # the silence says it
        # Across hi and hihi and back five times a second: one alarm, not fifty.
        flapping = [event for event, _ in self.events("main.power.bus_current LIMIT")]
        self.assertEqual((flapping.count("RAISE"), flapping.count("RTN")), (1, 0), flapping)
        self.assertLessEqual(len(flapping), 4)
        self.check_backtest()

    def test_a_silent_link_is_one_alarm_and_a_mode_brings_other_limits(self):
        self.run_with(*("at 2s gap %s 7s" % name for name in SUBSYSTEMS),
                      "at 11s ramp power.mode 4s to 1", run_for="17s", options=("--phase", "60"))
        entries = self.entries()
        first = entries[0]
        self.assertEqual(first[:5],
                         ("main.comms STALE", "RAISE", "NORMAL", "ACTIVE_UNACK", 3))
        # At the same moment: first they go under it, then they are raised there.
        together = [one[:2] for one in entries if one[5] == first[5]][1:]
        children = ["main.attitude", "main.power", "main.thermal"]
        self.assertEqual(together[:6], [("%s %s" % (name, kind), "MARK") for name in children
                                        for kind in ("STALE", "GAP")])
        self.assertEqual(sorted(together[6:]), [("%s STALE" % name, "RAISE") for name in children])
        # Nobody was told of anything but the link; the silence was no gap besides.
        marks = dict(self.journal("SELECT a.name || ' ' || e.event, e.is_announced FROM _entries e"
                                  " JOIN _alarms a ON a.id = e.alarm WHERE e.kind = 0"
                                  " AND a.name LIKE 'main.%' AND e.event = 'RAISE'"
                                  " AND e.utc_ns < ?", first[5] + 3 * 10**9))
        self.assertEqual([name for name, told in marks.items() if told],
                         ["main.comms STALE RAISE"])
        self.assertNotIn("GAP RAISE", " ".join(marks))
        self.assertEqual(self.events("main.comms STALE"), [("RAISE", 3), ("RTN", 0)])
        # When the suppression ends, what came and went under it is no row of the list.
        self.assertEqual([(event, to) for _, event, _, to, _, _ in
                          self.entries("main.power STALE")[-1:]], [("DISMISS", "NORMAL")])
        # SAFE: another load would be too much of one; back in NOMINAL it is not.
        for alarm in ("main.power.bus_power LIMIT", "main.power.load_b_current LIMIT"):
            events = [event for event, _ in self.events(alarm)]
            self.assertEqual((events[:2], events[-1]), (["VIOLATION", "RAISE"], "RTN"), alarm)
        self.assertEqual(self.events("main.power.mode STATES"), [("RAISE", 2), ("RTN", 0)])
        self.check_backtest()

    def check_backtest(self):
        report = self.backtest()
        live, tested = self.entries(), self.told(report["old"])
        self.assertEqual(tested, live)
        self.assertEqual(self.told(report["new"]), live)
        self.assertEqual(report["incidents_from"], "journal")
        self.assertTrue(all(one["later_s"] == 0 for one in report["incidents"]
                            if one["alarm"].startswith("main.")), report["incidents"])


if __name__ == "__main__":
    unittest.main()
