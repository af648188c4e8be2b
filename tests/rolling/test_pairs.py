from __future__ import annotations

import signal
import tempfile
import unittest
from dataclasses import replace
from typing import Any

from fleet import Fleet, report, states, status
from rolling.command_line import given, parse
from rolling.ending import Ending, Verdict
from rolling.hosts import Wrong
from rolling.main import prepare
from rolling.options import Options, UsageError, merge
from rolling.pairs import Pair, against, against_back, against_finish
from rolling.status import Hold, Line, Status
from rolling.steady import unsteady
from rolling.ways import UNKNOWN, may_be_open, refuses
from test_schema import wrong

PAIR = Pair("root@web1", "web9")
UP = Status("web", True, "healthy", True, True, 9, None, None)
ONE, TWO = "web1=web9", "web2=web8"
SET = {"name": "srvs/web8", "role": "main", "status": "MAINT", "state": "maint", "proven": False}
LOST = {"exit": 255, "silent": True}
MAINT = {"name": "lb1", "lines": [SET]}


def held(reason: str, by: str = "operator") -> dict[str, Any]:
    return {"by": by, "failed": None, "reason": reason, "until_unix_seconds": None, "text": reason}


def closed(reason: str | None, by: str = "operator") -> Status:
    return replace(UP, in_rotation=False, hold=Hold(by, None, reason, None, f"{by}: {reason}"))


def with_line(status: str, state: str, proven: bool, role: str = "main") -> Status:
    return replace(UP, lines=(Line("lb1", "srvs/web9", role, status, state, proven),))


class Decisions(unittest.TestCase):
    def test_the_hold_of_the_old_host_says_which_one_has_its_place(self) -> None:
        for old, goes, back in (
            (UP, True, False),
            (closed("replaced by web9"), True, True),
            (closed("replaced by web9: disks"), True, True),
            (closed("replaced by web99"), False, False),
            (closed("replaced for good by web9"), False, False),
            (closed("disks"), False, False),
            (closed(None), False, False),
            (closed("replaced by web9", by="unit"), False, False),
            # Its agent closes it for good.
            (closed("the restart failed", by="agent"), True, False),
        ):
            with self.subTest(old.hold):
                self.assertEqual(against(PAIR, old, UP) == {}, goes)
                self.assertEqual(against_back(PAIR, old, UP) == {}, back)
        page = replace(UP, hold=Hold("maintenance", None, None, None, "root"))
        self.assertIn("`agent maintenance off web`", against(PAIR, UP, page)["web9"])
        said = against_finish(PAIR, closed("replaced by web9"), replace(UP, in_rotation=False))
        self.assertEqual(list(said), ["web9"])

    def test_a_host_that_is_sick_or_not_up_is_unsteady(self) -> None:
        for seen, why in (
            (UP, None),
            (with_line("UP", "up", True), None),
            # A balancer that is reloaded.
            (replace(UP, in_rotation=False, unseen=("lb1: refused",)), None),
            (with_line("DOWN 1/2", "down", False), "srvs/web9 is DOWN 1/2"),
            (with_line("UP", "up", False), "srvs/web9 is UP, but not proven yet"),
            (with_line("no check", "no_check", False), "srvs/web9 is no check"),
            (replace(UP, healthy=False, health="503"), "503"),
        ):
            with self.subTest(why):
                self.assertEqual(unsteady(seen), why)

    def test_lines_that_an_operator_of_haproxy_has_taken_out_get_no_users(self) -> None:
        ready = ": run `set server srvs/web9 state ready` there"
        weight = ": run `set server srvs/web9 weight 100%` there"
        for shown, state, proven, fix in (
            ("MAINT", "maint", False, ready),
            ("DRAIN 1/2", "drain", False, ready),
            ("UP (weight 0)", "zero_weight", True, weight),
            # Not by an operator: `state ready` does not end it.
            ("MAINT (via a/b)", "maint", False, ""),
            ("DRAIN (agent)", "drain", False, ""),
        ):
            with self.subTest(shown):
                out = with_line(shown, state, proven)
                said = f"srvs/web9 is {shown} at lb1{fix}"
                self.assertEqual(unsteady(out), said)
                replaced = closed("replaced by web9")
                self.assertEqual(against(PAIR, UP, out), {PAIR.new: said})
                self.assertEqual(against_finish(PAIR, replaced, out), {PAIR.new: said})
                self.assertEqual(against_back(PAIR, replaced, out), {}, "it closes")
                old = replace(out, hold=replaced.hold)
                self.assertEqual(against_back(PAIR, old, UP), {PAIR.old: said})
                self.assertEqual(against(PAIR, out, UP), {}, "it closes")
        twin = with_line("UP (weight 0)", "zero_weight", True, role="twin")
        self.assertEqual(unsteady(twin), None, "its sticky users come all the same")
        self.assertEqual(against(PAIR, UP, with_line("DOWN", "down", False)), {}, "it is closed")

    def test_a_dry_run_of_a_host_that_closes_may_find_too_few_servers(self) -> None:
        for exit, opens, closes in (
            (0, False, False),
            # Another operation ends before its turn comes.
            (10, True, False),
            (11, True, True),
            (12, True, False),
            (21, True, True),
            (255, True, True),
        ):
            dry = Ending(Verdict.FAILED, exit, "", "", None)
            self.assertEqual((refuses(dry, False), refuses(dry, True)), (opens, closes), exit)

    def test_the_gates_may_be_open_after_an_open_that_failed(self) -> None:
        for exit, answered, may in (
            (16, True, True),
            (1, True, True),
            (15, True, True),
            (130, True, True),
            (2, True, False),
            (10, True, False),
            (11, True, False),
            # A lost connection, and an agent that was killed.
            (255, False, True),
            (137, False, True),
            (127, False, False),
        ):
            ending = Ending(Verdict.FAILED, exit, "", "", {} if answered else None)
            self.assertEqual(may_be_open(ending), may, exit)

    def test_wrong_options_are_errors(self) -> None:
        for argv, says in (
            (["--replace", "web1"], "expected OLD=NEW"),
            (["--replace", "=web9"], "expected OLD=NEW"),
            (["--replace", "web1=web1"], "named twice"),
            (["--replace", ONE, "--replace", "web2=web9"], "named twice"),
            (["--replace=-oX=web9"], "is not a host"),
            (["--replace", ONE, "web3"], "names its hosts"),
            (["--replace", ONE, "--batch", "2"], "pair by pair: remove --batch"),
            (["--replace", ONE, "--with", "x"], "--with does not go with --replace"),
            (["--replace", ONE, "--back", "--finish"], "remove --back or --finish"),
            (["--replace", ONE, "--settle", "9999h"], "up to a day"),
            (["--replace", ONE, "--reason", "x" * 190], "too long"),
            (["--replace", ONE, "--close"], "not allowed with"),
            (["--replace", ONE, "--resume", "x"], "keeps no record"),
            (["--settle", "1m", "web1"], "--settle is an option of a replace: add --replace"),
            (["--close", "--finish", "web1"], "--finish does not go with --close"),
        ):
            with self.subTest(argv), self.assertRaisesRegex((UsageError, Wrong), says):
                prepare(parse("x", argv))

    def test_pairs_come_from_a_file_too(self) -> None:
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(f"# today\n{ONE}\n\n  {TWO}  # the small one\n")
            file.flush()
            record = prepare(parse("x", ["--replace-file", file.name, "--replace", "a=b"]))
        self.assertEqual(record.hosts, ["a", "b", "web1", "web9", "web2", "web8"])
        self.assertEqual(merge(Options(), given(parse("x", ["--replace", ONE]))).replace, [ONE])


class Replacing(unittest.TestCase):
    """A fleet whose hosts open and close."""

    def fleet(self, **verbs: dict[str, Any]) -> Fleet:
        done = {"open": report(0, "opened"), "close": report(0, "closed")}
        fleet = Fleet(**{**done, **verbs})
        self.addCleanup(fleet.close)
        return fleet

    def roll(self, fleet: Fleet, *words: str) -> dict[str, Any]:
        return self.check(fleet.roll("--settle", "0s", *words))

    def check(self, answer: dict[str, Any]) -> dict[str, Any]:
        self.assertEqual(wrong(answer), [])
        self.assertEqual(answer["verb"], "replace")
        return answer

    def work(self, fleet: Fleet) -> list[str]:
        """What the agents did, in order: the host, the verb and the reason."""
        calls = [call for call in fleet.calls("open", "close") if "--dry-run" not in call]
        kept = [
            [*call[:2], *(w for w in call if w.startswith(("--reason", "--repl")))]
            for call in calls
        ]
        return [" ".join(call) for call in kept]


class Replaces(Replacing):
    def test_the_new_host_opens_before_the_old_one_closes(self) -> None:
        fleet = self.fleet()
        planned = self.roll(fleet, "--replace", ONE, "--dry-run")
        self.assertEqual((planned["outcome"], planned["batches"]), ("planned", [["web1", "web9"]]))
        self.assertEqual(self.work(fleet), [])
        done = self.roll(fleet, "--replace", ONE, "--replace", TWO, "--reason", "disks")
        self.assertEqual((done["outcome"], done["exit"]), ("replaced", 0))
        self.assertEqual(
            self.work(fleet),
            [
                "web9 open --reason=disks",
                "web1 close --reason=replaced by web9: disks",
                "web8 open --reason=disks",
                "web2 close --reason=replaced by web8: disks",
            ],
        )

    def test_a_sick_new_host_is_closed_again_and_the_old_one_stays(self) -> None:
        fleet = self.fleet()
        sick = {"healthy": False, "text": "the app answers 500"}
        fleet.host("web9", status=status(health=sick, in_rotation=False))
        failed = self.roll(fleet, "--replace", ONE, "--replace", TWO)
        self.assertEqual((failed["outcome"], failed["exit"]), ("failed", 1))
        self.assertEqual(self.work(fleet)[1:], ["web9 close --reason=not in the place of web1"])
        self.assertEqual(failed["hosts"][1]["message"], "the app answers 500; closed again")
        left = dict.fromkeys(["web1", "web2", "web8"], "not_reached")
        self.assertEqual(states(failed), {**left, "web9": "failed"})
        # One that was in rotation before stays so.
        fleet.host("web9", status=status(health=sick))
        message = self.roll(fleet, "--replace", ONE)["hosts"][1]["message"]
        self.assertIn("it stays open, as it was before", message)

    def test_an_old_host_that_can_not_close_stops_it(self) -> None:
        fleet = self.fleet()
        fleet.host("web1", close=report(14, "not_drained"))
        failed = self.roll(fleet, "--replace", ONE, "--replace", TWO)
        self.assertEqual(failed["exit"], 1)
        self.assertEqual(failed["hosts"][0]["message"], "said not_drained; web9 is open")
        self.assertEqual(len(self.work(fleet)), 2)
        # The connection broke: it may have closed.
        fleet.host("web1", close=LOST)
        message = self.roll(fleet, "--replace", ONE)["hosts"][0]["message"]
        self.assertTrue(message.endswith(f"; {UNKNOWN}; web9 is open"), message)

    def test_an_open_that_fails_is_taken_back_if_its_gates_are_open(self) -> None:
        was, closed_gates = status(in_rotation=False), [{"position": "closed"}]
        still = status(in_rotation=False, gates=closed_gates)
        for opens, seen, end in (
            (report(16, "not_in_rotation"), was, "said not_in_rotation; closed again"),
            (LOST, still, "; its gates are closed"),
            (report(11, "refused"), was, "said refused"),
            (report(16, "x"), status(), "said x; it stays open, as it was before"),
        ):
            with self.subTest(end):
                fleet = self.fleet()
                fleet.host("web9", open=opens, status=seen)
                failed = self.roll(fleet, "--replace", ONE)
                self.assertEqual(states(failed), {"web1": "not_reached", "web9": "failed"})
                message = failed["hosts"][1]["message"]
                self.assertTrue(message.endswith(end), message)
                closes = [call for call in self.work(fleet) if " close " in call]
                back = ["web9 close --reason=not in the place of web1"]
                self.assertEqual(closes, back if "closed again" in end else [])
        fleet.host("web9", open=report(16, "x"), status=was, close=report(13, "y"))
        message = self.roll(fleet, "--replace", ONE)["hosts"][1]["message"]
        self.assertEqual(
            message, f"said x; `agent close` failed there (exit 13): said y; {UNKNOWN}"
        )

    def test_a_hold_of_another_operator_does_not_end_silently(self) -> None:
        for words, host, reason, says in (
            ([], "web9", "disk swap, alice", "web9: held closed by disk swap, alice; it opens\n"),
            (["--back"], "web1", "replaced by web9: disks", None),
        ):
            fleet = self.fleet()
            fleet.host(host, status=status(hold=held(reason)))
            _, err = fleet.start("--replace", ONE, *words, "--dry-run").communicate(timeout=60)
            self.assertEqual("it opens" in err, says is not None)
            self.assertIn(says or "", err)

    def test_nothing_begins_if_one_can_not(self) -> None:
        for name, answers in (
            ("web8", {"dry_run": report(15, "not_healthy")}),
            ("web2", {"status": {"exit": 2, "message": "no configuration"}}),
            ("web2", {"status": status(hold=held("disks"))}),
            ("web8", {"status": status(balancers=[MAINT])}),
        ):
            with self.subTest(name):
                fleet = self.fleet()
                fleet.host(name, **answers)
                refused = self.roll(fleet, "--replace", ONE, "--replace", TWO)
                self.assertEqual((refused["outcome"], refused["exit"]), ("could_not_begin", 3))
                self.assertEqual(self.work(fleet), [])

    def test_hosts_that_close_get_a_dry_run_too(self) -> None:
        replaced = {"status": status(hold=held("replaced by web9"))}
        for words, name, exit, begins in (
            ([], "web1", 21, False),
            # The other host is not open yet.
            ([], "web1", 12, True),
            (["--back"], "web9", 21, False),
            (["--finish"], "web1", 11, False),
            # Its agent is asked for nothing.
            (["--finish"], "web9", 11, True),
        ):
            with self.subTest(words, name=name, exit=exit):
                fleet = self.fleet()
                hosts = {"web1": replaced if words else {}, "web9": {}}
                hosts[name] = {**hosts[name], "dry_run": report(exit, "no")}
                for host, answers in hosts.items():
                    fleet.host(host, **answers)
                answer = self.roll(fleet, "--replace", ONE, *words)
                self.assertEqual(answer["exit"], 0 if begins else 3)
                self.assertEqual(self.work(fleet) != [], begins)
        # With the reason of its hold: the hold that is there may have another one.
        asked = [call for call in fleet.calls("close") if "--dry-run" in call]
        self.assertIn("--reason=replaced for good by web9", asked[0])

    def test_the_way_back_until_finish(self) -> None:
        fleet = self.fleet()
        for words in (["--back"], ["--finish"]):
            self.assertEqual(self.roll(fleet, "--replace", ONE, *words)["exit"], 3)
        fleet.host("web1", status=status(hold=held("replaced by web9: disks")))
        back = self.roll(fleet, "--replace", ONE, "--back")
        self.assertEqual((back["outcome"], back["exit"]), ("replaced_back", 0))
        self.assertEqual(self.work(fleet), ["web1 open", "web9 close --reason=web1 serves again"])
        finished = self.roll(fleet, "--replace", ONE, "--finish")
        self.assertEqual((finished["outcome"], finished["exit"]), ("finished", 0))
        last = "web1 close --replace --reason=replaced for good by web9"
        self.assertEqual(self.work(fleet)[2:], [last])
        fleet.host("web1", status=status(hold=held("replaced for good by web9")))
        self.assertEqual(self.roll(fleet, "--replace", ONE, "--back")["exit"], 3)

    def test_a_second_ctrl_c_puts_the_host_under_way_back(self) -> None:
        waits = {**report(130, "interrupted"), "waits": True}
        new = "said interrupted; closed again"
        for at, answers, gates, message in (
            ("web9", {"open": waits}, "open", new),
            ("web9", {"open": waits}, "closed", "said interrupted; its gates are closed"),
            ("web1", {"close": waits}, "open", "said interrupted; web9 is open"),
        ):
            with self.subTest(message):
                fleet = self.fleet()
                if at == "web9":
                    seen = status(in_rotation=False, gates=[{"position": gates}])
                    answers = {**answers, "status": seen}
                fleet.host(at, **answers)
                started = fleet.start("--replace", ONE, "--settle", "0s")
                fleet.wait_for(next(iter(answers)))
                started.send_signal(signal.SIGINT)
                started.send_signal(signal.SIGTERM)
                answer = self.check(fleet.answer(started))
                ended = {host["host"]: host["message"] for host in answer["hosts"]}
                self.assertEqual((answer["outcome"], ended[at]), ("interrupted", message))
                back = "web9 close --reason=not in the place of web1"
                self.assertEqual(back in self.work(fleet), message == new)

    def test_ctrl_c_finishes_the_pair_and_a_second_one_goes_back(self) -> None:
        for second, left in ((False, "done"), (True, "failed")):
            with self.subTest(second=second):
                fleet = self.fleet()
                fleet.host("web9", status=status(in_rotation=not second))
                words = ["--replace", ONE, "--replace", TWO]
                started = fleet.start(*words, "--settle", "30s" if second else "4s")
                fleet.wait_for("open")
                started.send_signal(signal.SIGINT)
                if second:
                    started.send_signal(signal.SIGTERM)
                answer = self.check(fleet.answer(started))
                self.assertEqual(answer["outcome"], "interrupted")
                self.assertEqual(states(answer)["web9"], left)
                self.assertEqual(states(answer)["web2"], "not_reached")
                if second:
                    end = "web9 close --reason=not in the place of web1"
                    self.assertEqual(self.work(fleet)[-1], end)
