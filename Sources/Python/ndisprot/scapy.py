"""scapy without root, through ndisprotd: srp, srp1, sendp, sniff, AsyncSniffer, bridge_and_sniff.

    from scapy.all import *
    import ndisprot.scapy

    ndisprot.scapy.use()        # conf.L2socket and conf.L2listen

Sockets open what the daemon's rules give this user: every EtherType, or those that the rules name;
any source address, promiscuous mode and what this host sends where the rules have these rights.
`type=` of srp, `ethertypes=` of sniff and of sockets, and use(ethertypes=…) ask for fewer.

Each socket holds one open, and a second one from its first send on: srp reads and sends in two
threads, and a session is one thread's at a time. A rule therefore needs places for two sessions a
socket. A filter in libpcap's words runs in this program, on frames that the daemon delivered.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import threading
import time
from collections.abc import Iterable
from typing import Any

from scapy.config import conf
from scapy.data import ETH_P_ALL, MTU
from scapy.interfaces import network_name
from scapy.layers.l2 import Ether
from scapy.supersocket import SuperSocket

from . import Denied, Disconnected, OpenFlags, Port, Rights, Session, TimedOut
from ._port import EtherType, ethertype
from ._values import ANY

__all__ = ["L2ListenSocket", "L2Socket", "use"]

_CURRENT_PACKET_FILTER = 0x0001010E
_DIRECTED_MULTICAST_BROADCAST = 0x0F
_PROMISCUOUS = 0x20


class _PcapHeader(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("microseconds", ctypes.c_long),
                ("captured", ctypes.c_uint32), ("length", ctypes.c_uint32)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint), ("instructions", ctypes.c_void_p)]


class _Filter:
    """A filter in libpcap's words, compiled for Ethernet and run here."""

    def __init__(self, text: str) -> None:
        name = ctypes.util.find_library("pcap") or "libpcap.so.0.8"
        try:
            self._pcap = ctypes.CDLL(name)
        except OSError:
            raise OSError(errno.ENOENT, "a filter needs libpcap: install libpcap0.8") from None
        self._pcap.pcap_open_dead.restype = ctypes.c_void_p
        self._pcap.pcap_geterr.restype = ctypes.c_char_p
        self._program = _Program()
        dead = ctypes.c_void_p(self._pcap.pcap_open_dead(1, 262144))
        try:
            if self._pcap.pcap_compile(dead, ctypes.byref(self._program), text.encode(), 1,
                                       0xFFFFFFFF):
                raise ValueError("filter %r: %s" % (text, self._pcap.pcap_geterr(dead).decode()))
        finally:
            self._pcap.pcap_close(dead)

    def __del__(self) -> None:
        if getattr(self, "_program", None) is not None and self._program.instructions:
            self._pcap.pcap_freecode(ctypes.byref(self._program))

    def accepts(self, data: bytes, wire_length: int) -> bool:
        header = _PcapHeader(0, 0, len(data), wire_length)
        return bool(self._pcap.pcap_offline_filter(
            ctypes.byref(self._program), ctypes.byref(header), data))


class L2Socket(SuperSocket):  # type: ignore[misc]
    """Reads and writes whole frames of one interface through ndisprotd."""

    desc = "read and write packets at layer 2 through ndisprotd"
    nonblocking_socket = False
    closed: bool = False
    #: What sockets open that do not say; None for what the rules give.
    ethertypes: Iterable[EtherType] | None = None
    #: The daemon's socket; None for NDISPROT_SOCKET or the service's.
    path: str | None = None
    _flag_rights: tuple[tuple[OpenFlags, Rights], ...] = (
        (OpenFlags.ANY_SOURCE, Rights.ANY_SOURCE),)

    def __init__(self, iface: Any = None, type: int = ETH_P_ALL, promisc: bool | None = None,
                 filter: str | None = None, nofilter: int = 0, monitor: Any = None,
                 ethertypes: Iterable[EtherType] | None = None) -> None:
        self.iface = network_name(iface or conf.iface)
        chosen = ethertypes or ((type,) if type != ETH_P_ALL else self.ethertypes)
        self._types, self._rights = self._usable(
            None if chosen is None else [ethertype(each) for each in chosen])
        if conf.except_filter and not nofilter:
            filter = ("(%s) and " % filter if filter else "") + "not (%s)" % conf.except_filter
        self._filter = _Filter(filter) if filter and not nofilter else None
        self._port = self._open()
        self._writer: Port | None = None
        self._sending = threading.Lock()
        self.ins = self.outs = self._port
        try:
            self._set_packet_filter(promisc)
        except BaseException:
            self._port.close()
            raise
        self._port.read_batch(0)

    def _usable(self, chosen: list[int] | None) -> tuple[list[int], Rights]:
        """The EtherTypes to open, and what may be done with all of them."""
        with Session(self.path) as session:
            for each in session.bindings():
                if each.is_named(self.iface) and each.access is not None:
                    types = chosen or list(each.usable_ethertypes())
                    # What is denied anyhow is asked for, so that the daemon says why.
                    return types or [ANY], each.rights(types)
        return chosen or [ANY], Rights.NONE

    def _set_packet_filter(self, promisc: bool | None) -> None:
        # scapy asks for promiscuous mode by default, which a rule seldom gives: only what was asked
        # for by the program may fail.
        is_promiscuous = promisc or (
            promisc is None and conf.sniff_promisc and Rights.PROMISCUOUS in self._rights)
        # Without the right to set, the own address and broadcast are heard.
        if is_promiscuous or Rights.SET_OID in self._rights:
            bits = _DIRECTED_MULTICAST_BROADCAST | (_PROMISCUOUS if is_promiscuous else 0)
            self._port.set(_CURRENT_PACKET_FILTER, bits.to_bytes(4, "little"))

    def _open(self) -> Port:
        flags = OpenFlags.NONE
        for flag, right in self._flag_rights:
            flags |= flag if right in self._rights else OpenFlags.NONE
        try:
            return Port(self.iface, self._types, flags=flags, purpose="scapy", path=self.path)
        except Denied:
            # Rules about single VLANs give less than their rows say.
            if not flags:
                raise
            return Port(self.iface, self._types, purpose="scapy", path=self.path)

    def fileno(self) -> int:
        return self._port.fileno()

    def recv_raw(self, x: int = MTU) -> tuple[Any, bytes | None, float | None]:
        """One frame that the filter lets through, or nothing."""
        while True:
            try:
                frame = self._port.read(0)
            except TimedOut:
                return None, None, None
            except Disconnected:
                raise EOFError("the daemon ended the session") from None
            if self._filter is None or self._filter.accepts(frame.data, frame.wire_length):
                return Ether, frame.data[:x], frame.time_ns / 1e9

    def send(self, x: Any) -> int:
        """Sends a packet, and returns its length when the interface has it."""
        data = bytes(x)
        with self._sending:
            if self._writer is None:
                self._writer = self._open()
            if hasattr(x, "sent_time"):
                x.sent_time = time.time()
            self._writer.write(data)
        return len(data)

    def close(self) -> None:
        if self.closed or not hasattr(self, "_port"):
            return
        self.closed = True
        self._port.close()
        if self._writer is not None:
            self._writer.close()

    @property
    def _has_frames(self) -> bool:
        return bool(self._port._frames)

    @staticmethod
    def select(sockets: list[Any], remain: float | None = None) -> list[Any]:
        """The sockets that have something; frames that have arrived make no descriptor readable."""
        ready = [each for each in sockets if isinstance(each, L2Socket) and each._has_frames]
        return ready or list(SuperSocket.select(sockets, remain))


class L2ListenSocket(L2Socket):
    """Reads whole frames of one interface, and what this host sends where the rule allows it."""

    desc = "read packets at layer 2 through ndisprotd"
    _flag_rights = ((OpenFlags.OUTGOING, Rights.ALL_FRAMES),)

    def send(self, x: Any) -> int:
        raise OSError(errno.EBADF, "a listening socket sends nothing")


def use(ethertypes: Iterable[EtherType] | None = None, path: str | None = None) -> None:
    """Makes scapy open its sockets at layer 2 through ndisprotd from now on."""
    if ethertypes is not None:
        L2Socket.ethertypes = [ethertype(each) for each in ethertypes]
    if path is not None:
        L2Socket.path = path
    conf.L2socket, conf.L2listen = L2Socket, L2ListenSocket
