"""A terminal for a program: what the program draws is kept as rows of text.

The argument is a JSON list of words. Each line on standard input is one JSON object {"do": NAME, ...}; each is
answered by one line. Every wait has an end.
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


class Screen:
    """As much of a terminal as `top` and the live lines use."""

    def __init__(self, columns, rows):
        self.main, self.second = self.blank(columns, rows), None
        self.columns, self.rows, self.column, self.row = columns, rows, 0, 0
        self.cursor, self.unknown = True, []

    @staticmethod
    def blank(columns, rows):
        return [[" "] * columns for _ in range(rows)]

    @property
    def cells(self):
        return self.second if self.second is not None else self.main

    def resize(self, columns, rows):
        for cells in filter(None, (self.main, self.second)):
            for row in cells:
                row[:] = (row + [" "] * columns)[:columns]
            cells[:] = (cells + self.blank(columns, rows))[:rows]
        self.columns, self.rows = columns, rows

    def feed(self, text):
        for token in re.findall(r"\x1b\[[?0-9;]*[A-Za-z]|.", text, re.S):
            if token.startswith("\x1b["):
                self.control(token[2:])
            elif token == "\r":
                self.column = 0
            elif token == "\n":
                if self.row + 1 < self.rows:
                    self.row += 1
                else:
                    self.cells.append([" "] * self.columns)
                    self.cells.pop(0)
            else:
                if self.column >= self.columns:
                    self.unknown.append("a line is too long")
                    self.column = self.columns - 1
                self.cells[self.row][self.column] = token
                self.column += 1

    def control(self, word):
        if word == "H":
            self.row = self.column = 0
        elif word == "K":
            self.cells[self.row][self.column:] = [" "] * (self.columns - self.column)
        elif word == "J":
            self.control("K")
            for row in self.cells[self.row + 1:]:
                row[:] = [" "] * self.columns
        elif word == "?1049h":
            self.second, self.row, self.column = self.blank(self.columns, self.rows), 0, 0
        elif word == "?1049l":
            self.second, self.row, self.column = None, 0, 0
        elif word in ("?25h", "?25l"):
            self.cursor = word == "?25h"
        else:
            self.unknown.append(word)


class Terminal:
    def __init__(self, words):
        self.words = words

    def start(self, columns, rows):
        self.screen = Screen(columns, rows)
        self.process, self.master = pty.fork()
        if self.process == 0:
            # The threads of the tests block signals, and a terminal's programs are born without that.
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            os.execvp(self.words[0], self.words)
        self.size(columns, rows)
        self.mode = termios.tcgetattr(self.master)
        self.text = ""
        return {}

    def size(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, columns, rows):
        self.size(columns, rows)
        self.screen.resize(columns, rows)
        return {}

    def read(self, seconds):
        """False when the program is gone."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:
            return False
        text = data.decode(errors="replace")
        self.text += text
        self.screen.feed(text)
        return bool(data)

    def wait(self, pattern, seconds=60):
        """Until the screen matches, or time is up."""
        end = time.monotonic() + seconds
        while not re.search(pattern, "\n".join(self.show()["lines"]), re.M) and time.monotonic() < end:
            if not self.read(0.1):
                break
        return self.show()

    def show(self):
        lines = ["".join(row).rstrip() for row in self.screen.cells]
        return dict(lines=lines, unknown=self.screen.unknown, isSecond=self.screen.second is not None)

    def press(self, keys):
        os.write(self.master, keys.encode())
        return {}

    def kill(self, signal):
        os.kill(self.process, signal)
        return {}

    def end(self, seconds=60):
        """Waits for the end of the program: its status, and whether the terminal is as it was."""
        deadline = time.monotonic() + seconds
        while self.read(0.1) and time.monotonic() < deadline:
            pass
        _, status = os.waitpid(self.process, 0)
        now = termios.tcgetattr(self.master)
        return dict(
            code=os.waitstatus_to_exitcode(status), isRestored=now[:4] == self.mode[:4] and now[6] == self.mode[6],
            isSecond=self.screen.second is not None, hasCursor=self.screen.cursor,
            lines=self.show()["lines"])


def main():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    terminal = Terminal(json.loads(sys.argv[1]))
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(terminal, command.pop("do"))(**command)
        print(json.dumps(answer), flush=True)


main()
