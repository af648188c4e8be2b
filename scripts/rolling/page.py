"""Decisions of `--maintenance`: all hosts are on the page, or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .answer import NOT_RUNNABLE
from .ending import INTERRUPTED, Ending, Verdict
from .status import Status
from .text import seconds

# After these the users of the host are where they were before.
AS_BEFORE = (2, 10, 11, 12, 13, 17, 18, *INTERRUPTED)

# The options of `--maintenance`.
ITS_OWN = "app agent lasts maintenance reason ssh_config sudo without_balancers inventory group"
# Fields with another name than their option.
OPTIONS = {
    "with_command": "--with",
    "rollback_command": "--rollback",
    "on_hold": "--reopen, --stay-closed or --skip-held",
}


def check(given: Mapping[str, Any], usual: Mapping[str, Any]) -> None:
    """Raises ValueError if an option does not go with `--maintenance`, or only with it."""
    what, lasts = given["maintenance"], given["lasts"]
    if what is None:
        if lasts is not None:
            raise ValueError("--for is an option of --maintenance on")
        return
    if what not in ("on", "off"):
        raise ValueError(f"--maintenance is on or off, not {what!r}")
    if lasts is not None:
        seconds(lasts)
        if what == "off":
            raise ValueError("--for ends a maintenance by itself: it goes with on")
    for name, value in given.items():
        if name not in ITS_OWN.split() and value != usual[name]:
            option = OPTIONS.get(name, "--" + name.replace("_", "-"))
            raise ValueError(f"--maintenance is on all hosts at once: remove {option}")


def serves_no_users(status: Status) -> bool:
    """An operator or a unit holds it closed. It is left out: it has no users, and its agent
    refuses the page while the hold lasts."""
    return status.hold is not None and status.hold.by in ("operator", "unit")


def is_on(status: Status) -> bool:
    """Maintenance is on there already."""
    return status.hold is not None and status.hold.by == "maintenance"


def to_undo(endings: Mapping[str, Ending], before: set[str]) -> list[str]:
    """The hosts that get `off` after an `on` of all hosts at once: if one failed, those whose users
    may be on the page by this run. `before`: hosts that were on the page before it."""
    if all(ending.verdict is Verdict.SERVES for ending in endings.values()):
        return []
    return [name for name, ending in endings.items() if name not in before and may_be_on(ending)]


def may_be_on(ending: Ending) -> bool:
    """A host whose result is unknown may be on the page, too: `off` does nothing if it is not."""
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
