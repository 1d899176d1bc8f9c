# SPDX-License-Identifier: MIT
"""Which cases did tests skip that passed as a whole? skips.py LOG, ctest's Testing/Temporary/LastTest.log.

Prints a line for each test that skipped some ("unit.x: 4 cases: why") and then their sum alone.
ctest counts only tests that skipped everything, so one skipped case would hide among the others.
"""
import re
import sys

TEST = re.compile(r"^\d+/\d+ Test: (\S+)$")
CASE = re.compile(r"^\[  SKIPPED \] ([A-Za-z_]\w*)$")       # cmocka; its summary repeats them
WHY = re.compile(r"^SKIPPED: (?:(test_\w+) \([^)]*\): )?(.*)$")     # runner.py, and tests themselves


def skipped(lines):
    """[(test, cases, why)] in the log's order."""
    found = {}
    test = None
    for line in lines:
        match = TEST.match(line)
        if match:
            test = found.setdefault(match.group(1), (set(), []))
            continue
        if test is None:
            continue
        match = CASE.match(line)
        if match:
            test[0].add(match.group(1))
        match = WHY.match(line)
        if match:
            if match.group(1):
                test[0].add(line)
            test[1].append(match.group(2))
    return [(name, len(cases), whys[0] if whys else "it does not say why")
            for name, (cases, whys) in found.items() if cases]


def main():
    with open(sys.argv[1], errors="replace") as file:
        found = skipped(line.rstrip("\n") for line in file)
    for name, count, why in found:
        print("    %s: %d case%s: %s" % (name, count, "" if count == 1 else "s", why))
    print(sum(count for _, count, _ in found))


if __name__ == "__main__":
    main()
