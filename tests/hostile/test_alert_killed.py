# SPDX-License-Identifier: MIT
# timeout: 900
"""kill -9 of the alarm monitor at random moments under load. A second monitor over the same samples
is never killed: both journals must tell the same, transition by transition; whoever looked meanwhile
was shown nothing that is not in the journal, and no command that was answered is missing."""
import os
import random
import threading
import time
import unittest

from alertcase import AlertCase, wait_for

KILLS = int(os.environ.get("WF_TEST_KILLS", "30"))

# Every value follows from the sample's number (test-publish): limits are crossed again and again.
LOAD = """[subsystem]
ring = 16384
[parameter number]
bits = 64
[parameter level]
bits = 4
hi = 12
hihi = 15
clear = 2 of 2
[parameter pending]
bits = 6
hi = 40
raise = 5 of 9
clear = 7 of 7
[parameter latched]
bits = 7
lo = 9
latch = yes
[parameter wave]
bits = 8
[condition above]
when = avg(wave over 16 samples) > 128
severity = 2
raise = 2 of 2
"""

SAME = "alarm, event, severity, level, value, sample_epoch, sample_number"


class AlertKilled(AlertCase):
    schemas = {"load": LOAD}
    config = ("[alert main]\nsubsystems = load\n[alert oracle]\nsubsystems = load\n")

    def publisher(self, *args):
        schema = os.path.join(self.system.folder, "plugins", "load", "load.ini")
        return self.system.start("test-publish", self.system.instance, self.system.state, schema,
                                 *args)

    def all(self, monitor, columns, where="1"):
        return self.journal(
            "SELECT %s FROM (SELECT e.*, a.name AS alarm_name FROM _entries e JOIN _alarms a"
            " ON a.id = e.alarm WHERE e.kind = 0) WHERE %s ORDER BY seq" %
            (columns.replace("alarm,", "alarm_name,"), where), monitor=monitor)

    def watch(self):
        """What displays see, for later."""
        while not self.is_over:
            for row in self.system.peek("rows", "wf", "alarms"):
                self.seen.add((row["alarm"], row["seq"], row["state"]))
            time.sleep(0.02)

    def operate(self):
        """An operator who acknowledges what is there; keeps what was said to be done."""
        while not self.is_over:
            try:
                for one in self.ask(do="list", match="sat1.*level*")["alarms"]:
                    answer = self.ask(do="ack", alarm=one["alarm"], seq=one["seq"])
                    if answer["ok"]:
                        self.acknowledged.append((answer["alarm"]["alarm"], one["seq"]))
            except (OSError, AssertionError, ValueError):
                pass
            time.sleep(0.05)

    def finish_one(self, monitor, alert):
        def is_done():
            status = self.ask(monitor, do="status")
            return status["ok"] and status["behind"] == 0 and status["journal"]["held"] == 0
        wait_for(is_done, monitor)
        rows = self.rows("alarms" if monitor == "main" else "alarms_" + monitor)
        self.stop(alert)
        return rows

    def test_nothing_is_lost_or_doubled_or_told_too_early(self):
        seed = int.from_bytes(os.urandom(4), "little")
        print("seed %d, %d kills" % (seed, KILLS))
        dice = random.Random(seed)
        self.is_over, self.seen, self.acknowledged = False, set(), []
        publisher = self.publisher("--sources", "main,sat1,sat2", "--rate", "2000", "--batch", "3")
        oracle = self.monitor("--name", "oracle")
        self.monitor().kill()
        threads = [threading.Thread(target=self.watch), threading.Thread(target=self.operate)]
        for thread in threads:
            thread.start()
        try:
            for kill in range(KILLS):
                alert = self.monitor(ready=False)
                # From before it is up to some hundred transitions later: the moment is the test.
                time.sleep(dice.random() * (0.15 if kill % 3 == 0 else 0.6))
                alert.kill()
        finally:
            self.is_over = True
            for thread in threads:
                thread.join()
        alert = self.monitor()
        publisher.stop()
        shown = self.finish_one("main", alert)
        expected = self.finish_one("oracle", oracle)

        # What samples did, alarm by alarm; what nobody acknowledged also state by state.
        here, there = self.all("main", SAME, "event != 'ACK'"), self.all("oracle", SAME)
        self.assertGreater(len(there), 5 * KILLS)
        names = {one[0] for one in there}
        for name in sorted(names):
            mine = [one for one in here if one[0] == name]
            its = [one for one in there if one[0] == name]
            self.assertEqual(mine, its, name)
            if "sat1" not in name:
                self.assertEqual(
                    self.all("main", "from_state, to_state, highest", "alarm_name = '%s'" % name),
                    self.all("oracle", "from_state, to_state, highest", "alarm_name = '%s'" % name))
        self.assertEqual({one[0] for one in here}, names)
        for name, row in expected.items():
            if "sat1" not in name:
                for key in ("state", "severity", "highest", "value", "count", "raised"):
                    self.assertEqual(shown[name][key], row[key], (name, key))
        # Numbers have no holes, and entries were committed in order.
        seqs = [seq for (seq,) in self.all("main", "seq")]
        self.assertEqual(seqs, list(range(1, len(seqs) + 1)))
        # What was shown or answered is in the journal.
        stored = set(self.all("main", "alarm, seq, to_state"))
        self.assertGreater(len(self.seen), 20)
        self.assertEqual(self.seen - stored, set())
        acks = [one[0] for one in self.all("main", "alarm, seq", "event = 'ACK'")]
        self.assertGreater(len(self.acknowledged), 0)
        self.assertGreaterEqual(len(acks), len(self.acknowledged))
        self.assertEqual(self.journal("PRAGMA integrity_check"), [("ok",)])
        print("%d transitions, %d seen, %d acknowledged" % (len(seqs), len(self.seen),
                                                            len(self.acknowledged)))


if __name__ == "__main__":
    unittest.main()
