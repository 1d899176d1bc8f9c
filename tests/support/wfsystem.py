# SPDX-License-Identifier: MIT
"""A private Watchfloor for one test: its own instance, state folder, plugins and programs.

Nothing here uses fixed ports or sleeps for a fixed time, and close() leaves nothing behind.
The programs are those of the build in $WATCHFLOOR_BUILD (default: build/debug beside the tests).
"""
import glob
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

SOURCE = os.environ.get("WATCHFLOOR_SOURCE",
                        os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("WATCHFLOOR_BUILD", os.path.join(SOURCE, "build", "debug"))
DEADLINE = 30.0

_serial = itertools.count()


def wait_for(condition, what, deadline=DEADLINE):
    """Call `condition` until it returns something true; that is returned."""
    end = time.monotonic() + deadline
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError("waited %.0f s in vain: %s" % (deadline, what))
        time.sleep(0.01)


def testdata():
    """The folder of recorded real data, or None."""
    folder = os.environ.get("WATCHFLOOR_TESTDATA",
                            os.path.join(os.path.dirname(SOURCE), "shared", "realdata"))
    return folder if os.path.isdir(folder) else None


def has_private_mounts():
    """Can a test give a program a /dev/shm of its own? Root only, and not in every container."""
    if os.geteuid() != 0:
        return False
    return subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode == 0


class Process:
    """A program of the build, told when it says READY=1 (see service.h)."""

    def __init__(self, system, program, *args, env=None, notify=True):
        self.system = system
        self.notify = None
        self.states = []
        environment = dict(system.environment(), **(env or {}))
        if notify:
            path = os.path.join(system.folder, "notify-%d" % next(_serial))
            self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.notify.bind(path)
            self.notify.settimeout(0.05)
            environment["NOTIFY_SOCKET"] = path
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([system.program(program), *args], env=environment,
                                        stdout=subprocess.PIPE, stderr=self.errors)
        self.pid = self.process.pid
        system.processes.append(self)

    def stderr(self):
        if self.errors.closed:
            return self.final_errors
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def poll_states(self):
        try:
            while True:
                self.states += self.notify.recv(4096).decode().split("\n")
                self.notify.settimeout(0.0)
        except (socket.timeout, BlockingIOError):
            self.notify.settimeout(0.05)
        return self.states

    def wait_ready(self):
        end = time.monotonic() + DEADLINE
        while "READY=1" not in self.poll_states():
            if self.process.poll() is not None:
                raise AssertionError("it ended with %d:\n%s" % (self.process.returncode,
                                                               self.stderr()))
            if time.monotonic() > end:
                raise AssertionError("not ready:\n" + self.stderr())
        return self

    def send_signal(self, number):
        self.process.send_signal(number)

    def wait(self, deadline=DEADLINE):
        return self.process.wait(deadline)

    def stop(self, number=signal.SIGTERM):
        """Stop in order; returns the exit status."""
        if self.process.poll() is None:
            self.send_signal(number)
        status = self.wait()
        self.forget()
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.forget()

    def forget(self):
        self.final_errors = self.stderr()
        self.errors.close()
        if self.process.stdout is not None and not self.process.stdout.closed:
            self.output = self.process.stdout.read().decode(errors="replace")
            self.process.stdout.close()
        if self.notify is not None:
            self.notify.close()
            self.notify = None
        if self in self.system.processes:
            self.system.processes.remove(self)


class System:
    """One instance. `schemas` maps names to schema text; `config` is the configuration."""

    def __init__(self, config="", schemas=None):
        self.instance = "t%d-%d" % (os.getpid(), next(_serial))
        self.folder = tempfile.mkdtemp(prefix="wf-" + self.instance + "-")
        self.state = os.path.join(self.folder, "state")
        self.processes = []
        self.more_environment = {}  # for every program that is started or run
        for name, text in (schemas or {}).items():
            self.write_schema(name, text)
        os.makedirs(os.path.join(self.folder, "plugins"), exist_ok=True)
        self.write_config(config)

    # -- files ----------------------------------------------------------------------------

    def write_schema(self, name, text):
        folder = os.path.join(self.folder, "plugins", name)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name + ".ini"), "w") as file:
            file.write(text)

    def remove_schema(self, name):
        shutil.rmtree(os.path.join(self.folder, "plugins", name))

    def write_config(self, config):
        with open(self.config_file(), "w") as file:
            if "[watchfloor]" not in config:
                file.write("[watchfloor]\nplugins = plugins\n\n")
            file.write(config)

    def config_file(self):
        return os.path.join(self.folder, "watchfloor.ini")

    # -- programs --------------------------------------------------------------------------

    def environment(self):
        return dict(os.environ, WF_INSTANCE=self.instance, WF_STATE=self.state,
                    **self.more_environment)

    @staticmethod
    def program(name):
        for folder in ("bin", "tests"):
            path = os.path.join(BUILD, folder, name)
            if os.access(path, os.X_OK):
                return path
        raise AssertionError("%s is not built in %s" % (name, BUILD))

    def start(self, program, *args, ready=True, **more):
        process = Process(self, program, *args, **more)
        return process.wait_ready() if ready else process

    def receiver(self, **more):
        return self.start("wf-receiver", "--config", self.config_file(), **more)

    def run(self, program, *args, status=0):
        """Run to the end; returns stdout. `status` None = whatever."""
        done = subprocess.run([self.program(program), *args], env=self.environment(),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        if status is not None and done.returncode != status:
            raise AssertionError("%s %s ended with %d:\n%s" % (program, " ".join(args),
                                                              done.returncode,
                                                              done.stderr.decode()))
        return done.stdout.decode()

    # -- what is there ---------------------------------------------------------------------

    def listeners(self):
        """Listeners by name, as the receiver tells in its state folder."""
        def read():
            try:
                with open(os.path.join(self.state, "run", "listeners.json")) as file:
                    return json.load(file)
            except FileNotFoundError:
                return None
        return {entry["name"]: entry for entry in wait_for(read, "listeners.json")["listeners"]}

    def port(self, listener):
        return self.listeners()[listener]["port"]

    def peek(self, *args):
        return json.loads(self.run("test-peek", self.instance, *args))

    def counters(self):
        """The newest sample of wf.receiver, with its rejects as {reason: count}."""
        values = self.peek("sample", "wf", "receiver")["values"]
        values["by_reason"] = {name[len("rejected_"):]: value for name, value in values.items()
                               if name.startswith("rejected_")}
        return values

    def table(self, name, key):
        return {row[key]: row for row in self.peek("rows", "wf", name)}

    def close(self):
        for process in list(self.processes):
            process.kill()
        for path in glob.glob("/dev/shm/wf." + self.instance + ".*"):
            os.unlink(path)
        shutil.rmtree(self.folder, ignore_errors=True)


def load_testdata_or_skip(case):
    folder = testdata()
    if folder is None:
        print("SKIPPED: no recorded data; set WATCHFLOOR_TESTDATA", file=sys.stderr)
        case.skipTest("no recorded data; set WATCHFLOOR_TESTDATA")
    return folder
