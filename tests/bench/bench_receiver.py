# SPDX-License-Identifier: MIT
"""The receiver against the bare limit: CPU per packet, books under flood, latency, many regions.

    tests/bench/run receiver            (or: bench_receiver.py [--rounds N] [--seconds S]
                                         [--json FILE] [PART...], parts: cpu flood wake many)

Every round measures all candidates one after another, so that a slow phase of the machine hits
all alike; ratios are medians of the rounds' ratios. The receiver and the bare loop run on the
first core, the sender on the last; monitors where the scheduler puts them.
"""
import argparse
import json
import os
import socket
import statistics
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True
import packets  # noqa: E402
import watchfloor  # noqa: E402

CORES = sorted(os.sched_getaffinity(0))
LISTENER = "[listener in]\nport = 0\n"
# 128 bytes, 20 parameters of every common kind, as load-send makes them.
MIXED = """[subsystem]
title = Mixed
apid  = 100
ring  = 1024

[parameter sent_ns]
bits = 64
[parameter serial]
bits = 32
""" + "".join("[parameter d%d]\ntype = float\nbits = 64\n" % i for i in range(4)) + \
    "".join("[parameter f%d]\ntype = float\nbits = 32\n" % i for i in range(3)) + \
    "".join("[parameter t%d]\ntype = int\nbits = 16\npolynomial = -40 0.01\nlo = -100\nhi = 100\n"
            % i for i in range(3)) + \
    "".join("[parameter v%d]\nbits = 16\npolynomial = 0 0.005\n" % i for i in range(2)) + \
    "".join("[parameter n%d]\nbits = 12\n" % i for i in range(2)) + """
[parameter mode]
bits = 4
enumeration = modes
[parameter is_on]
type = bool
[parameter counter]
skip = 3
type = int
bits = 32
[parameter rest]
type = bytes
size = 48
[enumeration modes]
0 = OFF
1 = SAFE
2 = NOMINAL
3 = TEST
"""


class Figures:
    """Rounds, medians, ratios, a table and JSON, as figures.c has them for C."""

    def __init__(self):
        self.series, self.verdicts = {}, []

    def add(self, name, unit, value):
        self.series.setdefault(name, (unit, []))[1].append(value)

    def median(self, name):
        return statistics.median(self.series[name][1])

    def ratio(self, what, a, b, wanted):
        pairs = zip(self.series[a][1], self.series[b][1])
        self.figure(what, "x", statistics.median(x / y for x, y in pairs), wanted)

    def figure(self, what, unit, reached, wanted):
        self.verdicts.append((what, unit, reached, wanted))

    def finish(self, rounds, path, name="receiver"):
        print("%s, %d rounds, medians" % (name, rounds))
        for one, (unit, values) in self.series.items():
            print("  %-52s %12.4g %-8s (%.4g .. %.4g)" %
                  (one, statistics.median(values), unit, min(values), max(values)))
        for what, unit, reached, wanted in self.verdicts:
            print("  %-52s %12.4g %-8s wanted %s %.4g  %s" %
                  (what, reached, unit, "<=", wanted, "yes" if reached <= wanted else "NO"))
        if path:
            with open(path, "w") as file:
                json.dump({"benchmark": name,
                           "series": [{"name": one, "unit": unit,
                                       "median": statistics.median(values), "values": values}
                                      for one, (unit, values) in self.series.items()],
                           "figures": [{"what": what, "unit": unit, "reached": reached,
                                        "wanted_is": "at most", "wanted": wanted,
                                        "is_reached": reached <= wanted}
                                       for what, unit, reached, wanted in self.verdicts]},
                          file, indent=1)


def cpu_ns(pid):
    """CPU time of all threads of a process, from the scheduler, to the nanosecond."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task)) as file:
            total += int(file.read().split()[0])
    return total


def private_bytes(pid):
    with open("/proc/%d/smaps_rollup" % pid) as file:
        return sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Private_"))


def pin(pid, core):
    for task in os.listdir("/proc/%d/task" % pid):
        os.sched_setaffinity(int(task), {core})


def send(port, rate, count, pattern):
    done = subprocess.run([watchfloor.System.program("load-send"), str(port), str(rate), str(count),
                           pattern], stdout=subprocess.PIPE, check=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, {CORES[-1]}))
    return json.loads(done.stdout)


class Helper:
    """A program that says something first, and a JSON object after TERM."""

    def __init__(self, program, *args, core=None):
        pinned = (lambda: os.sched_setaffinity(0, {core})) if core is not None else None
        self.process = subprocess.Popen([watchfloor.System.program(program), *args],
                                        stdout=subprocess.PIPE, preexec_fn=pinned)
        self.pid = self.process.pid

    def first_line(self):
        return self.process.stdout.readline().decode().strip()

    def finish(self):
        self.process.terminate()
        text = self.process.communicate(timeout=30)[0].decode()
        return json.loads(text.strip().split("\n")[-1])


class Mixed:
    """A receiver of MIXED packets on the first core, with monitors."""

    def __init__(self, monitors=0, pinned=True, config=LISTENER):
        self.system = watchfloor.System(config, {"mixed": MIXED})
        self.receiver = self.system.receiver()
        if pinned:
            pin(self.receiver.pid, CORES[0])
        self.port = self.system.port("in")
        self.monitors = []
        for _ in range(monitors):
            self.attach()

    def attach(self):
        monitor = Helper("load-monitor", self.system.instance, "mixed", "0")
        if monitor.first_line() != "attached":
            raise SystemExit("bench_receiver: a monitor did not attach")
        self.monitors.append(monitor)
        return monitor

    def close(self):
        for monitor in self.monitors:
            monitor.process.kill()
            monitor.process.wait()
        self.system.close()


# --- CPU per packet -----------------------------------------------------------------------------

def naked_cpu(rate, seconds, nap_us):
    sink = Helper("load-naked", "sink", str(nap_us), core=CORES[0])
    port = int(sink.first_line())
    send(port, rate, int(rate * 0.2), "even")
    before = cpu_ns(sink.pid)
    sent = send(port, rate, int(rate * seconds), "even")["sent"]
    time.sleep(0.05)
    used = cpu_ns(sink.pid) - before
    told = sink.finish()
    if told["dropped"]:
        print("bench_receiver: the bare loop lost %d" % told["dropped"], file=sys.stderr)
    return used / sent


def receiver_cpu(mixed, rate, seconds):
    send(mixed.port, rate, int(rate * 0.2), "even")
    before = cpu_ns(mixed.receiver.pid)
    sent = send(mixed.port, rate, int(rate * seconds), "even")["sent"]
    time.sleep(0.05)
    return (cpu_ns(mixed.receiver.pid) - before) / sent


def bench_cpu(figures, rounds, seconds):
    for _ in range(rounds):
        for rate, name in ((20000, "20k/s"), (100000, "100k/s")):
            figures.add("bare loop, 1 ms naps, " + name, "ns", naked_cpu(rate, seconds, 1000))
            mixed = Mixed(monitors=3)
            try:
                figures.add("receiver, 3 monitors, " + name, "ns",
                            receiver_cpu(mixed, rate, seconds))
                values = mixed.system.counters()
                figures.add("lost of offered, " + name, "", values["kernel_dropped"])
            finally:
                mixed.close()
        figures.add("bare loop, awake at once, 100k/s", "ns", naked_cpu(100000, seconds, 0))
    figures.ratio("CPU per packet at 20k/s against the same batching",
                  "receiver, 3 monitors, 20k/s", "bare loop, 1 ms naps, 20k/s", 1.4)
    figures.ratio("CPU per packet at 100k/s against the same batching",
                  "receiver, 3 monitors, 100k/s", "bare loop, 1 ms naps, 100k/s", 1.4)
    figures.ratio("CPU per packet at 100k/s against awake at once",
                  "receiver, 3 monitors, 100k/s", "bare loop, awake at once, 100k/s", 0.7)


# --- books under the highest rate ----------------------------------------------------------------

def bench_flood(figures, rounds, seconds):
    wrong = 0
    for _ in range(rounds):
        mixed = Mixed(monitors=1)
        try:
            sent = send(mixed.port, 10**9, int(600000 * seconds), "max")
            offered = sent["sent"]

            def books():
                values = mixed.system.counters()
                return values if values["datagrams"] + values["kernel_dropped"] >= offered else None
            values = watchfloor.wait_for(books, "the books", 20)
            wrong += values["datagrams"] + values["kernel_dropped"] - offered
            wrong += abs(values["packets"] - values["published"] - values["idle"] -
                         values["rejected"]) + abs(values["packets"] - values["datagrams"])
            figures.add("offered in a flood", "1/s", sent["rate"])
            figures.add("published of it", "%", 100.0 * values["published"] / offered)
        finally:
            mixed.close()
    figures.figure("packets that the three equations miss", "", wrong, 0)


# --- from sending to a monitor that is awake with the sample ---------------------------------------

def chain_latency(count, rate):
    chain = Helper("load-naked", "chain")
    port = int(chain.first_line())
    reader = Helper("load-naked", "reader", str(chain.pid))
    time.sleep(0.1)
    send(port, rate, count, "even")
    time.sleep(0.05)
    times = reader.finish()
    chain.finish()
    return times


def receiver_latency(count, rate):
    mixed = Mixed(monitors=1, pinned=False)
    try:
        time.sleep(0.1)
        send(mixed.port, rate, count, "even")
        time.sleep(0.05)
        return mixed.monitors.pop().finish()
    finally:
        mixed.close()


def bench_wake(figures, rounds, seconds):
    rate = 500
    for _ in range(rounds):
        for name, measure in (("bare chain", chain_latency), ("receiver", receiver_latency)):
            times = measure(int(rate * seconds), rate)
            for key in ("p50", "p99"):
                figures.add("sent to awake, %s, %s" % (name, key), "us", times[key] / 1000)
    for key in ("p50", "p99"):
        figures.ratio("sent to awake with the sample, " + key, "sent to awake, receiver, " + key,
                      "sent to awake, bare chain, " + key, 1.5)


# --- many regions ---------------------------------------------------------------------------------

SOURCES, TYPES = 100, 10


def many_system():
    parameters = "".join("[parameter p%d]\ntype = float\nbits = 32\n" % i for i in range(20))
    schemas = {"type%d" % t: "[subsystem]\napid = %d\nperiod = 1s\n%s" % (200 + t, parameters)
               for t in range(TYPES)}
    config = "".join("[listener l%d]\nport = 0\nsource = s%d\n\n" % (s, s) for s in range(SOURCES))
    return watchfloor.System(config, schemas)


def written_bytes(pid):
    with open("/proc/%d/io" % pid) as file:
        return next(int(line.split()[1]) for line in file if line.startswith("write_bytes"))


def bench_many(figures, rounds, seconds):
    seconds = max(seconds * 4, 8)
    for _ in range(rounds):
        system = many_system()
        try:
            begin = time.monotonic()
            receiver = system.receiver()
            figures.add("start with 1,000 regions", "s", time.monotonic() - begin)
            programs = [receiver]
            try:
                programs.append(system.start("wf-logger", "--config", system.config_file()))
            except AssertionError as error:
                print("bench_receiver: without a logger: %s" % error, file=sys.stderr)
            ports = [system.port("l%d" % s) for s in range(SOURCES)]
            sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            before = written = None
            begin = time.monotonic()
            for turn in range(int(seconds) + 2):
                if turn == 2:       # the first two seconds make files and tables
                    before = [cpu_ns(p.pid) for p in programs]
                    written = [written_bytes(p.pid) for p in programs]
                    start = time.monotonic()
                for n in range(SOURCES * TYPES):
                    data = struct.pack(">20f", *(float(turn + i) for i in range(20)))
                    sender.sendto(packets.packet(200 + n % TYPES, turn, data),
                                  ("127.0.0.1", ports[n // TYPES]))
                    if n % 10 == 9:
                        wake = begin + turn + n / (SOURCES * TYPES)
                        time.sleep(max(0.0, wake - time.monotonic()))
                time.sleep(max(0.0, begin + turn + 1 - time.monotonic()))
            took = time.monotonic() - start
            for name, program, cpu, bytes_ in zip(("receiver", "logger"), programs, before, written):
                figures.add("1,000 regions at 1 Hz, %s" % name, "% core",
                            100 * (cpu_ns(program.pid) - cpu) / 1e9 / took)
                figures.add("private memory, 1,000 regions, %s" % name, "MiB",
                            private_bytes(program.pid) / 2**20)
                if name == "logger":
                    figures.add("written to disk by the logger", "B/s",
                                (written_bytes(program.pid) - bytes_) / took)
            figures.add("1,000 regions at 1 Hz, all", "% core",
                        100 * sum(cpu_ns(p.pid) - c for p, c in zip(programs, before)) / 1e9 / took)
            values = system.counters()
            if values["published"] != values["packets"] or values["kernel_dropped"]:
                print("bench_receiver: lost some: %s" % values, file=sys.stderr)
            sender.close()
        finally:
            system.close()
    figures.figure("1,000 regions at 1 Hz, all programs", "% core",
                   figures.median("1,000 regions at 1 Hz, all"), 10)
    figures.figure("start with 1,000 regions", "s", figures.median("start with 1,000 regions"), 2)


PARTS = {"cpu": bench_cpu, "flood": bench_flood, "wake": bench_wake, "many": bench_many}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--json")
    parser.add_argument("parts", nargs="*", metavar="PART")
    options = parser.parse_args()
    figures = Figures()
    for part in options.parts or PARTS:
        PARTS[part](figures, options.rounds if part != "many" else min(options.rounds, 3),
                    options.seconds)
    figures.finish(options.rounds, options.json)


if __name__ == "__main__":
    main()
