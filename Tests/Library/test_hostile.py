"""A daemon that answers anything, hangs, or goes: a scripted one, in this process, and the same user's."""

import os
import random
import re
import socket
import struct
import tempfile
import threading
import unittest

import build

HEADER = struct.Struct("<HHIQIIIIII")
GRANT = struct.pack("<IIIIIHH6sHH", 1, 0, 1 << 20, 2, 1500, 1, 3, b"\x02\0\0\0\0\1", 0, 0x88B5) + b"np0"
FRAME = b"\x02\0\0\0\0\1" * 2 + b"\x88\xb5" + bytes(46)
ENTRY = struct.pack("<IIIIIIIHH6sH", 48, 2, 4, 1, 1, 1500, 1, 3, 4, b"\x02\0\0\0\0\1", 0) + b"np0cord\0"


def record(frame=FRAME, length=None):
    return struct.pack("<IIQII", len(frame) if length is None else length, len(frame), 5, 0, 0) + frame + bytes(
        -len(frame) % 8)


EVENT = struct.pack("<QQQII", 1, 0, 7, 3, 1) + ENTRY


class Daemon:
    """Answers as a daemon does, and then has its script change each message."""

    def __init__(self, script):
        self.folder = tempfile.mkdtemp()
        self.path = os.path.join(self.folder, "s")
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(self.path)
        self._listener.listen()
        self._script = script
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                session = self._listener.accept()[0]
            except OSError:
                return
            with session:
                try:
                    while request := session.recv(1 << 17):
                        for message in self._script(request, answer(request)):
                            if message is None:
                                raise OSError
                            session.send(message)
                except OSError:
                    pass

    def close(self):
        self._listener.close()


def reply(request, payload=b"", status=(0, 0, 0), count=0, information=0):
    version, opcode, _, number = struct.unpack_from("<HHIQ", request)
    return HEADER.pack(version, opcode, 1, number, *status, information, 0, count) + payload


def answer(request):
    """What an honest daemon sends."""
    opcode, = struct.unpack_from("<H", request, 2)
    if opcode == 0:
        return reply(request, struct.pack("<HHIQ", 1, 0, 1 << 17, 0))
    if opcode == 1:
        return reply(request, struct.pack("<II", 0x01010102, 0) + b"\x02\0\0\0\0\1")
    if opcode == 2:
        return reply(request, GRANT)
    if opcode in (4, 6):
        return reply(request, record() * (3 if opcode == 6 else 1), count=3 if opcode == 6 else 1)
    if opcode == 7:
        return reply(request, bytes(12 * struct.unpack_from("<I", request, 36)[0]),
                     count=struct.unpack_from("<I", request, 36)[0])
    if opcode == 8:
        return reply(request, status=(0xC0000225, 0xC0000001, 2))
    if opcode == 9:
        return reply(request)
    if opcode == 11:
        return reply(request, struct.pack("<QII", 1, 0, 0) + ENTRY, count=1)
    if opcode == 12:
        return reply(request, struct.pack("<II", 0, 0) + struct.pack(
            "<IIIIQ4sIIIQ", 2, 1, 2, 3, 9, b"np0\0", 0, 53, 0, 7), count=1)
    return reply(request)


class Hostile(unittest.TestCase):
    def attack(self, script, *arguments, tool=(), kind="hostile", library=None, timeout=300):
        daemon = Daemon(script)
        self.addCleanup(daemon.close)
        library = library or build.libraries[0]
        return build.run(*tool, build.program(kind), *arguments, timeout=timeout,
                         env=dict(build.environment(library), NDISPROT_SOCKET=daemon.path)).stdout

    def results(self, text):
        return {what: int(number) for what, number in re.findall(r"^(\w+) (-?\d+)", text, re.M)}

    def test_the_scripted_daemon_is_believed_when_it_is_honest(self):
        results = self.results(self.attack(lambda request, honest: [honest]))
        for what, number in {"connect": 0, "open": 0, "bindings": 1, "read": 60, "query": 6, "write": 0,
                             "write_batch": 2, "flush": 0, "read_batch": 3, "statistics": 1}.items():
            self.assertEqual(results[what], number, what)

    def only(self, opcode, change):
        return lambda request, honest: (
            change(request, honest) if struct.unpack_from("<H", request, 2)[0] == opcode else [honest])

    def test_what_is_wrong_is_an_error_with_words(self):
        long = record(bytes(1000))
        cases = {
            "more frame than there is room for": (4, lambda q, a: [reply(q, long, count=1)], "read", -71),
            "a frame longer than its message": (4, lambda q, a: [reply(q, record(length=900), count=1)], "read", -71),
            "no frame": (4, lambda q, a: [reply(q)], "read", -71),
            "an empty batch": (6, lambda q, a: [reply(q)], "read_batch", -71),
            "an errno that is none": (4, lambda q, a: [reply(q, status=(1, 1, 0x80000000))], "read", -71),
            "another id": (5, lambda q, a: [answer(q[:8] + bytes(7) + b"\x77" + q[16:])], "write", -71),
            "an unknown version": (5, lambda q, a: [b"\x07" + a[1:]], "write", -71),
            "half a header": (5, lambda q, a: [a[:20]], "write", -71),
            "the same reply twice": (5, lambda q, a: [a, a], "write_batch", -71),
            "fewer statuses than frames": (7, lambda q, a: [a[:-12]], "write_batch", -71),
            "no OID": (1, lambda q, a: [a[:40]], "query", -71),
            "a longer value than there is room for": (1, lambda q, a: [a + bytes(500)], "query", -71),
            "a binding of the wrong shape": (11, lambda q, a: [a[:-8]], "bindings", -71),
            "a grant of the wrong shape": (2, lambda q, a: [a[:-1]], "open", -71),
            "an end": (4, lambda q, a: [None], "read", -104),
        }
        for name, (opcode, change, what, number) in cases.items():
            for library in build.libraries:
                with self.subTest(case=name, library=library):
                    results = self.results(self.attack(self.only(opcode, change), library=library))
                    self.assertEqual(results[what], number)

    def test_a_daemon_that_hangs_costs_the_time_given_and_no_more(self):
        hangs = self.only(4, lambda request, honest: [])
        self.assertEqual(self.results(self.attack(hangs))["read"], -110)
        greeting = self.results(self.attack(lambda request, honest: []))
        self.assertEqual(greeting["connect"], -110)

    def test_what_was_cancelled_in_time_was_not_sent(self):
        held = []

        def script(request, honest):
            opcode, = struct.unpack_from("<H", request, 2)
            if opcode == 5:
                held.append(request)
                return []
            if opcode == 8 and held:
                return [reply(held.pop(), status=(0xC0000120, 0xC001000C, 125)), reply(request)]
            return [honest]

        self.assertEqual(self.results(self.attack(script))["write"], -110)

    def test_what_was_sent_before_the_cancellation_is_sent(self):
        held = []

        def script(request, honest):
            opcode, = struct.unpack_from("<H", request, 2)
            if opcode == 5:
                held.append(honest)
                return []
            return [held.pop(), honest] if opcode == 8 and held else [honest]

        self.assertEqual(self.results(self.attack(script))["write"], 0)

    def fuzz(self, seed):
        dice = random.Random(seed)

        def script(request, honest):
            if dice.random() < 0.6:
                return [honest]
            message = bytearray(honest)
            for _ in range(dice.choice([1, 1, 2, 8])):
                way = dice.randrange(5)
                if way == 0 and message:
                    message[dice.randrange(len(message))] = dice.choice([0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)])
                elif way == 1:
                    del message[dice.randrange(len(message) + 1):]
                elif way == 2:
                    message += dice.randbytes(dice.choice([1, 12, 24, 500]))
                elif way == 3 and len(message) >= 40:
                    struct.pack_into("<I", message, dice.choice([24, 28, 32, 36]),
                                     dice.choice([0, 1, 0xFFFFFFFF, 0x80000000, 1 << 17]))
                elif way == 4 and len(message) > 44:
                    struct.pack_into("<I", message, dice.randrange(40, len(message) - 3), 0xFFFFFFFF)
            extra = [EVENT_HEADER + EVENT] if dice.random() < 0.2 else []
            return [*extra, bytes(message) or b"\0"] if dice.random() < 0.97 else [None]

        return script

    def test_random_answers(self):
        for seed in range(8):
            with self.subTest(seed=seed):
                self.attack(self.fuzz(seed), "40")
        for library in build.libraries[1:]:
            self.attack(self.fuzz(100), "40", library=library)

    def test_random_answers_reach_nobody_elses_memory(self):
        for seed in range(3):
            with self.subTest(seed=seed):
                self.attack(self.fuzz(200 + seed), "40", kind="hostile-asan")
        self.attack(self.fuzz(300), "25", tool=build.MEMORY)

    def test_a_time_out_of_the_daemon_is_true_for_windows(self):
        source = os.path.join(build.scratch, "status.c")
        with open(source, "w") as file:
            file.write(STATUSES)
        build.run("gcc", "-std=gnu17", *build.STRICT, source, "-o", build.program("status"), *build.windows())
        for status, said in [(0x00000102, "1 0"), (0x80000005, "0 234"), (0xC0000001, "0 31"), (0xC0000120, "0 995")]:
            with self.subTest(status=hex(status)):
                change = self.only(1, lambda request, honest: [reply(request, status=(status, 0xC0000001, 110))])
                self.assertEqual(self.attack(change, kind="status").strip(), said)

    def test_programs_of_windows_survive_random_answers(self):
        for seed in range(6):
            with self.subTest(seed=seed):
                daemon = Daemon(self.fuzz(400 + seed))
                self.addCleanup(daemon.close)
                for _ in range(5):
                    said = build.run(build.program("ported-gcc-asan"), "np0", "-n", "3", check=False, timeout=60,
                                     env=dict(build.environment(build.libraries[0]), NDISPROT_SOCKET=daemon.path))
                    self.assertIn(said.returncode, (0, 1), said.stdout)
                    self.assertNotIn("Sanitizer", said.stdout)
                    self.assertNotIn("runtime error", said.stdout)


STATUSES = r"""
#include <windows.h>
#include "protuser.h"
int main(void) {
  DWORD count = 0;
  BOOL result;
  HANDLE handle = CreateFile("\\\\.\\NdisProt", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  SetLastError(0);
  result = DeviceIoControl(handle, IOCTL_NDISPROT_BIND_WAIT, NULL, 0, NULL, 0, &count, NULL);
  printf("%d %lu\n", result, GetLastError());
  return 0;
}
"""
EVENT_HEADER = HEADER.pack(1, 10, 0, 0, 0, 0, 0, 0, 0, 1)
