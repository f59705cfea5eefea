"""PTP (IEEE 1588, layer 2), one peer delay request, and the link's delay: ptp_delay.py INTERFACE.

Needs a rule with the EtherType ptp and the rights read, write and join (for the group). Receive
times are the kernel's; the time of sending is taken in this program, so the result is an upper
bound.
"""

import struct
import sys
import time

import ndisprot

PEER_DELAY_GROUP = bytes.fromhex("0180c200000e")
HEADER = struct.Struct("!BBHBBHqI8sHHBb")
REQUEST, RESPONSE, FOLLOW_UP = 2, 3, 10
TWO_STEP = 0x0200


def stamp(data):
    """The 10 bytes of a PTP time as nanoseconds."""
    return int.from_bytes(data[:6], "big") * 10**9 + int.from_bytes(data[6:10], "big")


def request(port, sequence):
    identity = port.address[:3] + b"\xff\xfe" + port.address[3:]
    front = HEADER.pack(REQUEST, 2, 54, 0, 0, 0, 0, 0, identity, 1, sequence, 5, 0x7F)
    return PEER_DELAY_GROUP + port.address + b"\x88\xf7" + front + bytes(20)


def peer_delay(interface, sequence=1, seconds=5.0):
    """The delay of the link in nanoseconds: ((t4 - t1) - (t3 - t2)) / 2."""
    with ndisprot.open(interface, "ptp") as port:
        port.join(PEER_DELAY_GROUP)
        t1, t2, t3, t4 = time.time_ns(), None, None, None
        port.write(request(port, sequence))
        until = time.monotonic() + seconds
        while None in (t2, t3):
            frame = port.read(max(0.0, until - time.monotonic()))
            if len(frame.payload) < 54:
                continue
            fields = HEADER.unpack_from(frame.payload)
            if fields[10] != sequence:
                continue
            if fields[0] & 15 == RESPONSE:
                t2, t4 = stamp(frame.payload[34:44]), frame.time_ns
                # A device of one step answers with the time between in the correction field.
                t3 = None if fields[5] & TWO_STEP else t2 + (fields[6] >> 16)
            elif fields[0] & 15 == FOLLOW_UP:
                t3 = stamp(frame.payload[34:44])
        return ((t4 - t1) - (t3 - t2)) / 2


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("link delay at most %.0f ns" % peer_delay(sys.argv[1]))
