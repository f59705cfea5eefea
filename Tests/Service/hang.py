"""Stops one thread of a process where it is, for some seconds or until the process ends.

    hang.py PROCESS THREAD-NAME SECONDS
"""

import ctypes
import os
import sys
import threading
import time

PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
WALL = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
process, name, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
for task in os.listdir(f"/proc/{process}/task"):
    with open(f"/proc/{process}/task/{task}/comm") as comm:
        if comm.read().strip() != name:
            continue
    for request in PTRACE_SEIZE, PTRACE_INTERRUPT:
        if libc.ptrace(request, int(task), None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")
    os.waitpid(int(task), WALL)
    # The process ends for its parent when its debugger has taken note of each thread's end.
    threading.Thread(target=os.waitpid, args=(int(task), WALL), daemon=True).start()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and os.path.exists(f"/proc/{process}"):
        time.sleep(0.02)
    sys.exit(0)
sys.exit(f"no thread {name}")
