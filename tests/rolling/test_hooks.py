from __future__ import annotations

import asyncio
import contextlib
import io
import json
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from rolling import hooks as module
from rolling.answer import Answer
from rolling.hooks import Hooks
from rolling.local import not_runnable, run
from rolling.screen import Screen
from rolling.signals import Stop


class Lines(unittest.TestCase):
    def test_a_program_that_is_missing_is_found_before_it_runs(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "notify"
            file.write_text("#!/bin/sh\n")
            for line, wrong in [
                (f"{folder}/none --to ops", f"{folder}/none does not exist"),
                (f"{folder};", f"{folder} is a directory"),
                (f"{file}", f"{file} is not executable"),
                ("loger -t roll", "PATH has no program loger"),
                ("loger>x", "PATH has no program loger"),
            ]:
                with self.subTest(line):
                    self.assertEqual(not_runnable(line), wrong)

    def test_any_other_line_is_left_to_the_shell(self) -> None:
        for line in [
            "cat",
            "cat>>x; exit 9",
            "exit 9",
            ". ./settings",
            "if true; then :; fi",
            "! grep -q done",
            "TO=ops notify",
            "notify() { cat; }; notify",
            "$HOME/bin/notify",
            "~/bin/notify",
            "'/opt/my hooks/notify'",
            "2>&1 notify",
            "(cd /; notify)",
        ]:
            with self.subTest(line):
                self.assertIsNone(not_runnable(line))


class Local(unittest.IsolatedAsyncioTestCase):
    async def test_a_command_gets_text_and_answers(self) -> None:
        answer = await run("cat; echo said >&2; exit 3", b"given\n", 10)
        self.assertEqual((answer.exit, answer.out, answer.err), (3, b"given\n", ("said",)))

    async def test_a_command_may_ignore_its_stdin(self) -> None:
        answer = await run("exit 0", b"x" * 1_000_000, 10)
        self.assertEqual(answer.exit, 0)

    async def test_a_late_command_is_killed_with_all_it_has_started(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "pid"
            begun = time.monotonic()
            # Long enough to start the shell on a busy machine.
            answer = await run(f"sleep 60 & echo $! >{file}; sleep 60", b"", 2)
            self.assertLess(time.monotonic() - begun, 30)
            self.assertEqual(answer.said(), "no answer in 2 s")
            self.assertNotEqual(answer.exit, 0)
            self.assertTrue(ended(int(file.read_text())))


def ended(pid: int) -> bool:
    """It is gone, or a zombie whose parent has not looked yet."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


class Events(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name) / "events"
        self.shown = io.StringIO()
        self.stop = Stop()
        # On a busy machine a short hook takes longer than the real one.
        self.change("SILENT", 30.0)

    def change(self, name: str, value: object) -> None:
        changed = mock.patch.object(module, name, value)
        changed.start()
        self.addCleanup(changed.stop)

    def hooks(self, *lines: str, must_succeed: bool = False) -> Hooks:
        hooks = Hooks(lines, must_succeed, Screen(self.shown), self.stop)
        hooks.so_far = lambda: ROLL
        return hooks

    async def test_each_event_reaches_each_hook_in_order(self) -> None:
        hooks = self.hooks(f"sleep 0.1; cat >>{self.file}", f"echo two >>{self.file}")
        hooks.report("started")
        hooks.report("host_done", 0, "web1")
        self.assertFalse(self.file.exists(), "the roll does not wait")
        await hooks.end()
        lines = self.file.read_text().splitlines()
        self.assertEqual(lines[1::2], ["two", "two"])
        first, second = (json.loads(line) for line in lines[::2])
        self.assertEqual(first, {"event": "started", "batch": None, "host": None, "roll": ROLL})
        self.assertEqual(second, {"event": "host_done", "batch": 1, "host": "web1", "roll": ROLL})
        self.assertIsNone(hooks.in_the_way)

    async def test_a_failure_is_shown_once_and_kept(self) -> None:
        hooks = self.hooks("echo 'no network' >&2; exit 7")
        for event in ("started", "host_done", "done"):
            hooks.report(event)
        await hooks.end()
        shown = "a hook failed at started: exit 7: no network; the roll goes on\n"
        self.assertEqual(self.shown.getvalue(), shown)
        self.assertEqual([one["event"] for one in hooks.json()], ["started", "host_done", "done"])
        self.assertIsNone(hooks.in_the_way)

    async def test_a_hook_that_must_succeed_is_in_the_way(self) -> None:
        hooks = self.hooks("exit 7", must_succeed=True)
        hooks.report("started")
        await hooks.settled()
        self.assertEqual(str(hooks.in_the_way), "a hook failed at started: exit 7, without output")
        self.assertIn("no further batch begins", self.shown.getvalue())

    async def test_a_hook_has_a_limit(self) -> None:
        self.change("LIMIT", 0.2)
        hooks = self.hooks("exec sleep 60")
        hooks.report("started")
        await asyncio.wait_for(hooks.end(), 30)
        self.assertIn("no answer in 0 s", self.shown.getvalue())

    async def test_a_signal_ends_the_wait_for_a_hook(self) -> None:
        pid = self.file
        hooks = self.hooks(f"echo $$ >{pid}; exec sleep 60")
        hooks.report("done")
        ending = asyncio.ensure_future(hooks.end())
        while not pid.exists() or not pid.read_text():
            await asyncio.sleep(0.02)
        self.stop.asked += 1
        self.stop.changed.set()
        await asyncio.wait_for(ending, 30)
        self.assertTrue(ended(int(pid.read_text())))

    async def test_a_hook_that_a_signal_ended_has_failed_and_those_after_it(self) -> None:
        self.change("SILENT", 0.1)
        hooks = self.hooks("grep -q started || exec sleep 60", "true", must_succeed=True)
        for event in ("started", "host_done", "done"):
            hooks.report(event)
        while len(hooks.waiting) > 4:
            await asyncio.sleep(0.02)
        ending = asyncio.ensure_future(hooks.end())
        while "waiting" not in self.shown.getvalue():
            self.assertFalse(ending.done())
            await asyncio.sleep(0.02)
        self.stop.asked += 1
        self.stop.changed.set()
        await asyncio.wait_for(ending, 30)
        said = "waiting for the hooks of 2 events; Ctrl-C ends them\n"
        self.assertEqual(self.shown.getvalue(), f"{said}the hooks of 2 events did not end\n")
        failures = [(one["event"], one["exit"], one["message"][:11]) for one in hooks.json()]
        left = [(event, 255, "did not run") for event in ("host_done", "done", "done")]
        self.assertEqual(failures, [("host_done", 255, "killed, bec"), *left])
        self.assertIsNotNone(hooks.in_the_way)

    async def test_all_hooks_together_have_a_limit_at_the_end(self) -> None:
        self.change("SILENT", 0.1)
        self.change("LAST", 0.2)
        hooks = self.hooks("exec sleep 60")
        for event in ("host_done", "done"):
            hooks.report(event)
        await asyncio.wait_for(hooks.end(), 30)
        said = [(one["exit"], one["message"].partition(",")[0]) for one in hooks.json()]
        self.assertEqual(said, [(255, "killed"), (255, "did not run")])
        self.assertIn("the roll waits for its hooks 0 s at its end", hooks.json()[0]["message"])

    async def test_a_hook_that_ends_as_the_wait_for_it_ends_starts_no_other_one(self) -> None:
        async def swallows(*_: object) -> Answer:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            return Answer(0, b"", ())

        self.change("run", swallows)
        self.change("SILENT", 0.1)
        hooks = self.hooks("true")
        hooks.report("host_done")
        hooks.report("done")
        ending = asyncio.ensure_future(hooks.end())
        while "waiting" not in self.shown.getvalue():
            await asyncio.sleep(0.02)
        self.stop.asked += 1
        self.stop.changed.set()
        await asyncio.wait_for(ending, 30)
        failures = [(one["event"], one["message"][:11]) for one in hooks.json()]
        self.assertEqual(failures, [("done", "did not run")])

    async def test_hooks_that_end_soon_need_no_word(self) -> None:
        hooks = self.hooks("true")
        hooks.report("done")
        await hooks.end()
        self.assertEqual((self.shown.getvalue(), hooks.json()), ("", []))


ROLL = {"outcome": "under_way"}
