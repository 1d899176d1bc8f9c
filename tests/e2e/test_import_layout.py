# SPDX-License-Identifier: MIT
# label: quick
"""wf import xtce: where entries stand, how often they are there, and which curve is theirs."""
import unittest

import xtcecase
from xtcecase import document, refs

U24 = ('<IntegerParameterType name="u24"><IntegerDataEncoding sizeInBits="24"/>'
       '</IntegerParameterType>')


def number(bits, name, inside=""):
    return ('<IntegerParameterType name="%s"><IntegerDataEncoding sizeInBits="%d">%s'
            '</IntegerDataEncoding></IntegerParameterType>' % (name, bits, inside))


def line(c0, c1):
    return ('<PolynomialCalibrator><Term coefficient="%s" exponent="0"/>'
            '<Term coefficient="%s" exponent="1"/></PolynomialCalibrator>' % (c0, c1))


def compare(name, value, operator="=="):
    return ('<Comparison parameterRef="%s" value="%s" comparisonOperator="%s"/>'
            % (name, value, operator))


def at(reference, bits):
    return ('<LocationInContainerInBits referenceLocation="%s"><FixedValue>%d</FixedValue>'
            '</LocationInContainerInBits>' % (reference, bits))


def entry(name, inside, kind="ParameterRefEntry", attribute="parameterRef"):
    return '<%s %s="%s">%s</%s>' % (kind, attribute, name, inside, kind)


def times(name, adjust=""):
    return ('<RepeatEntry><Count><DynamicValue><ParameterInstanceRef parameterRef="%s"/>%s'
            '</DynamicValue></Count></RepeatEntry>' % (name, adjust))


def container(name, entries, inside=""):
    return ('<SequenceContainer name="%s" abstract="true">%s<EntryList>%s</EntryList>'
            '</SequenceContainer>' % (name, inside, entries))


class Layout(xtcecase.XtceCase):
    def test_calibrators_of_a_context(self):
        contexts = ("<DefaultCalibrator>%s</DefaultCalibrator><ContextCalibratorList>"
                    "<ContextCalibrator><ContextMatch>%s</ContextMatch><Calibrator>%s</Calibrator>"
                    "</ContextCalibrator><ContextCalibrator><ContextMatch><ComparisonList>%s%s"
                    "</ComparisonList></ContextMatch><Calibrator><SplineCalibrator order=\"1\">"
                    "<SplinePoint raw=\"0\" calibrated=\"5\"/><SplinePoint raw=\"10\" "
                    "calibrated=\"25\"/></SplineCalibrator></Calibrator></ContextCalibrator>"
                    "</ContextCalibratorList>"
                    % (line(1, 1), compare("GAIN", 1), line(0, 100), compare("GAIN", 2),
                       compare("B", 3, "!=")))
        types = number(8, "v", contexts)
        self.bring_in(document(types, [("A", "v"), ("B", "v"), ("GAIN", "u8")],
                               refs("A", "B", "GAIN")),
                      status=1)  # B is compared by its raw value, and that is said
        self.assertIn("calibrator = A_c1 A_c2 A\n", self.schema())
        rows = self.decode(b"\4\5\0", b"\4\5\1", b"\4\5\2", b"\4\3\2")
        self.assertEqual([(r["A"], r["B"]) for r in rows],
                         [("5", "6"), ("400", "500"), ("13", "15"), ("5", "4")])

    def test_a_context_without_default_leaves_the_raw_value(self):
        contexts = ("<ContextCalibratorList><ContextCalibrator><ContextMatch>%s</ContextMatch>"
                    "<Calibrator>%s</Calibrator></ContextCalibrator></ContextCalibratorList>"
                    % (compare("GAIN", 1), line(0, 0.5)))
        self.bring_in(document(number(8, "v", contexts), [("A", "v"), ("GAIN", "u8")],
                               refs("A", "GAIN")))
        self.assertEqual([r["A"] for r in self.decode(b"\4\0", b"\4\1")], ["4", "2"])

    def test_numbers_repeated_as_often_as_a_parameter_says(self):
        for more, count in (("", 2), ('<LinearAdjustment slope="1" intercept="1"/>', 3)):
            with self.subTest(more):
                self.setUp()
                self.bring_in(document("", [("N", "u8"), ("X", "u8"), ("Y", "u8")],
                                       refs("N") + entry("X", times("N", more)) + refs("Y")))
                row = self.decode(bytes([2] + list(range(10, 20))))[0]
                self.assertEqual(row["X[%d]" % (count - 1)], str(9 + count))
                self.assertEqual(row["X[%d]" % count], "")
                self.assertEqual(row["Y"], str(10 + count))

    def test_containers_repeated_as_often_as_a_parameter_says(self):
        text = document(number(2, "u2n"), [("N", "u2n"), ("PAD", "u2"), ("REST", "u4"),
                                           ("ID", "u8"), ("V", "u16"), ("END", "u8")],
                        refs("N", "PAD", "REST") +
                        entry("Block", times("N"), "ContainerRefEntry", "containerRef") +
                        refs("END"),
                        extra=container("Block", refs("ID", "V")))
        text = text.replace("</ParameterTypeSet>", number(4, "u4") + "</ParameterTypeSet>")
        self.bring_in(text)
        rows = self.decode(b"\x80" + b"\1\0\2\3\0\4\7", b"\0\7", b"\x40\1\0\2\7")
        self.assertEqual([(r["ID"], r["V"], r["ID_2"], r["V_2"], r["ID_3"], r["END"])
                          for r in rows],
                         [("1", "2", "3", "4", "", "7"), ("", "", "", "", "", "7"),
                          ("1", "2", "", "", "", "7")])

    def test_a_container_of_one_number_becomes_an_array(self):
        self.bring_in(document("", [("N", "u8"), ("V", "u16")], refs("N") +
                               entry("One", times("N"), "ContainerRefEntry", "containerRef"),
                               extra=container("One", refs("V"))))
        self.assertIn("count = N\ncount_max = 255\n", self.schema())
        self.assertEqual(self.decode(b"\2\0\1\0\2")[0]["V[1]"], "2")

    def test_each_copy_has_its_own_sizes(self):
        data = ('<BinaryParameterType name="blob"><BinaryDataEncoding><SizeInBits><DynamicValue>'
                '<ParameterInstanceRef parameterRef="LEN"/><LinearAdjustment slope="8" '
                'intercept="0"/></DynamicValue></SizeInBits></BinaryDataEncoding>'
                '</BinaryParameterType>')
        block = ('<RepeatEntry><Count><FixedValue>2</FixedValue></Count></RepeatEntry>')
        self.bring_in(document(data, [("LEN", "u8"), ("DATA", "blob")],
                               entry("B", block, "ContainerRefEntry", "containerRef"),
                               extra=container("B", refs("LEN", "DATA"))))
        row = self.decode(b"\1\xaa\2\xbb\xcc")[0]
        self.assertEqual((row["DATA"], row["DATA_2"]), ("aa", "bbcc"))

    def test_members_of_aggregates_can_be_meant(self):
        types = ('<AggregateParameterType name="head"><MemberList><Member name="n" typeRef="u8"/>'
                 '<Member name="k" typeRef="u8"/></MemberList></AggregateParameterType>')
        condition = ("<IncludeCondition>%s</IncludeCondition>" % compare("H/k", 3))
        self.bring_in(document(types, [("H", "head"), ("X", "u8"), ("Y", "u8")],
                               refs("H") + entry("X", times("H.n")) + entry("Y", condition)))
        row = self.decode(b"\2\3\x0a\x0b\x0c")[0]
        self.assertEqual((row["X[1]"], row["Y"]), ("11", "12"))

    def test_two_parameters_can_be_compared(self):
        condition = ("<IncludeCondition><BooleanExpression><Condition><ParameterInstanceRef "
                     'parameterRef="A"/><ComparisonOperator>&lt;</ComparisonOperator>'
                     '<ParameterInstanceRef parameterRef="B"/></Condition></BooleanExpression>'
                     "</IncludeCondition>")
        self.bring_in(document("", [(n, "u8") for n in "ABC"], refs("A", "B") +
                               entry("C", condition)))
        self.assertIn("present_when = A < B\n", self.schema())

    def test_places_from_every_reference(self):
        entries = (refs("A") + entry("B", at("previousEntry", 4)) +
                   entry("C", at("containerStart", 72)) +
                   entry("D", at("nextEntry", 12)) + entry("E", at("containerStart", 96)) +
                   entry("F", at("containerEnd", 24)) + refs("G"))
        self.bring_in(document(number(4, "u4"), [("A", "u8"), ("B", "u4")] +
                               [(n, "u8") for n in "CDEFG"], entries))
        row = self.decode(bytes.fromhex("010234567890 aabbcc 112233"))[0]
        self.assertEqual({n: int(row[n]) for n in "ABCDEFG"},
                         {"A": 1, "B": 2, "C": 0x56, "D": 0x89, "E": 0xaa, "F": 0x11, "G": 0x22})
        self.assertIn("at = end-3\n", self.schema())

    def test_an_entry_without_place_does_not_take_those_with_one_along(self):
        entries = (refs("A") + '<IndirectParameterRefEntry><ParameterInstance parameterRef="A"/>'
                   "</IndirectParameterRefEntry>" + refs("B") +
                   entry("C", at("containerStart", 72)))
        said = self.bring_in(document("", [(n, "u8") for n in "ABC"], entries), status=1)
        self.assertRegex(said, r"mission.xml:\d+: IndirectParameterRefEntry")
        row = self.decode(b"\1\2\3\4")[0]
        self.assertEqual((row["A"], row["C"]), ("1", "4"))
        self.assertNotIn("B", row)

    def test_a_number_in_pieces_is_put_together(self):
        pieces = "".join('<ParameterSegmentRefEntry parameterRef="P" sizeInBits="%d" order="%d"/>'
                         % (bits, order) for bits, order in ((8, 2), (16, 1)))
        self.bring_in(document(U24, [("P", "u24"), ("A", "u8")], pieces + refs("A")))
        row = self.decode(b"\3\1\2\4")[0]
        self.assertEqual((row["P"], row["A"]), (str(0x010203), "4"))

    def test_splines_of_every_order(self):
        for order, value in ((0, "10"), (1, "25"), (2, "22.5"), (3, "22.5")):
            with self.subTest(order):
                self.setUp()
                points = "".join('<SplinePoint raw="%d" calibrated="%d"/>' % (x, x * x // 10)
                                 for x in (0, 10, 20, 30))
                self.bring_in(document(
                    number(8, "v", '<DefaultCalibrator><SplineCalibrator order="%d">%s'
                           "</SplineCalibrator></DefaultCalibrator>" % (order, points)),
                    [("V", "v")], refs("V")))
                self.assertEqual(self.decode(b"\x0f")[0]["V"], value)

    def test_times_absolute_and_relative(self):
        def time(kind, name, scale, reference):
            return ('<%sTimeParameterType name="%s"><Encoding units="seconds" scale="%s">'
                    '<IntegerDataEncoding sizeInBits="32"/></Encoding><ReferenceTime>%s'
                    "</ReferenceTime></%sTimeParameterType>" % (kind, name, scale, reference, kind))

        types = (time("Absolute", "coarse", 1, "<Epoch>UNIX</Epoch>") +
                 time("Absolute", "fine", 1e-6, '<OffsetFrom parameterRef="SEC"/>') +
                 time("Relative", "span", 0.001, '<OffsetFrom parameterRef="OTHER"/>'))
        self.bring_in(document(types, [("SEC", "coarse"), ("USEC", "fine"), ("SPAN", "span")],
                               refs("SEC", "USEC", "SPAN")))
        row = self.decode((1700000000).to_bytes(4, "big") + (250000).to_bytes(4, "big") +
                          (1500).to_bytes(4, "big"))[0]
        self.assertTrue(row["time"].startswith("2023-11-14T22:13:20.25"), row["time"])
        self.assertEqual((row["SEC"], row["USEC"], row["SPAN"]), ("1700000000", "250000", "1.5"))

    def test_text_as_long_as_a_parameter_says_and_bytes_in_the_older_order(self):
        types = ('<StringParameterType name="s"><StringDataEncoding><Variable maxSizeInBits="80">'
                 '<DynamicValue><ParameterInstanceRef parameterRef="N"/><LinearAdjustment '
                 'slope="8" intercept="0"/></DynamicValue></Variable></StringDataEncoding>'
                 '</StringParameterType><IntegerParameterType name="le"><IntegerDataEncoding '
                 'sizeInBits="16"><ByteOrderList><Byte byteSignificance="0"/>'
                 '<Byte byteSignificance="1"/></ByteOrderList></IntegerDataEncoding>'
                 "</IntegerParameterType>")
        self.bring_in(document(types, [("N", "u8"), ("S", "s"), ("L", "le")], refs("N", "S", "L")))
        self.assertIn("size = N\nsize_max = 10\n", self.schema())
        row = self.decode(b"\3abc\1\2")[0]
        self.assertEqual((row["S"], row["L"]), ("abc", str(0x201)))

    def test_alarms_and_ranges_of_every_level(self):
        alarm = ('<ValidRange minInclusive="-5" maxInclusive="90"/><DefaultAlarm>'
                 '<StaticAlarmRanges><WatchRange minExclusive="0" maxExclusive="50"/>'
                 '<SevereRange maxExclusive="80"/></StaticAlarmRanges></DefaultAlarm>'
                 '<ContextAlarmList><ContextAlarm><StaticAlarmRanges>'
                 '<CriticalRange minExclusive="3"/></StaticAlarmRanges><ContextMatch>%s'
                 '</ContextMatch></ContextAlarm></ContextAlarmList>' % compare("M", 1))
        types = ('<IntegerParameterType name="t"><IntegerDataEncoding sizeInBits="8" '
                 'encoding="twosComplement"/>%s</IntegerParameterType>' % alarm)
        self.bring_in(document(types, [("M", "u8"), ("T", "t")], refs("M", "T")))
        for text in ("valid = -5 .. 90\n", "lo = 0\nhi = 50\nhihi = 80\n",
                     "severity = lo:1 hi:1 hihi:5\n", "[context T_1]\nwhen = M == 1\nT = lolo 3\n"):
            self.assertIn(text, self.schema())

    def test_what_cannot_be_read_but_has_a_size_is_passed_over(self):
        types = '<FloatParameterType name="big"><FloatDataEncoding sizeInBits="128"/></FloatParameterType>'
        said = self.bring_in(document(types, [("BIG", "big"), ("A", "u8")], refs("BIG", "A")),
                             status=1)
        self.assertIn("128 bits", said)
        self.assertEqual(self.decode(b"\0" * 16 + b"\7")[0]["A"], "7")


if __name__ == "__main__":
    unittest.main()
