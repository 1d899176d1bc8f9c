# SPDX-License-Identifier: MIT
"""A private Watchfloor system for a test: its own instance, state folder, ports and processes.

    class Case(SystemTest):
        def test_something(self):
            system = self.system(config=DEMO)
            system.up()
            self.wait_for(lambda: system.value("power.bus_voltage"), "a bus voltage")

Everything is cleaned up whatever happens: processes are ended by their id and only if they
were started for this system's state folder; nothing stays in /dev/shm or on the disk.
Nothing sleeps to give things time: wait_for() looks until a deadline.
"""
import datetime
import json
import os
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import tempfile
import time
import unittest

SOURCE = os.environ.get("WATCHFLOOR_SOURCE",
                        os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("WATCHFLOOR_BUILD", os.path.join(SOURCE, "build", "debug"))
BIN = os.path.join(BUILD, "bin")
# Sanitizers make programs several times slower, and tests run beside each other.
PATIENCE_S = 60.0

_serial = 0


def program(name):
    """Path of a program of this build."""
    return os.path.join(BIN, name)


def need(*names):
    """Skip the test, loudly, when this build lacks a program."""
    for name in names:
        if not os.access(program(name), os.X_OK):
            raise unittest.SkipTest("this build has no %s" % name)


def testdata(*parts):
    """A file of the optional folder of real recordings, or a loud skip."""
    folder = os.environ.get("WATCHFLOOR_TESTDATA", "")
    if not folder:
        folder = os.path.join(os.path.dirname(os.path.abspath(SOURCE)), "shared", "realdata")
    path = os.path.join(folder, *parts)
    if not os.path.exists(path):
        raise unittest.SkipTest("no recording %s; set WATCHFLOOR_TESTDATA to the folder that "
                                "holds them" % path)
    return path


def wait_for(look, what, timeout=PATIENCE_S, every=0.05):
    """The first true result of look(); AssertionError when there is none in time."""
    deadline = time.monotonic() + timeout
    last = None
    while True:
        try:
            result = look()
            if result:
                return result
            last = result
        except (OSError, ValueError, KeyError, IndexError, AssertionError) as problem:
            last = problem
        if time.monotonic() > deadline:
            raise AssertionError("no %s within %g s (last: %r)" % (what, timeout, last))
        time.sleep(every)


def around(one):
    """--from and --to of a report's subsystem; time codes round, so a millisecond on both sides."""
    def moved(text, milliseconds):
        when = datetime.datetime.strptime(text[:26], "%Y-%m-%dT%H:%M:%S.%f")
        return (when + datetime.timedelta(milliseconds=milliseconds)).isoformat() + "Z"
    return ["--from", moved(one["first_time"], -1), "--to", moved(one["last_time"], 1)]


def is_running(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except OSError:
        return False


class Process:
    """One started program with its output in files, which never block it."""

    def __init__(self, system, arguments, **options):
        global _serial
        _serial += 1
        self.arguments = arguments
        self.name = os.path.basename(arguments[0])
        base = os.path.join(system.folder, "%02d-%s" % (_serial, self.name))
        self.out_path = base + ".out"
        self.err_path = base + ".err"
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.popen = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=err, env=system.env, **options)
        self.pid = self.popen.pid

    def out(self):
        with open(self.out_path, errors="replace") as file:
            return file.read()

    def err(self):
        with open(self.err_path, errors="replace") as file:
            return file.read()

    def is_running(self):
        return self.popen.poll() is None

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, timeout=PATIENCE_S):
        """The exit status, negative for a signal."""
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError("%s did not end within %g s; stderr:\n%s" %
                                 (self.name, timeout, self.err()[-4000:]))

    def stop(self, timeout=PATIENCE_S):
        if self.is_running():
            self.signal(signal.SIGTERM)
        return self.wait(timeout)

    def wait_for_text(self, text, timeout=PATIENCE_S):
        def look():
            if text in self.out() or text in self.err():
                return True
            if not self.is_running():
                raise RuntimeError("%s ended with %r before it said '%s'; stderr:\n%s" % (
                    self.name, self.popen.returncode, text, self.err()[-4000:]))
            return False
        wait_for(look, "'%s' of %s" % (text, self.name), timeout)


class System:
    """One instance: a state folder, a configuration, its processes."""

    def __init__(self, config=None):
        global _serial
        _serial += 1
        self.instance = "t%d-%d" % (os.getpid(), _serial)
        self.folder = tempfile.mkdtemp(prefix="watchfloor-test-")
        self.state = os.path.join(self.folder, "state")
        self.env = dict(os.environ)
        self.env.update(WF_INSTANCE=self.instance, WF_STATE=self.state, TZ="UTC", LC_ALL="C.UTF-8")
        self.env.pop("WF_CONFIG", None)
        self.env.pop("NOTIFY_SOCKET", None)
        self.processes = []
        self.config = None
        if config is not None:
            self.configure(config)

    # --- configuration and plugins ----------------------------------------------------

    def configure(self, text):
        """Use this text as configuration, for every program started from now on."""
        self.config = os.path.join(self.folder, "watchfloor.ini")
        with open(self.config, "w") as file:
            file.write(text)
        self.env["WF_CONFIG"] = self.config

    def plugin(self, name, schema):
        """A plugin folder of this system with that schema; returns the folder of plugins."""
        plugins = os.path.join(self.folder, "plugins")
        os.makedirs(os.path.join(plugins, name), exist_ok=True)
        with open(os.path.join(plugins, name, name + ".ini"), "w") as file:
            file.write(schema)
        return plugins

    # --- programs -----------------------------------------------------------------------

    def start(self, name, *arguments, **options):
        process = Process(self, [program(name)] + list(arguments), **options)
        self.processes.append(process)
        return process

    def run(self, name, *arguments, check=True, timeout=PATIENCE_S):
        """Run to the end; stdout, or the CompletedProcess when check is False."""
        done = subprocess.run([program(name)] + list(arguments), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env,
                              timeout=timeout, universal_newlines=True, errors="replace")
        if not check:
            return done
        if done.returncode != 0:
            raise AssertionError("%s %s ended with %d\n%s%s" % (
                name, " ".join(arguments), done.returncode, done.stdout[-2000:],
                done.stderr[-4000:]))
        return done.stdout

    def up(self, *arguments, timeout=PATIENCE_S):
        """Start `wf up` and wait for its ready line."""
        process = self.start("wf", "up", *arguments)
        process.wait_for_text("ready", timeout)
        return process

    def receiver(self):
        process = self.start("wf-receiver")
        self.wait_for_listeners(process)
        return process

    # --- looking -------------------------------------------------------------------------

    def listeners(self):
        """{name: (host, port)} of the running receiver."""
        with open(os.path.join(self.state, "run", "listeners.json")) as file:
            found = json.load(file)
        if not is_running(found["pid"]):
            raise ValueError("the receiver of listeners.json is gone")
        return {one["name"]: (one["host"], one["port"]) for one in found["listeners"]}

    def wait_for_listeners(self, process=None):
        def look():
            if process is not None and not process.is_running():
                raise RuntimeError("%s ended:\n%s" % (process.name, process.err()[-4000:]))
            return self.listeners()
        return wait_for(look, "bound listeners")

    def status(self):
        done = self.run("wf", "status", "--json", check=False)
        if not done.stdout.strip():
            raise ValueError("wf status said nothing: " + done.stderr[-2000:])
        return json.loads(done.stdout)

    def subsystem(self, name, status=None):
        for one in (status or self.status())["subsystems"]:
            if one["name"] == name:
                return one
        raise KeyError(name)

    def process_status(self, name, status=None):
        for one in (status or self.status())["processes"]:
            if one["name"] == name:
                return one
        raise KeyError(name)

    def get(self, *names):
        """{name: object} of wf get --json."""
        text = self.run("wf", "get", "--json", *names, check=False).stdout
        return {one["name"]: one for one in json.loads(text)}

    def value(self, name):
        return self.get(name)[name]["value"]

    def query(self, *arguments):
        return json.loads(self.run("wf", "query", "--format", "json", *arguments))

    def ask_history(self, sql, *arguments):
        """Rows that all day files of history give together; none while there is no file."""
        rows = []
        folder = os.path.join(self.state, "history", "raw")
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
            if name.endswith(".db"):
                db = sqlite3.connect("file:%s?mode=ro" % os.path.join(folder, name), uri=True)
                try:
                    rows += db.execute(sql, arguments).fetchall()
                except sqlite3.OperationalError as error:
                    if "no such table" not in str(error):
                        raise
                finally:
                    db.close()
        return rows

    # --- the end --------------------------------------------------------------------------

    def own_pids(self):
        """Processes that carry this system's state folder in their environment."""
        wanted = ("WF_STATE=" + self.state).encode()
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            try:
                with open("/proc/%s/environ" % entry, "rb") as file:
                    if wanted in file.read().split(b"\0"):
                        found.append(int(entry))
            except OSError:
                pass
        return found

    def shared_memory(self):
        """What lies in /dev/shm for this instance."""
        try:
            return sorted(one for one in os.listdir("/dev/shm") if "." + self.instance + "." in one)
        except OSError:
            return []

    def close(self):
        for process in self.processes:
            if process.is_running():
                process.signal(signal.SIGCONT)
                process.signal(signal.SIGTERM)
        deadline = time.monotonic() + 20
        while self.own_pids() and time.monotonic() < deadline:
            for process in self.processes:
                process.popen.poll()
            time.sleep(0.05)
        for pid in self.own_pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        for process in self.processes:
            process.wait()
        if self.shared_memory() and os.access(program("wf-clean"), os.X_OK):
            self.run("wf", "clean", check=False)
        for name in self.shared_memory():
            os.unlink(os.path.join("/dev/shm", name))
        shutil.rmtree(self.folder, ignore_errors=True)


class SystemTest(unittest.TestCase):
    """A test case whose systems are closed in any case, and described when it failed."""

    longMessage = True

    def system(self, config=None):
        system = System(config)
        self.addCleanup(self._close, system)
        return system

    def _close(self, system):
        outcome = getattr(self, "_outcome", None)
        errors = getattr(outcome, "errors", None) or []
        result = getattr(outcome, "result", None)
        failed = any(error for _, error in errors) or bool(
            result and (result.failures or result.errors) and
            any(case is self for case, _ in result.failures + result.errors))
        if failed or os.environ.get("WATCHFLOOR_TEST_VERBOSE"):
            for process in system.processes:
                print("---- %s (%s)\n%s%s" % (" ".join(process.arguments),
                                              process.popen.poll(), process.out()[-3000:],
                                              process.err()[-6000:]))
        system.close()

    wait_for = staticmethod(wait_for)


# --- packets by hand -----------------------------------------------------------------------


def ccsds(apid, sequence, data, flags=3, version=0, command=False, secondary=False):
    """One space packet around `data`."""
    first = version << 13 | int(command) << 12 | int(secondary) << 11 | apid
    return struct.pack(">HHH", first, flags << 14 | sequence & 0x3fff, len(data) - 1) + data


def split_ccsds(stream):
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


DEMO = os.path.join(SOURCE, "config", "demo.ini")


def spacecraft_config(extra=""):
    """Only the spacecraft's listener, on any free port; nothing is started beside it."""
    return ("[listener spacecraft]\nhost = 127.0.0.1\nport = 0\n"
            "subsystems = power thermal attitude comms\n" + extra)
