"""The whole program: what happens between two batches."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import sys
import time
import unittest
from pathlib import Path
from typing import Any

from fleet import PROGRAM, Fleet, ends_with_the_test, report, states

WEB = ("web1", "web2", "web3")
# Two batches.
CANARY = ("--canary", "1", "--batch", "2", *WEB)


class Whole(unittest.TestCase):
    def setUp(self) -> None:
        self.fleet = Fleet(restart=report(0, "restarted"))
        self.addCleanup(self.fleet.close)
        self.file = self.fleet.path / "file"

    def assert_stopped(self, rolled: dict[str, Any], outcome: str, exit: int) -> None:
        """After the first batch."""
        self.assertEqual((rolled["outcome"], rolled["exit"]), (outcome, exit), rolled)
        self.assertEqual(rolled["halt"]["before_batch"], 2)
        left = {"web2": "not_reached", "web3": "not_reached"}
        self.assertEqual(states(rolled), {"web1": "done", **left})
        self.assertEqual([call[0] for call in self.fleet.calls("restart")], ["web1"])
        self.assertIn("--resume", rolled["go_on"])

    def go_on(self, rolled: dict[str, Any], *words: str) -> dict[str, Any]:
        return self.fleet.roll("--resume", rolled["record"], *words)


class Approval(Whole):
    def test_a_refusal_stops_the_roll_and_the_next_one_asks_first(self) -> None:
        rolled = self.fleet.roll("--go-command", "echo ann; exit 1", *CANARY)
        self.assert_stopped(rolled, "not_approved", 4)
        self.assertEqual(rolled["halt"]["by"], "ann")
        said = "batch 2 of 2 was refused by ann: 1 of 3 hosts done in "
        self.assertTrue(rolled["message"].startswith(said), rolled["message"])
        rolled = self.go_on(rolled)
        self.assertEqual((rolled["exit"], rolled["halt"]["before_batch"]), (4, 1))
        rolled = self.go_on(rolled, "--go-command", "true")
        self.assertEqual((rolled["exit"], len(self.fleet.calls("restart"))), (0, 3))
        self.assertEqual(rolled["approvals"], [{"batch": 1, "by": None, "owner": None}])

    def test_a_command_gets_the_roll_on_its_stdin(self) -> None:
        rolled = self.fleet.roll("--go-command", f"cat >{self.file}", *CANARY)
        self.assertEqual(rolled["exit"], 0)
        asked = json.loads(self.file.read_text())
        self.assertEqual((asked["event"], asked["batch"], asked["host"]), ("confirm", 2, None))
        self.assertEqual(states(asked["roll"])["web1"], "done")

    def test_a_file_goes_on_when_it_is_written_after_the_batch(self) -> None:
        self.file.write_text("from yesterday")
        hook = f"grep -q confirm && echo ann >{self.file}; true"
        rolled = self.fleet.roll("--go", str(self.file), "--hook", hook, *CANARY)
        approval = {"batch": 2, "by": "ann", "owner": self.file.owner()}
        self.assertEqual((rolled["exit"], rolled["approvals"]), (0, [approval]))

    def test_no_answer_in_time_stops_the_roll(self) -> None:
        self.file.write_text("from yesterday")
        rolled = self.fleet.roll("--go", str(self.file), "--confirm-timeout", "1s", *CANARY)
        self.assert_stopped(rolled, "not_approved", 4)
        self.assertIn("no approval of batch 2 of 2 within 1s", rolled["message"])

    def test_ctrl_c_ends_the_question_and_its_command(self) -> None:
        started = self.fleet.start("--go-command", f"echo $$ >{self.file}; exec sleep 60", *CANARY)
        wait_for(lambda: self.file.exists() and self.file.read_text())
        begun = time.monotonic()
        started.send_signal(signal.SIGINT)
        rolled = self.fleet.answer(started)
        self.assertLess(time.monotonic() - begun, 30)
        self.assertEqual((rolled["outcome"], rolled["exit"]), ("interrupted", 130))
        self.assertEqual(states(rolled)["web2"], "not_reached")
        program = Path(f"/proc/{self.file.read_text().strip()}/exe")
        wait_for(lambda: not program.exists())


class Hooks(Whole):
    def test_each_event_has_the_form_of_the_roll(self) -> None:
        self.fleet.host("web3", restart=report(15, "not_healthy"))
        rolled = self.fleet.roll("--hook", f"cat >>{self.file}", *CANARY)
        events = [json.loads(line) for line in self.file.read_text().splitlines()]
        seen = [(event["event"], event["batch"], event["host"]) for event in events]
        # The two hosts of the second batch end in any order.
        self.assertEqual(sorted(seen[3:5]), [("host_done", 2, "web2"), ("host_failed", 2, "web3")])
        self.assertEqual(
            seen[:3] + seen[5:],
            [
                ("started", None, None),
                ("host_done", 1, "web1"),
                ("batch_done", 1, None),
                ("batch_done", 2, None),
                ("stopped", None, None),
            ],
        )
        for event in events:
            self.assertEqual(set(event["roll"]), set(rolled))
        exits = [event["roll"]["exit"] for event in events]
        self.assertEqual(exits, [None] * 6 + [1])
        self.assertEqual(states(events[0]["roll"]), dict.fromkeys(WEB, "not_reached"))
        self.assertEqual(events[-1]["roll"], rolled)

    def test_a_failed_hook_stops_no_roll(self) -> None:
        rolled = self.fleet.roll("--hook", "exit 9", *CANARY)
        self.assertEqual((rolled["outcome"], rolled["exit"]), ("rolled", 0))
        events = [failure["event"] for failure in rolled["hook_failures"]]
        self.assertEqual((events[0], events[-1], len(events)), ("started", "done", 7))

    def test_a_hook_that_must_succeed_stops_it(self) -> None:
        hook = f"cat >>{self.file}; ! tail -n 1 {self.file} | grep -q batch_done"
        rolled = self.fleet.roll("--hook", hook, "--hook-must-succeed", *CANARY)
        self.assert_stopped(rolled, "hook_failed", 6)
        self.assertIn("a hook failed at batch_done: exit 1, without output", rolled["message"])
        # Before the first host, too.
        rolled = self.go_on(rolled, "--hook", "exit 9")
        self.assertEqual((rolled["exit"], rolled["halt"]["before_batch"]), (6, 1))
        self.assertEqual(len(self.fleet.calls("restart")), 1)

    def test_one_that_fails_only_at_the_question_stops_it_too(self) -> None:
        hook = "grep -q '\"confirm\"' || exit 0; sleep 0.3; exit 1"
        words = ("--hook", hook, "--hook-must-succeed", "--go-command", "echo ann")
        rolled = self.fleet.roll(*words, *CANARY)
        self.assert_stopped(rolled, "hook_failed", 6)
        said = "a hook failed at confirm: exit 1, without output; the roll stopped before batch 2"
        self.assertTrue(rolled["message"].startswith(said), rolled["message"])

    def test_one_that_must_succeed_changes_nothing_about_approvals(self) -> None:
        words = ("--hook", "true", "--hook-must-succeed", "--go-command", "exit 1")
        rolled = self.fleet.roll(*words, *CANARY)
        self.assert_stopped(rolled, "not_approved", 4)
        # A roll that continues asks before its first batch.
        rolled = self.go_on(rolled)
        self.assertEqual((rolled["exit"], rolled["halt"]["before_batch"]), (4, 1))

    def test_one_that_fails_at_the_end_is_no_success(self) -> None:
        hook = '! grep -q \'"done", "batch"\''
        rolled = self.fleet.roll("--hook", hook, "--hook-must-succeed", *CANARY)
        self.assertEqual((rolled["outcome"], rolled["exit"]), ("hook_failed", 6))
        self.assertEqual(states(rolled), dict.fromkeys(WEB, "done"))

    def test_a_dry_run_runs_no_hook(self) -> None:
        self.fleet.roll("--hook", f"cat >>{self.file}", "--dry-run", *CANARY)
        self.assertFalse(self.file.exists())


class Windows(Whole):
    def window(self) -> tuple[str, str]:
        """One in which the first batch begins, also on a busy machine: it lasts some times as long
        as a dry run, which asks each host twice."""
        begun = time.monotonic()
        self.fleet.roll("--dry-run", *CANARY)
        took = time.monotonic() - begun
        (self.fleet.path / "calls").unlink()
        return "--not-after", f"{2 + int(4 * took)}s"

    def test_no_batch_begins_after_the_window(self) -> None:
        rolled = self.fleet.roll(*self.window(), "--pause", "1m", *CANARY)
        self.assert_stopped(rolled, "window_closed", 5)
        self.assertRegex(
            rolled["message"], r"^the window closed at .*, before batch 2 of 2: 1 of 3"
        )
        rolled = self.go_on(rolled, "--not-after", "1h", "--pause", "0s")
        self.assertEqual((rolled["exit"], len(self.fleet.calls("restart"))), (0, 3))

    def test_a_question_ends_with_the_window(self) -> None:
        rolled = self.fleet.roll(*self.window(), "--go-command", "exit 2", *CANARY)
        self.assert_stopped(rolled, "window_closed", 5)

    def test_a_window_that_is_closed_asks_no_host(self) -> None:
        rolled = self.fleet.roll("--not-after", "2020-01-01T17:00", *CANARY)
        self.assertEqual((rolled["outcome"], rolled["exit"]), ("window_closed", 5))
        self.assertEqual(self.fleet.calls(), [])


class OnTerminal(Whole):
    def start(self, *words: str) -> None:
        """On a terminal of its own, as an operator has it."""
        self.fleet.write()
        path = f"{self.fleet.path}:{os.environ['PATH']}"
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            ends_with_the_test()
            os.environ.update(PATH=path, XDG_STATE_HOME=str(self.fleet.path), TERM="xterm")
            os.execv(sys.executable, [sys.executable, str(PROGRAM), *CANARY, *words])
        self.addCleanup(os.close, self.end)
        self.addCleanup(self.kill)
        self.text = ""

    def reads(self, wanted: str) -> str:
        """Reads until this text came."""
        while not re.search(wanted, self.text):
            if not select.select([self.end], [], [], 30)[0]:
                self.fail(f"no {wanted} in {self.text}")
            try:
                self.text += os.read(self.end, 4096).decode()
            except OSError:
                self.fail(f"no {wanted} in {self.text}")
        return self.text

    def presses(self, keys: str) -> None:
        os.write(self.end, keys.encode())

    def exit(self) -> int:
        pid, self.pid = self.pid, 0
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def kill(self) -> None:
        """Ends one that a failed test has left."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def test_the_operator_is_asked_and_goes_on(self) -> None:
        self.start("--confirm")
        # Pressed before the question: no answer.
        self.presses("n\n")
        text = self.reads(r"go on\? \[y/N/a\] ")
        self.assertIn("done: web1; next: batch 2 of 2: web2 web3; y: go on", text)
        self.presses("hm\n")
        self.reads("ask no more; n: stop\r\ngo on")
        self.presses("y\n")
        self.reads("3 of 3 hosts done")
        self.assertEqual(self.exit(), 0)

    def test_the_operator_refuses(self) -> None:
        self.start("--confirm")
        self.reads(r"go on\? ")
        self.presses("\n")
        text = self.reads("continue with: .*--resume")
        self.assertRegex(text, r"batch 2 of 2 was refused by \S+: 1 of 3 hosts done")
        self.assertEqual(self.exit(), 4)

    def test_ctrl_c_at_the_question_ends_the_roll(self) -> None:
        self.start("--confirm")
        self.reads(r"go on\? ")
        self.presses("\x03")
        self.reads("interrupted: 1 of 3 hosts done")
        self.assertEqual(self.exit(), 130)

    def test_all_asks_no_more(self) -> None:
        self.start("--confirm", "--batch", "1")
        self.reads(r"go on\? ")
        self.presses("a\n")
        text = self.reads("3 of 3 hosts done")
        self.assertEqual((text.count("go on? "), self.exit()), (1, 0))


def wait_for(happened: Any) -> None:
    until = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.02)
