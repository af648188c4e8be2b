"""The answer of a program on a host."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .text import decoded, escape

# The shell's exit codes for a program that it can't run, or can't find.
NOT_RUNNABLE = (126, 127)
# The exit code of ssh itself: no connection, or a lost one.
SSH_FAILED = 255
# The most bytes of an invalid answer that a message shows.
LONGEST = 4096


@dataclass(frozen=True)
class Answer:
    """The answer of one program on a host."""

    exit: int
    out: bytes
    # The last lines of its stderr without progress: from ssh, or the agent's log.
    err: tuple[str, ...] = ()

    def said(self) -> str:
        """The reason of a failure, in one line."""
        lines = [*decoded(self.out[:LONGEST]).splitlines(), *self.err]
        lines = [line for line in lines if line.strip()]
        return escape(lines[-1]) if lines else f"exit {self.exit}, without output"


def parse_object(out: bytes) -> dict[str, Any] | None:
    """The JSON object on the last line of an agent's stdout. None: there is no such object.
    The files of a login shell may print something before it."""
    try:
        last = out.strip().rpartition(b"\n")[2]
        parsed = json.loads(last, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def refuse(constant: str) -> None:
    """NaN and the like are not JSON, and would make our own output invalid."""
    raise ValueError(constant)


def no_answer(answer: Answer) -> str:
    if answer.exit == SSH_FAILED:
        return f"unreachable: {answer.said()}"
    if answer.exit in NOT_RUNNABLE:
        return f"no agent on this host: {answer.said()}"
    return f"not an answer of an agent: {answer.said()}"
