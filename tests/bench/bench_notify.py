#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How long it takes until people are told: from a journal's commit, and from a packet on the wire.

python3 tests/bench/bench_notify.py [--count N] [--rounds N] [--json FILE]

The bare limit beside it is one synced commit of SQLite and a wake-up through a pipe, measured in the same
run: what a sample that is judged, stored and told cannot do without.
"""
import argparse
import json
import os
import socket
import sqlite3
import statistics
import struct
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.environ.setdefault("WATCHFLOOR_BUILD", os.path.join(ROOT, "build", "release"))
os.environ.setdefault("WATCHFLOOR_SOURCE", ROOT)
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))

import packets
from notifycase import HEAD, Journal, raised
from watchfloor import System

SCHEMA = """[subsystem]
apid = 100
ring = 4096
[parameter volts]
bits = 16
hi = 30
clear = 1 of 1
"""
PAUSE_S = 0.01
WARM_UP = 5  # until everybody knows everybody's bell


class Ear:
    """A pipe with a name as the file of a route: a line is heard the moment it is written."""

    def __init__(self, system):
        self.path = os.path.join(system.folder, "ear")
        os.mkfifo(self.path)
        self.fd = os.open(self.path, os.O_RDWR)
        self.rest = b""

    def hear(self):
        while b"\n" not in self.rest:
            self.rest += os.read(self.fd, 65536)
        now = time.monotonic_ns()
        line, self.rest = self.rest.split(b"\n", 1)
        return now, line

    def close(self):
        os.close(self.fd)


def start(schemas=None, listener=""):
    system = System(schemas=schemas)
    ear = Ear(system)
    system.write_config(HEAD.replace("plugins = ", "plugins = plugins:") + listener +
                        "[route ear]\ngroup = 0\nsettings =\n    path = %s\n    format = json\n"
                        % ear.path)
    return system, ear


def from_commit(count):
    """Journal written and synced -> told, ns each; the commit itself beside it."""
    system, ear = start()
    try:
        journal = Journal(system)
        system.start("wf-notify", "--config", system.config_file())
        told, commits = [], []
        for number in range(count + WARM_UP):
            begin = time.monotonic_ns()
            journal.write(raised("main.bench.p%d LIMIT" % number))
            end = time.monotonic_ns()
            told.append(ear.hear()[0] - end)
            commits.append(end - begin)
            time.sleep(PAUSE_S)
        journal.close()
        return told[WARM_UP:], commits[WARM_UP:]
    finally:
        ear.close()
        system.close()


def from_wire(count):
    """A packet that violates a limit, on the wire -> told, ns each."""
    system, ear = start({"bench": SCHEMA}, "[listener here]\nport = 0\nhost = 127.0.0.1\nsubsystems = bench\n"
                        "[receiver]\ngather = 0\n")
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        system.receiver()
        system.start("wf-alert", "--config", system.config_file())
        system.start("wf-notify", "--config", system.config_file())
        address = ("127.0.0.1", system.port("here"))
        told = []
        for number in range(count + WARM_UP):
            sender.sendto(packets.packet(100, 2 * number, struct.pack(">H", 10)), address)
            time.sleep(PAUSE_S)
            begin = time.monotonic_ns()
            sender.sendto(packets.packet(100, 2 * number + 1, struct.pack(">H", 50)), address)
            told.append(ear.hear()[0] - begin)
            time.sleep(PAUSE_S)
        return told[WARM_UP:]
    finally:
        sender.close()
        ear.close()
        system.close()


def bare(count):
    """One synced commit and a wake-up through a pipe, ns each."""
    system = System()
    reader, writer = os.pipe()
    db = sqlite3.connect(os.path.join(system.folder, "bare.db"), isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)")
        took = []
        for number in range(count):
            begin = time.monotonic_ns()
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT INTO t (text) VALUES (?)", ("x" * 400,))
            db.execute("COMMIT")
            os.write(writer, b"x")
            os.read(reader, 1)
            took.append(time.monotonic_ns() - begin)
            time.sleep(PAUSE_S)
        return took
    finally:
        db.close()
        os.close(reader)
        os.close(writer)
        system.close()


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json")
    options = parser.parse_args()
    rounds = {"commit -> told": [], "packet -> told": [], "one synced commit, bare": []}
    for _ in range(options.rounds):
        rounds["one synced commit, bare"].append(bare(options.count))
        rounds["commit -> told"].append(from_commit(options.count)[0])
        rounds["packet -> told"].append(from_wire(options.count))
    figures = {}
    print("%-28s %10s %10s %10s" % ("ms, median of %d rounds" % options.rounds, "p50", "p99", "max"))
    for name, lists in rounds.items():
        row = [statistics.median(f(values) for values in lists) / 1e6 for f in
               (statistics.median, lambda v: percentile(v, 0.99), max)]
        figures[name] = dict(zip(("p50_ms", "p99_ms", "max_ms"), row))
        print("%-28s %10.3f %10.3f %10.3f" % (name, *row))
    reached = figures["packet -> told"]["p99_ms"]
    print("packet -> told, p99: %.2f ms, wanted <= 20: %s" % (reached, "yes" if reached <= 20 else "NO"))
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"benchmark": "notify", "figures": figures}, file, indent=1)


if __name__ == "__main__":
    main()
