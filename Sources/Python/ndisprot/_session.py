"""One connection with the daemon: requests go out, replies come back in any order."""

from __future__ import annotations

import errno
import os
import select
import socket
import time
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from . import _protocol as protocol
from ._errors import Disconnected, Error, TimedOut, failed
from ._guard import Guard
from ._protocol import Header, Opcode, ProtocolError
from ._trust import check_trust, socket_path
from ._values import ALL_EVENTS, Binding, Event, Frame

if TYPE_CHECKING:
    import asyncio

    Reply = tuple[Header, bytes]

REPLY_TIMEOUT = 10.0
_LONGEST_WAIT = 24 * 3600.0
#: Events that wait for next_event; older ones are counted as lost.
_MOST_EVENTS = 4096
#: Messages that are taken after a deadline, since they may have arrived before it.
_MOST_OVERTIME = 256
#: Seconds from which a timeout is none: a century does not fit into the milliseconds of poll().
_LONGEST_TIMEOUT = 86400.0 * 20
_S = TypeVar("_S", bound="Session")


def deadline_after(timeout: float | None) -> float | None:
    """When a timeout that begins now is over, by the monotonic clock."""
    if timeout is None or timeout > _LONGEST_TIMEOUT:
        return None
    return time.monotonic() + timeout


def seconds_left(deadline: float | None) -> float | None:
    """Seconds until a deadline, never negative; None without one."""
    return None if deadline is None else max(0.0, deadline - time.monotonic())


class Session:
    """A connection with the daemon.

    One thread at a time: two threads inside one session at the same moment raise RuntimeError in
    the second. Threads that read and write at once take a session each.
    """

    #: Reads that are pended at once; with one, every message costs a wake-up of both sides.
    READS = 4

    def __init__(self, path: str | os.PathLike[str] | None = None,
                 timeout: float | None = REPLY_TIMEOUT) -> None:
        self._path = socket_path(path)
        self._guard = Guard()
        self._buffer = bytearray(protocol.LONGEST_MESSAGE)
        self._view = memoryview(self._buffer)
        self._reset()
        self._connect(timeout)

    def _reset(self) -> None:
        self._next_id = 0
        self._replies: dict[int, Reply] = {}
        self._awaited: dict[int, asyncio.Future[Reply]] = {}
        self._abandoned: set[int] = set()
        self._reads: set[int] = set()
        self._read_failure: Error | None = None
        self._frames: deque[Frame] = deque()
        self._events: deque[Event] = deque()
        self._features = 0
        self._overtime = 0

    def _connect(self, timeout: float | None) -> None:
        self._is_closing = False
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_CLOEXEC)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            self._socket.settimeout(seconds_left(deadline_after(timeout)))
            try:
                self._socket.connect(self._path)
            except OSError as error:
                number = error.errno or errno.ETIMEDOUT
                raise failed("connect", number, subject=self._path) from None
            check_trust(self._socket, self._path)
            self._socket.setblocking(False)
            self._readable_poll = select.poll()
            self._readable_poll.register(self._socket, select.POLLIN)
            _, payload = self._call(Opcode.HELLO, protocol.hello(), "connect", timeout=timeout)
            self._features = protocol.decode_hello(payload)
        except BaseException:
            self._socket.close()
            raise

    # MARK: Ends

    def close(self) -> None:
        """Ends the session; what is pended ends with it. Closing twice is allowed.

        A thread that waits in it gets an error. In a child of fork() the parent's session lives on.
        """
        for waiter in self._awaited.values():
            waiter.cancel()
        self._awaited.clear()
        self._is_closing = True
        connection = self._socket
        self._guard.close(connection.close, lambda: connection.shutdown(socket.SHUT_RDWR))

    @property
    def is_closed(self) -> bool:
        """Whether the session was closed on this side."""
        return self._is_closing or self._socket.fileno() < 0

    def fileno(self) -> int:
        """The descriptor, readable when the daemon has sent something; -1 once closed.

        Frames that have arrived already make nothing readable: read them first, with timeout 0.
        """
        return -1 if self._is_closing else self._socket.fileno()

    def __enter__(self: _S) -> _S:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    # MARK: Messages

    def _send(self, opcode: int, payload: bytes = b"", *, code: int = 0, room: int = 0,
              count: int = 0, deadline: float | None = None, operation: str = "send") -> int:
        """Sends a request, and takes replies while the daemon has no room for it."""
        if len(payload) > protocol.ROOM:
            # The daemon would close the session for a message that is too long.
            raise failed(operation, errno.EMSGSIZE)
        self._next_id += 1
        ident = self._next_id
        message = (protocol.header(opcode, ident, code=code, room=room, count=count), payload)
        while not self._try_send(message):
            # The daemon reads no further while replies park: take some, or both stand still.
            waiting = select.poll()
            waiting.register(self._socket, select.POLLIN | select.POLLOUT)
            left = seconds_left(deadline)
            found = waiting.poll(None if left is None else left * 1000)
            if not found or not (found[0][1] & select.POLLOUT or self._advance(deadline)):
                raise failed(operation, errno.ETIMEDOUT)
        return ident

    def _try_send(self, message: tuple[bytes, bytes]) -> bool:
        if self.is_closed:
            raise failed("send", errno.ENOTCONN, reason="the session is closed")
        try:
            self._socket.sendmsg(message)
            return True
        except BlockingIOError:
            return False
        except OSError as error:
            # What the daemon sent before it went is still there to be read.
            if error.errno in (errno.EPIPE, errno.ECONNRESET):
                raise self._disconnected() from None
            raise

    def _disconnected(self) -> Error:
        return failed("session", errno.ECONNRESET, subject=self._path,
                      reason="the daemon ended the session")

    def _take(self) -> bool:
        """Takes one message off the socket; False if there is none."""
        if self.is_closed:
            raise failed("receive", errno.ENOTCONN, reason="the session is closed")
        try:
            size = self._socket.recv_into(self._buffer)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            size = 0
        if size == 0:
            raise self._disconnected()
        self._handle(self._view[:size])
        return True

    def _handle(self, message: memoryview) -> None:
        try:
            header = protocol.decode_header(message)
            if header.id in self._reads:
                self._reads.discard(header.id)
                self._handle_read(header, message)
            elif header.opcode == Opcode.EVENT:
                self._keep_event(protocol.decode_event(
                    bytes(message[protocol.HEADER_BYTES:]), header.record_count))
            else:
                self._handle_reply(header, bytes(message[protocol.HEADER_BYTES:]))
        except ProtocolError:
            # Nothing behind such a message can be trusted.
            self._socket.close()
            raise

    def _handle_read(self, header: Header, message: memoryview) -> None:
        if header.errno == 0:
            if header.opcode != Opcode.READ_BATCH:
                raise ProtocolError("a read was answered by opcode %d" % header.opcode)
            frames: list[Frame] = []
            protocol.decode_records(message, header.record_count, frames)
            self._frames.extend(frames)
        elif header.errno != errno.ECANCELED:
            self._read_failure = self._refusal(
                header, bytes(message[protocol.HEADER_BYTES:]), "read")

    def _keep_event(self, event: Event) -> None:
        if len(self._events) >= _MOST_EVENTS:
            oldest = self._events.popleft()
            self._events[0] = self._events[0]._replace(
                lost=self._events[0].lost + oldest.lost + 1)
        self._events.append(event)

    def _handle_reply(self, header: Header, payload: bytes) -> None:
        if header.id in self._abandoned:
            self._abandoned.discard(header.id)
            return
        waiter = self._awaited.pop(header.id, None)
        if waiter is not None:
            if not waiter.done():
                waiter.set_result((header, payload))
            return
        if header.id > self._next_id:
            raise ProtocolError("a reply to request %d, which was never sent" % header.id)
        self._replies[header.id] = (header, payload)

    def _wait(self, deadline: float | None) -> bool:
        """Sleeps until something arrives; False when the deadline passed first."""
        left = seconds_left(deadline)
        return bool(self._readable_poll.poll(None if left is None else left * 1000))

    def _advance(self, deadline: float | None) -> bool:
        """Takes one message, or sleeps until there is one; False when the deadline has passed.

        What has arrived by then is still taken, but not without end from a daemon that floods.
        """
        if not self._take():
            self._overtime = 0
            return self._wait(deadline)
        if deadline is None or time.monotonic() < deadline:
            return True
        self._overtime += 1
        if self._overtime < _MOST_OVERTIME:
            return True
        self._overtime = 0
        return False

    # MARK: Requests

    @staticmethod
    def _refusal(header: Header, payload: bytes, operation: str) -> Error:
        payload, reason = protocol.split_reason(header, payload)
        # Of a daemon that knows no reasons OPEN alone has a text.
        if not reason and header.opcode == Opcode.OPEN:
            reason = payload.decode("utf-8", "replace").strip("\0")
        return failed(
            operation, header.errno, reason=reason,
            nt_status=header.code, ndis_status=header.ndis_status,
            bytes_needed=header.bytes_needed)

    def _reply(self, ident: int, operation: str, deadline: float | None) -> Reply:
        while ident not in self._replies:
            if not self._advance(deadline):
                self._abandon(ident)
                raise failed(operation, errno.ETIMEDOUT)
        return self._replies.pop(ident)

    def _abandon(self, ident: int) -> None:
        """Cancels a request that has no waiter any more; its reply is dropped on arrival."""
        self._abandoned.add(ident)
        message = protocol.header(Opcode.CANCEL, self._next_id + 1), protocol.cancel_request(ident)
        if self._try_send(message):
            self._next_id += 1
            self._abandoned.add(self._next_id)

    def _call(self, opcode: int, payload: bytes, operation: str, *,
              timeout: float | None = REPLY_TIMEOUT, code: int = 0, room: int = 0,
              count: int = 0) -> Reply:
        """A request and its reply; a refusal is raised."""
        with self._guard:
            deadline = deadline_after(timeout)
            ident = self._send(opcode, payload, code=code, room=room, count=count,
                               deadline=deadline, operation=operation)
            header, answer = self._reply(ident, operation, deadline)
            if header.errno:
                raise self._refusal(header, answer, operation)
            return header, answer

    # MARK: Bindings and events

    def bindings(self) -> list[Binding]:
        """Every interface that the daemon has bound and shows this user, by interface index."""
        found: list[Binding] = []
        has_more = True
        while has_more:
            after = found[-1].ifindex if found else 0
            header, payload = self._call(
                Opcode.ENUMERATE, protocol.enumerate_request(after), "bindings", room=protocol.ROOM)
            page, has_more = protocol.decode_bindings(payload, header.record_count)
            if has_more and (not page or page[-1].ifindex <= after):
                raise ProtocolError("pages of ENUMERATE that do not go on")
            found += page
        return found

    def wait_for(self, *names: str, timeout: float | None = None) -> None:
        """Returns once all these interfaces are bound; raises TimedOut if they are not by then.

        A wait lasts at most a day in the daemon; a longer one is asked for again.
        """
        deadline = deadline_after(timeout)
        while True:
            left = seconds_left(deadline)
            limit = _LONGEST_WAIT if left is None else min(left, _LONGEST_WAIT)
            try:
                self._call(Opcode.WAIT, protocol.wait_request(names, int(limit * 1000)), "wait",
                           timeout=limit + REPLY_TIMEOUT)
                return
            except TimedOut:
                if deadline is not None and time.monotonic() >= deadline:
                    raise

    def subscribe(self, kinds: int = ALL_EVENTS, ifindex: int = 0) -> None:
        """Asks for events from now on: bit n of kinds is the EventKind n; ifindex 0 is all."""
        self._call(Opcode.SUBSCRIBE, protocol.subscribe_request(kinds, ifindex), "subscribe")

    def next_event(self, timeout: float | None = None) -> Event | None:
        """The oldest event that was not handed out yet; None when the timeout passed."""
        with self._guard:
            deadline = deadline_after(timeout)
            while not self._events:
                if not self._advance(deadline):
                    return None
            return self._events.popleft()

    def events(self) -> Iterator[Event]:
        """Events as they happen, until the daemon ends the session."""
        while True:
            try:
                event = self.next_event()
            except Disconnected:
                return
            if event is not None:
                yield event

