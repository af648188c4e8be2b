"""One look at all hosts before anything begins, and a dry run of each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from .ending import Ending, Verdict, ending_of
from .host import Host
from .judge import Unusable, in_the_way, not_up, outside_windows, refusal
from .signals import Stop
from .ssh import Ssh
from .status import Status

Seen = TypeVar("Seen")

# How often the roll asks a host whose balancer can't be seen.
PATIENCE = 3
# The limit of a dry run, which asks every balancer.
DRY = 60.0


class Interrupted(Exception):
    """Interrupted before the roll began."""


@dataclass(frozen=True)
class Snapshot:
    """The status of all hosts."""

    statuses: dict[str, Status]
    # Why the roll can't begin on a host.
    trouble: dict[str, str]

    def down(self) -> list[str]:
        """The hosts whose app is not healthy. They serve no users."""
        return [name for name, status in self.statuses.items() if not status.healthy]

    def finish_first(self) -> dict[str, Ending]:
        """The hosts whose agent has something to finish or to undo before it switches."""
        return {
            name: Ending(
                Verdict.FINISHED, 0, "planned", f"first: {'; '.join(status.trouble)}", None
            )
            for name, status in self.statuses.items()
            if status.trouble and name not in self.trouble
        }

    def notice(self, name: str) -> str | None:
        """A notice for the operator about a host on which the roll may begin."""
        status = self.statuses.get(name)
        if status is None or name in self.trouble:
            return None
        if status.operation is not None:
            return f"waits for another operation: {status.operation}"
        if status.hold is not None:
            return f"held closed by {status.hold.text}"
        if not status.healthy:
            return f"goes first: {status.health}"
        if not status.in_rotation:
            return f"not in rotation: {not_up(status)}"
        return None


async def look_at_all(hosts: Sequence[Host], stop: Stop) -> Snapshot:
    """Raises Interrupted on a signal."""
    statuses: dict[str, Status] = {}
    trouble: dict[str, str] = {}

    async def look(host: Host) -> None:
        try:
            status = await seen_by_all(host)
        except Unusable as error:
            trouble[host.name] = str(error)
            return
        statuses[host.name] = status
        wrong = in_the_way(status, host.options.on_hold, host.options.verb)
        if host.options.heeds_windows:
            wrong = wrong or outside_windows(status)
        wrong = wrong or "; ".join(status.unseen)
        if wrong:
            trouble[host.name] = wrong

    await unless_stopped([look(host) for host in hosts], stop)
    return Snapshot(statuses, trouble)


async def seen_by_all(host: Host) -> Status:
    """Asks again if a balancer does not answer, as during a reload."""
    for _ in range(PATIENCE):
        status = await host.status()
        if not status.unseen:
            break
        await asyncio.sleep(1.0)
    return status


async def dry_runs(hosts: Sequence[Host], ssh: Ssh, stop: Stop) -> dict[str, Ending]:
    """The result of the agent's dry run on each host."""

    async def ask(host: Host) -> Ending:
        try:
            words = host.options.words("--dry-run")
            return ending_of(await ssh.ask(host.name, words, DRY))
        except OSError as error:
            return Ending(Verdict.FAILED, 1, "no_answer", f"ssh: {error.strerror}", None)

    endings = await unless_stopped([ask(host) for host in hosts], stop)
    return {host.name: ending for host, ending in zip(hosts, endings)}


async def refusals(hosts: Sequence[Host], seen: Snapshot, ssh: Ssh, stop: Stop) -> dict[str, str]:
    """Why an agent would refuse, by its dry run. To wait for another operation is no refusal."""
    endings = await dry_runs(hosts, ssh, stop)
    refused = (Verdict.FAILED, Verdict.LOST, Verdict.OUTSIDE)
    return {
        name: refusal(end, seen.statuses.get(name))
        for name, end in endings.items()
        if end.verdict in refused
    }


async def unless_stopped(asking: Sequence[Awaitable[Seen]], stop: Stop) -> list[Seen]:
    async def together() -> list[Seen]:
        return list(await asyncio.gather(*asking))

    task = asyncio.ensure_future(together())
    while not task.done():
        stopped = asyncio.ensure_future(stop.wait(None))
        await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if stop.asked:
            task.cancel()
            raise Interrupted
        stop.changed.clear()
    return task.result()
