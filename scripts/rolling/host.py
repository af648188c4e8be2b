"""One host of a roll: its status, its restart, its way back into rotation."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Callable

from .ending import (
    Ending,
    Status,
    Unusable,
    Verdict,
    back,
    ending_of,
    status_of,
)
from .options import Options
from .program import Program
from .ssh import Ssh
from .step import Stage
from .text import visible

# For `agent status`: it has time limits of its own.
ASK = 30.0
# HAProxy is asked for so long whether a host is back; its agent has waited for that before.
BACK = 30.0
# And how long a host that was lost is asked how it stands, where something is under way.
FOUND = 60.0
# Between two questions.
AGAIN = 1.0


class Host:
    """Where it stands, and what it is at. `changed` hears of each change, and whether its
    phase has moved with it."""

    def __init__(
        self, name: str, ssh: Ssh, options: Options, changed: Callable[[Host, bool], None]
    ) -> None:
        self.name = name
        self.ssh = ssh
        self.options = options
        self.changed = changed
        self.stage = Stage.WAITING
        # Of the agent, or our own word.
        self.phase: str | None = None
        self.waiting = ""
        self.ending: Ending | None = None
        self.message = ""
        self.began: float | None = None
        self.seconds = 0.0
        self.program: Program | None = None
        # Its stdin was closed, by a second Ctrl-C.
        self.called_off = False

    async def status(self) -> Status:
        """Asked now. Unusable: says why there is none."""
        words = ["status", "--json", *self.options.named()]
        try:
            return status_of(await self.ssh.ask(self.name, words, ASK), self.options.app)
        except OSError as error:
            raise Unusable(f"ssh: {error.strerror}") from error

    def begin(self) -> None:
        self.stage = Stage.UNDER_WAY
        self.began = time.monotonic()
        self.at("begins")

    async def restart(self) -> None:
        """From begin() to its end, whatever that is."""
        try:
            ending = await self.agent()
            if ending.verdict is Verdict.LOCKED and not self.called_off:
                self.put_off(ending)
                return
            self.ending = ending
            if ending.verdict is Verdict.RESTARTED:
                missing = await self.way_back()
                self.end(missing is None, ending.message if missing is None else missing)
            elif ending.verdict is Verdict.LOST:
                self.end(False, f"the connection is lost ({ending.message}): {await self.find()}")
            else:
                self.end(False, ending.message)
        except OSError as error:
            self.end(False, f"ssh: {error.strerror}")

    async def agent(self) -> Ending:
        words = self.options.words("--progress", "--attached")
        self.program = await self.ssh.start(self.name, words, self.hear)
        if self.called_off:
            self.program.end_input()
        answer = await self.program.answer()
        self.program = None
        return ending_of(answer)

    def hear(self, told: dict[str, Any]) -> None:
        """A line of `--progress`."""
        waiting = told.get("waiting")
        if "phase" in told:
            self.at(visible(str(told["phase"]), 20), visible(str(told.get("what", ""))))
        elif isinstance(waiting, list):
            self.at(self.phase, visible("; ".join(str(one) for one in waiting[:5])))

    def at(self, phase: str | None, waiting: str = "") -> None:
        moved = phase != self.phase
        self.phase, self.waiting = phase, waiting
        self.changed(self, moved)

    def call_off(self) -> None:
        """The agent puts back what can be put back, or finishes."""
        if self.stage is Stage.UNDER_WAY and not self.called_off:
            self.called_off = True
            if self.program is not None:
                self.program.end_input()

    def put_off(self, ending: Ending) -> None:
        """Somebody was quicker there: it waits again."""
        self.stage, self.began = Stage.WAITING, None
        self.at(None, ending.message)

    async def way_back(self) -> str | None:
        """None when HAProxy, asked once more, shows it in rotation; else what is missing."""
        self.at("check", "in rotation?")
        until = time.monotonic() + BACK
        while True:
            try:
                missing = back(await self.status())
            except Unusable as error:
                missing = f"restarted, and then: {error}"
            if missing is None or time.monotonic() > until or self.called_off:
                return missing and f"restarted, but not in rotation: {missing}"
            self.at("check", missing)
            await asyncio.sleep(AGAIN)

    async def find(self) -> str:
        """How it stands, after its connection was lost."""
        until = time.monotonic() + FOUND
        while True:
            self.at("lost", "asking how it stands")
            try:
                status = await self.status()
            except Unusable as error:
                told, over = str(error), False
            else:
                told, over = stands(status), status.operation is None
            if over or time.monotonic() > until or self.called_off:
                return told
            self.at("lost", told)
            await asyncio.sleep(AGAIN)

    def fail(self, message: str) -> None:
        """Never begun, or given up on."""
        self.end(False, message)

    def end(self, done: bool, message: str) -> None:
        if self.began is not None:
            self.seconds = time.monotonic() - self.began
        self.stage = Stage.DONE if done else Stage.FAILED
        self.message = message
        self.at(None)


def stands(status: Status) -> str:
    if status.operation is not None:
        return f"still under way there: {status.operation}"
    rotation = "in rotation" if status.in_rotation else "not in rotation"
    missing = "" if status.in_rotation else f" ({'; '.join(status.not_up)})"
    return f"now {rotation}{missing}; {status.health}"
