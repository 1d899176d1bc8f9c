# SPDX-License-Identifier: MIT
# timeout: 300
"""wf history backup of everything while everything runs, and what a restored copy is worth."""
import glob
import os
import shutil
import socket
import sqlite3
import struct
import unittest

import packets
from alertcase import POWER
from historycase import HistoryCase, wait_for
from importcase import KEEP
from notifycase import HEAD, LOG
from receivercase import UDP


class Backup(HistoryCase):
    def setUp(self):
        self.system = self.new_system(HEAD.replace("plugins = ", "plugins = plugins:") + KEEP +
                                      UDP + "\n" + LOG, schemas={"power": POWER})
        self.number = 0
        self.running = []

    def history(self, *args, status=0):
        done = self.system.attempt("wf-history", "--config", self.system.config_file(), *args)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def begin(self):
        for name in ("wf-receiver", "wf-recorder", "wf-logger", "wf-alert", "wf-notify"):
            self.running.append(self.system.start(name, "--config", self.system.config_file()))
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.sender.close)
        self.sender.connect(("127.0.0.1", self.system.port("in")))

    def end(self):
        for process in self.running:
            self.assertEqual(process.stop(), 0, process.err())
        self.running = []

    def send(self, count, volts=28.0):
        for _ in range(count):
            self.sender.send(packets.packet(100, self.number, struct.pack(
                ">HB", int(volts * 100), 1)))
            self.number += 1
        wait_for(lambda: self.rows("history/raw", "SELECT sum(rows) FROM _positions WHERE"
                                   " subsystem = 'power'") >= self.number, "rows stored")

    def rows(self, folder, sql, root=None):
        """The sum of what the question gives over the files of a folder."""
        total = 0
        for path in glob.glob(os.path.join(root or self.system.state, folder, "*.db")):
            db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
            try:
                total += db.execute(sql).fetchone()[0] or 0
            except sqlite3.OperationalError:
                pass            # made a moment ago
            finally:
                db.close()
        return total

    def raised(self):
        return self.rows("alarms", "SELECT count(*) FROM transitions WHERE event = 'RAISE' AND"
                         " alarm LIKE '%power%'")

    def told(self):
        """Messages that wf-notify delivered."""
        path = os.path.join(self.system.state, "notify", "told.jsonl")
        if not os.path.exists(path):
            return 0
        with open(path) as file:
            return len(file.readlines())

    def test_all_that_runs_is_copied_and_comes_back(self):
        self.begin()
        self.send(200)
        self.send(20, volts=35.0)
        wait_for(lambda: self.raised() >= 1 and self.rows("notify", "SELECT count(*) FROM"
                                                          " _messages") >= 1, "an alarm told")
        target = os.path.join(self.system.folder, "copy")
        copier = self.system.launch("wf-history", "--config", self.system.config_file(), "backup",
                                    target)
        while copier.is_running():
            self.send(20)
        self.assertEqual(copier.wait(), 0, copier.err())
        self.assertIn("copied to", copier.out())
        self.send(300)
        self.assertIn("stop it first", self.history("restore", target, status=2))
        self.end()
        self.assertIn("move that away first", self.history("restore", target, status=2))
        # Packets are copied behind rows: every row leads to its packet.
        count = self.rows("history/raw", "SELECT count(*) FROM power", target)
        self.assertGreaterEqual(count, 220)
        self.assertLess(count, self.number)
        self.assertGreaterEqual(self.rows("history/packets", "SELECT count(*) FROM packets",
                                          target), count)
        entries = self.rows("alarms", "SELECT max(id) FROM _entries", target)
        self.assertGreaterEqual(entries, self.rows("notify", "SELECT max(entry) FROM _positions",
                                                   target))
        for place in ("history", "alarms", "notify"):
            shutil.move(os.path.join(self.system.state, place),
                        os.path.join(self.system.folder, place + ".lost"))
        self.assertIn("put back from", self.history("restore", target))
        self.assertIn(" 0 damaged, 0 set aside", self.history("check"))
        self.assertEqual(self.rows("history/raw", "SELECT count(*) FROM power"), count)
        self.assertIn("volts", self.query("power.volts", "--packet"))
        shown = self.system.run("wf", "alarms", "--history", status=None)
        self.assertIn("volts", shown)
        self.go_on(count, entries)

    def go_on(self, count, entries):
        """The system lives on in what was put back."""
        self.begin()
        told = self.told()
        self.sender.send(packets.packet(100, self.number, struct.pack(">HB", 1000, 1)))
        self.sender.send(packets.packet(100, self.number + 1, struct.pack(">HB", 1000, 1)))
        wait_for(lambda: self.rows("history/raw", "SELECT count(*) FROM power") >= count + 2,
                 "rows behind those that came back")
        wait_for(lambda: self.rows("alarms", "SELECT max(id) FROM _entries") > entries, "an alarm")
        wait_for(lambda: self.told() > told, "it is told")
        self.end()
        # What was published and stored after the copy is told as missing, or begun anew: no more.
        self.history("check")
        ids = self.ask("SELECT _id FROM %s" % self.ask("SELECT table_name FROM _schemas WHERE"
                       " subsystem = 'power'", path=self.days()[-1])[0], path=self.days()[-1])
        self.assertEqual(len(ids), len(set(ids)))

    def test_damage_of_every_kind_of_file_is_found(self):
        self.begin()
        self.send(50, volts=35.0)
        wait_for(lambda: self.raised() >= 1 and self.rows("notify", "SELECT count(*) FROM"
                                                          " _messages") >= 1, "an alarm told")
        self.end()
        self.history("check")
        for folder, name in (("history/packets", "packets/"), ("alarms", "alarms/main.db"),
                             ("notify", "notify/outbox.db")):
            [path] = glob.glob(os.path.join(self.system.state, folder, "*.db"))
            with open(path, "rb") as file:
                good = file.read()
            with open(path, "r+b") as file:
                file.write(b"\xa5" * 200)
            text = self.history("check", status=1)
            self.assertRegex(text, "damaged    %s" % name)
            text = self.history("backup", os.path.join(self.system.folder, folder), status=1)
            self.assertRegex(text, "damaged    %s" % name)
            with open(path, "wb") as file:
                file.write(good)
            open(path + ".damaged-1", "w").close()
            self.assertIn("kept for a look", self.history("check", status=1))
            os.unlink(path + ".damaged-1")
        self.history("check")


if __name__ == "__main__":
    unittest.main()
