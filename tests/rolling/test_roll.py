from __future__ import annotations

import asyncio
import io
import tempfile
import unittest
from pathlib import Path

from rolling.ending import Ending, Verdict
from rolling.host import Host
from rolling.judge import Unusable
from rolling.options import Options
from rolling.record import Record
from rolling.roll import Roll
from rolling.screen import Screen
from rolling.signals import Stop
from rolling.ssh import Remote, Ssh
from rolling.status import Status
from rolling.step import Rules, Stage

WELL = Status("web", True, "healthy", True, True, 9, None, None)


class Scripted(Host):
    """A host with a scripted agent, which a roll can call off."""

    def __init__(self, name: str, stop: Stop, ending: Ending) -> None:
        super().__init__(name, Ssh(None, Remote()), Options(), lambda *_: stop.changed.set())
        self.will_end = ending
        # Its agent works until this is set.
        self.works = asyncio.Event()
        self.works.set()
        self.unreachable_from = 99
        self.asked = 0
        self.begun = 0
        # Waits in this phase until it is called off.
        self.waits: str | None = None
        self.off = asyncio.Event()

    async def status(self) -> Status:
        self.asked += 1
        if self.asked >= self.unreachable_from:
            raise Unusable("unreachable: no route")
        return WELL

    async def agent(self) -> Ending:
        self.begun += 1
        self.at(self.waits or "drain")
        if self.waits is not None:
            await self.off.wait()
            return ended(129, "interrupted")
        await self.works.wait()
        return self.will_end

    def call_off(self) -> None:
        super().call_off()
        self.off.set()


async def begun(*hosts: Scripted) -> None:
    """Until the agents of all of them work."""
    while not all(host.begun for host in hosts):
        await asyncio.sleep(0)


def ended(exit: int, outcome: str) -> Ending:
    verdict = Verdict.FAILED if exit else Verdict.SERVES
    return Ending(verdict, exit, outcome, outcome, {"exit": exit, "outcome": outcome})


DONE = ended(0, "restarted")
SICK = ended(15, "not_healthy")


class Rolls(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    async def roll(self, hosts: list[Scripted], stop: Stop) -> None:
        names = [host.name for host in hosts]
        record = Record(self.folder / "roll.json", Options(), names)
        screen = Screen(io.StringIO())
        roll = Roll(hosts, [names], Rules(0, False), Options(), record, screen, stop)
        # An earlier look found spare servers, so the roll asks all hosts at once.
        roll.spare = 9
        await asyncio.wait_for(roll.run(), 10)

    async def test_a_host_lost_at_the_start_of_its_batch_stops_the_batch(self) -> None:
        stop = Stop()
        hosts = [Scripted(name, stop, DONE) for name in ("a", "b", "c")]
        hosts[0].unreachable_from = 1
        await self.roll(hosts, stop)
        self.assertEqual([host.begun for host in hosts], [0, 0, 0])
        self.assertEqual(hosts[0].stage, Stage.FAILED)

    async def test_after_a_failure_no_waiting_host_begins(self) -> None:
        for phase in ("back_off", "lock"):
            with self.subTest(phase):
                stop = Stop()
                hosts = [Scripted("a", stop, SICK), Scripted("b", stop, DONE)]
                hosts[0].works.clear()
                hosts[1].waits = phase
                rolling = asyncio.ensure_future(self.roll(hosts, stop))
                await asyncio.wait_for(begun(*hosts), 10)
                hosts[0].works.set()
                await rolling
                stages = [host.stage for host in hosts]
                self.assertEqual(stages, [Stage.FAILED, Stage.WAITING])
                self.assertTrue(hosts[1].called_off)

    async def test_after_the_first_ctrl_c_no_waiting_host_begins(self) -> None:
        stop = Stop()
        hosts = [Scripted("a", stop, DONE), Scripted("b", stop, DONE)]
        hosts[0].works.clear()
        hosts[1].waits = "lock"
        rolling = asyncio.ensure_future(self.roll(hosts, stop))
        await asyncio.wait_for(begun(*hosts), 10)
        stop.asked, stop.signal = 1, 2
        stop.changed.set()
        await asyncio.wait_for(hosts[1].off.wait(), 10)
        hosts[0].works.set()
        await rolling
        stages = [host.stage for host in hosts]
        self.assertEqual(stages, [Stage.DONE, Stage.WAITING])
        self.assertFalse(hosts[0].called_off)

    async def test_an_unfinished_operation_is_completed_before_the_restart(self) -> None:
        stop = Stop()
        left = Ending(Verdict.FINISHED, 0, "recovered", "an earlier one", {"exit": 0})
        host = Scripted("a", stop, left)

        async def agent() -> Ending:
            host.begun += 1
            return left if host.begun == 1 else DONE

        host.agent = agent  # type: ignore[method-assign]
        await self.roll([host], stop)
        self.assertEqual((host.begun, host.stage), (2, Stage.DONE))
