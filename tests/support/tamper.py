# SPDX-License-Identifier: MIT
"""Libraries that are preloaded into programs to tamper with what the machine tells them: a wall
clock that is wrong, a disk that fails. Both are changed while programs run."""
import datetime
import errno
import mmap
import os
import struct
import time
import unittest

from watchfloor import BUILD

NS_PER_S = 10**9


def preload(environment, *libraries):
    """Environment for a program that runs with these libraries of the build."""
    if "thread" in os.environ.get("WATCHFLOOR_SANITIZE", ""):
        raise unittest.SkipTest("the thread sanitizer takes no other library before it")
    paths = [os.path.join(BUILD, "tests", name + ".so") for name in libraries]
    return dict(environment, LD_PRELOAD=":".join(paths),
                ASAN_OPTIONS="verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", ""))


class Page:
    """A small file that a preloaded library has mapped."""

    def __init__(self, path, size):
        with open(path, "wb") as file:
            file.write(bytes(size))
        self.path = path
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), size)

    def close(self):
        self.map.close()


class WrongClock(Page):
    """A wall clock of its own for all programs that are started with environment()."""

    def __init__(self, path):
        super().__init__(path, 8)
        self.offset_ns = 0

    def environment(self):
        return preload({"WRONGCLOCK": self.path}, "test-wrongclock")

    def step(self, seconds):
        """Ahead, or back."""
        self.offset_ns += int(seconds * NS_PER_S)
        self.map[:8] = struct.pack("=q", self.offset_ns)

    def now_ns(self):
        return time.time_ns() + self.offset_ns

    def set(self, text):
        """To a time, as "2026-11-20T23:59:50"."""
        wanted = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)
        self.step(wanted.timestamp() - self.now_ns() / NS_PER_S)


class DiskFaults(Page):
    """Calls that fail, by what they do and by the path of their file."""

    def __init__(self, path):
        super().__init__(path, 4096)

    def environment(self):
        return preload({"DISKFAULT": self.path}, "test-diskfault")

    def begin(self, *rules):
        """Rules are (error's name, letters of calls as in diskfault.c, pattern of paths)."""
        self.end()
        text = "".join("%d %s %s\n" % (getattr(errno, error), calls, pattern)
                       for error, calls, pattern in rules).encode()
        self.map[16:] = text.ljust(4096 - 16, b"\0")
        self.map[0:1] = b"\1"

    def end(self):
        self.map[0:1] = b"\0"

    def failed(self):
        """How many calls failed so far."""
        return struct.unpack("=Q", self.map[8:16])[0]


__all__ = ["DiskFaults", "WrongClock", "preload"]
