"""The half of a Port that is for asyncio, and the reads that both halves keep pended."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, TypeVar

from . import _protocol as protocol
from ._errors import Error, failed
from ._protocol import Opcode
from ._session import Session
from ._values import Event, Frame

if TYPE_CHECKING:
    import asyncio
    from types import TracebackType

_A = TypeVar("_A", bound="AsyncCalls")


class AsyncCalls(Session):
    """Reads and writes of tasks of one loop, in its thread; what is sent and taken is guarded as in
    the calls that block."""

    def _reset(self) -> None:
        super()._reset()
        self._reader: asyncio.AbstractEventLoop | None = None
        self._sleepers: list[asyncio.Future[None]] = []

    def _pend(self) -> None:
        # Renewed when half of them are used up: one by one would cost a system call a message.
        if len(self._reads) * 2 <= self.READS:
            while len(self._reads) < self.READS:
                self._reads.add(self._send(Opcode.READ_BATCH, room=protocol.ROOM))

    def _raise_failure(self) -> None:
        failure, self._read_failure = self._read_failure, None
        if failure is not None and not self._frames:
            raise failure

    async def aread(self) -> Frame:
        """The next frame; cancelling the task loses none."""
        while True:
            if self._frames:
                return self._frames.popleft()
            with self._guard:
                self._raise_failure()
                self._pend()
                if self._take():
                    continue
            await self._readable()

    async def aevent(self) -> Event:
        """The next event after `subscribe`; cancelling the task loses none."""
        while True:
            if self._events:
                return self._events.popleft()
            with self._guard:
                if self._take():
                    continue
            await self._readable()

    async def awrite(self, frame: bytes) -> None:
        """Sends one frame, and returns when the interface has it."""
        import asyncio

        loop = asyncio.get_running_loop()
        self._watch(loop)
        record = protocol.records([frame])
        if len(record) > protocol.ROOM:
            # The daemon would close the session for a message that is too long.
            raise failed("write", errno.EMSGSIZE)
        answer: asyncio.Future[tuple[protocol.Header, bytes]] = loop.create_future()
        while True:
            with self._guard:
                message = (protocol.header(Opcode.WRITE, self._next_id + 1, count=1), record)
                if self._try_send(message):
                    self._next_id += 1
                    ident = self._next_id
                    self._awaited[ident] = answer
                    break
            await self._writable(loop)
        try:
            header, payload = await answer
        except asyncio.CancelledError:
            # What was sent may have left; the reply is dropped when it comes.
            if self._awaited.pop(ident, None) is not None and not self.is_closed:
                self._abandoned.add(ident)
            raise
        if header.errno:
            raise self._refusal(header, payload, "write")

    async def _writable(self, loop: asyncio.AbstractEventLoop) -> None:
        ready: asyncio.Future[None] = loop.create_future()

        def wake() -> None:
            if not ready.done():
                ready.set_result(None)

        loop.add_writer(self._socket, wake)
        try:
            await ready
        finally:
            if not self.is_closed:
                loop.remove_writer(self._socket)

    async def _readable(self) -> None:
        import asyncio

        loop = asyncio.get_running_loop()
        self._watch(loop)
        sleeper: asyncio.Future[None] = loop.create_future()
        self._sleepers.append(sleeper)
        await sleeper

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        # One reader for the life of the port: to add one for each wait costs half of `async for`.
        if self._reader is not loop:
            self._forget_reader()
            loop.add_reader(self._socket, self._on_readable)
            self._reader = loop

    def _on_readable(self) -> None:
        try:
            with self._guard:
                while self._take():
                    pass
            failure: BaseException | None = None
        except (Error, protocol.ProtocolError) as error:
            failure = error
        sleepers, self._sleepers = self._sleepers, []
        for sleeper in sleepers:
            if not sleeper.done():
                sleeper.set_result(None)
        if failure is not None:
            # Readers see the same failure when they look again; those that await a reply do not.
            self._forget_reader()
            awaited, self._awaited = self._awaited, {}
            for answer in awaited.values():
                if not answer.done():
                    answer.set_exception(failure)

    def _forget_reader(self) -> None:
        if self._reader is not None and not self.is_closed and not self._reader.is_closed():
            self._reader.remove_reader(self._socket)
        self._reader = None
        sleepers, self._sleepers = self._sleepers, []
        for sleeper in sleepers:
            if not sleeper.done():
                sleeper.set_result(None)

    async def __aenter__(self: _A) -> _A:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, value: BaseException | None,
                        trace: TracebackType | None) -> None:
        self.close()

    async def __aiter__(self) -> AsyncIterator[Frame]:
        while True:
            yield await self.aread()
