"""What is written about the library: every function, and programs that compile and run as they stand."""

import os
import re
import subprocess
import time
import unittest

import build
import lab
from test_headers import declared


def read(*path):
    with open(os.path.join(build.ROOT, *path), encoding="utf-8") as file:
        return file.read()


def compile_program(name, text, *options):
    path = os.path.join(build.scratch, name + ".c")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    flags = build.run("pkg-config", "--cflags", "--libs", "ndisprot",
                      env=dict(os.environ, PKG_CONFIG_PATH=build.libraries[0])).stdout.split()
    build.run("gcc", "-std=gnu17", *build.STRICT, *options, path, "-o", build.program(name), *flags)
    return build.program(name)


class Documents(unittest.TestCase):
    def converse(self, program, *arguments, frames, wanted):
        """Runs a program, sends it frames until it has said what is wanted, and ends it."""
        process = subprocess.Popen([program, *arguments], env=build.environment(build.libraries[0]),
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = b""
        try:
            os.set_blocking(process.stdout.fileno(), False)
            for _ in range(300):  # half a minute: frames before its open are not for it
                lab.lab.peer.send(*frames)
                has_ended = process.poll() is not None
                time.sleep(0 if has_ended else 0.1)
                said += process.stdout.read() or b""
                if wanted.encode() in said or has_ended:
                    break
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        said = said.decode()
        self.assertIn(wanted, said)

    def lldp(self):
        neighbour = bytes([10, 6]) + b"switch" + bytes(2)
        return lab.frame(bytes.fromhex("0180c200000e"), lab.lab.peer.address, neighbour, 0x88CC)

    def test_the_program_of_the_readme(self):
        text = re.search(r"```c\n(#include <ndisprot.h>.*?)```", read("README.md"), re.S)[1]
        program = compile_program("readme", text.replace('"eth0"', '"np0"').replace(
            "(void)context;", "(void)context, setvbuf(stdout, NULL, _IONBF, 0);"))
        self.converse(program, frames=[self.lldp()], wanted="bytes from " + lab.lab.peer.address[:3].hex(":"))

    def test_the_program_of_the_manual(self):
        page = read("Config", "man", "ndisprot.3")
        text = re.search(r"\.Bd -literal\n(#include.*?)\.Ed", page, re.S)[1].replace("\\en", "\\n").replace(
            "eth0", "np0").replace("ndisprot *port;", "ndisprot *port; setvbuf(stdout, NULL, _IONBF, 0);")
        self.converse(compile_program("manual", text), frames=[self.lldp()], wanted="60 bytes")

    def test_manual_and_symbols_name_the_functions_of_the_header(self):
        page = read("Config", "man", "ndisprot.3")
        self.assertEqual(set(re.findall(r"^\.F[no] (ndisprot_\w+)", page.split(".Sh DESCRIPTION")[0], re.M)), declared())
        symbols = set(re.findall(r"^ (ndisprot_\w+)@NDISPROT_1 ", read("Config", "debian", "libndisprot1.symbols"), re.M))
        self.assertEqual(symbols, declared())

    def test_the_manual_declares_what_the_header_does(self):
        page = read("Config", "man", "ndisprot.3").split(".Sh DESCRIPTION")[0]
        page = re.sub(r"\.Fo (\w+)\n((?:\.Fa .*\n)+)\.Fc", lambda match: ".Fn %s %s" % (
            match[1], " ".join(re.findall(r'"[^"]*"', match[2]))), page)
        lines = ['#include <ndisprot.h>']
        for kind, name, arguments in re.findall(r"^\.Ft (.*)\n\.Fn (\w+) (.*)$", page, re.M):
            lines.append("%s %s(%s);" % (kind, name, ", ".join(re.findall(r'"([^"]*)"', arguments)) or "void"))
        self.assertEqual(len(lines), len(declared()) + 1)
        path = os.path.join(build.scratch, "declared.c")
        with open(path, "w") as file:  # what is declared twice must be declared alike
            file.write("\n".join([*lines, ""]))
        build.run("gcc", "-std=c11", *build.STRICT, "-fsyntax-only", "-I", os.path.dirname(build.HEADER), path)

    def test_all_versions_are_one(self):
        version = build.version()
        self.assertEqual(re.search(r'version: StaticString = "(.*)"', read("Sources", "NdisprotLibrary",
                                                                            "Session+Unsafe.swift"))[1], version)
        self.assertEqual(re.search(r'static let version = "(.*)"', read("Sources", "Platform", "Build.swift"))[1], version)
