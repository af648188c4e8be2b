# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Which hosts keep a roll from its begin, and which variables do not go together."""

from __future__ import annotations

import typing as t
import unittest

from ansible_collections.haproxy_gate.agent.plugins.module_utils.roll import (
    why_not,
    window_ended,
)

from .test_standing import entry, hold

REFUSED = "closed by TEXT; end the hold with `agent open`, or set haproxy_gate_held"
NOT_SWITCHED = "closed by TEXT; end the hold with `agent open`: a switch needs open gates"
NOT_SKIPPED = "closed by TEXT; haproxy_gate_held=skip does not skip a failed upgrade"
OUTSIDE = "no operation may begin before Monday"
TAKES_OUT = ({"verb": "restart"}, {"verb": "close"}, {"verb": "switch", "target": "green"})


def host(
    by: str | None = None, failed: str | None = None, reason: str | None = None
) -> dict[str, t.Any]:
    """What agent_info returns of a host, held by this one."""
    held = by and hold(by=by, failed=failed, reason=reason, text="TEXT")
    return {"apps": [entry(hold=held)], "operation": None, "windows": None}


def judged(seen: dict[str, t.Any], **asked: t.Any) -> str:
    """Why a roll with these variables does not begin; empty: it may."""
    return why_not(seen, {"verb": "restart", **asked})


class Hosts(unittest.TestCase):
    """By what agent_info has returned."""

    def test_one_that_is_not_seen_or_not_clear(self) -> None:
        for seen, why in (
            ({"failed": True, "msg": "no agent"}, "no agent"),
            ({"unreachable": True, "msg": "no route"}, "no route"),
            ({**host(), "apps": [entry(), entry(app="api")]}, "set haproxy_gate_app"),
            (
                {**host(), "operation": {"text": "`agent restart web`, pid 7"}},
                "another operation is under way: `agent restart web`, pid 7",
            ),
            ({"apps": [{"app": "web"}], "operation": None}, "install the agent of this release"),
        ):
            self.assertIn(why, judged(seen), seen)
            self.assertNotEqual(judged(seen), "", seen)
        self.assertEqual(judged(host()), "")

    def test_one_on_its_page(self) -> None:
        ends = "maintenance is on; end it with `agent maintenance off`"
        for asked in (*TAKES_OUT, {"verb": "open"}):
            self.assertEqual(judged(host("maintenance"), **asked), ends, asked)

    def test_one_that_is_held(self) -> None:
        for seen, way in (
            (host("operator", None, "disk"), REFUSED),
            (host("operator"), REFUSED),
            (host("unit"), REFUSED),
            (host("unknown"), REFUSED),
            (host("operator", None, "rolling_restart.ymlx"), REFUSED),
            # An earlier roll has left it, or a failure that the next restart fixes.
            (host("operator", None, "rolling_restart.yml"), ""),
            (host("operator", None, "rolling_restart.yml: web 2.1"), ""),
            (host("agent", "restart"), ""),
            (host("agent", "upgrade"), ""),
            (host("agent", "upgrade_cut_short"), REFUSED),
            # It still runs.
            (host("agent"), ""),
        ):
            self.assertEqual(judged(seen), way, seen)
            for held in ("reopen", "stay_closed"):
                self.assertEqual(judged(seen, held=held), "", (seen, held))
                # These tasks close and open the host by themselves.
                self.assertEqual(judged(seen, held=held, upgrade_tasks="upgrade.yml"), way)
            # Its agent knows what becomes of the hold.
            for verb in ("close", "open"):
                self.assertEqual(judged(seen, verb=verb), "", (seen, verb))

    def test_one_that_is_to_be_skipped(self) -> None:
        for seen, way in (
            (host("operator", None, "disk"), ""),
            (host("operator", "upgrade"), ""),
            (host("unit"), ""),
            (host("unknown"), ""),
            (host("agent", "restart"), ""),
            (host("agent", "upgrade"), NOT_SKIPPED),
            (host("agent", "upgrade_cut_short"), NOT_SKIPPED),
        ):
            self.assertEqual(judged(seen, held="skip"), way, seen)

    def test_no_hold_goes_with_a_switch(self) -> None:
        for asked in ({"target": "green"}, {"back": True}):
            self.assertEqual(judged(host(), verb="switch", **asked), "", asked)
            for by, failed in (("agent", "restart"), ("operator", None)):
                seen = host(by, failed)
                self.assertEqual(judged(seen, verb="switch", **asked), NOT_SWITCHED, seen)

    def test_one_outside_of_its_windows(self) -> None:
        outside = {"windows": {"inside": False, "text": OUTSIDE}}
        inside = {"windows": {"inside": True, "text": "until Friday"}}
        emergency = {"outside_window": True, "reasoned": True, "reason": "it leaks"}
        for asked in TAKES_OUT:
            why = judged({**host(), **outside}, **asked)
            self.assertTrue(why.startswith(OUTSIDE), why)
            self.assertIn("haproxy_gate_outside_window=true and haproxy_gate_reason", why)
            self.assertEqual(judged({**host(), **inside}, **asked), "", asked)
            self.assertEqual(judged({**host(), **outside}, **asked, **emergency), "", asked)
        for asked in ({"verb": "open"}, {"verb": "switch", "back": True}):
            self.assertEqual(judged({**host(), **outside}, **asked), "", asked)
        # It has no users to lose.
        held = {**host("operator", None, "disk"), **outside}
        self.assertEqual(judged(held, verb="close"), "")

    def test_one_whose_window_ends_while_it_waits(self) -> None:
        ended = {**host(), "windows": {"inside": False, "text": OUTSIDE}}
        open_now = {**host(), "windows": {"inside": True, "text": "until Friday"}}
        restart = {"verb": "restart"}
        for code, seen, asked, late in (
            (12, ended, restart, True),
            (12, ended, {"verb": "close"}, True),
            # Too few others all the time, and no windows at all.
            (12, open_now, restart, False),
            (12, host(), restart, False),
            # Other failures, and no answer of an agent.
            (13, ended, restart, False),
            (None, ended, restart, False),
            # It has no users to lose, or asked for all hours.
            (12, {**host("operator"), "windows": ended["windows"]}, restart, False),
            (12, ended, {**restart, "outside_window": True}, False),
            # It can't be seen.
            (12, {"unreachable": True, "msg": "no route"}, restart, False),
            (12, {"failed": True, "msg": "no agent"}, restart, False),
        ):
            why = window_ended({"exit": code}, seen, asked)
            self.assertEqual(why.startswith(OUTSIDE), late, (code, seen, asked))
            self.assertEqual(why != "", late, (code, seen, asked))

    def test_a_lock_that_was_lost_is_a_failure(self) -> None:
        ended = {**host(), "windows": {"inside": False, "text": OUTSIDE}}
        answer = {"exit": 12, "outcome": "turn_over"}
        self.assertNotEqual(window_ended(answer, ended, {"verb": "restart"}), "")
        lost = {**answer, "outcome": "lock_lost"}
        self.assertEqual(window_ended(lost, ended, {"verb": "restart"}), "")

    def test_an_app_of_several_is_chosen_by_agent_info(self) -> None:
        self.assertEqual(window_ended({"exit": 12}, {"apps": [entry(), entry(app="api")]}, {}), "")


class Variables(unittest.TestCase):
    """Each belongs to a verb."""

    def test_an_unknown_verb(self) -> None:
        says = "haproxy_gate_verb is restart or switch or close or open, not 'stop'"
        self.assertEqual(judged(host(), verb="stop"), says)

    def test_of_another_verb(self) -> None:
        switch = {"verb": "switch", "target": "green"}
        for asked, says in (
            ({**switch, "upgrade_command": "a"}, "upgrade_command goes with restart"),
            ({**switch, "rollback_command": "a"}, "rollback_command goes with restart"),
            ({**switch, "upgrade_tasks": "a"}, "upgrade_tasks goes with restart"),
            ({**switch, "held": "skip"}, "held goes with restart"),
            ({**switch, "turn": "5m"}, "turn goes with restart or close, not with switch"),
            ({"verb": "open", "turn": "5m"}, "turn goes with restart or close, not with open"),
            ({**switch, "upgrade": True}, "upgrade goes with restart"),
            ({"verb": "close", "upgrade": True}, "upgrade goes with restart"),
            ({"prepare_command": "a"}, "prepare_command goes with switch"),
            ({"keep": "10m"}, "keep goes with switch"),
            ({"target": "green"}, "target goes with switch"),
            ({"for": "2h"}, "for goes with close, not with restart: remove it"),
            ({"verb": "open", "for": "2h"}, "for goes with close, not with open"),
            ({"verb": "close", "back": True}, "back goes with switch"),
            ({"verb": "open", "outside_window": True}, "outside_window goes with restart or switch"),
        ):
            self.assertIn(f"haproxy_gate_{says}", judged(host(), **asked), asked)
        self.assertEqual(judged(host(), verb="close", turn="5m", **{"for": "2h"}), "")
        self.assertEqual(judged(host(), turn="5m", upgrade=True), "")

    def test_of_a_switch(self) -> None:
        for asked, says in (
            ({}, "needs haproxy_gate_target or haproxy_gate_back=true, and not both"),
            ({"target": "green", "back": True}, "and not both"),
            ({"back": True, "prepare_command": "a"}, "remove haproxy_gate_prepare_command"),
            ({"back": True, "outside_window": True}, "remove haproxy_gate_outside_window"),
            ({"target": "green", "outside_window": True}, "needs haproxy_gate_reason"),
        ):
            self.assertIn(says, judged(host(), verb="switch", **asked), asked)
        fine = {"target": "green", "prepare_command": "a", "keep": "10m"}
        self.assertEqual(judged(host(), verb="switch", **fine), "")

    def test_the_reason(self) -> None:
        for reason, fine in (
            ("x" * 200, True),
            ("x" * 201, False),
            ("", False),
            ("a\nb", False),
            ("\x7f", False),
        ):
            why = judged(host(), reasoned=True, reason=reason)
            self.assertEqual(why == "", fine, (reason, why))
