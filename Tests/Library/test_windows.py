"""Programs of Windows: recompiled here, and our constants and layouts before the headers of Windows themselves."""

import os
import re
import subprocess
import time
import unittest

import build
import lab

INCLUDE = os.path.join(build.ROOT, "Sources", "NdisprotWindows", "include")
STATUS_C = os.path.join(build.ROOT, "Sources", "NdisprotWindows", "status.c")
MINGW = "x86_64-w64-mingw32-gcc"
HEADERS = ["windows.h", "winioctl.h", "winerror.h", "ntddndis.h"]
SIZES = """CHAR UCHAR BYTE BOOLEAN SHORT USHORT WORD INT BOOL UINT LONG ULONG DWORD LONGLONG ULONGLONG SIZE_T INT_PTR
    ULONG_PTR HANDLE WCHAR LARGE_INTEGER OVERLAPPED SECURITY_ATTRIBUTES NDIS_OID NDIS_PORT_NUMBER""".split()
OFFSETS = [("OVERLAPPED", "InternalHigh"), ("OVERLAPPED", "Offset"), ("OVERLAPPED", "OffsetHigh"),
           ("OVERLAPPED", "hEvent"), ("SECURITY_ATTRIBUTES", "bInheritHandle"), ("LARGE_INTEGER", "u.HighPart")]
# Our own names, words of the compiler, and what is a call there and a macro here.
OURS = re.compile(r"^(NDISPROT_\w+|_\w+|RtlZeroMemory|RtlCopyMemory|printf|\w*printf|sscanf_s|VOID|CONST|WINAPI|APIENTRY|"
                  r"CALLBACK|IN|OUT|OPTIONAL|INVALID_HANDLE_VALUE)$")


def constants():
    names = []
    for header in ["ndisprot-win32.h", "winerror.h", "winioctl.h", "ntddndis.h"]:
        with open(os.path.join(INCLUDE, header)) as file:
            for name, value in re.findall(r"^#define (\w+) (\S.*)$", file.read(), re.M):
                if not OURS.match(name) and not re.match(r"ndisprot_|Rtl|\w+ndisprot_|Ndisprot", value) and name not in names:
                    names.append(name)
    # Macros for other macros or calls have no value.
    return [name for name in names if name.isupper()]


def assertions():
    """What our headers say, as assertions."""
    lines = ["#include <stddef.h>", "#include <stdio.h>", "#define NDISPROT_WIN32_NO_PRINTF"]
    lines += ["#include <%s>" % header for header in HEADERS] + ["int main(void) {"]
    for name in constants():
        lines.append('  printf("_Static_assert((unsigned)(%s) == %%uu, \\"%s\\");\\n", (unsigned)(%s));' % ((name,) * 3))
    for name in SIZES:
        lines.append('  printf("_Static_assert(sizeof(%s) == %%zu, \\"sizeof %s\\");\\n", sizeof(%s));' % ((name,) * 3))
    for name, field in OFFSETS:
        lines.append('  printf("_Static_assert(offsetof(%s, %s) == %%zu, \\"%s.%s\\");\\n", offsetof(%s, %s));'
                     % ((name, field) * 3))
    path = os.path.join(build.scratch, "assertions.c")
    with open(path, "w") as file:
        file.write("\n".join([*lines, "}", ""]))
    build.run("gcc", "-std=gnu17", "-fshort-wchar", "-I", INCLUDE, path, "-o", build.program("assertions"))
    return build.run(build.program("assertions")).stdout


def statuses():
    with open(STATUS_C) as file:
        return re.findall(r"\{0x([0-9A-F]{8}), (\w+)\}, +/\* (STATUS_\w+) \*/", file.read())


class Windows(unittest.TestCase):
    def run_program(self, name, *arguments, **variables):
        return build.run(build.program(name), *arguments, env=build.environment(build.libraries[0], **variables)).stdout

    def mingw(self, text, *options):
        path = os.path.join(build.scratch, "windows.c")
        with open(path, "w") as file:
            file.write(text)
        build.run(MINGW, "-std=gnu17", "-fsyntax-only", *options, path)

    def test_constants_and_layouts_are_those_of_windows(self):
        text = assertions()
        self.assertGreater(text.count("\n"), 150)
        self.mingw("#include <stddef.h>\n" + "".join("#include <%s>\n" % each for each in HEADERS) + text)

    def test_an_assertion_can_fail(self):
        with self.assertRaises(AssertionError):
            self.mingw("#include <windows.h>\n_Static_assert(ERROR_BUSY == 171, \"not so\");\n")

    def test_numbers_of_statuses_are_those_of_windows(self):
        rows = statuses()
        self.assertGreater(len(rows), 20)
        self.mingw("#define WIN32_NO_STATUS\n#include <windows.h>\n#undef WIN32_NO_STATUS\n#include <ntstatus.h>\n" + "".join(
            '_Static_assert((unsigned)%s == 0x%su, "%s");\n' % (name, number, name) for number, _, name in rows))

    def test_every_status_of_the_daemon_has_its_error(self):
        with open(os.path.join(build.ROOT, "Sources", "NDIS", "NTStatus.swift")) as file:
            known = {number.replace("_", "") for number in re.findall(r"rawValue: 0x([0-9A-F_]+)\)", file.read())}
        mapped = {number for number, _, _ in statuses()}
        self.assertLessEqual({each for each in known if int(each, 16) >= 0x80000000}, mapped)

    def test_the_same_source_compiles_for_windows(self):
        folder = os.path.join(build.scratch, "mingw")
        os.makedirs(folder, exist_ok=True)
        for header in ["protuser.h", "ndisprot-binding.h"]:  # no other has them
            with open(os.path.join(INCLUDE, header)) as file, open(os.path.join(folder, header), "w") as copy:
                copy.write(re.sub(r'"((?:ntddndis|winioctl)\.h)"', r"<\1>", file.read()))
        build.run(MINGW, "-std=gnu17", "-Wall", "-Wno-format", "-I", folder,
                  os.path.join(build.HERE, "programs", "ported.c"), "-o", build.program("ported.exe"))

    def test_prints_what_prottest_prints(self):
        binaries = os.environ.get("ND_BIN") or os.path.join(build.ROOT, ".build", "debug")
        control = os.path.join(binaries, "ndisprotctl")
        for arguments in [["np0", "-n", "3", "-l", "80"], ["-e"]]:
            expected = build.run(control, "prottest", *arguments).stdout
            for compiler in ["gcc", "clang"]:
                self.assertEqual(self.run_program("ported-" + compiler, *arguments), expected)

    def test_errors_and_overlapped_io(self):
        for kind in ["gcc", "clang", "gcc-asan", "clang-asan"]:
            with self.subTest(kind=kind):
                self.assertIn("all as on Windows", self.run_program("ported-" + kind, "-x", "np0"))
        build.under(build.MEMORY, build.libraries[0], "-x", "np0", kind="ported-gcc")
        build.under(build.RACES, build.libraries[0] + "/objects", "-x", "np0", kind="ported-gcc")

    def test_types_and_printf(self):
        for kind in ["gcc", "clang", "gcc-asan", "clang-asan"]:
            self.run_program("words-" + kind)

    def test_the_layout_of_ndis_5_an_alias_and_another_ethertype(self):
        with open("/sys/class/net/np0/address") as file:
            address = file.read()
        variables = {"NDISPROT_DEVICE_ALIAS": "Nothing,open1x", "NDISPROT_ETHERTYPE": "0x88B5"}
        self.assertEqual(self.run_program("ndis5-gcc", "np0", **variables), address)
        with self.assertRaises(AssertionError):
            self.run_program("ndis5-gcc", "np0")

    def test_the_codes_that_the_sample_does_not_try(self):
        self.addCleanup(self.wait_for_carrier)
        for compiler in ["gcc", "clang-asan"]:
            with self.subTest(compiler=compiler):
                process = subprocess.Popen([build.program("codes-" + compiler), "np0"], text=True,
                                           env=build.environment(build.libraries[0]), stdin=subprocess.PIPE,
                                           stdout=subprocess.PIPE)
                try:
                    said = process.stdout.readline()
                    if said == "carrier\n":
                        # Not up again at once: the kernel may keep both changes to itself then.
                        lab.lab.root("ip link set np1 down")
                        said = process.communicate("\n", timeout=60)[0]
                    self.assertEqual((said, process.wait(60)), ("", 0))
                finally:
                    process.kill()
                    process.communicate()
                self.wait_for_carrier()

    def wait_for_carrier(self):
        """Until the daemon sees the carrier again: frames can be written, and come back."""
        lab.lab.root("ip link set np1 up")
        for _ in range(300):
            if build.client(build.libraries[0], "frames", check=False).returncode == 0:
                return
            time.sleep(0.1)
        self.fail("no carrier in half a minute")

    def test_the_exclusive_open_is_free_when_close_handle_returns(self):
        for _ in range(20):  # the last one of a run was open exclusively
            self.run_program("ported-gcc", "np0", "-n", "1", "-l", "60")

    def test_no_name_is_taken_from_the_program(self):
        text = build.run("nm", "-g", "--defined-only", build.libraries[0] + "/libndisprot-win32.a").stdout
        names = {line.split()[2] for line in text.splitlines() if len(line.split()) == 3}
        self.assertIn("ndisprot_ReadFile", names)
        self.assertEqual([name for name in names if not name.startswith("ndisprot_")], [])

    def test_every_header_alone_in_c_and_cpp(self):
        flags = [flag for flag in build.windows() if not flag.startswith("-l") and not flag.startswith("-L")]
        for header in sorted(os.listdir(INCLUDE)):
            if not header.endswith(".h") or header in ("pshpack1.h", "poppack.h"):
                continue
            for compiler, language in [("gcc", "c"), ("clang", "c"), ("g++", "c++"), ("clang++", "c++")]:
                with self.subTest(header=header, compiler=compiler):
                    path = os.path.join(build.scratch, "alone.h.c")
                    with open(path, "w") as file:
                        file.write("#include <%s>\nint nothing;\n" % header)
                    own = [flag for flag in flags if language == "c" or flag != "-Wno-implicit-int"]
                    build.run(compiler, "-x", language, *build.STRICT, "-fsyntax-only", *own, path)

    def test_packing_is_as_the_headers_say(self):
        path = os.path.join(build.scratch, "packed.c")
        with open(path, "w") as file:
            file.write("#include <windows.h>\n#include <pshpack1.h>\nstruct packed { UCHAR a; ULONG b; };\n"
                       "#include <poppack.h>\nstruct plain { UCHAR a; ULONG b; };\n"
                       '_Static_assert(sizeof(struct packed) == 5 && sizeof(struct plain) == 8, "packing");\n')
        build.run("gcc", "-std=gnu17", "-fsyntax-only", "-I", INCLUDE, path)

    def test_a_daemon_that_goes_is_64(self):
        program = os.path.join(build.scratch, "gone.c")
        with open(program, "w") as file:
            file.write(GONE)
        build.run("gcc", "-std=gnu17", *build.STRICT, program, "-o", build.program("gone"), *build.windows())
        with subprocess.Popen([build.program("gone")], env=build.environment(build.libraries[0]), text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            self.assertEqual(process.stdout.readline(), "ready\n")
            self.addCleanup(lab.lab.start)
            lab.lab.kill()
            said, _ = process.communicate("\n", timeout=60)
            self.assertEqual(said, "64 64\n")


GONE = r"""
#include <windows.h>
#include "protuser.h"
int main(void) {
  DWORD count, first;
  OVERLAPPED overlapped = {0};
  char frame[100];
  HANDLE one = CreateFile("\\\\.\\NdisProt", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  HANDLE two = CreateFile("\\\\.\\NdisProt", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
  WCHAR name[] = {'n', 'p', '0'};
  DeviceIoControl(two, IOCTL_NDISPROT_OPEN_DEVICE, name, sizeof name, NULL, 0, NULL, &overlapped);
  GetOverlappedResult(two, &overlapped, &count, TRUE);
  ReadFile(two, frame, sizeof frame, NULL, &overlapped);
  printf("ready\n");
  fflush(stdout);
  getchar();
  GetOverlappedResult(two, &overlapped, &count, TRUE);
  first = GetLastError();
  DeviceIoControl(one, IOCTL_NDISPROT_BIND_WAIT, NULL, 0, NULL, 0, &count, NULL);
  printf("%lu %lu\n", first, GetLastError());
  CloseHandle(one);
  CloseHandle(two);
  return 0;
}
"""
