# SPDX-License-Identifier: MIT
# timeout: 300
"""The worked example of plugins/README.md, "A subsystem in ten minutes": its very lines run."""
import os
import re
import shutil
import socket
import subprocess
import unittest

import watchfloor
from watchfloor import SystemTest

README = os.path.join(watchfloor.SOURCE, "plugins", "README.md")
HEADING = "## A subsystem in ten minutes"


def blocks():
    """[(language, text)] of the section's code blocks, in order."""
    with open(README) as file:
        section = file.read().split(HEADING, 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^```(\w+)\n(.*?)^```", section, re.M | re.S)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class TenMinutes(SystemTest):
    def shell(self, text, check=True):
        done = subprocess.run(["bash", "-euc", text], cwd=self.place, env=self.sys.env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True,
                              timeout=4 * watchfloor.PATIENCE_S)
        if check:
            self.assertEqual(done.returncode, 0, text + "\n" + done.stdout)
        return done.stdout

    def test_the_example_runs_as_it_is_written(self):
        watchfloor.need("wf", "wf-new", "wf-check", "wf-up", "wf-receiver", "wf-get", "wf-query",
                        "wf-logger", "wf-console")
        if shutil.which("cmake") is None:
            raise unittest.SkipTest("no cmake here")
        self.sys = self.new_system(None)
        self.place = os.path.join(self.sys.folder, "work")
        os.mkdir(self.place)
        self.sys.env["WATCHFLOOR"] = watchfloor.BUILD
        self.sys.env["PATH"] = watchfloor.BIN + os.pathsep + self.sys.env["PATH"]
        port = str(free_port())
        steps = [(language, text.replace("10300", port)) for language, text in blocks()]
        self.assertEqual([language for language, _ in steps],
                         ["sh", "sh", "sh", "sh", "python", "sh"])
        make, edit, build, configure, send, look = [text for _, text in steps]

        self.shell(make)
        self.shell(edit)
        self.shell(build)
        configure, up = re.match(r"(.*)^(wf up .*) &$", configure, re.M | re.S).groups()
        self.shell(configure)
        system = self.sys.launch("wf", *up.split()[1:], cwd=self.place)
        system.wait_for_text("ready")
        with open(os.path.join(self.place, "pump.py"), "w") as file:
            file.write(send)
        self.shell("python3 pump.py")

        get, console, query = [line for line in look.splitlines() if line]
        shown = self.wait_for(lambda: self.arrived(get), "the pump's packet")
        for text in ("21.5", "1.25", "NOMINAL", "3200", "35"):
            self.assertIn(text, shown)
        self.assertIn("21.5", self.shell(console))
        rows = self.wait_for(lambda: self.recorded(query), "the pump in history")
        self.assertIn("21.5", rows)
        self.assertEqual(system.stop(), 0)

    def arrived(self, get):
        text = self.shell(get, check=False)
        return text if "3200" in text else None

    def recorded(self, query):
        text = self.shell(query, check=False)
        return text if "3200" in text else None


if __name__ == "__main__":
    unittest.main()
