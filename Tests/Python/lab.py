"""What the tests of the Python module share: a network of their own, the daemon in it, a peer.

Run by scripts/python as root. The lab makes a network and a mount namespace, a veth pair, the daemon
bound to np0, and a peer with a raw socket on np1; then the tests themselves run as the user nobody
without any capability.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

NOBODY = 65534
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "Sources", "Python"))
TYPE = 0x88B5
PATIENCE = 60.0


def run(command: str) -> None:
    subprocess.run(command, shell=True, check=True, timeout=60)


def enter_namespaces() -> None:
    """Begins again in namespaces of its own, once."""
    if os.environ.get("NDISPROT_PYTHON_LAB") == "inside":
        return
    if os.geteuid() != 0:
        sys.exit("the Python tests need root for a network namespace: sudo scripts/python")
    os.environ["NDISPROT_PYTHON_LAB"] = "inside"
    os.execvp("unshare", ["unshare", "--net", "--mount", "--", sys.executable, "-B", *sys.argv])


def dies_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)


class Peer:
    """A process with a raw socket on an interface: the other end of the cable, as root."""

    def __init__(self, interface: str) -> None:
        self._here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.address = b""
        if os.fork() == 0:
            dies_with_parent()
            self._here.close()
            self._serve(there, interface)
        there.close()
        self._file = self._here.makefile("rwb")
        self.address = self._ask("address")

    @staticmethod
    def _serve(there: socket.socket, interface: str) -> None:
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        wire.bind((interface, 0))
        file = there.makefile("rwb")
        try:
            while True:
                what, argument = pickle.load(file)
                answer = None
                if what == "send":
                    for frame in argument:
                        wire.send(frame)
                elif what == "address":
                    answer = wire.getsockname()[4]
                elif what == "drain":
                    wire.setblocking(False)
                    with contextlib.suppress(BlockingIOError):
                        while True:
                            wire.recv(65535)
                    wire.setblocking(True)
                elif what == "receive":
                    answer, until = [], time.monotonic() + PATIENCE
                    while len(answer) < argument and time.monotonic() < until:
                        wire.settimeout(max(0.01, until - time.monotonic()))
                        data, place = wire.recvfrom(65535)
                        if place[2] != socket.PACKET_OUTGOING:
                            answer.append(data)
                pickle.dump(answer, file)
                file.flush()
        except (EOFError, OSError):
            os._exit(0)

    def _ask(self, what: str, argument: object = None):
        pickle.dump((what, argument), self._file)
        self._file.flush()
        return pickle.load(self._file)

    def send(self, *frames: bytes) -> None:
        self._ask("send", frames)

    def drain(self) -> None:
        """Forgets what arrived for tests that are over."""
        self._ask("drain")

    def receive(self, count: int) -> list[bytes]:
        return self._ask("receive", count)


class Lab:
    """The daemon on np0, and a root process that can do to it what a user may not."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="ndisprot-python-")
        os.chmod(self.folder, 0o755)
        self.path = os.path.join(self.folder, "ndisprot.sock")
        run("mount -t sysfs sysfs /sys && ip link set lo up")
        with open("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w") as file:
            file.write("1")
        run("ip link add np0 type veth peer name np1 && ip link set np0 up && ip link set np1 up")
        run("ip link add np2 type veth peer name np3 && ip link set np2 up && ip link set np3 up")
        self.peer = Peer("np1")
        self.other_peer = Peer("np3")
        self._here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._pid = os.fork()
        if self._pid == 0:
            dies_with_parent()
            self._here.close()
            self._supervise(there)
        there.close()
        self._file = self._here.makefile("rwb")
        self.start()

    def _supervise(self, there: socket.socket) -> None:
        file, daemon = there.makefile("rwb"), None
        binaries = os.environ.get("ND_BIN") or os.path.join(ROOT, ".build", "debug")
        try:
            while True:
                what, argument = pickle.load(file)
                if what == "start":
                    log = open(os.path.join(self.folder, "log"), "ab")
                    options = ["--interface", "np0", "--interface", "np9", "--allow", "nobody"]
                    if argument:
                        rules = os.path.join(self.folder, "ndisprotd.toml")
                        with open(rules, "w") as file_of_rules:
                            file_of_rules.write(argument)
                        options = ["--config", rules]
                    daemon = subprocess.Popen(
                        [os.path.join(binaries, "ndisprotd"), "--socket", self.path, *options],
                        stdout=log, stderr=log, preexec_fn=dies_with_parent)
                elif what == "kill" and daemon is not None:
                    daemon.kill()
                    daemon.wait()
                elif what == "run":
                    run(argument)
                pickle.dump(None, file)
                file.flush()
        except EOFError:
            if daemon is not None:
                daemon.kill()
                daemon.wait()
            shutil.rmtree(self.folder, ignore_errors=True)
            os._exit(0)

    def _ask(self, what: str, argument: object = None) -> None:
        pickle.dump((what, argument), self._file)
        self._file.flush()
        pickle.load(self._file)

    def start(self, configuration: str = "") -> None:
        """Starts the daemon on np0 for nobody, or with the text of a configuration."""
        self._ask("start", configuration)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as trial:
                    trial.connect(self.path)
                    return
            except OSError:
                time.sleep(0.02)
        sys.exit("the daemon did not start: " + open(os.path.join(self.folder, "log")).read())

    def kill(self) -> None:
        self._ask("kill")

    @contextlib.contextmanager
    def configured(self, text: str):
        """A daemon with these rules, and afterwards that of before."""
        self.kill()
        self.start(text)
        try:
            yield
        finally:
            self.kill()
            self.start()

    def root(self, command: str) -> None:
        self._ask("run", command)

    def end(self) -> None:
        self._file.close()
        self._here.close()
        os.waitpid(self._pid, 0)


def drop() -> None:
    """From here on as nobody, without groups and capabilities, and without a way back."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
    with open("/proc/self/status") as file:
        assert "CapEff:\t0000000000000000" in file.read()


lab: Lab


def frame(destination: bytes, source: bytes, payload: bytes, ethertype: int = TYPE) -> bytes:
    return destination + source + ethertype.to_bytes(2, "big") + payload.ljust(46, b"\0")
