#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# label: fuzz
# timeout: 900
# serial
"""Every fuzz target for a while: built by clang with libFuzzer, started from its seeds.

WATCHFLOOR_FUZZ_SECONDS (default 10) is for each target. What is found is left in
<build>/fuzz/found, and its path is in the failure.

That a target finds what it is for is shown with planted bugs: one source file is compiled in a
copy that lacks one check, linked in place of its own, and the target has to end within RUNS.
"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ["WATCHFLOOR_SOURCE"])
BUILD = Path(os.environ["WATCHFLOOR_BUILD"]) / "fuzz"
SECONDS = int(os.environ.get("WATCHFLOOR_FUZZ_SECONDS", "10"))
RUNS = 2000000
PLANTED = (
    # A text of the packet that is longer than its member: size_max is not looked at.
    ("decode", "decoder_slow.c",
     "kept = kept < parameter->size_max ? kept : parameter->size_max;", "(void)0;"),
    # An operator of a calculation that lacks its operands.
    ("xtce", "xtce_math.c", "if (machine->depth < 2)\n        return false;\n    /* Operators",
     "/* Operators"),
)
TARGETS = sorted(p.stem[len("fuzz_"):] for p in (SOURCE / "tests/fuzz").glob("fuzz_*.c"))


def run(*command, **more):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, **more)


@unittest.skipUnless(shutil.which("clang"), "clang is not installed (apt-get install clang)")
class Targets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        out = run("cmake", "-S", SOURCE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_C_COMPILER=clang",
                  "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DWATCHFLOOR_FUZZ=ON",
                  "-DWATCHFLOOR_SANITIZE=address,undefined", timeout=120)
        assert out.returncode == 0, out.stdout + out.stderr
        out = run("cmake", "--build", BUILD, "-j2", "--target",
                  *[f"fuzz-{target}" for target in TARGETS], timeout=600)
        assert out.returncode == 0, out.stdout[-4000:] + out.stderr

    def test_no_input_breaks_a_target(self):
        found = BUILD / "found"
        found.mkdir(exist_ok=True)
        for target in TARGETS:
            with self.subTest(target=target), tempfile.TemporaryDirectory() as corpus:
                seeds = SOURCE / "tests/data/fuzz" / target
                out = run(BUILD / "tests" / f"fuzz-{target}", corpus, seeds,
                          f"-max_total_time={SECONDS}", "-timeout=10", "-rss_limit_mb=2048",
                          "-max_len=20000", f"-artifact_prefix={found}/", timeout=SECONDS + 120)
                self.assertEqual(0, out.returncode, out.stderr[-6000:])

    def plant(self, folder, target, source, check, without):
        """The target, linked with a copy of one file of shared/decode that lacks a check."""
        path = SOURCE / "shared/decode/src" / source
        text = path.read_text()
        self.assertEqual(text.count(check), 1, f"{source}: the check is not there any more")
        copy = Path(folder) / source
        copy.write_text(text.replace(check, without))
        steps = run("ninja", "-C", BUILD, "-t", "commands", f"fuzz-{target}").stdout.split("\n")
        compiling = [step for step in steps if step.endswith(f"-c {path}")]
        linking = [step for step in steps if f"-o tests/fuzz-{target}" in step]
        self.assertEqual((len(compiling), len(linking)), (1, 1))
        planted, program = Path(folder) / "planted.o", Path(folder) / "target"
        command = re.sub(r" -MD .*$", f" -I{path.parent} -o {planted} -c {copy}", compiling[0])
        out = run("sh", "-c", command, cwd=BUILD)
        self.assertEqual(0, out.returncode, out.stderr)
        # Before the library, so that the library's own is not taken.
        command = linking[0].replace(f"-o tests/fuzz-{target}", f"{planted} -o {program}")
        out = run("sh", "-c", command, cwd=BUILD)
        self.assertEqual(0, out.returncode, out.stderr)
        return program

    def test_a_planted_bug_is_found(self):
        for target, *change in PLANTED:
            with self.subTest(target=target), tempfile.TemporaryDirectory() as folder:
                program = self.plant(folder, target, *change)
                corpus = Path(folder) / "corpus"
                corpus.mkdir()
                out = run(program, corpus, SOURCE / "tests/data/fuzz" / target, "-seed=1",
                          f"-runs={RUNS}", "-max_total_time=240", "-timeout=20",
                          "-rss_limit_mb=2048", "-max_len=6000",
                          f"-artifact_prefix={folder}/", timeout=400)
                self.assertNotEqual(0, out.returncode, out.stderr[-2000:])
                self.assertTrue(list(Path(folder).glob("crash-*")), out.stderr[-2000:])
                runs = re.findall(r"^#(\d+)", out.stderr, re.M)
                print(f"{target}: the planted bug was found after {runs[-1]} runs or a little more")


if __name__ == "__main__":
    unittest.main()
