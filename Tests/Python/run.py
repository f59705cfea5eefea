"""Runs the tests of the Python module: `run.py [PATTERN…]`, names as unittest's -k takes them."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab


def main() -> None:
    lab.enter_namespaces()
    lab.lab = lab.Lab()
    lab.drop()
    os.chdir("/")
    os.environ.pop("NDISPROT_SOCKET", None)
    loader = unittest.TestLoader()
    if len(sys.argv) > 1:
        loader.testNamePatterns = ["*%s*" % each for each in sys.argv[1:]]
    tests = loader.discover(os.path.dirname(os.path.abspath(__file__)))
    result = unittest.TextTestRunner(verbosity=1).run(tests)
    lab.lab.end()
    failed = len(result.failures) + len(result.errors)
    print("%d passed, %d failed, %d skipped" % (
        result.testsRun - failed - len(result.skipped), failed, len(result.skipped)))
    sys.exit(1 if failed or result.skipped or not result.testsRun else 0)


main()
