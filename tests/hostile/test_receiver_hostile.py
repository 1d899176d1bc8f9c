# SPDX-License-Identifier: MIT
# label: hostile
# timeout: 900
"""The receiver killed, stopped, flooded and starved: nothing wedged, nothing torn, books exact."""
import json
import os
import random
import shutil
import signal
import socket
import threading
import time
import unittest

import packets
import receivercase
import watchfloor
from receivercase import SCHEMAS, SERIAL, UDP, serial_packet

# How often the receiver is killed; fewer for a quick look.
KILLS = int(os.environ.get("WF_TEST_KILLS", "500"))


class Feeder(threading.Thread):
    """Sends serial packets to a port, whoever listens or does not, until stopped."""

    def __init__(self, port, rate=3000):
        super().__init__(daemon=True)
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.port, self.rate = port, rate
        self.number = 0
        self.is_over = threading.Event()
        self.start()

    def run(self):
        while not self.is_over.wait(10 / self.rate):
            for _ in range(10):
                self.sender.sendto(serial_packet(self.number & 0xFFFFFFFF),
                                   ("127.0.0.1", self.port))
                self.number += 1

    def stop(self):
        self.is_over.set()
        self.join()
        self.sender.close()


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Killing(receivercase.ReceiverCase):
    def follower(self, *more):
        process = self.system.launch("test-follow", self.system.instance, "main.serial",
                                     *more)
        process.wait_for_text("following\n")
        return process

    def books(self, process):
        self.assertEqual(process.stop(), 0, process.err())
        tally = json.loads(process.out().splitlines()[-1])
        self.assertEqual(tally["delivered"] + tally["lost"], tally["published"], tally)
        for wrong in ("torn", "disorder", "newest_failed"):
            self.assertEqual(tally[wrong], 0, tally)
        return tally

    def test_killed_at_random_points_under_load(self):
        port = free_port()
        # A short ring, so that the follower that looks seldom is lapped.
        self.start("[listener in]\nport = %d\n" % port,
                   {"serial": SERIAL.replace("4096", "16")})
        feeder = Feeder(port)
        self.addCleanup(feeder.stop)
        eager, late = self.follower(), self.follower("late")
        dice = random.Random(4711)
        begin = time.monotonic()
        self.receiver.kill()
        self.receiver = self.system.receiver()
        # A start takes this long here; half of the lives get to see packets.
        life = max(time.monotonic() - begin, 0.02)
        for _ in range(KILLS):
            self.receiver.kill()
            self.receiver = self.system.receiver(ready=False)
            time.sleep(dice.uniform(0, 1.5 * life))     # where it hits is the point
        self.receiver.kill()
        self.receiver = self.system.receiver()
        watchfloor.wait_for(lambda: self.system.counters()["published"] > 100, "packets at last")
        feeder.stop()
        self.assertEqual(self.receiver.stop(), 0)
        regions = {(r["source"], r["subsystem"]): r for r in self.system.peek("list")}
        tally, late_tally = self.books(eager), self.books(late)
        print(tally, late_tally, regions[("main", "serial")])
        self.assertGreater(tally["epochs"], KILLS // 20)
        self.assertGreater(late_tally["lost"], 0)
        if tally["generations"] == 1:
            self.assertEqual(tally["published"], regions[("main", "serial")]["head"])
            self.assertEqual(late_tally["published"], tally["published"])

    def test_a_stopped_receiver_leaves_the_newest_sample_readable(self):
        port = free_port()
        self.start("[listener in]\nport = %d\n" % port)
        feeder = Feeder(port, rate=5000)
        self.addCleanup(feeder.stop)
        follower = self.follower()
        self.settled(datagrams=self.system.counters()["datagrams"])
        watchfloor.wait_for(lambda: self.system.peek("sample", "main", "serial"), "a first sample")
        dice = random.Random(4712)
        for _ in range(40):
            time.sleep(dice.uniform(0, 0.02))
            self.receiver.send_signal(signal.SIGSTOP)
            try:
                sample = self.system.peek("sample", "main", "serial")
                self.assertEqual(sample["values"]["mirror"],
                                 ~sample["values"]["serial"] & 0xFFFFFFFF)
            finally:
                self.receiver.send_signal(signal.SIGCONT)
        feeder.stop()
        values = self.settled(packets=feeder.number)
        self.assertEqual((values["published"], values["kernel_dropped"]), (feeder.number, 0))
        self.assertEqual(self.receiver.stop(), 0)
        self.books(follower)

    def test_stopped_and_dying_readers_change_nothing(self):
        self.start()
        sender = self.udp()
        stopped = [self.follower() for _ in range(3)]
        for process in stopped:
            process.send_signal(signal.SIGSTOP)
        number = 0
        for _ in range(20):
            dying = self.follower()
            for _ in range(100):
                sender.send(serial_packet(number))
                number += 1
            dying.kill()
            watchfloor.wait_for(lambda: (self.system.peek("sample", "main", "serial") or
                                       {"values": {"serial": -1}})["values"]["serial"] == number - 1,
                              "the newest")
        values = self.settled(published=number)
        self.assertEqual((values["rejected"], values["lost"]), (0, 0))
        for process in stopped:
            process.send_signal(signal.SIGCONT)
        for process in stopped:
            tally = self.books(process)
            self.assertEqual(tally["published"], number)


class Flooding(receivercase.ReceiverCase):
    def test_offered_is_received_plus_dropped_in_a_flood(self):
        self.start(UDP + "receive_buffer = 64K\n")
        # load-send's packets have an APID of their own schema; here they are unknown or short.
        port = self.system.port("in")
        offered = 0
        for _ in range(3):
            sent = json.loads(self.system.run("load-send", str(port), "1000000", "100000", "max"))
            offered += sent["sent"]

        def look():
            values = self.system.counters()
            self.check_balance(values)
            return values if values["datagrams"] + values["kernel_dropped"] == offered else None
        values = watchfloor.wait_for(look, "the books of a flood", 20)
        self.assertEqual(values["packets"], values["datagrams"])
        print({name: values[name] for name in ("datagrams", "kernel_dropped", "published", "lost")})
        # What the kernel dropped is what the sequence counts miss, but for the end of each run.
        self.assertLessEqual(values["lost"], values["kernel_dropped"])

    def test_hostile_datagrams_of_every_header_balance(self):
        self.start()
        sender = self.udp()
        dice = random.Random(4713)
        sent = 0
        for _ in range(3000):
            data = bytearray(serial_packet(sent))
            for _ in range(dice.randrange(1, 4)):
                data[dice.randrange(0, 6 if dice.random() < 0.8 else len(data))] = dice.randrange(256)
            cut = dice.random()
            if cut < 0.2:
                data = data[:dice.randrange(0, len(data))]
            elif cut < 0.3:
                data += dice.randbytes(dice.randrange(1, 2000))
            sender.send(bytes(data))
            sent += 1
            if sent % 200 == 0:
                self.settled(datagrams=sent)
        values = self.settled(datagrams=sent)
        self.assertGreater(values["published"], 0)
        self.assertGreater(values["rejected"], 0)
        self.assertEqual(self.receiver.stop(), 0)


@unittest.skipUnless(watchfloor.has_private_mounts(), "no right to a private /dev/shm here")
class Starving(receivercase.ReceiverCase):
    def test_no_space_while_running_is_survived(self):
        self.system = self.new_system(UDP, SCHEMAS)
        wrapper = os.path.join(self.system.folder, "private-shm")
        with open(wrapper, "w") as file:
            file.write("#!/bin/sh\nmount -t tmpfs -o size=16m tmpfs /dev/shm && exec \"$@\"\n")
        os.chmod(wrapper, 0o700)
        receiver = self.system.start(shutil.which("unshare"), "-m", wrapper,
                                     self.system.program("wf-receiver"), "--config",
                                     self.system.config_file())
        filler = "/proc/%d/root/dev/shm/filler" % receiver.pid
        peek = (shutil.which("nsenter"), "-m", "-t", str(receiver.pid), self.system.program("test-peek"))

        def counters():
            text = self.system.run(*peek, self.system.instance, "sample", "wf", "receiver")
            return json.loads(text)["values"]

        with open(filler, "wb") as file:
            try:
                while True:
                    file.write(b"\0" * 65536)
            except OSError:
                pass
        self.system.write_schema("more", SERIAL.replace("100", "200"))
        receiver.send_signal(signal.SIGHUP)
        watchfloor.wait_for(lambda: counters()["reload_failures"] == 1, "the reload to fail")
        self.assertIn("/dev/shm", receiver.err())
        self.udp().send(serial_packet(0))
        watchfloor.wait_for(lambda: counters()["published"] == 1, "packets going on")
        os.unlink(filler)
        receiver.send_signal(signal.SIGHUP)
        watchfloor.wait_for(lambda: counters()["reloads"] == 1, "the reload to succeed")
        self.udp().send(packets.packet(200, 0, receivercase.serial_data(1)))
        watchfloor.wait_for(lambda: counters()["published"] == 2, "packets of the new subsystem")
        self.assertEqual(receiver.stop(), 0)


if __name__ == "__main__":
    unittest.main()
