"""Which daemon a client talks to, and whether it may be trusted."""

from __future__ import annotations

import errno
import os
import socket
import struct

from ._errors import failed

DEFAULT_PATH = "/run/ndisprot.sock"
ACCOUNT = "ndisprot"


def from_environment(name: str) -> str:
    """A variable, or ""; a program with more rights than its caller does not look at it."""
    if os.getuid() != os.geteuid() or os.getgid() != os.getegid():
        return ""
    return os.environ.get(name, "")


def socket_path(path: str | os.PathLike[str] | None) -> str:
    """The socket to connect to: as given, NDISPROT_SOCKET, or the service's."""
    return os.fspath(path) if path else from_environment("NDISPROT_SOCKET") or DEFAULT_PATH


def is_trusted(user: int) -> bool:
    """Whether a daemon of this user may see what the client sends.

    Root, the client's own user, the account ndisprot, and the user that NDISPROT_TRUST names by
    number: inside a container the daemon's user may have no name and show as 65534.
    """
    if user in (0, os.geteuid()):
        return True
    named = from_environment("NDISPROT_TRUST")
    if named.isdecimal() and int(named) == user:
        return True
    import pwd

    try:
        return pwd.getpwnam(ACCOUNT).pw_uid == user
    except KeyError:
        return False


def check_trust(connected: socket.socket, path: str) -> None:
    """Raises Denied if the user that listens at the other end is not trusted."""
    user = struct.unpack("iII", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
    if not is_trusted(user):
        raise failed(
            "connect", errno.EPERM, subject=path,
            reason="user %d listens there, which is neither root, the account %s nor this user; "
            "to trust it, set NDISPROT_TRUST=%d" % (user, ACCOUNT, user))
