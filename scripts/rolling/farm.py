"""`--maintenance` and `--readonly`: one look at all hosts, then all at once. If `on` fails on a
host, `off` undoes it on the other ones."""

from __future__ import annotations

import asyncio
import time

from .again import to_its_end
from .between import Between, Halt
from .call import Call
from .ending import Ending, Verdict
from .host import Host
from .judge import Unusable, refusal
from .snapshot import Interrupted, dry_runs, unless_stopped
from .status import Status
from .step import Stage
from .summary import NOT_BEGUN, Summary, interrupted
from .text import counted, refusing
from .toggle import KINDS, asks_again, is_on, serves_no_users, to_undo
from .toggled import of_farm, planned


class Farm:
    """All hosts of one app."""

    # After the first Ctrl-C.
    stopping = "stopping: waiting for the hosts under way; Ctrl-C again: they put back"

    def __init__(self, call: Call) -> None:
        self.call = call
        self.hosts = call.hosts
        self.kind = KINDS[call.options.verb]
        self.what = call.options.toggled or ""
        # Why it did not begin, after its first event.
        self.halt: Halt | None = None
        # Before anything began.
        self.seen: dict[str, Status] = {}
        # Hosts where it was on before this run.
        self.before: set[str] = set()
        # The third Ctrl-C: the agents are left alone.
        self.gone = False

    async def look(self, dry_run: bool) -> Summary | None:
        """Whether all hosts can begin. None: they can. Raises Interrupted on a signal."""
        self.call.screen.line(f"asking {counted(len(self.hosts), 'host')}")
        # Nothing of an earlier look counts.
        self.before.clear()
        for host in self.hosts:
            host.stage, host.ending, host.message = Stage.WAITING, None, ""
        trouble = await self.statuses() if self.what == "on" else {}
        if not self.going():
            return Summary("could_not_begin", NOT_BEGUN, NO_HOST, hosts=self.hosts)
        asked = [host for host in self.going() if host.name not in trouble]
        # The way back waits for no host: the other ones go on if one is away.
        if self.what == "on" or dry_run:
            endings = await dry_runs(asked, self.call.ssh, self.call.stop)
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
        if trouble:
            why = refusing(len(trouble), len(self.hosts))
            message = f"{self.kind.name} did not begin: {why}"
            return Summary("could_not_begin", NOT_BEGUN, message, hosts=self.hosts)
        for host in self.going():
            # Of its dry run. Perhaps nothing else ever ends there.
            host.ending = None
        return None

    async def statuses(self) -> dict[str, str]:
        """Leaves out of a maintenance the hosts that serve no users. Returns why a host can't be
        asked."""

        async def ask(host: Host) -> Status | Unusable:
            try:
                return await host.status()
            except Unusable as error:
                return error

        answers = await unless_stopped([ask(host) for host in self.hosts], self.call.stop)
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
        self.call.screen.line(f"warning: {host.name} is {message}")

    def going(self) -> list[Host]:
        return [host for host in self.hosts if not host.skipped]

    @property
    def plan(self) -> list[list[str]]:
        return [[host.name for host in self.going()]]

    @property
    def unit(self) -> str:
        """What begins, for the one who approves it."""
        return f"{self.kind.name} {self.what}"

    async def run(self, between: Between) -> Summary:
        """All hosts at once, and `off` again if `on` failed somewhere."""
        self.call.screen.shows(self.hosts)
        over = await self.held_back(between)
        if over is not None:
            self.call.screen.ended()
            return over
        began = time.monotonic()
        going = self.going()
        await asyncio.gather(*(self.turn(host, between) for host in going))
        endings = {host.name: host.ending for host in going if host.ending is not None}
        undo = to_undo(endings, self.before) if self.what == "on" and not self.gone else []
        if undo:
            self.call.screen.says(f"undoing: `agent {self.kind.verb} off` on the other hosts")
        await asyncio.gather(*(self.undo(host, between) for host in going if host.name in undo))
        between.batches_over({host.name: host.stage for host in self.hosts})
        self.call.screen.ended()
        seconds = time.monotonic() - began
        return of_farm(self.hosts, self.kind, self.what, seconds, self.call.stop.signal)

    async def held_back(self, between: Between) -> Summary | None:
        """Why no host begins: the window, a hook, no approval, a signal. An approval may take an
        hour, so all hosts are asked again after it."""
        stop = self.call.stop
        self.halt = await between.begins(0)
        if self.halt is not None:
            message = f"{self.halt.message}: {self.kind.name} did not begin"
            exit_code = self.halt.exit
            return Summary(self.halt.outcome, exit_code, message, hosts=self.hosts, halt=self.halt)
        try:
            over = await self.look(False) if between.approvals and not stop.asked else None
        except Interrupted:
            over = None
        if stop.asked:
            over = interrupted(stop.signal, self.kind.name)
            over.hosts = self.hosts
        return over

    async def turn(self, host: Host, between: Between) -> None:
        host.begin()
        host.ending = await self.agent(host, self.what)
        host.end(host.ending.verdict is Verdict.SERVES, host.ending.message)
        between.ended(host)

    async def undo(self, host: Host, between: Between) -> None:
        """It is off there again. A host that failed stays a failed one."""
        failed = host.ending if host.ending and host.ending.verdict is not Verdict.SERVES else None
        host.options = self.call.options.off()
        host.begin()
        back = await self.agent(host, "off")
        if back.verdict is not Verdict.SERVES:
            first = f"{failed.message}; " if failed else ""
            where = f"`agent {self.kind.verb} off` there failed (exit {back.exit}): {back.message}"
            host.ending = failed or back
            host.end(False, f"{first}{self.kind.still}: {where}")
            if failed is None:
                between.ended(host)
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
