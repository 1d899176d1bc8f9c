# SPDX-License-Identifier: MIT
"""Why packets are missing: what the receiver knows of it reaches the gap table of history."""
import glob
import os
import signal
import sqlite3

import packets
import receivercase
from receivercase import GAP_BEFORE, TCP, serial_data, serial_packet
from watchfloor import wait_for

DROP_BEFORE = 1 << 9
SMALL = "[logger]\nsync = 100ms\n[listener in]\ntransport = udp\nport = 0\nreceive_buffer = 8K\n"


class Causes(receivercase.ReceiverCase):
    def logged(self, count):
        """{cause: lost} of the gaps of main.serial, once `count` of its rows are stored."""
        def look():
            for path in glob.glob(os.path.join(self.system.state, "history", "raw", "*.db")):
                try:
                    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
                    rows, = db.execute("SELECT count(*) FROM serial").fetchone()
                    gaps = db.execute("SELECT cause, sum(lost) FROM gaps WHERE subsystem = 'serial'"
                                      " GROUP BY cause").fetchall()
                    db.close()
                except sqlite3.OperationalError:
                    continue  # made a moment ago
                if rows == count:
                    return dict(gaps), rows
            return None
        return wait_for(look, "%d rows" % count)[0]

    def start_logged(self, config):
        self.start(config)
        self.system.start("wf-logger", "--config", self.system.config_file())

    def test_rejected_packets_are_a_gap_of_that_cause(self):
        self.start_logged(SMALL)
        sender = self.udp()
        short = packets.packet(100, 2, b"12")
        for data in (serial_packet(0), serial_packet(1), short, packets.packet(100, 3, b"34"),
                     serial_packet(4), serial_packet(4), serial_packet(5), serial_packet(8)):
            sender.send(data)
        self.settled(packets=8, published=5)
        samples = self.ring("serial")
        self.assertEqual([one["rejected_before"] for one in samples], [0, 0, 2, 0, 0])
        # A duplicate is rejected too, but nothing is missing without it.
        self.assertEqual([one["lost_before"] for one in samples], [0, 0, 0, 0, 2])
        self.assertEqual(self.logged(5), {"rejected": 2, "sequence_gap": 2})

    def test_what_the_kernel_dropped_is_told_from_what_never_came(self):
        self.start_logged(SMALL)
        sender = self.udp()
        for number in (0, 1, 4):            # 2 and 3 were never sent
            sender.send(serial_packet(number))
        self.settled(packets=3)
        self.receiver.process.send_signal(signal.SIGSTOP)
        try:
            for number in range(5, 605):    # far more than the buffer holds
                sender.send(serial_packet(number))
        finally:
            self.receiver.process.send_signal(signal.SIGCONT)
        values = wait_for(lambda: (lambda now: now if now["datagrams"] + now["kernel_dropped"] == 603
                                   and now["packets"] == now["datagrams"] else None)(
                                       self.system.counters()), "all 603 datagrams counted")
        dropped = values["kernel_dropped"]
        self.assertGreater(dropped, 0)
        sender.send(serial_packet(605))
        sender.send(serial_packet(607))     # and 606 was not sent either
        self.settled(packets=values["packets"] + 2)
        samples = self.ring("serial")
        self.assertEqual(samples[2]["flags"], GAP_BEFORE)
        behind = [one for one in samples if one["flags"] & DROP_BEFORE]
        self.assertEqual(sum(one["lost_before"] for one in behind), dropped)
        self.assertEqual((samples[-1]["flags"], samples[-1]["lost_before"]), (GAP_BEFORE, 1))
        self.assertEqual(self.logged(len(samples)), {"kernel_drop": dropped, "sequence_gap": 3})

    def test_streams_know_rejects_too(self):
        self.start_logged("[logger]\nsync = 100ms\n" + TCP)
        sender = self.tcp()
        bad = packets.packet(100, 1, serial_data(1)[:2])
        sender.sendall(serial_packet(0) + bad + serial_packet(2))
        self.settled(packets=3, published=2)
        self.assertEqual(self.logged(2), {"rejected": 1})
