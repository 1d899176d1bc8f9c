#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a script can hold of the house style: banned functions, marks of unfinished work,
paths of one machine, guards and licence tags."""

import re
import sys
import unittest

from test_includes import ROOT, sources

BANNED = re.compile(
    r"(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|strncpy|strtok|gets|atoi|atol|atof|strtol|strtoul|"
    r"strtod|localtime|gmtime|rand|system|alloca|usleep)\s*\(")
STRING_OR_COMMENT = re.compile(r'"(\\.|[^"\\\n])*"|/\*.*?\*/|//[^\n]*', re.S)
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MACHINE_PATH = re.compile(r"(^|[^A-Za-z0-9_.])/(work|farm|root)/\w")


def without_strings_and_comments(text):
    return STRING_OR_COMMENT.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def lines_matching(text, pattern):
    for number, line in enumerate(text.splitlines(), 1):
        if pattern.search(line):
            yield number, line.strip()


class Style(unittest.TestCase):
    def setUp(self):
        self.texts = {path: (ROOT / path).read_text(errors="replace") for path in sources()}
        self.assertGreater(len(self.texts), 20)

    def complain(self, bad):
        self.assertEqual([], bad, "\n" + "\n".join(bad))

    def test_no_banned_function_is_called(self):
        # strtod and its like read numbers in one place only, behind wf_parse_*.
        bad = []
        for path, text in self.texts.items():
            if path in ("shared/core/src/parse.c", "shared/core/src/strbuf.c"):
                continue
            for number, line in lines_matching(without_strings_and_comments(text), BANNED):
                bad.append(f"{path}:{number}: {line}")
        self.complain(bad)

    def test_nothing_is_marked_unfinished(self):
        self.complain([f"{path}:{number}: {line}" for path, text in self.texts.items()
                       for number, line in lines_matching(text, UNFINISHED)])

    def test_no_path_of_one_machine(self):
        self.complain([f"{path}:{number}: {line}" for path, text in self.texts.items()
                       for number, line in lines_matching(text, MACHINE_PATH)])

    def test_gnu_extensions_stay_in_platform_folders(self):
        self.complain([path for path, text in self.texts.items()
                       if re.search(r"^\s*#\s*define\s+_GNU_SOURCE", text, re.M)
                       and "/platform/" not in path and not path.startswith("tests/")])

    def test_every_file_names_its_licence(self):
        self.complain([path for path, text in self.texts.items()
                       if "SPDX-License-Identifier: MIT" not in text[:200]])

    def test_every_header_is_guarded(self):
        self.complain([path for path, text in self.texts.items()
                       if path.endswith(".h") and not re.search(r"#ifndef \w+_H\n#define \w+_H", text)])


if __name__ == "__main__":
    sys.exit(unittest.main())
