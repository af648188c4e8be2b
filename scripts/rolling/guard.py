"""Who of those that are next may go now: never more at once than HAProxy has to spare."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .status import Status


@dataclass(frozen=True)
class Admitted:
    """Who may go, and why the others may not yet."""

    go: tuple[str, ...]
    held_up: Mapping[str, str]


def admit(next_hosts: Sequence[tuple[str, Status]], closing: int) -> Admitted:
    """In this order. `closing`: hosts of ours under way that HAProxy may not show DOWN yet.
    What a host takes, the next ones don't have; what is not serving takes nothing."""
    go: list[str] = []
    held_up = {}
    for host, status in next_hosts:
        if status.operation is not None:
            held_up[host] = f"under way there: {status.operation}"
        elif status.unseen:
            held_up[host] = "; ".join(status.unseen)
        elif not status.serving or status.spare is None:
            # What can't be seen the agent refuses, with its own words.
            go.append(host)
        elif status.spare > closing:
            go.append(host)
            closing += 1
        else:
            held_up[host] = scarce(status.spare, closing)
    return Admitted(tuple(go), held_up)


def scarce(spare: int, closing: int) -> str:
    ours = f", {closing} of ours on the way out" if closing else ""
    return f"HAProxy has {max(spare, 0)} to spare{ours}"


def worth_asking(
    waiting: Sequence[str], busy: Collection[str], spare: int | None, closing: int
) -> Sequence[str]:
    """Of those that wait, so many as might go, by what was to spare at the last look; one at
    least, to hear what is. Last those where another operation was under way."""
    waiting = sorted(waiting, key=lambda host: host in busy)
    if spare is None:
        return waiting[:1]
    return waiting[: max(1, spare - closing)]
