# SPDX-License-Identifier: MIT
# label: full
"""The example programs of shared/core/examples do what they say, in at most 60 lines each."""
import glob
import os
import re
import subprocess
import unittest

import watchfloor
from packets import packet, send_udp
from watchfloor import BUILD, SOURCE

FOLDER = os.path.join(SOURCE, "shared", "core", "examples")


def example(name):
    return os.path.join(BUILD, "examples", "example-" + name)


class Examples(watchfloor.SystemTest):
    def run_example(self, name, *arguments):
        done = subprocess.run([example(name), *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, universal_newlines=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_each_has_at_most_60_lines(self):
        files = glob.glob(os.path.join(FOLDER, "*.c"))
        self.assertEqual(len(files), 4)
        for path in files:
            with open(path) as file:
                self.assertLessEqual(len(file.readlines()), 60, path)

    def test_whoever_comes_first_creates(self):
        system = self.new_system("")
        name = "/wf.%s.board" % system.instance
        visitors = [subprocess.Popen([example("first_creates"), name], stdout=subprocess.PIPE,
                                     universal_newlines=True) for _ in range(12)]
        said = [one.communicate(timeout=60)[0] for one in visitors]
        self.assertEqual([one.returncode for one in visitors], [0] * 12)
        self.assertEqual(sum(text.startswith("made it") for text in said), 1)
        self.assertEqual(sorted(int(re.search(r"visitor (\d+)", text).group(1)) for text in said),
                         list(range(1, 13)))

    def test_reading_while_another_writes(self):
        system = self.new_system("")
        said = self.run_example("read_while_writing", system.instance, system.state)
        self.assertRegex(said, r"^100000 read, 0 torn$")

    def test_a_strict_hand_off(self):
        system = self.new_system("")
        said = self.run_example("hand_off", "/wf.%s.desk" % system.instance, "2000")
        self.assertEqual(said, "sum 2001000\n")

    def test_following_a_parameter_through_a_restart(self):
        demo = "[subsystem]\napid = 9\n[parameter n]\nbits = 16\nunit = V\n"
        system = self.new_system("[listener in]\nhost = 127.0.0.1\nport = 0\n", {"demo": demo})
        following = system.launch(example("follow"), system.instance, "demo", "n", "4")
        for life in range(2):
            receiver = system.receiver()
            send_udp(system.place("in"),
                     [packet(9, n, bytes([0, 10 * life + n])) for n in range(2)])
            following.wait_for_text("%d V VALID" % (10 * life + 1))
            receiver.stop()
        self.assertEqual(following.wait(), 0)
        self.assertEqual(following.out().splitlines(),
                         ["%d V VALID" % n for n in (0, 1, 10, 11)])


if __name__ == "__main__":
    unittest.main()
