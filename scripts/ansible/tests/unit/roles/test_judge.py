# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Which hosts keep a roll from its begin, by the expression of judge.yml."""

from __future__ import annotations

import pathlib
import typing as t
import unittest

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

COLLECTION = pathlib.Path(__file__).parents[3]
JUDGE = COLLECTION / "roles/rolling_restart/tasks/judge.yml"

REFUSED = "closed by TEXT; end the hold with `agent open`, or set haproxy_gate_held"
NOT_SWITCHED = "closed by TEXT; end the hold with `agent open`: a switch needs open gates"
NOT_SKIPPED = "closed by TEXT; haproxy_gate_held=skip does not skip a failed upgrade"


def judged(seen: dict[str, t.Any], **variables: t.Any) -> str:
    """Why the roll does not begin with this host; empty: it may."""
    loader = DataLoader()
    tasks = loader.load_from_file(str(JUDGE), trusted_as_template=True)
    task = next(task for task in tasks if task["name"] == "Note the problem of the host")
    variables = {**task["vars"], "haproxy_gate_seen": seen, **variables}
    why = task["ansible.builtin.set_fact"]["haproxy_gate_roll"]["why"]
    return Templar(loader=loader, variables=variables).template(why)


def host(
    by: str | None = None, failed: str | None = None, reason: str | None = None
) -> dict[str, t.Any]:
    """What agent_info returns of a host, held by this one."""
    hold = {"by": by, "failed": failed, "reason": reason, "text": "TEXT"}
    status = {"hold": hold if by else None, "health": {"healthy": True}}
    return {"status": status, "operation": None}


class Judge(unittest.TestCase):
    """By what agent_info has returned."""

    def test_a_host_that_is_not_seen_or_not_clear(self) -> None:
        lost = {"failed": True, "msg": "no agent"}
        self.assertEqual(judged(lost), "no agent")
        self.assertEqual(judged({"unreachable": True, "msg": "no route"}), "no route")
        two = {"operation": None}
        self.assertEqual(judged(two), "the host has several apps: set haproxy_gate_app")
        busy = {**host(), "operation": {"text": "`agent restart web`, pid 7"}}
        self.assertEqual(judged(busy), "another operation is under way: `agent restart web`, pid 7")
        self.assertEqual(judged(host()), "")
        long = judged(host(), haproxy_gate_reason="x" * 201)
        self.assertIn("not 1 to 200 characters", long)

    def test_a_host_on_its_page(self) -> None:
        ends = "maintenance is on; end it with `agent maintenance off`"
        self.assertEqual(judged(host("maintenance")), ends)

    def test_an_agent_of_before(self) -> None:
        """It has another word for a hold, or says the app's health as text."""
        unheld = {"status": {"health": {"healthy": True}}, "operation": None}
        health = {"status": {**host()["status"], "health": "healthy"}, "operation": None}
        for seen in (unheld, health):
            for held in ("refuse", "reopen", "stay_closed", "skip"):
                why = judged(seen, haproxy_gate_held=held)
                self.assertIn("has another version", why, (seen, held))

    def test_a_host_that_is_held(self) -> None:
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
            for said in ({}, {"haproxy_gate_held": "refuse"}):
                self.assertEqual(judged(seen, **said), way, (seen, said))
            for held in ("reopen", "stay_closed"):
                self.assertEqual(judged(seen, haproxy_gate_held=held), "", (seen, held))
                # These tasks close and open the host by themselves.
                tasks = {"haproxy_gate_upgrade_tasks": "upgrade.yml"}
                self.assertEqual(judged(seen, haproxy_gate_held=held, **tasks), way)

    def test_a_host_that_is_to_be_skipped(self) -> None:
        for seen, way in (
            (host("operator", None, "disk"), ""),
            (host("operator", "upgrade"), ""),
            (host("unit"), ""),
            (host("unknown"), ""),
            (host("agent", "restart"), ""),
            (host("agent", "upgrade"), NOT_SKIPPED),
            (host("agent", "upgrade_cut_short"), NOT_SKIPPED),
        ):
            self.assertEqual(judged(seen, haproxy_gate_held="skip"), way, seen)

    def test_a_switch(self) -> None:
        """No hold goes with it, and each option belongs to one kind of roll."""
        green: dict[str, t.Any] = {"haproxy_gate_target": "green"}
        for said in (green, {"haproxy_gate_back": True}, {"haproxy_gate_back": "true"}):
            self.assertEqual(judged(host(), **said), "", said)
            self.assertEqual(judged(host("agent", "restart"), **said), NOT_SWITCHED, said)
            self.assertEqual(judged(host("operator"), **said), NOT_SWITCHED, said)
            for other in ("upgrade_command", "rollback_command", "held"):
                why = judged(host(), **said, **{f"haproxy_gate_{other}": "skip"})
                self.assertIn("are for a restart", why, (said, other))
        off = {"haproxy_gate_back": "false"}
        self.assertEqual(judged(host("operator"), **off), REFUSED)
        for option in ("prepare_command", "keep"):
            why = judged(host(), **off, **{f"haproxy_gate_{option}": "10m"})
            self.assertIn("are for a switch", why, option)
            self.assertEqual(judged(host(), **green, **{f"haproxy_gate_{option}": "10m"}), "")
        both = judged(host(), **green, haproxy_gate_back="true")
        self.assertIn("set one of them", both)
        self.assertEqual(judged(host(), **green, **off), "")
