"""Wake-on-LAN: wake.py INTERFACE ADDRESS [PASSWORD], the password as an address.

Needs a rule with the EtherType wol and the right write.
"""

import sys

import ndisprot


def magic_packet(address, password=b""):
    """Six times 0xFF, sixteen times the address, and the password of 0, 4 or 6 bytes."""
    return b"\xff" * 6 + address * 16 + password


def wake(interface, address, password=b""):
    with ndisprot.open(interface, "wol") as port:
        everybody = b"\xff" * 6
        port.write(everybody + port.address + b"\x08\x42" + magic_packet(address, password))


def octets(text):
    return bytes.fromhex(text.replace(":", "").replace("-", ""))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or len(octets(sys.argv[2])) != 6:
        sys.exit(__doc__)
    wake(sys.argv[1], *map(octets, sys.argv[2:]))
