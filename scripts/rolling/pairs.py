"""Decisions of `--replace OLD=NEW`: one host in the place of another, and the way back.

The hold of the closed host names the other one. So any operator can go back, also without a record,
until `--finish` changes that hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .hosts import Wrong, from_arguments
from .judge import back as not_back
from .judge import in_the_way
from .status import Status
from .steady import taken_out
from .text import on_one_line, seconds

# The agent's own limit for a reason.
REASON = 200
DAY = 86400


@dataclass(frozen=True)
class Pair:
    """Two hosts as an operator names them."""

    old: str
    new: str

    @property
    def replaced(self) -> str:
        """The begin of the reason of the old host's hold."""
        return f"replaced by {machine(self.new)}"

    @property
    def finished(self) -> str:
        return f"replaced for good by {machine(self.new)}"

    @property
    def returned(self) -> str:
        """The new host's, after the way back."""
        return f"{machine(self.old)} serves again"


def machine(name: str) -> str:
    """Without the user, who may be another one on the way back."""
    return name.rpartition("@")[2]


def pairs_of(words: Sequence[str]) -> list[Pair]:
    """Raises Wrong if a word is no pair, or a host comes twice."""
    pairs = []
    for word in words:
        old, equals, new = word.partition("=")
        if not (old and equals and new):
            raise Wrong(f"--replace {word}: expected OLD=NEW, two hosts")
        pairs.append(Pair(old, new))
    hosts_of(pairs)
    return pairs


def check(words: Sequence[str], reason: str | None, settle: str, both: bool) -> None:
    """Raises ValueError or Wrong if the options of `--replace` do not fit."""
    if both:
        raise ValueError("--finish ends the way back: remove --back or --finish")
    if not 0 <= seconds(settle) <= DAY:
        raise ValueError(f"--settle {settle}: expected a time up to a day")
    for pair in pairs_of(words):
        longest = with_more(pair.finished, reason)
        if not on_one_line(longest, REASON):
            raise ValueError(f"the reason of the hold is too long, at most {REASON}: {longest!r}")


def with_more(reason: str, more: str | None) -> str:
    """With the operator's own words."""
    return reason if more is None else f"{reason}: {more}"


def hosts_of(pairs: Sequence[Pair]) -> list[str]:
    return from_arguments([name for pair in pairs for name in (pair.old, pair.new)])


def is_replaced(pair: Pair, old: Status) -> bool:
    """The old host is held closed because the new one has its place."""
    reason = old.hold.reason if old.hold and old.hold.by == "operator" else None
    return reason is not None and f"{reason}: ".startswith(f"{pair.replaced}: ")


def against(pair: Pair, old: Status, new: Status) -> dict[str, str]:
    """Why the new host can't take the old one's place. Empty: it can."""
    trouble = in_their_way(pair, old, new, pair.new)
    if old.hold is not None and old.hold.by != "agent" and not is_replaced(pair, old):
        trouble.setdefault(
            pair.old,
            f"held closed by {old.hold.text}: it has no users to move; "
            f"`agent open {new.app}` on {pair.new} opens that one",
        )
    return trouble


def against_back(pair: Pair, old: Status, new: Status) -> dict[str, str]:
    """The same for the old host's way back."""
    trouble = in_their_way(pair, old, new, pair.old)
    return {**not_replaced(pair, old), **trouble}


def against_finish(pair: Pair, old: Status, new: Status) -> dict[str, str]:
    """The same for the end of the way back: the new host serves."""
    trouble = in_their_way(pair, old, new, pair.new)
    missing = not_back(new)
    if missing is not None:
        trouble.setdefault(pair.new, f"not in rotation: {missing}")
    return {**not_replaced(pair, old), **trouble}


def not_replaced(pair: Pair, old: Status) -> dict[str, str]:
    """The old host's way back is over, or never began."""
    if is_replaced(pair, old):
        return {}
    ends = f"--open {pair.old} ends it"
    held = f"its hold is by {old.hold.text}; {ends}" if old.hold else "no hold keeps it closed"
    return {pair.old: f"not replaced by {pair.new}, or for good: {held}"}


def in_their_way(pair: Pair, old: Status, new: Status, serves: str) -> dict[str, str]:
    """In the way of both. `serves`: the one that takes the users."""
    out = taken_out(new if serves == pair.new else old)
    said = {} if out is None else {serves: out}
    for name, status, verb in ((pair.old, old, "close"), (pair.new, new, "open")):
        wrong = in_the_way(status, "refuse", verb)
        if wrong is not None:
            said[name] = wrong
    return said
