# SPDX-License-Identifier: MIT
"""The alarm monitor: packet to journal and table, ten thousand alarms at once, CPU of many parameters.

    tests/bench/run alert               (or: bench_alert.py [--rounds N] [--json FILE] [PART...],
                                         parts: latency flood idle)

Latency is from sending a packet to a display seeing the row, which is written when the transition is in
the journal. The bare limit of a synced one is what fdatasync of one page takes on the same disk.
"""
import argparse
import json
import os
import socket
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True
import packets  # noqa: E402
import watchfloor  # noqa: E402
from bench_receiver import Figures, cpu_ns  # noqa: E402

TOGGLE = "[subsystem]\napid = 100\nring = 4096\n[parameter volts]\nbits = 16\n" \
         "polynomial = 0 0.01\nhi = 30\nclear = 1 of 1\ninvalid_severity = 0\n"
EACH, WIDE = 3400, 3
LISTENER = "[listener in]\nport = 0\nreceive_buffer = 16M\n"


def wide(apid):
    return "[subsystem]\napid = %d\n" % apid + "".join(
        "[parameter p%d]\nbits = 8\nhi = 1\nclear = 1 of 1\ninvalid_severity = 0\n" % i
        for i in range(EACH))


def start(system):
    system.receiver()
    system.start("wf-alert", "--config", system.config_file())
    return system.port("in")


def fdatasync_ns(folder):
    """One page over one that is there already, as the journal's log does most of the time."""
    path = os.path.join(folder, "bare")
    times = []
    with open(path, "w+b", buffering=0) as file:
        file.write(bytes(64 * 4096))
        os.fsync(file.fileno())
        for page in range(60):
            os.pwrite(file.fileno(), os.urandom(4096), page * 4096)
            begun = time.monotonic_ns()
            os.fdatasync(file.fileno())
            times.append(time.monotonic_ns() - begun)
    os.unlink(path)
    return sorted(times)


def latency(figures, count):
    for name, sync in (("synced", "0"), ("unsynced", "1s")):
        system = watchfloor.System(LISTENER + "[alert main]\nsync = %s\nsubsystems = toggle\n" % sync,
                                 {"toggle": TOGGLE})
        try:
            port = start(system)
            told = json.loads(system.run("load-alarm", system.instance, str(port), str(count), "5"))
            for key in ("p50", "p99"):
                figures.add("packet to table, %s, %s" % (name, key), "ms", told[key] / 1e6)
            if name == "synced":
                bare = fdatasync_ns(system.folder)
                figures.add("bare fdatasync of a page, p50", "ms", bare[len(bare) // 2] / 1e6)
                figures.add("bare fdatasync of a page, p95", "ms", bare[len(bare) * 95 // 100] / 1e6)
        finally:
            system.close()


def flood(figures):
    system = watchfloor.System(LISTENER + "[alert main]\nsubsystems = wide*\n",
                             {"wide%d" % i: wide(300 + i) for i in range(WIDE)})
    try:
        port = start(system)
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        path = os.path.join(system.state, "alarms", "main.db")

        def stored():
            db = sqlite3.connect("file:%s?mode=ro" % path, uri=True, timeout=20)
            try:
                return db.execute("SELECT count(*) FROM _entries WHERE kind = 0").fetchone()[0]
            finally:
                db.close()
        begun = time.monotonic()
        for i in range(WIDE):
            sender.sendto(packets.packet(300 + i, 0, bytes([2]) * EACH), ("127.0.0.1", port))
        watchfloor.wait_for(lambda: stored() >= EACH * WIDE, "the flood in the journal")
        figures.add("%d alarms at once, in the journal after" % (EACH * WIDE), "s",
                    time.monotonic() - begun)
        watchfloor.wait_for(lambda: len(system.peek("rows", "wf", "alarms")) == EACH * WIDE, "rows")
        figures.add("flood: transitions missing", "", EACH * WIDE - stored())
        sender.close()
    finally:
        system.close()


def idle(figures):
    """100,000 parameters with limits at 1 Hz: 100 sources of 1,000 each."""
    schema = "[subsystem]\nperiod = 1s\nstale_after = 1m\n[parameter number]\nbits = 64\n" + "".join(
        "[parameter p%d]\nbits = 16\nhi = 100000\nlo = -1\nlolo = -2\nhihi = 200000\n" % i
        for i in range(999))
    system = watchfloor.System("[alert main]\nsubsystems = load\n", {"load": schema})
    try:
        path = os.path.join(system.folder, "plugins", "load", "load.ini")
        system.start("test-publish", system.instance, system.state, path, "--sources",
                     ",".join("s%d" % i for i in range(100)), "--rate", "100")
        alert = system.start("wf-alert", "--config", system.config_file())
        watchfloor.wait_for(lambda: (system.peek("sample", "wf", "alert") or {"values": {"samples": 0}})
                          ["values"]["samples"] > 100, "samples")
        before, begun = cpu_ns(alert.pid), time.monotonic_ns()
        time.sleep(8)
        figures.add("100,000 parameters at 1 Hz", "% of a core",
                    100 * (cpu_ns(alert.pid) - before) / (time.monotonic_ns() - begun))
    finally:
        system.close()


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--count", type=int, default=400)
    options.add_argument("--json")
    options.add_argument("part", nargs="*", default=["latency", "flood", "idle"])
    given = options.parse_args()
    figures = Figures()
    for _ in range(given.rounds):
        if "latency" in given.part:
            latency(figures, given.count)
        if "flood" in given.part:
            flood(figures)
        if "idle" in given.part:
            idle(figures)
    if "latency" in given.part:
        figures.figure("packet to journal and table, synced, p99", "ms",
                       figures.median("packet to table, synced, p99"), 20)
        figures.figure("packet to table without sync, p50", "ms",
                       figures.median("packet to table, unsynced, p50"), 1)
    if "flood" in given.part:
        figures.figure("transitions missing after the flood", "",
                       figures.median("flood: transitions missing"), 0)
    if "idle" in given.part:
        figures.figure("100,000 parameters at 1 Hz", "%",
                       figures.median("100,000 parameters at 1 Hz"), 3)
    figures.finish(given.rounds, given.json, "alert")


if __name__ == "__main__":
    main()
