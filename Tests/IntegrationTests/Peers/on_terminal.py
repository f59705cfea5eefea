"""Runs a program on a terminal of its own and prints all that it shows.

on_terminal.py COLUMNS STEPS UNTIL WORD...   STEPS is a JSON list of pairs: once the first was shown, the
                                          second is typed. UNTIL, if not empty, ends the program when it
                                          was shown behind the last step; 20 s end it in any case.
"""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

columns, steps, until, words = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3].encode(), sys.argv[4:]
ready, go = os.pipe()
child, terminal = pty.fork()
if child == 0:
    # The size is set before the program asks for it.
    os.close(go)
    os.read(ready, 1)
    os.execvp(words[0], words)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
os.write(go, b"x")
plain = re.compile(rb"\x1b(\[[0-9;?<>=]*[A-Za-z]|[()][A-Z0-9]|[=>]|\][^\x07\x1b]*(\x07|\x1b\\))")
shown, seen, end = b"", 0, time.monotonic() + 20
while time.monotonic() < end:
    if steps and steps[0][0].encode() in shown[seen:]:
        seen = len(shown)
        os.write(terminal, steps.pop(0)[1].encode())
    elif not steps and until and until in plain.sub(b"", shown[seen:]):
        break
    if not select.select([terminal], [], [], 0.1)[0]:
        continue
    try:
        part = os.read(terminal, 1 << 16)
    except OSError:  # EIO: the other side has closed it.
        break
    if not part:
        break
    shown += part
if until or time.monotonic() >= end:
    os.kill(child, signal.SIGKILL)
_, status = os.waitpid(child, 0)
shown = plain.sub(b"", shown[seen:]) if until else shown
sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
