"""One thread at a time in a session, and no child of fork()."""

from __future__ import annotations

import os
import threading


class Guard:
    """Lets one thread in; a second one, or a child, is an error of the program, and hears so."""

    __slots__ = ("_lock", "_process")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = os.getpid()

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
