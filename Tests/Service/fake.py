"""Somebody who listens where a client looks: takes connections and says nothing.

    fake.py PATH
"""

import socket
import sys

listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
listener.bind(sys.argv[1])
listener.listen()
listener.settimeout(60)
print("listening", flush=True)
connections = []
try:
    while True:
        connections.append(listener.accept()[0])
except TimeoutError:
    pass
