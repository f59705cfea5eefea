"""Raw Ethernet without root, through ndisprotd.

    import ndisprot

    with ndisprot.open("eth0", "lldp") as port:
        port.join("01:80:c2:00:00:0e")
        for frame in port:
            print(frame.time_ns, frame.source.hex(":"), frame.payload.hex())

Frames are whole Ethernet frames without the frame check sequence. A Port is one thread's at a time;
threads that read and write at once open a port each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from ._errors import Busy, Denied, Disconnected, Error, Gone, TimedOut
from ._port import ETHERTYPES, Port
from ._protocol import ProtocolError
from ._session import Session
from ._values import (
    ALL_EVENTS,
    ANY,
    LLC,
    Access,
    Binding,
    Event,
    EventKind,
    Frame,
    FrameFlags,
    OpenFlags,
    Rights,
)

__all__ = [
    "ALL_EVENTS", "ANY", "Access", "Binding", "Busy", "Denied", "Disconnected", "ETHERTYPES",
    "Error", "Event", "EventKind", "Frame", "FrameFlags", "Gone", "LLC", "OpenFlags", "Port",
    "ProtocolError", "Rights", "Session", "TimedOut", "bindings", "events", "open",
]
__version__ = "0.1.0"

open = Port


def bindings(path: str | os.PathLike[str] | None = None) -> list[Binding]:
    """Every interface that the daemon has bound, by interface index."""
    with Session(path) as session:
        return session.bindings()


def events(path: str | os.PathLike[str] | None = None) -> Iterator[Event]:
    """Events of all bindings from the first `next` on, until the daemon ends the session."""
    with Session(path) as session:
        session.subscribe()
        yield from session.events()
