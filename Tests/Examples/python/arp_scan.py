"""Answers to ARP on this link: arp_scan.py INTERFACE OWN-ADDRESS NETWORK, as 10.0.0.5 10.0.0.0/24.

Needs a rule with the EtherType arp and the rights read and write.
"""

import ipaddress
import struct
import sys
import time

import ndisprot

ARP = struct.Struct("!HHBBH6s4s6s4s")
EVERYBODY = b"\xff" * 6
REQUEST, REPLY = 1, 2


def scan(interface, own, network, seconds=1.0):
    own = ipaddress.IPv4Address(own).packed
    with ndisprot.open(interface, "arp") as port:
        questions = []
        for host in ipaddress.IPv4Network(network).hosts():
            body = ARP.pack(1, 0x0800, 6, 4, REQUEST, port.address, own, bytes(6), host.packed)
            questions.append(EVERYBODY + port.address + b"\x08\x06" + body.ljust(46, b"\0"))
        port.write_batch(questions)
        until, seen = time.monotonic() + seconds, set()
        while (left := until - time.monotonic()) > 0:
            for frame in port.read_batch(left):
                if len(frame.payload) < ARP.size:
                    continue
                fields = ARP.unpack_from(frame.payload)
                if fields[4] == REPLY and fields[6] not in seen:
                    seen.add(fields[6])
                    yield ipaddress.IPv4Address(fields[6]), fields[5]


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    for address, hardware in scan(*sys.argv[1:]):
        print(address, hardware.hex(":"), flush=True)
