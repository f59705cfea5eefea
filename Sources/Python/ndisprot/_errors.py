"""What can go wrong, as exceptions with the daemon's own numbers."""

from __future__ import annotations

import errno
import os

__all__ = ["Busy", "Denied", "Disconnected", "Error", "Gone", "TimedOut"]


class Error(OSError):
    """A request that failed: errno as the daemon reports it, and its own statuses beside it.

    reason is the daemon's sentence, if it sent one; bytes_needed the room or limit that would have
    been right; filename the binding or socket.
    """

    nt_status = 0
    ndis_status = 0
    bytes_needed = 0
    reason = ""

    @property
    def operation(self) -> str:
        """What was asked for."""
        return self._operation

    _operation = ""


class Denied(Error):
    """The policy or a right does not allow it (EACCES, EPERM)."""


class Busy(Error):
    """Another open has the EtherType for itself, or the binding is paused (EBUSY)."""


class Gone(Error):
    """The interface went away (ENODEV)."""


class TimedOut(Error):
    """The deadline passed first; the request is cancelled (ETIMEDOUT)."""


class Disconnected(Error):
    """The daemon ended the session (ECONNRESET); Port.resume opens again."""


_KINDS: dict[int, type[Error]] = {
    errno.EACCES: Denied,
    errno.EPERM: Denied,
    errno.EBUSY: Busy,
    errno.ENODEV: Gone,
    errno.ETIMEDOUT: TimedOut,
    errno.ECONNRESET: Disconnected,
}

#: By errno, and by the first word of the operation where that makes a difference.
_REMEDIES: dict[tuple[str, int], str] = {
    ("connect", errno.ENOENT): "no daemon listens there; start ndisprotd, or set NDISPROT_SOCKET",
    ("connect", errno.ECONNREFUSED): "no daemon listens there any more; start ndisprotd",
    ("connect", errno.EACCES): "ask the administrator for membership in the group of the socket",
    ("open", errno.ENODEV): "compare the name with ndisprot.bindings()",
    ("write", errno.EINVAL): "a frame begins with its 14 bytes of addresses and EtherType",
    ("", errno.EDQUOT): "wait for what is pended, or ask for a larger quota in the rule",
    ("", errno.EUSERS): "close other sessions, or ask the administrator for a larger limit",
    ("", errno.EPROTOTYPE): "open the binding for this EtherType",
    ("", errno.ENETDOWN): "set the interface up",
    ("", errno.EMSGSIZE): "shorten the frame to the MTU of the interface",
}


def failed(operation: str, number: int, *, reason: str = "", subject: str | None = None,
           nt_status: int = 0, ndis_status: int = 0, bytes_needed: int = 0) -> Error:
    """The exception for an errno: cause, and remedy where there is one."""
    words = "%s: %s" % (operation, reason or os.strerror(number))
    remedy = "" if reason else (
        _REMEDIES.get((operation.split()[0], number)) or _REMEDIES.get(("", number), ""))
    error = _KINDS.get(number, Error)(number, words + ("; " + remedy if remedy else ""), subject)
    error._operation = operation
    error.reason = reason
    error.nt_status = nt_status
    error.ndis_status = ndis_status
    error.bytes_needed = bytes_needed
    return error
