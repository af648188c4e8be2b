"""What an answer of a host means."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any

from .text import decoded, visible

# What a shell says of a program that it can't run, or can't find.
NOT_RUNNABLE = (126, 127)
# What ssh says of itself: no connection, or one that was lost.
SSH_FAILED = 255

LOCKED = 10
ROLLED_BACK = 17
INTERRUPTED = (129, 130, 143)

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
        """In one line, why it went wrong."""
        lines = [*decoded(self.out[:LONGEST]).splitlines(), *self.err]
        lines = [line for line in lines if line.strip()]
        return visible(lines[-1]) if lines else f"exit {self.exit}, and nothing said"


class Unusable(Exception):
    """A host that gave no answer, or one that is no answer of an agent."""


@dataclass(frozen=True)
class Status:
    """What `agent status --json` says of one app, as far as a roll goes by it."""

    app: str
    healthy: bool
    health: str
    in_rotation: bool
    serving: bool
    spare: int | None
    held: str | None
    operation: str | None
    # Lines that an operator of HAProxy has taken out: `srvs/web1 is MAINT`.
    taken_out: tuple[str, ...]
    # Lines that are not fully UP.
    not_up: tuple[str, ...]
    # Balancers that can't be seen.
    unseen: tuple[str, ...]


def parse_object(out: bytes) -> dict[str, Any] | None:
    """The one JSON object of an agent's stdout, which is a line; None where it is something
    else. What a login shell's own files say before it is not looked at."""
    try:
        parsed = json.loads(out.strip().rpartition(b"\n")[2])
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def status_of(answer: Answer, app: str | None) -> Status:
    """Unusable says why there is none."""
    answered = parse_object(answer.out)
    if answered is None:
        raise Unusable(no_answer(answer))
    if "apps" not in answered:
        raise Unusable(visible(str(answered.get("message", answer.said()))))
    try:
        return read_status(answered, app)
    except (KeyError, TypeError, ValueError) as error:
        raise Unusable(f"its `agent status` is of another version: {error!r}") from error


def no_answer(answer: Answer) -> str:
    if answer.exit == SSH_FAILED:
        return f"unreachable: {answer.said()}"
    if answer.exit in NOT_RUNNABLE:
        return f"no agent there: {answer.said()}"
    return f"no answer of an agent: {answer.said()}"


def read_status(answered: dict[str, Any], app: str | None) -> Status:
    one = choose(answered["apps"], app)
    lines: list[tuple[str, str]] = []
    unseen = []
    for balancer in one["balancers"]:
        lines += [(visible(line["name"]), visible(line["status"])) for line in balancer["lines"]]
        if balancer.get("error") is not None:
            unseen.append(visible(f"{balancer['name']}: {balancer['error']}"))
    by_operator = [line for line in lines if line[1].split(" ")[0] in ("MAINT", "DRAIN")]
    spare = one["spare"]
    return Status(
        app=visible(one["app"]),
        healthy=bool(one["healthy"]),
        health=visible(one["health"]),
        in_rotation=bool(one["in_rotation"]),
        serving=bool(one["serving"]),
        spare=None if spare is None else int(spare),
        held=text_or_none(one["held"]),
        operation=text_or_none(answered["operation"]),
        taken_out=told(by_operator),
        not_up=told([line for line in lines if line[1] != "UP"]),
        unseen=tuple(unseen),
    )


def choose(apps: list[dict[str, Any]], app: str | None) -> dict[str, Any]:
    named = [one for one in apps if app is None or one["app"] == app]
    if len(named) == 1:
        return named[0]
    has = ", ".join(visible(one["app"], 40) for one in apps[:5])
    raise Unusable(f"it has the apps {has}: name one with --app")


def text_or_none(value: Any) -> str | None:
    return None if value is None else visible(str(value))


def told(lines: list[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{name} is {status}" for name, status in lines))


def in_the_way(status: Status) -> str | None:
    """Why this host is not to be rolled at all; None: it may be. An app that is down is no
    reason, nor is somebody else at work there, who will be done."""
    if status.held is not None:
        return f"closed by {status.held}: `agent open {status.app}` ends that"
    return None


class Verdict(Enum):
    """What the end of an `agent restart` means for the roll."""

    # It is done there; HAProxy is asked once more.
    RESTARTED = "restarted"
    FAILED = "failed"
    # Somebody else was at work there: nothing was changed, and it may be tried again.
    LOCKED = "locked"
    # The connection is gone: how the host stands is not known.
    LOST = "lost"


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
    message = visible(str(report.get("message", "")))
    return Ending(
        verdict_of(exit_code),
        exit_code,
        visible(str(report.get("outcome", "")), 40),
        message,
        report,
    )


def verdict_of(exit_code: int) -> Verdict:
    if exit_code == 0:
        return Verdict.RESTARTED
    return Verdict.LOCKED if exit_code == LOCKED else Verdict.FAILED


def back(status: Status) -> str | None:
    """After a restart: None when HAProxy shows the host back, else what is missing. What an
    operator of HAProxy has taken out stays so, and is not waited for."""
    if status.in_rotation:
        return None
    missing = [line for line in status.not_up if line not in status.taken_out]
    if not missing and not status.unseen and status.taken_out:
        return None
    return "; ".join([*missing, *status.unseen]) or "HAProxy does not show it in rotation"
