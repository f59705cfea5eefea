"""The far end of the cable: an AF_PACKET socket that shares no code with the daemon.

Each line on standard input is one JSON object {"do": NAME, ...}; each is answered by one line.
Frames are shown with their VLAN tag where it was on the wire. Every wait has an end.
"""

import errno
import json
import os
import random
import select
import socket
import struct
import sys
import threading
import time

ETH_P_ALL = 3
SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 263, 8, 23
VLAN_VALID, TPID_VALID = 0x10, 0x40


class Wire:
    def __init__(self, interface):
        self.interface, self.epoch, self.number = interface, 0, 0
        self.attach()

    def attach(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind((self.interface, ETH_P_ALL))
        self.index = socket.if_nametoindex(self.interface)
        self.epoch += 1

    def address(self):
        return dict(address=self.socket.getsockname()[4].hex(":"))

    def send(self, frames):
        for frame in frames:
            self.socket.send(bytes.fromhex(frame))
        return {}

    def flood(self, frames, count, rate):
        """Frames in turn, numbered from 1 behind the header, at most so many a second."""
        texts = [bytearray.fromhex(frame) for frame in frames]
        started = time.monotonic()
        for number in range(1, count + 1):
            frame = texts[number % len(texts)]
            frame[14:18] = struct.pack(">I", number)
            while True:
                try:
                    self.socket.send(frame)
                    break
                except OSError as error:
                    # The cable is unplugged for a moment.
                    if error.errno not in (errno.ENETDOWN, errno.ENOBUFS):
                        raise
                    time.sleep(0.001)
            ahead = number / rate - (time.monotonic() - started)
            if ahead > 0.002:
                time.sleep(ahead)
        return {}

    def receive(self, count, seconds=60):
        """Up to `count` frames; fewer when time is up."""
        frames, deadline = [], time.monotonic() + seconds
        while len(frames) < count:
            self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                frames.append(self.take().hex())
            except (TimeoutError, socket.timeout):
                break
        return dict(frames=frames)

    def garbage(self, count, seed):
        """Frames that no program should send: cut tags, tags in tags, noise of every length."""
        chance, kinds = random.Random(seed), [
            "8100", "81000005", "8100000581000006", "88a80005", "88a8000581000006", "9100ffff",
            "0000", "0040", "05ff", "888e", "8808", "ffff", "86dd", "0800", ""]
        sent = refused = 0
        for _ in range(count):
            to = chance.choice(["ffffffffffff", "020000000001", "0180c2000003", "000000000000"])
            frame = bytes.fromhex(to + "020000000002" + chance.choice(kinds))
            frame += bytes.fromhex(chance.choice(["", "888e", "8100"]))
            size = chance.choice([14, 15, 17, 18, 20, 22, 60, 1514, chance.randrange(14, 9014)])
            frame = (frame + chance.randbytes(max(0, size - len(frame))))[:max(14, size)]
            try:
                self.socket.send(frame)
                sent += 1
            except OSError:
                refused += 1
        return dict(sent=sent, refused=refused)

    def blow(self, seed):
        """Bursts of all kinds as fast as they go, until the next command: `lull`.

        Behind its type each frame has two numbers of four bytes: how often the interface was new, and
        the frame's own, from 1.
        """
        # The kernel keeps the order of frames that one processor sends.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        chance, first, refused = random.Random(seed), self.number, 0
        deadline = time.monotonic() + 60
        kinds = ["88b5", "88b6", "888e", "88cc", "0026", "8892", "0800", "8100000588b5",
                 "81002005888e"]
        source = "02000000f0%02x" % (seed % 256)
        while time.monotonic() < deadline:
            if select.select([sys.stdin], [], [], chance.choice([0, 0, 0.001, 0.02]))[0]:
                break
            to = chance.choice(["020000000001", "ffffffffffff", "0180c2000003", "0200000000ee"])
            size = chance.choice([60, 60, 60, 200, 1514])
            some = [bytearray((bytes.fromhex(to + source + kind) + bytes(size))[:size])
                    for kind in chance.sample(kinds, chance.choice([1, 2, 3]))]
            for _ in range(chance.choice([1, 1, 20, 300, 1500])):
                self.number += 1
                frame = some[self.number % len(some)]
                at = 18 if frame[12:14] == b"\x81\x00" else 14
                struct.pack_into(">II", frame, at, self.epoch, self.number)
                try:
                    self.socket.send(frame)
                except OSError:
                    refused += 1
                    self.recover()
                    break
        return dict(sent=self.number - first - refused, refused=refused)

    def lull(self):
        """Bursts of one kind, while what came of the others is still being read.

        A read that is put off now is not called to mind by a frame of its own type.
        """
        frame = bytearray(bytes.fromhex("ffffffffffff02000000f0ff889a") + bytes(46))
        for _ in range(60):
            for _ in range(400):
                self.number += 1
                struct.pack_into(">II", frame, 14, self.epoch, self.number)
                try:
                    self.socket.send(frame)
                except OSError:
                    self.recover()
            time.sleep(0.005)
        return {}

    def enough(self):
        """Forgets what was on its way to this socket."""
        self.recover()
        self.socket.setblocking(False)
        while True:
            try:
                self.socket.recv(1)
            except BlockingIOError:
                self.socket.setblocking(True)
                return {}
            except OSError:
                continue  # The error of a flap, which is told once.

    def recover(self):
        """Another interface may have the name by now."""
        try:
            index = socket.if_nametoindex(self.interface)
            if index != self.index:
                self.socket.close()
                self.attach()
        except OSError:
            time.sleep(0.001)

    def find(self, frame, seconds=60):
        """Whether that frame arrives; what comes before it is passed over."""
        wanted, deadline = bytes.fromhex(frame), time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                if self.take() == wanted:
                    return dict(found=True)
            except (TimeoutError, socket.timeout):
                break
            except OSError:
                continue
        return dict(found=False)

    def stream(self, frame, count, microseconds):
        """That many frames, one after each pause, on a thread; `streamed` waits for its end."""
        def go():
            for _ in range(count):
                self.socket.send(bytes.fromhex(frame))
                time.sleep(microseconds * 1e-6)
        self.streaming = threading.Thread(target=go)
        self.streaming.start()
        return {}

    def streamed(self):
        self.streaming.join(60)
        return dict(ended=not self.streaming.is_alive())

    def take(self):
        frame, ancillary, _, _ = self.socket.recvmsg(1 << 16, 64)
        for level, kind, data in ancillary:
            if level != SOL_PACKET or kind != PACKET_AUXDATA:
                continue
            status, _, _, _, _, tag, protocol = struct.unpack_from("=IIIHHHH", data)
            if status & VLAN_VALID:
                protocol = protocol if status & TPID_VALID else 0x8100
                frame = frame[:12] + struct.pack(">HH", protocol, tag) + frame[12:]
        return frame


def main():
    wire = Wire(sys.argv[1])
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = getattr(wire, command.pop("do"))(**command)
        except OSError as error:
            answer = dict(failure=str(error), errno=error.errno or 0)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
