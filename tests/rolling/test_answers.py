from __future__ import annotations

import json
import unittest
from typing import Any

from rolling.answer import Answer
from rolling.judge import Unusable, back, in_the_way, status_of


def line(status: str, name: str = "srvs/web1") -> dict[str, Any]:
    states = {"UP 1/3": "up_unproven", "UP (weight 0)": "zero_weight"}
    state = states.get(status, status.split(" ")[0].lower())
    return {"name": name, "role": "main", "status": status, "state": state, "proven": state == "up"}


def hold(by: str = "operator", failed: str | None = None, text: str = "a disk") -> dict[str, Any]:
    until = {"since_unix_seconds": 1, "until_unix_seconds": None}
    return {"by": by, "failed": failed, "reason": "a disk", **until, "text": text}


def health(healthy: bool = True, text: Any = "the app is healthy") -> dict[str, Any]:
    return {"healthy": healthy, "address": "10.0.0.1:1000", "error": None, "text": text}


def printed(lines: list[dict[str, Any]] | None = None, **changes: Any) -> dict[str, Any]:
    """An answer of `agent status --json`."""
    lines = [line("UP")] if lines is None else lines
    balancer = {"name": "lb1", "version": "2.6.12", "lines": lines}
    if "error" in changes:
        balancer["error"] = changes.pop("error")
    app = {
        "app": "web",
        "gates": [],
        "balancers": [balancer],
        "hold": None,
        "health": health(),
        "trouble": [],
        "in_rotation": True,
        "serving": True,
        "spare": 3,
    }
    operation = changes.pop("operation", None)
    return {"apps": [{**app, **changes}], "operation": operation, "sidecar": None}


def answer(said: Any, exit: int = 0, err: tuple[str, ...] = ()) -> Answer:
    out = said if isinstance(said, bytes) else json.dumps(said).encode()
    return Answer(exit, out, err)


class StatusOf(unittest.TestCase):
    def test_a_status_is_read(self) -> None:
        status = status_of(answer(printed(), exit=1), None)
        self.assertEqual((status.app, status.spare), ("web", 3))
        self.assertTrue(status.healthy and status.in_rotation and status.serving)

    def test_read_only_is_read(self) -> None:
        record = {"declared": {"reason": "a move"}, "gate": {}, "text": "x"}
        for given, read_only in (
            ({}, False),
            ({"readonly": {**record, "declared": None}}, False),
            ({"readonly": record}, True),
        ):
            with self.subTest(given):
                self.assertEqual(status_of(answer(printed(**given)), None).read_only, read_only)
        with self.assertRaisesRegex(Unusable, "another version"):
            status_of(answer(printed(readonly=7)), None)

    def test_the_windows_of_the_configuration_are_read(self) -> None:
        for windows, outside in (
            (None, None),
            ({"inside": True, "text": "until 17:00"}, None),
            ({"inside": False, "text": "not before 9:00"}, "not before 9:00"),
        ):
            with self.subTest(windows):
                status = status_of(answer({**printed(), "windows": windows}), None)
                self.assertEqual(status.outside, outside)
        with self.assertRaisesRegex(Unusable, "another version"):
            status_of(answer({**printed(), "windows": {"inside": 1}}), None)

    def test_a_login_shell_may_print_before_it(self) -> None:
        noisy = b"welcome to web1\n" + json.dumps(printed()).encode() + b"\n"
        self.assertEqual(status_of(answer(noisy), "web").app, "web")

    def test_an_unusable_answer_has_its_reason(self) -> None:
        refused = "ssh: connect to host web1 port 22: Connection refused"
        two = printed()
        two["apps"].append({**two["apps"][0], "app": "api"})
        usage = {"outcome": "usage", "exit": 2, "message": "no configuration"}
        for given, app, said in [
            (answer(b"", 255, (refused,)), None, f"unreachable: {refused}"),
            (answer(b"", 255, ("a", "Host key verification failed.")), None, "Host key"),
            (answer(b"", 127, ("sh: agent: not found",)), None, "no agent on this host: sh: agent"),
            (answer(b"", 1, ("sudo: a password is required",)), None, "a password is required"),
            (answer(b"hello\x1b[2J\n"), None, "not an answer of an agent: hello\\x1b[2J"),
            (answer(b""), None, "without output"),
            (answer(b"[" * 100000), None, "not an answer of an agent"),
            (answer([1]), None, "not an answer of an agent"),
            (answer(usage, 2), None, "no configuration"),
            (answer(two), None, "the apps web, api: name one with --app"),
            (answer(printed()), "api", "the apps web: name one"),
            (answer({"apps": [{"app": "web"}]}), None, "another version"),
            (answer({"apps": 7}), None, "another version"),
            (answer({"apps": [7]}), None, "another version"),
        ]:
            with self.subTest(said), self.assertRaises(Unusable) as raised:
                status_of(given, app)
            self.assertIn(said, str(raised.exception))

    def test_an_unknown_answer_is_trouble_of_the_host_only(self) -> None:
        for odd in [
            printed(app=7, spare="x"),
            printed(spare=[]),
            printed([{"name": 1}]),
            {"apps": [{"app": "web", "balancers": [7]}], "operation": None},
            {"apps": [7], "operation": None},
            {"apps": 7, "operation": None},
            printed(health=health(text=7)),
            printed(hold="`agent close web`, pid 7"),
            printed(hold={"by": "operator"}),
            printed(operation="`agent restart web`, pid 7"),
            printed(spare=1.5),
        ]:
            with self.subTest(odd), self.assertRaises(Unusable) as raised:
                status_of(answer(odd), None)
            self.assertIn("another version", str(raised.exception))
        deep: Any = []
        for _ in range(900):
            deep = [deep]
        for text in [
            json.dumps(printed(spare=7)).replace(": 7", ": 1e999").encode(),
            json.dumps(printed(trouble=deep)).encode(),
            b'{"apps": NaN}',
            b'{"apps": [], "x": Infinity}',
        ]:
            with self.subTest(text[:40]), self.assertRaises(Unusable):
                status_of(answer(text), None)

    def test_the_text_of_a_host_moves_no_cursor(self) -> None:
        ill = health(text="\x1b[31m\r\u202eill\n")
        held = hold(text="x" * 999)
        lines = [line("\x1b[2J"), line("UP", "srvs/\n1")]
        status = status_of(answer(printed(lines, health=ill, hold=held)), None)
        self.assertEqual(status.health, "\\x1b[31m\\r\\u202eill")
        assert status.hold is not None
        self.assertLess(len(status.hold.text), 310)
        shown = [(one.name, one.status) for one in status.lines]
        self.assertEqual(shown, [("srvs/web1", "\\x1b[2J"), ("srvs/\\n1", "UP")])


class InTheWay(unittest.TestCase):
    def test_a_hold_prevents_a_roll_without_an_option(self) -> None:
        table: list[tuple[dict[str, Any], str | None]] = [
            ({}, None),
            ({"health": health(False), "serving": False, "in_rotation": False}, None),
            ({"operation": {"text": "`agent restart web`, pid 7"}}, None),
            ({"spare": 0}, None),
            ({"hold": hold(text="root, for a disk")}, "held closed by root, for a disk"),
            # The balancer may be back in a moment.
            ({"error": "Connection refused", "spare": None}, None),
        ]
        for changes, why in table:
            with self.subTest(changes):
                status = status_of(answer(printed(**changes)), None)
                said = in_the_way(status, "refuse")
                self.assertEqual(said is None, why is None)
                self.assertIn(why or "", said or "")
                # With an option for held hosts.
                for on_hold in ("reopen", "stay_closed", "skip"):
                    self.assertIsNone(in_the_way(status, on_hold))

    def test_a_host_on_its_page_is_restarted_there_and_not_switched(self) -> None:
        status = status_of(answer(printed(hold=hold("maintenance"))), None)
        self.assertIsNone(in_the_way(status, "refuse"))
        said = in_the_way(status, "refuse", "switch") or ""
        self.assertIn("`agent maintenance off web`", said)

    def test_the_agent_decides_what_becomes_of_a_hold_that_is_closed_or_opened(self) -> None:
        for by, failed in (("operator", None), ("unit", None), ("agent", "upgrade")):
            status = status_of(answer(printed(hold=hold(by, failed))), None)
            for verb in ("close", "open"):
                self.assertIsNone(in_the_way(status, "refuse", verb))
        status = status_of(answer(printed(hold=hold("maintenance"))), None)
        self.assertIn("`agent maintenance off web`", in_the_way(status, "refuse", "open") or "")

    def test_a_roll_that_skips_holds_stops_at_a_failed_upgrade(self) -> None:
        for held, in_way in [
            (hold("operator", "upgrade"), False),
            (hold("unit"), False),
            (hold("unknown"), False),
            (hold("agent", "restart"), False),
            (hold("agent", "upgrade"), True),
            (hold("agent", "upgrade_cut_short"), True),
            # It still runs.
            (hold("agent"), False),
            # From a later agent.
            (hold("agent", "switch"), True),
        ]:
            with self.subTest(held):
                said = in_the_way(status_of(answer(printed(hold=held)), None), "skip")
                self.assertEqual(said is not None, in_way, said)


class Back(unittest.TestCase):
    def test_a_host_is_back_or_the_missing_line_is_named(self) -> None:
        maint = line("MAINT", "srvs/bkp1")
        for lines, in_rotation, missing in [
            ([line("UP")], True, None),
            ([line("DOWN 1/2"), line("UP")], False, "srvs/web1 is DOWN 1/2"),
            ([line("UP 1/3")], False, "srvs/web1 is UP 1/3"),
            # The roll waits for no line that an operator of HAProxy took out, but for the others.
            ([line("MAINT"), maint], False, None),
            ([line("DRAIN (agent)")], False, None),
            ([line("UP (weight 0)")], False, None),
            ([line("DOWN"), maint], False, "srvs/web1 is DOWN"),
            ([], False, "does not show it"),
            ([line("UP")], False, "does not show it"),
            # In slow start.
            ([{**line("UP"), "proven": False}], False, "srvs/web1 is UP, but not proven yet"),
        ]:
            with self.subTest(lines):
                said = back(status_of(answer(printed(lines, in_rotation=in_rotation)), None))
                self.assertEqual(said is None, missing is None, said)
                self.assertIn(missing or "", said or "")

    def test_a_balancer_out_of_sight_is_named(self) -> None:
        status = status_of(answer(printed([], in_rotation=False, error="timed out")), None)
        self.assertEqual(back(status), "lb1: timed out")
