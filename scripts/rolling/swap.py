"""`--replace OLD=NEW`: pair by pair. The new host opens, is watched for a while, and then the old
one closes. `--back` is the same with the hosts changed over."""

from __future__ import annotations

import asyncio
import time

from .again import to_its_end
from .between import Between, Halt
from .call import Call
from .ending import Ending, Verdict
from .host import AGAIN, Host
from .judge import Unusable, outside_windows
from .judge import back as not_back
from .look import Look
from .pairs import Pair
from .snapshot import Interrupted
from .steady import unsteady
from .step import Stage
from .summary import NOT_BEGUN, Summary
from .swapped import of_pairs, planned, together
from .text import refusing, seconds
from .ways import UNKNOWN, may_be_open, names, not_closed, taking_back


class Swap:
    """All pairs."""

    # After the first Ctrl-C.
    stopping = "stopping: no further pair begins; Ctrl-C again: the host under way goes back"

    def __init__(self, call: Call) -> None:
        self.call = call
        self.seen = Look(call)
        # Why no further pair began.
        self.halt: Halt | None = None
        # The second Ctrl-C.
        self.called_off = False
        # The third: the agents are left alone.
        self.gone = False

    # What begins, for the one who approves it.
    unit = "pair"

    @property
    def plan(self) -> list[list[str]]:
        return together(self.seen.pairs)

    async def look(self, dry_run: bool) -> Summary | None:
        """Whether all pairs can begin. None: they can. Raises Interrupted on a signal."""
        hosts = self.call.hosts
        self.call.screen.line(f"asking {len(hosts)} hosts")
        trouble = await self.seen.trouble(self.seen.pairs)
        for host in hosts:
            host.message = trouble.get(host.name, "")
        if dry_run:
            return planned(self.seen.pairs, hosts, len(trouble))
        if trouble:
            message = f"nothing was replaced: {refusing(len(trouble), len(hosts))}"
            return Summary("could_not_begin", NOT_BEGUN, message, hosts=hosts)
        return None

    async def run(self, between: Between) -> Summary:
        """One pair after the other, until one fails."""
        began = time.monotonic()
        for host in self.call.hosts:
            host.ending = None
        self.call.screen.shows(self.call.hosts)
        for number, pair in enumerate(self.seen.pairs):
            begins = await self.may_begin(number, pair, between)
            goes_on = begins and await self.one(pair, between)
            between.batches_over(self.stages())
            if not goes_on:
                break
        self.call.screen.ended()
        took = time.monotonic() - began
        hosts = [host for pair in self.seen.pairs for host in self.seen.of(pair)]
        signal = self.call.stop.signal
        return of_pairs(self.seen.pairs, hosts, self.seen.way, took, signal, self.halt)

    async def may_begin(self, number: int, pair: Pair, between: Between) -> bool:
        """Whether nothing stops it before this pair: the window, a hook, no approval, a signal. An
        approval may take an hour, so the hosts of the pair are asked again after it."""
        self.halt = await between.begins(number)
        if self.halt is not None or self.call.stop.asked:
            return False
        await self.heed_window(pair, between)
        if self.halt is not None or self.call.stop.asked:
            return False
        if not between.approvals:
            return True
        hosts = self.seen.of(pair)
        try:
            trouble = await self.seen.trouble([pair])
        except Interrupted:
            return False
        finally:
            for host in hosts:
                host.ending = None
        for host in hosts:
            if host.name in trouble:
                host.end(False, trouble[host.name])
                between.ended(host)
        return not trouble

    async def heed_window(self, pair: Pair, between: Between) -> None:
        """Stops before a pair whose host that closes is outside of its windows by now: the other
        one would open for nothing."""
        if self.call.options.outside_window or self.seen.way == "finish":
            return
        closer = self.seen.hosts[names(pair, self.seen.way)[1]]
        try:
            outside = outside_windows(await closer.status())
        except Unusable:
            return
        if outside is not None:
            self.stays(closer, outside, between)

    def stays(self, host: Host, outside: str, between: Between) -> None:
        """Its window has ended: it does not close, and no further pair begins."""
        self.halt = between.outside(host.name, self.stages())
        host.stays(outside)

    def stages(self) -> dict[str, Stage]:
        return {host.name: host.stage for host in self.call.hosts}

    async def one(self, pair: Pair, between: Between) -> bool:
        opener, closer = (self.seen.hosts[name] for name in names(pair, self.seen.way))
        if self.seen.way == "finish":
            opener.end(True, "it serves")
        else:
            await self.opened(opener, pair)
        between.ended(opener)
        if opener.stage is not Stage.DONE:
            return False
        await self.closed(closer, opener.name, between)
        return closer.stage is Stage.DONE

    async def opened(self, host: Host, pair: Pair) -> None:
        """Done: it is open, and all was well with it for the time."""
        host.begin()
        host.ending = await self.agent(host)
        if host.ending.verdict is not Verdict.SERVES:
            await self.not_opened(host, pair, host.ending)
            return
        wrong = await self.watched(host)
        if wrong is not None:
            await self.take_back(host, pair, wrong)
            return
        host.end(True, host.ending.message)

    async def not_opened(self, host: Host, pair: Pair, ending: Ending) -> None:
        """Its agent failed. Closes it again if its gates are open nevertheless."""
        left = await self.left(host, ending)
        if left is None:
            await self.take_back(host, pair, ending.message)
        else:
            host.end(False, f"{ending.message}{left}")

    async def left(self, host: Host, ending: Ending) -> str | None:
        """How a failed `agent open` left the gates. None: not closed."""
        if not may_be_open(ending):
            return ""
        if self.gone:
            return f"; {UNKNOWN}"
        try:
            status = await host.status()
        except Unusable as error:
            return f"; {UNKNOWN} ({error})"
        closed = status.operation is None and status.all_gates("closed")
        return "; its gates are closed" if closed else None

    async def watched(self, host: Host) -> str | None:
        """None: it was healthy and UP for the time, and is so at its end. Else what was wrong."""
        until = time.monotonic() + seconds(self.call.options.settle)
        while not self.called_off:
            try:
                status = await host.status()
            except Unusable as error:
                return str(error)
            over = time.monotonic() >= until
            wrong = unsteady(status) or (not_back(status) if over else None)
            if over or wrong is not None:
                return wrong
            left = until - time.monotonic()
            host.at("settle", f"healthy and UP for {left:.0f} s more", settled=True)
            await asyncio.sleep(max(0.0, min(AGAIN, left)))
        return "called off"

    async def take_back(self, host: Host, pair: Pair, wrong: str) -> None:
        """Closes it again, unless it was in rotation before."""
        ending = host.ending
        if self.seen.statuses[host.name].in_rotation:
            host.end(False, f"{wrong}; it stays open, as it was before")
            return
        reason = f"not in the place of {pair.old}" if host.name == pair.new else pair.replaced
        host.options = taking_back(self.call.options, reason)
        host.called_off = False
        host.at("close", wrong)
        back = await self.agent(host, called_off=False)
        host.ending = ending
        closed = back.verdict is Verdict.CLOSED
        failed = f"`agent close` failed there (exit {back.exit}): {back.message}; {UNKNOWN}"
        end = "closed again" if closed else failed
        host.end(False, f"{wrong}; {end}")

    async def closed(self, host: Host, serves: str, between: Between) -> None:
        host.begin()
        ending = await self.agent(host)
        outside = await host.window_ended(ending)
        if outside is not None:
            later = f": later --close {host.name}" if self.seen.way == "back" else ""
            self.stays(host, f"{outside}; {serves} is open, too{later}", between)
            return
        host.ending = ending
        done = ending.verdict is Verdict.CLOSED
        host.end(done, ending.message if done else not_closed(ending, serves))
        between.ended(host)

    async def agent(self, host: Host, called_off: bool = True) -> Ending:
        """Its end. `called_off`: the second Ctrl-C ends the wait for another operation, too."""

        def again(ending: Ending) -> bool:
            waits = ending.verdict in (Verdict.LOCKED, Verdict.FINISHED)
            return waits and not self.gone and not (called_off and self.called_off)

        return await to_its_end(host, again)

    def call_off(self) -> None:
        """The second Ctrl-C."""
        self.called_off = True
        for host in self.call.hosts:
            host.call_off()

    def let_go(self) -> None:
        """The third: the agents put back or finish by themselves."""
        self.gone = True
        for host in self.call.hosts:
            host.let_go()
