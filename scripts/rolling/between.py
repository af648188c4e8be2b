"""What happens before a batch begins: hooks, a pause, an approval, the end of the window. A batch
is one pair of `--replace`, too, and all hosts of `--maintenance` or `--readonly`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .confirm import Reply, Source
from .hooks import Hooks
from .host import Host
from .options import Options
from .screen import Screen
from .signals import Stop
from .step import Stage
from .text import seconds, span
from .window import Window

# Exit codes of a roll that ends before a batch.
NOT_APPROVED = 4
WINDOW_CLOSED = 5
HOOK_FAILED = 6

# Between two looks for an answer.
LOOK = 0.2
# The most names in a question.
NAMES = 8
# The kinds that have a number.
COUNTED = ("batch", "pair")


@dataclass(frozen=True)
class Halt:
    """Why no further batch begins."""

    outcome: str
    exit: int
    message: str
    # Its number, from 0.
    batch: int
    # The one who refused it.
    reply: Reply | None = None

    def json(self) -> dict[str, Any]:
        return {"before_batch": self.batch + 1, **signed(self.reply)}


class Between:
    """Decides before each batch whether it may begin."""

    def __init__(
        self,
        options: Options,
        plan: Sequence[Sequence[str]],
        screen: Screen,
        stop: Stop,
        hooks: Hooks | None = None,
        source: Source | None = None,
        window: Window | None = None,
        resumed: bool = False,
        kind: str = "batch",
    ) -> None:
        self.options = options
        self.plan = plan
        self.screen = screen
        self.stop = stop
        self.hooks = hooks or Hooks([], False, screen, stop)
        self.source = source
        self.window = window or Window(None, time.time())
        # The first batch needs an approval, too: hosts were done before, or it is the only one.
        self.asks_first = resumed or len(plan) == 1
        # In messages: `batch`, `pair`, or what all hosts do at once.
        self.kind = kind
        self.over = 0
        # Who has approved which batch.
        self.approvals: list[dict[str, Any]] = []

    @property
    def stops(self) -> bool:
        """Whether the roll stops between two batches."""
        paused = self.options.pause_seconds > 0
        return paused or self.source is not None or self.hooks.must_succeed

    @property
    def passed(self) -> int:
        """The batch that needs nothing before it: the first one, or none."""
        approval = self.source is not None and self.asks_first
        return -1 if approval or self.hooks.must_succeed else 0

    def late(self) -> bool:
        return self.window.closed(time.time())

    def too_late(self, batch: int) -> Halt:
        before = f"the window closed at {self.window}, before {self.name(batch)}"
        return Halt("window_closed", WINDOW_CLOSED, before, batch)

    def outside(self, name: str, stages: Mapping[str, Stage]) -> Halt:
        """The window of this host has ended, by its agent."""
        batch = next(number for number, batch in enumerate(self.plan) if name in batch)
        begun = any(stages[host] is not Stage.WAITING for host in self.plan[batch])
        when = "in" if begun else "before"
        message = f"the window of {name} closed {when} {self.name(batch)}"
        return Halt("window_closed", WINDOW_CLOSED, message, batch)

    def ended(self, host: Host) -> None:
        """A host is done or has failed."""
        event = "host_done" if host.stage is Stage.DONE else "host_failed"
        self.hooks.report(event, self.number_of(host.name), host.name)

    def number_of(self, name: str) -> int | None:
        return next((number for number, batch in enumerate(self.plan) if name in batch), None)

    def batches_over(self, stages: Mapping[str, Stage]) -> None:
        """Runs the hooks for each batch that has ended since the last call."""
        while self.over < len(self.plan) and ended(self.plan[self.over], stages):
            if self.source is not None:
                self.source.begin()
            self.hooks.report("batch_done", self.over)
            self.over += 1

    async def passes(self, batch: int) -> Halt | None:
        """None: the batch may begin, or the operator stops the roll."""
        halt = await self.hooked(batch)
        if halt is not None:
            return halt
        if batch > 0:
            await self.pause(batch)
        # The operator has just begun this roll.
        first = batch == 0 and not self.asks_first
        if self.source is None or first or self.stop.asked or self.late():
            return None
        halt = await self.confirm(batch, self.source)
        # The question is an event, too.
        return halt if halt is not None or self.stop.asked else await self.hooked(batch)

    async def hooked(self, batch: int) -> Halt | None:
        """Waits for the hooks that must succeed. None: none has failed."""
        if self.hooks.must_succeed:
            await self.hooks.settled_with_a_word()
        return self.hook_failed(batch)

    def hook_failed(self, batch: int) -> Halt | None:
        failure = self.hooks.in_the_way
        if failure is None:
            return None
        message = f"{failure}; the roll stopped before {self.name(batch)}"
        return Halt("hook_failed", HOOK_FAILED, message, batch)

    async def begins(self, batch: int) -> Halt | None:
        """The same, with the window: for work that has no loop as a roll has."""
        halt = None if self.late() else await self.passes(batch)
        late = halt is None and not self.stop.asked and self.late()
        return self.too_late(batch) if late else halt

    async def pause(self, batch: int) -> None:
        until = time.monotonic() + self.options.pause_seconds
        while not self.stop.asked and not self.late():
            left = until - time.monotonic()
            if left <= 0:
                break
            self.screen.says(f"pause before {self.name(batch)}: {left:.0f} s left")
            self.stop.changed.clear()
            await self.stop.wait(min(1.0, left))
        self.screen.says("")

    async def confirm(self, batch: int, source: Source) -> Halt | None:
        asked = question(self.plan[batch], self.name(batch), self.hooks.so_far())
        self.screen.line(f"{asked}; {source.how}")
        self.hooks.report("confirm", batch)
        source.ask(asked, self.hooks.said("confirm", batch))
        try:
            return await self.answer(batch, source)
        finally:
            source.rest()
            self.screen.says("")

    async def answer(self, batch: int, source: Source) -> Halt | None:
        until = time.monotonic() + seconds(self.options.confirm_timeout)
        while True:
            self.stop.changed.clear()
            if self.stop.asked or self.late():
                return None
            # Perhaps it is the one that asks for the approval.
            failed = self.hook_failed(batch)
            if failed is not None:
                return failed
            reply = source.look()
            if reply is not None:
                return self.decided(batch, reply)
            left = until - time.monotonic()
            if left <= 0:
                limit = self.options.confirm_timeout
                message = f"no approval of {self.name(batch)} within {limit}"
                return Halt("not_approved", NOT_APPROVED, message, batch)
            self.screen.says(f"waits for approval of {self.name(batch)}: {span(left)} left")
            await self.stop.wait(min(LOOK, left))

    def decided(self, batch: int, reply: Reply) -> Halt | None:
        by = f" by {reply.who}" if reply.who else ""
        if not reply.go:
            message = f"{self.name(batch)} was refused{by}"
            return Halt("not_approved", NOT_APPROVED, message, batch, reply)
        self.screen.line(f"{self.name(batch)} is approved{by}")
        self.approvals.append({"batch": batch + 1, **signed(reply)})
        if reply.always:
            self.source = None
        return None

    def name(self, batch: int) -> str:
        if self.kind not in COUNTED:
            return self.kind
        return f"{self.kind} {batch + 1} of {len(self.plan)}"


def signed(reply: Reply | None) -> dict[str, Any]:
    """The one who gave it."""
    return {"by": reply.by if reply else None, "owner": reply.owner if reply else None}


def ended(batch: Sequence[str], stages: Mapping[str, Stage]) -> bool:
    return all(stages[host] in (Stage.DONE, Stage.FAILED) for host in batch)


def question(batch: Sequence[str], name: str, so_far: Mapping[str, Any]) -> str:
    """What is done, and what is next."""
    hosts = so_far.get("hosts", [])
    done = [host["host"] for host in hosts if host["state"] in ("done", "skipped")]
    failed = [host["host"] for host in hosts if host["state"] == "failed"]
    said = f"done: {named(done)}"
    if failed:
        said += f"; failed: {named(failed)}"
    return f"{said}; next: {name}: {named(batch)}"


def named(hosts: Sequence[str]) -> str:
    more = f" and {len(hosts) - NAMES} more" if len(hosts) > NAMES else ""
    return " ".join(hosts[:NAMES]) + more if hosts else "none"
