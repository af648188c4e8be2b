"""The ways of `--replace`: the new host opens, the old one (`--back`), or none (`--finish`). What
each agent is asked, and what its answers mean."""

from __future__ import annotations

from dataclasses import replace

from .ending import LOCKED, Ending, Verdict
from .options import Options
from .pairs import Pair, against, against_back, against_finish, with_more

AGAINST = {"replace": against, "back": against_back, "finish": against_finish}
TOO_FEW_SERVERS = 12


def way_of(options: Options) -> str:
    return "back" if options.back else "finish" if options.finish else "replace"


def reason_of(pair: Pair, way: str) -> str:
    """Of the hold of the host that closes."""
    return {"replace": pair.replaced, "back": pair.returned, "finish": pair.finished}[way]


def opening(options: Options) -> Options:
    """Of a host that opens."""
    return replace(options, replace=[], back=False, finish=False, open=True)


def closing(options: Options, reason: str) -> Options:
    """Of a host that closes."""
    reason = with_more(reason, options.reason)
    return replace(options, replace=[], back=False, close=True, reason=reason)


def refuses(dry: Ending, closes: bool) -> bool:
    """Whether this end of a dry run stops everything. A host that closes has the other one beside
    it by then, and waits for another operation."""
    return dry.exit != 0 and not (closes and dry.exit in (LOCKED, TOO_FEW_SERVERS))
