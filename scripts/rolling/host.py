"""One host of a roll: its status, its agent's work, its way back into rotation."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Callable

from .ending import INTERRUPTED, NO_TURN, Ending, Verdict, ending_of
from .judge import Unusable, back, not_up, outside_windows, status_of
from .options import Options
from .program import Program
from .ssh import Ssh
from .status import Status
from .step import Stage
from .text import escape

# For `agent status`: it has time limits of its own.
ASK = 30.0
# How long the roll asks whether HAProxy shows a host back. Its agent has waited for that before.
BACK = 30.0
# The same for a host whose connection was lost, while an operation is under way.
FOUND = 60.0
# After this time without an operation the lines no longer change.
RESTS = 10.0
# Between two questions, or two tries.
AGAIN = 1.0


class Host:
    """Its stage and phase. `changed` is called at each change, with whether the phase changed,
    too."""

    def __init__(
        self, name: str, ssh: Ssh, options: Options, changed: Callable[[Host, bool], None]
    ) -> None:
        self.name = name
        self.ssh = ssh
        self.options = options
        self.changed = changed
        self.stage = Stage.WAITING
        # A phase of the agent, or a word of the roll.
        self.phase: str | None = None
        # It takes no other server away any more. The agent reports that for each phase.
        self.settled = False
        self.waiting = ""
        self.ending: Ending | None = None
        self.message = ""
        self.began: float | None = None
        self.seconds = 0.0
        self.program: Program | None = None
        # Its stdin was closed.
        self.called_off = False
        # It was on, and is off again because another host failed.
        self.undone = False
        # Its agent has closed a gate, or is about to.
        self.began_to_close = False
        # Why its agent may not begin: its window has ended since the roll began.
        self.outside: str | None = None

    async def status(self) -> Status:
        """Its status now. Raises Unusable with the reason if there is none."""
        words = self.options.status_words()
        try:
            return status_of(await self.ssh.ask(self.name, words, ASK), self.options.app)
        except OSError as error:
            raise Unusable(f"ssh: {error.strerror}") from error

    def begin(self) -> None:
        self.stage = Stage.UNDER_WAY
        self.began = time.monotonic()
        self.at("begins")

    async def work(self) -> None:
        """The agent's work, from begin() to the end, whatever the result is."""
        try:
            ending = await self.agent()
            again = ending.verdict in (Verdict.LOCKED, Verdict.FINISHED) and not self.called_off
            if again or self.never_began(ending):
                await self.put_off(ending)
                return
            self.outside = await self.window_ended(ending)
            if self.outside is not None:
                self.stays(self.outside)
                return
            self.ending = ending
            if ending.verdict is Verdict.SERVES:
                missing = await self.way_back()
                self.end(missing is None, ending.message if missing is None else missing)
            elif ending.verdict in (Verdict.CLOSED, Verdict.SKIPPED):
                self.end(True, ending.message)
            elif ending.verdict is Verdict.LOST:
                self.end(False, f"the connection was lost ({ending.message}): {await self.find()}")
            else:
                self.end(False, ending.message)
        except OSError as error:
            self.end(False, f"ssh: {error.strerror}")

    async def agent(self) -> Ending:
        words = self.options.words(*self.options.flags)
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
        """Asks the agent to put back what it can, or to finish."""
        if self.stage is Stage.UNDER_WAY and not self.called_off:
            self.called_off = True
            if self.program is not None:
                self.program.end_input()

    def let_go(self) -> None:
        """Stops waiting for its end."""
        if self.program is not None:
            self.program.kill()

    def never_began(self, ending: Ending) -> bool:
        """It was called off before its turn came."""
        put_back = ending.exit in INTERRUPTED and ending.report is not None
        return self.called_off and put_back and not self.began_to_close

    async def put_off(self, ending: Ending) -> None:
        """Another operation was quicker, or the agent finished an earlier one: it waits again."""
        self.at("waits", ending.message)
        if not self.called_off:
            await asyncio.sleep(AGAIN)
        self.waits_again(ending.message)

    def waits_again(self, why: str) -> None:
        self.stage, self.began = Stage.WAITING, None
        self.at(None, why)

    async def window_ended(self, ending: Ending) -> str | None:
        """Why its agent may not begin now, if it ended for that reason. An agent that waits for its
        turn gives up at the end of the window, too."""
        gave_up = ending.exit == NO_TURN and ending.report is not None
        # After a lost lock the gates were closed for a while.
        gave_up = gave_up and ending.outcome != "lock_lost"
        refused = ending.verdict is Verdict.OUTSIDE
        if not (refused or gave_up) or not self.options.heeds_windows:
            return None
        try:
            outside = outside_windows(await self.status())
        except Unusable:
            outside = None
        return ending.message if refused and outside is None else outside

    def stays(self, outside: str) -> None:
        """The roll does not begin on it: its window has ended."""
        self.outside = self.message = outside
        self.waits_again(outside)

    async def way_back(self) -> str | None:
        """Asks HAProxy once more. None: it shows the host in rotation. Else what is missing."""
        self.at("check", "in rotation?", settled=True)
        until = time.monotonic() + BACK
        while True:
            try:
                missing = back(await self.status())
            except Unusable as error:
                missing = f"{self.done_word}, but after that: {error}"
            if missing is None or time.monotonic() > until or self.called_off:
                return missing and f"{self.done_word}, but not in rotation: {missing}"
            self.at("check", missing, settled=True)
            await asyncio.sleep(AGAIN)

    async def find(self) -> str:
        """Its state after the connection was lost."""
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
                # Its agent has put the gates back, and HAProxy needs some time to notice.
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
        """Its agent waits until more servers are available, or for the lock. The gates are as they
        were."""
        return self.phase in ("back_off", "lock")

    @property
    def is_closing(self) -> bool:
        """It goes out, but HAProxy may still count it as usable."""
        return self.options.takes_out and self.stage is Stage.UNDER_WAY and not self.settled

    @property
    def done_word(self) -> str:
        return {"switch": "switched", "open": "opened"}.get(self.options.verb, "restarted")

    @property
    def skipped(self) -> bool:
        """A hold keeps the gates closed, and the agent was not asked, or changed nothing."""
        return self.ending is not None and self.ending.verdict is Verdict.SKIPPED

    def fail(self, message: str) -> None:
        """It never began, or the roll gave it up."""
        self.end(False, message)

    def end(self, done: bool, message: str) -> None:
        if self.began is not None:
            self.seconds = time.monotonic() - self.began
        self.stage = Stage.DONE if done else Stage.FAILED
        self.message = message
        self.at(None)


def state_of(status: Status) -> str:
    if status.operation is not None:
        return f"an operation is still under way: {status.operation}"
    rotation = "in rotation" if status.in_rotation else "not in rotation"
    missing = "" if status.in_rotation else f" ({not_up(status)})"
    return f"now {rotation}{missing}; {status.health}"
