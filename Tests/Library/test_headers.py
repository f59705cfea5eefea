"""The header by itself, and what the library exports."""

import os
import re
import unittest

import build


def declared():
    with open(build.HEADER) as header:
        return set(re.findall(r"^NDISPROT_API [^;(]*?\b(ndisprot_\w+)\(", header.read(), re.M))


class Headers(unittest.TestCase):
    def compile(self, *command, text='#include <ndisprot.h>\n'):
        path = os.path.join(build.scratch, "alone.c")
        with open(path, "w") as file:
            file.write(text)
        build.run(*command, *build.STRICT, "-pedantic", "-fsyntax-only", "-I", os.path.dirname(build.HEADER), path)

    def test_alone_in_c99_and_in_cpp11(self):
        for compiler in ["gcc", "clang"]:
            self.compile(compiler, "-std=c99")
        for compiler in ["g++", "clang++"]:
            self.compile(compiler, "-x", "c++", "-std=c++11")

    def test_structures_have_the_sizes_that_programs_were_built_with(self):
        sizes = {"status": 20, "binding": 416, "options": 56, "grant": 192, "frame": 32, "report": 40,
                 "counter": 40, "event": 456, "request": 40, "completion": 72}
        self.compile("gcc", "-std=c11", text='#include <ndisprot.h>\n' + "".join(
            '_Static_assert(sizeof(struct ndisprot_%s) == %d, "%s");\n' % (name, size, name)
            for name, size in sizes.items()))

    def test_exports_are_the_functions_of_the_header(self):
        for library in build.libraries:
            text = build.run("readelf", "--dyn-syms", "--wide", library + "/libndisprot.so.1").stdout
            rows = [line.split() for line in text.splitlines()]
            exported = {row[7].split("@")[0] for row in rows
                        if len(row) > 7 and row[4] == "GLOBAL" and row[6] != "UND" and row[3] != "OBJECT" or
                        len(row) > 7 and row[4] == "GLOBAL" and row[6] not in ("UND", "ABS")}
            self.assertEqual(exported - {"NDISPROT_1"}, declared(), library)
            self.assertEqual(len(re.findall(r"ndisprot_\w+@@NDISPROT_1\b", text)), len(declared()), library)

    def test_the_archive_has_no_other_global_name(self):
        text = build.run("nm", "-g", "--defined-only", build.libraries[0] + "/libndisprot.a").stdout
        self.assertEqual({line.split()[2] for line in text.splitlines() if len(line.split()) == 3}, declared())

    def test_needs_libc_alone_and_is_small(self):
        library = build.libraries[0] + "/libndisprot.so.1"
        needed = set(re.findall(r"NEEDED.*\[(.*)\]", build.run("readelf", "-d", library).stdout))
        self.assertLessEqual(needed, {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"})
        self.assertLessEqual(os.path.getsize(library), 160 * 1024)

    def test_pkg_config_leads_to_it(self):
        path = os.path.join(build.scratch, "three.c")
        with open(path, "w") as file:
            file.write("#include <ndisprot.h>\nint main(void) { return *ndisprot_version() == 0; }\n")
        options = build.run("pkg-config", "--cflags", "--libs", "ndisprot",
                            env=dict(os.environ, PKG_CONFIG_PATH=build.libraries[0])).stdout.split()
        build.run("gcc", path, *options, "-o", build.program("three"))
        build.run(build.program("three"), env=build.environment(build.libraries[0]))
        self.assertEqual(build.run("pkg-config", "--modversion", "ndisprot",
                                   env=dict(os.environ, PKG_CONFIG_PATH=build.libraries[0])).stdout.strip(),
                         build.version())
