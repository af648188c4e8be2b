# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""The words for the agent, and its answers."""

from __future__ import annotations

import unittest

from ansible_collections.haproxy_gate.agent.plugins.module_utils import command, exits


class Arguments(unittest.TestCase):
    """The words behind the program."""

    def test_nothing_passes_for_an_option(self) -> None:
        words = command.arguments("close", ["--reason=--dry-run"], "--help", "-c")
        wanted = ["close", "--json", "--reason=--dry-run", "--config=-c", "--", "--help"]
        self.assertEqual(words, wanted)

    def test_what_is_not_asked_for_is_left_to_the_agent(self) -> None:
        self.assertEqual(command.arguments("status", []), ["status", "--json"])

    def test_balancers_are_left_out_of_what_asks_them(self) -> None:
        gone = ["tcp://a:1", "tcp://b:1"]
        words = ["--without-balancer=tcp://a:1", "--without-balancer=tcp://b:1"]
        for verb in ("status", "restart", "switch", "close", "open", "readonly"):
            self.assertEqual(command.without(verb, gone), words)
        self.assertEqual(command.without("recover", gone), [])


class Answers(unittest.TestCase):
    """The one object on stdout."""

    def test_an_answer(self) -> None:
        answer = command.parse(12, '{"outcome": "too_few_servers", "exit": 12}\n', "agent: no")
        self.assertEqual((answer.exit, answer.outcome), (12, "too_few_servers"))

    def test_status_has_no_outcome(self) -> None:
        self.assertEqual(command.parse(1, '{"apps": []}', "").outcome, "")

    def test_what_is_no_answer_is_shown_with_what_it_said(self) -> None:
        for out in ["", "web: restarted", "[]", '{"apps":']:
            with self.subTest(out=out), self.assertRaises(command.NoAnswer) as raised:
                command.parse(101, out, "thread panicked")
            self.assertIn("thread panicked", str(raised.exception))
            self.assertIn("not an exit code of the agent", str(raised.exception))


class Exits(unittest.TestCase):
    """The exit codes in words."""

    def test_what_they_mean(self) -> None:
        self.assertEqual(
            exits.meaning(13),
            "not out of rotation in time; the host is left: gates put back, app untouched",
        )
        self.assertIn("SIGHUP", exits.meaning(129))

    def test_which_may_have_changed_the_host(self) -> None:
        changed = [code for code in (*exits.EXITS, 129, 130, 143, -9) if exits.touched(code)]
        self.assertEqual(changed, [1, 15, 16, 17, 19, 20, 129, 130, 143, -9])
