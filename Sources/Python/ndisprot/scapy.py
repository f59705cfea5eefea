"""scapy without root, through ndisprotd: srp, srp1, sendp, sniff, AsyncSniffer, bridge_and_sniff.

    from scapy.all import *
    import ndisprot.scapy

    ndisprot.scapy.use()        # conf.L2socket and conf.L2listen

Each socket holds one open, and a second one from its first send on: srp reads and sends in two
threads, and a session is one thread's at a time. A rule therefore needs places for two sessions a
socket. Listening sockets ask for outgoing frames too if the rule has the right all-frames.

scapy asks for every EtherType; `type=`, `ethertypes=` or use(ethertypes=…) narrows that to what a
rule allows. A filter in libpcap's words runs in this program, on frames that the daemon delivered.
"""

from __future__ import annotations

import contextlib
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

from . import Denied, Disconnected, OpenFlags, Port, TimedOut
from ._port import EtherType, ethertype

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
    #: What sockets open that are not told otherwise.
    ethertypes: Iterable[EtherType] = ("any",)
    #: The daemon's socket; None for NDISPROT_SOCKET or the service's.
    path: str | None = None
    _flags = OpenFlags.NONE

    def __init__(self, iface: Any = None, type: int = ETH_P_ALL, promisc: bool | None = None,
                 filter: str | None = None, nofilter: int = 0, monitor: Any = None,
                 ethertypes: Iterable[EtherType] | None = None) -> None:
        self.iface = network_name(iface or conf.iface)
        chosen = ethertypes or ((type,) if type != ETH_P_ALL else self.ethertypes)
        self._types = [ethertype(each) for each in chosen]
        self._filter = _Filter(filter) if filter and not nofilter else None
        self._port = self._open()
        self._writer: Port | None = None
        self._sending = threading.Lock()
        self.ins = self.outs = self._port
        bits = _DIRECTED_MULTICAST_BROADCAST
        wants_all = conf.sniff_promisc if promisc is None else promisc
        try:
            self._port.set(_CURRENT_PACKET_FILTER, (bits | (_PROMISCUOUS if wants_all else 0))
                           .to_bytes(4, "little"))
        except Denied:
            # scapy asks for promiscuous mode by default; a rule seldom gives it.
            if promisc:
                self._port.close()
                raise
            self._set_groups(bits)
        self._port.read_batch(0)

    def _set_groups(self, bits: int) -> None:
        # Without the right to set, the own address and broadcast are heard.
        with contextlib.suppress(Denied):
            self._port.set(_CURRENT_PACKET_FILTER, bits.to_bytes(4, "little"))

    def _open(self) -> Port:
        return Port(self.iface, self._types, flags=self._flags, path=self.path)

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
    _flags = OpenFlags.OUTGOING

    def _open(self) -> Port:
        try:
            return super()._open()
        except Denied:
            self._flags = OpenFlags.NONE
            return super()._open()

    def send(self, x: Any) -> int:
        raise OSError(errno.EBADF, "a listening socket sends nothing")


def use(ethertypes: Iterable[EtherType] | None = None, path: str | None = None) -> None:
    """Makes scapy open its sockets at layer 2 through ndisprotd from now on."""
    if ethertypes is not None:
        L2Socket.ethertypes = [ethertype(each) for each in ethertypes]
    if path is not None:
        L2Socket.path = path
    conf.L2socket, conf.L2listen = L2Socket, L2ListenSocket
