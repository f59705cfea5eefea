"""A daemon that answers anything, hangs, or goes: a scripted one, in this process."""

import errno
import os
import random
import shutil
import socket
import struct
import sys
import tempfile
import threading
import time
import unittest
from unittest import mock

import lab
import ndisprot
from ndisprot import _protocol as protocol
from test_protocol import FULL_ENTRY, GRANT, RECORD

HEADER = protocol._HEADER


def reply(request, payload=b"", error=0, count=0, opcode=None, ident=None):
    version, asked, _, number = struct.unpack_from("<HHIQ", request)
    return HEADER.pack(version, asked if opcode is None else opcode, 1,
                       number if ident is None else ident, 0xC0000001 if error else 0, 0, error,
                       len(payload), 0, count) + payload


class Daemon:
    """Answers HELLO and OPEN as it should, and everything else as its script does."""

    def __init__(self, script):
        self.folder = tempfile.mkdtemp()
        self.path = os.path.join(self.folder, "s")
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(self.path)
        self._listener.listen()
        self._script = script
        self.requests = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                session = self._listener.accept()[0]
            except OSError:
                return
            with session:
                try:
                    self._session(session)
                except OSError:
                    pass

    def _session(self, session):
        while request := session.recv(protocol.LONGEST_MESSAGE):
            opcode = struct.unpack_from("<H", request, 2)[0]
            self.requests.append(opcode)
            if opcode == 0:
                session.send(reply(request, bytes.fromhex("0100 0000 00000200") + bytes(8)))
            elif opcode == 2:
                session.send(reply(request, GRANT))
            elif self._script(session, request, opcode) == "end":
                return

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(lab.PATIENCE)
        os.unlink(self.path)
        os.rmdir(self.folder)


class HostileTests(unittest.TestCase):
    def open(self, script):
        daemon = Daemon(script)
        self.addCleanup(daemon.close)
        port = ndisprot.open("np0", "eapol", path=daemon.path)
        self.addCleanup(port.close)
        return daemon, port

    def test_records_that_lie_end_the_session_with_an_error(self):
        for payload, count in ((RECORD, 2), (RECORD[:-1], 1), (b"\xff" * 64, 1), (b"", 1)):
            _, port = self.open(lambda session, request, opcode, payload=payload, count=count:
                                session.send(reply(request, payload, count=count)))
            with self.subTest(count=count, size=len(payload)):
                with self.assertRaises(protocol.ProtocolError):
                    port.read(lab.PATIENCE)
                self.assertTrue(port.is_closed)

    def test_a_read_answered_by_another_opcode_is_an_error(self):
        _, port = self.open(lambda session, request, opcode:
                            session.send(reply(request, RECORD, count=1, opcode=5)))
        with self.assertRaises(protocol.ProtocolError):
            port.read(lab.PATIENCE)

    def test_a_reply_to_what_was_never_asked_is_an_error(self):
        _, port = self.open(lambda session, request, opcode:
                            session.send(reply(request, ident=99)))
        with self.assertRaises(protocol.ProtocolError):
            port.query(1, timeout=lab.PATIENCE)

    def test_a_daemon_that_hangs_is_a_timeout_and_its_late_reply_is_dropped(self):
        held = []

        def late(session, request, opcode):
            if opcode == 1 and not held:
                held.append(request)
            elif opcode == 8:
                session.send(reply(held[0], struct.pack("<II", 1, 0) + b"late"))
                session.send(reply(request))
            else:
                session.send(reply(request, struct.pack("<II", 1, 0) + b"good"))

        daemon, port = self.open(late)
        with self.assertRaises(ndisprot.TimedOut):
            port.query(1, timeout=0.05)
        self.assertEqual(port.query(1, timeout=lab.PATIENCE), b"good")
        self.assertIn(8, daemon.requests)
        self.assertEqual((port._replies, port._abandoned), ({}, set()))

    def test_a_daemon_that_hangs_ends_a_read_in_time_and_its_late_frames_are_read(self):
        held, ready = [], threading.Event()

        def late(session, request, opcode):
            held.append(request)
            if ready.is_set():
                for each in held:
                    if struct.unpack_from("<H", each, 2)[0] == 6:
                        session.send(reply(each, RECORD, count=1))
                    else:
                        session.send(reply(each, error=errno.ENOENT))
                held.clear()

        _, port = self.open(late)
        began = time.monotonic()
        with self.assertRaises(ndisprot.TimedOut):
            port.read(0.05)
        self.assertLess(time.monotonic() - began, 10)
        pended = port.READS
        ready.set()
        # Whatever is asked for next wakes the daemon, and all its answers count once.
        with self.assertRaises(ndisprot.Error):
            port.query(1, timeout=lab.PATIENCE)
        frames = []
        while len(frames) < pended:
            frames += port.read_batch(lab.PATIENCE)
        self.assertEqual({each.data for each in frames}, {b"\xaa\xbb\xcc"})
        self.assertEqual(port._abandoned, set())

    def test_a_daemon_that_floods_with_events_neither_stretches_a_timeout_nor_fills_the_memory(self):
        event = HEADER.pack(1, 10, 0, 0, 0, 0, 0, 0, 0, 0) + protocol._EVENT.pack(1, 0, 0, 3, 1)
        ended = threading.Event()
        self.addCleanup(ended.set)

        def flood(session, request, opcode):
            while not ended.is_set():
                session.send(event)

        _, port = self.open(flood)
        for call in (lambda: port.query(1, timeout=0.3), lambda: port.read(0.3)):
            began = time.monotonic()
            with self.assertRaises(ndisprot.TimedOut):
                call()
            self.assertLess(time.monotonic() - began, lab.PATIENCE)
        self.assertLessEqual(len(port._events), 4096)
        while port._events and not port._events[0].lost:
            port.next_event(0)
        self.assertGreater(port.next_event(0).lost, 0)
        ended.set()
        port.close()

    def test_a_daemon_that_goes_in_the_middle_is_disconnected(self):
        _, port = self.open(lambda session, request, opcode: "end")
        for call in (lambda: port.read(lab.PATIENCE), lambda: port.write(bytes(60)),
                     lambda: port.query(1)):
            with self.assertRaises(ndisprot.Disconnected):
                call()

    def test_a_refusal_of_reads_is_raised_once_and_not_asked_for_without_end(self):
        daemon, port = self.open(lambda session, request, opcode:
                                 session.send(reply(request, error=errno.ENODEV)))
        with self.assertRaises(ndisprot.Gone):
            port.read(lab.PATIENCE)
        self.assertLessEqual(daemon.requests.count(6), port.READS)

    def test_pages_of_bindings_that_do_not_go_on_are_an_error(self):
        _, port = self.open(lambda session, request, opcode:
                            session.send(reply(request, bytes(8) + b"\1\0\0\0" + bytes(4))))
        with self.assertRaises(protocol.ProtocolError):
            port.bindings()

    def test_rights_that_lie_about_their_length_are_an_error(self):
        rows = bytearray(FULL_ENTRY)
        for at in (0, 28, 30, 38, 64, 76):
            wrong = bytes(16) + bytes(rows[:at]) + b"\xf8\xff" + bytes(rows[at + 2:])
            _, port = self.open(lambda session, request, opcode, wrong=wrong:
                                session.send(reply(request, wrong, count=1)))
            with self.subTest(at=at), self.assertRaises(protocol.ProtocolError):
                port.rights()

    def test_statuses_of_another_number_of_frames_are_an_error(self):
        _, port = self.open(lambda session, request, opcode:
                            session.send(reply(request, bytes(24), error=1, count=2)))
        with self.assertRaises(protocol.ProtocolError):
            port.write_batch([bytes(60)])

    def test_a_refusal_carries_the_daemons_own_sentence(self):
        daemon = Daemon(lambda session, request, opcode: None)
        self.addCleanup(daemon.close)
        answer = daemon._session

        def refuse(session):
            session.send(reply(session.recv(200), bytes.fromhex("0100 0000 00000200") + bytes(8)))
            session.send(reply(session.recv(200), b"no rule names you", error=errno.EACCES))

        daemon._session = refuse
        with self.assertRaisesRegex(ndisprot.Denied, "no rule names you"):
            ndisprot.open("np0", path=daemon.path)
        self.assertIsNotNone(answer)

    def test_random_answers_raise_and_never_hang(self):
        chosen = random.Random(3)

        def anything(session, request, opcode):
            good = bytearray(reply(request, RECORD, count=1))
            for _ in range(chosen.randrange(4)):
                good[chosen.randrange(len(good))] = chosen.randrange(256)
            session.send(good[:chosen.randrange(1, len(good) + 1)])

        for _ in range(150):
            daemon, port = self.open(anything)
            for call in (lambda p=port: p.read(0.02), lambda p=port: p.write(bytes(60), 0.02),
                         lambda p=port: p.query(1, 0.02), lambda p=port: p.next_event(0.02),
                         lambda p=port: p.write_batch([bytes(60)] * 3, 0.02)):
                try:
                    call()
                except (OSError, protocol.ProtocolError):
                    pass
            port.close()

    def test_another_users_daemon_is_refused_unless_trusted_by_number(self):
        # The lab's daemon is root's: trusted. This process's own is the user's own: trusted too.
        from ndisprot import _trust

        self.assertTrue(_trust.is_trusted(0))
        self.assertTrue(_trust.is_trusted(os.geteuid()))
        self.assertFalse(_trust.is_trusted(12345))
        os.environ["NDISPROT_TRUST"] = "12345"
        self.addCleanup(os.environ.pop, "NDISPROT_TRUST")
        self.assertTrue(_trust.is_trusted(12345))
        # A program that root runs for another user does not believe that user's environment.
        with mock.patch("os.getuid", return_value=12345):
            self.assertFalse(_trust.is_trusted(12345))
            self.assertEqual(_trust.socket_path(None), _trust.DEFAULT_PATH)

    def test_nothing_is_sent_to_a_daemon_of_a_stranger(self):
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o777)
        path = os.path.join(folder, "s")
        stranger = ("import os, socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); "
                    "s.bind('%s'); s.listen(); os.chmod('%s', 0o666); s.settimeout(%d); "
                    "got = s.accept()[0].recv(99); open('%s', 'w').write(str(len(got)))" % (
                        path, path, lab.PATIENCE, path + ".got"))
        lab.lab.root('setpriv --reuid=12345 --regid=12345 --clear-groups %s -c "%s" '
                     '>/dev/null 2>&1 </dev/null &' % (sys.executable, stranger))
        until = time.monotonic() + lab.PATIENCE
        while not os.access(path, os.W_OK) and time.monotonic() < until:
            time.sleep(0.01)
        with self.assertRaisesRegex(ndisprot.Denied, "user 12345 listens.*NDISPROT_TRUST=12345"):
            ndisprot.open("np0", path=path)
        while not os.path.exists(path + ".got") and time.monotonic() < until:
            time.sleep(0.01)
        with open(path + ".got") as file:
            self.assertEqual(file.read() or "0", "0")

    def test_connecting_to_a_daemon_that_never_answers_times_out(self):
        folder = tempfile.mkdtemp()
        path = os.path.join(folder, "s")
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as silent:
            silent.bind(path)
            silent.listen()
            started = time.monotonic()
            with self.assertRaises(ndisprot.TimedOut):
                ndisprot.open("np0", path=path, timeout=0.1)
            self.assertLess(time.monotonic() - started, lab.PATIENCE)
        os.unlink(path)
        os.rmdir(folder)
