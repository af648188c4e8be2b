"""Decisions of `--maintenance` and `--readonly`: on or off on all hosts, or on none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .answer import NOT_RUNNABLE
from .ending import INTERRUPTED, OUTSIDE_WINDOW, Ending, Verdict
from .status import Status
from .text import seconds

# After these the users of the host are where they were before.
AS_BEFORE = (2, 10, 11, 12, 13, 17, 18, OUTSIDE_WINDOW, *INTERRUPTED)


@dataclass(frozen=True)
class Kind:
    """What is on or off."""

    # The agent's verb.
    verb: str
    # In a sentence.
    name: str
    # Of the roll, and of each agent.
    outcomes: Mapping[str, str]
    # What a host does, or hosts do, that is off again, and what may be so on a host that is not.
    again: tuple[str, str]
    still: str


KINDS = {
    kind.verb: kind
    for kind in (
        Kind(
            "maintenance",
            "maintenance",
            {"on": "maintenance_on", "off": "maintenance_off"},
            ("is on the app again", "are on the app again"),
            "users may still be on the page",
        ),
        Kind(
            "readonly",
            "read-only",
            {"on": "read_only", "off": "writable"},
            ("takes writes again", "take writes again"),
            "writes may still be refused",
        ),
    )
}


def check(verb: str, what: str | None, lasts: str | None) -> None:
    """Raises ValueError if a toggle is neither on nor off, or ends by itself although it is off."""
    if what not in (None, "on", "off"):
        raise ValueError(f"--{verb} is on or off, not {what!r}")
    if lasts is not None:
        seconds(lasts)
        if what == "off":
            raise ValueError(f"--for ends it by itself: it goes with --{verb} on")


def serves_no_users(status: Status) -> bool:
    """An operator or a unit holds it closed. Maintenance leaves it out: it has no users, and its
    agent refuses the page while the hold lasts."""
    return status.hold is not None and status.hold.by in ("operator", "unit")


def is_on(verb: str, status: Status) -> bool:
    """It is on there already."""
    if verb == "readonly":
        return status.read_only
    return status.hold is not None and status.hold.by == "maintenance"


def to_undo(endings: Mapping[str, Ending], before: set[str]) -> list[str]:
    """The hosts that get `off` after an `on` of all hosts at once: if one failed, those where it
    may be on by this run. `before`: hosts where it was on before."""
    if all(ending.verdict is Verdict.SERVES for ending in endings.values()):
        return []
    return [name for name, ending in endings.items() if name not in before and may_be_on(ending)]


def may_be_on(ending: Ending) -> bool:
    """It may be on, too, where the result is unknown: `off` does nothing if it is not."""
    if ending.verdict is Verdict.SERVES:
        return True
    if ending.report is None:
        return ending.exit not in NOT_RUNNABLE
    return ending.exit not in AS_BEFORE


def asks_again(ending: Ending, what: str) -> bool:
    """The agent has only finished an earlier operation; or another one is under way, which the way
    back waits for."""
    if ending.verdict is Verdict.FINISHED:
        return True
    return what == "off" and ending.verdict is Verdict.LOCKED
