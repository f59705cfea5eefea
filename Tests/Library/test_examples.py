"""The examples in C, compiled as a user would, and run against the peers of those in Python."""

import os
import sys
import unittest

import build
import lab

FOLDER = os.path.join(lab.ROOT, "Tests", "Examples")
sys.path.insert(0, FOLDER)
from scenarios import NAMES, Scenarios


class CExampleTests(Scenarios, unittest.TestCase):
    language, suffix = "c", ".c"

    @classmethod
    def setUpClass(cls):
        words = build.run("pkg-config", "--cflags", "--libs", "ndisprot",
                          env=dict(os.environ, PKG_CONFIG_PATH=build.libraries[0])).stdout.split()
        for name in NAMES:
            build.run("gcc", "-std=gnu17", "-O1", *build.STRICT, "-Wconversion",
                      "-fsanitize=address,undefined", "-fno-sanitize-recover",
                      os.path.join(FOLDER, "c", name + ".c"), "-o", build.program("example-" + name),
                      *words)

    def command(self, name):
        return [build.program("example-" + name)], {
            "LD_LIBRARY_PATH": build.libraries[0], "ASAN_OPTIONS": "detect_leaks=0"}
