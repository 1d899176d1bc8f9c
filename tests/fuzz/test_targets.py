#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# label: fuzz
# timeout: 900
# serial
"""Every fuzz target for a while: built by clang with libFuzzer, started from its seeds.

WATCHFLOOR_FUZZ_SECONDS (default 10) is for each target. What is found is left in
<build>/fuzz/found, and its path is in the failure.
"""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ["WATCHFLOOR_SOURCE"])
BUILD = Path(os.environ["WATCHFLOOR_BUILD"]) / "fuzz"
SECONDS = int(os.environ.get("WATCHFLOOR_FUZZ_SECONDS", "10"))
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


if __name__ == "__main__":
    unittest.main()
