# SPDX-License-Identifier: MIT
"""What the tests of notifications share: a journal without an alarm engine, wf-notify behind it,
and what was delivered."""
import json
import os
import sqlite3
import subprocess

from watchfloor import SOURCE, SystemTest, wait_for

BUILT_PLUGINS = os.path.join(os.environ.get("WATCHFLOOR_BUILD", os.path.join(SOURCE, "build", "debug")),
                             "lib", "watchfloor", "plugins")
HEAD = "[watchfloor]\nplugins = %s\n\n" % BUILT_PLUGINS
LOG = "[route log]\nplugin = file\nsettings =\n    path = told.jsonl\n    format = json\ngroup = 0\n"


class Journal:
    """One alarm monitor's journal, written as wf-alert would."""

    def __init__(self, system, monitor="main"):
        self.process = subprocess.Popen(
            [system.program("test-journal"), system.instance, system.state,
             os.path.join(SOURCE, "monitors", "alert", "alarms.ini"), monitor],
            env=system.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def write(self, *transitions):
        """Commits them together; the id of the last."""
        self.process.stdin.write(json.dumps(list(transitions)).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "test-journal ended with %s" % self.process.wait()
        return int(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


def raised(alarm="main.power.bus LIMIT", severity=2, **more):
    return dict({"alarm": alarm, "event": "RAISE", "to": "ACTIVE_UNACK", "severity": severity,
                 "announced": True}, **more)


def acknowledged(alarm="main.power.bus LIMIT", severity=2, **more):
    return dict({"alarm": alarm, "event": "ACK", "from": "ACTIVE_UNACK", "to": "ACTIVE_ACK",
                 "severity": severity, "user": "ann", "note": "looking"}, **more)


def normal(alarm="main.power.bus LIMIT", to="RTN_UNACK", **more):
    return dict({"alarm": alarm, "event": "RTN", "from": "ACTIVE_UNACK", "to": to, "severity": 0},
                **more)


class NotifyCase(SystemTest):
    def setUp(self):
        self.system = self.new_system()
        self.journals = []

    def configure(self, text):
        self.system.write_config(HEAD + text)

    def journal(self, monitor="main"):
        journal = Journal(self.system, monitor)
        self.addCleanup(journal.close)
        return journal

    def notify(self, **more):
        return self.system.start("wf-notify", "--config", self.system.config_file(), **more)

    def path(self, name=""):
        return os.path.join(self.system.state, "notify", name)

    def told(self, name="told.jsonl"):
        """The messages that a file route of JSON lines has, but for one that is being written; half
        a line with another behind it is an error."""
        try:
            with open(self.path(name)) as file:
                text = file.read()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def wait_told(self, count, name="told.jsonl", deadline=30):
        wait_for(lambda: len(self.told(name)) >= count, "%d messages in %s" % (count, name),
                 deadline)
        return self.told(name)

    def ask(self, sql, *args):
        """Rows of the outbox."""
        db = sqlite3.connect("file:%s?mode=ro" % self.path("outbox.db"), uri=True, timeout=10)
        try:
            return db.execute(sql, args).fetchall()
        finally:
            db.close()

    def position(self, monitor):
        rows = self.ask("SELECT entry FROM _positions WHERE journal = ?", monitor)
        return rows[0][0] if rows else 0

    def routes(self):
        return {row["route"]: row for row in self.system.peek("rows", "wf", "notify_routes")}

    def health(self):
        return self.system.peek("sample", "wf", "notify")["values"]


__all__ = ["BUILT_PLUGINS", "HEAD", "LOG", "Journal", "NotifyCase", "acknowledged", "normal",
           "raised", "wait_for"]
