"""Stops one thread of a process as a debugger does, until this program ends.

Its argument is the thread's number. Each line on standard input is one JSON object {"do": NAME};
each is answered by one line.
"""

import ctypes
import json
import os
import sys
import threading

PTRACE_SEIZE = 0x4206
PTRACE_INTERRUPT = 0x4207
WALL = 0x40000000


class Freezer:
    def __init__(self, thread):
        self.thread = thread
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

    def ptrace(self, request):
        if self.libc.ptrace(request, self.thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def freeze(self):
        """Answers when the thread stands still."""
        self.ptrace(PTRACE_SEIZE)
        self.ptrace(PTRACE_INTERRUPT)
        os.waitpid(self.thread, WALL)
        # The process ends for its parent when its debugger has taken note of each thread's end.
        threading.Thread(target=os.waitpid, args=(self.thread, WALL), daemon=True).start()
        return {}


def main():
    freezer = Freezer(int(sys.argv[1]))
    for line in sys.stdin:
        answer = getattr(freezer, json.loads(line).pop("do"))()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
