# SPDX-License-Identifier: MIT
# timeout: 300
"""Recordings of real spacecraft through the whole system, and equal again out of history.

Needs the folder of recordings (WATCHFLOOR_TESTDATA); schemas are those of tests/data/real.
"""
import csv
import io
import json
import os
import socket
import struct
import unittest

import watchfloor
from watchfloor import SystemTest, testdata

CONFIG = """[watchfloor]
plugins = plugins

[listener datagrams]
transport = udp
port = 0

[listener stream]
transport = tcp
port = 0

[listener recording]
transport = tcp
port = 0
framing = skip 8, length 4 big
"""


def single(text):
    """A number as a 32-bit float holds it."""
    return struct.unpack(">f", struct.pack(">f", float(text)))[0]


class RealData(SystemTest):
    def start_with(self, *schemas):
        watchfloor.need("wf", "wf-up", "wf-receiver", "wf-logger", "wf-query", "wf-status",
                        "wf-send")
        self.sys = self.new_system(CONFIG)
        for name in schemas:
            with open(os.path.join(watchfloor.SOURCE, "tests", "data", "real", name + ".ini")) as file:
                # Hours of packets in a moment: the ring holds them all until they are recorded.
                self.sys.write_schema(name, file.read().replace("[subsystem]\n",
                                                          "[subsystem]\nring = 8192\n"))
        self.up = self.sys.up()
        self.places = {one: self.sys.place(one) for one in self.sys.listeners()}

    def play(self, listener, path, *options):
        """With wf send, as an engineer would; returns its account."""
        transport = "udp" if listener == "datagrams" else "tcp"
        text = self.sys.run("wf", "send", path, "--to", "%s:%s:%d" % (
            (transport,) + self.places[listener]), "--json", *options)
        return json.loads(text)

    def send_tcp(self, listener, data, piece=1021):
        """Cut anywhere: pieces of a length that fits no packet."""
        with socket.create_connection(self.places[listener], timeout=10) as sender:
            for at in range(0, len(data), piece):
                sender.sendall(data[at:at + piece])

    def rows(self, subsystem, columns, start, end, count):
        """Rows of history as dictionaries, once all are there."""
        names = ["%s.%s" % (subsystem, column) for column in columns]

        def look():
            text = self.sys.run("wf", "query", *names, "--from", start, "--to", end, "--format",
                                "csv", timeout=120)
            found = list(csv.DictReader(io.StringIO(text)))
            return found if len(found) >= count else None
        found = self.wait_for(look, "%d rows of %s in history" % (count, subsystem), every=1)
        self.assertEqual(len(found), count)
        self.assertEqual(list(found[0]), ["time"] + names)
        return [{column: row[name] for column, name in zip(columns, names)} for row in found]

    def test_two_hours_of_noaa_20_attitude_and_orbit_come_back_equal(self):
        recording = testdata("jpss", "J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1")
        with open(testdata("jpss", "expected_apid11_raw.csv")) as file:
            expected = list(csv.DictReader(file))
        self.start_with("jpss_geolocation")
        self.play("stream", recording, "--speed", "max")
        columns = list(expected[0])
        found = self.rows("jpss_geolocation", columns, "2021-04-08T23:59:00Z",
                          "2021-04-09T03:00:00Z", len(expected))
        floats = [name for name in columns if "GPS" in name or "CFAQ" in name]
        self.assertEqual(len(floats), 10)
        for index, (want, have) in enumerate(zip(expected, found)):
            for name in columns:
                if name in floats:
                    self.assertEqual(single(have[name]), single(want[name]), (index, name))
                else:
                    self.assertEqual(int(have[name]), int(want[name]), (index, name))
        status = self.sys.subsystem("jpss_geolocation")
        self.assertEqual((status["samples"], status["gaps"], status["duplicates"]), (7200, 0, 0))

    def check_events(self):
        with open(testdata("cfs", "expected_evs.jsonl")) as file:
            expected = [json.loads(line) for line in file]
        columns = ["app", "event_id", "event_type", "spacecraft", "processor", "message"]
        found = self.rows("cfs_event", columns, "1980-01-01T00:00:00Z", "now", len(expected))
        types = {1: "DEBUG", 2: "INFORMATION", 3: "ERROR", 4: "CRITICAL"}
        for want, have in zip(expected, found):
            self.assertEqual(have["app"], want["app"])
            self.assertEqual(have["message"], want["message"])
            self.assertEqual(int(have["event_id"]), want["event_id"])
            self.assertEqual(have["event_type"], types[want["type"]])
            self.assertEqual(int(have["spacecraft"]), want["scid"])
            self.assertEqual(int(have["processor"]), want["proc"])

        # The other eight APIDs of the recording are of no subsystem here, and counted so.
        def counted():
            receiver = self.sys.status()["receiver"]
            return receiver if receiver["packets"] >= 512 else None
        receiver = self.wait_for(counted, "512 packets counted")
        self.assertEqual(receiver["packets"], 512)
        self.assertEqual(receiver["published"], 54)
        self.assertEqual(receiver["rejected"]["unknown_apid"], 512 - 54)

    def test_flight_software_events_come_back_with_their_texts(self):
        recording = testdata("cfs", "cfs_udp_tlm.bin")
        self.start_with("cfs_event")
        self.play("datagrams", recording, "--speed", "50") # 50 s of flight in one
        self.check_events()

    def test_the_recording_s_own_framing_is_read_however_the_stream_is_cut(self):
        with open(testdata("cfs", "cfs_udp_tlm.bin"), "rb") as file:
            recording = file.read()
        self.start_with("cfs_event")
        self.send_tcp("recording", recording, piece=333)
        self.check_events()

    def test_an_instrument_s_housekeeping_comes_back_equal(self):
        recording = testdata("imap", "hit", "imap_hit_l0_hk_20100105_v001.pkts")
        with open(testdata("imap", "hit", "hskp_sample_raw.csv")) as file:
            expected = list(csv.DictReader(file))
        self.start_with("imap_hit")
        self.play("datagrams", recording, "--rate", "2000")
        columns = [name for name in expected[0] if not name.startswith("CCSDS_")]
        found = self.rows("imap_hit", columns, "2010-01-01T00:00:00Z", "2010-02-01T00:00:00Z", 88)
        for index, (want, have) in enumerate(zip(expected, found)): # one packet has no row there
            for name in columns:
                self.assertEqual(int(have[name]), int(want[name]), (index, name))


if __name__ == "__main__":
    unittest.main()
