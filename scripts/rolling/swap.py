"""`--replace OLD=NEW`: pair by pair. The new host opens, is watched for a while, and then the old
one closes. `--back` is the same with the hosts changed over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from .again import to_its_end
from .ending import Ending, Verdict
from .host import AGAIN, Host
from .judge import Unusable
from .judge import back as not_back
from .options import Options
from .pairs import Pair, is_replaced, pairs_of
from .screen import Screen
from .signals import Stop
from .snapshot import dry_runs, unless_stopped
from .ssh import Ssh
from .status import Status
from .steady import unsteady
from .summary import NOT_BEGUN, Summary
from .swapped import of_pairs, planned
from .text import seconds
from .ways import (
    AGAINST,
    UNKNOWN,
    closing,
    may_be_open,
    not_closed,
    opening,
    reason_of,
    refuses,
    way_of,
)

# In a dry run: it has nothing to refuse.
FINE = Ending(Verdict.SERVES, 0, "planned", "", None)


class Swap:
    """All pairs."""

    # After the first Ctrl-C.
    stopping = "stopping: no further pair begins; Ctrl-C again: the host under way goes back"

    def __init__(
        self, hosts: Sequence[Host], options: Options, ssh: Ssh, screen: Screen, stop: Stop
    ) -> None:
        self.hosts: Mapping[str, Host] = {host.name: host for host in hosts}
        self.options = options
        self.pairs = pairs_of(options.replace)
        self.way = way_of(options)
        self.ssh = ssh
        self.screen = screen
        self.stop = stop
        self.statuses: dict[str, Status] = {}
        # The second Ctrl-C.
        self.called_off = False
        # The third: the agents are left alone.
        self.gone = False

    async def look(self, dry_run: bool) -> Summary | None:
        """Whether all pairs can begin. None: they can. Raises Interrupted on a signal."""
        self.screen.line(f"asking {len(self.hosts)} hosts")
        trouble = await self.trouble()
        for host in self.hosts.values():
            host.ending = None if host.name in trouble else FINE
        self.show_holds(trouble)
        trouble.update(await self.dry(trouble))
        hosts = list(self.hosts.values())
        for host in hosts:
            host.message = trouble.get(host.name, "")
        if dry_run:
            return planned(self.pairs, hosts, len(trouble))
        if trouble:
            message = f"nothing was replaced: {len(trouble)} of {len(hosts)} hosts refuse"
            return Summary("could_not_begin", NOT_BEGUN, message, hosts=hosts)
        return None

    async def trouble(self) -> dict[str, str]:
        async def ask(host: Host) -> Status | Unusable:
            try:
                return await host.status()
            except Unusable as error:
                return error

        hosts = list(self.hosts.values())
        answers = await unless_stopped([ask(host) for host in hosts], self.stop)
        trouble = {}
        for host, answer in zip(hosts, answers):
            if isinstance(answer, Unusable):
                trouble[host.name] = str(answer)
            else:
                self.statuses[host.name] = answer
        for pair in self.pairs:
            old, new = self.statuses.get(pair.old), self.statuses.get(pair.new)
            if old is not None and new is not None:
                trouble.update(AGAINST[self.way](pair, old, new))
        return trouble

    async def dry(self, trouble: Mapping[str, str]) -> dict[str, str]:
        """Why agents refuse, by their dry runs: those of the hosts that open, and of those that
        close. An old host that can't close would leave the new one open for nothing."""
        asked: list[Host] = []
        closers: set[str] = set()
        for pair in self.pairs:
            opener, closer = (self.hosts[name] for name in self.names(pair))
            opener.options = opening(self.options)
            closer.options = closing(self.options, reason_of(pair, self.way))
            asked += [closer] if self.way == "finish" else [opener, closer]
            closers.add(closer.name)
        asked = [host for host in asked if host.name not in trouble]
        endings = await dry_runs(asked, self.ssh, self.stop)
        refused = {}
        for host in asked:
            ending = endings[host.name]
            if refuses(ending, host.name in closers):
                refused[host.name] = ending.message
            fine = ending.exit == 0 or host.name in refused
            host.ending = ending if fine else FINE
        return refused

    def show_holds(self, trouble: Mapping[str, str]) -> None:
        """No hold of another operator ends silently."""
        for pair in self.pairs if self.way != "finish" else []:
            opener, _ = self.names(pair)
            status = self.statuses.get(opener)
            if status is None or status.hold is None or opener in trouble:
                continue
            if self.way == "replace" or not is_replaced(pair, status):
                self.screen.line(f"{opener}: held closed by {status.hold.text}; it opens")

    def names(self, pair: Pair) -> tuple[str, str]:
        """The host that opens, and the one that closes."""
        return (pair.old, pair.new) if self.way == "back" else (pair.new, pair.old)

    async def run(self) -> Summary:
        """One pair after the other, until one fails."""
        began = time.monotonic()
        for host in self.hosts.values():
            host.ending = None
        self.screen.shows(list(self.hosts.values()))
        for pair in self.pairs:
            if self.stop.asked or not await self.one(pair):
                break
        self.screen.ended()
        took = time.monotonic() - began
        hosts = [self.hosts[name] for pair in self.pairs for name in (pair.old, pair.new)]
        return of_pairs(self.pairs, hosts, self.way, took, self.stop.signal)

    async def one(self, pair: Pair) -> bool:
        opener, closer = (self.hosts[name] for name in self.names(pair))
        if self.way == "finish":
            opener.end(True, "it serves")
        elif not await self.opened(opener, pair):
            return False
        return await self.closed(closer, opener.name)

    async def opened(self, host: Host, pair: Pair) -> bool:
        """It is open, and all was well with it for the time."""
        host.begin()
        host.ending = await self.agent(host)
        if host.ending.verdict is not Verdict.SERVES:
            await self.not_opened(host, pair, host.ending)
            return False
        wrong = await self.watched(host)
        if wrong is not None:
            await self.take_back(host, pair, wrong)
            return False
        host.end(True, host.ending.message)
        return True

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
        until = time.monotonic() + seconds(self.options.settle)
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
        if self.statuses[host.name].in_rotation:
            host.end(False, f"{wrong}; it stays open, as it was before")
            return
        reason = f"not in the place of {pair.old}" if host.name == pair.new else pair.replaced
        host.options = closing(self.options, reason)
        host.called_off = False
        host.at("close", wrong)
        back = await self.agent(host, called_off=False)
        host.ending = ending
        closed = back.verdict is Verdict.CLOSED
        failed = f"`agent close` failed there (exit {back.exit}): {back.message}; {UNKNOWN}"
        end = "closed again" if closed else failed
        host.end(False, f"{wrong}; {end}")

    async def closed(self, host: Host, serves: str) -> bool:
        host.begin()
        host.ending = await self.agent(host)
        done = host.ending.verdict is Verdict.CLOSED
        host.end(done, host.ending.message if done else not_closed(host.ending, serves))
        return done

    async def agent(self, host: Host, called_off: bool = True) -> Ending:
        """Its end. `called_off`: the second Ctrl-C ends the wait for another operation, too."""

        def again(ending: Ending) -> bool:
            waits = ending.verdict in (Verdict.LOCKED, Verdict.FINISHED)
            return waits and not self.gone and not (called_off and self.called_off)

        return await to_its_end(host, again)

    def call_off(self) -> None:
        """The second Ctrl-C."""
        self.called_off = True
        for host in self.hosts.values():
            host.call_off()

    def let_go(self) -> None:
        """The third: the agents put back or finish by themselves."""
        self.gone = True
        for host in self.hosts.values():
            host.let_go()
