# SPDX-License-Identifier: MIT
"""A test case that imports an XTCE file made in the test, and decodes packets by it."""
import csv
import io
import os
import shutil
import subprocess
import tempfile
import unittest

import packets
import watchfloor

HEADER = """
<IntegerParameterType name="u3"><IntegerDataEncoding sizeInBits="3"/></IntegerParameterType>
<IntegerParameterType name="u1"><IntegerDataEncoding sizeInBits="1"/></IntegerParameterType>
<IntegerParameterType name="u11"><IntegerDataEncoding sizeInBits="11"/></IntegerParameterType>
<IntegerParameterType name="u2"><IntegerDataEncoding sizeInBits="2"/></IntegerParameterType>
<IntegerParameterType name="u14"><IntegerDataEncoding sizeInBits="14"/></IntegerParameterType>
<IntegerParameterType name="u16"><IntegerDataEncoding sizeInBits="16"/></IntegerParameterType>
<IntegerParameterType name="u8"><IntegerDataEncoding/></IntegerParameterType>
"""
HEADER_NAMES = (("VERSION", "u3"), ("TYPE", "u1"), ("SHF", "u1"), ("APID", "u11"),
                ("FLAGS", "u2"), ("COUNT", "u14"), ("LENGTH", "u16"))


def document(types, parameters, entries, extra="", criteria=None, root="SpaceSystem", xmlns=""):
    """An XTCE file of one packet, APID 300, with the usual header."""
    names = HEADER_NAMES + tuple(parameters)
    criteria = criteria or '<Comparison parameterRef="APID" value="300"/>'
    return ("""<?xml version="1.0"?>
<%s name="Test" %s><TelemetryMetaData><ParameterTypeSet>%s%s</ParameterTypeSet><ParameterSet>
%s</ParameterSet><ContainerSet>
<SequenceContainer name="Header" abstract="true"><EntryList>%s</EntryList></SequenceContainer>
<SequenceContainer name="PUMP" shortDescription="A pump"><EntryList>%s</EntryList>
<BaseContainer containerRef="Header"><RestrictionCriteria>%s</RestrictionCriteria></BaseContainer>
</SequenceContainer>%s</ContainerSet></TelemetryMetaData></%s>""" % (
        root, xmlns, HEADER, types,
        "\n".join('<Parameter name="%s" parameterTypeRef="%s"/>' % pair for pair in names),
        "".join('<ParameterRefEntry parameterRef="%s"/>' % name for name, _ in HEADER_NAMES),
        entries, criteria, extra, root))


def refs(*names):
    return "".join('<ParameterRefEntry parameterRef="%s"/>' % name for name in names)


class XtceCase(unittest.TestCase):
    def setUp(self):
        watchfloor.need("wf-import", "wf-export", "wf-decode")
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.out = os.path.join(self.folder, "out")

    def bring_in(self, text, *args, status=0):
        path = os.path.join(self.folder, "mission.xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        done = subprocess.run([watchfloor.program("wf-import"), "xtce", path, "--out", self.out] +
                              list(args), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=60)
        said = done.stderr.decode()
        self.assertEqual(done.returncode, status, said)
        return said

    def schema(self, name="PUMP"):
        with open(os.path.join(self.out, name, name + ".ini"), encoding="utf-8") as file:
            return file.read()

    def decode(self, *datas, args=(), apid=300):
        data = b"".join(packets.packet(apid, n, d) for n, d in enumerate(datas))
        done = subprocess.run([watchfloor.program("wf-decode"), "-", "--schema", self.out] +
                              list(args), input=data, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return list(csv.DictReader(io.StringIO(done.stdout.decode(), newline="")))

    def values(self, types, parameters, entries, data, **more):
        self.bring_in(document(types, parameters, entries, **more))
        row = self.decode(data)[0]
        return {name: value for name, value in row.items()
                if name not in ("time", "sequence") and name not in dict(HEADER_NAMES)}
