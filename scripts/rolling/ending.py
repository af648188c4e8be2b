"""What the end of an `agent restart` means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from .answer import SSH_FAILED, Answer, no_answer, parse_object
from .text import escape

LOCKED = 10
ROLLED_BACK = 17
INTERRUPTED = (129, 130, 143)


class Verdict(Enum):
    """What the end of an `agent restart` means for the roll."""

    # It is done there; HAProxy is asked once more.
    RESTARTED = "restarted"
    # Done there, too, and the host stays out of rotation: it is held closed.
    CLOSED = "closed"
    # Left alone, because it is held closed.
    SKIPPED = "skipped"
    FAILED = "failed"
    # Another operation is under way there: nothing was changed, and it may be tried again.
    LOCKED = "locked"
    # What an earlier restart had left was finished: this one is still to come.
    FINISHED = "finished"
    # The connection is gone: the state of the host is not known.
    LOST = "lost"


# By the agent's word, where its exit is 0; any other: restarted.
DONE = {
    "recovered": Verdict.FINISHED,
    "restarted_closed": Verdict.CLOSED,
    "skipped": Verdict.SKIPPED,
}


@dataclass(frozen=True)
class Ending:
    """How an `agent restart` ended."""

    verdict: Verdict
    exit: int
    outcome: str
    message: str
    report: dict[str, Any] | None


def ending_of(answer: Answer) -> Ending:
    """The agent's own word counts, where there is one: a connection that breaks after it
    changes nothing."""
    report = parse_object(answer.out)
    if report is None or not isinstance(report.get("exit"), int):
        lost = answer.exit == SSH_FAILED
        return Ending(
            Verdict.LOST if lost else Verdict.FAILED,
            answer.exit,
            "connection_lost" if lost else "no_answer",
            answer.said() if lost else no_answer(answer),
            None,
        )
    exit_code = int(report["exit"])
    message = escape(str(report.get("message", "")))
    return Ending(
        verdict_of(exit_code, report.get("outcome")),
        exit_code,
        escape(str(report.get("outcome", "")), 40),
        message,
        report,
    )


def verdict_of(exit_code: int, outcome: Any) -> Verdict:
    if exit_code == 0:
        return DONE.get(str(outcome), Verdict.RESTARTED)
    return Verdict.LOCKED if exit_code == LOCKED else Verdict.FAILED
