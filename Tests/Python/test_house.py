"""What holds for the sources themselves: Python 3.9, the standard library alone, a quick import."""

import ast
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import lab

MODULE = os.path.join(lab.ROOT, "Sources", "Python", "ndisprot")
EXAMPLES = os.path.join(lab.ROOT, "Tests", "Examples", "python")
MOST_MILLISECONDS = 30


def sources(folder):
    return [os.path.join(folder, each) for each in sorted(os.listdir(folder)) if each.endswith(".py")]


class HouseTests(unittest.TestCase):
    def test_module_and_examples_are_python_3_9(self):
        for path in sources(MODULE) + sources(EXAMPLES):
            with self.subTest(os.path.basename(path)), open(path) as file:
                ast.parse(file.read(), path, feature_version=(3, 9))
        with self.assertRaises(SyntaxError):
            ast.parse("match 1:\n    case 1: pass\n", feature_version=(3, 9))

    def test_the_module_imports_the_standard_library_alone(self):
        for path in sources(MODULE):
            with open(path) as file:
                tree = ast.parse(file.read())
            for node in ast.walk(tree):
                names = [each.name for each in node.names] if isinstance(node, ast.Import) else (
                    [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else [])
                for name in names:
                    top = name.split(".")[0]
                    if os.path.basename(path) == "scapy.py" and top == "scapy":
                        continue
                    self.assertIn(top, sys.stdlib_module_names, path)

    def test_the_import_takes_neither_asyncio_nor_more_than_thirty_milliseconds(self):
        # Of processor time, and the best of several: other work on the machine is no cost of ours.
        program = ("import time, sys; began = time.process_time(); import ndisprot; "
                   "print((time.process_time() - began) * 1000, 'asyncio' in sys.modules)")
        best = None
        cache = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, cache)
        for _ in range(20):
            out = subprocess.run(
                [sys.executable, "-S", "-c", program], check=True, text=True, capture_output=True,
                env={"PYTHONPATH": os.path.dirname(MODULE), "PYTHONPYCACHEPREFIX": cache}
            ).stdout.split()
            self.assertEqual(out[1], "False")
            best = min(best or 1e9, float(out[0]))
        self.assertLessEqual(best, MOST_MILLISECONDS)

    def test_what_the_module_exports_is_there_and_documented(self):
        import ndisprot

        for name in ndisprot.__all__:
            with self.subTest(name):
                self.assertTrue(hasattr(ndisprot, name))
                if isinstance(getattr(ndisprot, name), type):
                    self.assertTrue(getattr(ndisprot, name).__doc__)
        for kind in (ndisprot.Port, ndisprot.Session):
            for name in dir(kind):
                if not name.startswith("_") and callable(getattr(kind, name)):
                    self.assertTrue(getattr(kind, name).__doc__, name)
