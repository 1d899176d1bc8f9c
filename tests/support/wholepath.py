# SPDX-License-Identifier: MIT
"""Packets by the hundred thousand whose contents follow from a count, with faults, and the books
of what was sent: for tests of the whole path."""
import random
import socket
import struct
import threading
import time

import packets

# Every value follows from the number, so that a row can be checked by itself.
STEADY = """[subsystem]
title  = Counted
apid   = 200
ring   = 8192
period = 1ms
stale_after = 60s
[parameter number]
bits = 64
[parameter hash]
bits = 32
[parameter level]
bits = 16
polynomial = 0 0.1
unit = V
"""
BURST = STEADY.replace("200", "201").replace("8192", "64")

# What no receiver can take, each in a datagram of its own: reason and packet.
JUNK = (
    ("unknown_apid", packets.packet(999, 1, b"1234")),
    ("bad_version", packets.packet(200, 1, b"1234", version=3)),
    ("bad_type", packets.packet(200, 1, b"1234", command=True)),
    ("truncated", packets.packet(200, 1, b"12345678", length=5000)),
)

_packet = struct.Struct(">HHHQIH")
PACKET_BYTES = _packet.size
LEVEL_STEP = 40


def hash_of(number):
    return (number * 2654435761 ^ number >> 7) & 0xffffffff


def level_of(number):
    return number // LEVEL_STEP & 0xfff


def packet_of(apid, number):
    return _packet.pack(apid, 0xc000 | number & 0x3fff, 13, number, hash_of(number),
                        level_of(number))


def number_in(data):
    """The count in a packet that is exactly as it was sent, else None."""
    apid, _, _, number, _, _ = _packet.unpack(data)
    return number if data == packet_of(apid, number) else None


class Stream:
    """One subsystem of one source: its packets from 0 on, and which of them were sent."""

    def __init__(self, listener, source, subsystem, apid):
        self.listener, self.source, self.subsystem, self.apid = listener, source, subsystem, apid
        self.next = 0
        self.sent = bytearray()  # one for each number: was it sent?
        self.begin_life()

    def begin_life(self):
        """Another receiver: its counters begin at 0."""
        self.books = {"published": 0, "lost": 0, "out_of_order": 0, "duplicates": 0}

    def take(self, is_sent=True):
        """The next packet, noted as sent (or as never sent)."""
        number = self.next
        self.next += 1
        self.sent.append(is_sent)
        self.books["published" if is_sent else "lost"] += 1
        return packet_of(self.apid, number)


class Sender:
    """Sends streams from a thread of its own, `rate` packets a second in all, with faults.

    with sender.paused(): nothing is sent meanwhile; flush() then ends what receivers can only know
    from the packet behind it."""

    def __init__(self, streams, rate, dice):
        self.streams, self.rate = streams, rate
        self.dice = random.Random(dice.random())
        self.lock = threading.Lock()
        self.is_over = False
        self.sockets = {}
        self.packets = 0
        self.thread = threading.Thread(target=self.run, daemon=True)

    # -- where to ------------------------------------------------------------------------------

    def begin_life(self, listeners):
        """Another receiver, with other ports. Only while paused, or before start()."""
        self.close()
        for name, listener in listeners.items():
            one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
            one.connect(("127.0.0.1", listener["port"]))
            self.sockets[name] = one
        self.datagrams = 0
        self.junk = dict.fromkeys((reason for reason, _ in JUNK), 0)
        for stream in self.streams:
            stream.begin_life()
            # A loss before the first packet of a life is nobody's to notice.
            self.send_clean(stream, 20)

    def close(self):
        for one in self.sockets.values():
            one.close()
        self.sockets = {}

    def send(self, listener, *some):
        """One datagram. Nobody may be there: then it is gone as if it had been taken."""
        self.datagrams += 1
        self.packets += len(some)
        try:
            self.sockets[listener].send(b"".join(some))
        except ConnectionRefusedError:
            pass

    # -- what ----------------------------------------------------------------------------------

    def send_clean(self, stream, count):
        for _ in range(count // 10):
            self.send(stream.listener, *[stream.take() for _ in range(10)])

    def send_faulty(self, stream):
        """Ten packets with something wrong about them."""
        some = [stream.take() for _ in range(10)]
        fault = self.dice.randrange(4)
        if fault == 0:  # out of order
            some[4], some[5] = some[5], some[4]
            stream.books["out_of_order"] += 1
        elif fault == 1:  # twice
            some.insert(7, some[6])
            stream.books["duplicates"] += 1
        elif fault == 2:  # never sent
            for _ in range(self.dice.randrange(1, 5)):
                stream.take(is_sent=False)
            some.append(stream.take())
        else:
            reason, packet = self.dice.choice(JUNK)
            self.junk[reason] += 1
            self.send(stream.listener, packet)
        self.send(stream.listener, *some)

    def flush(self):
        for stream in self.streams:
            self.send_clean(stream, 10)

    # -- the thread ----------------------------------------------------------------------------

    def paused(self):
        return self.lock

    def run(self):
        begun, sent = time.monotonic(), 0
        while not self.is_over:
            with self.lock:
                for stream in self.streams:
                    for _ in range(5):
                        if self.dice.random() < 0.1:
                            self.send_faulty(stream)
                        else:
                            self.send_clean(stream, 10)
            sent += 50 * len(self.streams)
            # What a pause held up is not caught up with.
            ahead = begun + sent / self.rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
            elif ahead < -0.1:
                begun, sent = time.monotonic(), 0

    def start(self):
        self.thread.start()

    def stop(self):
        self.is_over = True
        if self.thread.is_alive():
            self.thread.join()
