# SPDX-License-Identifier: MIT
"""Runs one test script for ctest: runner.py FILE [unittest arguments].

Skips are said loudly, with the reason. The exit status is 77 (ctest: skipped) only when
every case was skipped, so that one skipped case cannot hide the others.
"""
import importlib.util
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
# Where a test calls cmake as a user would: ninja is what the build needs, make may be missing.
os.environ.setdefault("CMAKE_GENERATOR", "Ninja")


def main():
    path = os.path.abspath(sys.argv[1])
    name = os.path.splitext(os.path.basename(path))[0]
    sys.path.insert(0, os.path.dirname(path))
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    program = unittest.main(module=module, argv=[path] + sys.argv[2:], verbosity=2, exit=False)
    result = program.result
    for case, why in result.skipped:
        print("SKIPPED: %s: %s" % (case, why), file=sys.stderr)
    if not result.wasSuccessful():
        sys.exit(1)
    if result.testsRun == 0:
        sys.exit("%s holds no test" % path)
    if len(result.skipped) >= result.testsRun:
        sys.exit(77)


main()
