"""The neighbours that announce themselves by LLDP: lldp_listen.py INTERFACE [COUNT].

Needs a rule with the EtherType lldp and the rights read and join (for the group).
"""

import sys

import ndisprot

GROUP = "01:80:c2:00:00:0e"
CHASSIS, PORT, TTL, PORT_TEXT, NAME, SYSTEM_TEXT = 1, 2, 3, 4, 5, 6
MAC = {CHASSIS: 4, PORT: 3}  # the subtype that holds an address


def decode(payload):
    """The TLVs of one announcement; one that is cut ends the list."""
    found, at = {}, 0
    while at + 2 <= len(payload):
        front = int.from_bytes(payload[at:at + 2], "big")
        kind, length = front >> 9, front & 0x1FF
        value = payload[at + 2:at + 2 + length]
        at += 2 + length
        if kind == 0 or len(value) < length:
            break
        if kind in MAC and value:
            is_address = value[0] == MAC[kind] and length == 7
            found[kind] = value[1:].hex(":") if is_address else value[1:].decode(errors="replace")
        elif kind == TTL and length == 2:
            found[kind] = int.from_bytes(value, "big")
        elif kind in (PORT_TEXT, NAME, SYSTEM_TEXT):
            found[kind] = value.decode(errors="replace")
    return found


def listen(interface):
    with ndisprot.open(interface, "lldp") as port:
        port.join(GROUP)
        for frame in port:
            neighbour = decode(frame.payload)
            if CHASSIS in neighbour:
                yield neighbour


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    for number, each in enumerate(listen(sys.argv[1]), 1):
        print("%s port %s name %s, for %d s" % (
            each[CHASSIS], each.get(PORT), each.get(NAME, "-"), each.get(TTL, 0)), flush=True)
        if len(sys.argv) == 3 and number >= int(sys.argv[2]):
            break
