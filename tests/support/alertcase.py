# SPDX-License-Identifier: MIT
"""A test case with a receiver that is fed by hand, an alarm monitor, its commands and its journal."""
import json
import os
import signal
import socket
import sqlite3
import struct

import packets
from watchfloor import SystemTest, wait_for

POWER = """[subsystem]
apid = 100
ring = 4096
[parameter volts]
bits = 16
polynomial = 0 0.01
unit = V
title = Main bus
guidance = Shed load B.
lolo = 20
lo = 24
hi = 30
hihi = 34
hysteresis = 0.5
clear = 2 of 2
[parameter mode]
bits = 8
enumeration = modes
states = SAFE: 3
[enumeration modes]
0 = OFF
1 = NOMINAL
2 = SAFE
[condition hot]
when = mode == NOMINAL and volts > 32
severity = 2
title = Hot while nominal
"""

CONFIG = "[listener here]\nport = 0\nhost = 127.0.0.1\n"


class AlertCase(SystemTest):
    schemas = {"power": POWER}
    config = CONFIG

    def setUp(self):
        self.system = self.new_system(config=self.config, schemas=self.schemas)
        self.sequence = {}
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.sender.close)

    # -- programs ----------------------------------------------------------------------------

    def start(self):
        """A receiver and an alarm monitor."""
        self.receiver = self.system.receiver()
        self.address = ("127.0.0.1", self.system.port("here"))
        self.alert = self.monitor()

    def monitor(self, *args, **more):
        return self.system.start("wf-alert", "--config", self.system.config_file(), *args, **more)

    def stop(self, alert=None):
        alert = alert or self.alert
        self.assertEqual(alert.stop(), 0, alert.err())
        return alert.err()

    def kill(self):
        self.alert.kill()

    def write_config(self, more):
        self.system.write_config(self.config + more)

    def reload(self, wanted="reload: "):
        before = self.alert.err().count(wanted)
        self.alert.send_signal(signal.SIGHUP)
        wait_for(lambda: self.alert.err().count(wanted) > before, "'%s'" % wanted)

    # -- telemetry ---------------------------------------------------------------------------

    def send(self, data, apid=100):
        number = self.sequence.get(apid, 0)
        self.sequence[apid] = number + 1
        self.sender.sendto(packets.packet(apid, number, data), self.address)

    def power(self, *volts, mode=1):
        """One packet for each value, judged when this returns."""
        for value in volts:
            self.send(struct.pack(">HB", round(value * 100), mode))
        self.wait_judged("power", self.sequence[100])

    def head(self, subsystem, source="main"):
        return max([region["head"] for region in self.system.peek("list")
                    if (region["source"], region["subsystem"]) == (source, subsystem)] or [0])

    def wait_judged(self, subsystem, count):
        """Until every packet is in its region and the monitor has told all that came of it."""
        wait_for(lambda: self.head(subsystem) >= count, "%d samples of %s" % (count, subsystem))
        self.settle()

    def settle(self):
        def is_quiet():
            one = self.ask(do="status")
            return one["ok"] and one["journal"]["held"] == 0 and one["behind"] == 0
        wait_for(is_quiet, "the monitor having judged everything")

    # -- commands ----------------------------------------------------------------------------

    def ask(self, monitor="main", **request):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as peer:
            peer.settimeout(20)
            peer.connect(os.path.join(self.system.state, "run", "alert-%s.sock" % monitor))
            peer.sendall(json.dumps(request).encode() + b"\n")
            with peer.makefile() as answer:
                line = answer.readline()
        self.assertTrue(line, "no answer to %r" % request)
        return json.loads(line)

    def do(self, do, alarm, **more):
        """A command that is carried out: the alarm as it is then."""
        answer = self.ask(do=do, alarm=alarm, **more)
        self.assertTrue(answer["ok"], answer)
        return answer["alarm"]

    def refused(self, code, do, **more):
        answer = self.ask(do=do, **more)
        self.assertEqual((answer["ok"], answer.get("code")), (False, code), answer)
        return answer

    def alarm(self, name):
        found = [one for one in self.ask(do="list", match=name, all=True)["alarms"]]
        self.assertEqual(len(found), 1, (name, found))
        return found[0]

    def state(self, name):
        return self.alarm(name)["state"]

    def rows(self, table="alarms", key="alarm"):
        return {row[key]: row for row in self.system.peek("rows", "wf", table)}

    # -- the journal ---------------------------------------------------------------------------

    def journal(self, sql, *args, monitor="main"):
        path = os.path.join(self.system.state, "alarms", monitor + ".db")
        db = sqlite3.connect("file:%s?mode=ro" % path, uri=True, timeout=20)
        try:
            return db.execute(sql, args).fetchall()
        finally:
            db.close()

    def transitions(self, alarm="%", columns="event, from_state, to_state"):
        return self.journal("SELECT %s FROM transitions WHERE alarm LIKE ? ORDER BY seq" % columns,
                            alarm)


__all__ = ["AlertCase", "CONFIG", "POWER", "struct", "signal", "wait_for"]
