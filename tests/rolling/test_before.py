"""The whole program: hooks, approvals and the window of verbs other than restart."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import time
import unittest
from dataclasses import dataclass
from typing import Any
from unittest import mock

from fleet import Fleet, report, states, status
from rolling import hooks as module
from rolling.between import Between
from rolling.confirm import Reply
from rolling.hooks import Hooks
from rolling.options import Options
from rolling.screen import Screen
from rolling.signals import Stop
from rolling.window import Window
from test_events import wrong_event
from test_schema import wrong

WEB = ("web1", "web2")
PAIRS = ("--replace", "web1=web9", "--replace", "web2=web8", "--settle", "0s")
# The words, and what begins, as the one who approves it reads it.
VERBS = (
    (("--maintenance", "on", *WEB), "maintenance on"),
    (("--maintenance", "off", *WEB), "maintenance off"),
    (("--readonly", "on", *WEB), "read-only on"),
    (("--readonly", "off", *WEB), "read-only off"),
    (("--open", *WEB), "batch 1 of 1"),
    (("--close", "--batch", "2", *WEB), "batch 1 of 1"),
    (PAIRS[:2] + PAIRS[4:], "pair 1 of 1"),
)


@dataclass
class Asks:
    """A source of approvals that answers at once. `closes`: this window, as it asks."""

    reply: Reply | None
    closes: Window | None = None
    how = "x"

    def begin(self) -> None:
        pass

    def ask(self, _question: str, _given: bytes) -> None:
        if self.closes is not None:
            self.closes.end = time.time()

    def look(self) -> Reply | None:
        return self.reply

    def rest(self) -> None:
        pass


class Question(unittest.IsolatedAsyncioTestCase):
    async def test_the_window_may_close_at_it(self) -> None:
        window = Window("1h", time.time())
        options, screen = Options(go_command="x"), Screen(io.StringIO())
        plan = [["web1", "web9"]]
        late = Asks(None, closes=window)
        between = Between(options, plan, screen, Stop(), source=late, window=window, kind="pair")
        halt = await between.begins(0)
        assert halt is not None
        self.assertEqual((halt.outcome, halt.exit), ("window_closed", 5))
        self.assertTrue(halt.message.endswith(", before pair 1 of 1"), halt.message)

    async def test_an_approval_waits_for_the_hook_of_the_question(self) -> None:
        options, screen, stop = Options(go_command="x"), Screen(io.StringIO()), Stop()
        for line, limit, said in (
            ("sleep 60", 0.3, "exit 255: no answer in 0 s"),
            ("sleep 0.3; exit 9", 30.0, "exit 9, without output"),
        ):
            for reply in (Reply(True, "ann"), None):
                with self.subTest(line, reply=reply), mock.patch.object(module, "LIMIT", limit):
                    hooks = Hooks([line], True, screen, stop)
                    source = Asks(reply)
                    between = Between(options, [["web1"]], screen, stop, hooks, source)
                    halt = await asyncio.wait_for(between.begins(0), 10)
                    assert halt is not None
                    self.assertEqual((halt.outcome, halt.exit), ("hook_failed", 6))
                    failed = f"a hook failed at confirm: {said}; the roll stopped before batch"
                    self.assertIn(failed, halt.message)
                    self.assertEqual(len(between.approvals), 0 if reply is None else 1)


class Before(unittest.TestCase):
    def setUp(self) -> None:
        ends = {
            "maintenance_on": "maintenance_on",
            "maintenance_off": "maintenance_off",
            "readonly_on": "read_only",
            "readonly_off": "writable",
            "open": "opened",
            "close": "closed",
        }
        self.fleet = Fleet(**{verb: report(0, ended) for verb, ended in ends.items()})
        self.addCleanup(self.fleet.close)
        self.file = self.fleet.path / "events"
        self.hook = ("--hook", f"cat >>{self.file}")

    def roll(self, *words: str) -> dict[str, Any]:
        return self.check(self.fleet.roll(*self.hook, *words))

    def check(self, rolled: dict[str, Any]) -> dict[str, Any]:
        self.assertEqual(wrong(rolled), [])
        return rolled

    def events(self) -> list[tuple[str, int | None, str | None]]:
        """The events since the last call. Each fits its schema."""
        events = [json.loads(line) for line in self.file.read_text().splitlines()]
        self.file.unlink()
        self.assertEqual([wrong_event(event) for event in events], [[]] * len(events))
        return [(event["event"], event["batch"], event["host"]) for event in events]

    def work(self) -> list[list[str]]:
        """The calls of agents that are no questions."""
        calls = self.fleet.calls()
        return [call for call in calls if call[1] != "status" and "--dry-run" not in call]

    def test_each_event_comes_once(self) -> None:
        for words, _ in VERBS:
            with self.subTest(words):
                self.assertEqual(self.roll(*words)["exit"], 0)
                first, *hosts, done, last = self.events()
                self.assertEqual(
                    (first[0], done[:2], last[0]), ("started", ("batch_done", 1), "done")
                )
                self.assertEqual(
                    [(event, batch) for event, batch, _ in hosts], [("host_done", 1)] * 2
                )

    def test_a_refusal_comes_before_anything(self) -> None:
        for words, unit in VERBS:
            with self.subTest(words):
                rolled = self.roll("--go-command", "echo ann; exit 1", *words)
                self.assertEqual((rolled["outcome"], rolled["exit"]), ("not_approved", 4))
                self.assertEqual(rolled["halt"], {"before_batch": 1, "by": "ann", "owner": None})
                said = f"{unit} was refused by ann: "
                self.assertTrue(rolled["message"].startswith(said), rolled["message"])
                self.assertEqual({host["state"] for host in rolled["hosts"]}, {"not_reached"})
                # Not those of its dry run.
                ends = {(host["outcome"], host["exit"]) for host in rolled["hosts"]}
                self.assertEqual(ends, {(None, None)})
                events = [("started", None, None), ("confirm", 1, None), ("stopped", None, None)]
                self.assertEqual(self.events(), events)
        self.assertEqual(self.work(), [])

    def test_a_closed_window_asks_no_host(self) -> None:
        for words, _ in VERBS[::3]:
            with self.subTest(words):
                rolled = self.roll("--not-after", "2020-01-01T17:00", *words)
                self.assertEqual((rolled["outcome"], rolled["exit"]), ("window_closed", 5))
        self.assertEqual(self.fleet.calls(), [])

    def test_a_hook_that_must_succeed_stops_it(self) -> None:
        words = ("--hook", "exit 9", "--hook-must-succeed", "--maintenance", "on", *WEB)
        rolled = self.roll(*words)
        self.assertEqual((rolled["outcome"], rolled["exit"]), ("hook_failed", 6))
        said = "; the roll stopped before maintenance on: maintenance did not begin"
        self.assertTrue(rolled["message"].endswith(said), rolled["message"])
        self.assertEqual(self.work(), [])

    def test_a_hook_that_fails_only_at_the_question_stops_it(self) -> None:
        line = "grep -q '\"confirm\"' || exit 0; sleep 0.3; exit 1"
        fails = ("--hook", line, "--hook-must-succeed")
        for words, unit in (VERBS[0], VERBS[-1]):
            with self.subTest(words):
                rolled = self.roll(*fails, "--go-command", "echo ann", *words)
                self.assertEqual((rolled["outcome"], rolled["exit"]), ("hook_failed", 6))
                self.assertTrue(rolled["message"].startswith("a hook failed at confirm: "))
                self.assertIn(f"; the roll stopped before {unit}: ", rolled["message"])
        self.assertEqual(self.work(), [])

    def test_each_pair_is_approved(self) -> None:
        # The second one is refused: the first one is done by then.
        go = f"test -e {self.file}.one && exit 1; touch {self.file}.one"
        three = (*PAIRS, "--replace", "web3=web7")
        rolled = self.roll("--go-command", go, *three)
        self.assertEqual((rolled["exit"], rolled["halt"]["before_batch"]), (4, 3))
        self.assertIn("pair 3 of 3 was refused: 2 of 3 replaced in ", rolled["message"])
        self.assertEqual([one["batch"] for one in rolled["approvals"]], [2])
        seen = [event for event in self.events() if event[0] in ("batch_done", "confirm")]
        batches = [("batch_done", 1), ("batch_done", 2), ("confirm", 2), ("confirm", 3)]
        self.assertEqual(sorted(event[:2] for event in seen), batches)

    def test_hosts_are_asked_again_after_an_approval(self) -> None:
        reason = {"by": "operator", "failed": None, "reason": "disks", "until_unix_seconds": None}
        held = status(hold={**reason, "text": "bob: disks"}, in_rotation=False)
        for words, host, left in (
            (("--maintenance", "on", *WEB), "web2", {"web1": "done", "web2": "skipped"}),
            (VERBS[-1][0], "web1", {"web1": "failed", "web9": "not_reached"}),
        ):
            with self.subTest(words):
                # The operator who approves does it after another one has closed a host.
                answers = self.fleet.hosts.copy()
                self.fleet.host(host, status=held)
                self.fleet.write("later")
                self.fleet.hosts = answers
                change = f"cp -rT {self.fleet.path}/later {self.fleet.path}/answers"
                rolled = self.roll("--go-command", change, *words)
                self.assertEqual(states(rolled), left)
                begun = (
                    "started",
                    "confirm",
                    "host_failed" if "failed" in left.values() else "host_done",
                )
                self.assertEqual(tuple(event[0] for event in self.events()[:3]), begun)

    def test_a_failed_host_is_reported_once(self) -> None:
        self.fleet.host("web2", maintenance_on=report(15, "x"), maintenance_off=report(15, "y"))
        self.assertEqual(self.roll("--maintenance", "on", *WEB)["exit"], 1)
        events = self.events()
        self.assertEqual(
            [event for event in events if event[2] == "web2"], [("host_failed", 1, "web2")]
        )
        self.assertEqual(events[-1][0], "stopped")

    def test_ctrl_c_ends_the_question(self) -> None:
        for words, _ in (VERBS[0], VERBS[-1]):
            with self.subTest(words):
                started = self.fleet.start(*self.hook, "--go-command", "exit 2", *words)
                while not self.file.exists() or "confirm" not in self.file.read_text():
                    self.assertIsNone(started.poll())
                    time.sleep(0.02)
                started.send_signal(signal.SIGINT)
                rolled = self.check(self.fleet.answer(started))
                self.assertEqual((rolled["outcome"], rolled["exit"]), ("interrupted", 130))
                self.assertEqual(self.events()[-1][0], "stopped")
        self.assertEqual(self.work(), [])
