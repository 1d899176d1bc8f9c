# SPDX-License-Identifier: MIT
# timeout: 300
"""wf query against what a few lines of Python make of the same samples."""
import csv
import io
import json
import math
import random
import unittest
import xml.etree.ElementTree as ElementTree

from historycase import HistoryCase

NOON = 981201600 * 10**9  # 2001-02-03T12:00:00Z
STEP = 100_000_000
COUNT = 600
DAY = ("--from", "2001-02-03", "--to", "2001-02-04")

POWER = """[subsystem]
period = 100ms
ring = 4096
[parameter number]
bits = 64
[parameter volts]
bits = 12
polynomial = 0 0.01
unit = V
lo = 1
hi = 5
[parameter mode]
bits = 8
enumeration = modes
[parameter cells]
bits = 16
count = 3
[enumeration modes]
0 = OFF
1 = SAFE
2 = NOMINAL
3 = SAFE, "MODE"
"""

# Slower, and silent for a while: its last value holds for three periods only.
THERMAL = """[subsystem]
period = 1s
stale_after = 3s
ring = 4096
[parameter number]
bits = 64
[parameter heater]
bits = 1
type = bool
"""


def iso_ns(text):
    """ISO 8601 with nine digits to ns; the day is fixed."""
    hours, minutes, rest = text[11:-1].split(":")
    seconds, digits = rest.split(".")
    day = int(text[8:10]) - 3
    return ((day * 24 + int(hours)) * 3600 + int(minutes) * 60 + int(seconds)) * 10**9 + int(digits) \
        + NOON - 43200 * 10**9


class Query(HistoryCase):
    def setUp(self):
        super().setUp()
        self.system.write_schema("power", POWER)
        self.system.write_schema("thermal", THERMAL)
        logger = self.logger()
        self.publish("--count", str(COUNT), "--received", str(NOON), "--step", str(STEP))
        # The first 20 s only: then it is silent.
        self.publish("--count", "20", "--received", str(NOON + 50_000_000), "--step",
                     str(10 * STEP), "--role", "other", schema="thermal")
        self.wait_stored("main", COUNT)
        self.wait_stored("main", 20, "thermal")
        self.stop_logger(logger)
        # Device times are a microsecond before receive times.
        self.power = [(NOON + n * STEP - 1000, n) for n in range(COUNT)]
        self.thermal = [(NOON + 50_000_000 + n * 10 * STEP - 1000, n) for n in range(20)]

    def rows(self, *args, status=0):
        text = self.query(*args, "--format", "csv", *DAY, status=status)
        return list(csv.reader(io.StringIO(text, newline="")))

    def numbers(self, *args, status=0):
        return [int(row[1]) for row in self.rows("power.number", *args, status=status)[1:]]

    def fails(self, *args, words):
        done = self.system.launch("wf-query", *args)
        self.assertEqual(done.wait(), 2)
        self.assertIn(words, done.err())

    # -- conditions ---------------------------------------------------------------------------

    def test_conditions_are_what_a_model_says(self):
        def mode(n):
            return n & 255

        def volts(n):
            return (n & 4095) * 0.01

        def heater(time_ns):
            """Last value, None when it is older than three seconds."""
            last = [(t, n) for t, n in self.thermal if t <= time_ns]
            if not last or time_ns - last[-1][0] > 3 * 10**9:
                return None
            return bool(last[-1][1] & 255)

        cases = [
            ("power.mode == SAFE", lambda t, n: mode(n) == 1),
            ("power.mode = SAFE and volts < 3", lambda t, n: mode(n) == 1 and volts(n) < 3),
            ("mode == 3 or number > 590", lambda t, n: mode(n) == 3 or n > 590),
            ("not (main.power.number >= 10)", lambda t, n: n < 10),
            ("number % 7 == 0 and volts >= 1", lambda t, n: n % 7 == 0 and volts(n) >= 1),
            ("thermal.heater", lambda t, n: heater(t) is True),
            ("thermal.heater == false and number < 100",
             lambda t, n: heater(t) is False and n < 100),
            ("thermal.heater or number == 599", lambda t, n: heater(t) is True or n == 599),
            ("power.cells[0] == number and power.cells[1] == 0 and number > 9", lambda t, n: n > 9),
        ]
        for text, model in cases:
            want = [n for t, n in self.power if model(t, n)]
            self.assertTrue(want, text)
            self.assertEqual(self.numbers("--where", text), want, text)

    def test_random_conditions_and_steps(self):
        choose = random.Random(20261120)
        for _ in range(12):
            low, every = choose.randrange(COUNT), choose.choice([1, 3, 7, 20])
            modulus = choose.randrange(2, 9)
            text = "number >= %d and number %% %d != 1" % (low, modulus)
            want = {}
            for time_ns, n in self.power:
                if n >= low and n % modulus != 1:
                    want.setdefault(time_ns // (every * 10**9), []).append(n)
            rows = self.rows("power.number", "--where", text, "--every", "%ds" % every, "--agg",
                             "min,max,mean,last,count,p50,deviation", status=0 if want else 1)[1:]
            got = {iso_ns(row[0]) // (every * 10**9): row[1:] for row in rows}
            self.assertEqual(sorted(got), sorted(want))
            for key, values in want.items():
                mean = sum(values) / len(values)
                self.assertEqual([int(cell) for cell in got[key][:2]], [min(values), max(values)])
                self.assertAlmostEqual(float(got[key][2]), mean)
                self.assertEqual([int(got[key][3]), int(got[key][4])], [values[-1], len(values)])
                self.assertEqual(float(got[key][5]), sorted(values)[math.ceil(len(values) / 2) - 1])
                self.assertAlmostEqual(float(got[key][6]), math.sqrt(
                    sum((value - mean) ** 2 for value in values) / len(values)))

    def test_conditions_that_mean_nothing_are_refused(self):
        for text, words in (("power.nosuch > 1", "nosuch"), ("number >", "column"),
                            ("heater", "heater")):
            self.fails("power.number", "--where", text, *DAY, words=words)

    # -- alignment ----------------------------------------------------------------------------

    def test_fill_shows_the_last_value_of_each(self):
        rows = self.rows("power.number", "thermal.number", "--fill")[1:]
        merged = sorted([(t, "p", n) for t, n in self.power] +
                        [(t, "t", n) for t, n in self.thermal])
        power = thermal = ""
        self.assertEqual(len(rows), len(merged))
        for row, (_, which, n) in zip(rows, merged):
            power, thermal = (str(n), thermal) if which == "p" else (power, str(n))
            self.assertEqual(row[1:], [power, thermal])

    def test_quality_stands_beside_the_value(self):
        rows = self.rows("power.volts", "--with-quality", "--limit", "2")
        self.assertEqual(rows[0], ["time", "power.volts", "power.volts:quality"])
        self.assertEqual(rows[1][1:], ["0", "VALID"])

    def test_more_parameters_than_a_result_of_sqlite_has_columns(self):
        self.system.write_schema("wide", "[subsystem]\nperiod = 10ms\nring = 64\n" + "".join(
            "[parameter p%d]\nbits = 8\n" % i for i in range(2500)))
        logger = self.logger()
        self.publish("--count", "3", "--received", str(NOON), "--step", str(STEP), "--role", "third",
                     schema="wide")
        self.wait_stored("main", 3, "wide")
        self.stop_logger(logger)
        rows = self.rows("wide")
        self.assertEqual(len(rows[0]), 2501)
        self.assertEqual([row[1:] for row in rows[1:]], [[str(n)] * 2500 for n in range(3)])
        # In another order, and some only.
        rows = self.rows("wide.p2400", "wide.p1", "wide.p1899", "wide.p1900")
        self.assertEqual([row[1:] for row in rows[1:]], [[str(n)] * 4 for n in range(3)])

    # -- crossings and statistics -------------------------------------------------------------

    def test_first_and_last_crossing(self):
        first = json.loads(self.query("power", "--first", "power.volts > 3", "--format", "json", *DAY))
        self.assertEqual(iso_ns(first["from"]), self.power[301][0])
        self.assertIsNone(first["to"])
        self.assertFalse(first["held_before"])
        last = json.loads(self.query("power", "--last", "mode = SAFE", "--format", "json", *DAY))
        self.assertEqual(iso_ns(last["from"]), self.power[513][0])
        self.assertEqual(iso_ns(last["to"]), self.power[514][0])
        table = self.query("power.volts", "--first", "power.volts > 3", *DAY)
        self.assertIn("power.volts = 3.01 V", table)
        self.assertIn("still held", table)
        self.query("power", "--first", "volts > 1000", *DAY, status=1)

    def test_statistics(self):
        answer = json.loads(self.query("power.volts", "--stats", "--format", "json", *DAY))[0]
        values = sorted(n * 0.01 for n in range(COUNT))
        self.assertEqual((answer["count"], answer["bad"], answer["absent"]), (COUNT, 0, 0))
        self.assertEqual((answer["min"], answer["max"]), (values[0], values[-1]))
        self.assertAlmostEqual(answer["mean"], sum(values) / COUNT)
        self.assertEqual(answer["p99"], values[math.ceil(COUNT * 0.99) - 1])
        self.assertEqual(iso_ns(answer["max_time"]), self.power[-1][0])
        self.assertIn("mean", self.query("power.volts", "--stats", *DAY))
        # Labels are text, and need their quotes.
        mode = json.loads(self.query("power.mode", "--where", "number < 4", "--stats", "--format",
                                     "json", *DAY))[0]
        self.assertEqual((mode["min"], mode["max"]), ("OFF", 'SAFE, "MODE"'))
        rows = self.rows("power.mode", "--where", "number < 4", "--stats")
        self.assertEqual(dict(zip(*rows))["max"], 'SAFE, "MODE"')

    # -- plots ----------------------------------------------------------------------------------

    def test_a_plot_shows_traces_limits_and_its_resolution(self):
        text = self.query("power.volts", "--plot", "--from", "2001-02-03T11:59:30Z", "--to",
                          "2001-02-03T12:01:30Z", "--size", "80x12")
        self.assertIn("power.volts  V  0 .. 5.99", text)
        self.assertIn("hi---", text)
        self.assertIn("gaps +", text)
        self.assertRegex(text, r"resolution 1s from raw")
        self.assertTrue(all(len(line) <= 80 for line in text.splitlines()[1:15]))

    def test_a_picture_is_well_formed_and_says_what_it_shows(self):
        text = self.query("power.volts", "power.number", "--format", "svg", "--from",
                          "2001-02-03T11:59:30Z", "--to", "2001-02-03T12:01:30Z")
        root = ElementTree.fromstring(text)
        words = " ".join(node.text for node in root.iter("{http://www.w3.org/2000/svg}text"))
        for word in ("power.volts [V]", "power.number", "hi", "resolution", "from raw"):
            self.assertIn(word, words)
        self.assertGreaterEqual(len(list(root.iter("{http://www.w3.org/2000/svg}path"))), 2)

    # -- the answer says what it is --------------------------------------------------------------

    def test_json_says_range_tier_and_gaps(self):
        answer = json.loads(self.query("power.number", "--bins", "100", "--format", "json", *DAY))
        self.assertEqual((answer["from"], answer["by"]), ("2001-02-03T00:00:00.000000000Z", "device"))
        series = answer["series"][0]
        self.assertEqual(series["resolution"], "15m")
        self.assertIn(series["tier"], ("raw", "minute", "minute+raw"))
        self.assertEqual((answer["unread"], answer["deleted"]), ([], []))

    def test_words_that_do_not_fit_are_refused(self):
        for args, words in ((["--every", "1s", "--bins", "5"], "one of them"),
                            (["--bins", "0"], "--bins"), (["--size", "3x3"], "--size"),
                            (["--tier", "day"], "--tier"), (["--quality", "nice"], "--quality"),
                            (["--stats", "--first", "number > 1"], "one at a time"),
                            (["--every", "1s", "--agg", "p101"], "p50")):
            self.fails("power.number", *args, *DAY, words=words)


if __name__ == "__main__":
    unittest.main()
