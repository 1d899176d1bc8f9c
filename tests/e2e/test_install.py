# SPDX-License-Identifier: MIT
# timeout: 600
"""cmake --install: the tree runs from anywhere, and others build against it.

Installs this build into a temporary prefix, runs its programs there, builds a program with
pkg-config and a plugin from `wf new` with find_package, inside and outside of the tree.
"""
import glob
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import unittest

SOURCE = os.environ.get("WATCHFLOOR_SOURCE",
                        os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("WATCHFLOOR_BUILD", os.path.join(SOURCE, "build", "debug"))
SANITIZE = os.environ.get("WATCHFLOOR_SANITIZE", "")

PROGRAM = r"""
#include <stdio.h>
#include <watchfloor/clock.h>
#include <watchfloor/region.h>
int main(void)
{
    struct wf_region *region = NULL;
    struct wf_err err = { 0 };
    int rc = wf_region_open("no-such-instance", "main", "power", &region, &err);
    printf("%d %s\n", rc, wf_rc_text(rc));
    return rc == WF_ERR_ABSENT ? 0 : 1;
}
"""


def run(*command, status=0, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=300, **more)
    if status is not None and done.returncode != status:
        raise AssertionError("%s ended with %d:\n%s" % (" ".join(command), done.returncode,
                                                       done.stdout[-4000:]))
    return done.stdout


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="wf-test-")
        cls.prefix = os.path.join(cls.folder, "prefix")
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        cls.environment = {name: value for name, value in os.environ.items()
                           if name not in ("WF_CONFIG", "DESTDIR")}
        cls.environment.update(WF_INSTANCE="t%d-install" % os.getpid(),
                               WF_STATE=os.path.join(cls.folder, "state"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def wf(self, *arguments, **more):
        return run(os.path.join(self.prefix, "bin", "wf"), *arguments, env=self.environment, **more)

    def test_programs_find_plugins_and_configuration_in_their_prefix(self):
        self.assertIn("check", self.wf("help"))
        printed = self.wf("check", "--print-config")
        self.assertIn("plugins = %s/lib/watchfloor/plugins" % self.prefix, printed)
        moved = os.path.join(self.folder, "moved")
        shutil.copytree(self.prefix, moved, symlinks=True)
        printed = run(os.path.join(moved, "bin", "wf"), "check", "--print-config",
                      env=self.environment)
        self.assertIn("plugins = %s/lib/watchfloor/plugins" % moved, printed)
        shutil.rmtree(moved)

    def test_an_administrators_configuration_comes_first(self):
        etc = os.path.join(self.prefix, "etc", "watchfloor")
        os.makedirs(etc)
        with open(os.path.join(etc, "watchfloor.ini"), "w") as file:
            file.write("[console]\nrate = 3\n")
        try:
            self.assertIn("rate = 3\n", self.wf("check", "--print-config"))
        finally:
            shutil.rmtree(os.path.dirname(etc))
        self.assertIn("rate = 10\n", self.wf("check", "--print-config"))

    def test_nothing_installed_points_into_the_build(self):
        for folder, _, files in os.walk(self.prefix):
            for name in files:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    if file.read(4) != b"\x7fELF":
                        continue
                dynamic = run("readelf", "-d", path)
                for found in re.findall(r"(?:RPATH|RUNPATH).*\[(.*)\]", dynamic):
                    self.assertTrue(found.startswith("$ORIGIN"), "%s: %s" % (path, found))

    def test_a_program_builds_with_pkg_config(self):
        source = os.path.join(self.folder, "program.c")
        with open(source, "w") as file:
            file.write(PROGRAM)
        pkgconfig = [os.path.join(self.prefix, lib, "pkgconfig") for lib in
                     ("lib", "lib64", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu")]
        flags = run("pkg-config", "--cflags", "--libs", "watchfloor",
                    env=dict(os.environ, PKG_CONFIG_PATH=":".join(pkgconfig))).split()
        self.assertIn("%s/include" % self.prefix,
                      [os.path.normpath(flag[2:]) for flag in flags if flag.startswith("-I")])
        library = [os.path.normpath(f[2:]) for f in flags if f.startswith("-L")][0]
        program = os.path.join(self.folder, "program")
        run("cc", "-std=c11", "-o", program, source, *flags, "-Wl,-rpath," + library,
            *(["-fsanitize=" + SANITIZE] if SANITIZE else []))
        self.assertIn("not there", run(program, env=self.environment))

    def new_subsystem(self, folder):
        out = self.wf("new", "subsystem", "star_tracker", "--dir", folder, "--apid", "777")
        self.assertIn("star_tracker", out)
        made = os.path.join(folder, "star_tracker")
        self.assertEqual(sorted(os.listdir(made)), ["CMakeLists.txt", "README.md",
                                                    "star_tracker.ini", "star_tracker_panel.c"])
        for name in os.listdir(made):
            with open(os.path.join(made, name)) as file:
                self.assertNotRegex(file.read(), r"@[A-Z]+@")
        return made

    def check_plugin(self, plugins):
        """The schema and the module of the new subsystem load."""
        config = os.path.join(self.folder, "c.ini")
        with open(config, "w") as file:
            file.write("[watchfloor]\nplugins = %s\n[listener a]\nsubsystems = star_tracker\n" %
                       plugins)
        self.assertIn("modules: 1", self.wf("check", "--config", config))

    def run_plugin(self):
        """The system of the prefix receives, decodes and shows a packet of the new subsystem."""
        up = subprocess.Popen([os.path.join(self.prefix, "bin", "wf"), "up", "--config",
                               os.path.join(self.folder, "c.ini")], env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        try:
            if "ready" not in up.stdout.readline():
                self.fail(up.communicate()[1])
            with open(os.path.join(self.environment["WF_STATE"], "run", "listeners.json")) as file:
                port = json.load(file)["listeners"][0]["port"]
            now = int(time.time()) + 378691200 + 37  # TAI seconds since 1958
            data = struct.pack(">IHhHB", now, 0, 2150, 3000, 2)
            packet = struct.pack(">HHH", 0x0800 | 777, 0xc000, len(data) - 1) + data
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(packet, ("127.0.0.1", port))
            end = time.monotonic() + 30
            while True:
                values = json.loads(self.wf("get", "star_tracker", "--json", status=None))
                values = {value["name"]: value["value"] for value in values}
                if values.get("star_tracker.temperature") is not None or time.monotonic() > end:
                    break
                time.sleep(0.05)
            self.assertEqual(values["star_tracker.temperature"], 21.5)
            self.assertEqual(values["star_tracker.current"], 3.0)
            self.assertEqual(values["star_tracker.mode"], "NOMINAL")
            self.assertEqual(values["star_tracker.power"], 84.0)
            up.send_signal(signal.SIGTERM)
            _, err = up.communicate(timeout=60)
            self.assertEqual(up.returncode, 0, err)
        finally:
            if up.poll() is None:
                up.kill()
                up.communicate()
            for path in glob.glob("/dev/shm/wf.%s.*" % self.environment["WF_INSTANCE"]):
                os.unlink(path)

    def test_a_new_subsystem_builds_outside_of_the_tree(self):
        folder = tempfile.mkdtemp(dir=self.folder)
        made = self.new_subsystem(folder)
        build = os.path.join(made, "build")
        run("cmake", "-G", "Ninja", "-S", made, "-B", build, "-DCMAKE_PREFIX_PATH=" + self.prefix,
            "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror", "-DCMAKE_INSTALL_PREFIX=" + folder)
        run("cmake", "--build", build)
        self.check_plugin(os.path.join(build, "lib", "watchfloor", "plugins"))
        self.run_plugin()
        run("cmake", "--install", build)
        self.check_plugin(os.path.join(folder, "lib", "watchfloor", "plugins"))

    def test_a_new_subsystem_builds_inside_of_the_tree(self):
        tree = tempfile.mkdtemp(dir=self.folder)
        for name in os.listdir(SOURCE):
            if name not in ("plugins", "build", ".git"):
                os.symlink(os.path.join(SOURCE, name), os.path.join(tree, name))
        os.makedirs(os.path.join(tree, "plugins"))
        shutil.copy(os.path.join(SOURCE, "plugins", "CMakeLists.txt"), os.path.join(tree, "plugins"))
        shutil.copy(os.path.join(SOURCE, "plugins", "README.md"), os.path.join(tree, "plugins"))
        self.new_subsystem(os.path.join(tree, "plugins"))
        build = os.path.join(tree, "build")
        run("cmake", "-G", "Ninja", "-S", tree, "-B", build, "-DWATCHFLOOR_TESTS=OFF",
            "-DWATCHFLOOR_WERROR=ON", "-DCMAKE_BUILD_TYPE=Debug")
        run("cmake", "--build", build, "--target", "plugin-star_tracker-star-tracker-panel")
        self.check_plugin(os.path.join(build, "lib", "watchfloor", "plugins"))

    def test_wf_new_overwrites_nothing_and_takes_good_names_only(self):
        folder = tempfile.mkdtemp(dir=self.folder)
        os.makedirs(os.path.join(folder, "power"))
        self.assertIn("is there already",
                      self.wf("new", "subsystem", "power", "--dir", folder, status=2))
        self.assertEqual(os.listdir(os.path.join(folder, "power")), [])
        for bad in ("Power", "a-b", "../x", "9a", ""):
            self.wf("new", "subsystem", bad, "--dir", folder, status=2)
        self.wf("new", "subsystem", "x", "--dir", folder, "--apid", "2047", status=2)
        self.wf("new", "subsystem", "x", "--dir", os.path.join(folder, "none"), status=2)
        self.wf("new", "planet", "x", status=2)
        self.assertEqual(os.listdir(folder), ["power"])

    def test_the_units_are_sound_and_hardened(self):
        if shutil.which("systemd-analyze") is None:
            self.skipTest("systemd-analyze is not installed")
        units = os.path.join(self.prefix, "lib", "systemd", "system")
        self.assertIn("watchfloor-receiver.service", os.listdir(units))
        for name in os.listdir(units):
            path = os.path.join(units, name)
            with open(path) as file:
                self.assertNotIn("@WF", file.read())
            run("systemd-analyze", "verify", "--man=no", path)
            if name.endswith(".service"):
                run("systemd-analyze", "security", "--offline=true", "--threshold=20", path)


if __name__ == "__main__":
    unittest.main()
