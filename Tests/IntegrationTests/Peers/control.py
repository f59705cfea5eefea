"""A client of ndisprotd that shares no code with it: raw bytes by struct.pack.

Each line on standard input is one JSON object {"do": NAME, ...}; each is answered by one line.
Sessions are numbered by whoever asks. Every wait has an end.
"""

import json
import os
import random
import resource
import select
import signal
import socket
import struct
import sys
import threading
import time

HEADER = struct.Struct("<HHIQIIIIII")
RECORD = struct.Struct("<IIQII")
REPLY = 1
LONGEST = 131072
EAGAIN, EUSERS = 11, 87
# Seconds for what must come: beside other work a millisecond becomes seconds.
PATIENCE = 60


def record(frame):
    """A frame as WRITE carries it: 24 bytes, the frame, zero bytes up to a multiple of 8."""
    return RECORD.pack(len(frame), len(frame), 0, 0, 0) + frame + bytes(-len(frame) % 8)


def records(payload, count):
    """The frames of a READ's reply."""
    found, at = [], 0
    for _ in range(count):
        length, original, timestamp, flags, lost = RECORD.unpack_from(payload, at)
        at += RECORD.size
        found.append(dict(bytes=payload[at:at + length].hex(), originalLength=original,
                          timestamp=timestamp, flags=flags, lostBefore=lost,
                          padding=payload[at + length:at + length + -length % 8].hex()))
        at += length + -length % 8
    if at != len(payload):
        raise ValueError("%d bytes behind the last record" % (len(payload) - at))
    return found


def bindings(payload, count, at=16):
    """The entries of an ENUMERATE's reply, or that of an event."""
    found = []
    for _ in range(count):
        (size, index, state, link, power, mtu, opens, name, description) = struct.unpack_from(
            "<IIIIIIIHH", payload, at)
        address = payload[at + 32:at + 38]
        text = payload[at + 40:at + 40 + name + description]
        found.append(dict(interfaceIndex=index, state=state, link=link, power=power, mtu=mtu,
                          opens=opens, address=address.hex(":"), name=text[:name].decode(),
                          description=text[name:].decode()))
        if size % 8 or size < 40 + name + description:
            raise ValueError("an entry of %d bytes" % size)
        at += size
    return found


def event(payload, count):
    """What an event tells."""
    sequence, lost, timestamp, kind, changes = struct.unpack_from("<QQQII", payload)
    if count > 1 or len(payload) < 32 or (count == 0 and len(payload) != 32):
        raise ValueError("an event of %d bytes, count %d" % (len(payload), count))
    return dict(sequence=sequence, lost=lost, timestamp=timestamp, kind=kind, changes=changes,
                binding=bindings(payload, count, 32)[0] if count else None)


def counters(payload, count):
    """The objects of a page of STATISTICS, in ascending order, and whether there are more."""
    more, zero = struct.unpack_from("<II", payload)
    found, at, last = [], 8, ()
    for _ in range(count):
        kind, counter_count, index, name, number = struct.unpack_from("<IIIIQ", payload, at)
        if (kind, index, number) <= last:
            raise ValueError("objects that are not in order")
        last = (kind, index, number)
        at += 24
        text = payload[at:at + name].decode()
        at += name + -name % 8
        values = {}
        for _ in range(counter_count):
            counter, zero, value = struct.unpack_from("<IIQ", payload, at)
            values[str(counter)] = value
            at += 16
        found.append(dict(kind=kind, interfaceIndex=index, id=number, name=text, values=values))
    return found, bool(more)


def granted(payload):
    """What an OPEN was given."""
    (mode, flags, queue, index, mtu, types, name) = struct.unpack_from("<IIIIIHH", payload)
    at = 32
    return dict(mode=mode, flags=flags, queueBytes=queue, interfaceIndex=index, mtu=mtu,
                address=payload[24:30].hex(":"),
                etherTypes=list(struct.unpack_from("<%dH" % types, payload, at)),
                name=payload[at + 2 * types:at + 2 * types + name].decode())


class Session:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.socket.connect(path)
        self.next_id = 1
        self.replies = {}
        self.events = []
        self.closed = False

    def send(self, opcode, payload=b"", code=0, information=0, count=0, id=None, version=1,
             flags=0, ndisStatus=0, errno=0, bytesNeeded=0):
        if id is None:
            id = self.next_id
            self.next_id += 1
        header = HEADER.pack(version, opcode, flags, id, code, ndisStatus, errno, information,
                             bytesNeeded, count)
        self.transmit(header + payload)
        return id

    def transmit(self, message, descriptors=()):
        ancillary = []
        if descriptors:
            array = struct.pack("%di" % len(descriptors), *descriptors)
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array)]
        try:
            self.socket.sendmsg([message], ancillary)
        except (BrokenPipeError, ConnectionResetError):
            self.closed = True
        except PermissionError:
            # The kernel lets no descriptors through to the daemon (SO_PASSRIGHTS, 6.16).
            if not descriptors:
                raise
            return False
        return True

    def receive(self, seconds):
        """Takes one message off the socket; False when time is up."""
        self.socket.settimeout(max(seconds, 0.001))
        try:
            message = self.socket.recv(LONGEST + 1)
        except (TimeoutError, socket.timeout):
            return False
        except ConnectionResetError:
            message = b""
        if not message:
            self.closed = True
            return True
        (version, opcode, flags, id, code, ndis, errno, information, needed,
         count) = HEADER.unpack_from(message)
        payload = message[HEADER.size:]
        if opcode == 10 and not flags & REPLY:
            if id or flags or code or ndis or errno or information or needed or version != 1:
                raise ValueError("no event: %s" % message[:HEADER.size].hex())
            self.events.append(event(payload, count))
            return True
        reply = dict(version=version, opcode=opcode, flags=flags, id=id, ntStatus=code,
                     ndisStatus=ndis, errno=errno, information=information, bytesNeeded=needed,
                     count=count, payload=payload.hex(), order=len(self.replies))
        if errno == 0 and opcode in (4, 6):
            reply["records"] = records(payload, count)
        if opcode == 7:
            reply["statuses"] = [list(struct.unpack_from("<III", payload, 12 * i))
                                 for i in range(count)]
        if errno == 0 and opcode == 11:
            reply["bindings"] = bindings(payload, count)
        if errno == 0 and opcode == 12:
            reply["objects"], reply["hasMore"] = counters(payload, count)
        if errno == 0 and opcode == 2:
            reply["granted"] = granted(payload)
        if not flags & REPLY or version != 1:
            raise ValueError("no reply: %s" % reply)
        self.replies.setdefault(id, []).append(reply)
        return True

    def reply(self, id, seconds):
        """The next reply with this id; {} when time is up, {"closed"} at the end."""
        deadline = time.monotonic() + seconds
        while not self.replies.get(id):
            if self.closed:
                return dict(closed=True)
            if not self.receive(deadline - time.monotonic()):
                return dict(timedOut=True)
        return self.replies[id].pop(0)


class Client:
    def __init__(self, path):
        self.path = path
        self.sessions = {}

    def connect(self, session):
        self.sessions[session] = Session(self.path)
        return {}

    def disconnect(self, session):
        self.sessions.pop(session).socket.close()
        return {}

    def hello(self, session, minimum=1, maximum=1, features=0):
        return self.ask(session, 0, struct.pack("<HHIQ", minimum, maximum, 0, features))

    def ask(self, session, opcode, payload=b"", **fields):
        return dict(id=self.sessions[session].send(opcode, payload, **fields))

    def send(self, session, opcode, payload="", **fields):
        return self.ask(session, opcode, bytes.fromhex(payload), **fields)

    def control(self, session, code, payload="", room=0):
        return self.ask(session, 1, bytes.fromhex(payload), code=code, information=room)

    def openDevice(self, session, name):
        return self.ask(session, 1, name.encode("utf-16-le"), code=0x0012C800)

    def open(self, session, name, mode=1, flags=0, types=(0x888E,), queue=0, wait=4500):
        text = name.encode()
        payload = struct.pack("<IIIIHH", mode, flags, queue, wait, len(types), len(text))
        return self.ask(session, 2, payload + struct.pack("<%dH" % len(types), *types) + text)

    def closeDevice(self, session):
        return self.ask(session, 3)

    def read(self, session, room=1518):
        return self.ask(session, 4, information=room)

    def write(self, session, frame):
        return self.ask(session, 5, record(bytes.fromhex(frame)))

    def readBatch(self, session, room=LONGEST - 40, most=0):
        return self.ask(session, 6, information=room, count=most)

    def writeBatch(self, session, frames):
        payload = b"".join(record(bytes.fromhex(frame)) for frame in frames)
        return self.ask(session, 7, payload, count=len(frames))

    def writeTampered(self, session, frame, source, frameCount, messageCount, offset=6):
        """Batches from memory in which a thread changes the frames' sources all the while.

        Answers how many frames the daemon sent and how many it refused for their source.
        """
        connection, one = self.sessions[session], record(bytes.fromhex(frame))
        memory = bytearray(HEADER.pack(1, 7, 0, 0, 0, 0, 0, 0, 0, frameCount) + one * frameCount)
        bad = bytes.fromhex(source)
        good = bytes.fromhex(frame)[offset:offset + len(bad)]
        places = [HEADER.size + len(one) * i + RECORD.size + offset for i in range(frameCount)]
        running = threading.Event()
        running.set()

        def tamper():
            while running.is_set():
                for address in (bad, good):
                    for place in places:
                        memory[place:place + len(bad)] = address

        thread = threading.Thread(target=tamper)
        thread.start()
        sent = refused = 0
        try:
            for _ in range(messageCount):
                id = connection.next_id
                connection.next_id += 1
                struct.pack_into("<Q", memory, 8, id)
                connection.transmit(memory)
                statuses = [tuple(s) for s in connection.reply(id, PATIENCE)["statuses"]]
                sent += sum(s[2] == 0 for s in statuses)
                refused += sum(s[2] != 0 for s in statuses)
        finally:
            running.clear()
            thread.join()
        return dict(sent=sent, refused=refused)

    def cancel(self, session, id):
        return self.ask(session, 8, struct.pack("<Q", id))

    def enumerate(self, session, after=0):
        return self.ask(session, 11, struct.pack("<II", after, 0))

    def subscribe(self, session, kinds=0x3FE, index=0):
        return self.ask(session, 9, struct.pack("<II", kinds, index))

    def events(self, session, count, seconds=PATIENCE):
        """Takes that many events, or those that came when time is up or the daemon hung up."""
        connection, deadline = self.sessions[session], time.monotonic() + seconds
        while len(connection.events) < count and not connection.closed:
            if not connection.receive(deadline - time.monotonic()):
                break
        taken, connection.events = connection.events[:count], connection.events[count:]
        return dict(events=taken)

    def stuff(self, session):
        """Asks without reading a reply, until the daemon takes no more requests.

        Answers the ids of what was asked.
        """
        connection, ids = self.sessions[session], []
        connection.socket.setblocking(False)
        patience = 0
        while patience < 20:
            header = HEADER.pack(1, 11, 0, connection.next_id, 0, 0, 0, 0, 0, 0)
            try:
                connection.socket.send(header + bytes(8))
                ids.append(connection.next_id)
                connection.next_id += 1
                patience = 0
            except BlockingIOError:
                patience += 1
                time.sleep(0.01)
        return dict(ids=ids)

    def statistics(self, session, index=0, after=(0, 0, 0)):
        return self.ask(session, 12, struct.pack("<IIIIQ", index, *after[:2], 0, after[2]))

    def explain(self, session, user, binding, type):
        payload = struct.pack("<IIH6x", 6, 0, type)
        for text in [user.encode(), binding.encode()]:
            payload += struct.pack("<I", len(text)) + text + bytes(-(4 + len(text)) % 8)
        return self.ask(session, 13, payload)

    def wait(self, session, names, milliseconds):
        payload = struct.pack("<IHH", milliseconds, len(names), 0)
        for name in names:
            payload += struct.pack("<H", len(name.encode())) + name.encode()
        return self.ask(session, 14, payload)

    def reply(self, session, id, seconds=PATIENCE):
        return self.sessions[session].reply(id, seconds)

    def collect(self, session, ids, seconds=PATIENCE):
        """Every reply to these requests, as [ntStatus, ndisStatus, errno] by id, and strays."""
        connection, deadline = self.sessions[session], time.monotonic() + seconds
        wanted = set(ids)
        while not connection.closed and any(not connection.replies.get(i) for i in wanted):
            if not connection.receive(deadline - time.monotonic()):
                break
        # One that comes twice has come by now, or comes with the next settle().
        counts = [len(connection.replies.get(i, [])) for i in ids]
        statuses = []
        for i in ids:
            for reply in connection.replies.pop(i, []):
                statuses.append([reply["ntStatus"], reply["ndisStatus"], reply["errno"]])
        return dict(statuses=statuses, missing=counts.count(0),
                    repeated=sum(count > 1 for count in counts))

    def many(self, session, opcode, count, payload="", **fields):
        """That many equal requests."""
        return dict(ids=[self.send(session, opcode, payload, **fields)["id"]
                         for _ in range(count)])

    def kills(self, count, seed, name="np0"):
        """Clients that do something and are killed with SIGKILL at a random moment of it."""
        chance = random.Random(seed)
        for _ in range(count):
            plan = chance.random(), chance.random() * 0.004
            child = os.fork()
            if child == 0:
                try:
                    self.victim(plan[0], name)
                finally:
                    os._exit(0)
            time.sleep(plan[1])
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        return {}

    def victim(self, kind, name):
        session = Session(self.path)
        # What is left behind in the socket is still worked off: not much of it.
        session.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 13)
        session.send(0, struct.pack("<HHIQ", 1, 1, 0, 0))
        text = name.encode()
        wanted = struct.pack("<IIIIHHH", 1, 0, 0, 0, 1, len(text), 0x888E) + text
        session.send(2, wanted)
        frame = bytes.fromhex("ffffffffffff020000000001888e") + bytes(46)
        while True:
            if kind < 0.2:
                session.send(3)
                session.send(2, wanted)
            elif kind < 0.6:
                session.send(7, record(frame) * 20, count=20)
            else:
                session.send(6, information=LONGEST - 40)
                session.send(4, information=60)

    def closes(self, session, seconds=PATIENCE):
        """Whether the daemon hangs up in time."""
        connection = self.sessions[session]
        deadline = time.monotonic() + seconds
        while not connection.closed and connection.receive(deadline - time.monotonic()):
            pass
        return dict(closed=connection.closed)

    def raw(self, session, message, descriptorCount=0):
        """Bytes as they are, with this many copies of standard error; whether the kernel took them."""
        isSent = self.sessions[session].transmit(bytes.fromhex(message), [2] * descriptorCount)
        return dict(isSent=isSent)

    def race(self, count, name):
        """That many sessions, all asking OPEN_DEVICE before the first answer is read."""
        path, sessions = self.path, []
        for _ in range(count):
            session = Session(path)
            session.reply(session.send(0, struct.pack("<HHIQ", 1, 1, 0, 0)), PATIENCE)
            sessions.append(session)
        ids = [s.send(1, name.encode("utf-16-le"), code=0x0012C800) for s in sessions]
        outcomes = [s.reply(i, PATIENCE).get("ntStatus", 0xFFFFFFFF) for s, i in zip(sessions, ids)]
        for session in sessions:
            session.socket.close()
        return dict(outcomes=outcomes)

    def crowd(self, count, name, waitFor):
        """That many sessions that have `name` open, each with two reads and a wait pended.

        Answers nothing; `dismissed` says how their requests ended.
        """
        self.pended = []
        for _ in range(count):
            session = self.opened(name)
            ids = [session.send(4, information=1518), session.send(6, information=LONGEST - 40)]
            wait = struct.pack("<IHHH", 60_000, 1, 0, len(waitFor)) + waitFor.encode()
            ids.append(session.send(14, wait))
            # CANCEL of nothing is answered when all that was sent before has been seen.
            session.reply(session.send(8, struct.pack("<Q", 1 << 40)), PATIENCE)
            self.pended.append((session, ids))
        return {}

    def dismissed(self):
        """The errnos of the crowd's requests, one list a session, read until the daemon hangs up."""
        outcomes = []
        for session, ids in self.pended:
            while not session.closed:
                if not session.receive(PATIENCE):
                    raise ValueError("the daemon has not hung up")
            outcomes.append([[r["errno"] for r in session.replies.get(i, [])] for i in ids])
        return dict(outcomes=outcomes)

    def told(self):
        """The errnos of the reads of the crowd, one list a session; the sessions stay."""
        return dict(outcomes=[[session.reply(i, PATIENCE).get("errno", -1) for i in ids[:2]]
                              for session, ids in self.pended])

    def opened(self, name):
        session = Session(self.path)
        session.reply(session.send(0, struct.pack("<HHIQ", 1, 1, 0, 0)), PATIENCE)
        wanted = struct.pack("<IIIIHHH", 1, 0, 0, 0, 1, len(name), 0x888E) + name.encode()
        if session.reply(session.send(2, wanted), PATIENCE).get("errno") != 0:
            raise ValueError("OPEN was refused")
        return session

    def churn(self, count, name):
        """That many processes that open `name`, pend a read and are killed."""
        for _ in range(count):
            ready, say = os.pipe()
            child = os.fork()
            if child == 0:
                try:
                    self.opened(name).send(4, information=1518)
                    os.write(say, b"1")
                    time.sleep(2 * PATIENCE)
                finally:
                    os._exit(1)
            os.close(say)
            is_open = os.read(ready, 1)
            os.close(ready)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            if not is_open:
                raise ValueError("a client could not open %s" % name)
        return {}

    def storm(self, session, count, seed):
        """Reads, half of them cancelled at some time; answers how often each ended how."""
        connection, dice = self.sessions[session], random.Random(seed)
        reads, cancels = [], []
        for _ in range(count):
            reads.append(connection.send(4, information=1518))
            if dice.random() < 0.5:
                victim = dice.choice(reads[-100:])
                cancels.append(connection.send(8, struct.pack("<Q", victim)))
            while len(reads) - sum(map(len, connection.replies.values())) + len(cancels) > 100:
                if not connection.receive(0.001):
                    victim = next(i for i in reads if i not in connection.replies)
                    cancels.append(connection.send(8, struct.pack("<Q", victim)))
        for victim in [i for i in reads if i not in connection.replies]:
            cancels.append(connection.send(8, struct.pack("<Q", victim)))
        while any(i not in connection.replies for i in reads + cancels):
            if not connection.receive(PATIENCE) or connection.closed:
                raise ValueError("a request was never answered")
        ends = [[r["errno"] for r in connection.replies[i]] for i in reads]
        return dict(delivered=ends.count([0]), cancelled=ends.count([125]), asked=len(ends),
                    cancelAnswers=sum(len(connection.replies[i]) == 1 for i in cancels),
                    cancelsAsked=len(cancels))

    def hammer(self, name):
        """Opens, reads and queries `name` on four sessions, on a thread, until `hammered`."""
        self.hammering, self.rounds, self.hammerFailure = True, 0, ""
        self.hammerThread = threading.Thread(target=self.hammer_on, args=(name,))
        self.hammerThread.start()
        return {}

    def hammer_on(self, name):
        wanted = struct.pack("<IIIIHHH", 1, 0, 0, 0, 1, len(name), 0x888E) + name.encode()
        oid = struct.pack("<II", 0x01010102, 0)
        try:
            sessions = [Session(self.path) for _ in range(4)]
            for session in sessions:
                session.reply(session.send(0, struct.pack("<HHIQ", 1, 1, 0, 0)), PATIENCE)
            while self.hammering:
                for session in sessions:
                    ids = [session.send(2, wanted), session.send(4, information=1518),
                           session.send(1, oid, code=0x0012C804, information=64)]
                    read = ids[1]
                    ids.append(session.send(8, struct.pack("<Q", read)))
                    ids.append(session.send(3))
                    for i in ids:
                        if "errno" not in session.reply(i, PATIENCE):
                            raise ValueError("no answer to %d of %s" % (ids.index(i), ids))
                    session.replies.clear()
                    self.rounds += 1
            for session in sessions:
                session.socket.close()
        except Exception as error:
            self.hammerFailure = repr(error)

    def hammered(self):
        self.hammering = False
        self.hammerThread.join(PATIENCE)
        return dict(rounds=self.rounds, problem=self.hammerFailure)

    def misbehave(self, seed, name, down):
        """Whatever a client should not do, at random, on a thread, until `stormed`.

        `name` is an interface that it may open, `down` one that is down.
        """
        self.storming, self.deeds, self.stormFailure = True, {}, ""
        self.stormThread = threading.Thread(
            target=self.storm_on, args=(random.Random(seed), name, down))
        self.stormThread.start()
        return {}

    def stormed(self):
        self.storming = False
        self.stormThread.join(30)
        return dict(deeds=self.deeds, problem=self.stormFailure)

    def storm_on(self, chance, name, down):
        deeds = [deed for word, deed in sorted(vars(Client).items()) if word.startswith("deed_")]
        while self.storming:
            deed = chance.choice(deeds)
            self.deeds[deed.__name__] = self.deeds.get(deed.__name__, 0) + 1
            session, isKept = None, False
            try:
                session = Session(self.path)
                # A daemon that takes nothing more must not stop the storm.
                session.socket.settimeout(0.5)
                if deed.__name__ not in ("deed_silence", "deed_early_descriptor"):
                    session.send(0, struct.pack("<HHIQ", 1, 1, 0, 0))
                place = down if deed.__name__ == "deed_power" else name
                isKept = deed(self, session, chance, place)
            except OSError:
                pass
            except Exception as error:
                self.stormFailure = repr(error)
                self.storming = False
            if session is not None and not isKept:
                session.socket.close()
        for session in getattr(self, "silent", []):
            session.socket.close()

    def wait_payload(self, count):
        return struct.pack("<IHH", 0xFFFFFFFF, count, 0) + b"\2\0zz" * count

    def open_payload(self, name, wait=0):
        return (struct.pack("<IIIIHHH", 1, 0, 0, wait, 1, len(name), 0x88B5) + name.encode())

    def deed_waits(self, session, chance, name):
        for _ in range(100):
            id = session.send(14, self.wait_payload(chance.randrange(1, 16)))
            if chance.random() < 0.3:
                session.send(8, struct.pack("<Q", id))

    def deed_names(self, session, chance, name):
        session.send(14, self.wait_payload(26000))

    def deed_power(self, session, chance, name):
        session.send(2, self.open_payload(name, wait=60000))

    def deed_half_closed(self, session, chance, name):
        if chance.random() < 0.5:
            session.send(2, self.open_payload(name))
        session.socket.shutdown(socket.SHUT_RD)
        for _ in range(3):
            session.send(11, bytes(8))

    def deed_descriptor(self, session, chance, name):
        session.transmit(b"zz", [2] * chance.randrange(1, 9))

    def deed_early_descriptor(self, session, chance, name):
        session.transmit(b"zz", [2])

    def deed_silence(self, session, chance, name):
        self.silent = getattr(self, "silent", [])
        self.silent.append(session)
        if len(self.silent) > 40:
            self.silent.pop(0).socket.close()
        return True

    def deed_unread(self, session, chance, name):
        for _ in range(200):
            session.send(12, bytes(24))

    def deed_garbage(self, session, chance, name):
        session.transmit(chance.randbytes(chance.randrange(0, 200)))

    def deed_abandoned(self, session, chance, name):
        session.send(2, self.open_payload(name))
        for _ in range(chance.randrange(40)):
            session.send(4, information=1518)
            session.send(5, struct.pack("<IIQII", 60, 60, 0, 0, 0) + bytes(64), count=1)
        if chance.random() < 0.5:
            session.send(3)

    def deed_questions(self, session, chance, name):
        user = b"0" * 3
        question = struct.pack("<II", 6, 0) + struct.pack("<H6x", 0x88B5)
        for text in (user, name.encode()):
            question += struct.pack("<I", len(text)) + text + bytes(-len(text) % 8)
        for _ in range(5):
            session.send(13, question)

    def honest(self, name, seconds):
        """Writes frames and reads them back, each request answered once and in order; until the time is over."""
        session, times, rounds, problem = Session(self.path), [], 0, ""
        session.reply(session.send(0, struct.pack("<HHIQ", 1, 1, 0, 0)), 10)
        wanted = struct.pack("<IIIIHHH", 1, 0, 0, 0, 1, len(name), 0x88B6) + name.encode()
        granted = session.reply(session.send(2, wanted), 10)
        if granted.get("errno") != 0:
            return dict(rounds=0, slow=0, problem="OPEN: %s" % granted)
        address = bytes.fromhex(granted["payload"])[24:30]
        end = time.monotonic() + seconds
        while time.monotonic() < end and not problem:
            frame = b"\xff" * 6 + address + b"\x88\xb6" + struct.pack("<Q", rounds) + bytes(40)
            record = struct.pack("<IIQII", len(frame), len(frame), 0, 0, 0) + frame
            began = time.monotonic()
            ids = [session.send(5, record + bytes(-len(record) % 8), count=1),
                   session.send(4, information=1518), session.send(11, bytes(8))]
            answers = [session.reply(id, 20) for id in ids]
            times.append(time.monotonic() - began)
            if [answer.get("errno") for answer in answers] != [0, 0, 0]:
                problem = "round %d: %s" % (rounds, answers)
            elif bytes.fromhex(answers[1]["payload"])[24:24 + len(frame)] != frame:
                problem = "round %d: another frame: %s" % (rounds, answers[1])
            elif any(session.replies.get(id) for id in ids):
                problem = "round %d: answered twice: %s" % (rounds, session.replies)
            session.replies.clear()
            rounds += 1
            time.sleep(0.002)
        session.socket.close()
        times.sort()
        return dict(rounds=rounds, slow=1000 * times[int(len(times) * 0.99)], problem=problem)

    def probe(self, messages, open=""):
        """What becomes of each message, sent on a session of its own that may have opened."""
        return dict(outcomes=[self.probe_one(bytes.fromhex(text), open) for text in messages])

    def probe_one(self, message, interface):
        session = Session(self.path)
        session.reply(session.send(0, struct.pack("<HHIQ", 1, 1, 0, 0)), PATIENCE)
        if interface:
            name = interface.encode()
            wanted = struct.pack("<IIIIHHH", 1, 0, 0, 0, 1, len(name), 0x88B5) + name
            session.reply(session.send(2, wanted), PATIENCE)
        session.transmit(message)
        # What may pend is cancelled: so every message owes an answer at once.
        asked = int.from_bytes(message[8:16], "little")
        session.send(8, struct.pack("<Q", asked), id=0x7FFF_FFFF_FFFF)
        answer = session.reply(asked, PATIENCE)
        if "ntStatus" in answer and asked != 0x7FFF_FFFF_FFFF:
            session.reply(0x7FFF_FFFF_FFFF, PATIENCE)
        if session.replies.get(asked):
            answer["timedOut"] = "answered twice"
        session.socket.close()
        if answer.get("closed"):
            return "closed"
        return "silent" if "timedOut" in answer else "answered"

    def fuzz(self, count, seed):
        """Nearly right messages, and some that are not: each is answered once, or hung up on.

        What a message could leave pended is cancelled behind it, and the answer to a CANCEL of
        nothing says that all before it was seen.
        """
        chance = random.Random(seed)
        answered, closed, wrong, session = 0, 0, [], None
        for number in range(count):
            if session is None or session.closed:
                session = self.opened("np0") if chance.random() < 0.7 else self.greeted()
            message = self.nearly_right(chance, 1000 + number)
            session.transmit(message)
            if session.closed:
                closed += 1
                continue
            asked = int.from_bytes(message[8:16], "little")
            mine, barrier = ((1 << 40) + 2 * number + i for i in (0, 1))
            session.send(8, struct.pack("<Q", asked), id=mine)
            session.send(8, struct.pack("<Q", 1 << 60), id=barrier)
            # STATISTICS asks other threads and may come later.
            while not session.closed and not all(map(session.replies.get, (asked, barrier))):
                if not session.receive(PATIENCE):
                    break
            if session.closed:
                closed += 1
            elif len(session.replies.get(asked, [])) == 1 and session.replies.get(barrier):
                answered += 1
            else:
                wrong.append(message.hex())
                session.socket.close()
                session = None
                continue
            session.replies.clear()
        return dict(answered=answered, closed=closed, wrong=wrong[:5])

    def greeted(self):
        session = Session(self.path)
        session.reply(session.send(0, struct.pack("<HHIQ", 1, 1, 0, 0)), PATIENCE)
        return session

    def nearly_right(self, chance, id):
        frame = bytes.fromhex("ffffffffffff020000000001888e") + bytes(46)
        name = b"np0"
        opcode, payload, fields = chance.choice([
            (0, struct.pack("<HHIQ", 1, 1, 0, 0), {}),
            (1, "np0".encode("utf-16-le"), dict(code=0x0012C800)),
            (1, struct.pack("<II", 0x01010102, 0), dict(code=0x0012C804, information=64)),
            (1, struct.pack("<III", 0x0101010E, 0, 11), dict(code=0x0012C808)),
            (2, struct.pack("<IIIIHHH", 1, 0, 0, 0, 1, len(name), 0x888E) + name, {}),
            (3, b"", {}), (4, b"", dict(information=1518)), (5, record(frame), dict(count=1)),
            (6, b"", dict(information=LONGEST - 40)), (7, record(frame) * 3, dict(count=3)),
            (8, struct.pack("<Q", 5), {}), (9, struct.pack("<II", 0xFFFFFFFF, 0), {}),
            (11, struct.pack("<II", 0, 0), {}), (12, struct.pack("<II", 0, 0), {}),
            (13, struct.pack("<IIQ", 1, 0, 0), {}),
            (14, struct.pack("<IHHH", 50, 1, 0, len(name)) + name, {})])
        values = dict(code=0, information=0, count=0)
        values.update(fields)
        message = bytearray(HEADER.pack(1, opcode, 0, id, values["code"], 0, 0,
                                        values["information"], 0, values["count"]) + payload)
        for _ in range(chance.choice([0, 1, 1, 1, 2, 4])):
            kind, at = chance.random(), chance.randrange(len(message))
            if kind < 0.4:
                message[at] ^= 1 << chance.randrange(8)
            elif kind < 0.7:
                wide = chance.choice([0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, len(message)])
                message[at:at + 4] = struct.pack("<I", wide)
            elif kind < 0.85:
                del message[at:]
            else:
                message += chance.randbytes(chance.randrange(1, 200))
            if not message:
                message = bytearray(1)
        return bytes(message)

    def pump(self, session, frames):
        """Writes these frames, one message after the other, on a thread, until `pumped`."""
        self.pumping, self.pumpFailure = True, ""
        self.pumpCounts = [{} for _ in frames]
        self.pumpThread = threading.Thread(
            target=self.pump_on, args=(self.sessions[session], frames))
        self.pumpThread.start()
        return {}

    def pump_on(self, connection, frames):
        payload = b"".join(record(bytes.fromhex(frame)) for frame in frames)
        try:
            while self.pumping:
                id = connection.send(7, payload, count=len(frames))
                reply = connection.reply(id, PATIENCE)
                for counts, status in zip(self.pumpCounts, reply["statuses"]):
                    counts[tuple(status)] = counts.get(tuple(status), 0) + 1
                time.sleep(0.0005)
        except Exception as error:
            self.pumpFailure = repr(error)

    def pumped(self, session):
        """How often each frame met which status."""
        self.pumping = False
        self.pumpThread.join(PATIENCE)
        if self.pumpFailure:
            raise ValueError(self.pumpFailure)
        return dict(frames=[[[list(status), count] for status, count in counts.items()]
                            for counts in self.pumpCounts])

    def throughput(self, session, other, frame, seconds):
        """Writes a frame as fast as it goes, in batches of 16, on two sessions in turn.

        A refusal shows that the bucket is empty, and what fills it up to another refusal was sent
        in between: these are the busy seconds, whatever else the processors do.
        """
        sessions, payload = [self.sessions[session], self.sessions[other]], bytes.fromhex(frame)
        payload = record(payload) * 16
        asked = sent = busy = 0
        empty, started = None, time.monotonic()
        while busy < seconds and time.monotonic() - started < PATIENCE:
            for connection in sessions:
                before = time.monotonic()
                id = connection.send(7, payload, count=16)
                statuses = connection.reply(id, PATIENCE)["statuses"]
                asked += len(statuses)
                sent += sum(status[2] == 0 for status in statuses)
                if any(status[2] not in (0, EAGAIN) for status in statuses):
                    raise ValueError("neither sent nor refused by rate: %s" % statuses)
                if all(status[2] == 0 for status in statuses):
                    continue
                # A bucket holds 50 ms. Far apart, for the moment within a request is not known.
                if empty is None or before - empty > 0.02:
                    busy += 0 if empty is None else min(before - empty, 0.05)
                    empty = time.monotonic()
        return dict(asked=asked, sent=sent, refused=asked - sent,
                    seconds=time.monotonic() - started, busySeconds=busy)

    def drain(self, session):
        """Every frame that waits for the session, and how the read behind the last one ended."""
        connection, frames = self.sessions[session], []
        while True:
            read = connection.send(6, information=LONGEST - 40)
            connection.reply(connection.send(8, struct.pack("<Q", read)), PATIENCE)
            reply = connection.reply(read, PATIENCE)
            if reply["errno"]:
                return dict(frames=frames, errno=reply["errno"])
            frames += [frame["bytes"] for frame in reply["records"]]

    def admission(self):
        """A new session, and how its HELLO ended; -1 if the daemon only hung up."""
        session = Session(self.path)
        session.send(0, struct.pack("<HHIQ", 1, 1, 0, 0))
        # The refusal may be there already, behind a reset.
        for _ in range(2):
            session.closed = False
            while not session.replies and not session.closed:
                if not session.receive(PATIENCE):
                    raise ValueError("neither served nor refused")
        replies = [reply for all in session.replies.values() for reply in all]
        session.replies.clear()
        return session, replies[0]["errno"] if replies else -1

    def swarm(self, count):
        """That many sessions that stay; how many were served, and how many told that there is no room."""
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.swarmed, refused, others = [], 0, []
        for _ in range(count):
            session, code = self.admission()
            if code == 0:
                self.swarmed.append(session)
                continue
            session.socket.close()
            refused += code == EUSERS
            if code != EUSERS:
                others.append(code)
        return dict(served=len(self.swarmed), refused=refused, others=others)

    def disperse(self):
        for session in self.swarmed:
            session.socket.close()
        self.swarmed = []
        return {}

    def visits(self, count, rate=0):
        """Connects, says HELLO, asks for the bindings and leaves, that many times, at most `rate` of
        them a second; the failures, and how long the slowest of a hundred took to be let in."""
        failures, times, began = 0, [], time.monotonic()
        for visit in range(count):
            if rate:
                time.sleep(max(0, began + visit / rate - time.monotonic()))
            start = time.monotonic()
            session, code = self.admission()
            times.append(time.monotonic() - start)
            if code == 0:
                code = session.reply(session.send(11, bytes(8)), PATIENCE).get("errno", -1)
            session.socket.close()
            failures += code != 0
        times.sort()
        return dict(failures=failures, slowMilliseconds=1000 * times[len(times) * 99 // 100])

    def compete(self, count, name, least):
        """That many sessions that each have four writes on their way all the time, until every one has
        so many answers; the answers of each."""
        frame = record(bytes.fromhex("020000000002020000000001888e") + bytes(46))
        wanted = struct.pack("<IIIIHHH", 1, 16, 0, 0, 1, len(name), 0x888E) + name.encode()
        poller, sessions = select.epoll(), {}
        for _ in range(count):
            session = Session(self.path)
            session.reply(session.send(0, struct.pack("<HHIQ", 1, 1, 0, 0)), PATIENCE)
            if session.reply(session.send(2, wanted), PATIENCE).get("errno") != 0:
                raise ValueError("OPEN was refused")
            sessions[session.socket.fileno()] = session
            poller.register(session.socket, select.EPOLLIN)
            session.answers = 0
        for session in sessions.values():
            for _ in range(4):
                session.send(5, frame)
        deadline = time.monotonic() + 2 * PATIENCE
        while time.monotonic() < deadline and any(
                session.answers < least for session in sessions.values()):
            for descriptor, _ in poller.poll(1, maxevents=len(sessions)):
                session = sessions[descriptor]
                session.receive(0)
                session.replies.clear()
                session.answers += 1
                session.send(5, frame)
        self.competitors = list(sessions.values())
        return dict(answers=[session.answers for session in self.competitors])

    def hostile(self, count, name, reads, writes):
        """That many sessions that ask for all they can and read no answer."""
        frame = record(bytes.fromhex("020000000002020000000001888e") + bytes(100))
        wanted = struct.pack("<IIIIHHH", 1, 16, 0, 0, 1, len(name), 0x888E) + name.encode()
        self.hostiles = getattr(self, "hostiles", [])
        for _ in range(count):
            session = Session(self.path)
            session.reply(session.send(0, struct.pack("<HHIQ", 1, 1, 0, 0)), PATIENCE)
            session.reply(session.send(2, wanted), PATIENCE)
            session.socket.setblocking(False)
            self.hostiles.append(session)
        for round in range(max(reads, writes)):
            for session in self.hostiles[-count:]:
                if round < writes:
                    self.try_send(session, 5, frame)
                if round < reads:
                    self.try_send(session, 6, information=LONGEST - 40)
        return {}

    def interrogate(self, each):
        """The crowd's sessions ask for counters, `each` at a time and again with every answer, until
        the next command comes: `enough`."""
        poller, sessions = select.epoll(), {}
        for session, _ in self.pended:
            sessions[session.socket.fileno()] = session
            poller.register(session.socket, select.EPOLLIN)
            for _ in range(each):
                session.send(12, bytes(24))
        answers, deadline = 0, time.monotonic() + 10 * PATIENCE
        while not select.select([sys.stdin], [], [], 0)[0] and time.monotonic() < deadline:
            for descriptor, _ in poller.poll(0.2, maxevents=len(sessions)):
                # Nothing is decoded: this is to keep the daemon busy, and not this program.
                sessions[descriptor].socket.recv(1 << 17)
                answers += 1
                sessions[descriptor].send(12, bytes(24))
        return dict(answers=answers)

    def enough(self):
        return {}

    def try_send(self, session, opcode, payload=b"", information=0):
        try:
            session.socket.send(HEADER.pack(
                1, opcode, 0, session.next_id, 0, 0, 0, information, 0, 0) + payload)
            session.next_id += 1
        except BlockingIOError:
            pass

    def become(self, uid):
        """Another user from now on; for a program that was started as root."""
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        return {}

    def inherit(self, session, name):
        """Opens `name` on the session's descriptor in a program that a child of this one runs."""
        descriptor = self.sessions[session].socket.fileno()
        wanted = struct.pack("<IIIIHHH", 1, 0, 0, 0, 1, len(name), 0x888E) + name.encode()
        message = HEADER.pack(1, 2, 0, 9_000, 0, 0, 0, 0, 0, 0) + wanted
        text = ("import socket, struct; s = socket.socket(fileno=%d); s.send(bytes.fromhex('%s'));"
                "s.settimeout(60); print(struct.unpack_from('<I', s.recv(131072), 24)[0])"
                % (descriptor, message.hex()))
        said, say = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.set_inheritable(descriptor, True)
                os.dup2(say, 1)
                os.execv(sys.executable, [sys.executable, "-IS", "-c", text])
            finally:
                os._exit(1)
        os.close(say)
        errno_text = os.read(said, 100)
        os.close(said)
        os.waitpid(child, 0)
        return dict(errno=int(errno_text or -1))

    def padding(self, session, name, last):
        """Bytes of answers that mean nothing and are not zero, by the answer they are in.

        Frames are read up to the one that is numbered `last`, behind which none would come.
        """
        connection, found, number = self.sessions[session], [], 0

        def check(what, octets):
            if any(octets):
                found.append("%s: %s" % (what, octets.hex()))

        def ask(opcode, payload=b"", **fields):
            reply = connection.reply(connection.send(opcode, payload, **fields), PATIENCE)
            return bytes.fromhex(reply["payload"]), reply["count"]

        wanted = struct.pack("<IIIIHHH", 1, 0, 0, 0, 1, len(name), 0x888E) + name.encode()
        check("open", ask(2, wanted)[0][30:32])
        while number < last:
            payload, count = ask(6, information=LONGEST - 40)
            at = 0
            for _ in range(count):
                length = struct.unpack_from("<I", payload, at)[0]
                number = struct.unpack_from(">I", payload, at + 38)[0]
                check("record", payload[at + 20:at + 24])
                check("behind a frame", payload[at + 24 + length:at + 24 + length + -length % 8])
                at += 24 + length + -length % 8
            check("behind the records", payload[at:])
        payload, count = ask(11, bytes(8))
        check("enumerate", payload[12:16])
        at = 16
        for _ in range(count):
            size, names = struct.unpack_from("<I", payload, at)[0], payload[at + 28:at + 32]
            check("binding", payload[at + 38:at + 40])
            check("behind a binding", payload[at + 40 + sum(struct.unpack("<HH", names)):at + size])
            at += size
        payload, count = ask(12, bytes(24))
        check("statistics", payload[4:8])
        at = 8
        for _ in range(count):
            counters, text = struct.unpack_from("<I4xI", payload, at + 4)
            check("behind a name", payload[at + 24 + text:at + 24 + text + -text % 8])
            at += 24 + text + -text % 8
            for _ in range(counters):
                check("counter", payload[at + 4:at + 8])
                at += 16
        check("behind the counters", payload[at:])
        frame = bytes.fromhex("020000000002020000000001888e") + bytes(46)
        for opcode in (5, 7):
            payload, count = ask(opcode, record(frame) * 3, count=3)
            check("behind the statuses", payload[12 * count:])
        return dict(found=found, objects=at)

    def rights(self):
        """What the kernel says of this process, and what it says to a raw socket."""
        with open("/proc/self/status") as status:
            lines = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
        try:
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
            refused = 0
        except OSError as error:
            refused = error.errno
        return dict(effective=lines["CapEff"], uid=os.getuid(), rawSocketErrno=refused)


def main():
    client = Client(sys.argv[1])
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = getattr(client, command.pop("do"))(**command)
        except OSError as error:
            answer = dict(failure=str(error), errno=error.errno or 0)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
