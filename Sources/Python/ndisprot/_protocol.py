"""The bytes of the control channel: headers, payloads and records, as pure values.

Written from the protocol page of NdisprotControl; nothing here does I/O. Every decoder checks each
length before it uses it and raises ProtocolError for a payload that is cut, too long or not of its
shape, so that no daemon can make a client read beyond a message.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ._values import (
    Access,
    Binding,
    Event,
    Frame,
    FrameStatus,
    Grant,
    Rights,
)

VERSION = 1
LONGEST_MESSAGE = 128 << 10
_HEADER = struct.Struct("<HHIQIIIIII")
_RECORD = struct.Struct("<IIQII")
_ENTRY = struct.Struct("<IIIIIIIHH6sH")
_COUNT = struct.Struct("<I4x")
_ROW = struct.Struct("<IH2x")
_EVENT = struct.Struct("<QQQII")
_STATUS = struct.Struct("<III")
_OPEN = struct.Struct("<IIIIHH")
_GRANT = struct.Struct("<IIIIIHH6sH")

HEADER_BYTES = _HEADER.size
RECORD_BYTES = _RECORD.size
ROOM = LONGEST_MESSAGE - HEADER_BYTES

_IS_REPLY = 1
_HAS_REASON = 2

# Features of HELLO. A binding says what this user may do there, and its other names; a refusal ends
# with its reason; a record says how many frames were lost in front of it; an open says what for;
# its frames have a priority.
ACCESS = 1
NAMES = 2
REASONS = 4
LOSSES = 8
PURPOSES = 16
PRIORITIES = 32
FEATURES = ACCESS | NAMES | REASONS | LOSSES | PURPOSES | PRIORITIES
_LONGEST_PURPOSE = 64
# In the flags of an open.
ALL_PRIORITIES = 15 << 8
_LARGEST_ERRNO = 4095


class ProtocolError(ValueError):
    """The daemon sent bytes that are not of the protocol."""


class Opcode(enum.IntEnum):
    """What a message asks for, or answers."""

    HELLO = 0
    DEVICE_CONTROL = 1
    OPEN = 2
    CLOSE_DEVICE = 3
    READ = 4
    WRITE = 5
    READ_BATCH = 6
    WRITE_BATCH = 7
    CANCEL = 8
    SUBSCRIBE = 9
    EVENT = 10
    ENUMERATE = 11
    STATISTICS = 12
    ADMINISTRATION = 13
    WAIT = 14


class Control(enum.IntEnum):
    """The codes of DEVICE_CONTROL, as the sample has them."""

    QUERY_OID_VALUE = 0x0012C804
    SET_OID_VALUE = 0x0012C814


class Header(NamedTuple):
    """The 40 bytes in front of every payload, little-endian."""

    version: int
    opcode: int
    flags: int
    id: int
    code: int
    ndis_status: int
    errno: int
    information: int
    bytes_needed: int
    record_count: int


def header(opcode: int, ident: int, *, code: int = 0, room: int = 0, count: int = 0) -> bytes:
    """The header of a request."""
    return _HEADER.pack(VERSION, opcode, 0, ident, code, 0, 0, room, 0, count)


def decode_header(message: memoryview) -> Header:
    """The header of a message of the daemon's: a reply, or an event with id 0."""
    if len(message) < HEADER_BYTES:
        raise ProtocolError("a message of %d bytes is shorter than a header" % len(message))
    found = Header(*_HEADER.unpack_from(message))
    if found.version != VERSION:
        raise ProtocolError("a message of version %d" % found.version)
    is_event = found.opcode == Opcode.EVENT
    if found.flags & ~_HAS_REASON != (0 if is_event else _IS_REPLY) or is_event != (found.id == 0):
        raise ProtocolError("a message that is neither a reply nor an event")
    if found.errno > _LARGEST_ERRNO:
        raise ProtocolError("an errno of %d" % found.errno)
    return found


def split_reason(found: Header, payload: bytes) -> tuple[bytes, str]:
    """The payload of a reply without the reason of a refusal, and that reason ("": none)."""
    if not found.flags & _HAS_REASON:
        return payload, ""
    at = found.record_count * _STATUS.size
    return payload[:at], payload[at:].decode("utf-8", "replace")


def hello(features: int = FEATURES) -> bytes:
    """The payload of HELLO."""
    return struct.pack("<HHIQ", VERSION, VERSION, 0, features)


def decode_hello(payload: bytes) -> int:
    """The features that both sides have."""
    if len(payload) != 16:
        raise ProtocolError("HELLO was answered with %d bytes" % len(payload))
    version, _, _, features = struct.unpack("<HHIQ", payload)
    if version != VERSION:
        raise ProtocolError("the daemon chose version %d" % version)
    return int(features)


def open_request(name: str, ethertypes: Sequence[int], *, exclusive: bool, flags: int,
                 queue_bytes: int, wait_milliseconds: int, purpose: str = "") -> bytes:
    """The payload of OPEN; with a purpose (feature PURPOSES) the header's count is 1."""
    text = name.encode("utf-8", "surrogateescape")
    words = purpose.encode()[:_LONGEST_PURPOSE].decode("utf-8", "ignore").encode()
    return b"".join((
        _OPEN.pack(0 if exclusive else 1, flags, queue_bytes, wait_milliseconds,
                   len(ethertypes), len(text)),
        struct.pack("<%dH" % len(ethertypes), *ethertypes), text,
        words + struct.pack("<H", len(words)) if words else b""))


def priority(flags: int) -> int:
    """The priority in the flags of an open."""
    return (flags & ALL_PRIORITIES) >> 8


def decode_grant(payload: bytes) -> Grant:
    """What OPEN was granted."""
    if len(payload) < _GRANT.size:
        raise ProtocolError("OPEN was answered with %d bytes" % len(payload))
    (mode, flags, queue_bytes, ifindex, mtu, type_count, name_bytes, address,
     _) = _GRANT.unpack_from(payload)
    at = _GRANT.size + 2 * type_count
    if len(payload) != at + name_bytes:
        raise ProtocolError("OPEN was answered with %d bytes" % len(payload))
    types = struct.unpack_from("<%dH" % type_count, payload, _GRANT.size)
    return Grant(mode, flags, queue_bytes, ifindex, mtu, address, types,
                 payload[at:].decode("utf-8", "replace"))


def records(frames: Iterable[bytes]) -> bytes:
    """Frames as WRITE and WRITE_BATCH carry them: 24 bytes, the frame, zeros to a multiple of 8."""
    parts: list[bytes] = []
    for frame in frames:
        length = len(frame)
        parts += (_RECORD.pack(length, length, 0, 0, 0), frame, bytes(-length % 8))
    try:
        return b"".join(parts)
    except TypeError:
        raise TypeError("a frame is bytes, from the destination address on") from None


def record_bytes(frame_bytes: int) -> int:
    """Bytes of a whole record with a frame of frame_bytes."""
    return RECORD_BYTES + frame_bytes + -frame_bytes % 8


def decode_records(message: memoryview, count: int, into: list[Frame]) -> None:
    """Appends the frames of a message, header included, to a list."""
    # Slices of bytes cost one object each, those of a memoryview two.
    data = bytes(message)
    if not _decode_equal_records(data, count, into):
        _decode_each_record(data, count, into)


def _decode_equal_records(data: bytes, count: int, into: list[Frame]) -> bool:
    """The same for frames that all have one length, as in a flood: a third of the time.

    False, with nothing appended, if they have not.
    """
    if count < 2 or len(data) < HEADER_BYTES + RECORD_BYTES:
        return False
    length = _RECORD.unpack_from(data, HEADER_BYTES)[0]
    size = record_bytes(length)
    if len(data) != HEADER_BYTES + size * count:
        return False
    for index, value in enumerate(length.to_bytes(4, "little")):
        if data[HEADER_BYTES + index::size] != bytes((value,)) * count:
            return False
    make = tuple.__new__
    into += [
        make(Frame, (frame, time_ns, wire_length, flags, lost))
        for wire_length, time_ns, flags, lost, frame in struct.iter_unpack(
            "<4xIQII%ds%dx" % (length, -length % 8), memoryview(data)[HEADER_BYTES:])]
    return True


def _decode_each_record(data: bytes, count: int, into: list[Frame]) -> None:
    at, end = HEADER_BYTES, len(data)
    unpack, append, make = _RECORD.unpack_from, into.append, tuple.__new__
    try:
        for _ in range(count):
            length, wire_length, time_ns, flags, lost = unpack(data, at)
            at += RECORD_BYTES
            stop = at + length
            if stop > end:
                raise ProtocolError("a record ends behind its message")
            append(make(Frame, (data[at:stop], time_ns, wire_length, flags, lost)))
            at = stop + (-length & 7)
    except struct.error:
        raise ProtocolError("a record begins behind its message") from None
    if at != end:
        raise ProtocolError("%d bytes behind the last record" % (end - at))


def decode_statuses(payload: bytes, count: int) -> list[FrameStatus]:
    """What became of each frame of a batch."""
    if len(payload) != count * _STATUS.size:
        raise ProtocolError("%d bytes for the statuses of %d frames" % (len(payload), count))
    return [FrameStatus(*each) for each in _STATUS.iter_unpack(payload)]


def _cut(payload: bytes, at: int, count: int) -> bytes:
    if at + count > len(payload):
        raise ProtocolError("an entry of a binding is cut")
    return payload[at:at + count]


def _texts(entry: bytes, at: int, count: int) -> tuple[list[str], int]:
    found: list[str] = []
    for _ in range(count):
        length = int.from_bytes(_cut(entry, at, 2), "little")
        found.append(_cut(entry, at + 2, length).decode("utf-8", "replace"))
        at += 2 + length
    return found, at


def _access(entry: bytes, at: int) -> tuple[Access, ...]:
    count = _COUNT.unpack(_cut(entry, at, _COUNT.size))[0]
    at += _COUNT.size
    found: list[Access] = []
    for _ in range(count):
        rights, type_count = _ROW.unpack(_cut(entry, at, _ROW.size))
        size = 2 * type_count
        types = struct.unpack("<%dH" % type_count, _cut(entry, at + _ROW.size, size))
        found.append(Access(Rights(rights & Rights.ALL), types))
        at += _ROW.size + size
        at += -at & 7
    if at != len(entry):
        raise ProtocolError("%d bytes behind what a user may do" % (len(entry) - at))
    return tuple(found)


def _binding(payload: bytes, at: int) -> tuple[Binding, int]:
    """One binding; its size counts from its own start, and so do the multiples of 8."""
    size = int.from_bytes(_cut(payload, at, 4), "little")
    entry = _cut(payload, at, size)
    if size < _ENTRY.size or size % 8:
        raise ProtocolError("an entry of %d bytes" % size)
    (_, ifindex, state, link, power, mtu, opens, name_bytes, description_bytes, address,
     text_count) = _ENTRY.unpack_from(entry)
    end = _ENTRY.size + name_bytes
    name = _cut(entry, _ENTRY.size, name_bytes).decode("utf-8", "replace")
    description = _cut(entry, end, description_bytes).decode("utf-8", "replace")
    texts, end = _texts(entry, end + description_bytes, text_count)
    end += -end & 7
    kind, master = (texts + ["", ""])[:2]
    return Binding(ifindex, name, state, link, bool(power), mtu, opens, address, description,
                   kind, master, tuple(texts[2:]),
                   _access(entry, end) if end < size else None), at + size


def enumerate_request(after_ifindex: int) -> bytes:
    """The payload of ENUMERATE."""
    return struct.pack("<II", after_ifindex, 0)


def decode_bindings(payload: bytes, count: int) -> tuple[list[Binding], bool]:
    """One page of ENUMERATE, and whether there are more."""
    if len(payload) < 16:
        raise ProtocolError("ENUMERATE was answered with %d bytes" % len(payload))
    has_more = bool(struct.unpack_from("<I", payload, 8)[0])
    found: list[Binding] = []
    at = 16
    for _ in range(count):
        entry, at = _binding(payload, at)
        found.append(entry)
    if at != len(payload):
        raise ProtocolError("%d bytes behind the last binding" % (len(payload) - at))
    return found, has_more


def decode_event(payload: bytes, count: int) -> Event:
    """The payload of an event."""
    if len(payload) < _EVENT.size or count > 1:
        raise ProtocolError("an event of %d bytes" % len(payload))
    sequence, lost, time_ns, kind, changes = _EVENT.unpack_from(payload)
    entry, at = _binding(payload, _EVENT.size) if count else (None, _EVENT.size)
    if at != len(payload):
        raise ProtocolError("%d bytes behind an event" % (len(payload) - at))
    return Event(sequence, lost, time_ns, kind, changes, entry)


def subscribe_request(kinds: int, ifindex: int) -> bytes:
    """The payload of SUBSCRIBE: bit n is the kind n."""
    return struct.pack("<II", kinds, ifindex)


def cancel_request(ident: int) -> bytes:
    """The payload of CANCEL."""
    return struct.pack("<Q", ident)


def wait_request(names: Sequence[str], milliseconds: int) -> bytes:
    """The payload of WAIT."""
    texts = [name.encode("utf-8", "surrogateescape") for name in names]
    return struct.pack("<IHH", milliseconds, len(texts), 0) + b"".join(
        struct.pack("<H", len(text)) + text for text in texts)


def oid_message(oid: int, value: bytes = b"") -> bytes:
    """The bytes of QUERY_OID_VALUE and SET_OID_VALUE."""
    return struct.pack("<II", oid, 0) + value


def decode_oid_message(payload: bytes, oid: int) -> bytes:
    """The value that QUERY_OID_VALUE was answered with."""
    if len(payload) < 8 or struct.unpack_from("<I", payload)[0] != oid:
        raise ProtocolError("a query was answered with %d bytes" % len(payload))
    return payload[8:]
