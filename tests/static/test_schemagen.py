#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The header made from a schema: compiles alone under strict flags, whatever a mission calls things."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

GENERATOR = Path(os.environ["WATCHFLOOR_BUILD"]) / "bin" / "wf-schemagen"
COMPILERS = [["gcc", "-std=c11", "-x", "c"], ["gcc", "-std=gnu11", "-x", "c"],
             ["clang", "-std=c11", "-x", "c"],
             ["g++", "-std=c++11", "-x", "c++"], ["clang++", "-std=c++11", "-x", "c++"]]

AWKWARD = """\
[subsystem]
title = Awkward */ names
apid = 7

[parameter default]
bits = 3
enumeration = modes

[parameter modes_safe]
bits = 5
title = takes the name of a label
unit = deg */ C

[parameter label]
type = string
size = prefix 8
size_max = 20

[parameter count]

[parameter samples]
type = int
bits = 24
count = count
count_max = 9

[parameter name]
type = string
size = 4

[parameter blob]
type = bytes
size = rest
size_max = 16

[enumeration modes]
0 = SAFE
1 = SAFE MODE
2 = safe mode
3..5 = 9/Weird "ones"
"""


def generate(folder, name, text, *flags):
    schema = Path(folder) / f"{name}.ini"
    schema.write_text(text)
    return subprocess.run([GENERATOR, str(schema), "--out", str(folder), *flags],
                          capture_output=True, text=True, timeout=30)


class Generated(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="wf-schemagen-")
        self.addCleanup(shutil.rmtree, self.folder)

    def compile(self, source):
        tried = 0
        for compiler in COMPILERS:
            if shutil.which(compiler[0]) is None:
                continue
            tried += 1
            out = subprocess.run([*compiler, "-Wall", "-Wextra", "-Wconversion", "-Wpedantic",
                                  "-Werror",
                                  "-fsyntax-only", "-I", self.folder, "-"], input=source,
                                 capture_output=True, text=True, timeout=60)
            self.assertEqual(0, out.returncode, " ".join(compiler) + "\n" + out.stderr)
        self.assertGreater(tried, 0, "no compiler found")

    def test_awkward_names_still_make_a_header(self):
        out = generate(self.folder, "awkward", AWKWARD)
        self.assertEqual(0, out.returncode, out.stderr)
        self.compile('#include "awkward_info.h"\n#include "awkward_info.h"\n'
                     "int f(const struct awkward_info *x);\n"
                     "int f(const struct awkward_info *x)\n"
                     "{ return x->default_ + (int)x->samples_count + x->name[4] == "
                     "AWKWARD_LABEL + AWKWARD_MODES_SAFE_0 + AWKWARD_MODES_SAFE_MODE; }\n")

    def test_names_of_ours_may_be_names_of_a_mission(self):
        out = generate(self.folder, "odd", """\
[subsystem]
title = Odd /* names
[parameter data_count]
[parameter data_count_]
[parameter data]
bits = 16
count = data_count
count_max = 4
[parameter linux]
[parameter default]
[parameter default_]
[parameter info_layout_hash]
[parameter parameter_count]
[parameter info_h]
""")
        self.assertEqual(0, out.returncode, out.stderr)
        self.compile('#include "odd_info.h"\n'
                     "int f(const struct odd_info *x);\n"
                     "int f(const struct odd_info *x)\n"
                     "{ return x->data_count + (int)x->data_count__ + x->linux_ + x->default__ + "
                     "x->default_ + ODD_PARAMETER_COUNT_ + (ODD_INFO_LAYOUT_HASH != 0); }\n")

    def test_the_text_is_embedded_whole(self):
        out = generate(self.folder, "awkward", AWKWARD, "--embed")
        self.assertEqual(0, out.returncode, out.stderr)
        program = Path(self.folder) / "program"
        main = Path(self.folder) / "main.c"
        main.write_text('#include <stdio.h>\n#include "awkward_schema.h"\n'
                        "int main(void) { return fwrite(awkward_schema_text, 1, "
                        "awkward_schema_text_len, stdout) != awkward_schema_text_len; }\n")
        subprocess.run(["cc", "-o", program, main, Path(self.folder) / "awkward_schema.c"],
                       check=True, timeout=60)
        text = subprocess.run([program], capture_output=True, text=True, check=True).stdout
        # The canonical text of the canonical text is itself.
        again = Path(self.folder) / "again"
        again.mkdir()
        self.assertEqual(0, generate(again, "awkward", text, "--embed").returncode)
        self.assertEqual((Path(self.folder) / "awkward_schema.c").read_text(),
                         (again / "awkward_schema.c").read_text())
        self.assertEqual((Path(self.folder) / "awkward_info.h").read_text(),
                         (again / "awkward_info.h").read_text())

    def test_an_equal_header_is_left_alone(self):
        generate(self.folder, "awkward", AWKWARD)
        header = Path(self.folder) / "awkward_info.h"
        os.utime(header, (1, 1))
        generate(self.folder, "awkward", AWKWARD)
        self.assertEqual(1, header.stat().st_mtime)

    def test_a_wrong_schema_says_where_and_writes_nothing(self):
        out = generate(self.folder, "wrong", "[subsystem]\napid = 7\n\n[parameter x]\nbitz = 9\n")
        self.assertEqual(2, out.returncode)
        self.assertRegex(out.stderr, r"wrong\.ini:5: .*bitz.*bits")
        self.assertEqual(["wrong.ini"], os.listdir(self.folder))

    def test_a_missing_file_is_named(self):
        out = subprocess.run([GENERATOR, f"{self.folder}/no.ini"], capture_output=True, text=True,
                             timeout=30)
        self.assertEqual(2, out.returncode)
        self.assertIn("no.ini", out.stderr)


if __name__ == "__main__":
    sys.exit(unittest.main())
