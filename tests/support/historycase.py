# SPDX-License-Identifier: MIT
"""What the tests of history share: a publisher without a receiver, a logger, and the proof that
every sample that was published is stored or in the gap table, exactly once."""
import glob
import json
import os
import signal
import sqlite3

from watchfloor import SystemTest, wait_for

# Every value follows from the sample's number (test-publish), so a row can be checked by itself.
POWER = """[subsystem]
period = 10ms
ring = 4096
[parameter number]
bits = 64
[parameter volts]
bits = 12
polynomial = 0 0.01
unit = V
[parameter half]
type = float
bits = 64
[parameter name]
type = string
size = 12
"""


class HistoryCase(SystemTest):
    def setUp(self):
        self.system = self.new_system(schemas={"power": POWER})

    # -- programs --------------------------------------------------------------------------

    def schema(self, name="power"):
        return os.path.join(self.system.folder, "plugins", name, name + ".ini")

    def publisher(self, *args, schema="power"):
        return self.system.start("test-publish", self.system.instance, self.system.state,
                                 self.schema(schema), *args)

    def publish(self, *args, schema="power"):
        """Publish and end; {"source.subsystem": {"head", "created_ns"}}."""
        return json.loads(self.system.run("test-publish", self.system.instance, self.system.state,
                                          self.schema(schema), *args))

    @staticmethod
    def end_publisher(publisher):
        status = publisher.stop()
        assert status == 0, publisher.err()
        return json.loads(publisher.out())

    def logger(self, **more):
        return self.system.start("wf-logger", "--config", self.system.config_file(), **more)

    def stop_logger(self, logger):
        self.assertEqual(logger.stop(), 0, logger.err())
        return logger.err()

    def query(self, *args, status=0):
        return self.system.run("wf-query", *args, status=status)

    # -- what is in the files ----------------------------------------------------------------

    def days(self):
        return sorted(glob.glob(os.path.join(self.system.state, "history", "raw", "*.db")))

    def ask(self, sql, *args, path=None):
        """The rows that all day files (or one) give together."""
        rows = []
        for file in [path] if path else self.days():
            db = sqlite3.connect("file:%s?mode=ro" % file, uri=True)
            try:
                rows += db.execute(sql, args).fetchall()
            except sqlite3.OperationalError as error:
                # A day on which this subsystem sent nothing has no view of it.
                if "no such table: " not in str(error) or path:
                    raise
            finally:
                db.close()
        return rows

    def stored(self, source, subsystem="power"):
        try:
            return sum(count for (count,) in self.ask(
                "SELECT rows FROM _positions WHERE source = ? AND subsystem = ?", source, subsystem))
        except sqlite3.DatabaseError:
            return 0

    def wait_stored(self, source, count, subsystem="power"):
        wait_for(lambda: self.stored(source, subsystem) >= count,
                 "%d rows of %s.%s" % (count, source, subsystem))

    def gaps(self, source, subsystem="power"):
        return self.ask("SELECT g.cause, g.lost, g.first_number, g.last_number FROM _gaps AS g"
                        " JOIN _sources AS s ON s.id = g.source"
                        " WHERE s.name = ? AND g.subsystem = ? ORDER BY g.id", source, subsystem)

    # -- rollups --------------------------------------------------------------------------------

    def tier_files(self, tier):
        return sorted(glob.glob(os.path.join(self.system.state, "history", tier, "*.db")))

    def trusted(self, source, subsystem="power"):
        """(minute_from, hour_from, rolled_to) in ns, and the dirty minutes."""
        newest, dirty = None, set()
        for path in self.days():
            for row in self.ask("SELECT serial, minute_from, hour_from, rolled_to FROM _positions"
                                " WHERE source = ? AND subsystem = ?", source, subsystem,
                                path=path):
                newest = max(newest or row, row)
            dirty |= {row[0] for row in self.ask(
                "SELECT minute_ns FROM _dirty WHERE source = ? AND subsystem = ?", source,
                subsystem, path=path)}
        return newest[1:], dirty

    def assert_rollups(self, sources, subsystem="power", columns=("number", "half")):
        """Every complete minute and hour holds what its rows say; how many there were."""
        complete = 0
        rolled = self.rolled_up(subsystem)
        for source in sources:
            (minute_from, hour_from, rolled_to), dirty = self.trusted(source, subsystem)
            tiers = (("minute", 60 * 10**9, minute_from), ("hour", 3600 * 10**9, hour_from))
            made = self.recomputed(source, subsystem, columns, tiers)
            for tier, width, begin in tiers:
                for start, values in made[tier].items():
                    if begin is None or start < begin or start + width > rolled_to or any(
                            start <= minute < start + width for minute in dirty):
                        continue
                    complete += 1
                    for column, (least, greatest, count, _, newest) in zip(columns, values):
                        got = rolled.get((tier, source, column, start), (None,) * 4)
                        told = "%s %s.%s at %d" % (tier, source, column, start)
                        self.assertEqual((got[0], got[1], got[3]), (least, greatest, count), told)
                        self.assertIn(got[2], newest, told)
        return complete

    def rolled_up(self, subsystem):
        """(min, max, last, count) of every bucket, by (tier, source, parameter, start)."""
        rolled = {}
        for tier, width in (("minute", 60), ("hour", 3600)):
            for path in self.tier_files(tier):
                self.assertEqual(self.ask("PRAGMA integrity_check", path=path), [("ok",)], path)
                for row in self.ask("SELECT p.source, p.name, b.id & 65535, b.min, b.max, b.last,"
                                    " b.count, f.value FROM _buckets AS b JOIN _parameters AS p ON"
                                    " p.id = b.id >> 16 JOIN _file AS f ON f.key = 'base_ns'"
                                    " WHERE p.subsystem = ?", subsystem, path=path):
                    start = row[7] + row[2] * width * 10**9
                    rolled[tier, row[0], row[1], start] = row[3:7]
        return rolled

    def recomputed(self, source, subsystem, columns, tiers):
        """From rows: by tier and start, for each column [min, max, count, newest time, its values]."""
        made = {tier: {} for tier, _, _ in tiers}
        for time, *values in self.rows(
                "SELECT coalesce(_device_ns, _received_ns), %s FROM %%s WHERE _source ="
                " (SELECT id FROM _sources WHERE name = ?)" % ", ".join(columns), subsystem,
                source):
            for tier, width, _ in tiers:
                sums = made[tier].get(time // width * width)
                if sums is None:
                    made[tier][time // width * width] = [[value, value, 1, time, [value]]
                                                         for value in values]
                    continue
                for one, value in zip(sums, values):
                    one[0] = min(one[0], value)
                    one[1] = max(one[1], value)
                    one[2] += 1
                    if time > one[3]:
                        one[3:] = [time, [value]]
                    elif time == one[3]:
                        one[4].append(value)
        return made

    def rows(self, sql, subsystem, *args):
        """One by one, of the physical tables (%s) of a subsystem in all days."""
        for path in self.days():
            for (table,) in self.ask("SELECT table_name FROM _schemas WHERE subsystem = ?",
                                     subsystem, path=path):
                db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
                try:
                    yield from db.execute(sql % table, args)
                finally:
                    db.close()

    def assert_balanced(self, heads):
        """Numbers 0 .. head-1 are rows or in gaps of published samples, each exactly once."""
        for path in self.days():
            self.assertEqual(self.ask("PRAGMA integrity_check", path=path), [("ok",)], path)
        for name, region in heads.items():
            source, subsystem = name.split(".")
            numbers = []
            for number, volts, half, text in self.ask(
                    "SELECT number, volts, half, name FROM %s WHERE source = ?" % subsystem,
                    source):
                self.assertEqual((round(volts * 100), half, text),
                                 (number % 4096, number * 0.5, str(number)))
                numbers.append(int(number))
            rows = len(numbers)
            for cause, lost, first, last in self.gaps(source, subsystem):
                if first is not None:
                    self.assertEqual(lost, last - first + 1, cause)
                    numbers += range(first, last + 1)
            numbers.sort()
            self.assertEqual(numbers, list(range(region["head"])),
                             "%s: %d rows, gaps %s" % (name, rows, self.gaps(source, subsystem)))


__all__ = ["HistoryCase", "POWER", "signal", "wait_for"]
