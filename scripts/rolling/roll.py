"""The loop of a roll: look at the hosts, decide, act."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from .between import Between, Halt
from .guard import admit, worth_asking
from .host import Host
from .judge import Unusable, in_the_way, outside_windows
from .options import Options
from .record import Record, Unkept
from .screen import Screen
from .signals import Stop
from .status import Status
from .step import End, Finish, Late, Next, Pause, Rules, Stage, decide

# Between two questions to HAProxy while it can spare no host.
LOOK = 1.0


class Roll:
    """Its hosts, the remaining batches, and the tasks under way."""

    # After the first Ctrl-C.
    stopping = "stopping: no further host begins; Ctrl-C again: those under way put back"

    def __init__(
        self,
        hosts: Sequence[Host],
        plan: list[list[str]],
        rules: Rules,
        options: Options,
        record: Record,
        screen: Screen,
        stop: Stop,
        between: Between | None = None,
    ) -> None:
        self.hosts: dict[str, Host] = {host.name: host for host in hosts}
        self.plan = plan
        self.rules = rules
        self.options = options
        self.record = record
        self.screen = screen
        self.stop = stop
        self.between = between or Between(options, plan, screen, stop)
        self.paused = self.between.passed
        # Why no further batch begins.
        self.halt: Halt | None = None
        # How many hosts HAProxy could spare at the last look.
        self.spare: int | None = None
        # Hosts that wait for another operation on them.
        self.busy: set[str] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.unkept = False
        self.batch = -1
        # Since when the next hosts have waited, while no host was under way.
        self.stuck_since: float | None = None

    async def run(self) -> None:
        """Runs to the end. Each host then has its result."""
        while True:
            self.stop.changed.clear()
            self.reap()
            stages = {name: host.stage for name, host in self.hosts.items()}
            self.between.batches_over(stages)
            self.heed_windows(stages)
            stopped = self.stop.asked > 0 or self.halt is not None
            late = self.between.late()
            step = decide(self.plan, stages, self.rules, stopped, self.paused, late)
            if isinstance(step, End):
                break
            if isinstance(step, Pause):
                self.halt = await self.between.passes(step.batch)
                self.paused = step.batch
            elif isinstance(step, Late):
                self.halt = self.between.too_late(step.batch)
            elif isinstance(step, Finish):
                self.take_back()
                await self.stop.wait(None)
            elif not (isinstance(step, Next) and await self.start(step.hosts)):
                # Looks again after a while: another operator may have given a server back.
                await self.stop.wait(LOOK if isinstance(step, Next) else None)
        await asyncio.gather(*self.tasks)

    def heed_windows(self, stages: Mapping[str, Stage]) -> None:
        """Stops at a host whose own window has ended: those of the others end, too, or soon."""
        outside = [name for name, host in self.hosts.items() if host.outside is not None]
        if outside and self.halt is None:
            self.halt = self.between.outside(outside[0], stages)

    def take_back(self) -> None:
        """Calls off the hosts that wait for their turn: their apps are untouched."""
        for host in self.hosts.values():
            if host.waits_for_turn:
                host.call_off()

    def call_off(self) -> None:
        """The second Ctrl-C."""
        for host in self.hosts.values():
            host.call_off()

    def let_go(self) -> None:
        """The third: the agents finish or put back by themselves; the roll does not wait."""
        for host in self.hosts.values():
            host.let_go()

    async def start(self, names: Sequence[str]) -> bool:
        """Starts the hosts that HAProxy can spare. True: one began, or something else changed
        meanwhile."""
        self.show_batch(names[0])
        closing = self.closing()
        takes_out = self.options.takes_out
        asked = list(worth_asking(names, self.busy, self.spare, closing, takes_out))
        failed_before = self.failed()
        answers = await asyncio.gather(*(self.ask(name) for name in asked))
        if self.stop.asked:
            return True
        next_hosts: list[tuple[str, Status]] = []
        for name, answer in zip(asked, answers):
            wrong = (
                str(answer)
                if isinstance(answer, Unusable)
                else in_the_way(answer, self.options.on_hold, self.options.verb)
            )
            outside = self.outside(answer)
            if wrong is not None:
                self.give_up(name, wrong)
            elif outside is not None:
                self.hosts[name].stays(outside)
            elif isinstance(answer, Status):
                next_hosts.append((name, answer))
        # A host failed, so perhaps no more may begin. After the end of a window none may.
        if self.failed() > failed_before or any(self.hosts[name].outside for name in asked):
            return True
        # A host that gave way meanwhile counts, too.
        closing = max(closing, self.closing())
        admitted = admit(next_hosts, closing, takes_out, self.options.waits_for_turn)
        spare = [status.spare for _, status in next_hosts if status.spare is not None]
        self.spare = min(spare, default=None)
        self.busy = {name for name, status in next_hosts if status.operation is not None}
        for name in admitted.go:
            self.go(self.hosts[name])
        for name, why in admitted.held_up.items():
            self.hosts[name].at(None, why)
        self.give_up_in_time(admitted.held_up, bool(admitted.go))
        return bool(admitted.go)

    def outside(self, answer: Status | Unusable) -> str | None:
        """Why its agent would refuse, by its windows."""
        if isinstance(answer, Unusable) or not self.options.heeds_windows:
            return None
        return outside_windows(answer)

    def failed(self) -> int:
        return sum(host.stage is Stage.FAILED for host in self.hosts.values())

    def show_batch(self, name: str) -> None:
        number = next(number for number, batch in enumerate(self.plan) if name in batch)
        if number > self.batch:
            self.batch = number
            self.screen.says(f"batch {number + 1} of {len(self.plan)}")

    def give_up(self, name: str, why: str) -> None:
        """Does not start this host: nothing was changed there."""
        self.hosts[name].fail(why)
        self.keep(self.hosts[name])

    def closing(self) -> int:
        """How many hosts under way HAProxy may still count as usable. Call it before asking
        HAProxy."""
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
            await host.work()
            self.keep(host)
            if host.stage is not Stage.WAITING:
                self.stuck_since = None
        finally:
            self.stop.changed.set()

    def reap(self) -> None:
        """An internal error in a task ends the roll, which would wait for ever otherwise."""
        for task in [task for task in self.tasks if task.done()]:
            self.tasks.remove(task)
            task.result()

    def keep(self, host: Host) -> None:
        """Writes the end of a host to the record."""
        if host.stage in (Stage.DONE, Stage.FAILED):
            outcome = host.ending.outcome if host.ending else None
            self.note(host.name, state=host.stage.value, outcome=outcome, message=host.message)
            self.between.ended(host)
        else:
            self.note(host.name)

    def note(self, name: str, **said: str | None) -> None:
        """If the record can't be written, the roll continues without it."""
        try:
            self.record.note(name, **said)
        except Unkept as error:
            if not self.unkept:
                self.screen.line(f"the roll continues without its record: {error}")
            self.unkept = True

    def give_up_in_time(self, held_up: Mapping[str, str], going: bool) -> None:
        """Gives up a host after --turn, as the agents do, if no host of the roll is under way."""
        busy = any(host.stage is Stage.UNDER_WAY for host in self.hosts.values())
        if going or busy or not held_up:
            self.stuck_since = None
            return
        now = time.monotonic()
        self.stuck_since = self.stuck_since or now
        if now - self.stuck_since >= self.options.turn_seconds:
            name, why = next(iter(held_up.items()))
            self.give_up(name, f"its turn did not come within {self.options.turn}: {why}")
            self.stuck_since = None
