"""One host of a roll: its status, its restart, its way back into rotation."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Callable

from .ending import INTERRUPTED, Ending, Verdict, ending_of
from .judge import Unusable, back, not_up, status_of
from .options import Options
from .program import Program
from .ssh import Ssh
from .status import Status
from .step import Stage
from .text import escape

# For `agent status`: it has time limits of its own.
ASK = 30.0
# HAProxy is asked for so long whether a host is back; its agent has waited for that before.
BACK = 30.0
# And a host whose connection was lost, where an operation is under way.
FOUND = 60.0
# Nothing is under way there any more: after that the lines stay as they are.
RESTS = 10.0
# Between two questions, or two tries.
AGAIN = 1.0


class Host:
    """Its stage and phase. `changed` hears of each change, and whether its phase has moved with
    it."""

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
        # It takes no other server away any more: the agent says so of each phase.
        self.settled = False
        self.waiting = ""
        self.ending: Ending | None = None
        self.message = ""
        self.began: float | None = None
        self.seconds = 0.0
        self.program: Program | None = None
        # Its stdin was closed.
        self.called_off = False
        # Its agent has closed a gate, or is about to.
        self.began_to_close = False

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
            again = ending.verdict in (Verdict.LOCKED, Verdict.FINISHED) and not self.called_off
            if again or self.never_began(ending):
                await self.put_off(ending)
                return
            self.ending = ending
            if ending.verdict is Verdict.RESTARTED:
                missing = await self.way_back()
                self.end(missing is None, ending.message if missing is None else missing)
            elif ending.verdict in (Verdict.CLOSED, Verdict.SKIPPED):
                self.end(True, ending.message)
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

    def hear(self, line: dict[str, Any]) -> None:
        """A line of `--progress`."""
        waiting = line.get("waiting")
        if "phase" in line:
            settled = line.get("settled") is True
            self.at(escape(str(line["phase"]), 20), escape(str(line.get("what", ""))), settled)
            self.began_to_close = not self.waits_for_turn
        elif isinstance(waiting, list):
            said = escape("; ".join(str(one) for one in waiting[:5]))
            self.at(self.phase, said, self.settled)

    def at(self, phase: str | None, waiting: str = "", settled: bool = False) -> None:
        moved = phase != self.phase
        self.phase, self.waiting, self.settled = phase, waiting, settled
        self.changed(self, moved)

    def call_off(self) -> None:
        """The agent puts back what can be put back, or finishes."""
        if self.stage is Stage.UNDER_WAY and not self.called_off:
            self.called_off = True
            if self.program is not None:
                self.program.end_input()

    def let_go(self) -> None:
        """Its end is not waited for."""
        if self.program is not None:
            self.program.kill()

    def never_began(self, ending: Ending) -> bool:
        """Called off while it waited for its turn, or before."""
        put_back = ending.exit in INTERRUPTED and ending.report is not None
        return self.called_off and put_back and not self.began_to_close

    async def put_off(self, ending: Ending) -> None:
        """Another operation was quicker, or an unfinished one came first: it waits again."""
        self.at("waits", ending.message)
        if not self.called_off:
            await asyncio.sleep(AGAIN)
        self.stage, self.began = Stage.WAITING, None
        self.at(None, ending.message)

    async def way_back(self) -> str | None:
        """None when HAProxy, asked once more, shows it in rotation; else what is missing."""
        self.at("check", "in rotation?", settled=True)
        until = time.monotonic() + BACK
        while True:
            try:
                missing = back(await self.status())
            except Unusable as error:
                missing = f"restarted, and then: {error}"
            if missing is None or time.monotonic() > until or self.called_off:
                return missing and f"restarted, but not in rotation: {missing}"
            self.at("check", missing, settled=True)
            await asyncio.sleep(AGAIN)

    async def find(self) -> str:
        """Its state, after its connection was lost."""
        until = time.monotonic() + FOUND
        idle: float | None = None
        while True:
            self.at("lost", "asking for its status")
            try:
                status = await self.status()
            except Unusable as error:
                state, over = str(error), False
            else:
                state = state_of(status)
                # Its agent has put the gates back, and HAProxy takes its time.
                if status.operation is None:
                    idle = idle or time.monotonic()
                rests = idle is not None and time.monotonic() - idle > RESTS
                over = status.operation is None and (status.in_rotation or rests)
            if over or time.monotonic() > until or self.called_off:
                return state
            self.at("lost", state)
            await asyncio.sleep(AGAIN)

    @property
    def waits_for_turn(self) -> bool:
        """Its agent has put back what it had closed, and waits until more hosts are available."""
        return self.phase == "back_off"

    @property
    def is_closing(self) -> bool:
        """HAProxy may still count it as usable, and it is about to go."""
        return self.stage is Stage.UNDER_WAY and not self.settled

    @property
    def skipped(self) -> bool:
        """Left alone, because it is held closed."""
        return self.ending is not None and self.ending.verdict is Verdict.SKIPPED

    def fail(self, message: str) -> None:
        """Never begun, or given up on."""
        self.end(False, message)

    def end(self, done: bool, message: str) -> None:
        if self.began is not None:
            self.seconds = time.monotonic() - self.began
        self.stage = Stage.DONE if done else Stage.FAILED
        self.message = message
        self.at(None)


def state_of(status: Status) -> str:
    if status.operation is not None:
        return f"still under way there: {status.operation}"
    rotation = "in rotation" if status.in_rotation else "not in rotation"
    missing = "" if status.in_rotation else f" ({not_up(status)})"
    return f"now {rotation}{missing}; {status.health}"
