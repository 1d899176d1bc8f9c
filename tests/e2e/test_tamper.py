# SPDX-License-Identifier: MIT
# label: quick
"""What tests preload to tamper with the machine does that, and nothing else."""
import errno
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import packets
from receivercase import UDP, ReceiverCase
from tamper import DiskFaults, WrongClock

CLOCKS = """
import socket, struct, sys, time
SO_TIMESTAMPNS = 35
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
one.bind(("127.0.0.1", 0))
for _ in sys.stdin:
    one.sendto(b"x", one.getsockname())
    _, control, _, _ = one.recvmsg(1, 64)
    seconds, ns = struct.unpack("=qq", control[0][2][:16])
    print(time.time_ns(), time.monotonic_ns(), seconds * 10**9 + ns, flush=True)
"""

WRITES = """
import os, sys
for line in sys.stdin:
    path = line.strip()
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT)
        call = "write"
        os.pwrite(fd, b"x", 0)
        call = "fsync"
        os.fsync(fd)
        call = "fdatasync"
        os.fdatasync(fd)
        call = "ftruncate"
        os.ftruncate(fd, 0)
        call = "rename"
        os.rename(path, path + "2")
        print("fine", flush=True)
    except OSError as error:
        print(call, error.errno, flush=True)
    call = "open"
"""


class Tamper(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def python(self, script, environment):
        """ask(line): one answer of a script that runs on."""
        program = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, env=dict(os.environ, **environment))

        def close():
            program.stdin.close()
            program.stdout.close()
            program.wait()
        self.addCleanup(close)

        def ask(line=""):
            program.stdin.write(line.encode() + b"\n")
            program.stdin.flush()
            return program.stdout.readline().decode().split()
        return ask

    def test_the_wall_clock_steps_under_a_running_program_and_nothing_else_does(self):
        clock = WrongClock(os.path.join(self.folder, "clock"))
        self.addCleanup(clock.close)
        ask = self.python(CLOCKS, clock.environment())
        for step in (0, 86400.5, -2 * 86400, 73 * 365 * 86400, -40 * 365 * 86400):
            clock.step(step)
            before = (clock.now_ns(), time.monotonic_ns(), clock.now_ns())
            got = [int(word) for word in ask()]
            after = (clock.now_ns(), time.monotonic_ns(), clock.now_ns())
            for low, at, high in zip(before, got, after):
                # The kernel's stamps come from a clock that is a tick or so behind.
                self.assertLessEqual(low - 10**8, at)
                self.assertLessEqual(at, high)
        clock.set("2026-11-20T23:59:50")
        self.assertAlmostEqual(int(ask()[0]) / 1e9, 1795219190, delta=5)

    def test_calls_fail_for_the_files_that_were_named_while_that_is_in_force(self):
        faults = DiskFaults(os.path.join(self.folder, "faults"))
        self.addCleanup(faults.close)
        ask = self.python(WRITES, faults.environment())
        file, other = os.path.join(self.folder, "a.db"), os.path.join(self.folder, "b.db")
        self.assertEqual(ask(file), ["fine"])
        cases = [("o", "ENOSPC", "open"), ("w", "ENOSPC", "write"), ("s", "EIO", "fsync"),
                 ("t", "EIO", "ftruncate"), ("r", "EROFS", "rename")]
        for number, (calls, name, told) in enumerate(cases):
            faults.begin(("EPERM", "owstr", "*/c.db"), (name, calls, "*/a.db"))
            self.assertEqual(ask(file), [told, str(getattr(errno, name))])
            self.assertEqual(faults.failed(), number + 1)
            self.assertEqual(ask(other), ["fine"])
            faults.end()
            self.assertEqual(ask(file), ["fine"])


class ReceiverOfAnotherTime(ReceiverCase):
    def test_the_receive_time_of_datagrams_follows_the_wrong_clock(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        clock = WrongClock(os.path.join(folder.name, "clock"))
        self.addCleanup(clock.close)
        clock.set("2031-02-28T12:00:00")
        self.start(UDP, env=clock.environment())
        sender = self.udp()
        for number, step in enumerate((0, 3600, -7200)):
            clock.step(step)
            before, mono = clock.now_ns(), time.monotonic_ns()
            sender.send(packets.packet(104, number, b"x"))
            self.settled(published=number + 1)
            sample = self.system.peek("sample", "main", "still")
            self.assertLess(abs(sample["received_ns"] - before), 9 * 10**9)
            self.assertGreaterEqual(sample["received_mono_ns"], mono - 10**9)


if __name__ == "__main__":
    unittest.main()
