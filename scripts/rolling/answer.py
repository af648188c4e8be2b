"""What comes back of a program on a host."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .text import decoded, escape

# What a shell says of a program that it can't run, or can't find.
NOT_RUNNABLE = (126, 127)
# What ssh says of itself: no connection, or one that was lost.
SSH_FAILED = 255
# Of an answer that is none, so much may be shown.
LONGEST = 4096


@dataclass(frozen=True)
class Answer:
    """What came back of one program on a host."""

    exit: int
    out: bytes
    # The last lines of its stderr that were no progress: ssh's, or the agent's logs.
    err: tuple[str, ...] = ()

    def said(self) -> str:
        """In one line, why it failed."""
        lines = [*decoded(self.out[:LONGEST]).splitlines(), *self.err]
        lines = [line for line in lines if line.strip()]
        return escape(lines[-1]) if lines else f"exit {self.exit}, and nothing said"


def parse_object(out: bytes) -> dict[str, Any] | None:
    """The one JSON object of an agent's stdout, which is a line; None where it is something
    else. What a login shell's own files say before it is not looked at."""
    try:
        last = out.strip().rpartition(b"\n")[2]
        parsed = json.loads(last, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def refuse(constant: str) -> None:
    """NaN and its like are no JSON, and would make ours none."""
    raise ValueError(constant)


def no_answer(answer: Answer) -> str:
    if answer.exit == SSH_FAILED:
        return f"unreachable: {answer.said()}"
    if answer.exit in NOT_RUNNABLE:
        return f"no agent there: {answer.said()}"
    return f"no answer of an agent: {answer.said()}"
