# SPDX-License-Identifier: MIT
"""A test case with a private receiver, and subsystems made for testing receivers."""
import socket
import struct

import packets
import watchfloor

# 72 bytes of data; test-follow checks that a sample is whole.
SERIAL = """[subsystem]
title = Serial numbers
apid  = 100
ring  = 4096

[parameter serial]
bits = 32
[parameter mirror]
bits = 32
[parameter block]
bits  = 32
count = 16
"""

# With a device time, a period and a calibration.
TIMED = """[subsystem]
title  = Timed
apid   = 101
time   = cuc 4.2
period = 100ms
stale_after = 300ms

[parameter volts]
bits       = 16
unit       = V
polynomial = 0 0.01
[parameter state]
bits        = 8
enumeration = states
[enumeration states]
0 = OFF
1 = ON
"""

# Two that share an APID and are told apart by their first byte.
FIRST = """[subsystem]
apid  = 102
match = kind == 1
[parameter kind]
bits = 8
[parameter a]
bits = 16
"""
SECOND = """[subsystem]
apid  = 102
match = kind == 2
[parameter kind]
bits = 8
[parameter b]
bits = 32
"""

PIECES = """[subsystem]
apid       = 103
segmented  = yes
packet_max = 1000
[parameter head]
bits = 16
[parameter rest]
type     = bytes
size     = rest
size_max = 900
"""

# The count of its packets never moves.
STILL = """[subsystem]
apid     = 104
sequence = none
[parameter level]
bits = 8
"""

SCHEMAS = {"still": STILL, "serial": SERIAL, "timed": TIMED, "first": FIRST, "second": SECOND, "pieces": PIECES}
UDP = "[listener in]\ntransport = udp\nport = 0\n"
TCP = "[listener in]\ntransport = tcp\nport = 0\n"

LATE, GAP_BEFORE, SHORT, LONG, DUPLICATE, TIME_BAD, REPLAY, RESTART = (1 << n for n in range(8))


def serial_data(number):
    return struct.pack(">II", number, ~number & 0xFFFFFFFF) + struct.pack(">I", number) * 16


def serial_packet(number, sequence=None):
    return packets.packet(100, number if sequence is None else sequence, serial_data(number))


def timed_packet(sequence, time_s, counts=2800, state=1):
    return packets.packet(101, sequence, packets.cuc(time_s) + struct.pack(">HB", counts, state),
                          secondary=True)


class ReceiverCase(watchfloor.SystemTest):
    """setUp starts nothing: tests call start() with their configuration."""

    def start(self, config=UDP, schemas=None, **more):
        self.system = self.new_system(config, SCHEMAS if schemas is None else schemas)
        self.receiver = self.system.receiver(**more)
        return self.system

    def udp(self, listener="in"):
        entry = self.system.listeners()[listener]
        family = socket.AF_INET6 if entry["address"].startswith("[") else socket.AF_INET
        sender = socket.socket(family, socket.SOCK_DGRAM)
        self.addCleanup(sender.close)
        sender.connect(("::1" if family == socket.AF_INET6 else "127.0.0.1", entry["port"]))
        return sender

    def tcp(self, listener="in"):
        sender = socket.create_connection(("127.0.0.1", self.system.port(listener)))
        sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.addCleanup(sender.close)
        return sender

    def assert_closed(self, sender):
        """The receiver closes the connection; with bytes unread that is a reset."""
        sender.settimeout(watchfloor.PATIENCE_S)
        try:
            self.assertEqual(sender.recv(1), b"")
        except ConnectionResetError:
            pass

    def settled(self, **wanted):
        """The counters, once they are what is wanted; they always balance."""
        def look():
            values = self.system.counters()
            self.check_balance(values)
            return values if all(values[name] == value for name, value in wanted.items()) else None
        try:
            return watchfloor.wait_for(look, "counters %s" % wanted, 10)
        except AssertionError:
            now = self.system.counters()
            self.assertEqual({name: now[name] for name in wanted}, wanted,
                             {name: count for name, count in now["by_reason"].items() if count})
            raise

    def check_balance(self, values):
        self.assertEqual(values["packets"], values["published"] + values["idle"] +
                         sum(values["by_reason"].values()))
        self.assertEqual(values["rejected"], sum(values["by_reason"].values()))

    def rejected(self, values):
        """{reason: count} of what was rejected at all."""
        return {name: count for name, count in values["by_reason"].items() if count}

    def subsystem(self, name, **wanted):
        def look():
            row = self.system.table("subsystems", "name").get(name)
            return row if row and all(row[key] == value for key, value in wanted.items()) else None
        return watchfloor.wait_for(look, "subsystem %s %s" % (name, wanted), 10)

    def ring(self, subsystem, source="main"):
        return self.system.peek("ring", source, subsystem)
