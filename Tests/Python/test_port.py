"""A Port against the real daemon on a veth pair, as a user without capabilities."""

import asyncio
import errno
import os
import random
import select
import threading
import time
import unittest

import lab
import ndisprot
from lab import PATIENCE, TYPE, frame

GROUP = bytes.fromhex("0180c200000e")


class PortTests(unittest.TestCase):
    def setUp(self):
        lab.lab.peer.drain()
        self.port = ndisprot.open("np0", TYPE, path=lab.lab.path)
        self.addCleanup(lambda: self.port.close())

    def to_port(self, payload, destination=None):
        return frame(destination or self.port.address, lab.lab.peer.address, payload)

    def to_peer(self, payload):
        return frame(lab.lab.peer.address, self.port.address, payload)

    def test_a_frame_from_the_wire_is_read_with_its_length_time_and_type(self):
        sent = self.to_port(os.urandom(100))
        lab.lab.peer.send(sent)
        got = self.port.read(PATIENCE)
        self.assertEqual(got.data, sent)
        self.assertEqual((got.wire_length, got.ethertype, got.payload), (114, TYPE, sent[14:]))
        self.assertLess(abs(got.time_ns - time.time_ns()), PATIENCE * 1e9)

    def test_frames_of_all_lengths_arrive_in_order_and_whole(self):
        chosen = random.Random(7)
        sent = [self.to_port(chosen.randbytes(46 + length)) for length in range(0, 1455, 5)]
        lab.lab.peer.send(*sent)
        got = []
        while len(got) < len(sent):
            batch = self.port.read_batch(PATIENCE)
            self.assertTrue(batch, "only %d of %d frames came" % (len(got), len(sent)))
            got += batch
        self.assertEqual([each.data for each in got], sent)

    def test_a_written_frame_and_a_batch_of_many_messages_reach_the_peer_in_order(self):
        sent = [self.to_peer(n.to_bytes(4, "big") * 60) for n in range(1500)]
        self.port.write(sent[0])
        self.assertEqual(self.port.write_batch(sent[1:]), [0] * 1499)
        self.assertEqual(lab.lab.peer.receive(1500), sent)

    def test_a_priority_is_granted_and_one_above_15_is_none(self):
        with ndisprot.open("np0", TYPE, path=lab.lab.path, priority=15,
                           flags=ndisprot.OpenFlags.NO_LOOPBACK) as port:
            self.assertEqual((port.priority, port.open_flags), (15, ndisprot.OpenFlags.NO_LOOPBACK))
            sent = frame(lab.lab.peer.address, port.address, b"urgent")
            port.write(sent)
            self.assertEqual(lab.lab.peer.receive(1), [sent])
        self.assertEqual(self.port.priority, 0)
        with self.assertRaises(ValueError):
            ndisprot.open("np0", TYPE, path=lab.lab.path, priority=16)

    def test_a_batch_reports_the_errno_of_each_frame_by_its_place(self):
        forged = frame(lab.lab.peer.address, b"\2\0\0\0\0\1", b"x")
        other = frame(lab.lab.peer.address, self.port.address, b"x", 0x0800)
        good = self.to_peer(b"good")
        self.assertEqual(self.port.write_batch([good, forged, other, good]),
                         [0, errno.EPERM, errno.EPROTOTYPE, 0])
        self.assertEqual(lab.lab.peer.receive(2), [good, good])

    def test_a_forged_source_is_denied_with_the_statuses_of_the_daemon(self):
        with self.assertRaises(ndisprot.Denied) as caught:
            self.port.write(frame(lab.lab.peer.address, b"\2\0\0\0\0\1", b"x"))
        self.assertEqual((caught.exception.errno, caught.exception.nt_status),
                         (errno.EPERM, 0xC000000D))

    def test_a_refusal_names_the_rule_and_the_missing_right(self):
        with self.assertRaises(ndisprot.Denied) as caught:
            self.port.set(0x0001010E, (0x29).to_bytes(4, "little"))
        self.assertRegex(caught.exception.reason, r"^rule '.*' \(.*\) does not give promiscuous$")
        self.assertIn("does not give promiscuous", str(caught.exception))

    def test_a_frame_longer_than_a_message_is_refused_and_the_session_lives(self):
        with self.assertRaises(ndisprot.Error) as caught:
            self.port.write(bytes(200_000))
        self.assertEqual(caught.exception.errno, errno.EMSGSIZE)
        good = self.to_peer(b"after")
        self.assertEqual(self.port.write_batch([bytes(200_000), good, bytes(200_000), good]),
                         [errno.EMSGSIZE, 0, errno.EMSGSIZE, 0])
        self.assertEqual(lab.lab.peer.receive(2), [good, good])

    def test_a_read_that_times_out_is_cancelled_and_the_next_frame_is_not_lost(self):
        with self.assertRaises(ndisprot.TimedOut):
            self.port.read(0.05)
        self.assertEqual(self.port.read_batch(0.05), [])
        lab.lab.peer.send(self.to_port(b"late"))
        self.assertEqual(self.port.read(PATIENCE).data, self.to_port(b"late"))

    def test_a_read_with_timeout_zero_never_waits_and_works_with_select(self):
        self.assertEqual(self.port.read_batch(0), [])
        lab.lab.peer.send(self.to_port(b"one"))
        self.assertTrue(select.select([self.port], [], [], PATIENCE)[0])
        self.assertEqual([each.data for each in self.port.read_batch(0)], [self.to_port(b"one")])

    def test_a_joined_group_is_heard_until_it_is_left(self):
        self.port.join("01:80:c2:00:00:0e")
        lab.lab.peer.send(self.to_port(b"heard", GROUP))
        self.assertEqual(self.port.read(PATIENCE).destination, GROUP)
        self.port.leave(GROUP)
        lab.lab.peer.send(self.to_port(b"not heard", GROUP), self.to_port(b"own"))
        self.assertEqual(self.port.read(PATIENCE).data, self.to_port(b"own"))

    def test_an_oid_is_queried_and_an_unknown_one_is_an_error_with_its_number(self):
        self.assertEqual(self.port.query(0x01010102), self.port.address)
        with self.assertRaisesRegex(ndisprot.Error, "0x12345678"):
            self.port.query(0x12345678)

    def test_an_exclusive_open_of_the_same_type_is_busy(self):
        with self.assertRaises(ndisprot.Busy):
            ndisprot.open("np0", TYPE, exclusive=True, path=lab.lab.path)

    def test_iteration_yields_frames(self):
        lab.lab.peer.send(self.to_port(b"a"), self.to_port(b"b"))
        frames = iter(self.port)
        self.assertEqual([next(frames).data, next(frames).data],
                         [self.to_port(b"a"), self.to_port(b"b")])

    def test_a_second_thread_in_a_session_is_told_so(self):
        inside, caught = threading.Event(), []

        def reads():
            inside.set()
            caught.append(self.port.read_batch(PATIENCE))

        thread = threading.Thread(target=reads)
        thread.start()
        inside.wait(PATIENCE)
        until = time.monotonic() + PATIENCE
        while not self.port._guard.locked() and time.monotonic() < until:
            time.sleep(0.001)
        with self.assertRaisesRegex(RuntimeError, "another thread"):
            self.port.read(0)
        lab.lab.peer.send(self.to_port(b"x"))
        thread.join(PATIENCE)
        self.assertEqual(len(caught[0]), 1)

    def test_a_thread_that_waits_without_end_hears_that_its_port_was_closed(self):
        port, caught = ndisprot.open("np0", TYPE, path=lab.lab.path), []

        def reads():
            try:
                port.read(float("inf"))
            except ndisprot.Error as error:
                caught.append(error)

        thread = threading.Thread(target=reads, daemon=True)
        thread.start()
        until = time.monotonic() + PATIENCE
        while not port._guard.locked() and time.monotonic() < until:
            time.sleep(0.001)
        port.close()
        thread.join(PATIENCE)
        self.assertEqual(len(caught), 1)

    def test_a_child_of_fork_is_refused_and_its_close_leaves_the_parents_session(self):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                self.port.read(0)
            except RuntimeError:
                status = 0
            finally:
                self.port.close()
                os._exit(status)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        lab.lab.peer.send(self.to_port(b"x"))
        self.assertEqual(self.port.read(PATIENCE).data, self.to_port(b"x"))

    def test_frames_that_an_open_lost_are_counted_in_front_of_the_next(self):
        with ndisprot.open("np0", TYPE, queue_bytes=65536, path=lab.lab.path) as port:
            sent = [self.to_port(n.to_bytes(4, "big") * 300) for n in range(300)]
            lab.lab.peer.send(*sent)
            got, last = [], sent[-1]
            while not got or got[-1].data != last:
                batch = port.read_batch(PATIENCE)
                self.assertTrue(batch, "the last frame never came")
                got += batch
            lost = [each.lost_before for each in got]
            self.assertGreater(sum(lost), 0)
            self.assertEqual(sum(lost) + len(got), len(sent))
            # In front of the very frame behind the gap.
            numbers = [int.from_bytes(each.payload[:4], "big") for each in got]
            self.assertEqual(lost, [n - before - 1 for before, n in zip([-1, *numbers], numbers)])


RULES = """
[[binding]]
interface = "np0"

[[rule]]
name = "lldp"
user = "nobody"
interface = "np0"
ethertypes = ["lldp"]
rights = ["read", "join"]

[[rule]]
name = "local"
user = "nobody"
interface = "np0"
ethertypes = ["0x88b5", "0x88b6"]
rights = ["read", "write", "any-source"]
"""


class RightsTests(unittest.TestCase):
    def test_a_port_tells_what_the_rules_give_for_all_its_ethertypes(self):
        Rights = ndisprot.Rights
        with lab.lab.configured(RULES):
            for types, expected in (
                    ("lldp", Rights.READ | Rights.JOIN),
                    (TYPE, Rights.READ | Rights.WRITE | Rights.ANY_SOURCE),
                    (("lldp", TYPE), Rights.READ), ((), Rights.NONE)):
                with self.subTest(types), ndisprot.open("np0", types, path=lab.lab.path) as port:
                    self.assertEqual(port.rights(), expected)
            with self.assertRaisesRegex(ndisprot.Denied, "arp|0x806|no rule"):
                ndisprot.open("np0", "arp", path=lab.lab.path)

    def test_the_right_to_join_suffices_for_groups(self):
        with lab.lab.configured(RULES), ndisprot.open("np0", "lldp", path=lab.lab.path) as port:
            port.join(GROUP)
            sent = frame(GROUP, lab.lab.peer.address, b"heard", 0x88CC)
            lab.lab.peer.send(sent)
            self.assertEqual(port.read(PATIENCE).data, sent)

    def test_a_right_that_is_missing_is_named_with_its_rule(self):
        with lab.lab.configured(RULES), ndisprot.open("np0", "lldp", path=lab.lab.path) as port:
            with self.assertRaises(ndisprot.Denied) as caught:
                port.write(frame(lab.lab.peer.address, port.address, b"x", 0x88CC))
            self.assertRegex(caught.exception.reason, r"^rule 'lldp' \(.*:5\) does not give write$")
            self.assertEqual(port.write_batch([frame(lab.lab.peer.address, port.address, b"x", 0x88CC)]),
                             [caught.exception.errno])
            self.assertEqual(port.write_reason, caught.exception.reason)


class AsyncTests(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        lab.lab.peer.drain()

    async def test_frames_are_read_and_written_in_tasks_of_one_loop(self):
        async with ndisprot.open("np0", TYPE, path=lab.lab.path) as port:
            sent = [frame(port.address, lab.lab.peer.address, b"%d" % n) for n in range(300)]

            async def reads():
                found = []
                async for each in port:
                    found.append(each.data)
                    if len(found) == len(sent):
                        return found

            reader = asyncio.ensure_future(reads())
            out = [frame(lab.lab.peer.address, port.address, b"%d" % n) for n in range(50)]
            await asyncio.gather(*(port.awrite(each) for each in out))
            await asyncio.get_running_loop().run_in_executor(None, lab.lab.peer.send, *sent)
            self.assertEqual(await asyncio.wait_for(reader, PATIENCE), sent)
            self.assertEqual(sorted(lab.lab.peer.receive(50)), sorted(out))

    async def test_a_cancelled_read_loses_no_frame(self):
        async with ndisprot.open("np0", TYPE, path=lab.lab.path) as port:
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(port.aread(), 0.05)
            sent = frame(port.address, lab.lab.peer.address, b"kept")
            lab.lab.peer.send(sent)
            self.assertEqual((await asyncio.wait_for(port.aread(), PATIENCE)).data, sent)

    async def test_events_are_awaited_beside_frames(self):
        async with ndisprot.open("np0", TYPE, path=lab.lab.path) as port:
            port.subscribe()
            waits = asyncio.ensure_future(port.aevent())
            self.addCleanup(lab.lab.root, "ip link set np0 mtu 1500")
            await asyncio.get_running_loop().run_in_executor(
                None, lab.lab.root, "ip link set np0 mtu 1400")
            event = await asyncio.wait_for(waits, PATIENCE)
            self.assertEqual((event.kind, event.binding.mtu), (ndisprot.EventKind.MTU, 1400))
            sent = frame(port.address, lab.lab.peer.address, b"and a frame")
            lab.lab.peer.send(sent)
            self.assertEqual((await asyncio.wait_for(port.aread(), PATIENCE)).data, sent)

    async def test_a_refused_write_raises_in_its_own_task(self):
        async with ndisprot.open("np0", TYPE, path=lab.lab.path) as port:
            with self.assertRaises(ndisprot.Denied):
                await port.awrite(frame(lab.lab.peer.address, b"\2\0\0\0\0\1", b"x"))
            with self.assertRaisesRegex(ndisprot.Error, "shorten the frame"):
                await port.awrite(bytes(200_000))
            await port.awrite(frame(lab.lab.peer.address, port.address, b"after"))

    async def test_a_daemon_that_goes_ends_readers_and_writers(self):
        port = ndisprot.open("np0", TYPE, path=lab.lab.path)
        reader = asyncio.ensure_future(port.aread())
        await asyncio.sleep(0)
        lab.lab.kill()
        try:
            with self.assertRaises(ndisprot.Disconnected):
                await asyncio.wait_for(reader, PATIENCE)
        finally:
            port.close()
            lab.lab.start()


class SessionTests(unittest.TestCase):
    def test_bindings_lists_the_interface_as_the_kernel_has_it(self):
        found = {each.name: each for each in ndisprot.bindings(lab.lab.path)}
        self.assertEqual((found["np0"].mtu, found["np0"].is_powered), (1500, True))

    def test_an_interface_that_is_not_there_is_an_error_that_names_it(self):
        with self.assertRaisesRegex(ndisprot.Error, "np7"):
            ndisprot.open("np7", TYPE, path=lab.lab.path)

    def test_what_a_call_cannot_mean_is_an_error_with_the_right_words(self):
        for words, call in (
                ("lldpp.*one of any", lambda: ndisprot.open("np0", "lldpp", path=lab.lab.path)),
                ("16 bits", lambda: ndisprot.open("np0", 70000, path=lab.lab.path)),
                ("at most 16", lambda: ndisprot.open("np0", range(17), path=lab.lab.path))):
            with self.subTest(words), self.assertRaisesRegex(ValueError, words):
                call()
        with ndisprot.open("np0", "lldp", path=lab.lab.path) as port:
            for group in ("01:80", "zz:80:c2:00:00:0e", "02:80:c2:00:00:0e", b"\1"):
                with self.subTest(group), self.assertRaises(ValueError):
                    port.join(group)
            with self.assertRaisesRegex(TypeError, "a frame is bytes"):
                port.write("text")
            with self.assertRaisesRegex(ndisprot.Error, "14 bytes"):
                port.write(b"short")
            self.assertEqual(repr(port), "<ndisprot.Port np0 0x88cc>")
        self.assertEqual(repr(port), "<ndisprot.Port np0 0x88cc closed>")

    def test_no_daemon_is_an_error_that_names_the_socket(self):
        with self.assertRaisesRegex(ndisprot.Error, "start ndisprotd.*/nowhere.sock"):
            ndisprot.open("np0", path="/nowhere.sock")

    def test_events_tell_of_a_binding_that_comes_and_goes(self):
        with ndisprot.Session(lab.lab.path) as session:
            session.subscribe()
            lab.lab.root("ip link add np9 type veth peer name np8")
            kinds = []
            for event in session.events():
                if event.binding is not None and event.binding.name == "np9":
                    kinds.append(event.kind)
                    if event.kind == ndisprot.EventKind.BINDING_ADDED:
                        lab.lab.root("ip link del np9")
                    if event.kind == ndisprot.EventKind.BINDING_REMOVED:
                        break
            self.assertEqual(kinds[0], ndisprot.EventKind.BINDING_ADDED)

    def test_wait_for_returns_when_bound_and_times_out_else(self):
        with ndisprot.Session(lab.lab.path) as session:
            session.wait_for("np0", timeout=PATIENCE)
            with self.assertRaises(ndisprot.TimedOut):
                session.wait_for("np7", timeout=0.05)

    def test_a_port_resumes_after_the_daemon_was_killed_with_its_groups(self):
        with ndisprot.open("np0", TYPE, path=lab.lab.path) as port:
            port.join(GROUP)
            lab.lab.kill()
            with self.assertRaises(ndisprot.Disconnected):
                port.read(PATIENCE)
            lab.lab.start()
            port.resume(PATIENCE)
            sent = frame(GROUP, lab.lab.peer.address, b"again")
            lab.lab.peer.send(sent)
            self.assertEqual(port.read(PATIENCE).data, sent)
