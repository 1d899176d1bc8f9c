# SPDX-License-Identifier: MIT
# timeout: 600
"""kill -9 of the logger at random moments under load: no stored row lost or doubled, no partial
batch, and every published sample is stored or in the gap table, exactly."""
import os
import random
import time
import unittest

from historycase import HistoryCase, POWER

KILLS = int(os.environ.get("WF_TEST_KILLS", "300"))


class LoggerKilled(HistoryCase):
    def test_nothing_is_lost_or_doubled(self):
        seed = int.from_bytes(os.urandom(4), "little")
        print("seed %d, %d kills" % (seed, KILLS))
        dice = random.Random(seed)
        self.system.write_config("[logger]\nsync = 50ms\nbatch_rows = 100\n")
        publisher = self.publisher("--sources", "main,sat1,sat2", "--rate", "6000", "--batch", "5",
                                   "--lost-every", "997")
        for kill in range(KILLS):
            logger = self.logger(ready=False)
            # From before it is up to some batches later: the moment is the test.
            time.sleep(dice.random() * (0.05 if kill % 3 == 0 else 0.35))
            logger.kill()
        logger = self.logger()
        heads = self.end_publisher(publisher)
        errors = self.stop_logger(logger)
        self.assert_balanced(heads)
        for name in heads:
            self.assertGreater(self.stored(name.split(".")[0]), 1000, errors)
            missing = self.ask("SELECT sum(lost) FROM _gaps AS g JOIN _sources AS s ON s.id ="
                               " g.source WHERE s.name = ? AND cause = 'sequence_gap'",
                               name.split(".")[0])[0][0]
            self.assertGreater(missing or 0, 0)
        # Where each position says the series is, its last row is; no batch was cut in two.
        for source, following, rows, lost in self.ask(
                "SELECT source, next, rows, lost FROM _positions WHERE subsystem = 'power'"):
            self.assertEqual(following, heads[source + ".power"]["head"])
            self.assertEqual(rows + lost, following)

    def test_what_the_ring_lost_meanwhile_is_in_the_gap_table(self):
        self.system.write_schema("power", POWER.replace("ring = 4096", "ring = 64"))
        self.system.write_config("[logger]\nsync = 20ms\n")
        publisher = self.publisher("--rate", "3000")
        for _ in range(max(3, KILLS // 30)):
            logger = self.logger()
            before = self.stored("main")
            self.wait_stored("main", before + 20)
            logger.kill()
        logger = self.logger()
        heads = self.end_publisher(publisher)
        self.stop_logger(logger)
        self.assert_balanced(heads)
        causes = {gap[0] for gap in self.gaps("main")}
        self.assertIn("logger_down", causes)

    def test_a_killed_receiver_goes_on_with_its_numbers(self):
        logger = self.logger()
        for _ in range(5):
            self.publish("--count", "200", "--rate", "4000", "--crash")
        heads = self.publish("--count", "10")
        self.wait_stored("main", 1010)
        self.stop_logger(logger)
        self.assertEqual(heads["main.power"]["head"], 1010)
        self.assert_balanced(heads)
        causes = [gap[0] for gap in self.gaps("main")]
        self.assertEqual(causes.count("writer_restart"), 5)


if __name__ == "__main__":
    unittest.main()
