"""The whole program, over a fleet on paper."""

from __future__ import annotations

import json
import signal
import time
import unittest
from typing import Any

from fleet import OUTSIDE, Fleet, outside, report, states, status
from test_schema import wrong

TO = ("--switch", "--to", "green", "web1", "web2")
CUT = status(
    trouble=["`agent switch web` was cut short: `agent recover web` finishes or undoes it"]
)


class Whole(unittest.TestCase):
    def fleet(self, **verbs: dict[str, Any]) -> Fleet:
        fleet = Fleet(**verbs)
        self.addCleanup(fleet.close)
        return fleet


class Words(Whole):
    def test_one_host_is_singular(self) -> None:
        fleet = self.fleet()
        fleet.host("web1", status={"silent": True, "exit": 127})
        started = fleet.start("web1")
        out, err = started.communicate(timeout=60)
        self.assertEqual(err.splitlines()[0], "asking 1 host for the status")
        said = json.loads(out)["message"]
        self.assertEqual(said, "the roll did not begin: 1 of 1 host is not ready")


class Switches(Whole):
    def test_a_switch_that_was_cut_short_refuses_no_dry_run(self) -> None:
        fleet = self.fleet()
        fleet.host("web1", status=CUT, dry_run=report(11, "refused"))
        planned = fleet.roll(*TO, "--dry-run")
        self.assertEqual((planned["outcome"], planned["exit"]), ("planned", 0))
        said = planned["hosts"][0]["message"]
        self.assertTrue(said.startswith("first: `agent switch web` was cut short"), said)
        asked = [call[0] for call in fleet.calls("switch")]
        self.assertEqual(asked, ["web2"], "a dry run finishes nothing")
        # Another refusal counts.
        fleet.host("web2", dry_run=report(18, "not_placed"))
        self.assertIn("1 of 2 hosts would refuse", fleet.roll(*TO, "--dry-run")["message"])

    def test_the_roll_itself_begins_there(self) -> None:
        fleet = self.fleet(switch=report(0, "switched"))
        fleet.host("web1", status=CUT, dry_run=report(11, "refused"))
        rolled = fleet.roll(*TO)
        self.assertEqual(states(rolled), {"web1": "done", "web2": "done"})

    def test_a_drain_that_is_called_off_on_the_last_host_is_no_success(self) -> None:
        fleet = self.fleet(switch=report(0, "switched"))
        fleet.host("web2", switch={"waits": True, **report(19, "still_draining")})
        started = fleet.start("--batch", "2", *TO)
        while "web2" not in [call[0] for call in fleet.calls("switch") if "--dry-run" not in call]:
            time.sleep(0.02)
        started.send_signal(signal.SIGINT)
        started.send_signal(signal.SIGTERM)
        rolled = fleet.answer(started)
        self.assertEqual(wrong(rolled), [])
        self.assertIn(rolled["exit"], (130, 143))
        self.assertTrue(rolled["message"].endswith("; the drain was called off on web2"), rolled)
        self.assertEqual(states(rolled), {"web1": "done", "web2": "done"})
        # There is nothing to continue.
        self.assertEqual((rolled["record"], rolled["go_on"]), (None, None))

    def test_a_restart_asks_each_host(self) -> None:
        fleet = self.fleet()
        fleet.host("web1", status=CUT, dry_run=report(11, "refused"))
        self.assertEqual(fleet.roll("web1", "web2", "--dry-run")["exit"], 1)


class Closing(Whole):
    def test_hosts_are_closed_one_by_one_until_an_agent_refuses(self) -> None:
        fleet = self.fleet(close=report(0, "closed"))
        fleet.host("web2", close=report(12, "too_few_servers"), status=status(spare=0))
        rolled = fleet.roll("--close", "web1", "web2", "web3")
        self.assertEqual((rolled["outcome"], rolled["exit"]), ("failed", 1))
        self.assertEqual(states(rolled), {"web1": "done", "web2": "failed", "web3": "not_reached"})
        closed = [call for call in fleet.calls("close") if "--dry-run" not in call]
        self.assertEqual([call[0] for call in closed], ["web1", "web2"])

    def test_none_is_closed_if_one_would_refuse(self) -> None:
        fleet = self.fleet(close=report(0, "closed"))
        fleet.host("web2", dry_run=report(11, "refused"))
        rolled = fleet.roll("--close", "web1", "web2")
        self.assertEqual((rolled["outcome"], rolled["exit"]), ("could_not_begin", 3))

    def test_all_hosts_open_at_once(self) -> None:
        held = status(
            hold={
                "by": "operator",
                "failed": None,
                "reason": "x",
                "text": "root: x",
                "until_unix_seconds": None,
            }
        )
        fleet = self.fleet(status=held, open=report(0, "opened"))
        rolled = fleet.roll("--open", "web1", "web2", "web3")
        self.assertEqual((rolled["outcome"], len(rolled["batches"])), ("rolled", 1))
        self.assertEqual(states(rolled), dict.fromkeys(["web1", "web2", "web3"], "done"))


class Windows(Whole):
    def test_outside_of_the_windows_no_host_begins(self) -> None:
        for verb, words in (
            ("restart", []),
            ("close", ["--close"]),
            ("switch", ["--switch", "--to", "green"]),
        ):
            with self.subTest(verb):
                fleet = self.fleet(status=outside(), **{verb: report(21, "outside_window")})
                refused = fleet.roll(*words, "web1", "web2")
                self.assertEqual((refused["outcome"], refused["exit"]), ("could_not_begin", 3))
                said = refused["hosts"][0]["message"]
                self.assertTrue(said.startswith(f"{OUTSIDE['text']}; in an emergency"), said)
                self.assertEqual(fleet.calls(verb), [])
                planned = fleet.roll(*words, "web1", "web2", "--dry-run")
                self.assertEqual((planned["exit"], planned["hosts"][1]["message"]), (1, said))

    def test_in_an_emergency_they_begin(self) -> None:
        fleet = self.fleet(status=outside(), restart=report(0, "restarted"))
        emergency = ["--outside-window", "--reason", "a leak"]
        rolled = fleet.roll(*emergency, "web1")
        self.assertEqual((rolled["outcome"], rolled["exit"]), ("rolled", 0))
        self.assertEqual(fleet.calls("restart")[0][-2:], ["--outside-window", "--reason=a leak"])

    def test_a_window_that_ends_in_the_middle_is_no_failure(self) -> None:
        late = report(21, "outside_window")
        full = report(12, "lock_full")
        ends = [status(), status(), outside()]
        for what, web2 in (
            ("by its status", {"status": [status(), outside()]}),
            ("between its status and its agent", {"restart": late}),
            ("seen by its agent, then by its status", {"status": ends, "restart": late}),
            ("while it waits for the lock", {"status": ends, "restart": full}),
        ):
            with self.subTest(what):
                fleet = self.fleet(restart=report(0, "restarted"))
                fleet.host("web2", **web2)
                rolled = fleet.roll("web1", "web2", "web3")
                self.assertEqual(wrong(rolled), [])
                self.assertEqual((rolled["outcome"], rolled["exit"]), ("window_closed", 5), rolled)
                left = {"web2": "not_reached", "web3": "not_reached"}
                self.assertEqual(states(rolled), {"web1": "done", **left})
                said = "the window of web2 closed before batch 2 of 3: 1 of 3 hosts done in "
                self.assertTrue(rolled["message"].startswith(said), rolled["message"])
                self.assertEqual(rolled["halt"]["before_batch"], 2)
                self.assertNotIn("web3", [call[0] for call in fleet.calls("restart")])
                # In the next window.
                fleet.host("web2")
                self.assertEqual(fleet.roll("--resume", rolled["record"])["exit"], 0)

    def test_the_batch_under_way_finishes(self) -> None:
        fleet = self.fleet(restart=report(0, "restarted"))
        fleet.host("web2", restart=report(21, "outside_window"))
        rolled = fleet.roll("--batch", "2", "web1", "web2", "web3")
        self.assertEqual((rolled["exit"], states(rolled)["web1"]), (5, "done"))
        self.assertIn("the window of web2 closed in batch 1 of 2", rolled["message"])
        self.assertEqual(rolled["hosts"][1]["message"], "said outside_window")

    def test_a_turn_that_never_comes_within_the_window_is_a_failure(self) -> None:
        for words, seen in (
            ([], status()),
            (["--outside-window", "--reason", "a leak"], outside()),
        ):
            with self.subTest(words):
                fleet = self.fleet(status=seen, restart=report(12, "lock_full"))
                rolled = fleet.roll(*words, "web1")
                self.assertEqual((rolled["outcome"], states(rolled)["web1"]), ("failed", "failed"))

    def test_a_lock_that_was_lost_at_the_end_of_a_window_is_a_failure(self) -> None:
        fleet = self.fleet(restart=report(12, "lock_lost"))
        fleet.host("web1", status=[status(), status(), outside()])
        rolled = fleet.roll("web1")
        self.assertEqual((rolled["outcome"], states(rolled)["web1"]), ("failed", "failed"))

    def test_a_dry_run_that_refuses_names_the_call_of_the_roll(self) -> None:
        hold = {"failed": None, "reason": "x", "until_unix_seconds": None, "text": "root: x"}
        seen = outside(hold={**hold, "by": "operator"})
        fleet = self.fleet(status=seen, dry_run=report(21, "outside_window"))
        for words in ([], ["--dry-run"]):
            said = fleet.roll("--close", *words, "web1")["hosts"][0]["message"]
            self.assertTrue(said.startswith(f"{OUTSIDE['text']}; in an emergency call this"), said)

    def test_one_host_outside_is_given_up_if_one_may_fail(self) -> None:
        fleet = self.fleet(restart=report(0, "restarted"))
        fleet.host("web1", status=outside())
        rolled = fleet.roll("--max-failures", "1", "web1", "web2")
        self.assertEqual((rolled["outcome"], rolled["exit"]), ("failed", 1))
        self.assertEqual(states(rolled), {"web1": "failed", "web2": "done"})

    def test_the_way_back_and_a_held_host_wait_for_no_window(self) -> None:
        hold = {"failed": None, "reason": "x", "until_unix_seconds": None, "text": "root: x"}
        held = outside(hold={**hold, "by": "operator"})
        for verb, words, seen in (
            ("open", ["--open"], outside()),
            ("switch", ["--switch", "--back"], outside()),
            ("restart", ["--reopen"], held),
        ):
            with self.subTest(verb):
                fleet = self.fleet(status=seen, **{verb: report(0, "done")})
                self.assertEqual(fleet.roll(*words, "web1")["exit"], 0)
