"""`--maintenance` and `--readonly`: one look at all hosts, then all at once. If `on` fails on a
host, `off` undoes it on the other ones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from .again import to_its_end
from .ending import Ending, Verdict
from .host import Host
from .judge import Unusable, refusal
from .options import Options
from .screen import Screen
from .signals import Stop
from .snapshot import dry_runs, unless_stopped
from .ssh import Ssh
from .status import Status
from .summary import NOT_BEGUN, Summary
from .text import counted, hosts_of
from .toggle import KINDS, asks_again, is_on, serves_no_users, to_undo
from .toggled import of_farm, planned


class Farm:
    """All hosts of one app."""

    # After the first Ctrl-C.
    stopping = "stopping: waiting for the hosts under way; Ctrl-C again: they put back"

    def __init__(
        self, hosts: Sequence[Host], options: Options, ssh: Ssh, screen: Screen, stop: Stop
    ) -> None:
        self.hosts = hosts
        self.options = options
        self.kind = KINDS[options.verb]
        self.what = options.toggled or ""
        self.ssh = ssh
        self.screen = screen
        self.stop = stop
        # Before anything began.
        self.seen: dict[str, Status] = {}
        # Hosts where it was on before this run.
        self.before: set[str] = set()
        # The third Ctrl-C: the agents are left alone.
        self.gone = False

    async def look(self, dry_run: bool) -> Summary | None:
        """Whether all hosts can begin. None: they can. Raises Interrupted on a signal."""
        self.screen.line(f"asking {counted(len(self.hosts), 'host')}")
        trouble = await self.statuses() if self.what == "on" else {}
        asked = [host for host in self.going() if host.name not in trouble]
        # The way back waits for no host: the other ones go on if one is away.
        if self.what == "on" or dry_run:
            endings = await dry_runs(asked, self.ssh, self.stop)
            refused = {name: end for name, end in endings.items() if end.exit != 0}
            trouble.update(
                {name: refusal(end, self.seen.get(name)) for name, end in refused.items()}
            )
            for host in asked:
                host.ending = endings[host.name]
        for host in self.hosts:
            host.message = trouble.get(host.name, host.message)
        if dry_run:
            return planned(self.hosts, trouble)
        if trouble or not self.going():
            verb = "refuses" if len(trouble) == 1 else "refuse"
            why = f"{hosts_of(len(trouble), len(self.hosts))} {verb}"
            message = f"{self.kind.name} did not begin: {why}" if trouble else NO_HOST
            return Summary("could_not_begin", NOT_BEGUN, message, hosts=self.hosts)
        return None

    async def statuses(self) -> dict[str, str]:
        """Leaves out of a maintenance the hosts that serve no users. Returns why a host can't be
        asked."""

        async def ask(host: Host) -> Status | Unusable:
            try:
                return await host.status()
            except Unusable as error:
                return error

        answers = await unless_stopped([ask(host) for host in self.hosts], self.stop)
        trouble = {}
        for host, answer in zip(self.hosts, answers):
            if isinstance(answer, Unusable):
                trouble[host.name] = str(answer)
                continue
            self.seen[host.name] = answer
            if self.kind.verb == "maintenance" and serves_no_users(answer):
                self.leave_out(host, answer)
            elif is_on(self.kind.verb, answer):
                self.before.add(host.name)
        return trouble

    def leave_out(self, host: Host, status: Status) -> None:
        held = status.hold.text if status.hold else ""
        message = f"left out, because it serves no users: held closed by {held}"
        host.ending = Ending(Verdict.SKIPPED, 0, "skipped", message, None)
        host.end(True, message)
        self.screen.line(f"warning: {host.name} is {message}")

    def going(self) -> list[Host]:
        return [host for host in self.hosts if not host.skipped]

    async def run(self) -> Summary:
        """All hosts at once, and `off` again if `on` failed somewhere."""
        began = time.monotonic()
        going = self.going()
        self.screen.shows(self.hosts)
        await asyncio.gather(*(self.turn(host) for host in going))
        endings = {host.name: host.ending for host in going if host.ending is not None}
        undo = to_undo(endings, self.before) if self.what == "on" and not self.gone else []
        if undo:
            self.screen.says(f"undoing: `agent {self.kind.verb} off` on the other hosts")
        await asyncio.gather(*(self.undo(host) for host in going if host.name in undo))
        self.screen.ended()
        seconds = time.monotonic() - began
        return of_farm(self.hosts, self.kind, self.what, seconds, self.stop.signal)

    async def turn(self, host: Host) -> None:
        host.begin()
        host.ending = await self.agent(host, self.what)
        host.end(host.ending.verdict is Verdict.SERVES, host.ending.message)

    async def undo(self, host: Host) -> None:
        """It is off there again. A host that failed stays a failed one."""
        failed = host.ending if host.ending and host.ending.verdict is not Verdict.SERVES else None
        host.options = self.options.off()
        host.begin()
        back = await self.agent(host, "off")
        if back.verdict is not Verdict.SERVES:
            first = f"{failed.message}; " if failed else ""
            where = f"`agent {self.kind.verb} off` there failed (exit {back.exit}): {back.message}"
            host.ending = failed or back
            host.end(False, f"{first}{self.kind.still}: {where}")
            return
        host.undone = failed is None
        host.ending = failed or back
        host.end(failed is None, failed.message if failed else back.message)

    async def agent(self, host: Host, what: str) -> Ending:
        """The end of the agent's work, whatever it is."""

        def again(ending: Ending) -> bool:
            over = self.gone or (host.called_off and what == "on")
            return not over and asks_again(ending, what)

        return await to_its_end(host, again)

    def call_off(self) -> None:
        """The second Ctrl-C: `on` puts back. The way back goes on."""
        for host in self.hosts:
            host.call_off()

    def let_go(self) -> None:
        """The third: the agents put back or finish by themselves."""
        self.gone = True
        for host in self.hosts:
            host.let_go()


NO_HOST = "maintenance did not begin: all hosts are held closed, and serve no users already"
