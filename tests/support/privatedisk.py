# SPDX-License-Identifier: MIT
"""A small disk that only one program sees, to be filled up."""
import glob
import os
import shutil
import subprocess
import unittest


class PrivateDisk:
    """A small file system of its own in place of a folder, seen by one program only."""

    def __init__(self, folder, size):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.holder = subprocess.Popen(
            ["unshare", "-m", "sh", "-c",
             'mount -t tmpfs -o size=%s none "$1" && echo mounted && read end' % size, "sh", folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if self.holder.stdout.readline() != b"mounted\n":
            raise unittest.SkipTest("no private mounts here: " +
                                    self.holder.stderr.read().decode().strip())

    def enter(self, *args):
        return ["/usr/bin/nsenter", "-t", str(self.holder.pid), "-m", *args]

    def run(self, *args):
        subprocess.run(self.enter(*args), check=True)

    def path(self, name=""):
        """Where this test sees it."""
        return "/proc/%d/root%s/%s" % (self.holder.pid, self.folder, name)

    def fill(self):
        """Leave no room; returns what to remove to have it again."""
        fd = os.open(self.path("filler"), os.O_WRONLY | os.O_CREAT, 0o600)
        for size in (65536, 4096, 512):
            try:
                while True:
                    os.write(fd, bytes(size))
            except OSError:
                pass
        os.close(fd)
        return self.path("filler")

    def copy_days(self, folder):
        """The day files as they are now. (SQLite would look for them outside the mount.)"""
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        for path in glob.glob(self.path("raw/*.db*")):
            try:
                shutil.copy(path, folder)
            except FileNotFoundError:
                pass
        return sorted(glob.glob(os.path.join(folder, "*.db")))

    def close(self):
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()
        self.holder.stderr.close()


__all__ = ["PrivateDisk"]
