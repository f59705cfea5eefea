"""The examples in Python, and the pages that show them."""

import os
import re
import select
import subprocess
import sys
import time
import unittest

import lab

FOLDER = os.path.join(lab.ROOT, "Tests", "Examples")
sys.path.insert(0, FOLDER)
from scenarios import NAMES, Scenarios


class PythonExampleTests(Scenarios, unittest.TestCase):
    language, suffix = "python", ".py"

    def command(self, name):
        return ([sys.executable, os.path.join(FOLDER, self.language, name + self.suffix)],
                {"PYTHONPATH": os.path.join(lab.ROOT, "Sources", "Python"),
                 "PYTHONDONTWRITEBYTECODE": "1"})


PAGES = os.path.join(lab.ROOT, "Sources", "NdisprotClient", "NdisprotClient.docc")
LLDP_GROUP = bytes.fromhex("0180c200000e")


def blocks(path, language):
    with open(path) as file:
        return re.findall(r"^```%s\n(.*?)^```" % language, file.read(), re.M | re.S)


class PageTests(unittest.TestCase):
    def test_the_page_shows_every_example_and_shows_it_as_it_is(self):
        page = os.path.join(PAGES, "Examples.md")
        with open(page) as file:
            text = file.read()
        for language, suffix in (("python", ".py"), ("c", ".c")):
            sources = []
            for name in NAMES:
                self.assertRegex(text, r"(?m)^\| `%s " % name)
                with open(os.path.join(FOLDER, language, name + suffix)) as file:
                    sources.append(file.read())
            found = blocks(page, language)
            self.assertTrue(found)
            for block in found:
                self.assertTrue(any(block in source for source in sources), block)

    def test_the_programs_of_the_pages_run_as_they_stand(self):
        programs = [each for path in (os.path.join(lab.ROOT, "README.md"), os.path.join(PAGES, "Python.md"))
                    for each in blocks(path, "python")]
        self.assertGreater(len(programs), 5)
        peer = lab.lab.peer
        for program in programs:
            with self.subTest(program):
                process = subprocess.Popen(
                    [sys.executable, "-c", program.replace("eth0", "np0")], text=True,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    env={"PATH": os.environ["PATH"], "NDISPROT_SOCKET": lab.lab.path, "PYTHONUNBUFFERED": "1",
                         "PYTHONPATH": os.path.join(lab.ROOT, "Sources", "Python"), "HOME": "/",
                         "PYTHONDONTWRITEBYTECODE": "1"})
                self.addCleanup(process.wait)
                self.addCleanup(process.stderr.close)
                self.addCleanup(process.stdout.close)
                self.addCleanup(process.kill)
                said, until = b"", time.monotonic() + lab.PATIENCE
                while not said and process.poll() is None and time.monotonic() < until:
                    peer.send(*(lab.frame(to, peer.address, b"page", kind) for to, kind in (
                        (LLDP_GROUP, 0x88CC), (b"\xff" * 6, lab.TYPE))))
                    if select.select([process.stdout], [], [], 0.1)[0]:
                        said = os.read(process.stdout.fileno(), 4096)
                process.kill()
                errors = process.stderr.read()
                self.assertNotIn("Traceback", errors)
                self.assertTrue(said, errors)
