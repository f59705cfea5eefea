"""The bytes of the control channel, and what is not of the protocol."""

import random
import unittest

import lab  # noqa: F401  (finds the module)
import ndisprot
from ndisprot import _protocol as protocol
from ndisprot import Rights

#: One frame of 3 bytes: length, wire length, time, flags, lost, the frame, padding.
RECORD = bytes.fromhex("03000000 05000000 0100000000000000 09000000 02000000 aabbcc0000000000")
#: np0, index 2, running, up, on, MTU 1500, no open, no description.
ENTRY = bytes.fromhex("30000000 02000000 04000000 01000000 01000000 dc050000 00000000 0300 0000"
                      "020000000001 0000 6e7030 0000000000")
#: The same with its kind, master and an alternative name, and two rules: lldp read and join, any write.
FULL_ENTRY = bytes.fromhex(
    "68000000 02000000 04000000 01000000 01000000 dc050000 00000000 0300 0000 020000000001 0300"
    "6e7030 0400 76657468 0200 6272 0500 636162 6c65 00000000"
    "02000000 00000000 81000000 0100 0000 cc88 000000000000 02000000 0100 0000 ffff 000000000000")
GRANT = bytes.fromhex("01000000 00000000 00001000 02000000 dc050000 0100 0300 020000000001 0000"
                      "8e88 6e7030")


def message(payload, opcode=6, ident=1, flags=1, version=1):
    front = protocol._HEADER.pack(version, opcode, flags, ident, 0, 0, 0, 0, 0, 1)
    return memoryview(front + payload)


class GoldenTests(unittest.TestCase):
    def test_a_request_header_has_its_fields_at_their_offsets(self):
        self.assertEqual(
            protocol.header(6, 0x1122, code=3, room=4, count=5).hex(" ", -4),
            "01000600 00000000 22110000 00000000 03000000 00000000 00000000 04000000 00000000"
            " 05000000")

    def test_open_carries_types_then_the_name(self):
        self.assertEqual(
            protocol.open_request("np0", [0x888E], exclusive=False, flags=2, queue_bytes=3,
                                  wait_milliseconds=4),
            bytes.fromhex("01000000 02000000 03000000 04000000 0100 0300 8e88 6e7030"))

    def test_a_grant_is_decoded(self):
        self.assertEqual(
            protocol.decode_grant(GRANT),
            (1, 0, 0x100000, 2, 1500, bytes.fromhex("020000000001"), (0x888E,), "np0"))

    def test_records_are_encoded_with_padding_and_decoded_with_what_was_lost(self):
        self.assertEqual(protocol.records([b"\xaa\xbb\xcc"]),
                         bytes.fromhex("03000000 03000000 0000000000000000 00000000 00000000"
                                       "aabbcc0000000000"))
        frames = []
        protocol.decode_records(message(RECORD), 1, frames)
        self.assertEqual(frames, [(b"\xaa\xbb\xcc", 1, 5, 9, 2)])
        self.assertTrue(frames[0].is_truncated)

    def test_records_of_one_length_and_of_many_are_decoded_alike(self):
        chosen = random.Random(5)

        def record(length):
            return protocol._RECORD.pack(length, length + chosen.randrange(9), chosen.getrandbits(64),
                                         chosen.randrange(32), chosen.getrandbits(32)) + (
                chosen.randbytes(length) + bytes(-length % 8))

        for lengths in ([60] * 50, [0] * 3, [61] * 7, [1514] * 80, [60, 61], [61, 60], [60] * 9 + [1514],
                        [64, 57, 64], [1]):
            made = [record(length) for length in lengths]
            together, alone = [], []
            protocol.decode_records(message(b"".join(made)), len(made), together)
            for each in made:
                protocol.decode_records(message(each), 1, alone)
            self.assertEqual(together, alone)
            self.assertEqual([len(each.data) for each in together], lengths)
            self.assertEqual({type(each) for each in together}, {ndisprot.Frame})
            for wrong, count in ((b"".join(made)[:-1], len(made)), (b"".join(made), len(made) + 1),
                                 (b"".join(made), len(made) - 1), (b"".join(made) + bytes(8), len(made))):
                with self.assertRaises(protocol.ProtocolError):
                    protocol.decode_records(message(wrong), count, [])

    def test_a_binding_and_an_event_about_it_are_decoded(self):
        found, has_more = protocol.decode_bindings(bytes(8) + b"\1\0\0\0" + bytes(4) + ENTRY, 1)
        self.assertEqual(
            (found[0].name, found[0].ifindex, found[0].state, found[0].mtu, has_more),
            ("np0", 2, 4, 1500, True))
        front = protocol._EVENT.pack(1, 2, 3, 5, 1)
        self.assertEqual(protocol.decode_event(front + ENTRY, 1), (1, 2, 3, 5, 1, found[0]))
        self.assertEqual(protocol.decode_event(front, 0).binding, None)

    def test_a_binding_tells_its_other_names_and_what_this_user_may_do(self):
        (found,), _ = protocol.decode_bindings(bytes(16) + FULL_ENTRY, 1)
        self.assertEqual((found.kind, found.master, found.alternative_names),
                         ("veth", "br", ("cable",)))
        self.assertTrue(found.is_named("cable") and found.is_named("np0"))
        self.assertEqual(found.access, ((Rights.READ | Rights.JOIN, (0x88CC,)),
                                        (Rights.WRITE, (ndisprot.ANY,))))

    def test_of_several_rules_for_an_ethertype_the_first_decides(self):
        def binding(*rows):
            plain = protocol.decode_bindings(bytes(16) + ENTRY, 1)[0][0]
            return plain._replace(access=tuple(ndisprot.Access(*row) for row in rows))

        read, write = Rights.READ, Rights.WRITE
        both = binding((read, (0x88CC,)), (write, (0x88CC, 0x88F7)), (read | write, (ndisprot.ANY,)))
        self.assertEqual(both.rights([0x88CC]), read)
        self.assertEqual(both.rights([0x88F7]), write)
        self.assertEqual(both.rights([0x88CC, 0x88F7]), Rights.NONE)
        self.assertEqual(both.rights([0x0800]), read | write)
        self.assertEqual(both.rights(), Rights.NONE)
        self.assertEqual(both.rights([]), Rights.NONE)
        self.assertEqual(both.usable_ethertypes(), (ndisprot.ANY,))
        self.assertEqual(both.usable_ethertypes(read), (0x88CC,))
        few = binding((read, (0x88CC,)), (Rights.NONE, (0x0800,)), (write, tuple(range(1, 40))))
        self.assertEqual(few.rights([0x0806]), Rights.NONE)
        self.assertEqual(few.usable_ethertypes(), (0x88CC, *range(1, 16)))
        self.assertEqual(binding().usable_ethertypes(), ())
        self.assertEqual(binding()._replace(access=None).rights([0x88CC]), Rights.NONE)

    def test_a_purpose_follows_what_is_opened_and_is_cut_before_a_character(self):
        def opened(purpose):
            return protocol.open_request("np0", [0x888E], exclusive=False, flags=0, queue_bytes=0,
                                         wait_milliseconds=0, purpose=purpose)

        plain = opened("")
        self.assertEqual(opened("tap"), plain + b"tap" + b"\3\0")
        self.assertEqual(opened("x" * 63 + "é"), plain + b"x" * 63 + b"\x3f\0")

    def test_a_priority_is_four_bits_of_the_flags(self):
        self.assertEqual(protocol.priority(0xB07), 11)
        self.assertEqual(protocol.priority(0x103F), 0)

    def test_wait_subscribe_cancel_and_oid_have_their_bytes(self):
        self.assertEqual(protocol.wait_request(["np0"], 9).hex(), "09000000010000000300" + b"np0".hex())
        self.assertEqual(protocol.subscribe_request(0x3FE, 2).hex(), "fe03000002000000")
        self.assertEqual(protocol.cancel_request(7).hex(), "0700000000000000")
        self.assertEqual(protocol.oid_message(0x01010103, b"xy").hex(), "03010101000000007879")

    def test_an_ethertype_stands_behind_one_tag_and_a_length_is_llc(self):
        front = bytes(12)
        tagged = ndisprot.Frame(front + bytes.fromhex("8100000588cc") + b"p", 0, 0, 0, 0)
        self.assertEqual((tagged.ethertype, tagged.payload), (0x88CC, b"p"))
        self.assertEqual(ndisprot.Frame(front + b"\0\x26", 0, 0, 0, 0).ethertype, ndisprot.LLC)


class MalformedTests(unittest.TestCase):
    DECODERS = (
        ("hello", bytes.fromhex("0100 0000 00000200 0000000000000000"), protocol.decode_hello),
        ("grant", GRANT, protocol.decode_grant),
        ("records", RECORD, lambda payload: protocol.decode_records(message(payload), 1, [])),
        ("bindings", bytes(16) + ENTRY, lambda payload: protocol.decode_bindings(payload, 1)),
        ("rules", bytes(16) + FULL_ENTRY, lambda payload: protocol.decode_bindings(payload, 1)),
        ("event", bytes(32) + ENTRY, lambda payload: protocol.decode_event(payload, 1)),
        ("statuses", bytes(12), lambda payload: protocol.decode_statuses(payload, 1)),
    )

    def test_every_payload_cut_at_every_length_or_too_long_is_an_error_and_never_a_trap(self):
        for name, payload, decode in self.DECODERS:
            decode(payload)
            for length in range(len(payload)):
                with self.subTest(name, length=length), self.assertRaises(protocol.ProtocolError):
                    decode(payload[:length])
            with self.subTest(name, length="longer"), self.assertRaises(protocol.ProtocolError):
                decode(payload + bytes(8))

    def test_random_payloads_are_decoded_or_refused(self):
        chosen = random.Random(1)
        for _ in range(20_000):
            name, payload, decode = chosen.choice(self.DECODERS)
            changed = bytearray(payload)
            for _ in range(chosen.randrange(1, 4)):
                changed[chosen.randrange(len(changed))] = chosen.randrange(256)
            try:
                decode(bytes(changed))
            except protocol.ProtocolError:
                pass

    def test_a_reason_stands_behind_the_statuses_and_only_with_its_flag(self):
        header = protocol.decode_header(message(b"", flags=3))._replace(record_count=1)
        self.assertEqual(protocol.split_reason(header, bytes(12) + b"no rule"),
                         (bytes(12), "no rule"))
        self.assertEqual(protocol.split_reason(header._replace(flags=1), bytes(12)),
                         (bytes(12), ""))
        self.assertEqual(protocol.split_reason(header, bytes(5)), (bytes(5), ""))

    def test_a_header_that_answers_nothing_is_refused(self):
        for wrong in (message(b"", version=2), message(b"", flags=0), message(b"", flags=5),
                      message(b"", ident=0), message(b"", opcode=10),
                      memoryview(bytes(39))):
            with self.assertRaises(protocol.ProtocolError):
                protocol.decode_header(wrong)
