"""One call of the program, from the first question to the summary."""

from __future__ import annotations

import shlex
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from . import record as records
from . import summary as ending
from .between import Between
from .call import Call
from .events import with_events
from .farm import Farm
from .hooks import Hooks
from .host import Host
from .judge import refusal
from .plan import batches, order
from .record import Record
from .roll import Roll
from .screen import Screen
from .signals import Stop
from .snapshot import Interrupted, Snapshot, dry_runs, look_at_all, refusals
from .sources import source_of
from .ssh import Ssh
from .step import Rules, Stage
from .summary import Summary
from .swap import Swap
from .text import counted, hosts_of
from .verbs import WITHOUT_RECORD
from .window import Window


class Session:
    """One call of the program."""

    def __init__(self, arguments: Namespace, record: Record) -> None:
        self.arguments = arguments
        self.record = record
        self.options = record.options
        self.screen = Screen(sys.stderr)
        self.before = record.done()
        self.under_way: Roll | Farm | Swap | None = None

    async def run(self) -> Summary:
        self.stop = Stop()
        remote, targets = self.options.remote, self.record.targets
        async with Ssh(self.options.ssh_config, remote, targets) as ssh:
            remaining = [name for name in self.record.hosts if name not in self.before]
            self.hosts = [self.host(name, ssh) for name in remaining]
            self.stop.listen(self.signal_came)
            if not self.hosts:
                return self.complete(
                    Summary("nothing_to_do", ending.DONE, "all hosts are done already")
                )
            try:
                return self.complete(await self.begin(ssh))
            except Interrupted:
                return self.complete(ending.interrupted(self.stop.signal))

    def host(self, name: str, ssh: Ssh) -> Host:
        return Host(name, ssh, self.options, self.host_changed)

    def host_changed(self, host: Host, moved: bool) -> None:
        self.screen.changed(host)
        if moved:
            self.stop.changed.set()

    def complete(self, summary: Summary) -> Summary:
        summary.done_before = self.before
        summary.verb = self.options.verb
        return summary

    async def begin(self, ssh: Ssh) -> Summary:
        window = Window(self.options.not_after, time.time())
        if self.options.verb not in WITHOUT_RECORD:
            self.show_record()
        if window.closed(time.time()) and not self.arguments.dry_run:
            return ending.too_late(window)
        if self.options.verb in WITHOUT_RECORD:
            return await self.without_record(ssh, window)
        self.screen.line(f"asking {counted(len(self.hosts), 'host')} for the status")
        seen = await look_at_all(self.hosts, self.stop)
        self.hosts = sorted_hosts(self.hosts, seen)
        if self.arguments.dry_run:
            self.show_notices(seen)
            return await self.dry_run(ssh, seen)
        if self.options.verb != "restart":
            # A roll back must not stop at a host with nothing ready while others wait for theirs.
            seen.trouble.update(await refusals(self.at_rest(seen), seen, ssh, self.stop))
        if len(seen.trouble) > self.options.max_failures:
            return ending.not_ready(self.hosts, seen.trouble)
        self.show_notices(seen)
        return await self.roll(seen, window)

    async def without_record(self, ssh: Ssh, window: Window) -> Summary:
        """All hosts at once, or pair by pair."""
        kind = Swap if self.options.replace else Farm
        work = kind(Call(self.hosts, self.options, ssh, self.screen, self.stop))
        over = await work.look(self.arguments.dry_run)
        if over is not None:
            return over
        between = self.between(work.plan, window, work.unit)
        self.under_way = work
        began = time.monotonic()

        async def whole() -> Summary:
            summary = await work.run(between)
            self.under_way = None
            return self.summary(summary, between)

        def now() -> Summary:
            took = time.monotonic() - began
            return self.summary(Summary("under_way", ending.DONE, "", took, self.hosts), between)

        return await with_events(between.hooks, whole, now)

    def show_record(self) -> None:
        """Shows whether the record exists: a mistyped name would begin a new roll."""
        if self.arguments.resume is not None:
            path, done = self.record.path, len(self.before)
            begun = (
                f"continuing from {path}: {counted(done, 'host')} done before"
                if path.exists()
                else f"a new roll, with its record in {path}"
            )
            self.screen.line(begun)

    def show_notices(self, seen: Snapshot) -> None:
        for host in self.hosts:
            said = seen.notice(host.name)
            if said:
                self.screen.line(f"{host.name}: {said}")

    def clear(self, seen: Snapshot) -> list[Host]:
        """The hosts on which the roll may begin."""
        return [host for host in self.hosts if host.name not in seen.trouble]

    def at_rest(self, seen: Snapshot) -> list[Host]:
        """Those whose dry run shows what the agent would do. Only a switch finishes an earlier
        one first, and a dry run of it refuses instead."""
        first = seen.finish_first() if self.options.switch else {}
        return [host for host in self.clear(seen) if host.name not in first]

    def plan(self, seen: Snapshot) -> list[list[str]]:
        """The batches of the hosts that may be restarted. A host that may not is no canary."""
        remaining = [host.name for host in self.clear(seen)]
        everybody = len(self.record.hosts) - len(seen.trouble)
        return batches(remaining, everybody, self.options.shape)

    def between(self, plan: list[list[str]], window: Window, unit: str = "batch") -> Between:
        options = self.options
        hooks = Hooks(options.hook, options.hook_must_succeed, self.screen, self.stop)
        source, resumed = source_of(options, self.screen), bool(self.before)
        return Between(options, plan, self.screen, self.stop, hooks, source, window, resumed, unit)

    def rules(self, between: Between) -> Rules:
        canary = len(self.before) < self.options.canary
        return Rules(self.options.max_failures, between.stops, canary)

    async def dry_run(self, ssh: Ssh, seen: Snapshot) -> Summary:
        """Each batch, and the result of the agent's dry run on each host."""
        first = seen.finish_first() if self.options.switch else {}
        endings = await dry_runs(self.at_rest(seen), ssh, self.stop)
        endings.update(first)
        refusals = 0
        for host in self.hosts:
            host.ending = end = endings.get(host.name)
            status = seen.statuses.get(host.name)
            host.message = refusal(end, status) if end else seen.trouble[host.name]
            refusals += end is None or end.exit != 0
        plan = self.plan(seen)
        message = f"{hosts_of(refusals, len(self.hosts))} would refuse; nothing was changed"
        exit_code = ending.SOME_FAILED if refusals else ending.DONE
        return Summary("planned", exit_code, message, hosts=self.hosts, batches=plan)

    async def roll(self, seen: Snapshot, window: Window) -> Summary:
        plan = self.plan(seen)
        # It may find that no approval is possible any more: before the record.
        between = self.between(plan, window)
        if self.record.path == Path():
            self.record.path = records.default_path()
        self.record.hold()
        self.record.unchanged()
        self.record.write()
        self.screen.shows(self.hosts)
        began = time.monotonic()
        rules = self.rules(between)
        roll = Roll(
            self.hosts, plan, rules, self.options, self.record, self.screen, self.stop, between
        )
        self.under_way = roll

        def summary_now(signal: int | None = None) -> Summary:
            took = time.monotonic() - began
            return self.summary(ending.of_roll(self.hosts, took, signal, roll.halt), between)

        async def whole() -> Summary:
            for name, why in seen.trouble.items():
                roll.give_up(name, why)
            await roll.run()
            self.screen.ended()
            # A signal from here on ends the wait for the hooks.
            self.under_way = None
            return summary_now(self.stop.signal)

        summary = await with_events(between.hooks, whole, summary_now)
        # A record that the operator has named stays.
        ours = self.record.path.parent == records.default_folder()
        self.record.release(remove=ours and summary.record is None)
        return summary

    def summary(self, summary: Summary, between: Between) -> Summary:
        """The same with what only this session knows."""
        summary.batches = [list(batch) for batch in between.plan]
        summary.done_before = self.before
        summary.verb = self.options.verb
        summary.approvals = between.approvals
        summary.hook_failures = between.hooks.json()
        left = summary.exit != ending.DONE and any(
            host.stage is not Stage.DONE for host in summary.hosts
        )
        if left and self.options.verb not in WITHOUT_RECORD:
            summary.record = str(self.record.path)
            summary.go_on = shlex.join([sys.argv[0], "--resume", summary.record])
        return summary

    def signal_came(self, times: int) -> None:
        if self.under_way is None:
            return
        if times == 1:
            self.screen.says(self.under_way.stopping)
        elif times == 2:
            self.screen.says("called off: the hosts under way put back what they can")
            self.under_way.call_off()
        else:
            self.screen.says("not waiting: the agents finish by themselves")
            self.under_way.let_go()


def sorted_hosts(hosts: Sequence[Host], seen: Snapshot) -> list[Host]:
    by_name = {host.name: host for host in hosts}
    return [by_name[name] for name in order(list(by_name), seen.down())]
