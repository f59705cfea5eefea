"""The examples in Python, and the pages that show them."""

import os
import sys
import unittest

import lab

FOLDER = os.path.join(lab.ROOT, "Tests", "Examples")
sys.path.insert(0, FOLDER)
from scenarios import Scenarios


class PythonExampleTests(Scenarios, unittest.TestCase):
    language, suffix = "python", ".py"

    def command(self, name):
        return ([sys.executable, os.path.join(FOLDER, self.language, name + self.suffix)],
                {"PYTHONPATH": os.path.join(lab.ROOT, "Sources", "Python"),
                 "PYTHONDONTWRITEBYTECODE": "1"})
