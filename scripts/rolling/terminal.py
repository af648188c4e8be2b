"""The terminal of the operator, for a question in the middle of a roll."""

from __future__ import annotations

import contextlib
import os
import select
import termios

from .confirm import Reply, reply_of_line, user_name
from .screen import Screen


class Gone(Exception):
    """There is no terminal any more."""


def open_terminal() -> int | None:
    """The terminal of this process, even if stdin has the list of hosts. None: there is none."""
    try:
        return os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None


def can_ask() -> bool:
    """Whether there is a terminal, and this process is in its foreground: only then may it read."""
    file = open_terminal()
    if file is None:
        return False
    try:
        return foreground(file)
    finally:
        os.close(file)


def foreground(file: int) -> bool:
    try:
        return os.tcgetpgrp(file) == os.getpgrp()
    except OSError:
        return False


class Terminal:
    """Asks there. While a question is open, the screen draws nothing."""

    how = "y: go on; a: go on, and ask no more; n: stop"

    def __init__(self, file: int, screen: Screen) -> None:
        self.file = file
        self.screen = screen
        self.by = os.environ.get("SUDO_USER") or user_name(os.getuid())

    def begin(self) -> None:
        pass

    def ask(self, question: str, _given: bytes) -> None:
        self.screen.ended()
        # A key that was pressed before is no answer.
        with contextlib.suppress(termios.error):
            termios.tcflush(self.file, termios.TCIFLUSH)
        if not self.screen.stream.isatty():
            self.write(f"{question}\n")
        self.prompt()

    def prompt(self) -> None:
        self.write("go on? [y/N/a] ")

    def look(self) -> Reply | None:
        if not foreground(self.file) or not select.select([self.file], [], [], 0)[0]:
            return None
        try:
            line = os.read(self.file, 4096)
        except BlockingIOError:
            return None
        except OSError:
            # The terminal is gone.
            line = b""
        if not line:
            self.write("\n")
        reply = reply_of_line(line.decode("utf-8", "replace"), self.by)
        if reply is None:
            self.write(f"{self.how}\n")
            self.prompt()
        return reply

    def rest(self) -> None:
        self.screen.goes_on()

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            os.write(self.file, text.encode())
