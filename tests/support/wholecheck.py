# SPDX-License-Identifier: MIT
"""What must be true of the files when streams of counted packets (wholepath.py) have gone the whole
path, whatever happened on the way. A mixin for HistoryCase; made for millions of rows."""
import array
import os

import wholepath

# What is known of a packet of the archive that holds no count.
NOTHING, GAP, OTHER = -1, -2, -3


class Places:
    """(epoch, number) -> a count; each once."""

    def __init__(self):
        self.epochs = {}

    def put(self, epoch, number, count):
        """False when the place is taken."""
        one = self.epochs.setdefault(epoch, array.array("q"))
        if number >= len(one):
            one.extend([NOTHING] * (number + 1 - len(one)))
        is_free = one[number] == NOTHING
        one[number] = count
        return is_free

    def get(self, epoch, number):
        one = self.epochs.get(epoch, ())
        return one[number] if number < len(one) else NOTHING


class WholeCheck:
    def packet_files(self):
        folder = os.path.join(self.system.state, "history", "packets")
        return sorted(os.path.join(folder, name) for name in os.listdir(folder)
                      if name.endswith(".db"))

    def archive(self):
        """Every packet that was found is in the archive or in a gap of it, once. -> Places"""
        kept, counts = Places(), {}
        for path in self.packet_files():
            self.assertEqual(self.ask("PRAGMA integrity_check", path=path), [("ok",)], path)
            for epoch, number, outcome, data in self.ask(
                    "SELECT epoch, number, outcome, data FROM packets", path=path):
                count = None
                if outcome == "published" and len(data) == wholepath.PACKET_BYTES:
                    count = wholepath.number_in(data)
                self.assertTrue(kept.put(epoch, number, OTHER if count is None else count))
                counts[outcome] = counts.get(outcome, 0) + 1
            for epoch, first, last in self.ask("SELECT epoch, first, last FROM gaps", path=path):
                for number in range(first, last + 1):
                    self.assertTrue(kept.put(epoch, number, GAP))
                counts["in gaps"] = counts.get("in gaps", 0) + last - first + 1
        print("archive: %s" % counts, flush=True)
        for epoch, places in kept.epochs.items():
            self.assertNotIn(NOTHING, places, "a packet of epoch %d is nowhere" % epoch)
        return kept

    def check_rows(self, stream, head, kept):
        """Rows and gaps are the numbers 0 .. head-1, each at most once; values are as they were
        sent, and so is the packet that each row names. Returns (rows, lost, beyond the archive)."""
        seen, counts = bytearray(head), bytearray(len(stream.sent))
        rows = beyond = missing = newest = before = in_a_row = last_epoch = 0
        for epoch, number, packet, lost, count, value, level in self.rows(
                "SELECT (SELECT epoch_ns FROM _epochs WHERE id = _epoch), _number, _packet, _lost,"
                " number, hash, level FROM %s WHERE _source = (SELECT id FROM _sources WHERE name"
                " = ?) ORDER BY _epoch, _number", stream.subsystem, stream.source):
            self.assertEqual((value, level), (wholepath.hash_of(count), wholepath.level_of(count)))
            self.assertTrue(stream.sent[count], count)
            self.assertFalse(counts[count], "count %d is stored twice" % count)
            self.assertFalse(seen[number], "number %d is stored twice" % number)
            counts[count] = seen[number] = 1
            rows += 1
            missing += lost
            # How many are missing before it follows from the rows before it, a few of them.
            if number != before + 1 or epoch != last_epoch:
                in_a_row, newest = 0, 0
            if in_a_row > 3:
                self.assertEqual(lost, max(0, count - newest - 1), count)
            last_epoch, before, newest, in_a_row = epoch, number, max(newest, count), in_a_row + 1
            place = kept.get(int(epoch), packet)
            if place == NOTHING:
                beyond += 1
            elif place != GAP:
                self.assertEqual(place, count)
        in_gaps, lost = 0, 0
        for cause, gap, first, last in self.gaps(stream.source, stream.subsystem):
            if cause in ("sequence_gap", "kernel_drop"):
                in_gaps += gap
            if first is None:
                continue
            self.assertEqual(gap, last - first + 1, cause)
            for number in range(first, last + 1):
                self.assertFalse(seen[number], "number %d is stored and in a gap" % number)
                seen[number] = 1
            lost += gap
        self.assertGreaterEqual(in_gaps, missing)
        self.stored_counts = counts
        return rows, lost, beyond

    def check_stream(self, stream, head, kept, is_thinned=False):
        """published = stored + thinned + in gaps. Returns how many rows the archive does not know."""
        rows, lost, beyond = self.check_rows(stream, head, kept)
        thinned = sum(count for count, in self.ask(
            "SELECT thinned FROM _positions WHERE source = ? AND subsystem = ?", stream.source,
            stream.subsystem))
        print("%s.%s: %d published = %d stored + %d thinned + %d in gaps" % (
            stream.source, stream.subsystem, head, rows, thinned, lost), flush=True)
        self.assertEqual(rows + thinned + lost, head)
        self.assertEqual(thinned > 0, is_thinned)
        if is_thinned:
            self.check_thinning(stream, lost + sum(stream.sent) - head)
        return beyond

    def check_thinning(self, stream, never_seen):
        """Nothing was left out whose level is another than that of the row before; but for what
        the logger never saw."""
        level, left_out = None, 0
        for count, is_stored in enumerate(self.stored_counts):
            if is_stored:
                level = wholepath.level_of(count)
            elif stream.sent[count] and level != wholepath.level_of(count):
                left_out += 1
        self.assertLessEqual(left_out, never_seen)

    def check_numbers(self, source, subsystem, head):
        """Of a subsystem whose values we do not know: 0 .. head-1 are rows or in gaps."""
        numbers = [number for number, in self.rows(
            "SELECT _number FROM %s WHERE _source = (SELECT id FROM _sources WHERE name = ?)",
            subsystem, source)]
        for _, _, first, last in self.gaps(source, subsystem):
            if first is not None:
                numbers += range(first, last + 1)
        self.assertEqual(sorted(numbers), list(range(head)), subsystem)

    def check_places(self):
        """(epoch, order) of all rows of all subsystems, each once."""
        places = Places()
        for name in {name for name, in self.ask("SELECT subsystem FROM _schemas")}:
            for epoch, order in self.rows("SELECT (SELECT epoch_ns FROM _epochs WHERE id = _epoch),"
                                          " _order FROM %s", name):
                self.assertTrue(places.put(epoch, order, OTHER), (name, epoch, order))
