"""Takes an interface down and up again, at a rate, as `ip link set` does but without a process each.

Its argument is the interface's name. Each line on standard input is one JSON object {"do": NAME,
...}; each is answered by one line.
"""

import fcntl
import json
import socket
import struct
import sys
import time

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


class Flapper:
    def __init__(self, interface):
        self.name = interface.encode()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def set(self, is_up):
        answer = fcntl.ioctl(self.socket, SIOCGIFFLAGS, struct.pack("16sh22x", self.name, 0))
        flags = struct.unpack_from("16sh", answer)[1]
        flags = flags | IFF_UP if is_up else flags & ~IFF_UP
        fcntl.ioctl(self.socket, SIOCSIFFLAGS, struct.pack("16sh22x", self.name, flags))

    def flap(self, count, rate):
        """That many changes, at most so many a second; the last one is up. Answers the seconds."""
        started = time.monotonic()
        for number in range(count):
            self.set(number % 2 == 1 or number == count - 1)
            ahead = (number + 1) / rate - (time.monotonic() - started)
            if ahead > 0:
                time.sleep(ahead)
        return dict(seconds=time.monotonic() - started)


def main():
    flapper = Flapper(sys.argv[1])
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(flapper, command.pop("do"))(**command)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
