# SPDX-License-Identifier: MIT
# label: quick
"""wf import xtce: definitions in, readable schemas out, and a note for all that is not carried."""
import csv
import os
import shutil
import struct
import subprocess
import unittest

import watchfloor
import xtcecase
from xtcecase import document, refs


class Import(xtcecase.XtceCase):
    def test_numbers_of_every_encoding(self):
        cases = (
            ('encoding="twosComplement" sizeInBits="12"', b"\xff\xf0", "-1"),
            ('encoding="signed" sizeInBits="16"', b"\xff\xfe", "-2"),
            ('encoding="signMagnitude" sizeInBits="8"', b"\x85", "-5"),
            ('encoding="onesComplement" sizeInBits="8"', b"\xfa", "-5"),
            ('encoding="packedBCD" sizeInBits="16"', b"\x12\x34", "1234"),
            ('byteOrder="leastSignificantByteFirst" sizeInBits="32"', b"\x01\0\0\0", "1"),
            ('sizeInBits="64"', b"\xff" * 8, str(2**64 - 1)),
        )
        for attributes, data, value in cases:
            with self.subTest(attributes):
                shutil.rmtree(self.out, ignore_errors=True)
                types = ('<IntegerParameterType name="t"><IntegerDataEncoding %s/>'
                         '</IntegerParameterType>' % attributes)
                self.assertEqual(self.values(types, [("X", "t")], refs("X"), data), {"X": value})

    def test_floats(self):
        types = ('<FloatParameterType name="f"><FloatDataEncoding sizeInBits="64"/>'
                 '</FloatParameterType><FloatParameterType name="m"><FloatDataEncoding '
                 'encoding="MILSTD_1750A" sizeInBits="32"/></FloatParameterType>')
        self.assertEqual(self.values(types, [("A", "f"), ("B", "m")], refs("A", "B"),
                                     struct.pack(">d", 0.1) + bytes((0x50, 0, 0, 3))),
                         {"A": "0.1", "B": "5"})

    def test_names_lose_what_all_share_and_keep_it_as_alias(self):
        values = self.values("", [("PUMP.SPEED", "u8"), ("PUMP.LEVEL-1", "u8")],
                             refs("PUMP.SPEED", "PUMP.LEVEL-1"), b"\1\2")
        self.assertEqual(values, {"SPEED": "1", "LEVEL_1": "2"})
        self.assertIn("alias = PUMP.LEVEL-1\n", self.schema())

    def test_text_and_bytes(self):
        types = """
<StringParameterType name="fixed"><StringDataEncoding><SizeInBits><Fixed><FixedValue>32</FixedValue>
</Fixed></SizeInBits></StringDataEncoding></StringParameterType>
<StringParameterType name="ended"><StringDataEncoding><SizeInBits><TerminationChar>2C</TerminationChar>
</SizeInBits></StringDataEncoding></StringParameterType>
<StringParameterType name="led"><StringDataEncoding><SizeInBits><LeadingSize sizeInBitsOfSizeTag="8"/>
</SizeInBits></StringDataEncoding></StringParameterType>
<BinaryParameterType name="sized"><BinaryDataEncoding><SizeInBits><DynamicValue>
<ParameterInstanceRef parameterRef="N"/><LinearAdjustment slope="8" intercept="8"/></DynamicValue>
</SizeInBits></BinaryDataEncoding></BinaryParameterType>"""
        self.assertEqual(self.values(types, [("A", "fixed"), ("B", "ended"), ("C", "led"),
                                             ("N", "u8"), ("D", "sized"), ("E", "u8")],
                                     refs("A", "B", "C", "N", "D", "E"),
                                     b"ab\0\0xyz,\3one\1\xca\xfe\7"),
                         {"A": "ab", "B": "xyz", "C": "one", "N": "1", "D": "cafe", "E": "7"})

    def test_calibrators_enumerations_units_and_limits(self):
        types = """
<FloatParameterType name="volt"><UnitSet><Unit>V</Unit></UnitSet>
<IntegerDataEncoding sizeInBits="8"><DefaultCalibrator><PolynomialCalibrator>
<Term coefficient="1.5" exponent="0"/><Term coefficient="0.5" exponent="1"/></PolynomialCalibrator>
</DefaultCalibrator></IntegerDataEncoding><DefaultAlarm minViolations="2"><StaticAlarmRanges>
<WarningRange minInclusive="2" maxInclusive="30"/><CriticalRange minInclusive="1"/>
</StaticAlarmRanges></DefaultAlarm></FloatParameterType>
<FloatParameterType name="level"><IntegerDataEncoding sizeInBits="8"><DefaultCalibrator>
<SplineCalibrator order="1"><SplinePoint raw="0" calibrated="10"/><SplinePoint raw="10" calibrated="20"/>
</SplineCalibrator></DefaultCalibrator></IntegerDataEncoding></FloatParameterType>
<EnumeratedParameterType name="mode"><IntegerDataEncoding sizeInBits="8"/><EnumerationList>
<Enumeration value="0" label="OFF"/><Enumeration value="1" maxValue="3" label="ON, slowly"/>
</EnumerationList><DefaultAlarm><EnumerationAlarmList>
<EnumerationAlarm alarmLevel="distress" enumerationLabel="OFF"/></EnumerationAlarmList></DefaultAlarm>
</EnumeratedParameterType>
<BooleanParameterType name="flag" oneStringValue="OPEN" zeroStringValue="SHUT">
<IntegerDataEncoding sizeInBits="8"/></BooleanParameterType>"""
        values = self.values(types, [("U", "volt"), ("L", "level"), ("M", "mode"), ("F", "flag")],
                             refs("U", "L", "M", "F"), b"\4\5\2\1")
        self.assertEqual(values, {"U": "3.5", "L": "15", "M": "ON, slowly", "F": "OPEN"})
        for line in ("unit = V", "lo = 2", "hi = 30", "lolo = 1", "raise = 2 of 2",
                     "severity = lolo:4 lo:2 hi:2", "exclusive = yes", "states = 0: 3"):
            self.assertIn(line + "\n", self.schema())

    def test_aggregates_arrays_and_repeats(self):
        types = """
<AggregateParameterType name="pair"><MemberList><Member name="x" typeRef="u8"/>
<Member name="y" typeRef="u16"/></MemberList></AggregateParameterType>
<ArrayParameterType name="three" arrayTypeRef="u8"><DimensionList><Dimension><StartingIndex>
<FixedValue>0</FixedValue></StartingIndex><EndingIndex><FixedValue>2</FixedValue></EndingIndex>
</Dimension></DimensionList></ArrayParameterType>"""
        entries = refs("P", "T") + ('<ParameterRefEntry parameterRef="R"><RepeatEntry><Count>'
                                    '<FixedValue>2</FixedValue></Count></RepeatEntry>'
                                    '</ParameterRefEntry>')
        self.assertEqual(self.values(types, [("P", "pair"), ("T", "three"), ("R", "u8")], entries,
                                     bytes((1, 0, 2, 3, 4, 5, 6, 7))),
                         {"P_x": "1", "P_y": "2", "T[0]": "3", "T[1]": "4", "T[2]": "5",
                          "R[0]": "6", "R[1]": "7"})

    def test_places_and_conditions(self):
        entries = (refs("A") +
                   '<ParameterRefEntry parameterRef="B"><LocationInContainerInBits '
                   'referenceLocation="previousEntry"><FixedValue>8</FixedValue>'
                   '</LocationInContainerInBits></ParameterRefEntry>'
                   '<ParameterRefEntry parameterRef="C"><LocationInContainerInBits '
                   'referenceLocation="containerStart"><FixedValue>52</FixedValue>'
                   '</LocationInContainerInBits></ParameterRefEntry>'
                   '<ParameterRefEntry parameterRef="D"><IncludeCondition><Comparison '
                   'parameterRef="A" value="9"/></IncludeCondition></ParameterRefEntry>')
        values = self.values("", [(name, "u8") for name in "ABCD"], entries, b"\x12\x34\x56")
        self.assertEqual(values, {"A": "18", "B": "86", "C": "35", "D": ""})

    def test_packets_that_extend_others_are_told_apart(self):
        child = ('<SequenceContainer name="FAST"><EntryList>%s</EntryList><BaseContainer '
                 'containerRef="PUMP"><RestrictionCriteria><Comparison parameterRef="KIND" '
                 'value="2"/></RestrictionCriteria></BaseContainer></SequenceContainer>'
                 % refs("SPEED"))
        self.bring_in(document("", [("KIND", "u8"), ("SPEED", "u8")], refs("KIND"), extra=child))
        self.assertIn("match = KIND != 2\n", self.schema())
        self.assertIn("match = KIND == 2\n", self.schema("FAST"))
        values = os.path.join(self.folder, "values")
        self.decode(b"\1", b"\2\7", b"\3", args=["--out", values])
        with open(os.path.join(values, "FAST.csv"), newline="") as file:
            self.assertEqual([row["SPEED"] for row in csv.DictReader(file)], ["7"])

    def test_restrictions_by_boolean_expressions_and_lists(self):
        criteria = """<BooleanExpression><ANDedConditions><ORedConditions>
<Condition><ParameterInstanceRef parameterRef="APID"/><ComparisonOperator>==</ComparisonOperator>
<Value>300</Value></Condition><Condition><ParameterInstanceRef parameterRef="APID"/>
<ComparisonOperator>==</ComparisonOperator><Value>301</Value></Condition></ORedConditions>
<Condition><ParameterInstanceRef parameterRef="SHF"/><ComparisonOperator>&lt;</ComparisonOperator>
<Value>1</Value></Condition></ANDedConditions></BooleanExpression>"""
        self.bring_in(document("", [("A", "u8")], refs("A"), criteria=criteria))
        self.assertIn("apid = 300 301\nmatch = SHF < 1\n", self.schema())

    def test_prefixes_and_namespaces_do_not_matter(self):
        text = document("", [("A", "u8")], refs("A"))
        for one in (text.replace("<", "<xtce:").replace("<xtce:/", "</xtce:").replace(
                "<xtce:?xml", "<?xml"), text):
            shutil.rmtree(self.out, ignore_errors=True)
            self.bring_in(one.replace('name="Test"', 'name="Test" xmlns:xtce="http://www.omg.org/'
                                      'space/xtce"', 1))
            self.assertIn("apid = 300\n", self.schema())

    def test_names_are_found_from_inside_nested_systems(self):
        text = document("", [], "").replace("</SpaceSystem>", """
<SpaceSystem name="Sub"><TelemetryMetaData><ParameterSet><Parameter name="Q" parameterTypeRef="u8"/>
</ParameterSet><ContainerSet><SequenceContainer name="DEEP"><EntryList>
<ParameterRefEntry parameterRef="/Test/Sub/Q"/></EntryList><BaseContainer containerRef="../Header">
<RestrictionCriteria><Comparison parameterRef="APID" value="301"/></RestrictionCriteria>
</BaseContainer></SequenceContainer></ContainerSet></TelemetryMetaData></SpaceSystem></SpaceSystem>""")
        self.bring_in(text)
        self.assertEqual(self.decode(b"\x2a", apid=301)[0]["Q"], "42")

    def test_what_is_not_carried_over_is_said_with_its_line(self):
        types = """<IntegerParameterType name="math"><IntegerDataEncoding sizeInBits="8">
<DefaultCalibrator>
<MathOperationCalibrator/></DefaultCalibrator></IntegerDataEncoding></IntegerParameterType>"""
        said = self.bring_in(document(types, [("A", "math"), ("B", "u8")], refs("A", "B", "NONE")),
                             status=1)
        self.assertRegex(said, r"mission\.xml:\d+: MathOperationCalibrator of 'A': the raw value")
        self.assertRegex(said, r"mission\.xml:\d+: a parameter that is not in this file")
        self.assertEqual(self.decode(b"\1\2")[0]["B"], "2")

    def test_only_what_is_selected(self):
        self.bring_in(document("", [("A", "u8")], refs("A")), "--select", "X*", status=1)
        self.assertFalse(os.path.exists(self.out))

    def test_files_that_are_there_are_not_written_over(self):
        text = document("", [("A", "u8")], refs("A"))
        self.bring_in(text)
        self.assertIn("--force", self.bring_in(text, status=2))
        self.bring_in(text, "--force")

    def bring_in_table(self, text, *args, status=0):
        path = os.path.join(self.folder, "my-table.csv")
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        done = subprocess.run([watchfloor.program("wf-import"), "csv", path, "--out", self.out] +
                              list(args), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=60)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stderr.decode()

    def test_a_table_of_columns(self):
        self.bring_in_table('\ufeffname,data_type,bit_length,bit_offset,unit\r\n'
                            'A,uint,4,48,\r\n"B b",int,12,52,"V, rms"\r\n'
                            'C,uint(3),8,64,\r\nD,str,16,88,\r\n', "--apid", "300")
        row = self.decode(b"\x1f\xff\1\2\3hi")[0]
        self.assertEqual([row[n] for n in ("A", "B_b", "C[0]", "C[2]", "D")],
                         ["1", "-1", "1", "3", "hi"])
        self.assertIn("unit = V, rms\n", self.schema("my_table"))

    def test_a_table_that_is_wrong_says_where(self):
        self.assertIn("--apid", self.bring_in_table("name,data_type,bit_length\n", status=2))
        self.assertIn("bit_length", self.bring_in_table("a,b\n", "--apid", "1", status=2))
        said = self.bring_in_table("name,data_type,bit_length\nA,uint,8\nB,uint,x\nA,uint,8\n",
                                   "--apid", "300", status=1)
        self.assertIn("my-table.csv:3: 'x': bit_length", said)
        self.assertIn("my-table.csv:4: 'A': the name is there already", said)

    def bring_in_units(self, table, *args, status=0):
        path = os.path.join(self.folder, "units.csv")
        with open(path, "w", encoding="utf-8") as file:
            file.write(table)
        done = subprocess.run([watchfloor.program("wf-import"), "units", path, "--out", self.out] +
                              list(args), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=60)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stderr.decode()

    def test_a_table_of_polynomials_and_units(self):
        self.bring_in(document("", [("PUMP.VOLTS", "u8"), ("PUMP.LEVEL", "u8"), ("PUMP.C", "u8")],
                               refs("PUMP.VOLTS", "PUMP.LEVEL", "PUMP.C")))
        path = os.path.join(self.out, "PUMP", "PUMP.ini")
        with open(path, "a", encoding="utf-8") as file:
            file.write("polynomial = 9\n   9\nhi = 3\n\n; what follows stays\n\n[derived d]\n"
                       "expression = VOLTS * 2\n")
        table = ("packetName,mnemonic,convertAs,segNumber,lowValue,highValue,c0,c1,c2,unit\n"
                 "PUMP,Volts,UNSEGMENTED_POLY,1,0,0,1,0.5,0,V\n"
                 "PUMP,Level,SEGMENTED_POLY,1,0,10,0,2,0,m\n"
                 "PUMP,Level,SEGMENTED_POLY,2,11,255,20,1,0,m\n"
                 "PUMP,C,UNSEGMENTED_POLY,1,0,0,0,0,1,\n")
        self.assertIn("--force", self.bring_in_units(table, status=2))
        self.bring_in_units(table, "--force")
        once = self.schema()
        self.bring_in_units(table, "--force")
        self.assertEqual(self.schema(), once)
        rows = self.decode(b"\4\5\3", b"\4\x0c\3")
        self.assertEqual([(r["VOLTS"], r["LEVEL"], r["C"], r["d"]) for r in rows],
                         [("3", "10", "9", "6"), ("3", "32", "9", "6")])
        for line in ("unit = V\n", "; what follows stays\n", "hi = 3\n"):
            self.assertIn(line, self.schema())
        said = self.bring_in_units(table.replace("PUMP,C", "PUMP,NONE").replace(
            "Volts,UNSEGMENTED_POLY", "Volts,LOOKUP") + "FAN,X,,1,0,0,0,1,0,\n", "--force",
            status=1)
        for text in ("units.csv:5: 'NONE': no such parameter", "units.csv:2: 'LOOKUP'",
                     "units.csv:6: 'FAN': no schema"):
            self.assertIn(text, said)
        self.assertIn("mnemonic", self.bring_in_units("a,b\n", status=2))

    def test_what_is_exported_comes_back_the_same(self):
        types = """
<FloatParameterType name="volt"><UnitSet><Unit>V</Unit></UnitSet>
<IntegerDataEncoding sizeInBits="12"><DefaultCalibrator><PolynomialCalibrator>
<Term coefficient="1.5" exponent="0"/><Term coefficient="0.1" exponent="2"/></PolynomialCalibrator>
</DefaultCalibrator></IntegerDataEncoding><DefaultAlarm minViolations="2"><StaticAlarmRanges>
<WarningRange minInclusive="2" maxInclusive="30"/><CriticalRange minInclusive="1"/>
</StaticAlarmRanges></DefaultAlarm></FloatParameterType>
<EnumeratedParameterType name="mode"><IntegerDataEncoding sizeInBits="4"/><EnumerationList>
<Enumeration value="0" label="OFF &lt;cold&gt;"/><Enumeration value="1" maxValue="3" label="ON"/>
</EnumerationList><DefaultAlarm><EnumerationAlarmList>
<EnumerationAlarm alarmLevel="distress" enumerationLabel="ON"/></EnumerationAlarmList></DefaultAlarm>
</EnumeratedParameterType><StringParameterType name="text"><StringDataEncoding><SizeInBits>
<LeadingSize sizeInBitsOfSizeTag="8"/></SizeInBits></StringDataEncoding></StringParameterType>"""
        self.bring_in(document(types, [("PUMP.U", "volt"), ("PUMP.M", "mode"), ("PUMP.N", "mode"),
                                       ("PUMP.T", "text"), ("PUMP.R", "u8")],
                               refs("PUMP.U", "PUMP.M", "PUMP.N", "PUMP.T") +
                               '<ParameterRefEntry parameterRef="PUMP.R"><RepeatEntry><Count>'
                               '<FixedValue>2</FixedValue></Count></RepeatEntry>'
                               '</ParameterRefEntry>'))
        first = self.schema()
        done = subprocess.run([watchfloor.program("wf-export"), "xtce",
                               os.path.join(self.out, "PUMP", "PUMP.ini")],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.bring_in(done.stdout.decode(), "--force")
        self.assertEqual(self.schema(), first)

    def test_hostile_files_are_refused(self):
        bomb = ('<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
                '<SpaceSystem name="&b;"/>')
        ring = document("", [], "").replace('name="Header" abstract="true">',
                                            'name="Header" abstract="true"><BaseContainer '
                                            'containerRef="PUMP"/>')
        wide = document("", [("A", "u8")], "".join(
            '<ContainerRefEntry containerRef="W0"/>' for _ in range(9)), extra="".join(
            '<SequenceContainer name="W%d"><EntryList>%s</EntryList></SequenceContainer>' % (
                n, '<ContainerRefEntry containerRef="W%d"/>' % (n + 1) * 9 * (n < 13)) for n in range(14)))
        for text, status, want in ((bomb, 2, "declarations"), ("<a>" * 100, 2, "nested"),
                                   ("<html/>", 2, "expected <SpaceSystem>"), ("no", 2, "not XML"),
                                   (ring, 1, "BaseContainer"), (wide, 2, "measure")):
            with self.subTest(want):
                self.assertIn(want, self.bring_in(text, status=status))


if __name__ == "__main__":
    unittest.main()
