# SPDX-License-Identifier: MIT
"""A private Watchfloor for a test: its own instance, state folder, plugins, ports and processes.

    class Case(SystemTest):
        def test_something(self):
            system = self.new_system("[listener in]\\nport = 0\\n", {"power": POWER})
            system.receiver()
            self.wait_for(lambda: system.value("power.bus_voltage"), "a bus voltage")

Everything is cleaned up whatever happens: processes are ended by their id and only if they
were started for this system's state folder; nothing stays in /dev/shm or on the disk.
Nothing sleeps to give things time: wait_for() looks until a deadline.
"""
import datetime
import itertools
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import unittest

SOURCE = os.environ.get("WATCHFLOOR_SOURCE",
                        os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("WATCHFLOOR_BUILD", os.path.join(SOURCE, "build", "debug"))
BIN = os.path.join(BUILD, "bin")
PLUGINS = os.path.join(BUILD, "lib", "watchfloor", "plugins")
# Sanitizers make programs several times slower, and tests run beside each other.
PATIENCE_S = 60.0

_serial = itertools.count(1)


class Failed(AssertionError):
    """A program ended otherwise than wanted; while waiting, that may still change."""


def program(name):
    """Path of a program of this build, or of one that is made for tests only."""
    for folder in ("bin", "tests"):
        path = os.path.join(BUILD, folder, name)
        if os.access(path, os.X_OK):
            return path
    raise AssertionError("%s is not built in %s" % (name, BUILD))


def need_open_to_others(path):
    """Skip the case, loudly, where other users cannot get to `path`: below /root, for one."""
    path = os.path.abspath(path)
    while True:
        if not os.stat(path).st_mode & 0o001:
            raise unittest.SkipTest("other users may not enter %s" % path)
        if path == "/":
            return
        path = os.path.dirname(path)


def need(*names):
    """Skip the test, loudly, when this build lacks a program."""
    for name in names:
        try:
            program(name)
        except AssertionError as missing:
            raise unittest.SkipTest(str(missing))


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


def has_private_mounts():
    """Can a test give a program a /dev/shm of its own? Root only, and not in every container."""
    if os.geteuid() != 0:
        return False
    return subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode == 0


def wait_for(look, what, timeout=PATIENCE_S, every=0.02):
    """
    The first true result of look(); AssertionError when there is none in time.

    What is not there yet may fail in look(), an assertion of the test may not: it ends the wait.
    """
    deadline = time.monotonic() + timeout
    last = None
    while True:
        try:
            result = look()
            if result:
                return result
            last = result
        except (OSError, ValueError, LookupError, Failed) as problem:
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


def spacecraft_config(extra=""):
    """Only the spacecraft's listener, on any free port; nothing is started beside it."""
    return ("[listener spacecraft]\nhost = 127.0.0.1\nport = 0\n"
            "subsystems = power thermal attitude comms\n" + extra)


class Process:
    """One started program with its output in files, which never block it."""

    def __init__(self, system, name, *arguments, env=None, notify=True, **options):
        serial = next(_serial)
        self.system = system
        self.arguments = [program(name), *arguments]
        self.name = os.path.basename(name)
        self.states = []
        self.notify = None
        environment = dict(system.env, **(env or {}))
        if notify:
            path = os.path.join(system.folder, "notify-%d" % serial)
            self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.notify.bind(path)
            environment["NOTIFY_SOCKET"] = path
        base = os.path.join(system.folder, "%03d-%s" % (serial, self.name))
        self.out_path = base + ".out"
        self.err_path = base + ".err"
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=err, env=environment, **options)
        self.pid = self.process.pid
        system.processes.append(self)

    @staticmethod
    def _text(path):
        try:
            with open(path, "rb") as file:
                return file.read().decode(errors="replace")
        except FileNotFoundError:
            return ""       # its system is closed

    def out(self):
        return self._text(self.out_path)

    def err(self):
        return self._text(self.err_path)

    def is_running(self):
        return self.process.poll() is None

    # -- what it says ------------------------------------------------------------------------

    def poll_states(self):
        """Everything it told its service manager so far (see service.h)."""
        try:
            while self.notify is not None:
                self.states += self.notify.recv(4096, socket.MSG_DONTWAIT).decode().split("\n")
        except BlockingIOError:
            pass
        return self.states

    def wait_ready(self, timeout=PATIENCE_S):
        return self._wait_until(lambda: "READY=1" in self.poll_states(), "readiness", timeout)

    def wait_for_text(self, text, timeout=PATIENCE_S):
        return self._wait_until(lambda: text in self.out() or text in self.err(), "'%s'" % text,
                                timeout)

    def _wait_until(self, look, what, timeout):
        def look_or_give_up():
            over = not self.is_running()
            if not look() and over:
                raise AssertionError("%s ended with %r: no %s; stderr:\n%s" % (
                    self.name, self.process.returncode, what, self.err()[-4000:]))
            return look()
        wait_for(look_or_give_up, "%s of %s" % (what, self.name), timeout)
        return self

    # -- its end -----------------------------------------------------------------------------

    def send_signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=PATIENCE_S):
        """The exit status, negative for a signal."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError("%s did not end within %g s; stderr:\n%s" %
                                 (self.name, timeout, self.err()[-4000:]))
        self.poll_states()
        if self.notify is not None:
            self.notify.close()
            self.notify = None
        return status

    def stop(self, number=signal.SIGTERM, timeout=PATIENCE_S):
        """Ask it to end; the exit status."""
        if self.is_running():
            self.send_signal(number)
        return self.wait(timeout)

    def kill(self):
        if self.is_running():
            self.process.kill()
        return self.wait()

    # Names of before the two ways of running programs became one.
    def forget(self):
        pass

    stderr = err
    final_errors = property(err)
    output = property(out)


class System:
    """
    One instance: a state folder, a configuration, plugins, its processes.

    `config` is the text of its configuration, None for none; `schemas` maps the names of
    subsystems to the text of their schemas. With schemas of its own a system knows no others.
    """

    def __init__(self, config="", schemas=None):
        self.instance = "t%d-%d" % (os.getpid(), next(_serial))
        self.folder = tempfile.mkdtemp(prefix="wf-%s-" % self.instance)
        self.state = os.path.join(self.folder, "state")
        self.plugins = os.path.join(self.folder, "plugins")
        self.env = dict(os.environ, WF_INSTANCE=self.instance, WF_STATE=self.state, TZ="UTC",
                        LC_ALL="C.UTF-8")
        self.env.pop("WF_CONFIG", None)
        self.env.pop("NOTIFY_SOCKET", None)
        self.processes = []
        for name, text in (schemas or {}).items():
            self.write_schema(name, text)
        if config is not None:
            self.write_config(config)

    # -- files ---------------------------------------------------------------------------------

    def write_schema(self, name, text):
        folder = os.path.join(self.plugins, name)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name + ".ini"), "w") as file:
            file.write(text)

    def remove_schema(self, name):
        shutil.rmtree(os.path.join(self.plugins, name))

    def config_file(self):
        return os.path.join(self.folder, "watchfloor.ini")

    def write_config(self, text):
        """The configuration of every program that is started or reloads from now on."""
        if "[watchfloor]" not in text and os.path.isdir(self.plugins):
            text = "[watchfloor]\nplugins = plugins\n\n" + text
        with open(self.config_file(), "w") as file:
            file.write(text)
        self.env["WF_CONFIG"] = self.config_file()

    # -- programs ------------------------------------------------------------------------------

    program = staticmethod(program)

    def environment(self):
        return dict(self.env)

    def start(self, name, *arguments, ready=True, **more):
        """Start a program and wait until it says that it is ready."""
        process = Process(self, name, *arguments, **more)
        return process.wait_ready() if ready else process

    def launch(self, name, *arguments, **more):
        """Start a program that has nothing to say, or nothing that is waited for here."""
        return Process(self, name, *arguments, notify=False, **more)

    def receiver(self, **more):
        return self.start("wf-receiver", "--config", self.config_file(), **more)

    def up(self, *arguments, timeout=PATIENCE_S):
        """Start `wf up` and wait for its ready line."""
        return self.launch("wf", "up", *arguments).wait_for_text("ready", timeout)

    def attempt(self, name, *arguments, timeout=2 * PATIENCE_S, **more):
        """Run to the end, whatever it is: a CompletedProcess with texts."""
        done = subprocess.run([program(name), *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env,
                              timeout=timeout, **more)
        done.stdout = done.stdout.decode(errors="replace")
        done.stderr = done.stderr.decode(errors="replace")
        return done

    def run(self, name, *arguments, status=0, **more):
        """Run to the end, which must be with `status` (None: with any); stdout."""
        done = self.attempt(name, *arguments, **more)
        if status is not None and done.returncode != status:
            raise Failed("%s %s ended with %d\n%s%s" % (name, " ".join(arguments), done.returncode,
                                                        done.stdout[-2000:], done.stderr[-4000:]))
        return done.stdout

    # -- where packets go ----------------------------------------------------------------------

    def listeners(self):
        """{name: entry} as the running receiver tells in its state folder, once it does."""
        def read():
            with open(os.path.join(self.state, "run", "listeners.json")) as file:
                found = json.load(file)
            return found["listeners"] if is_running(found["pid"]) else None
        return {entry["name"]: entry for entry in wait_for(read, "bound listeners")}

    def port(self, listener):
        return self.listeners()[listener]["port"]

    def place(self, listener):
        """(host, port)"""
        entry = self.listeners()[listener]
        return entry["host"], entry["port"]

    # -- what its commands say -----------------------------------------------------------------

    def status(self):
        done = self.attempt("wf", "status", "--json")
        if not done.stdout.strip():
            raise ValueError("wf status said nothing: " + done.stderr[-2000:])
        return json.loads(done.stdout)

    def subsystem(self, name, status=None):
        return {one["name"]: one for one in (status or self.status())["subsystems"]}[name]

    def process_status(self, name, status=None):
        return {one["name"]: one for one in (status or self.status())["processes"]}[name]

    def get(self, *names):
        """{name: object} of wf get --json."""
        text = self.run("wf", "get", "--json", *names, status=None)
        return {one["name"]: one for one in json.loads(text)}

    def value(self, name):
        return self.get(name)[name]["value"]

    def query(self, *arguments):
        return json.loads(self.run("wf", "query", "--format", "json", *arguments))

    # -- what is in its regions and files ------------------------------------------------------

    def peek(self, *arguments):
        return json.loads(self.run("test-peek", self.instance, *arguments))

    def counters(self):
        """The newest sample of wf.receiver, with its rejects as {reason: count}."""
        values = self.peek("sample", "wf", "receiver")["values"]
        values["by_reason"] = {name[len("rejected_"):]: value for name, value in values.items()
                               if name.startswith("rejected_")}
        return values

    def table(self, name, key):
        return {row[key]: row for row in self.peek("rows", "wf", name)}

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
                    # A day on which this subsystem sent nothing has no view of it.
                    if "no such table" not in str(error):
                        raise
                finally:
                    db.close()
        return rows

    # -- the end -------------------------------------------------------------------------------

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
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            left = self.own_pids()
            for pid in left:    # those of `wf up` too, which starts its own again until it is ended
                try:
                    os.kill(pid, signal.SIGKILL)
                except OSError:
                    pass
            for process in self.processes:
                process.process.poll()
            if not left:
                break
            time.sleep(0.01)
        for process in self.processes:
            process.kill()
        for name in self.shared_memory():
            os.unlink(os.path.join("/dev/shm", name))
        shutil.rmtree(self.folder, ignore_errors=True)


class SystemTest(unittest.TestCase):
    """A test case whose systems are closed in any case, and described when it failed."""

    longMessage = True
    wait_for = staticmethod(wait_for)

    def new_system(self, config="", schemas=None):
        system = System(config, schemas)
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
                                              process.process.poll(), process.out()[-3000:],
                                              process.err()[-6000:]))
        system.close()
