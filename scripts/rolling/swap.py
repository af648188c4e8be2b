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
from .pairs import Pair, pairs_of
from .screen import Screen
from .signals import Stop
from .snapshot import dry_runs, unless_stopped
from .ssh import Ssh
from .status import Status
from .steady import unsteady
from .summary import NOT_BEGUN, Summary
from .swapped import of_pairs, planned
from .text import seconds
from .ways import AGAINST, closing, opening, reason_of, refuses, way_of

# In a dry run: it has nothing to refuse.
FINE = Ending(Verdict.SERVES, 0, "planned", "", None)


class Swap:
    """All pairs."""

    # After the first Ctrl-C.
    stopping = "stopping: no further pair begins; Ctrl-C again: the pair under way goes back"

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

    async def look(self, dry_run: bool) -> Summary | None:
        """Whether all pairs can begin. None: they can. Raises Interrupted on a signal."""
        self.screen.line(f"asking {len(self.hosts)} hosts")
        trouble = await self.trouble()
        for host in self.hosts.values():
            host.ending = None if host.name in trouble else FINE
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
        return await self.closed(closer)

    async def opened(self, host: Host, pair: Pair) -> bool:
        """It is open, and all was well with it for the time."""
        host.begin()
        host.ending = await self.agent(host)
        if host.ending.verdict is not Verdict.SERVES:
            host.end(False, host.ending.message)
            return False
        wrong = await self.watched(host)
        if wrong is not None:
            await self.take_back(host, pair, wrong)
            return False
        host.end(True, host.ending.message)
        return True

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
        back = await self.agent(host)
        host.ending = ending
        closed = back.verdict is Verdict.CLOSED
        end = "closed again" if closed else f"still open, because that failed: {back.message}"
        host.end(False, f"{wrong}; {end}")

    async def closed(self, host: Host) -> bool:
        host.begin()
        host.ending = await self.agent(host)
        done = host.ending.verdict is Verdict.CLOSED
        both = "" if done else "; the other host of its pair is open, too"
        host.end(done, f"{host.ending.message}{both}")
        return done

    async def agent(self, host: Host) -> Ending:
        def again(ending: Ending) -> bool:
            waits = ending.verdict in (Verdict.LOCKED, Verdict.FINISHED)
            return waits and not self.called_off

        return await to_its_end(host, again)

    def call_off(self) -> None:
        """The second Ctrl-C."""
        self.called_off = True
        for host in self.hosts.values():
            host.call_off()

    def let_go(self) -> None:
        """The third: the agents put back or finish by themselves."""
        for host in self.hosts.values():
            host.let_go()
