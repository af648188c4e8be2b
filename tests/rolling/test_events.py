"""Each event fits its schema, and what stops a roll between two batches fits the roll's own."""

from __future__ import annotations

import copy
import json
import signal
import time
import unittest
from pathlib import Path
from typing import Any

import rolling
from fleet import Fleet, report
from test_schema import SCHEMA, jsonschema, wrong

EVENT = json.loads((Path(rolling.__file__).parent / "event.schema.json").read_text())
# The same without the reference, which needs a registry of files.
EVENT["properties"]["roll"] = True
VALIDATOR: Any = jsonschema.Draft202012Validator(EVENT)

WORDS = ("--canary", "1", "--batch", "2", "web1", "web2", "web3")


def wrong_event(event: dict[str, Any]) -> list[str]:
    """What does not fit."""
    said = [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(event)]
    return said + wrong(event["roll"])


class Events(unittest.TestCase):
    def setUp(self) -> None:
        self.fleet = Fleet(restart=report(0, "restarted"))
        self.addCleanup(self.fleet.close)
        self.file = self.fleet.path / "events"

    def roll(self, *words: str) -> list[dict[str, Any]]:
        """Its events. The last one has the answer of the roll."""
        rolled = self.fleet.roll("--hook", f"cat >>{self.file}", *words, *WORDS)
        self.assertEqual(wrong(rolled), [])
        events = [json.loads(line) for line in self.file.read_text().splitlines()]
        self.assertEqual(events[-1]["roll"], rolled)
        return events

    def test_the_schemas_are_valid(self) -> None:
        for schema in (EVENT, SCHEMA):
            jsonschema.Draft202012Validator.check_schema(schema)

    def test_each_event_fits(self) -> None:
        self.fleet.host("web3", restart=report(15, "not_healthy"))
        seen = set()
        for event in self.roll("--go-command", "echo ann"):
            seen.add(event["event"])
            self.assertEqual(wrong_event(event), [], event["event"])
        self.file.unlink()
        self.fleet.host("web3")
        seen.add(self.roll()[-1]["event"])
        self.assertEqual(seen, set(EVENT["properties"]["event"]["enum"]))

    def test_what_does_not_fit_is_found(self) -> None:
        started, *_, done = self.roll()
        for event, key, value in [
            (started, "event", "begun"),
            (started, "batch", 1),
            (started, "host", "web1"),
            (done, "event", "started"),
            (done, "batch", 0),
        ]:
            with self.subTest(key, value=value):
                self.assertNotEqual(wrong_event({**event, key: value}), [])
        for outcome, exit in [("under_way", 0), ("rolled", None), ("not_approved", 5)]:
            with self.subTest(outcome, exit=exit):
                bad = copy.deepcopy(done)
                bad["roll"].update(outcome=outcome, exit=exit)
                self.assertNotEqual(wrong_event(bad), [])

    def test_a_hook_that_did_not_end_is_no_success(self) -> None:
        done = f"tee -a {self.file} | grep -q '^{{.event.: .done' && sleep 60; true"
        started = self.fleet.start("--hook", done, "--hook-must-succeed", *WORDS)
        while not self.file.exists() or '"event": "done"' not in self.file.read_text():
            self.assertIsNone(started.poll())
            time.sleep(0.02)
        started.send_signal(signal.SIGINT)
        rolled = self.fleet.answer(started)
        self.assertEqual((wrong(rolled), rolled["outcome"], rolled["exit"]), ([], "hook_failed", 6))
        self.assertIn("but a hook failed at done: killed", rolled["message"])

    def test_what_stops_a_roll_fits(self) -> None:
        for words, outcome in [
            (("--go-command", "exit 1"), "not_approved"),
            (("--not-after", "2020-01-01T17:00"), "window_closed"),
            (("--hook", f"cat >>{self.file}; exit 9", "--hook-must-succeed"), "hook_failed"),
        ]:
            with self.subTest(outcome):
                rolled = self.fleet.roll(*words, *WORDS)
                self.assertEqual((wrong(rolled), rolled["outcome"]), ([], outcome))
        events = [json.loads(line) for line in self.file.read_text().splitlines()]
        self.assertEqual([event["event"] for event in events], ["started", "stopped"])
        self.assertEqual([wrong_event(event) for event in events], [[], []])
        # Each event has the failures so far.
        failed = [one["event"] for one in events[-1]["roll"]["hook_failures"]]
        self.assertEqual(failed, ["started"])
