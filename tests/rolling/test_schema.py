"""The JSON of each kind of roll fits its schema."""

from __future__ import annotations

import copy
import importlib
import json
import signal
import unittest
from pathlib import Path
from typing import Any

import rolling
from fleet import Fleet, report, states, status
from rolling import command_line
from rolling.summary import BROKEN, Summary

SCHEMA = json.loads((Path(rolling.__file__).parent / "roll.schema.json").read_text())
# Debian's package has no types.
jsonschema: Any = importlib.import_module("jsonschema")
VALIDATOR: Any = jsonschema.Draft202012Validator(SCHEMA)

ALL = ("web1", "web2")
TO = ("--switch", "--to", "green")


def wrong(answer: dict[str, Any]) -> list[str]:
    """What does not fit."""
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(answer)]


class Schema(unittest.TestCase):
    def fleet(self, **verbs: dict[str, Any]) -> Fleet:
        fleet = Fleet(**verbs)
        self.addCleanup(fleet.close)
        return fleet

    def check(self, answer: dict[str, Any], outcome: str, **hosts: str) -> None:
        self.assertEqual(wrong(answer), [])
        self.assertEqual((answer["outcome"], states(answer)), (outcome, hosts))

    def test_the_schema_itself_is_valid(self) -> None:
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_each_verb_that_is_done(self) -> None:
        for verb, ends, outcome, words in (
            ("restart", "restarted", "rolled", []),
            ("switch", "switched", "rolled", [*TO]),
            ("switch", "switched_back", "rolled", ["--switch", "--back"]),
            ("close", "closed", "rolled", ["--close"]),
            ("open", "opened", "rolled", ["--open"]),
            ("maintenance on", "maintenance_on", "maintenance_on", ["--maintenance", "on"]),
            ("maintenance off", "maintenance_off", "maintenance_off", ["--maintenance", "off"]),
            ("readonly on", "read_only", "read_only", ["--readonly", "on"]),
            ("readonly off", "writable", "writable", ["--readonly", "off"]),
        ):
            with self.subTest(words):
                fleet = self.fleet(**{verb.replace(" ", "_"): report(0, ends)})
                answer = fleet.roll(*words, *ALL)
                self.check(answer, outcome, web1="done", web2="done")
                self.assertEqual((answer["verb"], answer["exit"]), (verb.split()[0], 0))
                self.check(
                    fleet.roll(*words, *ALL, "--dry-run"),
                    "planned",
                    **dict.fromkeys(ALL, "not_reached"),
                )

    def test_each_verb_that_fails(self) -> None:
        for verb, bad, words, left in (
            ("restart", report(15, "not_healthy"), [], "not_reached"),
            ("switch", report(17, "swapped_back"), [*TO], "not_reached"),
            ("close", report(12, "too_few_servers"), ["--close"], "not_reached"),
            ("open", report(15, "not_healthy"), ["--open", "--batch=1"], "not_reached"),
            ("maintenance on", report(18, "not_placed"), ["--maintenance", "on"], "undone"),
            ("readonly on", report(11, "refused"), ["--readonly", "on"], "undone"),
        ):
            with self.subTest(words):
                off = verb.split()[0] + "_off"
                verb = verb.replace(" ", "_")
                fleet = self.fleet(**{verb: report(0, "done"), off: report(0, "done")})
                fleet.host("web1", **{verb: bad})
                answer = fleet.roll(*words, *ALL)
                self.check(answer, "failed", web1="failed", web2=left)
                self.assertEqual((answer["exit"], answer["go_on"] is None), (1, left == "undone"))

    def test_hosts_without_an_agents_answer(self) -> None:
        fleet = self.fleet(restart=report(0, "restarted"))
        fleet.host("web1", restart={"exit": 137, "silent": True})
        fleet.host("web2", restart={"exit": 255, "silent": True})
        fleet.host("web3", status={"message": "no configuration", "exit": 2})
        answer = fleet.roll("--max-failures", "3", *ALL, "web3")
        self.check(answer, "failed", web1="failed", web2="failed", web3="failed")
        ends = [host["outcome"] for host in answer["hosts"]]
        self.assertEqual(ends, ["no_answer", "connection_lost", None])

    def test_a_roll_that_did_not_begin(self) -> None:
        fleet = self.fleet()
        fleet.host("web2", dry_run=report(18, "not_placed"))
        for words in (["--maintenance", "on"], [*TO], ["--close"]):
            with self.subTest(words):
                answer = fleet.roll(*words, *ALL)
                self.check(answer, "could_not_begin", web1="not_reached", web2="not_reached")
        self.check(self.fleet().roll("--batch", "0", *ALL), "usage")

    def test_skipped_hosts(self) -> None:
        held = {"by": "operator", "failed": None, "reason": None, "until_unix_seconds": None}
        fleet = self.fleet(maintenance_on=report(0, "maintenance_on"), restart=report(0, "skipped"))
        fleet.host("web2", status=status(hold={**held, "text": "root"}))
        answer = fleet.roll("--maintenance", "on", *ALL)
        self.check(answer, "maintenance_on", web1="done", web2="skipped")
        answer = fleet.roll("--skip-held", *ALL)
        self.check(answer, "rolled", web1="skipped", web2="skipped")

    def test_an_interrupted_roll_and_one_that_continues(self) -> None:
        fleet = self.fleet(restart=report(0, "restarted", waits=True))
        started = fleet.start(*ALL)
        fleet.wait_for("restart")
        started.send_signal(signal.SIGINT)
        started.send_signal(signal.SIGTERM)
        answer = fleet.answer(started)
        self.check(answer, "interrupted", web1="done", web2="not_reached")
        fleet.host("*", status=status(), restart=report(0, "restarted"))
        record = ["--resume", answer["record"]]
        self.check(fleet.roll(*record), "rolled", web1="done", web2="done")

    def test_a_roll_with_nothing_to_do(self) -> None:
        fleet = self.fleet(restart=report(0, "restarted"))
        record = ["--resume", str(fleet.path / "roll.json")]
        self.check(fleet.roll(*record, *ALL), "rolled", web1="done", web2="done")
        self.check(fleet.roll(*record), "nothing_to_do", web1="done", web2="done")

    def test_an_interrupted_maintenance(self) -> None:
        stopped = report(129, "interrupted", waits=True)
        fleet = self.fleet(maintenance_on=stopped)
        started = fleet.start("--maintenance", "on", *ALL)
        fleet.wait_for("maintenance")
        started.send_signal(signal.SIGINT)
        started.send_signal(signal.SIGTERM)
        self.check(fleet.answer(started), "interrupted", web1="failed", web2="failed")

    def test_an_internal_error(self) -> None:
        broken = Summary("broken", BROKEN, "internal error")
        self.check(json.loads(broken.json()), "broken")

    def test_what_does_not_fit_is_found(self) -> None:
        fleet = self.fleet(restart=report(0, "restarted"))
        good = fleet.roll(*ALL)
        changes: list[tuple[str, Any]] = [
            ("outcome", "done"),
            ("outcome", "failed"),
            ("outcome", "read_only"),
            ("exit", 1),
            ("exit", 7),
            ("verb", "recover"),
            ("message", ""),
            ("seconds", "1 s"),
            ("batches", [[]]),
            ("record", "/roll.json"),
            ("go_on", "continue"),
            ("surprise", 1),
        ]
        for key, value in changes:
            with self.subTest(key, value=value):
                self.assertNotEqual(wrong({**good, key: value}), [])
        for key in good:
            with self.subTest(f"without {key}"):
                self.assertNotEqual(wrong({one: good[one] for one in good if one != key}), [])
        for key, value in (("state", "ok"), ("exit", None), ("agent", {}), ("surprise", 1)):
            with self.subTest(key, value=value):
                bad = copy.deepcopy(good)
                bad["hosts"][0][key] = value
                self.assertNotEqual(wrong(bad), [])

    def test_the_readme_has_each_word_of_it(self) -> None:
        text = (Path(rolling.__file__).parents[1] / "README.md").read_text()
        text = text.partition("### The JSON of a roll")[2].partition("## A fleet with")[0]
        host = SCHEMA["$defs"]["host"]["properties"]
        words = [*SCHEMA["required"], *SCHEMA["$defs"]["host"]["required"]]
        for one in (*(SCHEMA["properties"][key] for key in ("verb", "outcome")), host["state"]):
            words += [word for word in one["enum"] if word is not None]
        self.assertEqual([word for word in words if f"`{word}`" not in text], [])

    def test_it_has_each_verb_of_the_command_line(self) -> None:
        verbs = {verb for verb in SCHEMA["properties"]["verb"]["enum"] if verb is not None}
        shown = command_line.parser("x").format_help()
        for verb in verbs - {"restart"}:
            self.assertIn(f"--{verb}", shown)
