"""`--replace`: what stops it before a pair or within one, and what it says then."""

from __future__ import annotations

import json

from fleet import outside, report, states, status
from test_pairs import ONE, TWO, Replacing, held


class Ends(Replacing):
    def test_a_pair_whose_second_host_fails_is_over(self) -> None:
        fleet = self.fleet()
        fleet.host("web1", close=report(14, "not_drained"))
        file = fleet.path / "events"
        self.roll(fleet, "--replace", ONE, "--hook", f"cat >>{file}")
        events = [json.loads(line)["event"] for line in file.read_text().splitlines()]
        self.assertEqual(events[-3:], ["host_failed", "batch_done", "stopped"])

    def test_each_failed_host_counts(self) -> None:
        fleet = self.fleet()
        # Neither answers any more after the approval.
        gone = {"exit": 2, "message": "x"}
        fleet.host("web1", status=[status(), status(), gone])
        fleet.host("web9", status=[status(), gone])
        failed = self.roll(fleet, "--replace", ONE, "--go-command", "true")
        self.assertEqual(states(failed), {"web1": "failed", "web9": "failed"})
        self.assertTrue(failed["message"].endswith(", 2 failed"), failed["message"])

    def test_no_pair_begins_after_the_window_of_the_host_that_closes(self) -> None:
        late = {"status": [status(), outside()]}
        second = ["--replace", ONE, "--replace", TWO]
        for words, name, reached in (
            (second, "web2", ["web9 open", "web1 close"]),
            (["--replace", ONE], "web1", []),
            (["--replace", ONE, "--go-command", "true"], "web1", []),
            (["--replace", ONE, "--back"], "web9", []),
        ):
            with self.subTest(words):
                fleet = self.fleet()
                fleet.host("web1", status=status(hold=held("replaced by web9")))
                if "--back" not in words:
                    fleet.host("web1")
                fleet.host(name, **late)
                answer = self.roll(fleet, *words)
                self.assertEqual((answer["outcome"], answer["exit"]), ("window_closed", 5), answer)
                self.assertEqual([one.partition(" --")[0] for one in self.work(fleet)], reached)
                left = next(host for host in answer["hosts"] if host["host"] == name)
                ends = left["state"], left["outcome"], left["exit"]
                self.assertEqual(ends, ("not_reached", None, None))
                self.assertIn("call this again with --outside-window", left["message"])
                number = answer["halt"]["before_batch"]
                said = f"the window of {name} closed before pair {number} of "
                self.assertTrue(answer["message"].startswith(said), answer["message"])

    def test_no_window_matters_in_an_emergency_or_to_finish(self) -> None:
        replaced = held("replaced by web9")
        for words, seen in (
            (["--outside-window", "--reason", "a leak"], outside()),
            (["--finish"], outside(hold=replaced)),
        ):
            with self.subTest(words):
                fleet = self.fleet()
                fleet.host("web1", status=seen)
                self.assertEqual(self.roll(fleet, "--replace", ONE, *words)["exit"], 0)

    def test_a_window_that_ends_while_the_new_host_opens_is_no_failure(self) -> None:
        fleet = self.fleet()
        fleet.host("web1", close=report(21, "outside_window"))
        answer = self.roll(fleet, "--replace", ONE, "--replace", TWO)
        self.assertEqual((answer["outcome"], answer["exit"]), ("window_closed", 5))
        left = dict.fromkeys(["web1", "web2", "web8"], "not_reached")
        self.assertEqual(states(answer), {**left, "web9": "done"})
        self.assertIn("the window of web1 closed in pair 1 of 2: 0 of 2", answer["message"])
        said = "said outside_window; web9 is open, too"
        self.assertEqual(answer["hosts"][0]["message"], said)
