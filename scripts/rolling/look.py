"""The look of `--replace` at all hosts, before anything begins: their statuses, and dry runs of the
hosts that open and of those that close."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .call import Call
from .ending import Ending, Verdict
from .host import Host
from .judge import Unusable, refusal
from .pairs import Pair, is_replaced, pairs_of
from .snapshot import dry_runs, unless_stopped
from .status import Status
from .ways import AGAINST, closing, names, opening, reason_of, refuses, way_of

# In a dry run: it has nothing to refuse.
FINE = Ending(Verdict.SERVES, 0, "planned", "", None)


class Look:
    """At the hosts of pairs. Each then has the options of its agent."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.hosts: Mapping[str, Host] = {host.name: host for host in call.hosts}
        self.pairs = pairs_of(call.options.replace)
        self.way = way_of(call.options)
        self.statuses: dict[str, Status] = {}

    def of(self, pair: Pair) -> list[Host]:
        return [self.hosts[name] for name in (pair.old, pair.new)]

    async def trouble(self, pairs: Sequence[Pair]) -> dict[str, str]:
        """Why a host refuses, by its name. Raises Interrupted on a signal."""
        trouble = await self.against(pairs)
        for host in [host for pair in pairs for host in self.of(pair)]:
            host.ending = None if host.name in trouble else FINE
        self.show_holds(pairs, trouble)
        trouble.update(await self.dry(pairs, trouble))
        return trouble

    async def against(self, pairs: Sequence[Pair]) -> dict[str, str]:
        """Why hosts are in the way by their statuses."""

        async def ask(host: Host) -> Status | Unusable:
            try:
                return await host.status()
            except Unusable as error:
                return error

        hosts = [host for pair in pairs for host in self.of(pair)]
        answers = await unless_stopped([ask(host) for host in hosts], self.call.stop)
        trouble = {}
        for host, answer in zip(hosts, answers):
            if isinstance(answer, Unusable):
                trouble[host.name] = str(answer)
            else:
                self.statuses[host.name] = answer
        for pair in pairs:
            old, new = self.statuses.get(pair.old), self.statuses.get(pair.new)
            if old is not None and new is not None:
                trouble.update(AGAINST[self.way](pair, old, new))
        return trouble

    async def dry(self, pairs: Sequence[Pair], trouble: Mapping[str, str]) -> dict[str, str]:
        """Why agents refuse, by their dry runs: those of the hosts that open, and of those that
        close. An old host that can't close would leave the new one open for nothing."""
        asked: list[Host] = []
        closers: set[str] = set()
        for pair in pairs:
            opener, closer = (self.hosts[name] for name in names(pair, self.way))
            opener.options = opening(self.call.options)
            closer.options = closing(self.call.options, reason_of(pair, self.way))
            asked += [closer] if self.way == "finish" else [opener, closer]
            closers.add(closer.name)
        asked = [host for host in asked if host.name not in trouble]
        endings = await dry_runs(asked, self.call.ssh, self.call.stop)
        refused = {}
        for host in asked:
            ending = endings[host.name]
            if refuses(ending, host.name in closers):
                refused[host.name] = refusal(ending, self.statuses.get(host.name))
            fine = ending.exit == 0 or host.name in refused
            host.ending = ending if fine else FINE
        return refused

    def show_holds(self, pairs: Sequence[Pair], trouble: Mapping[str, str]) -> None:
        """No hold of another operator ends silently."""
        for pair in pairs if self.way != "finish" else []:
            opener, _ = names(pair, self.way)
            status = self.statuses.get(opener)
            if status is None or status.hold is None or opener in trouble:
                continue
            if self.way == "replace" or not is_replaced(pair, status):
                self.call.screen.line(f"{opener}: held closed by {status.hold.text}; it opens")
