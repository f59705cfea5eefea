"""Clients that go about it in their own way; prints what became of them. Shares no code with the daemon.

    clients.py queue NUMBER      so many connect before anybody says a word: how many were answered
    clients.py violate           breaks the protocol, and waits to be hung up on
"""

import socket
import struct
import sys

PATH = "/run/ndisprot.sock"
HELLO = struct.pack("<HHIQIIIIII", 1, 0, 0, 1, 0, 0, 0, 0, 0, 0) + struct.pack("<HHIQ", 1, 1, 0, 0)


def connected():
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.settimeout(60)
    client.connect(PATH)
    return client


def is_greeted(client):
    client.send(HELLO)
    return len(client.recv(4096)) == 56


if sys.argv[1] == "queue":
    waiting = [connected() for _ in range(int(sys.argv[2]))]
    print(sum(map(is_greeted, waiting)))
else:
    client = connected()
    client.send(b"\0")
    print(client.recv(4096))
