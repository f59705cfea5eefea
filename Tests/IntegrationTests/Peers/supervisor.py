"""A service manager: passes sockets, listens to notifications, watches, and plays the journal.

Each line on standard input is one JSON object {"do": NAME, ...}; each is answered by one line.
Shares no code with the daemon and needs no systemd. Every wait has an end.
"""

import ctypes
import json
import os
import select
import signal
import socket
import struct
import sys
import time

PTRACE_CONT, PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 7, 17, 0x4206, 0x4207
WALL = 0x40000000
# Seconds for what must come: beside other work a millisecond becomes seconds.
PATIENCE = 60
KINDS = dict(seqpacket=socket.SOCK_SEQPACKET, stream=socket.SOCK_STREAM, datagram=socket.SOCK_DGRAM)
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


class Supervisor:
    def __init__(self, directory):
        self.directory = directory
        self.child = None
        self.errors = b""
        self.notices = []
        self.notify = self.datagrams("notify")
        self.journal = None

    def datagrams(self, name):
        path = f"{self.directory}/{name}"
        if os.path.exists(path):
            os.unlink(path)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        made.bind(path)
        os.chmod(path, 0o666)
        return made

    def start(self, words, sockets=(), names=None, watchdog=None, journal=0, otherProcess=0):
        """Starts the daemon with these sockets as descriptors 3 and so on."""
        passed = []
        for index, kind in enumerate(sockets):
            path = f"{self.directory}/{'socket' if kind == 'seqpacket' else kind}"
            if index and kind == "seqpacket":
                path += f".{index}"
            made = socket.socket(socket.AF_UNIX, KINDS[kind])
            made.bind(path)
            os.chmod(path, 0o666)
            if kind != "datagram":
                made.listen(128)
            passed.append(made)
        ours, theirs = socket.socketpair()
        self.output = ours
        environment = dict(os.environ, NOTIFY_SOCKET=f"{self.directory}/notify")
        if journal:
            self.journal = self.datagrams("journal")
            status = os.fstat(theirs.fileno())
            environment["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
            # A /run of its own, where the journal's socket is this one.
            os.rename(f"{self.directory}/journal", f"{self.directory}/socket-of-journal")
            words = ["unshare", "-m", "sh", "-c",
                     "mount -t tmpfs none /run && mkdir -p /run/systemd/journal && "
                     "ln -s \"$0/socket-of-journal\" /run/systemd/journal/socket && exec \"$@\"",
                     self.directory] + words
        if watchdog:
            environment["WATCHDOG_USEC"] = str(watchdog)
        self.child = os.fork()
        if self.child == 0:
            os.dup2(theirs.fileno(), 2)
            # Above the places where they go, first.
            high = [os.dup2(made.fileno(), 100 + index) for index, made in enumerate(passed)]
            for index, descriptor in enumerate(high):
                os.dup2(descriptor, 3 + index, inheritable=True)
                os.close(descriptor)
            if passed:
                environment["LISTEN_FDS"] = str(len(passed))
                environment["LISTEN_PID"] = str(os.getpid() + otherProcess)
                if names is not None:
                    environment["LISTEN_FDNAMES"] = names
            os.execvpe(words[0], words, environment)
        theirs.close()
        for made in passed:
            made.close()
        return {}

    def told(self, text, seconds=PATIENCE):
        """Everything that was told since the last question, once a notice begins with `text`."""
        deadline = time.monotonic() + seconds
        while not any(line.startswith(text) for line in self.notices):
            ready, _, _ = select.select([self.notify], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                break
            self.notices += self.notify.recv(4096).decode().split("\n")
        notices, self.notices = self.notices, []
        return dict(lines=notices)

    def silence(self, text, seconds):
        """How many notices begin with `text` in so many seconds from now on."""
        self.notify.setblocking(False)
        try:
            while True:
                self.notify.recv(4096)
        except BlockingIOError:
            pass
        self.notify.setblocking(True)
        self.notices = []
        count, deadline = 0, time.monotonic() + seconds
        while True:
            ready, _, _ = select.select([self.notify], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                return dict(count=count)
            lines = self.notify.recv(4096).decode().split("\n")
            self.notices += lines
            count += sum(line.startswith(text) for line in lines)

    def entries(self, seconds=0.5):
        """What the journal got: the fields of each entry."""
        entries, deadline = [], time.monotonic() + seconds
        while True:
            ready, _, _ = select.select([self.journal], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                return dict(entries=entries)
            entries.append(self.fields(self.journal.recv(1 << 16)))

    @staticmethod
    def fields(data):
        fields = {}
        while data:
            line, data = data.split(b"\n", 1)
            key, equals, value = line.partition(b"=")
            if not equals:
                count, = struct.unpack_from("<Q", data)
                value, data = data[8:8 + count], data[8 + count + 1:]
            fields[key.decode()] = value.decode()
        return fields

    def journalGoes(self):
        self.journal.close()
        return {}

    def thread(self, name):
        for task in os.listdir(f"/proc/{self.child}/task"):
            with open(f"/proc/{self.child}/task/{task}/comm") as comm:
                if comm.read().strip() == name:
                    return int(task)
        raise OSError(f"no thread {name}")

    def trace(self, request, task):
        if libc.ptrace(request, task, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def hang(self, name):
        """Stops one thread where it is; the others go on."""
        task = self.thread(name)
        self.trace(PTRACE_SEIZE, task)
        self.trace(PTRACE_INTERRUPT, task)
        os.waitpid(task, WALL)
        return {}

    def send(self, number):
        os.kill(self.child, number)
        return {}

    def goOn(self, name):
        self.trace(PTRACE_DETACH, self.thread(name))
        return {}

    def status(self):
        """Of every thread: what /proc says of its rights; and of the process: its locked memory."""
        keys = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "VmLck")
        threads = []
        for task in os.listdir(f"/proc/{self.child}/task"):
            with open(f"/proc/{self.child}/task/{task}/status") as status:
                lines = dict(line.split(":", 1) for line in status)
            threads.append({key: lines[key].strip() for key in keys})
        return dict(threads=threads)

    def wrote(self):
        """Everything on its standard error so far."""
        self.drain()
        return dict(text=self.errors.decode())

    def drain(self):
        while select.select([self.output], [], [], 0)[0]:
            data = self.output.recv(1 << 16)
            if not data:
                break
            self.errors += data

    def end(self, number=signal.SIGTERM, seconds=PATIENCE):
        """Ends the daemon with a signal, 0 for none: its exit code, or 128 and the signal."""
        if number:
            os.kill(self.child, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            process, status = os.waitpid(self.child, os.WNOHANG)
            if process:
                self.child = None
                self.drain()
                return dict(code=os.waitstatus_to_exitcode(status))
            time.sleep(0.005)
        raise OSError("it does not end")


def main():
    supervisor = Supervisor(sys.argv[1])
    try:
        for line in sys.stdin:
            command = json.loads(line)
            try:
                answer = getattr(supervisor, command.pop("do"))(**command)
            except OSError as error:
                answer = dict(failure=str(error))
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
    finally:
        if supervisor.child:
            os.kill(supervisor.child, signal.SIGKILL)


main()
