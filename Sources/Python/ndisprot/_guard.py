"""One thread at a time in a session."""

from __future__ import annotations

import threading


class Guard:
    """Lets one thread in; a second one is an error of the program, and hears so."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def locked(self) -> bool:
        return self._lock.locked()

    def __enter__(self) -> None:
        if not self._lock.acquire(False):
            raise RuntimeError(
                "this session is in use by another thread; open one for each thread")

    def __exit__(self, *_: object) -> None:
        self._lock.release()
