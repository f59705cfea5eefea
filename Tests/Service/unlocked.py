"""Prints the mappings of a process that the kernel may take from it.

    unlocked.py PROCESS

The kernel's own pages, and the rings that it shares with a packet socket, cannot be taken anyway.
"""

import re
import sys

name = None
with open(f"/proc/{sys.argv[1]}/smaps") as smaps:
    for line in smaps:
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            fields = line.split()
            name = " ".join(fields[1:2] + fields[5:])
        elif line.startswith("VmFlags:"):
            flags = line.split()[1:]
            if "lo" not in flags and "io" not in flags and "[v" not in name and "socket:" not in name:
                print(name, *flags)
