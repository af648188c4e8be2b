"""The next step of a roll, from the stage of each host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Union


class Stage(Enum):
    """How far a host has come."""

    # Not begun.
    WAITING = "waiting"
    # Its agent is at work, or it is on its way back into rotation.
    UNDER_WAY = "under_way"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Next:
    """These may be started, as far as batches and failures go."""

    hosts: tuple[str, ...]


@dataclass(frozen=True)
class Pause:
    """Before the batch of this number."""

    batch: int


@dataclass(frozen=True)
class Wait:
    """Until something changes."""


@dataclass(frozen=True)
class Finish:
    """No more begin: those that are at it come to their end."""


@dataclass(frozen=True)
class End:
    """Nothing is under way, and nothing will be."""


Step = Union[Next, Pause, Wait, Finish, End]


@dataclass(frozen=True)
class Rules:
    """What holds for the whole roll."""

    max_failures: int
    # There is a pause between two batches.
    pauses: bool
    # The first batch is the canary: if that fails, the rest is not tried.
    canary: bool = False


def decide(
    plan: Sequence[Sequence[str]],
    stages: Mapping[str, Stage],
    rules: Rules,
    stopped: bool,
    paused: int,
) -> Step:
    """A batch begins when the one before is over: each of its hosts done, or a failure that is
    allowed. `paused`: the last batch before which a pause was made."""
    under_way = any(stage is Stage.UNDER_WAY for stage in stages.values())
    failed = sum(stage is Stage.FAILED for stage in stages.values())
    first = plan[0] if rules.canary and plan else ()
    dead = any(stages[host] is Stage.FAILED for host in first)
    if stopped or dead or failed > rules.max_failures:
        return Finish() if under_way else End()
    for number, batch in enumerate(plan):
        waiting = tuple(host for host in batch if stages[host] is Stage.WAITING)
        begun = len(waiting) < len(batch)
        if not begun and number > 0 and rules.pauses and paused < number:
            return Pause(number)
        if waiting:
            return Next(waiting)
        if any(stages[host] is Stage.UNDER_WAY for host in batch):
            return Wait()
    return End()
