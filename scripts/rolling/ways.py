"""The ways of `--replace`: the new host opens, the old one (`--back`), or none (`--finish`). What
each agent is asked, and what its answers mean."""

from __future__ import annotations

from dataclasses import replace

from .answer import NOT_RUNNABLE
from .ending import LOCKED, NO_TURN, Ending
from .options import Options
from .pairs import Pair, against, against_back, against_finish, with_more

AGAINST = {"replace": against, "back": against_back, "finish": against_finish}
# Of `agent open`, with these the gates are as they were before.
UNCHANGED = (2, LOCKED, 11, NO_TURN)
UNKNOWN = "its gates may be open: `agent status` there"


def way_of(options: Options) -> str:
    return "back" if options.back else "finish" if options.finish else "replace"


def names(pair: Pair, way: str) -> tuple[str, str]:
    """The host that opens, and the one that closes."""
    return (pair.old, pair.new) if way == "back" else (pair.new, pair.old)


def reason_of(pair: Pair, way: str) -> str:
    """Of the hold of the host that closes."""
    return {"replace": pair.replaced, "back": pair.returned, "finish": pair.finished}[way]


def opening(options: Options) -> Options:
    """Of a host that opens."""
    return replace(options, replace=[], back=False, finish=False, open=True, outside_window=False)


def closing(options: Options, reason: str) -> Options:
    """Of a host that closes."""
    reason = with_more(reason, options.reason)
    return replace(options, replace=[], back=False, close=True, reason=reason)


def taking_back(options: Options, reason: str) -> Options:
    """Of a host that this run has opened. No window keeps a run from undoing its own work."""
    return replace(closing(options, reason), outside_window=True)


def refuses(dry: Ending, closes: bool) -> bool:
    """Whether this end of a dry run stops everything. A host that closes has the other one beside
    it by then, and waits for another operation."""
    return dry.exit != 0 and not (closes and dry.exit in (LOCKED, NO_TURN))


def may_be_open(ending: Ending) -> bool:
    """Whether the gates may be open after an `agent open` that failed: they are if HAProxy does not
    show the host UP in time, and may be if it was interrupted or the connection was lost."""
    if ending.report is None:
        return ending.exit not in NOT_RUNNABLE
    return ending.exit not in UNCHANGED


def not_closed(ending: Ending, serves: str) -> str:
    """What is known after an `agent close` that failed. `serves`: the other host of its pair."""
    unknown = f"; {UNKNOWN}" if ending.report is None else ""
    return f"{ending.message}{unknown}; {serves} is open"
