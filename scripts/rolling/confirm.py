"""`--confirm`: the meaning of an answer."""

from __future__ import annotations

import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from .answer import Answer
from .choices import Choices
from .text import decoded, escape

# The most of a file that counts.
LONGEST = 4096


@dataclass(frozen=True)
class Reply:
    """An answer. `by`: who gave it, as far as it says so."""

    go: bool
    by: str | None = None
    # No further question in this roll.
    always: bool = False


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


def reply_of(content: str, owner: str) -> Reply:
    """The meaning of a file: its first line names the one who approves. `no` refuses."""
    first = next((line.strip() for line in content.splitlines() if line.strip()), "")
    word, _, rest = first.partition(" ")
    if word.strip(":,.").lower() == "no":
        return Reply(False, escape(rest) or owner)
    return Reply(True, escape(first) or owner)


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
    if choices.go is not None and not Path(choices.go).parent.is_dir():
        return f"--go {choices.go}: its folder does not exist"
    if choices.go is not None and Path(choices.go).exists() and not Path(choices.go).is_file():
        return f"--go {choices.go}: it is not a file"
    return None
