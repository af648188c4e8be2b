"""The order of the hosts, and the batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """`3` or `25%` of all hosts."""

    number: int
    percent: bool = False

    @classmethod
    def parse(cls, text: str) -> Share:
        """Raises ValueError if the text is neither."""
        digits = text[:-1] if text.endswith("%") else text
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 6 or int(digits) < 1:
            raise ValueError(
                f"{text!r} is neither a number of hosts, such as 3, nor a share, such as 25%"
            )
        share = cls(int(digits), text.endswith("%"))
        if share.percent and share.number > 100:
            raise ValueError(f"{text!r} is more than all hosts")
        return share

    def of(self, hosts: int) -> int:
        """The number of hosts, at least one."""
        return max(1, hosts * self.number // 100) if self.percent else self.number

    def __str__(self) -> str:
        return f"{self.number}%" if self.percent else str(self.number)


@dataclass(frozen=True)
class Shape:
    """How a roll is split into batches."""

    canary: int = 0
    batch: Share = Share(1)
    # One half, then the other, instead of batches.
    seesaw: bool = False

    def sizes(self, hosts: int) -> list[int]:
        """The size of each batch for this number of hosts; the canary first."""
        canary = min(self.canary, hosts)
        rest = hosts - canary
        most = (rest + 1) // 2 if self.seesaw else self.batch.of(hosts)
        sizes = [canary] if canary else []
        while rest > 0:
            sizes.append(min(most, rest))
            rest -= sizes[-1]
        return sizes


def order(hosts: Sequence[str], down: Sequence[str]) -> list[str]:
    """Hosts whose app is down come first, because they serve no users. Then as given."""
    return [host for host in hosts if host in down] + [host for host in hosts if host not in down]


def batches(remaining: Sequence[str], all_hosts: int, shape: Shape) -> list[list[str]]:
    """The batches of the remaining hosts. Hosts that are done count into the first batches: a
    roll that continues has the batches that it would have had."""
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
