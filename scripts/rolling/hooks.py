"""Hooks: command lines of the operator that run at each event, with its JSON on their stdin."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Callable

from .local import meaning, run
from .screen import Screen
from .signals import Stop
from .text import counted

# A hook has this time for one event.
LIMIT = 30.0
# The roll waits this long for hooks without a word.
SILENT = 1.0
# At the end of a roll all hooks together have this time. Each may hang at each event.
LAST = 60.0
# The exit code of a hook that did not end by itself, or did not run at all.
NOT_ENDED = 255

# The roll as it is now, in the form of its final answer.
SoFar = Callable[[], dict[str, Any]]


@dataclass(frozen=True)
class Failure:
    """A hook that did not end with exit 0."""

    event: str
    command: str
    exit: int
    message: str

    def __str__(self) -> str:
        return f"a hook failed at {self.event}: {self.message}"


class Hooks:
    """Runs them one after the other, in the order of the events. The roll does not wait for them,
    unless they must succeed."""

    def __init__(
        self, lines: Sequence[str], must_succeed: bool, screen: Screen, stop: Stop
    ) -> None:
        self.lines = lines
        self.must_succeed = must_succeed
        self.screen = screen
        self.stop = stop
        self.so_far: SoFar = dict
        # Each event with a command line that has not ended for it. The first one runs.
        self.waiting: list[tuple[str, str, bytes]] = []
        self.failures: list[Failure] = []
        self.task: asyncio.Task[None] | None = None
        self.ended = False

    def report(self, event: str, batch: int | None = None, host: str | None = None) -> None:
        """Runs the hooks for this event. `batch`: its number, from 0."""
        if not self.lines:
            return
        said = self.said(event, batch, host)
        self.waiting += [(event, line, said) for line in self.lines]
        if not self.busy:
            self.task = asyncio.ensure_future(self.work())

    def said(self, event: str, batch: int | None = None, host: str | None = None) -> bytes:
        """The event as one line of JSON."""
        number = None if batch is None else batch + 1
        said = {"event": event, "batch": number, "host": host, "roll": self.so_far()}
        return json.dumps(said).encode() + b"\n"

    @property
    def busy(self) -> bool:
        return self.task is not None and not self.task.done()

    async def work(self) -> None:
        while self.waiting and not self.ended:
            event, line, said = self.waiting[0]
            answer = await run(line, said, LIMIT)
            self.waiting.pop(0)
            if answer.exit != 0:
                self.failed(Failure(event, line, answer.exit, meaning(answer)))

    def failed(self, failure: Failure) -> None:
        """Shows the first one. The summary has them all."""
        if not self.failures:
            then = "no further batch begins" if self.must_succeed else "the roll goes on"
            self.screen.line(f"{failure}; {then}")
        self.failures.append(failure)

    @property
    def in_the_way(self) -> Failure | None:
        """The failure that stops the roll."""
        return self.failures[0] if self.must_succeed and self.failures else None

    async def settled(self) -> None:
        """Waits until all events so far had their hooks. The next signal ends the wait."""
        asked = self.stop.asked
        while self.task is not None and not self.task.done() and self.stop.asked == asked:
            self.stop.changed.clear()
            changed = asyncio.ensure_future(self.stop.wait(None))
            await asyncio.wait({self.task, changed}, return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()

    async def settled_with_a_word(self, limit: float | None = None, then: str = "") -> bool:
        """The same. If it takes long, shows the number of events. False: not within the limit."""
        settled = asyncio.ensure_future(self.settled())
        await asyncio.wait({settled}, timeout=SILENT)
        if not settled.done():
            self.screen.line(f"waiting for the hooks of {self.left()}{then}")
            await asyncio.wait({settled}, timeout=limit)
        in_time = settled.done()
        settled.cancel()
        return in_time

    async def end(self) -> None:
        """Waits for the hooks of the last events. A signal, or the end of their time, kills the one
        that still runs; it and those after it have failed."""
        in_time = await self.settled_with_a_word(LAST, "; Ctrl-C ends them")
        # A hook that ends in this moment may swallow the cancellation.
        self.ended = True
        killed = False
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait({self.task})
            killed = self.task.cancelled()
        if self.waiting:
            self.screen.line(f"the hooks of {self.left()} did not end")
        late = f"the roll waits for its hooks {LAST:.0f} s at its end"
        why = "a signal ended the wait for it" if in_time else late
        for event, line, _ in self.waiting:
            said = "killed" if killed else "did not run"
            self.failures.append(Failure(event, line, NOT_ENDED, f"{said}, because {why}"))
            killed = False

    def left(self) -> str:
        """The events whose hooks have not all ended."""
        return counted(-(-len(self.waiting) // len(self.lines)), "event")

    def json(self) -> list[dict[str, Any]]:
        return [asdict(failure) for failure in self.failures]
