"""Clients of ndisprotd that do everything at random, and watch what they are answered.

Its argument is the path of the daemon's socket. Each line on standard input is one JSON object {"do":
NAME, ...}; each is answered by one line. The sessions live on a thread: `begin` makes them, `calm`
has them do nothing but read, `blow` lets them go on, `report` says what was wrong.
"""

import json
import random
import select
import socket
import struct
import sys
import threading
import time

HEADER = struct.Struct("<HHIQIIIIII")
RECORD = struct.Struct("<IIQII")
LONGEST = 131072
HELLO, CONTROL, OPEN, CLOSE, READ, WRITE, READ_BATCH, WRITE_BATCH, CANCEL = range(9)
ENUMERATE, STATISTICS = 11, 12
EXCLUSIVE, SHARED = 0, 1
ANY_SOURCE, OUTGOING, FAIL_ON_TRUNCATION, IGNORE_CARRIER, NO_LOOPBACK, COMPAT = 1, 2, 4, 8, 16, 32
MINE = 2 | 4  # Of records: sent by this machine, and by this open.
SET_OID, QUERY_OID = 0x0012C808, 0x0012C804
FILTER, GROUPS, ADDRESS, SPEED = 0x0101010E, 0x01010103, 0x01010102, 0x00010107
FILTERS = [0, 1, 3, 8, 9, 0xB, 0xF, 0x2B]
GONE = 19
TYPES = [0x88B5, 0x88B6, 0x888E, 0x88CC, 0x0000, 0x8892, 0x889A]
FAR = bytes.fromhex("02000000f0")
EMPTY_HANDED = "a request was answered twice, or was never asked"


class Actor:
    """One session after the other that opens, reads, writes, sets and leaves as chance has it."""

    def __init__(self, storm, number):
        self.storm, self.number = storm, number
        self.chance = random.Random(storm.seed * 1000 + number)
        self.frames = self.opens = 0
        self.connect()

    def connect(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.connect(self.storm.path)
        self.socket.setblocking(False)
        self.next_id, self.pended = 1, {}
        self.lazy_until = 0
        self.closed()
        self.storm.join(self)
        self.ask("hello", HELLO, struct.pack("<HHIQ", 1, 1, 0, 0))

    def closed(self):
        self.is_open = self.is_dead = self.is_moving = False
        self.types, self.last, self.depth = [], (0, 0), 0

    def leave(self):
        self.storm.part(self)
        self.socket.close()
        self.connect()

    def problem(self, text):
        self.storm.problem("session %d: %s" % (self.number, text))

    def ask(self, kind, opcode, payload=b"", detail=0, code=0, information=0, count=0):
        id = self.next_id
        message = HEADER.pack(1, opcode, 0, id, code, 0, 0, information, 0, count) + payload
        try:
            self.socket.send(message)
        except BlockingIOError:
            return  # The daemon takes no more for now.
        except OSError as error:
            self.problem("hung up on: %s" % error)
            return self.leave()
        self.next_id += 1
        self.pended[id] = (kind, detail)

    # What is heard.

    def hear(self):
        for _ in range(16):
            try:
                message = self.socket.recv(LONGEST + 1)
            except BlockingIOError:
                return
            except OSError:
                message = b""
            if not message:
                self.problem("the daemon hung up")
                return self.leave()
            self.take(message)

    def take(self, message):
        _, opcode, _, id, _, _, errno, _, _, count = HEADER.unpack_from(message)
        kind, detail = self.pended.pop(id, (EMPTY_HANDED, 0))
        payload = memoryview(message)[HEADER.size:]
        if kind == EMPTY_HANDED:
            self.problem("%s: id %d, opcode %d" % (kind, id, opcode))
        elif kind == "open":
            self.is_moving, self.is_open = False, errno == 0
            self.opens += errno == 0
        elif kind == "close":
            self.closed()
        elif kind == "read":
            self.take_frames(errno, payload, count)
        elif kind == "write" and errno == 0 and count not in (0, detail):
            self.problem("%d statuses for %d frames" % (count, detail))
        elif kind == "hello" and errno != 0:
            self.problem("HELLO was refused: %d" % errno)

    def take_frames(self, errno, payload, count):
        if errno == GONE:
            self.is_dead = True
        if errno == 0:
            self.check(payload, count)
        # One who answers each frame with the next question is in the middle of every burst.
        if errno == 0 and self.is_eager and self.is_open and not self.is_moving:
            self.read()

    def check(self, payload, count):
        at = 0
        for _ in range(count):
            length, _, _, flags, _ = RECORD.unpack_from(payload, at)
            frame = payload[at + RECORD.size:at + RECORD.size + length]
            at += RECORD.size + length + -length % 8
            self.frames += 1
            place = 16 if frame[12:14] == b"\x81\x00" else 12
            if flags & MINE or length < place + 10 or frame[6:11] != FAR:
                continue
            type, epoch, number = struct.unpack_from(">HII", frame, place)
            type = 0 if type < 0x600 else type
            if 0xFFFF not in self.types and type not in self.types:
                self.problem("type %#06x for an open of %s" % (type, self.types))
            if (epoch, number) <= self.last:
                self.problem("frame %d.%d behind %d.%d" % ((epoch, number) + self.last))
            self.last = epoch, number
        if at != len(payload):
            self.problem("%d bytes behind %d records" % (len(payload) - at, count))

    # What is done.

    def act(self):
        if time.monotonic() < self.lazy_until or self.is_moving or len(self.pended) > 200:
            return
        if self.is_dead:
            return self.close()
        if not self.is_open:
            return self.act_idle(self.chance.random())
        self.act_open(self.chance.random())

    def act_idle(self, luck):
        if luck < 0.8:
            self.open()
        elif luck < 0.9:
            self.ask("other", ENUMERATE, bytes(8))
        elif luck < 0.93:
            self.ask("other", STATISTICS, bytes(24))
        elif luck < 0.97:
            self.leave()

    def act_open(self, luck):
        if luck < 0.4:
            while len(self.pended) < self.depth:
                self.read()
        elif luck < 0.62:
            self.write()
        elif luck < 0.72:
            self.set(FILTER, struct.pack("<I", self.chance.choice(FILTERS)))
        elif luck < 0.75:
            groups = [bytes.fromhex("0180c20000%02x" % n) for n in (3, 14, 33)]
            self.set(GROUPS, b"".join(self.chance.sample(groups, self.chance.randrange(4))))
        elif luck < 0.80:
            reads = [id for id, (kind, _) in self.pended.items() if kind == "read"]
            if reads:
                self.ask("other", CANCEL, struct.pack("<Q", self.chance.choice(reads)))
        elif luck < 0.83:
            oid = self.chance.choice([ADDRESS, SPEED])
            self.ask("other", CONTROL, struct.pack("<II", oid, 0), code=QUERY_OID, information=64)
        elif luck < 0.86:
            self.ask("other", STATISTICS, bytes(24))
        elif luck < 0.88:
            self.lazy_until = time.monotonic() + self.chance.random()
            self.storm.mute(self)
        elif luck < 0.91:
            self.close()
        elif luck < 0.92:
            self.leave()

    def open(self):
        chance = self.chance
        self.is_moving, self.is_eager = True, chance.random() < 0.6
        self.types = [0xFFFF] if chance.random() < 0.1 else chance.sample(TYPES, chance.choice(
            [0, 1, 1, 1, 2, 3]))
        self.last, self.depth = (0, 0), chance.choice([1, 1, 2, 8, 64])
        mode = EXCLUSIVE if chance.random() < 0.1 else SHARED
        flags = NO_LOOPBACK if chance.random() < 0.3 else 0
        for flag, share in ((ANY_SOURCE, 0.2), (OUTGOING, 0.2), (FAIL_ON_TRUNCATION, 0.1),
                            (IGNORE_CARRIER, 0.2), (COMPAT, 0.15)):
            flags |= flag if chance.random() < share else 0
        if self.types == [0xFFFF]:
            # Alone with all types, it would keep out whoever judges the calm.
            mode, flags = SHARED, flags & ~COMPAT
        queue = chance.choice([0, 0, 1, 4096, 16384, 262144])
        name = chance.choice(self.storm.names).encode()
        payload = struct.pack("<IIIIHH", mode, flags, queue, chance.randrange(500),
                              len(self.types), len(name))
        self.ask("open", OPEN, payload + struct.pack("<%dH" % len(self.types), *self.types) + name)
        self.is_moving = bool(self.pended)

    def close(self):
        self.is_moving = True
        self.ask("close", CLOSE)
        self.is_moving = any(kind == "close" for kind, _ in self.pended.values())

    def read(self):
        if self.chance.random() < 0.5:
            self.ask("read", READ, information=self.chance.choice([60, 1518, 9018]))
        else:
            self.ask("read", READ_BATCH, information=LONGEST - HEADER.size,
                     count=self.chance.choice([0, 0, 1, 7]))

    def write(self):
        count = self.chance.choice([1, 1, 5, 60])
        size = self.chance.choice([13, 14, 60, 60, 300, 1514, 4014]) if count < 60 else 60
        type = self.chance.choice(self.types or TYPES)
        head = bytes.fromhex("0200000000020200000000%02x" % self.chance.choice([1, 3, 5, 9]))
        frame = (head + struct.pack(">H", type % 0xFFFF) + bytes(size))[:size]
        one = RECORD.pack(size, size, 0, 0, 0) + frame + bytes(-size % 8)
        self.ask("write", WRITE_BATCH if count > 1 else WRITE, one * count, detail=count,
                 count=count)

    def set(self, oid, value):
        self.ask("other", CONTROL, struct.pack("<II", oid, 0) + value, code=SET_OID)

    def rest(self):
        """Nothing but to read, and no question that would bring a read to mind which is waiting."""
        if time.monotonic() >= self.lazy_until > 0:
            self.lazy_until = 0
            self.storm.listen(self)
        if self.is_open and self.types and not (self.is_dead or self.is_moving or self.pended):
            self.ask("read", READ_BATCH, information=LONGEST - HEADER.size)

    @property
    def is_settled(self):
        """Whether nothing is to be answered but reads of an open whose interface is there."""
        kinds = {kind for kind, _ in self.pended.values()}
        may_wait = self.is_open and not self.is_dead
        return self.lazy_until == 0 and not (kinds - {"read"} if may_wait else kinds)


class Storm:
    def __init__(self, path):
        self.path, self.actors, self.problems = path, {}, []
        self.poller = select.epoll()

    def join(self, actor):
        self.actors[actor.socket.fileno()] = actor
        self.poller.register(actor.socket, select.EPOLLIN)

    def part(self, actor):
        self.poller.unregister(actor.socket)
        del self.actors[actor.socket.fileno()]

    def mute(self, actor):
        self.poller.modify(actor.socket, 0)

    def listen(self, actor):
        self.poller.modify(actor.socket, select.EPOLLIN)

    def problem(self, text):
        if len(self.problems) < 20:
            self.problems.append(text)

    def begin(self, seed, sessions, names):
        self.seed, self.names, self.is_blowing = seed, names, True
        for number in range(sessions):
            Actor(self, number)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        return {}

    def blow(self):
        self.is_blowing = True
        return {}

    def calm(self):
        self.is_blowing = False
        return {}

    def report(self):
        actors = list(self.actors.values())
        return dict(problems=self.problems, isRunning=self.thread.is_alive(),
                    unsettled=["session %d: %s" % (actor.number, sorted(actor.pended.values())[:5])
                               for actor in actors if not actor.is_settled],
                    opens=sum(actor.opens for actor in actors),
                    frames=sum(actor.frames for actor in actors))

    def run(self):
        chance = random.Random(self.seed)
        try:
            while True:
                for descriptor, _ in self.poller.poll(0.002):
                    if descriptor in self.actors:
                        self.actors[descriptor].hear()
                actors = list(self.actors.values())
                for actor in chance.sample(actors, 3) if self.is_blowing else actors:
                    if self.is_blowing and time.monotonic() >= actor.lazy_until > 0:
                        actor.lazy_until = 0
                        self.listen(actor)
                    actor.act() if self.is_blowing else actor.rest()
        except Exception as error:
            self.problem("the program failed: %r in line %d"
                         % (error, error.__traceback__.tb_lineno))
            raise


def main():
    storm = Storm(sys.argv[1])
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = getattr(storm, command.pop("do"))(**command)
        except OSError as error:
            answer = dict(failure=str(error))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
