"""802.1X: asks the switch to begin, answers with an identity: eapol_start.py INTERFACE IDENTITY.

Needs a rule with the EtherType eapol and the rights read, write and join (for the group).
"""

import struct
import sys

import ndisprot

PAE_GROUP = bytes.fromhex("0180c2000003")
EAPOL = struct.Struct("!BBH")  # version, type, length
EAP = struct.Struct("!BBH")  # code, identifier, length
PACKET, START = 0, 1
REQUEST, RESPONSE, SUCCESS, FAILURE = 1, 2, 3, 4
IDENTITY = 1


def eapol(port, kind, body=b""):
    front = PAE_GROUP + port.address + b"\x88\x8e"
    return (front + EAPOL.pack(2, kind, len(body)) + body).ljust(60, b"\0")


def begin(interface, identity, seconds=10.0):
    """Yields what the switch says, as text, until it accepts, refuses, or asks for more."""
    with ndisprot.open(interface, "eapol", wait=5) as port:
        port.join(PAE_GROUP)
        port.write(eapol(port, START))
        while True:
            frame = port.read(seconds)
            _, kind, length = EAPOL.unpack_from(frame.payload)
            body = frame.payload[4:4 + length]
            if kind != PACKET or len(body) < EAP.size:
                continue
            code, number, _ = EAP.unpack_from(body)
            if code == REQUEST and body[4:5] == bytes([IDENTITY]):
                yield "asked for an identity"
                answer = bytes([IDENTITY]) + identity.encode()
                port.write(eapol(port, PACKET, EAP.pack(
                    RESPONSE, number, EAP.size + len(answer)) + answer))
            elif code == REQUEST:
                yield "asked for method %d" % body[4]
                return
            elif code in (SUCCESS, FAILURE):
                yield "accepted" if code == SUCCESS else "refused"
                return


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    for words in begin(*sys.argv[1:]):
        print(words, flush=True)
