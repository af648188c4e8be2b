# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""What the module makes of its options, and of what the agent says."""

from __future__ import annotations

import typing as t
import unittest

from ansible_collections.haproxy_gate.agent.plugins.module_utils.command import Answer
from ansible_collections.haproxy_gate.agent.plugins.module_utils.status import (
    Hold,
    Status,
)
from ansible_collections.haproxy_gate.agent.plugins.modules import agent

HELD = Hold("operator", None, "disk swap", None, "`agent close web`")


def status(
    gate: str, hold: Hold | None = None, in_rotation: bool = False
) -> Status:
    """Of an app with one gate."""
    seen = (in_rotation, in_rotation, 1, hold, None, (gate,))
    return Status("web", True, "healthy", *seen)


def params(state: str, **given: t.Any) -> dict[str, t.Any]:
    """As Ansible gives them."""
    none = dict.fromkeys([*agent.OWN, "reason"])
    usual = {"turn": "10m", "upgrade": True, "held": "refuse", "replace": False, "back": False}
    return {**none, **usual, "outside_window": False, "state": state, **given}


def answer(outcome: str) -> Answer:
    """One that went well."""
    return Answer(0, {"outcome": outcome})


class Options(unittest.TestCase):
    """For the agent, and those that fit no state."""

    def test_for_the_agent(self) -> None:
        for asked, wanted in (
            (params("restarted"), ["--turn=10m"]),
            (params("restarted", upgrade_command="ln -s a b"), ["--turn=10m", "--with=ln -s a b"]),
            (
                params("restarted", upgrade_command="a", rollback_command="b"),
                ["--turn=10m", "--with=a", "--rollback=b"],
            ),
            (
                params("closed", turn="5s", lasts="30m", reason="disk swap"),
                ["--turn=5s", "--for=30m", "--reason=disk swap"],
            ),
            (params("restarted", held="reopen"), ["--turn=10m", "--reopen"]),
            (params("restarted", held="stay_closed"), ["--turn=10m", "--stay-closed"]),
            (params("restarted", held="skip"), ["--turn=10m", "--skip-held"]),
            (params("closed", replace=True), ["--turn=10m", "--replace"]),
            (params("restarted", upgrade=False), ["--turn=10m", "--without-upgrade"]),
            (params("restarted", reason="-x; 'y'"), ["--turn=10m", "--reason=-x; 'y'"]),
            (params("switched", target="green"), ["--to=green"]),
            (
                params("switched", target="green", keep="10m", prepare_command="a", reason="x"),
                ["--to=green", "--keep=10m", "--with=a", "--reason=x"],
            ),
            (params("switched", back=True), ["--back"]),
            (params("open"), []),
            (params("open", reason="swapped"), ["--reason=swapped"]),
            (params("maintenance_off", reason="x"), ["off", "--reason=x"]),
            (params("maintenance_on", lasts="2h"), ["on", "--for=2h"]),
            (params("readonly_on", lasts="2h"), ["on", "--for=2h"]),
            (params("readonly_off"), ["off"]),
            (params("closed", turn=""), []),
            (
                params("switched", target="green", outside_window=True, reason="x"),
                ["--outside-window", "--to=green", "--reason=x"],
            ),
            (params("present"), []),
            (params("present", reason="a reboot"), ["--reason=a reboot"]),
        ):
            self.assertEqual(agent.options(asked, check_mode=False), wanted)

    def test_a_dry_run_waits_for_no_turn(self) -> None:
        asked = params("restarted", upgrade_command="true", reason="x")
        words = ["--dry-run", "--with=true", "--reason=x"]
        self.assertEqual(agent.options(asked, check_mode=True), words)

    def test_misplaced(self) -> None:
        self.assertIsNone(agent.misplaced(params("restarted", upgrade_command="true")))
        for state in agent.WINDOWED:
            given = {"target": "green"} if state == "switched" else {}
            asked = params(state, outside_window=True, reason="x", **given)
            self.assertIsNone(agent.misplaced(asked), state)
        for asked in (
            params("open", lasts="1h"),
            params("restarted", lasts="1h"),
            params("closed", upgrade_command="true"),
            params("open", upgrade=False),
            params("closed", held="reopen"),
            params("restarted", replace=True),
            params("restarted", upgrade=False, upgrade_command="true"),
            params("restarted", upgrade=False, rollback_command="true"),
            params("closed", rollback_command="true"),
            params("switched"),
            params("switched", target="green", back=True),
            params("switched", prepare_command="a", back=True),
            params("switched", target="green", upgrade_command="a"),
            params("switched", target="green", held="skip"),
            params("restarted", target="green"),
            params("restarted", back=True),
            params("open", keep="1m"),
            params("maintenance_off", lasts="1h"),
            params("readonly_off", lasts="1h"),
            params("restarted", outside_window=True),
            params("open", outside_window=True, reason="x"),
            params("readonly_off", outside_window=True, reason="x"),
            params("switched", back=True, outside_window=True, reason="x"),
            params("maintenance_on", held="reopen"),
        ):
            self.assertIsNotNone(agent.misplaced(asked), asked)


class Changes(unittest.TestCase):
    """What is reported as changed."""

    def test_by_the_outcome(self) -> None:
        for state, outcome, changed in (
            ("restarted", "restarted", True),
            ("restarted", "recovered", True),
            ("restarted", "restarted_closed", True),
            ("restarted", "skipped", False),
            ("switched", "switched", True),
            ("switched", "nothing_to_do", False),
            ("closed", "closed", True),
            ("present", "recovered", True),
            ("present", "nothing_to_do", False),
        ):
            changes = agent.is_change(state, None, answer(outcome), check_mode=False)
            self.assertEqual(changes, changed, (state, outcome))

    def test_a_plan_is_a_change_in_check_mode(self) -> None:
        self.assertTrue(agent.is_change("restarted", None, answer("planned"), True))
        self.assertFalse(agent.is_change("present", None, answer("nothing_to_do"), True))

    def test_a_second_maintenance_is_none(self) -> None:
        on = Hold("maintenance", None, None, None, "`agent maintenance on web`")
        for before, changed in ((status("open"), True), (status("closed", on), False)):
            said = answer("maintenance_on")
            changes = agent.is_change("maintenance_on", before, said, check_mode=False)
            self.assertEqual(changes, changed, before)

    def test_to_wait_for_open_gates_is_none(self) -> None:
        for before, changed in (
            (status("open"), False),
            (status("open", HELD), True),
            (status("closed"), True),
        ):
            changes = agent.is_change("open", before, answer("opened"), check_mode=False)
            self.assertEqual(changes, changed, before)

    def test_what_is_so_already(self) -> None:
        rotates = status("open", in_rotation=True)
        closed = status("closed", HELD)
        for asked, seen, so in (
            (params("open"), rotates, True),
            (params("open"), status("open"), False),
            (params("closed"), closed, True),
            (params("closed"), rotates, False),
            (params("closed", reason="disk swap"), closed, True),
            (params("closed", reason="another"), closed, False),
            # Its time begins anew.
            (params("closed", lasts="1h"), closed, False),
            (params("restarted"), rotates, False),
            (params("present"), rotates, False),
        ):
            self.assertEqual(agent.is_so_already(asked, seen), so, (asked, seen))
