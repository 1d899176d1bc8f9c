# SPDX-License-Identifier: MIT
# timeout: 600
"""Recordings of real missions played into a running system, by UDP and TCP, at recorded speed, a
hundred times as fast and as fast as possible: what history holds equals what wf decode makes of the
same packets, value for value, raw and engineering, and every packet is accounted for.

Every definition of the imap instruments is loaded at once; packets of the others are undefined.
Recordings of hours are played for the first WATCHFLOOR_LIVE_SECONDS (default 12) of recorded
time at recorded speed, and for 20 seconds at a hundred times; WATCHFLOOR_LIVE_SECONDS=1800 plays
half an hour of each, which takes that long.
"""
import csv
import io
import json
import os
import re
import shutil
import struct
import unittest

import watchfloor
from watchfloor import SystemTest, testdata

SECONDS = float(os.environ.get("WATCHFLOOR_LIVE_SECONDS", "12"))
# Where the time of recording jumps by more, wf send goes on at once.
PAUSE_MAX_S = 600

DEFINITIONS = (("codice", "codice_packet_definition.xml"), ("swapi", "swapi_packet_definition.xml"),
               ("hit", "hit_packet_definitions.xml"), ("lo", "lo_xtce.xml"),
               ("ialirt", "ialirt_hit.xml"))




class Recording:
    """A file, where its packets lie, and how wf send and wf decode are told to read it."""

    def __init__(self, *parts, time_field=None, undefined=0):
        self.path = testdata(*parts)
        self.name = parts[-1]
        self.undefined = undefined      # packets of the whole file that nobody defines
        self.is_records = time_field is None
        self.send = () if self.is_records else ("--time-field", time_field)
        self.decode = ("--framing", "skip 8, length 4 big") if self.is_records else ()
        with open(self.path, "rb") as file:
            self.bytes = file.read()
        self.ends, self.times = [], []
        at = 0
        while at < len(self.bytes):
            if self.is_records:
                seconds, size = struct.unpack_from(">dI", self.bytes, at)
                at += 12 + size
            else:
                size = 7 + struct.unpack_from(">H", self.bytes, at + 4)[0]
                if time_field == "cuc 4.0":
                    seconds = struct.unpack_from(">I", self.bytes, at + 6)[0]
                else:
                    days, milliseconds = struct.unpack_from(">HI", self.bytes, at + 6)
                    seconds = 86400 * days + milliseconds / 1e3
                at += size
            self.ends.append(at)
            self.times.append(seconds)

    def until(self, seconds):
        """(packets due in the first `seconds` of recorded time, the time the last one is due)."""
        first = newest = self.times[0]
        begin = due = 0.0
        for count, now in enumerate(self.times):
            if abs(now - newest) > PAUSE_MAX_S:
                first, begin, newest = now, due, now
            newest = max(newest, now)
            ahead = begin + max(0.0, now - first)
            if ahead > seconds:
                return count, due
            due = ahead
        return len(self.times), due

    def cut(self, count, folder):
        """A file of the first `count` packets."""
        path = os.path.join(folder, "%d-%s" % (count, self.name))
        with open(path, "wb") as file:
            file.write(self.bytes[:self.ends[count - 1]])
        return path


def recordings():
    imap = "imap"
    return [
        Recording(imap, "codice", "imap_codice_l0_hskp_20100101_v001.pkts", time_field="cuc 4.0",
                  undefined=523),
        Recording(imap, "swapi", "imap_swapi_l0_raw_20240924_v001.pkts", time_field="cuc 4.0",
                  undefined=140),
        Recording(imap, "hit", "imap_hit_l0_hk_20100105_v001.pkts", time_field="cuc 4.0"),
        Recording(imap, "lo", "imap_lo_l0_raw_20240627_v001.pkts", time_field="cuc 4.0",
                  undefined=10965),
        Recording(imap, "ialirt", "hit_ialirt_sample.ccsds", time_field="cuc 4.0"),
        Recording("jpss", "J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1", time_field="cds 16.16"),
        Recording("cfs", "cfs_udp_tlm.bin", undefined=458),
    ]


def is_within(rows, whole):
    """Are these rows some of those, in their order?"""
    at = iter(whole)
    return all(any(one == row for one in at) for row in rows)


class Live(SystemTest):
    def setUp(self):
        watchfloor.need("wf", "wf-up", "wf-receiver", "wf-logger", "wf-query", "wf-status",
                        "wf-send", "wf-decode", "wf-import")
        self.recordings = recordings()

    def start(self, *transports, rings=()):
        """A system that hears each transport as a source of that name."""
        self.sys = self.new_system("[watchfloor]\nplugins = plugins\n" + "".join(
            "\n[listener %s]\ntransport = %s\nport = 0\nsource = %s\n" % (one, one, one)
            for one in transports))
        self.plugins = os.path.join(self.sys.folder, "plugins")
        for folder, name in DEFINITIONS:
            self.bring_in("imap", folder, name)
        self.bring_in("jpss", "jpss1_geolocation_xtce_v1.xml")
        events = os.path.join(watchfloor.SOURCE, "tests", "data", "real", "cfs_event.ini")
        with open(events) as file:
            self.sys.write_schema("cfs_event", file.read())
        for name, ring in rings:
            path = os.path.join(self.plugins, name, name + ".ini")
            with open(path) as file:
                text = file.read()
            with open(path, "w") as file:
                file.write(text.replace("[subsystem]\n", "[subsystem]\nring = %d\n" % ring, 1))
        self.up = self.sys.up()
        self.places = {one: self.sys.place(one) for one in transports}
        self.played = []        # (transport, recording, count)

    def bring_in(self, *parts):
        done = self.sys.attempt("wf", "import", "xtce", testdata(*parts), "--out", self.plugins)
        self.assertEqual(done.returncode, 0, done.stderr)

    # --- playing --------------------------------------------------------------------------------

    def play(self, transport, recording, count, *options):
        """Start wf send for the first `count` packets."""
        self.played.append((transport, recording, count))
        return self.sys.launch("wf", "send", recording.path, "--to", "%s:%s:%d" % (
            (transport,) + self.places[transport]), "--json", "--count", str(count),
            *options)

    def finish(self, process, count, timeout):
        """All were sent; returns the seconds it took."""
        self.assertEqual(process.wait(timeout), 0, process.err())
        account = json.loads(process.out())
        self.assertEqual((account["packets"], account["not_sent"], account["rubbish_bytes"]),
                         (count, 0, 0), account)
        return account["seconds"]

    def play_all(self, transports, speed, seconds):
        """All recordings at once; of long ones what is recorded in `seconds`."""
        runs = []
        for transport in transports:
            for recording in self.recordings:
                count, due = recording.until(seconds)
                print("%s: %s, %d of %d packets, %.0f s of recorded time at speed %s" % (
                    transport, recording.name, count, len(recording.times), due, speed))
                runs.append((self.play(transport, recording, count, *recording.send, "--speed",
                                       str(speed)), count, due))
        for process, count, due in runs:
            took = self.finish(process, count, seconds / speed + 60)
            self.assertGreaterEqual(took, due / speed - 0.01)
            self.assertLess(took, due / speed + 30)     # on a machine that is busy

    # --- what must come of it -------------------------------------------------------------------

    def decoded(self, recording, count, *options):
        """{subsystem: rows of texts} as wf decode has them."""
        out = os.path.join(self.sys.folder, "decoded")
        shutil.rmtree(out, ignore_errors=True)
        done = self.sys.attempt("wf", "decode", recording.cut(count, self.sys.folder), "--schema",
                            self.plugins, "--out", out, *recording.decode, *options)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        # History holds what was sent twice once; then these would have to be left out here.
        self.assertNotIn("repeated", done.stderr)
        found = {}
        for name in os.listdir(out) if os.path.isdir(out) else ():
            with open(os.path.join(out, name), newline="") as file:
                table = list(csv.reader(file))
            self.assertEqual(table[0][:2], ["time", "sequence"])
            # Where packets carry no time that the definition knows, history has that of receipt.
            found[name[:-len(".csv")]] = [row[:1] + row[2:] for row in table]
        undefined = sum(int(one) for one in re.findall(r"(\d+) packets nobody defines",
                                                       done.stderr))
        return found, undefined

    def history(self, transport, subsystem, is_timed, *options):
        span = ("--from", "1975-01-01") if is_timed else ("--from", "now-1d", "--by", "received")
        text = self.sys.run("wf", "query", "%s.%s" % (transport, subsystem), *span, "--format",
                            "csv", *options, timeout=120)
        table = list(csv.reader(io.StringIO(text, newline="")))
        prefix = "%s.%s." % (transport, subsystem)
        self.assertEqual(table[0][0], "time")
        self.assertTrue(all(name.startswith(prefix) for name in table[0][1:]), table[0])
        return [["time"] + [name[len(prefix):] for name in table[0][1:]]] + [
            row if is_timed else [""] + row[1:] for row in table[1:]]

    def settled(self):
        """The status when every packet sent is counted, and every sample stored or in a gap."""
        sent = sum(count for _, _, count in self.played)

        def look():
            status = self.sys.status()
            receiver = status["receiver"]
            self.assertEqual(receiver["packets"], receiver["published"] + receiver["idle"] +
                             sum(receiver["rejected"].values()))
            return status if (receiver["packets"] + receiver["kernel_dropped"] >= sent and
                              self.is_all_stored()) else None
        return self.wait_for(look, "all of %d packets counted, all samples stored" % sent,
                             timeout=120, every=0.5)

    def gaps(self, transport, subsystem):
        """Samples that were published and not stored, by the gap table."""
        return sum(int(row[0]) for row in self.sys.ask_history(
            "SELECT g.lost FROM _gaps AS g JOIN _sources AS s ON s.id = g.source"
            " WHERE s.name = ? AND g.subsystem = ? AND g.is_published", transport, subsystem))

    def stored(self, transport, subsystem):
        return sum(row[0] for row in self.sys.ask_history(
            "SELECT rows FROM _positions WHERE source = ? AND subsystem = ?", transport, subsystem))

    def is_all_stored(self):
        return all(one["samples"] == self.stored(one["source"], one["subsystem"]) +
                   self.gaps(one["source"], one["subsystem"])
                   for one in self.sys.status()["subsystems"] if one["source"] != "wf")

    def check(self, is_lossless=True):
        """Counters balance; history equals wf decode, in every value."""
        status = self.settled()
        by_name = {(one["source"], one["subsystem"]): one for one in status["subsystems"]}
        sources = {one["name"]: one for one in status["sources"]}
        dropped = status["receiver"]["kernel_dropped"]
        if dropped:
            print("the kernel dropped %d datagrams: this machine was too busy" % dropped)
        is_whole = is_lossless and dropped == 0
        undefined, samples, values = {}, {}, {}
        for transport, recording, count in self.played:
            for options in ((), ("--raw",)):
                tables, unknown = self.decoded(recording, count, *options)
                for subsystem, table in tables.items():
                    is_timed = any(row[0] != "" for row in table[1:])
                    found = self.history(transport, subsystem, is_timed, *options)
                    self.assertEqual(found[0], table[0])
                    where = (transport, recording.name, subsystem, options)
                    if is_whole:
                        self.assertEqual(len(found), len(table), where)
                        for number, (have, want) in enumerate(zip(found, table)):
                            self.assertEqual(have, want, where + (number,))
                    else:
                        self.assertTrue(is_within(found[1:], table[1:]), where)
                        one = by_name[(transport, subsystem)]
                        self.assertEqual(one["samples"], len(found) - 1 +
                                         self.gaps(transport, subsystem), where)
                    values[transport] = (values.get(transport, 0) +
                                         (len(found) - 1) * (len(found[0]) - 1 + is_timed))
            undefined[transport] = undefined.get(transport, 0) + unknown
            samples[transport] = (samples.get(transport, 0) +
                                  sum(len(table) - 1 for table in tables.values()))
            if count == len(recording.times):
                self.assertEqual(unknown, recording.undefined, recording.name)
        for transport, source in sources.items():
            sent = sum(count for to, _, count in self.played if to == transport)
            print("%s: %d packets, %d published, %d undefined; %d values equal" % (
                transport, source["packets"], source["published"],
                source["rejected_unknown_apid"], values[transport]))
            self.assertEqual(source["packets"], source["published"] + source["rejected"] +
                             source["idle"])
            if dropped == 0:
                self.assertEqual((source["packets"], source["published"],
                                  source["rejected_unknown_apid"], source["rejected"]),
                                 (sent, samples[transport], undefined[transport],
                                  undefined[transport]))
        self.assertEqual(status["receiver"]["packets"] + dropped,
                         sum(count for _, _, count in self.played))
        if is_whole:
            for key in sources:
                self.assertEqual(sum(self.gaps(source, name) for source, name in by_name
                                     if source == key), 0, key)
        return status

    # --- the cases ------------------------------------------------------------------------------

    def test_as_fast_as_possible_over_tcp_nothing_is_lost(self):
        self.start("tcp")
        runs = [(self.play("tcp", one, len(one.times), "--speed", "max"), len(one.times))
                for one in self.recordings]
        for process, count in runs:
            self.finish(process, count, 120)
        status = self.check()
        self.assertGreater(status["receiver"]["stream_waits"], 0)

    def test_as_fast_as_possible_over_udp_fits_into_rings_that_hold_it(self):
        self.start("udp", rings=(("ILO_APP_NHK", 2048), ("JPSS_ATT_EPHEM", 8192)))
        for one in self.recordings:
            self.finish(self.play("udp", one, len(one.times), "--speed", "max"), len(one.times),
                        60)
        self.check()

    def test_what_udp_brings_too_fast_for_the_rings_is_in_gap_rows(self):
        self.start("udp", rings=(("ILO_APP_NHK", 16), ("JPSS_ATT_EPHEM", 16), ("COD_NHK", 8)))
        for one in self.recordings:
            self.finish(self.play("udp", one, len(one.times), "--speed", "max"), len(one.times),
                        60)
        self.check(is_lossless=False)

    def test_a_hundred_times_as_fast(self):
        self.start("udp", "tcp")
        self.play_all(("udp", "tcp"), 100, max(2000, 100 * SECONDS))
        self.check()

    def test_at_recorded_speed(self):
        self.start("udp", "tcp")
        self.play_all(("udp", "tcp"), 1, SECONDS)
        self.check()

    def test_housekeeping_newer_than_its_definition_is_marked_and_noted(self):
        self.start("tcp")
        swapi = [one for one in self.recordings if "swapi" in one.name][0]
        self.finish(self.play("tcp", swapi, len(swapi.times), "--speed", "max"),
                    len(swapi.times), 60)
        self.settled()
        name = "tcp.P_SWP_HK"
        values = self.sys.get(name)
        self.assertEqual({one["quality"] for one in values.values()}, {"SUSPECT"})
        self.assertEqual({one["quality"] for one in self.sys.get("tcp.P_SWP_SCI").values()},
                         {"VALID"})
        self.wait_for(lambda: self.sys.subsystem(name)["long_packets"] == 17, "17 long packets")
        self.assertEqual(self.sys.subsystem(name)["rejected"], 0)
        shown = self.sys.attempt("wf", "status").stdout
        self.assertIn("%s: 17 packets longer than the schema, which may be older" % name, shown)
        self.assertEqual(self.up.err().count("longer than its schema"), 1)

    def test_what_is_sent_twice_is_stored_once(self):
        """wf decode shows every packet of a file; history holds each one once, and counts why."""
        self.start("tcp")
        hit = [one for one in self.recordings if "hit_l0_hk" in one.name][0]
        twice = os.path.join(self.sys.folder, "twice.pkts")
        with open(twice, "wb") as file:
            begin = 0
            for number, end in enumerate(hit.ends):
                file.write(hit.bytes[begin:end] * (2 if number % 10 == 3 else 1))
                begin = end
        repeated = len(range(3, len(hit.ends), 10))
        done = self.sys.attempt("wf", "decode", twice, "--schema", self.plugins, "--out",
                            os.path.join(self.sys.folder, "twice"))
        self.assertIn("HIT_HSKP: %d rows, %d repeated" % (len(hit.ends) + repeated, repeated),
                      done.stderr)
        self.sys.run("wf", "send", twice, "--to", "tcp:%s:%d" % self.places["tcp"], "--speed",
                     "max")
        self.wait_for(lambda: self.sys.status()["receiver"]["packets"] ==
                      len(hit.ends) + repeated and self.is_all_stored(), "all packets")
        self.assertEqual(self.sys.status()["receiver"]["rejected"]["duplicate"], repeated)
        tables, _ = self.decoded(hit, len(hit.ends))
        self.assertEqual(self.history("tcp", "HIT_HSKP", False), tables["HIT_HSKP"])


if __name__ == "__main__":
    unittest.main()
