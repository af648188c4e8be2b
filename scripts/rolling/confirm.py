"""`--confirm`: the meaning of an answer."""

from __future__ import annotations

import os
import pwd
import re
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .answer import Answer
from .choices import Choices
from .text import decoded, escape

# The most of a file that counts.
LONGEST = 4096
# A first line that begins with one of these words refuses. `Nora` is a name.
REFUSES = ("n", "no", "not", "nope", "stop")
REFUSAL = re.compile(rf"[\W_]*({'|'.join(REFUSES)})(?![^\W_])(.*)", re.IGNORECASE)
# The name after it, as in `no: ann`. There is none in `no-go`.
NAME = re.compile(r"[\s:,;.!]+(.+)")
# The first character of a file that some editors write.
BOM = "\ufeff"


@dataclass(frozen=True)
class Reply:
    """An answer. `by`: who gave it, as far as it says so."""

    go: bool
    by: str | None = None
    # The owner of the file with the answer. Another user may have written the name in it.
    owner: str | None = None
    # No further question in this roll.
    always: bool = False

    @property
    def who(self) -> str | None:
        """For people: the name, and the owner if that is another one."""
        if self.owner is None or self.by == self.owner:
            return self.by
        return f"{self.by} (file of {self.owner})"


class Source(Protocol):
    """Where an answer comes from."""

    def begin(self) -> None:
        """The batch has ended. An answer from before does not count."""

    def ask(self, question: str, given: bytes, /) -> None:
        """Asks. `given`: the event as JSON."""

    def look(self) -> Reply | None:
        """The answer so far. It does not wait."""

    def rest(self) -> None:
        """The question is over."""

    @property
    def how(self) -> str:
        """How to answer, in one line."""


def reply_of(content: str, owner: str) -> Reply | None:
    """The meaning of a file: its first line names the one who approves, or refuses. None: it is
    empty. A shell creates the file of a command before the command has any output."""
    first = content.lstrip(BOM).partition("\n")[0].strip()
    if not first:
        return None
    refusal = REFUSAL.match(first)
    if refusal is None:
        return Reply(True, escape(first), owner)
    # What follows `not` is no name either: `not yet`.
    name = None if refusal[1].lower() == "not" else NAME.fullmatch(refusal[2])
    return Reply(False, escape(name[1]) if name else owner, owner)


def reply_of_command(answer: Answer) -> Reply | None:
    """None: not yet."""
    if answer.exit not in (0, 1):
        return None
    lines = [line for line in decoded(answer.out[:LONGEST]).splitlines() if line.strip()]
    return Reply(answer.exit == 0, escape(lines[0]) if lines else None)


def reply_of_line(line: str, by: str) -> Reply | None:
    """The meaning of a line on the terminal. None: neither yes nor no."""
    word = line.strip().lower()
    if word in ("", "n", "no"):
        return Reply(False, by)
    if word in ("a", "all"):
        return Reply(True, by, always=True)
    return Reply(True, by) if word in ("y", "yes") else None


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def wrong_source(choices: Choices, terminal: bool) -> str | None:
    """Why no answer could ever come."""
    if choices.on_terminal and not terminal:
        return "--confirm asks on a terminal, and there is none: add --go FILE or --go-command CMD"
    return None if choices.go is None else wrong_file(Path(choices.go))


def wrong_file(file: Path) -> str | None:
    """Why a file can't be the one that approves."""
    if not file.parent.is_dir():
        return f"--go {file}: its folder does not exist"
    if file.exists() and not file.is_file():
        return f"--go {file}: it is not a file"
    trusted = {0, os.geteuid(), operator()}
    for path in (file.parent, *([file] if file.exists() else [])):
        there = path.stat()
        why = untrusted(there.st_mode, there.st_uid, trusted)
        if why is not None:
            return (
                f"--go {file}: {path} {why}, who could approve: "
                "name a file in a folder that only you can write to"
            )
    return None


def operator() -> int:
    """The user who called this program, also by sudo."""
    before = os.environ.get("SUDO_UID", "")
    return int(before) if before.isdecimal() else os.getuid()


def untrusted(mode: int, owner: int, trusted: Collection[int]) -> str | None:
    """Why others than these users could write the file. Only a group may have the right to write
    the file itself: its operators approve together."""
    if owner not in trusted:
        return f"belongs to {user_name(owner)}"
    others = stat.S_IWOTH | (stat.S_IWGRP if stat.S_ISDIR(mode) else 0)
    return "is writable by other users" if mode & others else None
