"""Compiles the test programs, and runs them with a library of one's choice."""

import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
HEADER = os.path.join(ROOT, "Sources", "NdisprotC", "include", "ndisprot.h")
STRICT = ["-Wall", "-Wextra", "-Werror", "-g"]
libraries: list[str] = []
scratch = ""


def version() -> str:
    with open(HEADER) as header:
        return ".".join(re.findall(r"^#define NDISPROT_VERSION_\w+ (\d+)", header.read(), re.M))


def run(*command: str, check: bool = True, **options) -> subprocess.CompletedProcess:
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=options.pop("timeout", 300), **options)
    if check and done.returncode:
        raise AssertionError("%s: %d\n%s" % (" ".join(command), done.returncode, done.stdout))
    return done


def program(name: str) -> str:
    return os.path.join(scratch, name)


def programs() -> None:
    """Against the first library; the others are put in its place when the program starts."""
    common = ["-std=gnu17", *STRICT, '-DVERSION="%s"' % version(), "-I", libraries[0] + "/include", "-pthread"]
    link = ["-L", libraries[0], "-lndisprot"]
    for name in ["client", "hostile", "loaded"]:
        source = os.path.join(HERE, "programs", name + ".c")
        run("gcc", *common, "-O1", source, "-o", program(name), *link)
        run("gcc", *common, "-O1", "-fsanitize=address", source, "-o", program(name + "-asan"), *link)
    for compiler in ["gcc", "clang"]:
        for name in ["ported", "words", "ndis5", "codes"]:
            source = os.path.join(HERE, "programs", name + ".c")
            run(compiler, "-std=gnu17", *STRICT, source, "-o", program(name + "-" + compiler), *windows())
            run(compiler, "-std=gnu17", *STRICT, "-fsanitize=address,undefined", source, "-o",
                program(name + "-" + compiler + "-asan"), *windows())
    run("gcc", *common, os.path.join(HERE, "programs", "client.c"), libraries[0] + "/libndisprot.a", "-lm",
        "-Wl,--gc-sections", "-o", program("client-static"))


def windows() -> list[str]:
    """What pkg-config says a program of Windows needs."""
    return run("pkg-config", "--cflags", "--libs", "ndisprot-win32",
               env=dict(os.environ, PKG_CONFIG_PATH=libraries[0])).stdout.split()


def environment(library: str, **more: str) -> dict[str, str]:
    return dict(os.environ, LD_LIBRARY_PATH=library, ASAN_OPTIONS="detect_leaks=0", **more)


def client(library: str, *arguments: str, kind: str = "client", **options) -> subprocess.CompletedProcess:
    return run(program(kind), *arguments, env=environment(library), **options)


VALGRIND = ["valgrind", "--error-exitcode=99", "--quiet"]
MEMORY = [*VALGRIND, "--leak-check=full", "--show-leak-kinds=definite,indirect",
          "--errors-for-leak-kinds=definite,indirect"]
RACES = [*VALGRIND, "--tool=helgrind", "--suppressions=" + os.path.join(HERE, "helgrind.supp")]


def under(tool: list[str], library: str, *arguments: str, kind: str = "client", **options):
    return run(*tool, program(kind), *arguments, env=environment(library), **options)
