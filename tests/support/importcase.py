# SPDX-License-Identifier: MIT
"""What tests of imports and of decoding anew share: packets through a running system, rows as they
are stored, and an import whose figures must balance."""
import glob
import os
import re
import socket
import sqlite3
import time

from historycase import HistoryCase, wait_for
from receivercase import SCHEMAS, UDP, timed_packet

START = 981237600               # 2001-02-03T22:00:00Z
KEEP = "[receiver]\npacket_ring = 4M\n\n[recorder]\nsync = 100ms\n\n[logger]\nsync = 100ms\n\n"
TOTAL = re.compile(r"^(\d+) packets = (\d+) rows (?:stored|to store) \+ (\d+) there already"
                   r" \+ (\d+) rejected \+ (\d+) idle \+ (\d+) segments joined", re.M)


def timed(sequence, time_s, *more):
    """With a time whose leap seconds are those of 2001: five less than now."""
    return timed_packet(sequence, time_s - 5, *more)


class ImportCase(HistoryCase):
    config, schemas = KEEP + UDP, SCHEMAS

    def setUp(self):
        self.system = self.new_system(self.config, schemas=self.schemas)

    def write(self, data, name="pass.pkts"):
        path = os.path.join(self.system.folder, name)
        with open(path, "wb") as file:
            file.write(data)
        os.utime(path, (START, START))
        return path

    def history(self, *args, status=0):
        """Run wf-history, which must end with `status`; all it said."""
        done = self.system.attempt("wf-history", "--config", self.system.config_file(), *args,
                                   timeout=120)
        text = done.stdout + done.stderr
        self.assertEqual(done.returncode, status, text)
        return text

    def load(self, *args, status=0):
        """Import; (what was said, rows stored, there already), when the figures balance."""
        text = self.history("import", *args, status=status)
        read, rows, there, rejected, idle, joined = map(int, TOTAL.search(text).groups())
        self.assertEqual(read, rows + there + rejected + idle + joined, text)
        self.assertEqual(rows, sum(map(int, re.findall(r": (\d+) rows (?:stored|would be)",
                                                       text))), text)
        self.assertEqual(rejected, sum(map(int, re.findall(r"^  (\d+) \w+ \(", text, re.M))), text)
        return text, rows, there

    def table(self, source, subsystem, stamps="_device_ns, _sequence % 16384, _flags & 255, _lost"):
        """Raw rows in their order, with what was known about them."""
        rows = []
        for path in self.days():
            for name, in self.ask("SELECT table_name FROM _schemas WHERE subsystem = ?", subsystem,
                                  path=path):
                stored = [row[1] for row in self.ask("PRAGMA table_info(%s)" % name, path=path)
                          if not row[1].startswith("_")]
                rows += self.ask(
                    "SELECT %s, _quality, %s FROM %s WHERE _source = (SELECT id FROM _sources WHERE"
                    " name = ?) ORDER BY _id" % (stamps, ", ".join(stored), name), source,
                    path=path)
        return rows

    def sequence_gaps(self, source):
        return sorted(self.ask("SELECT g.subsystem, g.lost FROM _gaps AS g JOIN _sources AS s ON"
                               " s.id = g.source WHERE s.name = ? AND cause IN ('sequence_gap',"
                               " 'rejected')", source))

    def play(self, sent, with_logger=True):
        """Through receiver, recorder and perhaps logger, one packet a datagram; the counters."""
        receiver = self.system.receiver()
        others = [self.system.start("wf-recorder", "--config", self.system.config_file())]
        if with_logger:
            others.append(self.logger())
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.connect(("127.0.0.1", self.system.port("in")))
        before = self.kept()
        for at, one in enumerate(sent):
            sender.send(one)
            if at % 100 == 99 or at == len(sent) - 1:
                wait_for(lambda: self.kept() - before == at + 1, "%d packets kept" % (at + 1))
        sender.close()
        counters = self.settled()
        for process in [receiver] + others:
            self.assertEqual(process.stop(), 0)
        return counters

    def kept(self):
        """Packets in the archive: every one that came."""
        folder = os.path.join(self.system.state, "history", "packets", "*.db")
        try:
            return sum(self.ask("SELECT count(*) FROM packets", path=path)[0][0]
                       for path in glob.glob(folder))
        except sqlite3.OperationalError:
            return 0            # made a moment ago

    def settled(self):
        """The receiver's counters, told once a second, when they do not change any more."""
        def look():
            before = self.system.counters()
            time.sleep(1.3)
            return before if self.system.counters()["packets"] == before["packets"] else None
        return wait_for(look, "the last packet")


__all__ = ["START", "TOTAL", "KEEP", "ImportCase", "timed", "timed_packet", "wait_for"]
