# SPDX-License-Identifier: MIT
# timeout: 600
"""A flood of alarms, clients that do not read, clocks that jump: the alarm monitor goes
on, and nothing is missing."""
import os
import socket
import time
import unittest

from alertcase import CONFIG, POWER, AlertCase, wait_for

LIMIT = "main.power.volts LIMIT"
EACH, SUBSYSTEMS = 3400, 3
FLOOD = EACH * SUBSYSTEMS


def wide(apid):
    """A subsystem of many parameters, each with a limit."""
    return "[subsystem]\napid = %d\n" % apid + "".join(
        "[parameter p%d]\nbits = 8\nhi = 1\nclear = 1 of 1\ninvalid_severity = 0\n" % i
        for i in range(EACH))


class AlertFlood(AlertCase):
    schemas = {"wide%d" % i: wide(300 + i) for i in range(SUBSYSTEMS)}
    config = CONFIG + "[alert main]\nsubsystems = wide*\n"

    def all(self, value):
        for i in range(SUBSYSTEMS):
            self.send(bytes([value]) * EACH, apid=300 + i)

    def count(self, state):
        return self.journal("SELECT count(*) FROM alarms WHERE state = ?", state)[0][0]

    def test_ten_thousand_at_once(self):
        self.start()
        self.all(0)
        self.settle()
        begun = time.monotonic()
        self.all(2)
        wait_for(lambda: self.count("ACTIVE_UNACK") == FLOOD, "all of them", 60)
        print("%d alarms in the journal after %.2f s" % (FLOOD, time.monotonic() - begun))
        wait_for(lambda: len(self.rows()) == FLOOD, "all rows", 60)
        listed = self.ask(do="list", match="main.wide0.*")["alarms"]
        self.assertEqual(len(listed), EACH)
        for first in range(0, EACH, 1000):
            asked = [{"alarm": one["alarm"], "seq": one["seq"]} for one in listed[first:first + 1000]]
            results = self.ask(do="ack", alarms=asked, note="flood")["results"]
            self.assertTrue(all(one["ok"] for one in results))
        self.assertEqual(self.count("ACTIVE_ACK"), EACH)
        self.kill()
        self.alert = self.monitor()
        self.assertEqual(self.ask(do="status")["counts"]["active"], FLOOD)
        self.all(0)
        wait_for(lambda: self.count("RTN_UNACK") == FLOOD - EACH, "the end of the others", 60)
        wait_for(lambda: len(self.rows()) == FLOOD - EACH, "the rows of the others", 60)
        seqs = self.journal("SELECT count(*), max(seq) FROM transitions")[0]
        self.assertEqual(seqs, (2 * FLOOD + EACH, 2 * FLOOD + EACH))


class AlertHostile(AlertCase):
    def connect(self):
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.addCleanup(peer.close)
        peer.settimeout(10)
        peer.connect(os.path.join(self.system.state, "run", "alert-main.sock"))
        return peer

    def test_clients_that_do_not_read_hold_nothing_up(self):
        self.start()
        stalled = [self.connect() for _ in range(40)]
        for peer in stalled:
            peer.setblocking(False)
            try:
                while True:
                    peer.send(b'{"do":"list","all":true}\n' * 100)
            except (BlockingIOError, BrokenPipeError, ConnectionResetError):
                pass
        for value in (31, 29, 29, 31):
            self.power(value)
        self.assertEqual([event for (event,) in self.transitions(LIMIT, "event")],
                         ["RAISE", "RTN", "RAISE"])

    def test_requests_of_every_bad_kind_are_refused(self):
        self.start()
        for line in (b"\n", b"[]\n", b"{}\n", b'{"do":7}\n', b'{"do":"ack"}\n', b"{" * 5000 + b"\n",
                     b'{"do":"ack","alarm":"main.power.volts LIMIT","seq":-1}\n',
                     b'{"do":"ack","alarm":["x"],"seq":1}\n', b'{"do":"ack","alarms":[1,null,{}]}\n',
                     b'{"do":"shelve","alarm":"main.power.volts LIMIT","for_s":-5}\n',
                     b'{"do":"shelve","alarm":"main.power.volts LIMIT","for_s":1e300}\n',
                     b'{"do":"service","alarm":"main.power.volts LIMIT","out":"yes"}\n',
                     b'{"do":"explain","alarm":"' + b"x" * 4000 + b'"}\n', b"\xff\xfe\x00\n"):
            peer = self.connect()
            peer.sendall(line)
            answer = peer.recv(1 << 16)
            self.assertFalse(answer and b'"ok": true' in answer and b"results" not in answer,
                             (line[:60], answer[:200]))
        self.power(31)
        self.assertEqual(self.state(LIMIT), "ACTIVE_UNACK")

    def test_a_clock_that_jumps_raises_nothing_and_loses_nothing(self):
        schema = os.path.join(self.system.folder, "plugins", "power", "power.ini")
        text = POWER.replace("[subsystem]", "[subsystem]\nperiod = 10ms\nstale_after = 20s")
        self.system.write_schema("power", text.replace("hi = 30", "hi = 300").replace(
            "hihi = 34", "hihi = 400"))
        self.alert = self.monitor()
        now = time.time_ns()
        for received in (now, now + 86400 * 10**9, now - 3600 * 10**9, 0):
            self.system.run("test-publish", self.system.instance, self.system.state, schema,
                            "--count", "200", "--rate", "2000", "--received", str(received),
                            "--step", "500000")
        self.settle()
        self.assertEqual(self.transitions("main.power STALE"), [])
        health = wait_for(lambda: [one for one in [self.system.peek("sample", "wf", "alert")]
                                   if one["values"]["samples"] >= 800], "800 samples")[0]
        self.assertEqual(health["values"]["lost"], 0)
        self.stop()


if __name__ == "__main__":
    unittest.main()
