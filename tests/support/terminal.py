# SPDX-License-Identifier: MIT
"""A terminal for tests: runs a program on a pseudo-terminal and keeps the screen it draws.

    terminal = Terminal([program("wf-console")], env, width=80, height=24)
    terminal.wait_for("LIVE")
    terminal.type("3")
    print(terminal.text())
    terminal.close()

Understands what curses sends to TERM=xterm, no more; an unknown sequence is an error, so that
no test passes by looking at half a screen.
"""
import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

PATIENCE_S = 20.0
_CSI = re.compile(r"\x1b\[([?>]?)([0-9;]*)([@-~])")
_OTHER = re.compile(r"\x1b(?:[()][AB0]|[=>78McD])")


class Screen:
    """Cells and cursor; feed() takes what a program wrote."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.rows = [[" "] * width for _ in range(height)]
        self.x = self.y = 0
        self.top, self.bottom = 0, height - 1
        self.is_alternate = False
        self.is_cursor_shown = True
        self.colours = set()
        self.last = " "
        self.rest = ""

    def resize(self, width, height):
        rows = [(row + [" "] * width)[:width] for row in self.rows]
        self.rows = (rows + [[" "] * width for _ in range(height)])[:height]
        self.width, self.height = width, height
        self.top, self.bottom = 0, height - 1
        self.x, self.y = min(self.x, width - 1), min(self.y, height - 1)

    def feed(self, text):
        text = self.rest + text
        self.rest = ""
        at = 0
        while at < len(text):
            char = text[at]
            if char != "\x1b":
                self._put(char)
                at += 1
                continue
            found = _CSI.match(text, at) or _OTHER.match(text, at)
            if found is None:
                if len(text) - at < 32:  # not all of it is here yet
                    self.rest = text[at:]
                    return
                raise AssertionError("unknown sequence %r" % text[at:at + 20])
            if found.re is _CSI:
                self._control(*found.groups())
            elif found.group() == "\x1bM":
                self._scroll(-1) if self.y == self.top else self._move(self.x, self.y - 1)
            elif found.group() == "\x1bc":
                self.__init__(self.width, self.height)
            at = found.end()

    def _move(self, x, y):
        self.x = max(0, min(x, self.width - 1))
        self.y = max(0, min(y, self.height - 1))

    def _scroll(self, count):
        blank = [" "] * self.width
        for _ in range(abs(count)):
            if count > 0:
                del self.rows[self.top]
                self.rows.insert(self.bottom, list(blank))
            else:
                del self.rows[self.bottom]
                self.rows.insert(self.top, list(blank))

    def _put(self, char):
        if char == "\r":
            self.x = 0
        elif char == "\n":
            if self.y == self.bottom:
                self._scroll(1)
            else:
                self._move(self.x, self.y + 1)
        elif char == "\b":
            self._move(self.x - 1, self.y)
        elif char == "\t":
            self._move(self.x // 8 * 8 + 8, self.y)
        elif char not in "\x07\x0e\x0f":
            if self.x >= self.width:
                self.x = 0
                self._put("\n")
            self.rows[self.y][self.x] = char
            self.last = char
            self.x += 1

    def _erase(self, y, first, last):
        for x in range(first, min(last, self.width)):
            self.rows[y][x] = " "

    def _control(self, private, arguments, final):
        numbers = [int(one) if one else 0 for one in arguments.split(";")]
        count = max(numbers[0], 1)
        if private:
            if private == "?" and final in "hl":
                for number in numbers:
                    if number == 1049:
                        self.is_alternate = final == "h"
                    elif number == 25:
                        self.is_cursor_shown = final == "h"
            return
        if final in "Hf":
            self._move((numbers[1] if len(numbers) > 1 else 1) - 1, count - 1)
        elif final == "A":
            self._move(self.x, self.y - count)
        elif final == "B":
            self._move(self.x, self.y + count)
        elif final == "C":
            self._move(self.x + count, self.y)
        elif final == "D":
            self._move(self.x - count, self.y)
        elif final == "G":
            self._move(count - 1, self.y)
        elif final == "d":
            self._move(self.x, count - 1)
        elif final == "J":
            if numbers[0] == 2:
                for y in range(self.height):
                    self._erase(y, 0, self.width)
            elif numbers[0] == 0:
                self._erase(self.y, self.x, self.width)
                for y in range(self.y + 1, self.height):
                    self._erase(y, 0, self.width)
            else:
                for y in range(self.y):
                    self._erase(y, 0, self.width)
                self._erase(self.y, 0, self.x + 1)
        elif final == "K":
            if numbers[0] == 0:
                self._erase(self.y, self.x, self.width)
            else:
                self._erase(self.y, 0, self.width if numbers[0] == 2 else self.x + 1)
        elif final == "X":
            self._erase(self.y, self.x, self.x + count)
        elif final == "P":
            row = self.rows[self.y]
            del row[self.x:self.x + count]
            row.extend([" "] * (self.width - len(row)))
        elif final == "@":
            row = self.rows[self.y]
            row[self.x:self.x] = [" "] * count
            del row[self.width:]
        elif final == "b":
            for _ in range(count):
                self._put(self.last)
        elif final in "LM":
            for _ in range(count):
                gone, new = (self.bottom, self.y) if final == "L" else (self.y, self.bottom)
                del self.rows[gone]
                self.rows.insert(new, [" "] * self.width)
        elif final in "ST":
            self._scroll(count if final == "S" else -count)
        elif final == "r":
            self.top = count - 1
            self.bottom = (numbers[1] if len(numbers) > 1 and numbers[1] else self.height) - 1
            self._move(0, 0)
        elif final == "m":
            self.colours.update(n for n in numbers if 30 <= n <= 49 and n not in (39, 49))
        elif final not in "hlct":
            raise AssertionError("unknown control %s%s%s" % (private, arguments, final))

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.rows)


def open_pty():
    """(ours, theirs), or the case is skipped: a bare container has no pseudo-terminals."""
    try:
        return pty.openpty()
    except OSError as error:
        raise unittest.SkipTest("no pseudo-terminals on this machine: %s" % error)


class Terminal:
    """A program on a pseudo-terminal of its own session."""

    def __init__(self, arguments, env, width=80, height=24, term="xterm"):
        self.screen = Screen(width, height)
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.raw = b""
        self.master, self.slave = open_pty()
        self._set_size(width, height)
        self.before = termios.tcgetattr(self.slave)
        self.popen = subprocess.Popen(arguments, stdin=self.slave, stdout=self.slave,
                                      stderr=self.slave, env=dict(env, TERM=term),
                                      start_new_session=True, preexec_fn=self._take_terminal)
        self.pid = self.popen.pid

    def _take_terminal(self):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def _set_size(self, width, height):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def resize(self, width, height):
        self.pump()
        self.screen.resize(width, height)
        self._set_size(width, height)  # the kernel sends SIGWINCH

    def pump(self, timeout=0.0):
        """Take over what was written; True when there was something."""
        is_any = False
        while select.select([self.master], [], [], timeout)[0]:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                break
            if not data:
                break
            self.raw = (self.raw + data)[-65536:]
            self.screen.feed(self.decoder.decode(data))
            is_any, timeout = True, 0
        return is_any

    def text(self):
        self.pump()
        return self.screen.text()

    def type(self, keys):
        os.write(self.master, keys.encode())

    def wait_until(self, look, what, timeout=PATIENCE_S):
        deadline = time.monotonic() + timeout
        while True:
            self.pump(0.05)
            if look(self.screen.text()):
                return self.screen.text()
            if time.monotonic() > deadline:
                raise AssertionError("no %s within %g s on the screen:\n%s" %
                                     (what, timeout, self.screen.text()))

    def wait_for(self, text, timeout=PATIENCE_S):
        return self.wait_until(lambda screen: text in screen, repr(text), timeout)

    def wait_gone(self, text, timeout=PATIENCE_S):
        return self.wait_until(lambda screen: text not in screen, "end of %r" % text, timeout)

    def wait_exit(self, timeout=PATIENCE_S):
        """The exit status; what is written until then is taken over."""
        deadline = time.monotonic() + timeout
        while self.popen.poll() is None:
            self.pump(0.05)
            if time.monotonic() > deadline:
                raise AssertionError("it does not end; the screen:\n%s" % self.screen.text())
        self.pump(0.1)
        return self.popen.returncode

    def children(self):
        try:
            with open("/proc/%d/task/%d/children" % (self.pid, self.pid)) as file:
                return [int(one) for one in file.read().split()]
        except OSError:
            return []

    def is_restored(self):
        """Is the terminal as it was: modes, main screen, cursor?"""
        return (termios.tcgetattr(self.slave) == self.before and not self.screen.is_alternate
                and self.screen.is_cursor_shown)

    def close(self):
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.wait_exit(10)
            except AssertionError:
                os.killpg(self.pid, signal.SIGKILL)
                self.popen.wait()
        os.close(self.master)
        os.close(self.slave)
