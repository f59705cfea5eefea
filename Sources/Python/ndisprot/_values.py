"""What the protocol carries: frames, bindings, rights, events, as values."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import NamedTuple

ANY = 0xFFFF
LLC = 0
MOST_ETHERTYPES = 16


class OpenFlags(enum.IntFlag):
    """Properties of an open."""

    NONE = 0
    ANY_SOURCE = 1
    OUTGOING = 2
    FAIL_ON_TRUNCATION = 4
    IGNORE_CARRIER = 8
    NO_LOOPBACK = 16
    COMPAT = 32


class Rights(enum.IntFlag):
    """What a rule of the daemon's policy gives."""

    NONE = 0
    READ = 1
    WRITE = 2
    PROMISCUOUS = 4
    SET_OID = 8
    ANY_SOURCE = 16
    ALL_FRAMES = 32
    EXCLUSIVE = 64
    JOIN = 128
    PRIORITY = 256
    ALL = 511


class FrameFlags(enum.IntFlag):
    """What is particular about a frame that was read."""

    NONE = 0
    TRUNCATED = 1
    OUTGOING = 2
    LOOPED = 4
    TAG_PUT_BACK = 8
    HARDWARE_TIME = 16


class EventKind(enum.IntEnum):
    """What can happen to a binding."""

    BINDING_ADDED = 1
    BINDING_REMOVED = 2
    LINK_STATE = 3
    POWER_STATE = 4
    ADDRESS = 5
    MTU = 6
    NAME = 7
    BINDING_STATE = 8
    SHUTDOWN = 9


ALL_EVENTS = sum(1 << kind for kind in EventKind)


class Frame(NamedTuple):
    """One frame: destination, source, EtherType and payload, without the frame check sequence.

    time_ns counts nanoseconds since the epoch; wire_length is what the frame had on the wire, tag
    included; lost_before counts frames that this open lost directly in front of this one, 0 also
    from a daemon too old to report it.
    """

    data: bytes
    time_ns: int
    wire_length: int
    flags: int
    lost_before: int

    @property
    def is_truncated(self) -> bool:
        """Fewer bytes are here than were on the wire."""
        return bool(self.flags & FrameFlags.TRUNCATED)

    @property
    def is_outgoing(self) -> bool:
        """This host sent the frame."""
        return bool(self.flags & FrameFlags.OUTGOING)

    @property
    def destination(self) -> bytes:
        """The 6 bytes of the destination address."""
        return self.data[:6]

    @property
    def source(self) -> bytes:
        """The 6 bytes of the source address."""
        return self.data[6:12]

    @property
    def ethertype(self) -> int:
        """The EtherType, behind one 802.1Q tag too; 0 for a length field (LLC)."""
        at = 16 if self.data[12:14] == b"\x81\x00" else 12
        value = int.from_bytes(self.data[at:at + 2], "big")
        return value if value >= 0x0600 else LLC

    @property
    def payload(self) -> bytes:
        """What follows the EtherType, behind one 802.1Q tag too."""
        return self.data[18:] if self.data[12:14] == b"\x81\x00" else self.data[14:]


class Access(NamedTuple):
    """What one rule gives this user on a binding: rights, and the EtherTypes they are for."""

    rights: Rights
    ethertypes: tuple[int, ...]

    def decides(self, ethertype: int) -> bool:
        """Whether the rule is about an EtherType."""
        return ethertype in self.ethertypes or ANY in self.ethertypes


class Binding(NamedTuple):
    """One interface that the daemon has bound."""

    ifindex: int
    name: str
    state: int
    link: int
    is_powered: bool
    mtu: int
    opens: int
    address: bytes
    description: str
    #: What made it, as "veth" or "bridge"; "" for a card.
    kind: str = ""
    #: The bridge or bond that it is a port of.
    master: str = ""
    #: Names that open it as its own does.
    alternative_names: tuple[str, ...] = ()
    #: What this user may do here, in the order in which the rules decide; None from a daemon that
    #: does not tell.
    access: tuple[Access, ...] | None = None

    def is_named(self, name: str) -> bool:
        """Whether a name opens this binding: its own, or an alternative one."""
        return name == self.name or name in self.alternative_names

    def rights(self, ethertypes: Iterable[int] = (ANY,)) -> Rights:
        """What this user may do with every one of these EtherTypes; of several rules the first
        decides. NONE if no rule is about one of them."""
        found, wanted = Rights.ALL, list(ethertypes)
        for each in wanted:
            # `any` includes the types of earlier rules.
            rows: list[Access] = []
            for row in self.access or ():
                if each == ANY or row.decides(each):
                    rows.append(row)
                if row.decides(each):
                    break
            else:
                return Rights.NONE
            for row in rows:
                found &= row.rights
        return found if wanted else Rights.NONE

    def usable_ethertypes(self, rights: Rights = Rights.READ | Rights.WRITE) -> tuple[int, ...]:
        """The EtherTypes for which this user has one of these rights, as an open takes them.

        (ANY,) if that is one of them and no earlier rule takes a type away, else at most 16 of
        those that the rules name.
        """
        decided: set[int] = set()
        found: list[int] = []
        for row in self.access or ():
            is_usable = bool(row.rights & rights)
            if ANY in row.ethertypes:
                if is_usable and len(found) == len(decided):
                    return (ANY,)
                break
            fresh = [each for each in row.ethertypes if each not in decided]
            decided.update(fresh)
            found += fresh if is_usable else []
        return tuple(found[:MOST_ETHERTYPES])


class Event(NamedTuple):
    """One change of a binding; binding is as it is since, or was before it went."""

    sequence: int
    lost: int
    time_ns: int
    kind: int
    changes: int
    binding: Binding | None


class Grant(NamedTuple):
    """What OPEN was granted."""

    mode: int
    flags: int
    queue_bytes: int
    ifindex: int
    mtu: int
    address: bytes
    ethertypes: tuple[int, ...]
    name: str


class FrameStatus(NamedTuple):
    """What became of one frame of a batch; errno 0 is success."""

    nt_status: int
    ndis_status: int
    errno: int
