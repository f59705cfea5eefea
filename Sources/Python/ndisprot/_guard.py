"""One thread at a time in a session, and no child of fork()."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable


class Guard:
    """Lets one thread in; a second one, or a child, is an error of the program, and hears so."""

    __slots__ = ("_close", "_closing", "_lock", "_process")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = os.getpid()
        # Reentrant: a handler of a signal may close what its thread is closing.
        self._closing = threading.RLock()
        self._close: Callable[[], None] | None = None

    def is_own(self) -> bool:
        """Whether this is the process that made the session, and no child of it."""
        return os.getpid() == self._process

    def locked(self) -> bool:
        return self._lock.locked()

    def __enter__(self) -> None:
        if os.getpid() != self._process:
            raise RuntimeError(
                "this session belongs to the process that forked; open one in the child")
        if not self._lock.acquire(False):
            raise RuntimeError(
                "this session is in use by another thread; open one for each thread")

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        if self._close is not None:
            self._end()

    def close(self, close: Callable[[], None], wake: Callable[[], None]) -> None:
        """Closes now; or, if a thread is inside, wakes it, and it closes when it leaves.

        A descriptor that is closed under a thread could be another's by the time of its next call.
        """
        if not self.is_own():
            close()
            return
        with self._closing:
            self._close = close
            self._end()
            if self._close is not None:
                with contextlib.suppress(OSError):
                    wake()

    def _end(self) -> None:
        with self._closing:
            close = self._close
            if close is None or not self._lock.acquire(False):
                return
            self._close = None
            try:
                close()
            finally:
                self._lock.release()
