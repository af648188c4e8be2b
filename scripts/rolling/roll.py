"""The loop of a roll: look at the hosts, decide, act."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from .guard import admit, worth_asking
from .host import Host
from .judge import Unusable, in_the_way
from .options import Options
from .record import Record, Unkept
from .screen import Screen
from .signals import Stop
from .status import Status
from .step import End, Finish, Next, Pause, Rules, Stage, decide

# Between two questions to HAProxy while there is nothing to spare.
LOOK = 1.0


class Roll:
    """All hosts of it, the batches that are left, and the tasks under way."""

    def __init__(
        self,
        hosts: Sequence[Host],
        plan: list[list[str]],
        rules: Rules,
        options: Options,
        record: Record,
        screen: Screen,
        stop: Stop,
    ) -> None:
        self.hosts: dict[str, Host] = {host.name: host for host in hosts}
        self.plan = plan
        self.rules = rules
        self.options = options
        self.record = record
        self.screen = screen
        self.stop = stop
        self.paused = 0
        # What HAProxy had to spare at the last look.
        self.spare: int | None = None
        # Those that wait for another operation there.
        self.busy: set[str] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.unkept = False
        self.batch = -1
        # Since when hosts that are next have waited, with nothing going on.
        self.stuck_since: float | None = None

    async def run(self) -> None:
        """To its end; each host has what came of it."""
        while True:
            self.stop.changed.clear()
            self.reap()
            stages = {name: host.stage for name, host in self.hosts.items()}
            step = decide(self.plan, stages, self.rules, self.stop.asked > 0, self.paused)
            if isinstance(step, End):
                break
            if isinstance(step, Pause):
                await self.pause(step.batch)
            elif isinstance(step, Finish):
                self.take_back()
                await self.stop.wait(None)
            elif not (isinstance(step, Next) and await self.start(step.hosts)):
                # Also a look in between: others may have given a server back.
                await self.stop.wait(LOOK if isinstance(step, Next) else None)
        await asyncio.gather(*self.tasks)

    def take_back(self) -> None:
        """Of those that wait for their turn there nothing is touched: none begins any more."""
        for host in self.hosts.values():
            if host.waits_for_turn:
                host.call_off()

    def call_off(self) -> None:
        """The second Ctrl-C."""
        for host in self.hosts.values():
            host.call_off()

    def let_go(self) -> None:
        """The third: the agents go on by themselves, or put back; the roll does not wait."""
        for host in self.hosts.values():
            host.let_go()

    async def pause(self, batch: int) -> None:
        until = time.monotonic() + self.options.pause_seconds
        while not self.stop.asked:
            left = until - time.monotonic()
            if left <= 0:
                break
            self.screen.says(
                f"pause before batch {batch + 1} of {len(self.plan)}: {left:.0f} s left"
            )
            self.stop.changed.clear()
            await self.stop.wait(min(1.0, left))
        self.screen.says("")
        self.paused = batch

    async def start(self, names: Sequence[str]) -> bool:
        """Starts those of them that HAProxy can spare; True where any did, or anything else has
        changed meanwhile."""
        self.show_batch(names[0])
        closing = self.closing()
        asked = list(worth_asking(names, self.busy, self.spare, closing))
        failed_before = self.failed()
        answers = await asyncio.gather(*(self.ask(name) for name in asked))
        if self.stop.asked:
            return True
        next_hosts: list[tuple[str, Status]] = []
        for name, answer in zip(asked, answers):
            wrong = (
                str(answer)
                if isinstance(answer, Unusable)
                else in_the_way(answer, self.options.on_hold)
            )
            if wrong is not None:
                self.give_up(name, wrong)
            elif isinstance(answer, Status):
                next_hosts.append((name, answer))
        # Of those, or of those under way: perhaps no more may begin.
        if self.failed() > failed_before:
            return True
        # One that gave way in the meantime counts, too.
        admitted = admit(next_hosts, max(closing, self.closing()))
        spare = [status.spare for _, status in next_hosts if status.spare is not None]
        self.spare = min(spare, default=None)
        self.busy = {name for name, status in next_hosts if status.operation is not None}
        for name in admitted.go:
            self.go(self.hosts[name])
        for name, why in admitted.held_up.items():
            self.hosts[name].at(None, why)
        self.give_up_in_time(admitted.held_up, bool(admitted.go))
        return bool(admitted.go)

    def failed(self) -> int:
        return sum(host.stage is Stage.FAILED for host in self.hosts.values())

    def show_batch(self, name: str) -> None:
        number = next(number for number, batch in enumerate(self.plan) if name in batch)
        if number > self.batch:
            self.batch = number
            self.screen.says(f"batch {number + 1} of {len(self.plan)}")

    def give_up(self, name: str, why: str) -> None:
        """Never started: it is as it was."""
        self.hosts[name].fail(why)
        self.keep(self.hosts[name])

    def closing(self) -> int:
        """How many of those under way HAProxy may still count as usable; to be counted before
        HAProxy is asked."""
        return sum(host.is_closing for host in self.hosts.values())

    async def ask(self, name: str) -> Status | Unusable:
        try:
            return await self.hosts[name].status()
        except Unusable as error:
            return error

    def go(self, host: Host) -> None:
        host.begin()
        self.note(host.name, state="under_way")
        self.tasks.add(asyncio.ensure_future(self.to_its_end(host)))

    async def to_its_end(self, host: Host) -> None:
        try:
            await host.restart()
            self.keep(host)
            if host.stage is not Stage.WAITING:
                self.stuck_since = None
        finally:
            self.stop.changed.set()

    def reap(self) -> None:
        """An internal error in a task ends the roll: it would wait for ever."""
        for task in [task for task in self.tasks if task.done()]:
            self.tasks.remove(task)
            task.result()

    def keep(self, host: Host) -> None:
        """Its end, in the record."""
        if host.stage in (Stage.DONE, Stage.FAILED):
            outcome = host.ending.outcome if host.ending else None
            self.note(host.name, state=host.stage.value, outcome=outcome, message=host.message)
        else:
            self.note(host.name)

    def note(self, name: str, **said: str | None) -> None:
        """A record that can't be kept is no reason to leave a roll half done."""
        try:
            self.record.note(name, **said)
        except Unkept as error:
            if not self.unkept:
                self.screen.line(f"the record is not kept any more: {error}")
            self.unkept = True

    def give_up_in_time(self, held_up: Mapping[str, str], going: bool) -> None:
        """The agents wait for their turn so long, and so do we, where nothing of ours goes on."""
        busy = any(host.stage is Stage.UNDER_WAY for host in self.hosts.values())
        if going or busy or not held_up:
            self.stuck_since = None
            return
        now = time.monotonic()
        self.stuck_since = self.stuck_since or now
        if now - self.stuck_since >= self.options.turn_seconds:
            name, why = next(iter(held_up.items()))
            self.give_up(name, f"its turn did not come in {self.options.turn}: {why}")
            self.stuck_since = None
