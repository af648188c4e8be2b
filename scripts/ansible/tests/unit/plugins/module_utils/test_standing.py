# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Whether an app is as a task asks for it, from what `agent status` says."""

from __future__ import annotations

import typing as t
import unittest

from ansible_collections.haproxy_gate.agent.plugins.module_utils import standing
from ansible_collections.haproxy_gate.agent.plugins.module_utils.status import (
    OtherVersion,
    Status,
    WhichApp,
    read,
)


def hold(**changes: t.Any) -> dict[str, t.Any]:
    """An operator's."""
    data = {
        "by": "operator",
        "failed": None,
        "reason": "disk swap",
        "until_unix_seconds": None,
        "text": "`agent close web` by alice",
    }
    return {**data, **changes}


def entry(**changes: t.Any) -> dict[str, t.Any]:
    """Of an app in rotation, but for the changes."""
    up = {"status": "UP", "state": "up", "proven": True}
    lines = [
        {"name": "srvs/web1", "role": "main", **up},
        {"name": "srvs/bkp1", "role": "twin", **up},
    ]
    gate = {"port": 1000, "position": "open"}
    return {
        "app": "web",
        "gates": [
            {"role": "main", "status_port": 2000, **gate},
            {"role": "twin", "status_port": 3000, **gate},
        ],
        "balancers": [{"name": "tcp://10.0.0.1:9999", "lines": lines}],
        "hold": None,
        "phase": None,
        "health": {"healthy": True, "text": "the app is healthy"},
        "trouble": [],
        "in_rotation": True,
        "serving": True,
        "spare": 1,
        **changes,
    }


def status(**changes: t.Any) -> Status:
    """The same, read."""
    return read({"apps": [entry(**changes)], "operation": None}, "web")


def read_entry(one: dict[str, t.Any]) -> Status:
    """Of what a dry run expects."""
    return status(**one)


class Reading(unittest.TestCase):
    """One entry of the answer."""

    def test_which_app(self) -> None:
        answer = {"apps": [entry(), entry(app="api")], "operation": None}
        self.assertEqual(read(answer, "api").app, "api")
        for app in (None, "db"):
            with self.assertRaises(WhichApp) as raised:
                read(answer, app)
            self.assertEqual(raised.exception.apps, ["web", "api"])

    def test_what_is_no_status_of_this_version(self) -> None:
        for odd in (
            {"hold": "`agent close web`, pid 7"},
            {"health": "the app is healthy"},
            {"in_rotation": 1},
            {"spare": "1"},
            {"balancers": None},
        ):
            with self.subTest(odd), self.assertRaises(OtherVersion):
                status(**odd)


class Standing(unittest.TestCase):
    """Open, closed, in rotation."""

    def test_in_rotation(self) -> None:
        self.assertTrue(standing.is_open(status()))
        self.assertFalse(standing.is_closed(status()))
        self.assertFalse(standing.is_open(status(in_rotation=False)))

    def test_closed(self) -> None:
        closed = read_entry(standing.expected(entry(), closed=True))
        self.assertTrue(standing.is_closed(closed))
        self.assertFalse(standing.is_open(closed))

    def test_not_closed(self) -> None:
        closed = standing.expected(entry(), closed=True)
        for otherwise in (
            {"hold": None},
            {"gates": []},
            {"gates": entry()["gates"]},
            {"balancers": entry()["balancers"]},
        ):
            self.assertFalse(
                standing.is_closed(read_entry({**closed, **otherwise})), otherwise
            )

    def test_the_twin_of_the_classic_layout_stays_up(self) -> None:
        line = {"name": "srvs/bkp1", "role": "classic_twin", "status": "UP"}
        line.update(state="up", proven=True)
        classic = entry(balancers=[{"name": "lb", "lines": [line]}])
        closed = standing.expected(classic, closed=True)
        self.assertEqual(closed["balancers"][0]["lines"], [line])
        self.assertTrue(standing.is_closed(read_entry(closed)))


class Held(unittest.TestCase):
    """Whether an operator holds it closed as it is asked for."""

    def test_so(self) -> None:
        for reason in (None, "disk swap"):
            self.assertTrue(standing.is_held_so(status(hold=hold()), reason), reason)

    def test_not_so(self) -> None:
        for changes in (
            None,
            {"reason": None},
            {"reason": "another"},
            {"until_unix_seconds": 1795262400},
            {"by": "unit"},
            {"by": "agent", "failed": "restart"},
        ):
            held = status(hold=changes and hold(**changes))
            self.assertFalse(standing.is_held_so(held, "disk swap"), changes)


class Words(unittest.TestCase):
    """What people read."""

    def test_one_side_of_a_diff(self) -> None:
        wanted = (
            "gate main: port 2000 to 1000: open\n"
            "gate twin: port 3000 to 1000: open\n"
            "tcp://10.0.0.1:9999 srvs/web1: UP\n"
            "tcp://10.0.0.1:9999 srvs/bkp1: UP\n"
            "held closed: no\n"
        )
        self.assertEqual(standing.side_of_diff(entry()), wanted)

    def test_whether_writes_are_refused(self) -> None:
        marked = entry(readonly={"declared": None})
        for on, writes in ((True, "refused"), (False, "taken")):
            side = standing.side_of_diff(standing.declared(marked, on))
            self.assertTrue(side.endswith(f"writes: {writes}\n"), side)
        self.assertEqual(standing.declared(entry(), on=True), entry())

    def test_why_it_is_not_in_rotation(self) -> None:
        closed = standing.expected(entry(), closed=True)
        why = standing.why_not_in_rotation(read_entry({**closed, "hold": hold()}))
        self.assertTrue(why.startswith("closed by `agent close web` by alice"), why)
        self.assertIn("tcp://10.0.0.1:9999 srvs/web1 is DOWN", why)
        unseen = {"name": "lb", "lines": [], "error": "no answer"}
        why = standing.why_not_in_rotation(status(balancers=[unseen]))
        self.assertEqual(why, "lb: no answer")
        slow = entry()["balancers"]
        slow[0]["lines"][0]["proven"] = False
        why = standing.why_not_in_rotation(status(balancers=slow))
        self.assertTrue(why.endswith("srvs/web1 is UP, but not proven yet"), why)
