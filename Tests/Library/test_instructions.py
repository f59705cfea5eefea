"""What the library costs, in instructions: the difference of two runs, so that start and end fall out."""

import re
import subprocess
import unittest

import build
import lab

BARS = {"dispatch": 40, "batch": 110, "queue": 280, "query": 3200}


class Instructions(unittest.TestCase):
    def count(self, mode, count):
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", build.program("client"),
                   "speed", str(count), mode]
        with subprocess.Popen(command, env=build.environment(build.libraries[0]), text=True, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            if mode in ("dispatch", "batch"):
                self.assertEqual(process.stdout.readline(), "ready\n")
                peer = lab.lab.peer
                frame = lab.frame(OWN, peer.address, b"x")
                lab.lab.peer.send(*[frame] * count)
            _, errors = process.communicate("\n", timeout=300)
            self.assertEqual(process.returncode, 0, errors)
            return int(re.search(r"Collected : (\d+)", errors)[1])

    def test_bars(self):
        global OWN
        with open("/sys/class/net/np0/address") as file:
            OWN = bytes.fromhex(file.read().strip().replace(":", ""))
        for mode, bar in BARS.items():
            few, many = (200, 1200) if mode == "query" else (2000, 6000)
            with self.subTest(mode=mode):
                each = (self.count(mode, many) - self.count(mode, few)) / (many - few)
                print("%s: %.0f instructions each, %d allowed" % (mode, each, bar))
                self.assertLessEqual(each, bar)
