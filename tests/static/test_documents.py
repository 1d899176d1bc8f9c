#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Documents: their links lead somewhere, their commands exist, and what they show is still true."""

import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(os.environ.get("WATCHFLOOR_SOURCE", Path(__file__).resolve().parents[2]))
BUILD = Path(os.environ.get("WATCHFLOOR_BUILD", ROOT / "build" / "debug"))
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(#[^)\s]*)?\)")
FENCE = re.compile(r"^```sh\n(.*?)^```", re.S | re.M)
COMMAND = re.compile(r"^(?:\w+=\S+ )*wf ([a-z]+)", re.M)


def documents():
    return [path for path in ROOT.rglob("*.md") if "build" not in path.relative_to(ROOT).parts]


class Documents(unittest.TestCase):
    def test_every_link_leads_to_a_file(self):
        bad = []
        for path in documents():
            for target, _ in LINK.findall(path.read_text()):
                if "://" not in target and not (path.parent / target).exists():
                    bad.append(f"{path.relative_to(ROOT)}: {target}")
        self.assertEqual([], bad, "\n" + "\n".join(bad))

    def test_every_command_shown_is_one(self):
        listing = subprocess.run([BUILD / "bin" / "wf", "help"], capture_output=True, text=True,
                                 timeout=30, check=True).stdout
        known = set(re.findall(r"^  ([a-z]+)  ", listing, re.M)) | {"help"}
        self.assertIn("up", known)
        bad = []
        for path in documents():
            for block in FENCE.findall(path.read_text()):
                bad += [f"{path.relative_to(ROOT)}: wf {name}" for name in COMMAND.findall(block)
                        if name not in known]
        self.assertEqual([], bad, "\n" + "\n".join(bad))

    def test_every_folder_of_the_readme_is_there(self):
        readme = (ROOT / "README.md").read_text()
        named = re.findall(r"^\| `([a-z/]+)` \|", readme, re.M)
        self.assertGreater(len(named), 5)
        self.assertEqual([], [folder for folder in named if not (ROOT / folder).is_dir()])


if __name__ == "__main__":
    sys.exit(unittest.main())
