"""The meaning of the end of an `agent restart` or an `agent switch`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from .answer import SSH_FAILED, Answer, no_answer, parse_object
from .text import escape

LOCKED = 10
# Too few other servers, or the lock is full: the host gave up its turn.
NO_TURN = 12
TAKEN_BACK = 17
STILL_DRAINING = 19
OUTSIDE_WINDOW = 21
INTERRUPTED = (129, 130, 143)


class Verdict(Enum):
    """What the roll concludes from the end of the agent."""

    # Done; the roll still asks HAProxy once more.
    SERVES = "serves"
    # Done, too; a hold keeps the host out of rotation.
    CLOSED = "closed"
    # The agent restarted nothing, because a hold keeps the gates closed.
    SKIPPED = "skipped"
    FAILED = "failed"
    # Another operation is under way on the host: nothing was changed, and the roll tries again.
    LOCKED = "locked"
    # Outside of the windows of its configuration: nothing was changed, and the roll stops.
    OUTSIDE = "outside"
    # The agent finished an earlier operation: the one of this roll comes next.
    FINISHED = "finished"
    # The connection is lost: the state of the host is unknown.
    LOST = "lost"


# By the agent's outcome, if its exit is 0. Any other outcome: the host serves.
DONE = {
    "recovered": Verdict.FINISHED,
    "restarted_closed": Verdict.CLOSED,
    "closed": Verdict.CLOSED,
    "skipped": Verdict.SKIPPED,
}


@dataclass(frozen=True)
class Ending:
    """How the agent ended."""

    verdict: Verdict
    exit: int
    outcome: str
    message: str
    report: dict[str, Any] | None


def ending_of(answer: Answer) -> Ending:
    """The agent's report counts, if there is one, even if the connection breaks after it."""
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
        return DONE.get(str(outcome), Verdict.SERVES)
    if exit_code == STILL_DRAINING:
        # The new version has all new users. The old one still has some, and the message says which.
        return Verdict.SERVES
    if exit_code == OUTSIDE_WINDOW:
        return Verdict.OUTSIDE
    return Verdict.LOCKED if exit_code == LOCKED else Verdict.FAILED
