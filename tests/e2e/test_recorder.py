# SPDX-License-Identifier: MIT
# timeout: 400
"""The archive of packets: every packet that the receiver found is a row or in a gap, as it was."""
import glob
import json
import os
import random
import signal
import sqlite3
import struct
import unittest

import packets
from receivercase import ReceiverCase, TCP, UDP, serial_packet
from watchfloor import wait_for

KEEP = "[receiver]\npacket_ring = 4M\n\n[recorder]\nsync = 100ms\n\n"


class Recorder(ReceiverCase):
    def recorder(self, **more):
        return self.system.start("wf-recorder", "--config", self.system.config_file(), **more)

    def files(self):
        return sorted(glob.glob(os.path.join(self.system.state, "history", "packets", "*.db")))

    def ask(self, sql, *args):
        rows = []
        for path in self.files():
            db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
            try:
                rows += db.execute(sql, args).fetchall()
            except sqlite3.OperationalError:
                pass  # made a moment ago
            finally:
                db.close()
        return rows

    def count(self, where="1"):
        return sum(n for n, in self.ask("SELECT count(*) FROM packets WHERE " + where))

    def wait_count(self, count, where="1"):
        wait_for(lambda: self.count(where) >= count, "%d packets where %s" % (count, where))
        self.assertEqual(self.count(where), count)

    def lost(self):
        return sum(n for n, in self.ask("SELECT coalesce(sum(lost), 0) FROM gaps"))

    def test_every_packet_is_kept_as_it_was_with_what_became_of_it(self):
        self.start(KEEP + UDP)
        recorder = self.recorder()
        sender = self.udp()
        sent = [serial_packet(0), serial_packet(1), serial_packet(1),
                packets.packet(999, 0, b"unknown"), packets.packet(packets.IDLE, 0, b"idle"),
                packets.packet(100, 2, b"x", version=3), b"\0bc",
                packets.packet(103, 0, b"\0\1aaaa", flags=packets.FIRST),
                packets.packet(103, 1, b"bbbb", flags=packets.LAST)]
        for one in sent:
            sender.send(one)
        self.wait_count(len(sent))
        rows = self.ask("SELECT data, outcome, listener, subsystem, number FROM packets"
                        " ORDER BY rowid")
        self.assertEqual([row[0] for row in rows], sent)
        self.assertEqual([row[1] for row in rows],
                         ["published", "published", "duplicate", "unknown_apid", "idle",
                          "bad_version", "truncated", "segment", "published"])
        self.assertEqual({row[2] for row in rows}, {"in"})
        self.assertEqual(rows[0][3], "serial")
        self.assertEqual(rows[8][3], "pieces")
        self.assertEqual(rows[7][4], rows[8][4], "a segment shares the number of its packet")
        self.settled(packets=self.count("outcome <> 'segment'"))
        self.assertEqual(self.lost(), 0)
        self.assertEqual(recorder.stop(), 0)

    def test_packets_of_all_lengths_survive_blocks_and_streams(self):
        # Deep enough for all of it: whoever sends at full speed does not wait for the recorder.
        self.start(KEEP.replace("4M", "64M") + TCP)
        recorder = self.recorder()
        sender = self.tcp()
        random.seed(5)
        sent = [packets.packet(103, n, os.urandom(random.choice([1, 20, 900, 8100, 8121, 30000])))
                for n in range(300)]
        for one in sent:
            sender.sendall(one)
        self.wait_count(300)
        self.assertEqual([data for data, in self.ask("SELECT data FROM packets ORDER BY rowid")],
                         sent)
        self.assertEqual(recorder.stop(), 0)

    def balance(self, packets_found):
        """Every packet found is a row or in a gap, none is twice."""
        rows = self.ask("SELECT epoch, number, data FROM packets WHERE outcome <> 'segment'")
        self.assertEqual(len({row[:2] for row in rows}), len(rows), "a packet is there twice")
        self.assertEqual(len(rows) + self.lost(), packets_found)
        return rows

    def test_a_killed_recorder_goes_on_where_it_was(self):
        # Lives may be too short to store anything: the ring has room for all of it, a block each.
        self.start(KEEP.replace("4M", "128M") + UDP)
        sender = self.udp()
        random.seed(6)
        number = 0
        for _ in range(12):
            recorder = self.recorder()
            goal = number + random.randrange(50, 400)
            while number < goal:
                sender.send(serial_packet(number))
                number += 1
            recorder.kill()
        recorder = self.recorder()
        self.settled(packets=number)
        wait_for(lambda: self.count() + self.lost() >= number, "all %d packets" % number)
        rows = self.balance(number)
        self.assertEqual(self.lost(), 0, "the ring was deep enough for all")
        serials = sorted(struct.unpack(">I", data[6:10])[0] for _, _, data in rows)
        self.assertEqual(serials, list(range(number)))
        self.assertEqual(recorder.stop(), 0)

    def test_a_killed_receiver_begins_a_new_life_in_the_archive(self):
        self.start(KEEP + UDP)
        recorder = self.recorder()
        found = 0
        for life in range(3):
            sender = self.udp()
            for number in range(100):
                sender.send(serial_packet(life * 100 + number))
            self.settled(packets=100)
            found += 100
            self.receiver.kill()
            self.receiver = self.system.receiver()
        wait_for(lambda: self.count() + self.lost() >= found, "all packets of three lives")
        self.balance(found)
        self.assertEqual(len(self.ask("SELECT DISTINCT epoch FROM packets")), 3)
        self.assertEqual(recorder.stop(), 0)

    def test_what_the_ring_loses_is_a_gap(self):
        self.start(KEEP.replace("4M", "64K") + UDP)
        recorder = self.recorder()
        sender = self.udp()
        sender.send(serial_packet(0))
        self.wait_count(1)
        recorder.send_signal(signal.SIGSTOP)
        for number in range(1, 12000):  # 1 MB through a ring of half as much
            sender.send(serial_packet(number))
        self.settled(packets=12000)
        recorder.send_signal(signal.SIGCONT)
        wait_for(lambda: self.count() + self.lost() > 11999, "all packets")
        self.balance(12000)
        self.assertGreater(self.lost(), 0)
        self.assertEqual({cause for cause, in self.ask("SELECT cause FROM gaps")},
                         {"ring_overrun"})
        self.assertEqual(recorder.stop(), 0)

    def test_without_a_ring_it_says_so_and_waits(self):
        self.start(UDP)
        recorder = self.recorder()
        self.assertEqual(recorder.stop(), 0)
        self.assertIn("packet_ring", recorder.err())

    def test_wf_packets_shows_them_and_where_a_value_came_from(self):
        self.start(KEEP + UDP)
        recorder = self.recorder()
        logger = self.system.start("wf-logger", "--config", self.system.config_file())
        sender = self.udp()
        sent = [serial_packet(7), packets.packet(999, 0, b"unknown"), serial_packet(8)]
        for one in sent:
            sender.send(one)
        self.wait_count(3)
        self.assertEqual(logger.stop(), 0)
        table = self.system.run("wf-packets")
        self.assertEqual(len(table.splitlines()), 4)
        self.assertIn("unknown_apid", self.system.run("wf-packets", "--rejected"))
        rows = [json.loads(line) for line in
                self.system.run("wf-packets", "--format", "json", "--apid", "100").splitlines()]
        self.assertEqual([bytes.fromhex(row["data"]) for row in rows], [sent[0], sent[2]])
        self.assertEqual([row["outcome"] for row in rows], ["published"] * 2)
        self.assertEqual(len(self.system.run("wf-packets", "--format", "csv").splitlines()), 4)
        origin = self.system.run("wf-packets", "--of", "serial.mirror")
        self.assertIn("serial.mirror = 4294967287", origin)
        self.assertIn("bits 80 .. 111", origin)
        self.assertIn("[ff ff ff f7]", origin)
        self.assertEqual(self.system.run("wf-query", "serial.mirror", "--packet"), origin)
        self.system.run("wf-packets", "--from", "2001-01-01", "--to", "2001-01-02", status=1)
        self.system.run("wf-packets", "--of", "serial.nothing", status=2)
        self.system.run("wf-packets", "--apid", "5000", status=2)
        self.assertEqual(recorder.stop(), 0)

    def test_without_an_archive_wf_packets_says_how_to_begin_one(self):
        self.start(UDP)
        process = self.system.launch("wf-packets")
        self.assertEqual(process.wait(), 2)
        self.assertIn("packet_ring", process.err())

    def test_a_second_recorder_is_refused(self):
        self.start(KEEP + UDP)
        recorder = self.recorder()
        other = self.recorder(ready=False)
        self.assertEqual(other.wait(), 2)
        self.assertIn("running already", other.err())
        self.assertEqual(recorder.stop(), 0)

    def test_the_logger_leaves_packets_to_the_recorder(self):
        self.start(KEEP + UDP)
        logger = self.system.start("wf-logger", "--config", self.system.config_file())
        sender = self.udp()
        sender.send(serial_packet(0))
        path = os.path.join(self.system.state, "history", "raw", "*.db")
        wait_for(lambda: glob.glob(path), "a day file")
        self.assertEqual(logger.stop(), 0)
        db = sqlite3.connect(glob.glob(path)[0])
        names = [name for name, in db.execute("SELECT subsystem FROM _schemas")]
        db.close()
        self.assertIn("serial", names)
        self.assertNotIn("packets", names)


if __name__ == "__main__":
    unittest.main()
