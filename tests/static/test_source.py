# SPDX-License-Identifier: MIT
"""What the tree promises about its source: who includes whom, and which calls nobody makes."""
import os
import re
import subprocess
import unittest

SOURCE = os.environ.get("WATCHFLOOR_SOURCE",
                        os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

BANNED = re.compile(r"(?<![A-Za-z0-9_.>])(strcpy|strcat|sprintf|vsprintf|strncpy|strtok|gets|atoi|"
                    r"atol|atof|strtol|localtime|gmtime|rand|system|alloca)\s*\(")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)

# Libraries that one place only may know.
ONLY_IN = {
    "sqlite3.h": ("shared/store/", "tests/"),
    "ini.h": ("shared/core/src/", "tests/"),
}


def sources():
    """Every C file of the tree, relative, with its text (comments and strings kept)."""
    for top in ("shared", "receiver", "monitors", "plugins", "tools", "tests"):
        for folder, _, files in os.walk(os.path.join(SOURCE, top)):
            for name in sorted(files):
                if name.endswith((".c", ".h")):
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as file:
                        yield os.path.relpath(path, SOURCE), file.read()


def without_comments_and_strings(text):
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)
    return re.sub(r'"(?:\\.|[^"\\\n])*"', '""', text)


def program_of(path):
    """The folder that is one program: receiver, monitors/x, tools/x; None for all others."""
    parts = path.split("/")
    if parts[0] == "receiver":
        return "receiver"
    if parts[0] in ("monitors", "tools") and len(parts) > 2:
        return "/".join(parts[:2])
    return None


def layer_of_header(header):
    match = re.match(r"watchfloor/(decode|store|alarm)/", header)
    return match.group(1) if match else "core"


class Includes(unittest.TestCase):
    """shared/ points downwards only; programs never use each other; plugins know core alone."""

    def test_libraries_point_downwards_only(self):
        allowed = {"core": {"core"}, "decode": {"core", "decode"}, "store": {"core", "store"},
                   "alarm": {"core", "alarm"}}
        wrong = []
        for path, text in sources():
            match = re.match(r"shared/(core|decode|store|alarm)/", path)
            for _, header in INCLUDE.findall(text):
                if not header.startswith("watchfloor/"):
                    continue
                layer = layer_of_header(header)
                if match and layer not in allowed[match.group(1)]:
                    wrong.append("%s includes <%s>" % (path, header))
                if path.startswith("plugins/") and layer != "core":
                    wrong.append("%s includes <%s>: plugins use core's headers only" %
                                 (path, header))
        self.assertEqual(wrong, [])

    def test_programs_do_not_include_each_other(self):
        homes = {}
        for path, _ in sources():
            if path.endswith(".h") and program_of(path):
                homes.setdefault(os.path.basename(path), set()).add(program_of(path))
        wrong = []
        for path, text in sources():
            mine = program_of(path)
            if mine is None:
                continue
            for kind, header in INCLUDE.findall(text):
                if kind != '"':
                    continue
                if ".." in header:
                    wrong.append('%s includes "%s"' % (path, header))
                beside = os.path.join(SOURCE, os.path.dirname(path), header)
                owners = homes.get(os.path.basename(header), set())
                shared = {home for home in owners if home.endswith("/common")}
                if owners and mine not in owners and not shared and not os.path.exists(beside):
                    wrong.append('%s includes "%s" of %s' % (path, header, sorted(owners)))
        self.assertEqual(wrong, [])

    def test_libraries_that_one_place_only_may_know(self):
        wrong = ["%s includes <%s>" % (path, header) for path, text in sources()
                 for _, header in INCLUDE.findall(text)
                 if header in ONLY_IN and not path.startswith(ONLY_IN[header])]
        self.assertEqual(wrong, [])

    def test_gnu_extensions_stay_in_platform_folders(self):
        wrong = [path for path, text in sources()
                 if re.search(r"^\s*#\s*define\s+_GNU_SOURCE", text, re.M) and
                 "/platform/" not in path and not path.startswith("tests/")]
        self.assertEqual(wrong, [])


class Text(unittest.TestCase):
    def test_banned_calls_are_not_made(self):
        wrong = []
        for path, text in sources():
            for number, line in enumerate(without_comments_and_strings(text).split("\n"), 1):
                for match in BANNED.finditer(line):
                    wrong.append("%s:%d: %s" % (path, number, match.group(1)))
        self.assertEqual(wrong, [])

    def test_every_file_names_its_licence(self):
        wrong = [path for path, text in sources()
                 if "SPDX-License-Identifier: MIT" not in text.split("\n", 1)[0]]
        self.assertEqual(wrong, [])

    def test_nothing_is_left_to_be_done(self):
        words = re.compile(r"\b(" + "TO" + "DO|" + "FIX" + "ME|" + "X" + r"XX)\b")
        wrong = []
        for path, text in sources():
            wrong += ["%s: %s" % (path, match.group()) for match in words.finditer(text)]
        self.assertEqual(wrong, [])


class Headers(unittest.TestCase):
    def test_every_public_header_compiles_alone(self):
        compiler = os.environ.get("CC", "cc")
        includes = ["-I" + os.path.join(SOURCE, "shared", library, "include")
                    for library in ("core", "decode", "store", "alarm")]
        wrong = []
        for path, _ in sources():
            if not re.match(r"shared/\w+/include/", path):
                continue
            header = path.split("/include/", 1)[1]
            done = subprocess.run([compiler, "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Wall",
                                   "-Wextra", "-Werror", "-fsyntax-only", "-x", "c", *includes, "-"],
                                  input="#include <%s>\nint unused;\n" % header, text=True,
                                  stderr=subprocess.PIPE, timeout=60)
            if done.returncode != 0:
                wrong.append("%s:\n%s" % (header, done.stderr))
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
