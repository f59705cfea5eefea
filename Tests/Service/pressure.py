"""Has the kernel take from a process every page that may be taken, as it does when memory is short.

    pressure.py PROCESS     prints how many major faults the process has had until then
"""

import ctypes
import os
import sys

MADV_PAGEOUT = 21
PROCESS_MADVISE = 440
libc = ctypes.CDLL(None, use_errno=True)


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


process = int(sys.argv[1])
handle = os.pidfd_open(process)
with open(f"/proc/{process}/stat") as stat:
    print(stat.read().rpartition(")")[2].split()[9])
with open(f"/proc/{process}/maps") as maps:
    for line in maps:
        begin, end = (int(number, 16) for number in line.split()[0].split("-"))
        # What is locked, or the kernel's own, is refused: just that is asked.
        libc.syscall(PROCESS_MADVISE, handle, ctypes.byref(Vector(begin, end - begin)), 1,
                     MADV_PAGEOUT, 0)
