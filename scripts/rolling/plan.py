"""The order of the hosts, and the batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """`3` or `25%`, of all hosts."""

    number: int
    percent: bool = False

    @classmethod
    def parse(cls, text: str) -> Share:
        """ValueError for what is neither."""
        digits = text[:-1] if text.endswith("%") else text
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 6 or int(digits) < 1:
            raise ValueError(f"{text!r} is neither a number of hosts nor a share: 3, 25%")
        share = cls(int(digits), text.endswith("%"))
        if share.percent and share.number > 100:
            raise ValueError(f"{text!r} is more than all")
        return share

    def of(self, hosts: int) -> int:
        """At least one."""
        return max(1, hosts * self.number // 100) if self.percent else self.number

    def __str__(self) -> str:
        return f"{self.number}%" if self.percent else str(self.number)


@dataclass(frozen=True)
class Shape:
    """How a roll is cut into batches."""

    canary: int = 0
    batch: Share = Share(1)
    # One half, then the other, instead of batches.
    seesaw: bool = False

    def sizes(self, hosts: int) -> list[int]:
        """Of each batch, for so many hosts; the canary first."""
        canary = min(self.canary, hosts)
        rest = hosts - canary
        most = (rest + 1) // 2 if self.seesaw else self.batch.of(hosts)
        sizes = [canary] if canary else []
        while rest > 0:
            sizes.append(min(most, rest))
            rest -= sizes[-1]
        return sizes


def order(hosts: Sequence[str], down: Sequence[str]) -> list[str]:
    """Those whose app is down first: they have the least to lose. Then as given."""
    return [host for host in hosts if host in down] + [host for host in hosts if host not in down]


def batches(remaining: Sequence[str], all_hosts: int, shape: Shape) -> list[list[str]]:
    """Of the hosts that remain. What is done already has used up the first batches: a roll
    that is gone on with has the batches that it would have had."""
    done = all_hosts - len(remaining)
    plan: list[list[str]] = []
    begin = 0
    for size in shape.sizes(all_hosts):
        used = min(done, size)
        done -= used
        if size > used:
            plan.append(list(remaining[begin : begin + size - used]))
            begin += size - used
    return plan
