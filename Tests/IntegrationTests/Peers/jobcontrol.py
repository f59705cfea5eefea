"""A user at a terminal: an interactive shell runs programs, and keys are typed.

jobcontrol.py '["words", "that", "run"]': prints a line for each thing seen, and ends with 1 at the first that does not come.
"""
import json
import os
import pty
import re
import select
import shlex
import sys
import time

RUN = shlex.join(json.loads(sys.argv[1])) + " "
child, terminal = pty.fork()
if child == 0:
    os.environ["PS1"] = "READY> "
    os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
seen = ""


def expect(what, pattern, seconds=60):
    """Waits until the terminal shows a pattern; what came up to it is forgotten."""
    global seen
    deadline = time.monotonic() + seconds
    while not (found := re.search(pattern, seen)):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([terminal], [], [], left)[0]:
            print(f"NOT {what}: {seen[-2000:]!r}", flush=True)
            sys.exit(1)
        seen += os.read(terminal, 4096).decode(errors="replace").replace("\r", "")
        # What the shell says to the terminal about pasting.
        seen = re.sub(r"\x1b\[\?2004[hl]", "", seen)
    seen = seen[found.end():]
    print(what, flush=True)


def type_in(text):
    os.write(terminal, text.encode())


def status(what, number):
    expect("prompt", "READY> ")
    type_in("echo status=$?\n")
    expect(what, rf"\nstatus={number}\n")
    expect("prompt", "READY> ")


TICKS = "sh -c 'n=0; while :; do n=$((n+1)); echo tick $n.; sleep 0.1; done'\n"
expect("prompt", "READY> ")
type_in(RUN + "tcpdump -n -i np0\n")
expect("tcpdump listens", "listening on")
type_in("\x03")
expect("^C reaches the program", "packets captured")
status("its status is the run's", 0)
type_in(RUN + TICKS)
expect("a program ticks", r"tick 3\.\n")
type_in("\x1a")
expect("^Z stops it", "Stopped")
expect("prompt", "READY> ")
type_in("jobs\n")
expect("program and run are one job", r"\[1\].*Stopped")
type_in("fg\n")
expect("fg goes on", r"tick \d+\.\n(.*\n)*.*tick \d+\.\n")
type_in("\x03")
status("^C ends it by the signal", 130)
type_in(RUN + "sh -c 'echo begun; kill -TSTP $$; echo again'\n")
expect("a program begins", "\nbegun\n")
expect("one that stops itself stops the job", "Stopped")
expect("prompt", "READY> ")
type_in("fg\n")
expect("and goes on", "\nagain\n")
status("to its end", 0)
type_in(RUN + "cat\n")
time.sleep(0.1)
type_in("typed\n")
expect("a line typed reaches the program", r"typed\n+typed\n")
type_in("\x04")
status("^D is its end", 0)
type_in(RUN + "tty\n")
expect("the program has the terminal", "/dev/pts/")
status("the terminal is a terminal", 0)
type_in("exit\n")
os.waitpid(child, 0)
