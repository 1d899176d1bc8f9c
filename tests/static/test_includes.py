#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The arrows between folders: libraries only point downwards, programs never at each other.

Reads every #include of every source file and fails on one that the table below
does not allow. The table is the written form of "may use / may not use".
"""

import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(os.environ.get("WATCHFLOOR_SOURCE", Path(__file__).resolve().parents[2]))
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# Which of our libraries each folder may include (longest matching folder decides).
MAY_USE = {
    "shared/core": {"core"},
    "shared/decode": {"core", "decode"},
    "shared/store": {"core", "store"},
    "shared/alarm": {"core", "alarm"},
    "shared/control": {"core", "control"},
    "receiver": {"core", "decode"},
    "monitors": {"core", "store", "alarm", "control"},
    "monitors/recorder": {"core", "decode", "store"},
    "tools": {"core", "decode", "store", "alarm", "control"},
    "plugins": {"core"},
    "tests": {"core", "decode", "store", "alarm", "control"},
}

# Packaged libraries and the only folders that know them.
ONLY_IN = {
    "sqlite3.h": ["shared/store", "tests"],
    "ini.h": ["shared/core/src"],
    "uv.h": ["receiver", "shared/control", "monitors", "tools", "tests"],
    "curl/curl.h": ["plugins/notify"],
    "openssl/evp.h": ["plugins/notify"],
    "openssl/hmac.h": ["plugins/notify"],
    "expat.h": ["shared/decode", "tests"],
    "jansson.h": ["shared/decode", "shared/control", "receiver", "monitors", "tools", "tests"],
    "ncurses.h": ["monitors/console"],
    "curses.h": ["monitors/console"],
    "ncursesw/ncurses.h": ["monitors/console"],
}

# What depends on the platform stays in a folder named after it.
PLATFORM = re.compile(
    r"^(sys/(mman|syscall|epoll|eventfd|timerfd|signalfd|prctl|inotify|sysinfo|statfs)\.h"
    r"|linux/.*|dlfcn\.h|elf\.h|link\.h|sched\.h)$")


def sources():
    try:
        out = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard",
                              "*.c", "*.h"], capture_output=True, text=True)
        if out.returncode == 0 and out.stdout:
            return [line for line in out.stdout.splitlines() if (ROOT / line).exists()]
    except FileNotFoundError:
        pass  # no git on this machine: every file counts
    skip = {"build", ".git"}
    return [str(p.relative_to(ROOT)) for p in ROOT.rglob("*.[ch]")
            if not skip & set(p.relative_to(ROOT).parts)]


def includes(path):
    for number, line in enumerate((ROOT / path).read_text(errors="replace").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def library_of(include):
    if not include.startswith("watchfloor/"):
        return None
    part = include.split("/")[1]
    return part if part in ("decode", "store", "alarm", "control") else "core"


def program_of(path):
    """The folder that is one program (or plugin), whose inside is nobody else's business."""
    parts = path.split("/")
    depth = 1 if parts[0] == "receiver" else 2
    return "/".join(parts[:depth])


class Includes(unittest.TestCase):
    def setUp(self):
        self.files = sources()
        self.assertGreater(len(self.files), 20, "found no sources below %s" % ROOT)

    def complain(self, bad):
        self.assertEqual([], bad, "\n" + "\n".join(bad))

    def test_libraries_only_point_downwards(self):
        bad = []
        for path in self.files:
            area = max((a for a in MAY_USE if path.startswith(a + "/")), key=len, default=None)
            if area is None:
                continue
            for number, _, include in includes(path):
                library = library_of(include)
                if library is not None and library not in MAY_USE[area]:
                    bad.append(f"{path}:{number}: {area} may not use {library} ({include})")
        self.complain(bad)

    def test_programs_do_not_reach_into_each_other(self):
        bad = []
        for path in self.files:
            if path.startswith(("tests/", "shared/")):
                continue
            for number, kind, include in includes(path):
                if kind != '"' or ".." not in include:
                    continue
                target = os.path.normpath(os.path.join(os.path.dirname(path), include))
                if program_of(target) not in (program_of(path), "monitors/common", "tools/common"):
                    bad.append(f"{path}:{number}: reaches into {target}")
        self.complain(bad)

    def test_packaged_libraries_are_known_in_one_place(self):
        bad = []
        for path in self.files:
            for number, kind, include in includes(path):
                # "ini.h" in quotes or as watchfloor/ini.h is our own.
                if kind == "<" and include in ONLY_IN and not any(
                        path.startswith(folder + "/") for folder in ONLY_IN[include]):
                    bad.append(f"{path}:{number}: {include} belongs to "
                               + ", ".join(ONLY_IN[include]))
        self.complain(bad)

    def test_platform_headers_stay_in_platform_folders(self):
        bad = []
        for path in self.files:
            if "/platform/" in path or path.startswith("tests/"):
                continue
            for number, kind, include in includes(path):
                if kind == "<" and PLATFORM.match(include):
                    bad.append(f"{path}:{number}: {include} outside a platform folder")
        self.complain(bad)

    def test_plugins_know_public_headers_only(self):
        bad = []
        for path in self.files:
            if not path.startswith("plugins/"):
                continue
            for number, kind, include in includes(path):
                if include.startswith("..") or "/src/" in include:
                    bad.append(f"{path}:{number}: {include}")
        self.complain(bad)


if __name__ == "__main__":
    sys.exit(unittest.main())
