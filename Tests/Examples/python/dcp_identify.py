"""PROFINET devices on this link: dcp_identify.py INTERFACE [SECONDS], by a DCP identify-all.

Needs a rule with the EtherType profinet and the rights read and write.
"""

import struct
import sys
import time

import ndisprot

DCP_GROUP = bytes.fromhex("010ecf000000")
FRONT = struct.Struct("!HBBIHH")  # frame id, service, type, transaction, delay or zero, length
BLOCK = struct.Struct("!BBH")  # option, suboption, length
IDENTIFY_REQUEST, IDENTIFY_RESPONSE = 0xFEFE, 0xFEFF
IDENTIFY, REQUEST = 5, 0
ALL = BLOCK.pack(0xFF, 0xFF, 0)
NAME_OF_STATION, IP_ADDRESS = (2, 2), (1, 2)


def blocks(data):
    """(option, suboption) → the bytes behind the block's info word; a cut block ends it."""
    found, at = {}, 0
    while at + BLOCK.size <= len(data):
        option, suboption, length = BLOCK.unpack_from(data, at)
        at += BLOCK.size
        if at + length > len(data):
            break
        found[option, suboption] = data[at + 2:at + length]
        at += length + length % 2
    return found


def identify(interface, seconds=1.5, transaction=0x4E44):
    with ndisprot.open(interface, "profinet") as port:
        body = FRONT.pack(IDENTIFY_REQUEST, IDENTIFY, REQUEST, transaction, 1, len(ALL)) + ALL
        port.write(DCP_GROUP + port.address + b"\x88\x92" + body.ljust(46, b"\0"))
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            for frame in port.read_batch(left):
                if len(frame.payload) < FRONT.size:
                    continue
                kind, _, _, answered, _, length = FRONT.unpack_from(frame.payload)
                if kind == IDENTIFY_RESPONSE and answered == transaction:
                    found = blocks(frame.payload[FRONT.size:FRONT.size + length])
                    address = found.get(IP_ADDRESS, bytes(4))[:4]
                    yield (frame.source, found.get(NAME_OF_STATION, b"").decode(errors="replace"),
                           ".".join(map(str, address)))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    for source, name, address in identify(sys.argv[1], *map(float, sys.argv[2:])):
        print(source.hex(":"), name or "-", address, flush=True)
