# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""How an app stands, from what `agent status` says."""

from __future__ import annotations

import typing as t
import unittest

from ansible_collections.haproxy_gate.agent.plugins.module_utils import standing

HELD = "`agent close web`, pid 7, since 2026-11-21T12:00:00Z"


def status(**said: t.Any) -> standing.Status:
    """In rotation, but for what is said."""
    up = {"status": "UP", "proven": True}
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
        "held": None,
        "healthy": True,
        "health": "the app is healthy",
        "trouble": [],
        "in_rotation": True,
        **said,
    }


class Standing(unittest.TestCase):
    """Open, closed, in rotation."""

    def test_in_rotation(self) -> None:
        self.assertTrue(standing.is_open(status()))
        self.assertFalse(standing.is_closed(status()))

    def test_what_is_not_said_is_not_in_rotation(self) -> None:
        for unseen in (None, 1, "true"):
            self.assertFalse(standing.is_in_rotation(status(in_rotation=unseen)))

    def test_closed(self) -> None:
        closed = standing.expected(status(), closed=True)
        self.assertTrue(standing.is_closed(closed))
        self.assertFalse(standing.is_open(closed))

    def test_not_closed(self) -> None:
        closed = standing.expected(status(), closed=True)
        for otherwise in (
            {"held": None},
            {"gates": []},
            {"gates": status()["gates"]},
            {"balancers": status()["balancers"]},
        ):
            self.assertFalse(standing.is_closed({**closed, **otherwise}), otherwise)

    def test_the_twin_of_the_classic_layout_stays_up(self) -> None:
        line = {"name": "srvs/bkp1", "role": "classic_twin", "status": "UP", "proven": True}
        classic = status(balancers=[{"name": "lb", "lines": [line]}])
        closed = standing.expected(classic, closed=True)
        self.assertEqual(closed["balancers"][0]["lines"], [line])
        self.assertTrue(standing.is_closed(closed))


class Held(unittest.TestCase):
    """Whether somebody holds it closed as it is asked for."""

    def test_so(self) -> None:
        for held, reason in ((HELD, None), (HELD + ": disk Z: swap", "disk Z: swap")):
            self.assertTrue(standing.is_held_so(status(held=held), reason), held)
        self.assertTrue(standing.is_held_so(status(held=HELD + ": disk swap"), None))

    def test_not_so(self) -> None:
        for held, reason in (
            (None, None),
            (HELD, "disk swap"),
            (HELD + ": another", "disk swap"),
            (HELD + ", until 2026-11-21T13:00:00Z: disk swap", "disk swap"),
            (HELD + ", for web.service: disk swap", "disk swap"),
        ):
            self.assertFalse(standing.is_held_so(status(held=held), reason), held)


class Words(unittest.TestCase):
    """What people read."""

    def test_one_side_of_a_diff(self) -> None:
        wanted = (
            "gate main: port 2000 to 1000: open\n"
            "gate backup: port 3000 to 1000: open\n"
            "tcp://10.0.0.1:9999 srvs/web1: UP\n"
            "tcp://10.0.0.1:9999 srvs/bkp1: UP\n"
            "held closed: no\n"
        )
        self.assertEqual(standing.told(status()), wanted)

    def test_why_it_is_not_in_rotation(self) -> None:
        closed = standing.expected(status(), closed=True)
        why = standing.why_not_in_rotation({**closed, "held": HELD})
        self.assertTrue(why.startswith("closed by " + HELD), why)
        self.assertIn("srvs/web1 is DOWN", why)
        unseen = status(balancers=[{"name": "lb", "error": "no answer"}])
        self.assertEqual(standing.why_not_in_rotation(unseen), "lb: no answer")

    def test_which_app(self) -> None:
        said = {"apps": [status(), status(app="api")]}
        self.assertEqual(standing.of_app(said, "api")["app"], "api")
        for app in (None, "db"):
            with self.assertRaises(LookupError) as raised:
                standing.of_app(said, app)
            self.assertIn("web, api", str(raised.exception))
