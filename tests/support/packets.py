# SPDX-License-Identifier: MIT
"""CCSDS space packets for tests, made without the code that is tested."""
import socket
import struct

IDLE = 0x7FF
FIRST, CONTINUATION, LAST, UNSEGMENTED = 1, 0, 2, 3


def packet(apid, sequence, data, flags=UNSEGMENTED, version=0, command=False, secondary=False,
           length=None):
    """One space packet; `length` overrides the length field."""
    word = version << 13 | int(command) << 12 | int(secondary) << 11 | apid
    if length is None:
        length = len(data) - 1
    return struct.pack(">HHH", word, flags << 14 | sequence & 0x3FFF, length) + data


def cuc(time_s):
    """CUC 4.2 from the TAI epoch, as `time = cuc 4.2`: 37 s ahead of UTC, 1958 to 1970 before."""
    tai = time_s + 37 + 378691200
    return struct.pack(">IH", int(tai), int((tai - int(tai)) * 65536))


def split(stream):
    """The packets of a byte string that holds nothing else."""
    packets = []
    while stream:
        length = 7 + struct.unpack(">H", stream[4:6])[0]
        packets.append(stream[:length])
        stream = stream[length:]
    return packets


def send_udp(place, datagrams):
    family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, place)
