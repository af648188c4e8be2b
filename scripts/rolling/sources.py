"""Where the answers to `--confirm` come from: a file, a command, or the terminal."""

from __future__ import annotations

import asyncio
import os
import stat
import time
from pathlib import Path

from .answer import Answer
from .choices import Choices
from .confirm import LONGEST, Reply, Source, reply_of, reply_of_command, user_name
from .local import meaning, run
from .screen import Screen
from .terminal import Gone, Terminal, open_terminal
from .text import decoded

# A command has this time, and runs again after a while.
LIMIT = 60.0
AGAIN = 5.0
# The place in the state of a file.
SIZE = 2


def source_of(choices: Choices, screen: Screen) -> Source | None:
    """None: no batch needs an approval. Raises Gone: without its terminal a roll must not begin."""
    if choices.go is not None:
        return File(choices.go)
    if choices.go_command is not None:
        return Command(choices.go_command, screen)
    if not choices.confirms:
        return None
    file = open_terminal()
    if file is None:
        raise Gone("--confirm: the terminal is gone; the roll did not begin")
    return Terminal(file, screen)


class File:
    """A file that is written after the end of the batch. No clock decides: the file must differ
    from what it was then."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.before = self.state()
        self.last = self.before

    @property
    def how(self) -> str:
        how = f"`echo NAME > {self.path}` goes on, `echo no > {self.path}` stops"
        old = self.before is not None and self.before[SIZE] > 0
        return f"{how}; what is in it now is older, and does not count" if old else how

    def state(self) -> tuple[int, ...] | None:
        try:
            there = self.path.stat()
        except OSError:
            return None
        return (there.st_dev, there.st_ino, there.st_size, there.st_mtime_ns)

    def begin(self) -> None:
        self.before = self.last = self.state()

    def ask(self, _question: str, _given: bytes) -> None:
        pass

    def look(self) -> Reply | None:
        """It counts when it is the same in two looks: its writer may not be done."""
        now, last = self.state(), self.last
        self.last = now
        if now is None or now == self.before or now != last:
            return None
        try:
            return reply_of(*self.content())
        except OSError:
            return None

    def content(self) -> tuple[str, str]:
        """With its owner."""
        # A pipe must not block the roll.
        file = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(file, "rb") as reader:
            there = os.fstat(reader.fileno())
            if not stat.S_ISREG(there.st_mode):
                raise OSError("not a file")
            return decoded(reader.read(LONGEST)), user_name(there.st_uid)

    def rest(self) -> None:
        pass


class Command:
    """A command line that runs until it ends with exit 0 (go) or 1 (stop)."""

    def __init__(self, line: str, screen: Screen) -> None:
        self.line = line
        self.screen = screen
        self.given = b""
        self.task: asyncio.Task[Answer] | None = None
        self.next_at = 0.0
        self.said = ""

    @property
    def how(self) -> str:
        return "--go-command answers"

    def begin(self) -> None:
        self.said = ""

    def ask(self, _question: str, given: bytes) -> None:
        self.given = given
        self.next_at = 0.0

    def look(self) -> Reply | None:
        if self.task is None:
            if time.monotonic() >= self.next_at:
                self.task = asyncio.ensure_future(run(self.line, self.given, LIMIT))
            return None
        if not self.task.done():
            return None
        answer, self.task = self.task.result(), None
        self.next_at = time.monotonic() + AGAIN
        reply = reply_of_command(answer)
        said = meaning(answer)
        if reply is None and said != self.said:
            self.screen.line(f"--go-command does not answer yet: {said}")
        self.said = said
        return reply

    def rest(self) -> None:
        if self.task is not None:
            self.task.cancel()
            self.task = None
