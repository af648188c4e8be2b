"""`--confirm`: the meaning of an answer."""

from __future__ import annotations

import pwd
import re
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


def reply_of(content: str, owner: str) -> Reply | None:
    """The meaning of a file: its first line names the one who approves, or refuses. None: it is
    empty. A shell creates the file of a command before the command has any output."""
    first = content.lstrip(BOM).partition("\n")[0].strip()
    if not first:
        return None
    refusal = REFUSAL.match(first)
    if refusal is None:
        return Reply(True, escape(first))
    # What follows `not` is no name either: `not yet`.
    name = None if refusal[1].lower() == "not" else NAME.fullmatch(refusal[2])
    return Reply(False, escape(name[1]) if name else owner)


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
