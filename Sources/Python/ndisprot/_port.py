"""A binding that is open: whole frames in and out, OIDs, groups."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Union

from . import _protocol as protocol
from ._async_port import AsyncCalls
from ._errors import Error, failed
from ._protocol import Control, Opcode
from ._session import REPLY_TIMEOUT, Session, deadline_after, seconds_left
from ._values import ANY, LLC, MOST_ETHERTYPES, Frame, OpenFlags, Rights

#: EtherTypes by the names that people use.
ETHERTYPES = {
    "any": ANY, "llc": LLC, "ipv4": 0x0800, "arp": 0x0806, "wol": 0x0842,
    "ipv6": 0x86DD, "profinet": 0x8892, "ethercat": 0x88A4, "eapol": 0x888E, "local": 0x88B5,
    "lldp": 0x88CC, "ptp": 0x88F7,
}
_CURRENT_PACKET_FILTER = 0x0001010E
_MULTICAST_LIST = 0x01010103
#: Room for the longest value that an OID has here: 32 groups are 192 bytes.
_OID_ROOM = 8 + 4096
_BATCH_FRAMES = 512
_CANCEL_TIMEOUT = 1.0

EtherType = Union[int, str]
Group = Union[bytes, str]


def ethertype(value: EtherType) -> int:
    """An EtherType by number, by name ("lldp"), or as text ("0x88cc")."""
    if isinstance(value, str):
        named = ETHERTYPES.get(value.lower())
        if named is not None:
            return named
        try:
            value = int(value, 0)
        except ValueError:
            raise ValueError("%r is no EtherType; write a number, or one of %s" % (
                value, ", ".join(ETHERTYPES))) from None
    if not 0 <= value <= 0xFFFF:
        raise ValueError("an EtherType has 16 bits, %#x has more" % value)
    return value


def mac_address(value: Group) -> bytes:
    """The 6 bytes of an address: as bytes, or as text with colons or dashes."""
    if isinstance(value, str):
        try:
            value = bytes.fromhex(value.replace(":", "").replace("-", ""))
        except ValueError:
            raise ValueError("%r is no address; write aa:bb:cc:dd:ee:ff" % value) from None
    if len(value) != 6:
        raise ValueError("an address has 6 bytes, not %d" % len(value))
    return value


def group_address(value: Group) -> bytes:
    """The 6 bytes of a group's address."""
    address = mac_address(value)
    if not address[0] & 1:
        raise ValueError("%s is one station's address; groups have an odd first byte" % (
            address.hex(":")))
    return address


def _types(values: EtherType | Iterable[EtherType]) -> list[int]:
    found = [ethertype(value) for value in (
        [values] if isinstance(values, (int, str)) else values)]
    if len(found) > MOST_ETHERTYPES:
        raise ValueError("an open has at most %d EtherTypes, or any" % MOST_ETHERTYPES)
    return found


class Port(AsyncCalls):
    """A session with one binding open on it.

        with ndisprot.open("eth0", "lldp") as port:
            port.join("01:80:c2:00:00:0e")
            for frame in port:
                print(frame.source.hex(":"), frame.payload)

    One thread at a time, as every session. The attributes are as granted: name, ifindex, address,
    mtu, ethertypes, queue_bytes, open_flags, priority.
    """

    def __init__(self, name: str, ethertypes: EtherType | Iterable[EtherType] = "any", *,
                 exclusive: bool = False, flags: OpenFlags = OpenFlags.NONE, queue_bytes: int = 0,
                 wait: float = 0.0, purpose: str = "", priority: int = 0,
                 path: str | os.PathLike[str] | None = None,
                 timeout: float | None = REPLY_TIMEOUT) -> None:
        """Opens a binding; an empty set of EtherTypes asks and sets only, and moves no frames.

        wait is how many seconds the interface may take to come up; queue_bytes the window on the
        receive ring, 0 for the daemon's default; purpose goes into the daemon's audit, 64 bytes;
        priority, 0 to 15, is that of sent frames in the interface's queues, and needs that right.
        """
        if not 0 <= priority <= 15:
            raise ValueError("a priority is 0 to 15, not %d" % priority)
        asked = int(flags) | priority << 8
        self._asked = (name, _types(ethertypes), exclusive, asked, queue_bytes, wait, purpose)
        self._groups: list[bytes] = []
        self._packet_filter: int | None = None
        self._write_reason = ""
        super().__init__(path, timeout)
        try:
            self._open(timeout)
        except BaseException:
            self.close()
            raise

    def _open(self, timeout: float | None) -> None:
        name, types, exclusive, flags, queue_bytes, wait, purpose = self._asked
        if not self._features & protocol.PURPOSES:
            purpose = ""
        if protocol.priority(flags) and not self._features & protocol.PRIORITIES:
            raise failed("open %s" % name, errno.EOPNOTSUPP,
                         reason="this daemon is too old for priorities")
        request = protocol.open_request(
            name, types, exclusive=exclusive, flags=flags, queue_bytes=queue_bytes,
            wait_milliseconds=max(0, int(wait * 1000)), purpose=purpose)
        limit = None if timeout is None else timeout + wait
        _, payload = self._call(Opcode.OPEN, request, "open %s" % name, timeout=limit,
                                count=1 if purpose else 0)
        self.grant = protocol.decode_grant(payload)
        self.name = self.grant.name
        self.ifindex = self.grant.ifindex
        self.address = self.grant.address
        self.mtu = self.grant.mtu
        self.ethertypes = self.grant.ethertypes
        self.queue_bytes = self.grant.queue_bytes
        self.priority = protocol.priority(self.grant.flags)
        self.open_flags = OpenFlags(self.grant.flags & ~protocol.ALL_PRIORITIES)

    def __repr__(self) -> str:
        types = ",".join("any" if each == ANY else "%#06x" % each for each in self.ethertypes)
        return "<ndisprot.Port %s %s%s>" % (self.name, types, " closed" if self.is_closed else "")

    def resume(self, timeout: float | None = None) -> None:
        """Connects and opens again after Disconnected or Gone, with what was asked for at first.

        Tries until the timeout passes; joined groups and the packet filter are set again. Frames
        that had arrived and were not read are kept.
        """
        deadline = deadline_after(timeout)
        pause = 0.05
        kept = self._frames
        while True:
            Session.close(self)
            self._forget_reader()
            self._reset()
            try:
                self._connect(REPLY_TIMEOUT)
                self._open(REPLY_TIMEOUT)
                break
            except Error as error:
                left = seconds_left(deadline)
                is_passing = error.errno in (
                    errno.ENOENT, errno.ECONNREFUSED, errno.ECONNRESET, errno.ENODEV,
                    errno.ETIMEDOUT, errno.EAGAIN)
                if not is_passing or (left is not None and left <= 0):
                    raise
                time.sleep(pause if left is None else min(pause, left))
                pause = min(pause * 2, 1.0)
        self._frames = kept
        if self._groups:
            self.set(_MULTICAST_LIST, b"".join(self._groups))
        if self._packet_filter is not None:
            self.set(_CURRENT_PACKET_FILTER, self._packet_filter.to_bytes(4, "little"))

    def close(self) -> None:
        """Ends the session and the open; what is pended ends with it."""
        self._forget_reader()
        super().close()

    # MARK: Reading

    def _fill(self, timeout: float | None) -> bool:
        """Waits for at least one frame; False when the timeout passed first."""
        if self._frames:
            return True
        self._pend()
        deadline = deadline_after(timeout)
        while not self._frames:
            self._raise_failure()
            if not self._advance(deadline):
                if timeout:
                    self._cancel_reads()
                return bool(self._frames)
            if not self._reads:
                self._pend()
        return True

    def _cancel_reads(self) -> None:
        # A frame that arrives now waits in the daemon, where it is counted, and not in the socket.
        for ident in list(self._reads):
            self._abandoned.add(self._send(Opcode.CANCEL, protocol.cancel_request(ident)))
        # A daemon that hangs answers later: what is still pended then serves the next read.
        deadline = deadline_after(_CANCEL_TIMEOUT)
        while self._reads and self._advance(deadline):
            pass

    def read(self, timeout: float | None = None) -> Frame:
        """The next frame. Raises TimedOut when none came in time; timeout 0 never waits."""
        with self._guard:
            if not self._fill(timeout):
                raise failed("read", errno.ETIMEDOUT)
            return self._frames.popleft()

    def read_batch(self, timeout: float | None = None) -> list[Frame]:
        """All frames that have arrived, at least one; an empty list when the timeout passed."""
        with self._guard:
            if not self._fill(timeout):
                return []
            found = list(self._frames)
            self._frames.clear()
            return found

    def __iter__(self) -> Iterator[Frame]:
        """Frames as they arrive, for ever."""
        while True:
            yield self.read()

    # MARK: Writing

    def write(self, frame: bytes, timeout: float | None = REPLY_TIMEOUT) -> None:
        """Sends one frame, and returns when the interface has it."""
        self._call(Opcode.WRITE, protocol.records([frame]), "write", timeout=timeout, count=1)

    def write_batch(self, frames: Sequence[bytes],
                    timeout: float | None = REPLY_TIMEOUT) -> list[int]:
        """Sends frames in order, in as few messages as they fit; the errno of each, 0 for sent."""
        with self._guard:
            self._write_reason = ""
            deadline = deadline_after(timeout)
            results = [errno.EMSGSIZE] * len(frames)
            pended: list[tuple[int, range]] = []
            for batch in _batches(frames):
                ident = self._send(
                    Opcode.WRITE_BATCH, protocol.records(frames[at] for at in batch),
                    count=len(batch), deadline=deadline, operation="write")
                pended.append((ident, batch))
                if len(pended) > 1:
                    self._note_statuses(results, *pended.pop(0), deadline)
            for ident, batch in pended:
                self._note_statuses(results, ident, batch, deadline)
            return results

    @property
    def write_reason(self) -> str:
        """Why the policy refused a frame of the last write_batch; "" if it refused none."""
        return self._write_reason

    def _note_statuses(self, results: list[int], ident: int, batch: range,
                       deadline: float | None) -> None:
        header, payload = self._reply(ident, "write", deadline)
        if header.record_count == 0 and header.errno:
            raise self._refusal(header, payload, "write")
        payload, reason = protocol.split_reason(header, payload)
        self._write_reason = self._write_reason or reason
        if header.record_count == 0:
            errnos = [0] * len(batch)
        elif header.record_count == len(batch):
            errnos = [each.errno for each in protocol.decode_statuses(payload, len(batch))]
        else:
            raise protocol.ProtocolError(
                "%d statuses for %d frames" % (header.record_count, len(batch)))
        results[batch.start:batch.stop] = errnos

    # MARK: OIDs and rights

    def rights(self) -> Rights:
        """What the daemon's rules, as they are now, give this user for all EtherTypes of the open.

        NONE also from a daemon that does not tell, and for an open without EtherTypes.
        """
        for each in self.bindings():
            if each.ifindex == self.ifindex:
                return each.rights(self.ethertypes)
        return Rights.NONE

    def query(self, oid: int, timeout: float | None = REPLY_TIMEOUT) -> bytes:
        """The value of an OID, as NDIS lays it out, little-endian."""
        _, payload = self._call(
            Opcode.DEVICE_CONTROL, protocol.oid_message(oid), "query %#010x" % oid,
            timeout=timeout, code=Control.QUERY_OID_VALUE, room=_OID_ROOM)
        return protocol.decode_oid_message(payload, oid)

    def set(self, oid: int, value: bytes, timeout: float | None = REPLY_TIMEOUT) -> None:
        """Sets an OID for this open; needs the right set-oid."""
        self._call(Opcode.DEVICE_CONTROL, protocol.oid_message(oid, value), "set %#010x" % oid,
                   timeout=timeout, code=Control.SET_OID_VALUE)
        if oid == _CURRENT_PACKET_FILTER:
            self._packet_filter = int.from_bytes(value, "little")

    def join(self, *groups: Group) -> None:
        """Adds groups to those that the open hears."""
        wanted = self._groups + [each for each in map(group_address, groups)
                                 if each not in self._groups]
        self.set(_MULTICAST_LIST, b"".join(wanted))
        self._groups = wanted

    def leave(self, *groups: Group) -> None:
        """Takes groups from those that the open hears."""
        gone = [mac_address(group) for group in groups]
        wanted = [each for each in self._groups if each not in gone]
        self.set(_MULTICAST_LIST, b"".join(wanted))
        self._groups = wanted


def _batches(frames: Sequence[bytes]) -> Iterator[range]:
    """Runs of frames that fit one message each; a frame that fits none is in no run."""
    start = byte_count = 0
    for index, frame in enumerate(frames):
        size = protocol.record_bytes(len(frame))
        if index > start and (byte_count + size > protocol.ROOM
                              or index - start == _BATCH_FRAMES):
            yield range(start, index)
            start, byte_count = index, 0
        if size > protocol.ROOM:
            start, byte_count = index + 1, 0
        else:
            byte_count += size
    if start < len(frames):
        yield range(start, len(frames))
