"""The next step of a roll, from the stage of each host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Union


class Stage(Enum):
    """How far a host has come."""

    # It has not begun.
    WAITING = "waiting"
    # Its agent works, or HAProxy does not show it back in rotation yet.
    UNDER_WAY = "under_way"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Next:
    """These hosts may begin, as far as batches and failures allow."""

    hosts: tuple[str, ...]


@dataclass(frozen=True)
class Pause:
    """Pause before the batch of this number."""

    batch: int


@dataclass(frozen=True)
class Late:
    """The window closed before the batch of this number."""

    batch: int


@dataclass(frozen=True)
class Wait:
    """Wait until something changes."""


@dataclass(frozen=True)
class Finish:
    """No more hosts begin. Those under way finish."""


@dataclass(frozen=True)
class End:
    """No host is under way, and no more begin."""


Step = Union[Next, Pause, Late, Wait, Finish, End]


@dataclass(frozen=True)
class Rules:
    """The rules of the whole roll."""

    max_failures: int
    # The roll pauses between two batches, or needs an approval.
    pauses: bool
    # The first batch is the canary: if it fails, the roll ends.
    canary: bool = False


def decide(
    plan: Sequence[Sequence[str]],
    stages: Mapping[str, Stage],
    rules: Rules,
    stopped: bool,
    paused: int,
    late: bool = False,
) -> Step:
    """A batch begins when each host of the previous one is done, or an allowed failure.
    `paused`: the last batch that had its pause. `late`: no further batch may begin."""
    under_way = any(stage is Stage.UNDER_WAY for stage in stages.values())
    failed = sum(stage is Stage.FAILED for stage in stages.values())
    first = plan[0] if rules.canary and plan else ()
    dead = any(stages[host] is Stage.FAILED for host in first)
    if stopped or dead or failed > rules.max_failures:
        return Finish() if under_way else End()
    for number, batch in enumerate(plan):
        waiting = tuple(host for host in batch if stages[host] is Stage.WAITING)
        begun = len(waiting) < len(batch)
        if waiting and not begun and late:
            return Late(number)
        if not begun and rules.pauses and paused < number:
            return Pause(number)
        if waiting:
            return Next(waiting)
        if any(stages[host] is Stage.UNDER_WAY for host in batch):
            return Wait()
    return End()
