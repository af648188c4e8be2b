"""The look of `--replace` at all hosts, before anything begins: their statuses, and dry runs of the
hosts that open and of those that close."""

from __future__ import annotations

from collections.abc import Mapping

from .ending import Ending, Verdict
from .host import Host
from .judge import Unusable, refusal
from .options import Options
from .pairs import is_replaced, pairs_of
from .screen import Screen
from .signals import Stop
from .snapshot import dry_runs, unless_stopped
from .ssh import Ssh
from .status import Status
from .ways import AGAINST, closing, names, opening, reason_of, refuses, way_of

# In a dry run: it has nothing to refuse.
FINE = Ending(Verdict.SERVES, 0, "planned", "", None)


class Look:
    """At the hosts of all pairs. Each then has the options of its agent."""

    def __init__(
        self,
        hosts: Mapping[str, Host],
        options: Options,
        ssh: Ssh,
        screen: Screen,
        stop: Stop,
    ) -> None:
        self.hosts = hosts
        self.options = options
        self.pairs = pairs_of(options.replace)
        self.way = way_of(options)
        self.ssh = ssh
        self.screen = screen
        self.stop = stop
        self.statuses: dict[str, Status] = {}

    async def trouble(self) -> dict[str, str]:
        """Why a host refuses, by its name. Raises Interrupted on a signal."""
        trouble = await self.against()
        for host in self.hosts.values():
            host.ending = None if host.name in trouble else FINE
        self.show_holds(trouble)
        trouble.update(await self.dry(trouble))
        return trouble

    async def against(self) -> dict[str, str]:
        """Why hosts are in the way by their statuses."""

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
            opener, closer = (self.hosts[name] for name in names(pair, self.way))
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
                refused[host.name] = refusal(ending, self.statuses.get(host.name))
            fine = ending.exit == 0 or host.name in refused
            host.ending = ending if fine else FINE
        return refused

    def show_holds(self, trouble: Mapping[str, str]) -> None:
        """No hold of another operator ends silently."""
        for pair in self.pairs if self.way != "finish" else []:
            opener, _ = names(pair, self.way)
            status = self.statuses.get(opener)
            if status is None or status.hold is None or opener in trouble:
                continue
            if self.way == "replace" or not is_replaced(pair, status):
                self.screen.line(f"{opener}: held closed by {status.hold.text}; it opens")
