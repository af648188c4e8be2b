"""What a host says of itself by `agent status`, as far as a roll goes by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .answer import Answer, no_answer, parse_object
from .text import visible


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


def status_of(answer: Answer, app: str | None) -> Status:
    """Unusable says why there is none."""
    answered = parse_object(answer.out)
    if answered is None:
        raise Unusable(no_answer(answer))
    if "apps" not in answered:
        raise Unusable(visible(str(answered.get("message", answer.said()))))
    try:
        return read_status(answered, app)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Unusable(f"its `agent status` is of another version: {error!r}") from error


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


def in_the_way(status: Status, on_hold: str) -> str | None:
    """Why this host is not to be rolled at all; None: it may be. An app that is down is no
    reason, nor is somebody else at work there, who will be done."""
    if status.held is not None and on_hold == "refuse":
        return (
            f"held closed by {status.held}: `agent open {status.app}` there ends that, or "
            "--reopen, --stay-closed or --skip-held says what to do with it"
        )
    if on_hold == "skip" and is_after_upgrade(status.held):
        return (
            f"held closed by {status.held}: --skip-held skips no upgrade that failed, look at "
            f"it, then `agent restart {status.app}` or `agent open {status.app}` there"
        )
    return None


def is_after_upgrade(held: str | None) -> bool:
    """The agent itself holds it, and not after a restart that failed, which the next heals."""
    held = held or ""
    asked_for = held.startswith("`agent close ") or not held.startswith("`agent ")
    return not asked_for and not held.endswith(": the restart failed")


def back(status: Status) -> str | None:
    """After a restart: None when HAProxy shows the host back, else what is missing. What an
    operator of HAProxy has taken out stays so, and is not waited for."""
    if status.in_rotation:
        return None
    missing = [line for line in status.not_up if line not in status.taken_out]
    if not missing and not status.unseen and status.taken_out:
        return None
    return "; ".join([*missing, *status.unseen]) or "HAProxy does not show it in rotation"
