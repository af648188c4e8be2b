"""The hosts that may begin now: never more at once than HAProxy can spare."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .status import Status


@dataclass(frozen=True)
class Admitted:
    """The hosts that may begin, and why the other ones must wait."""

    go: tuple[str, ...]
    held_up: Mapping[str, str]


def admit(
    next_hosts: Sequence[tuple[str, Status]],
    closing: int,
    takes_out: bool = True,
    waits: bool = True,
) -> Admitted:
    """In this order. `closing`: hosts of this roll that HAProxy may not show DOWN yet.
    Each host that begins uses one spare server. A host that serves no users uses none, nor does
    any host where the roll takes none out. Not `waits`: the first host goes anyway, and its agent
    refuses."""
    go: list[str] = []
    held_up = {}
    for host, status in next_hosts:
        if status.operation is not None:
            held_up[host] = f"another operation is under way: {status.operation}"
        elif status.unseen:
            held_up[host] = "; ".join(status.unseen)
        elif not takes_out or not status.serving or status.spare is None:
            # If a balancer can't be seen, the agent refuses with its own message.
            go.append(host)
        elif status.spare > closing or not (waits or closing):
            go.append(host)
            closing += 1
        else:
            held_up[host] = scarce(status.spare, closing)
    return Admitted(tuple(go), held_up)


def scarce(spare: int, closing: int) -> str:
    ours = f", hosts of this roll that go out: {closing}" if closing else ""
    return f"hosts that HAProxy can spare: {max(spare, 0)}{ours}"


def worth_asking(
    waiting: Sequence[str],
    busy: Collection[str],
    spare: int | None,
    closing: int,
    takes_out: bool = True,
) -> Sequence[str]:
    """The waiting hosts that are worth a question: as many as HAProxy could spare at the last
    look, and at least one. All of them, where the roll takes none out. Hosts with another
    operation under way come last."""
    waiting = sorted(waiting, key=lambda host: host in busy)
    if not takes_out:
        return waiting
    if spare is None:
        return waiting[:1]
    return waiting[: max(1, spare - closing)]
