"""Receives and counts frames: receive.py ndisprot INTERFACE | packet INTERFACE | import.

Prints one JSON object a line: ready, then a summary once half a second has passed without a frame.
The processor time is this program's own, from ready to the last frame; `missing` what the daemon
says this open lost.
"""

import json
import os
import socket
import sys
import time

TYPE = 0x88B5
IDLE = 0.5


def say(event, **values):
    print(json.dumps({"event": event, **values}), flush=True)


def by_ndisprot(interface):
    """Every frame as an object of its own: what a program of `read_batch` pays for."""
    import ndisprot

    with ndisprot.open(interface, TYPE) as port:
        port.read_batch(0)
        say("ready")
        began, first = time.process_time(), 0.0
        frames = lost = 0
        last, spent, wait = 0.0, began, 10.0
        while batch := port.read_batch(wait):
            last, spent, wait = time.monotonic(), time.process_time(), IDLE
            first = first or last
            for frame in batch:
                frames += 1
                lost += frame.lost_before
        return frames, last - first, spent - began, lost


def by_packet_socket(interface):
    """The loop that people write without ndisprot, as root."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(TYPE))
    wire.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
    wire.bind((interface, TYPE))
    wire.settimeout(10.0)
    say("ready")
    began, first = time.process_time(), 0.0
    frames, last = 0, 0.0
    spent = began
    try:
        while True:
            wire.recvfrom(2048)
            frames += 1
            if not frames & 0xFF or frames == 1:
                last, spent = time.monotonic(), time.process_time()
                if not first:
                    first = last
                    wire.settimeout(IDLE)
    except TimeoutError:
        return frames, last - first, spent - began, 0


def cost_of_import():
    """Milliseconds of `import ndisprot` in a program that has imported nothing else."""
    began = time.perf_counter()
    import ndisprot  # noqa: F401

    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    if sys.argv[1] == "import":
        say("summary", milliseconds=cost_of_import())
        os._exit(0)
    receive = by_ndisprot if sys.argv[1] == "ndisprot" else by_packet_socket
    frames, elapsed, spent, lost = receive(sys.argv[2])
    say("summary", frames=frames, elapsedSeconds=elapsed, cpuSeconds=spent, missing=lost)
