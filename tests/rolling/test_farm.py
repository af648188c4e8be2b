from __future__ import annotations

import asyncio
import io
import json
import unittest
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from unittest import mock

from rolling import again
from rolling.answer import Answer
from rolling.between import Between
from rolling.call import Call
from rolling.ending import Ending, Verdict, ending_of
from rolling.farm import Farm
from rolling.host import Host
from rolling.judge import Unusable, refusal
from rolling.options import Options
from rolling.screen import Screen
from rolling.signals import Stop
from rolling.ssh import Remote, Ssh
from rolling.status import Hold, Status
from rolling.summary import Summary
from rolling.toggle import to_undo

ON = Options(maintenance="on", reason="a move", lasts="2h")


def report(exit: int, outcome: str) -> Ending:
    said = {"exit": exit, "outcome": outcome, "message": f"said {outcome}"}
    return ending_of(Answer(exit, json.dumps(said).encode()))


def status(by: str | None = None) -> Status:
    hold = None if by is None else Hold(by, None, None, None, f"the {by}")
    return Status("web", True, "healthy", hold is None, hold is None, 9, hold, None)


PLANNED = report(0, "planned")
IS_ON = report(0, "maintenance_on")
IS_OFF = report(0, "maintenance_off")
READ_ONLY = report(0, "read_only")
WRITABLE = report(0, "writable")
NOT_SHOWN = report(16, "not_read_only")
SILENT = report(18, "not_placed")
LOST = ending_of(Answer(255, b"", ("Connection closed",)))


class Remotely(Ssh):
    """Answers a dry run."""

    def __init__(self, hosts: dict[str, Scripted]) -> None:
        super().__init__(None, Remote())
        self.hosts = hosts

    async def ask(self, host: str, words: Sequence[str], limit: float) -> Answer:
        assert words[0] in ("maintenance", "readonly") and limit > 0
        self.hosts[host].calls.append("dry run")
        planned = self.hosts[host].plans
        return Answer(planned.exit, json.dumps(planned.report).encode())


class Scripted(Host):
    """A host whose agent ends each operation like this."""

    def __init__(self, name: str, *endings: Ending, **more: Any) -> None:
        super().__init__(name, Ssh(None, Remote()), ON, lambda *_: None)
        self.endings = list(endings)
        self.plans: Ending = more.get("plans", PLANNED)
        self.by: str | None = more.get("by")
        self.away: bool = more.get("away", False)
        self.read_only: bool = more.get("read_only", False)
        self.outside: str | None = more.get("outside")
        self.calls: list[str] = []
        # Its agent works until this is set.
        self.works = asyncio.Event()
        self.works.set()

    async def status(self) -> Status:
        if self.away:
            raise Unusable("unreachable: no route")
        return replace(status(self.by), read_only=self.read_only, outside=self.outside)

    async def agent(self) -> Ending:
        self.calls.append(str(self.options.toggled))
        await self.works.wait()
        return self.endings.pop(0)


class Farms(unittest.IsolatedAsyncioTestCase):
    async def turn(self, *hosts: Scripted, options: Options = ON) -> Summary:
        self.stop = Stop()
        for host in hosts:
            host.options = options
        ssh = Remotely({host.name: host for host in hosts})
        self.out = io.StringIO()
        screen = Screen(self.out)
        self.farm = Farm(Call(hosts, options, ssh, screen, self.stop))
        over = await self.farm.look(False)
        if over is not None:
            return over
        between = Between(options, self.farm.plan, screen, self.stop)
        return await asyncio.wait_for(self.farm.run(between), 10)

    async def test_all_hosts_go_at_once(self) -> None:
        one, two = Scripted("web1", IS_ON), Scripted("web2", report(19, "still_draining"))
        one.works.clear()
        turning = asyncio.ensure_future(self.turn(one, two))
        while "on" not in two.calls:
            await asyncio.sleep(0)
        self.assertEqual(one.calls, ["dry run", "on"], "it does not wait for the other one")
        one.works.set()
        ended = await turning
        self.assertEqual((ended.outcome, ended.exit), ("maintenance_on", 0))
        self.assertIn("  web2: said still_draining", ended.text())

    async def test_a_host_that_refuses_stops_all_before_anything(self) -> None:
        for two in (Scripted("web2", plans=SILENT), Scripted("web2", away=True)):
            one = Scripted("web1")
            ended = await self.turn(one, two)
            self.assertEqual((ended.outcome, ended.exit), ("could_not_begin", 3))
            self.assertEqual(set(one.calls + two.calls), {"dry run"})
            said = "unreachable: no route" if two.away else "said not_placed"
            self.assertIn(f"web2: {said}", ended.text())

    async def test_outside_of_the_windows_the_call_of_the_roll_is_named(self) -> None:
        refuses = report(21, "outside_window")
        two = Scripted("web2", plans=refuses, outside="none begins before Mon")
        ended = await self.turn(Scripted("web1"), two)
        self.assertEqual((ended.outcome, ended.exit), ("could_not_begin", 3))
        called = "web2: none begins before Mon; in an emergency call this again with --outside"
        self.assertIn(called, ended.text())
        # Its agent is inside of them again, or is an older one.
        self.assertEqual(refusal(refuses, status()), "said outside_window")

    async def test_a_host_that_serves_no_users_is_left_out(self) -> None:
        for by in ("operator", "unit"):
            held = Scripted("web2", by=by)
            ended = await self.turn(Scripted("web1", IS_ON), held)
            self.assertEqual((ended.outcome, held.calls), ("maintenance_on", []))
            self.assertIn("warning: web2 is left out", self.out.getvalue())
            self.assertIn("left out:      1  web2", ended.text())
        ended = await self.turn(Scripted("web1", by="operator"))
        self.assertEqual((ended.outcome, ended.exit), ("could_not_begin", 3))
        dry = await self.farm.look(True)
        assert dry is not None
        self.assertEqual((dry.exit, dry.message, dry.batches), (3, ended.message, []))
        # Its agent decides.
        failed = Scripted("web2", IS_ON, by="agent")
        await self.turn(failed)
        self.assertEqual(failed.calls, ["dry run", "on"])

    async def test_off_undoes_what_was_done(self) -> None:
        one, two = Scripted("web1", IS_ON, IS_OFF), Scripted("web2", SILENT)
        before = Scripted("web3", IS_ON, by="maintenance")
        ended = await self.turn(one, two, before)
        self.assertEqual((ended.outcome, ended.exit), ("failed", 1))
        self.assertEqual(one.calls, ["dry run", "on", "off"])
        self.assertEqual(two.calls[1:] + before.calls[1:], ["on", "on"])
        first = ended.text().splitlines()[0]
        self.assertEqual(first, "FAILED  web2: exit 18, not_placed: said not_placed")
        states = [(host["host"], host["state"]) for host in json.loads(ended.json())["hosts"]]
        self.assertEqual(states, [("web2", "failed"), ("web1", "undone"), ("web3", "done")])
        # Without the words of `on`.
        self.assertNotIn("--for=2h", one.options.words())
        self.assertIn("--reason=a move", one.options.words())

    async def test_a_host_that_stays_on_the_page_is_named(self) -> None:
        one = Scripted("web1", IS_ON, report(15, "not_healthy"))
        ended = await self.turn(one, Scripted("web2", SILENT))
        self.assertIn("FAILED  web1: exit 15, not_healthy: users may still be", ended.text())
        self.assertIn("2 of 2 hosts failed", ended.message)

    async def test_a_lost_host_is_undone_too_and_stays_failed(self) -> None:
        lost = Scripted("web1", LOST, report(10, "locked"), report(0, "nothing_to_do"))
        with mock.patch.object(again, "AGAIN", 0):
            ended = await self.turn(lost, Scripted("web2", IS_ON, IS_OFF))
        self.assertEqual(lost.calls, ["dry run", "on", "off", "off"])
        self.assertEqual((lost.stage.value, ended.exit), ("failed", 1))

    async def test_the_way_back_needs_no_look_and_undoes_nothing(self) -> None:
        one, two = Scripted("web1", SILENT), Scripted("web2", IS_OFF, away=True)
        ended = await self.turn(one, two, options=Options(maintenance="off"))
        self.assertEqual((one.calls, two.calls), (["off"], ["off"]))
        self.assertEqual(ended.exit, 1)
        self.assertIn("maintenance is not off: 1 of 2 hosts failed; off: 1", ended.message)

    async def test_ctrl_c_waits_and_the_second_one_puts_back(self) -> None:
        one = Scripted("web1", IS_ON)
        one.works.clear()
        turning = asyncio.ensure_future(self.turn(one))
        while "on" not in one.calls:
            await asyncio.sleep(0)
        self.stop.asked, self.stop.signal = 1, 2
        await asyncio.sleep(0.01)
        self.assertFalse(turning.done() or one.called_off)
        self.farm.call_off()
        self.assertTrue(one.called_off)
        one.endings = [report(130, "interrupted")]
        one.works.set()
        self.assertEqual((await turning).exit, 130)

    async def test_a_drain_that_is_called_off_is_no_success(self) -> None:
        one, two = Scripted("web1", report(19, "still_draining")), Scripted("web2", IS_ON)
        one.works.clear()
        turning = asyncio.ensure_future(self.turn(one, two))
        while "on" not in one.calls:
            await asyncio.sleep(0)
        self.stop.asked, self.stop.signal = 2, 2
        self.farm.call_off()
        one.works.set()
        ended = await turning
        self.assertEqual((ended.outcome, ended.exit), ("interrupted", 130))
        said = "interrupted: maintenance is on: 2 hosts in "
        self.assertTrue(ended.message.startswith(said), ended.message)
        self.assertTrue(ended.message.endswith("called off on web1"), ended.message)
        states = [host["state"] for host in json.loads(ended.json())["hosts"]]
        self.assertEqual(states, ["done"] * 2)

    async def test_read_only_is_on_for_all_or_for_none(self) -> None:
        options = Options(readonly="on", reason="a move", lasts="20m")
        held = Scripted("web2", READ_ONLY, by="operator")
        ended = await self.turn(Scripted("web1", READ_ONLY), held, options=options)
        self.assertEqual((ended.outcome, ended.exit), ("read_only", 0))
        self.assertTrue(ended.message.startswith("read-only is on: 2 hosts in "), ended.message)
        self.assertEqual(held.calls, ["dry run", "on"], "its marker counts, with users or without")

        one, late = Scripted("web1", READ_ONLY, WRITABLE), Scripted("web2", NOT_SHOWN, WRITABLE)
        before = Scripted("web3", READ_ONLY, read_only=True)
        ended = await self.turn(one, late, before, options=options)
        self.assertEqual((ended.outcome, ended.exit), ("failed", 1))
        self.assertEqual([one.calls[1:], late.calls[1:]], [["on", "off"]] * 2)
        self.assertEqual(before.calls[1:], ["on"], "it was on before")
        first = ended.text().splitlines()[0]
        self.assertEqual(first, "FAILED  web2: exit 16, not_read_only: said not_read_only")
        said = "read-only is not on: 1 of 3 hosts failed, and 1 takes writes again; on: 1"
        self.assertEqual(ended.message, said)

        stays = Scripted("web1", READ_ONLY, report(13, "still_read_only"))
        ended = await self.turn(stays, Scripted("web2", NOT_SHOWN, WRITABLE), options=options)
        self.assertIn("still_read_only: writes may still be refused: `agent readonly", ended.text())

    async def test_the_way_back_to_writes(self) -> None:
        hosts = Scripted("web1", WRITABLE), Scripted("web2", report(13, "still_read_only"))
        ended = await self.turn(*hosts, options=Options(readonly="off"))
        self.assertEqual([host.calls for host in hosts], [["off"]] * 2)
        self.assertIn("read-only is not off: 1 of 2 hosts failed; off: 1", ended.message)


class Undo(unittest.TestCase):
    def test_hosts_that_may_be_on_the_page_are_undone(self) -> None:
        for ending, undone in (
            (IS_ON, True),
            (report(19, "still_draining"), True),
            (SILENT, False),
            (report(17, "swapped_back"), False),
            (report(11, "refused"), False),
            (report(21, "outside_window"), False),
            (report(130, "interrupted"), False),
            (report(16, "neither_healthy"), True),
            (report(1, "gate_failed"), True),
            (LOST, True),
            (ending_of(Answer(137, b"", ("Killed",))), True),
            (ending_of(Answer(127, b"", ("not found",))), False),
        ):
            endings = {"web1": ending, "web2": SILENT}
            self.assertEqual(to_undo(endings, set()), ["web1"] if undone else [], ending)
            self.assertEqual(to_undo(endings, {"web1"}), [], "on before")
        self.assertEqual(to_undo({"web1": IS_ON, "web2": IS_ON}, set()), [])
        self.assertEqual(SILENT.verdict, Verdict.FAILED)
