# SPDX-License-Identifier: MIT
# label: full
"""Notifications end to end: from entries of an alarm journal to files, programs, web, mail and logs."""
import email
import email.header
import hashlib
import hmac
import http.server
import json
import os
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import threading
import time
import unittest

from notifycase import LOG, NotifyCase, acknowledged, normal, raised, wait_for
from terminal import open_pty


class Hooks(http.server.ThreadingHTTPServer):
    """Answers with the given statuses in turn, the last one for ever; keeps what came."""

    def __init__(self, statuses=(200,)):
        self.statuses = list(statuses)
        self.requests = []
        super().__init__(("127.0.0.1", 0), Hook)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def address(self):
        return "http://127.0.0.1:%d/hook" % self.server_port

    def close(self):
        self.shutdown()
        self.server_close()


class Hook(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((dict(self.headers), body))
        statuses = self.server.statuses
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
        self.send_response(status)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, *args):
        pass


class Mail(socketserver.ThreadingTCPServer):
    """Enough of SMTP to take letters. `answers` maps a command to what is said instead of 250."""
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, answers=None):
        self.answers = answers or {}
        self.letters = []
        super().__init__(("127.0.0.1", 0), MailSession)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def address(self):
        return "smtp://127.0.0.1:%d" % self.server_address[1]

    def close(self):
        self.shutdown()
        self.server_close()


class MailSession(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        self.say("220 here")
        sender, recipients = None, []
        for raw in self.rfile:
            line = raw.decode().rstrip("\r\n")
            word = line.split(" ")[0].upper()
            answer = self.server.answers.get(word)
            if answer:
                self.say(answer)
            elif word == "MAIL":
                sender = line.split("<")[1].split(">")[0]
                self.say("250 ok")
            elif word == "RCPT":
                recipients.append(line.split("<")[1].split(">")[0])
                self.say("250 ok")
            elif word == "DATA":
                self.say("354 go on")
                lines = []
                for part in self.rfile:
                    if part == b".\r\n":
                        break
                    lines.append(part[1:] if part.startswith(b"..") else part)
                self.server.letters.append((sender, recipients, b"".join(lines).decode()))
                self.say("250 taken")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")


def without_proxies():
    return {name: "" for name in os.environ if name.lower().endswith("_proxy")}


class Notify(NotifyCase):
    # -- from the journal to a file ------------------------------------------------------------

    def test_what_is_in_the_journal_is_told_and_logged(self):
        self.configure(LOG + "normal = yes\nacknowledged = yes\n")
        journal = self.journal()
        program = self.notify()
        first = journal.write(raised(severity=4))
        message = self.wait_told(1)[0]
        self.assertEqual((message["event"], message["alarm"], message["severity"],
                          message["entry"], message["value"], message["limit"], message["state"],
                          message["route"], message["instance"]),
                         ("raised", "main.power.bus LIMIT", 4, first, "34.5 V", "33",
                          "ACTIVE_UNACK", "log", self.system.instance))
        journal.write(acknowledged(severity=4), normal(to="NORMAL", **{"from": "ACTIVE_ACK"}))
        told = self.wait_told(3)
        self.assertEqual([m["event"] for m in told], ["raised", "acknowledged", "normal"])
        self.assertEqual((told[1]["user"], told[1]["note"]), ("ann", "looking"))
        self.assertEqual(len({m["id"] for m in told}), 3)
        wait_for(lambda: self.routes()["log"]["delivered"] == 3, "the region tells of it")
        self.assertEqual(self.health()["failing"], 0)
        self.assertEqual(program.stop(), 0, program.err())
        self.assertEqual(program.err().count(" error: "), 0, program.err())

    def test_nothing_else_is_told(self):
        self.configure(LOG + "severity = 2\nexcept = thermal\n")
        journal = self.journal()
        self.notify()
        journal.write({"alarm": "main.power.bus LIMIT", "event": "VIOLATION", "to": "PENDING",
                       "severity": 2},
                      raised("main.power.low LIMIT", 1), raised("main.thermal.tank LIMIT", 5),
                      raised("main.power.shelved LIMIT", 5, announced=False, marks=1),
                      raised("main.power.last LIMIT", 2))
        told = self.wait_told(1)
        wait_for(lambda: self.health()["entries"] == 5, "all entries are read")
        self.assertEqual([m["alarm"] for m in self.told()], ["main.power.last LIMIT"], told)

    def test_a_standing_alarm_is_told_when_notifications_begin(self):
        self.configure(LOG)
        journal = self.journal()
        journal.write(raised("m.s.over LIMIT"), normal("m.s.over LIMIT"),
                      acknowledged("m.s.over LIMIT", to="NORMAL"), raised("m.s.stands LIMIT"))
        self.notify()
        self.wait_told(1)
        journal.write(raised("m.s.next LIMIT"))
        self.assertEqual([m["alarm"] for m in self.wait_told(2)],
                         ["m.s.stands LIMIT", "m.s.next LIMIT"])

    def test_an_escalation_goes_on_through_a_restart_until_acknowledged(self):
        self.configure(LOG + LOG.replace("log", "lead").replace("told.", "lead.") +
                       "[escalation all]\nafter = 0s: log; 2s if unack: route lead; repeat 1s\n")
        journal = self.journal()
        program = self.notify()
        begin = time.monotonic()
        journal.write(raised())
        self.wait_told(1)
        self.assertEqual(program.stop(), 0)
        program = self.notify()
        self.wait_told(3, "lead.jsonl")
        self.assertGreater(time.monotonic() - begin, 3.5)
        last = journal.write(acknowledged())
        wait_for(lambda: self.position("main") == last, "the acknowledge is read")
        count = len(self.told("lead.jsonl"))
        # A second repetition would have come by now.
        end = time.monotonic() + 2.5
        wait_for(lambda: time.monotonic() > end, "two repetitions' time")
        self.assertEqual(len(self.told("lead.jsonl")), count)
        self.assertEqual([m["event"] for m in self.told("lead.jsonl")][:3],
                         ["escalated", "repeated", "repeated"])
        self.assertEqual(len(self.told()), 1)

    def test_several_monitors_are_followed_and_one_made_anew(self):
        self.configure(LOG)
        one = self.journal()
        self.notify()
        one.write(raised("a.b.c LIMIT"))
        self.wait_told(1)
        one.close()
        two = self.journal("second")
        two.write(raised("a.b.c LIMIT"))
        self.assertEqual([m["monitor"] for m in self.wait_told(2)], ["main", "second"])
        two.close()
        for end in ("", "-wal", "-shm"):
            path = os.path.join(self.system.state, "alarms", "second.db" + end)
            if os.path.exists(path):
                os.unlink(path)
        again = self.journal("second")
        again.write(raised("a.b.d LIMIT"))
        self.assertEqual(self.wait_told(3)[2]["alarm"], "a.b.d LIMIT")

    def test_a_flood_is_summarised_and_nothing_is_missing(self):
        self.configure(LOG + "[route people]\nplugin = file\nsettings =\n    path = people.jsonl\n"
                       "    format = json\ngroup = 2s\n")
        journal = self.journal()
        self.notify()
        journal.write(*(raised("main.flood.p%d LIMIT" % n) for n in range(2000)))
        told = self.wait_told(2000, deadline=120)
        self.assertEqual({m["alarm"] for m in told},
                         {"main.flood.p%d LIMIT" % n for n in range(2000)})
        people = self.wait_told(4, "people.jsonl")
        self.assertEqual([m["event"] for m in people[:4]], ["raised"] * 3 + ["summary"])
        self.assertEqual(sum(m["count"] for m in people), 2000)

    def test_a_reload_is_all_or_nothing(self):
        self.configure(LOG)
        journal = self.journal()
        program = self.notify()
        journal.write(raised("a.b.c LIMIT"))
        self.wait_told(1)
        self.configure(LOG + "hours = nonsense\n")
        program.send_signal(signal.SIGHUP)
        wait_for(lambda: "nothing was changed" in program.err(), "a refusal")
        self.assertIn("hours: 'nonsense'", program.err())
        self.configure(LOG.replace("told.", "other."))
        program.send_signal(signal.SIGHUP)
        wait_for(lambda: "as configured now" in program.err(), "a reload")
        journal.write(normal("a.b.c LIMIT"), raised("a.b.d LIMIT"))
        self.wait_told(1, "other.jsonl")
        self.assertEqual(len(self.told()), 1)
        self.assertEqual(program.stop(), 0, program.err())

    # -- the ways --------------------------------------------------------------------------------

    def test_a_program_gets_words_and_environment_and_no_shell(self):
        out = os.path.join(self.system.folder, "seen")
        script = os.path.join(self.system.folder, "page")
        with open(script, "w") as file:
            file.write("#!/bin/sh\nfor word in \"$@\"; do echo \"word=$word\" >>%s.new; done\n"
                       "env | grep -E '^(ALARM_(EVENT|NAME|SEVERITY|SUBJECT|ATTEMPT|JSON)|WF_INSTANCE"
                       "|SECRET)=' >>%s.new\nmv %s.new %s\n" % (out, out, out, out))
        os.chmod(script, 0o755)
        self.configure("[route page]\nplugin = exec\nsettings =\n    command = %s --to shift "
                       "\"{subject}; rm -rf $HOME `id`\"\n" % script)
        journal = self.journal()
        self.notify(env={"SECRET": "yes"})
        journal.write(raised(severity=5, value="$(touch /tmp/never) V"))
        wait_for(lambda: os.path.exists(out), "the program ran")
        with open(out) as file:
            lines = file.read().splitlines()
        subject = "severe: main.power.bus LIMIT hi: $(touch /tmp/never) V (limit 33)"
        self.assertEqual(lines[:3], ["word=--to", "word=shift",
                                     "word=%s; rm -rf $HOME `id`" % subject])
        found = dict(line.split("=", 1) for line in lines[3:])
        self.assertEqual((found["ALARM_EVENT"], found["ALARM_NAME"], found["ALARM_SEVERITY"],
                          found["ALARM_SUBJECT"], found["ALARM_ATTEMPT"], found["WF_INSTANCE"]),
                         ("raised", "main.power.bus LIMIT", "5", subject, "1",
                          self.system.instance))
        self.assertEqual(json.loads(found["ALARM_JSON"])["alarm"], "main.power.bus LIMIT")
        self.assertNotIn("SECRET", found)

    def test_a_webhook_gets_json_signed_and_again_after_a_fault(self):
        hooks = Hooks((503, 200))
        self.addCleanup(hooks.close)
        secret = os.path.join(self.system.folder, "secret")
        with open(secret, "w") as file:
            file.write("much secret\n")
        os.chmod(secret, 0o600)
        self.configure("[route web]\nplugin = webhook\nretry = 100ms\nsettings =\n    url = %s\n"
                       "    header = X-Team: ops\n    secret_file = %s\n    token_file = %s\n"
                       % (hooks.address(), secret, secret))
        journal = self.journal()
        self.notify(env=without_proxies())
        journal.write(raised())
        wait_for(lambda: len(hooks.requests) == 2, "two posts")
        (first, body), (headers, again) = hooks.requests
        self.assertEqual(json.loads(body)["id"], json.loads(again)["id"])
        self.assertEqual(first["Idempotency-Key"], headers["Idempotency-Key"])
        self.assertEqual((json.loads(body)["attempt"], json.loads(again)["attempt"]), (1, 2))
        self.assertEqual((headers["Content-Type"], headers["X-Team"], headers["Authorization"]),
                         ("application/json", "ops", "Bearer much secret"))
        stamp, digest = (part.split("=")[1] for part in
                         headers["X-Watchfloor-Signature"].split(","))
        self.assertEqual(digest, hmac.new(b"much secret", stamp.encode() + b"." + again,
                                          hashlib.sha256).hexdigest())

    def test_a_webhook_trusts_nobody_without_a_certificate(self):
        openssl = shutil.which("openssl")
        if openssl is None:
            self.skipTest("needs the openssl program to make a certificate")
        pem = os.path.join(self.system.folder, "server.pem")
        subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", pem,
                        "-out", pem + ".crt", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                        "subjectAltName=IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
        hooks = Hooks()
        self.addCleanup(hooks.close)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem + ".crt", pem)
        hooks.socket = context.wrap_socket(hooks.socket, server_side=True)
        url = hooks.address().replace("http:", "https:")
        plain = "[route %s]\nplugin = webhook\nsettings =\n    url = %s\n"
        self.configure(plain % ("blind", url) + plain % ("knows", url) +
                       "    ca_file = %s.crt\n" % pem)
        journal = self.journal()
        self.notify(env=without_proxies())
        journal.write(raised())
        wait_for(lambda: self.routes()["blind"]["failed"] >= 1, "a refusal")
        self.assertIn("certificate", self.routes()["blind"]["why"])
        wait_for(lambda: self.routes()["knows"]["delivered"] == 1, "a post")
        self.assertEqual(len(hooks.requests), 1)

    def test_a_password_is_never_sent_in_the_clear(self):
        mail = Mail({"EHLO": "250 here"})
        self.addCleanup(mail.close)
        secret = os.path.join(self.system.folder, "secret")
        with open(secret, "w") as file:
            file.write("much secret\n")
        os.chmod(secret, 0o600)
        self.configure("[route mail]\nplugin = mail\nsettings =\n    server = %s\n    user = u\n"
                       "    password_file = %s\n    from = wf@example.org\n    to = a@example.org\n"
                       % (mail.address(), secret))
        journal = self.journal()
        self.notify(env=without_proxies())
        journal.write(raised())
        wait_for(lambda: self.routes()["mail"]["failed"] >= 1, "a refusal")
        self.assertEqual(mail.letters, [])
        os.chmod(secret, 0o644)
        self.assertIn("may be read by anybody",
                      self.check("[route mail]\nplugin = mail\nsettings =\n    server = smtp://h\n"
                                 "    user = u\n    password_file = %s\n    from = a@b\n"
                                 "    to = a@b\n" % secret))

    def test_a_webhook_that_refuses_is_given_up_and_an_alarm_s_worth(self):
        hooks = Hooks((404,))
        self.addCleanup(hooks.close)
        self.configure("[route web]\nplugin = webhook\nsettings =\n    url = %s\n"
                       % hooks.address())
        journal = self.journal()
        program = self.notify(env=without_proxies())
        journal.write(raised())
        wait_for(lambda: self.routes()["web"]["given_up"] == 1, "given up")
        self.assertIn("HTTP 404", self.routes()["web"]["why"])
        wait_for(lambda: self.health()["given_up"] == 1 and self.health()["failing"] == 1, "health")
        self.assertEqual(len(hooks.requests), 1)
        self.assertIn("a message was given up: HTTP 404", program.err())

    def test_mail_is_sent_and_a_refusal_told(self):
        mail = Mail()
        self.addCleanup(mail.close)
        self.configure("[route mail]\nplugin = mail\nsettings =\n    server = %s\n    tls = none\n"
                       "    from = wf@example.org\n    to = a@example.org, b@example.org\n"
                       % mail.address())
        journal = self.journal()
        self.notify(env=without_proxies())
        journal.write(raised(severity=4, value="34 \u00b0C", note="x"))
        wait_for(lambda: mail.letters, "a letter")
        sender, recipients, letter = mail.letters[0]
        self.assertEqual((sender, recipients), ("wf@example.org", ["a@example.org",
                                                                   "b@example.org"]))
        head, body = letter.split("\r\n\r\n", 1)
        self.assertIn("Subject: =?UTF-8?Q?", head)
        self.assertIn("Message-ID: <main.1.mail.raised.0.0@example.org>", head)
        self.assertIn("Auto-Submitted: auto-generated", head)
        self.assertIn("critical: main.power.bus LIMIT hi: 34 \u00b0C (limit 33)", body)
        subject = email.message_from_string(letter)["Subject"]
        decoded = "".join(part.decode(code or "ascii") if isinstance(part, bytes) else part
                          for part, code in email.header.decode_header(subject))
        self.assertEqual(decoded, "[watchfloor] critical: main.power.bus LIMIT hi: 34 \u00b0C "
                                  "(limit 33)")

    def test_mail_that_the_server_refuses_is_given_up_and_later_is_tried_again(self):
        for answers, final in (({"RCPT": "550 no such user"}, True),
                               ({"RCPT": "450 mailbox busy"}, False)):
            mail = Mail(answers)
            self.addCleanup(mail.close)
            self.configure("[route mail]\nplugin = mail\nretry = 50ms\nsettings =\n"
                           "    server = %s\n    tls = none\n    from = wf@example.org\n"
                           "    to = a@example.org\n" % mail.address())
            journal = self.journal()
            program = self.notify(env=without_proxies())
            journal.write(raised())
            key = "given_up" if final else "failed"
            wait_for(lambda: self.routes()["mail"][key] >= 1, key)
            if not final:
                mail.answers.clear()
                wait_for(lambda: mail.letters, "the letter after all")
            program.stop()
            journal.close()

    def test_the_system_s_log_hears_of_it(self):
        path = os.path.join(self.system.folder, "log")
        log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(log.close)
        log.bind(path)
        log.settimeout(30)
        self.configure("[route sys]\nplugin = syslog\nsettings =\n    socket = %s\n"
                       "    facility = local3\n    format = rfc5424\n" % path)
        journal = self.journal()
        self.notify()
        journal.write(raised(severity=4))
        line = log.recv(9000).decode()
        self.assertTrue(line.startswith("<%d>1 20" % (19 * 8 + 2)), line)
        self.assertIn(" watchfloor ", line)
        self.assertIn("critical: main.power.bus LIMIT", line)

    def test_a_terminal_rings(self):
        master, slave = open_pty()
        self.addCleanup(os.close, master)
        self.addCleanup(os.close, slave)
        self.configure("[route bell]\nplugin = bell\nsettings = terminals = %s\n"
                       % os.ttyname(slave))
        journal = self.journal()
        self.notify()
        journal.write(raised(value="\u001b[31mred"))
        heard = os.read(master, 4096)
        self.assertIn(b"\a", heard)
        self.assertIn(b"watchfloor: warning: main.power.bus LIMIT", heard)
        self.assertNotIn(b"\x1b", heard)

    # -- what people ask -----------------------------------------------------------------------------

    def ask_notify(self, *args):
        done = subprocess.run([self.system.program("wf-notify"), *args],
                              env=self.system.env, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_wf_status_tells_how_it_goes(self):
        self.configure(LOG + "[route bad]\nplugin = exec\nretry = 1h\nretry_max = 1h\nsettings =\n"
                       "    command = sh -c \"exit 3\"\n")
        self.journal().write(raised())
        self.notify()

        def told():
            found = self.system.status()["notify"]
            return found["delivered"] == 1 and found["failing"] == 1 and found
        found = wait_for(told, "one route that tells and one that fails")
        self.assertEqual((found["state"], found["alarms"]), ("working", 1))
        text = self.system.run("wf", "status", status=1)
        self.assertIn("Notify     working: 1 alarm followed in 1 journal; 1 message delivered", text)
        self.assertIn("1 route of notification fails; wf notify routes says which", text)

    def test_a_route_can_be_tried_and_the_log_says_what_became_of_it(self):
        self.configure(LOG + "[route bad]\nplugin = exec\nretry = 1h\nretry_max = 1h\nsettings =\n"
                       "    command = sh -c \"echo no such pager >&2; exit 3\"\nseverity = 4\n")
        status, _, errors = self.ask_notify("test", "log")
        self.assertEqual(status, 2)
        self.assertIn("notify", errors)
        journal = self.journal()
        self.notify()
        status, out, errors = self.ask_notify("test", "log")
        self.assertEqual((status, errors), (0, ""))
        self.assertIn("route log: delivered in ", out)
        self.assertEqual([m["event"] for m in self.told()], ["test"])
        status, out, errors = self.ask_notify("test", "bad")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("route bad: sh ended with status 3; it said: no such pager", errors)
        status, _, errors = self.ask_notify("test", "nobody")
        self.assertEqual(status, 2)
        self.assertIn("no [route nobody]", errors)
        self.assertEqual(self.ask_notify("routes")[0], 0)
        # A test passes by what waits for its next attempt.
        journal.write(raised(severity=4))
        wait_for(lambda: self.routes()["bad"]["failed"] == 2, "the second failure")
        self.assertEqual(self.ask_notify("test", "bad")[0], 1)
        status, out, _ = self.ask_notify("routes", "--json")
        self.assertEqual(status, 1)
        self.assertEqual({r["route"]: (r["state"], r["waiting"]) for r in json.loads(out)},
                         {"log": ("idle", 0), "bad": ("failing", 1)})
        status, out, _ = self.ask_notify("log", "--json")
        log = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([(m["route"], m["event"], m["state_of_message"]) for m in log],
                         [("log", "test", "delivered"), ("bad", "test", "given up"),
                          ("log", "raised", "delivered"), ("bad", "raised", "waiting"),
                          ("bad", "test", "given up")])
        self.assertEqual(self.ask_notify("log", "--route", "bad", "--waiting")[1].count("\n"), 1)
        self.assertEqual(self.ask_notify("log", "--since", "tomorrow?")[0], 2)
        self.assertEqual(self.ask_notify("dance")[0], 2)

    def test_a_plugin_that_cannot_be_opened_is_known_before_it_is_needed(self):
        program = os.path.join(self.system.folder, "page")
        self.configure("[route page]\nplugin = exec\nsettings = command = %s\n" % program)
        journal = self.journal()
        notify = self.notify()
        wait_for(lambda: self.health()["failing"] == 1, "it is known")
        self.assertIn("is not a program", self.routes()["page"]["why"])
        self.assertIn("route page: command: ", notify.err())
        with open(program, "w") as file:
            file.write("#!/bin/sh\nexit 0\n")
        os.chmod(program, 0o755)
        wait_for(lambda: self.health()["failing"] == 0, "it is mended")
        journal.write(raised())
        wait_for(lambda: self.routes()["page"]["delivered"] == 1, "told")
        self.assertEqual(notify.stop(), 0, notify.err())

    # -- checking ----------------------------------------------------------------------------------

    def check(self, text, status=2):
        self.configure(text)
        done = subprocess.run([self.system.program("wf-notify"), "--check", "--config",
                               self.system.config_file()], env=self.system.env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr.decode()

    def test_a_wrong_route_is_told_with_file_and_line(self):
        cases = (
            ("[route a]\nplugin = fax\n", ":5: plugin: there is no plugin fax.so"),
            ("[route a]\nplugin = ../x\n", ":5: plugin: '../x': a plugin's name"),
            ("[route a]\nplugin = file\n", ":4: [route a] settings: 'path' is missing"),
            ("[route a]\nsettings = pth = x\n", ":5: [route a] settings: there is no 'pth'; did "
                                                "you mean 'path'?"),
            ("[route a]\nsettings = nonsense\n", "expected `name = value`"),
            ("[route a]\nplugin = exec\nsettings = command = /no/such\n", "not a program"),
            ("[route a]\nplugin = webhook\nsettings = url = ftp://x\n", "url: expected http://"),
            ("[route a]\nplugin = mail\nsettings =\n    server = smtp://h\n    from = x\n"
             "    to = a@b\n", "from: 'x' is no address"),
            ("[route a]\nplugin = bell\nsettings = terminals = tty1\n", "no absolute path"),
            ("[route a]\nplugin = syslog\nsettings = facility = kern\n", "facility: expected"),
            ("[route a]\nplugin = table\nsettings =\n", "is no way to notify"),
            (LOG + "[escalation e]\nafter = 0s: lgo\n", "did you mean 'log'?"),
        )
        for text, words in cases:
            with self.subTest(text=text):
                self.assertIn(words, self.check(text))

    def test_a_good_one_is_fine_and_tells_nobody(self):
        self.check(LOG + "[route page]\nplugin = exec\nsettings = command = touch %s\n"
                   % os.path.join(self.system.folder, "touched"), 0)
        self.assertFalse(os.path.exists(os.path.join(self.system.folder, "touched")))
        self.assertFalse(os.path.exists(self.path("told.jsonl")))


if __name__ == "__main__":
    unittest.main()
