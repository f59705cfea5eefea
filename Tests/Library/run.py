"""Tests of the C library: `run.py FOLDER… [-k PATTERN]…`, the folders as scripts/library made them.

Every test runs with each of the libraries, against the real daemon in a network of its own, as the user
nobody. Run by scripts/library --test as root.
"""

import os
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "Python")]
import lab


def main() -> None:
    lab.enter_namespaces()
    import build

    arguments = sys.argv[1:]
    patterns = [arguments[at + 1] for at, word in enumerate(arguments) if word == "-k"]
    folders = [word for word in arguments if not word.startswith("-") and word not in patterns]
    build.libraries = [os.path.realpath(folder) for folder in folders]
    build.scratch = tempfile.mkdtemp(prefix="ndisprot-library-")
    os.chmod(build.scratch, 0o755)
    lab.lab = lab.Lab()
    build.programs()
    os.chown(build.scratch, lab.NOBODY, lab.NOBODY)
    lab.drop()
    os.chdir(build.scratch)
    os.environ.update(NDISPROT_SOCKET=lab.lab.path, TMPDIR=build.scratch, HOME=build.scratch)
    tempfile.tempdir = build.scratch
    loader = unittest.TestLoader()
    if patterns:
        loader.testNamePatterns = ["*%s*" % each for each in patterns]
    result = unittest.TextTestRunner(verbosity=1).run(loader.discover(HERE))
    lab.lab.end()
    failed = len(result.failures) + len(result.errors)
    print("%d passed, %d failed, %d skipped" % (
        result.testsRun - failed - len(result.skipped), failed, len(result.skipped)))
    sys.exit(1 if failed or result.skipped or not result.testsRun else 0)


main()
