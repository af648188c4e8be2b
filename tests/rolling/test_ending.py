from __future__ import annotations

import unittest

from rolling.ending import Verdict, ending_of
from test_answers import answer


class EndingOf(unittest.TestCase):
    def test_the_agents_exit_is_the_verdict(self) -> None:
        for exit, outcome, verdict in [
            (0, "restarted", Verdict.SERVES),
            (0, "recovered", Verdict.FINISHED),
            (0, "restarted_closed", Verdict.CLOSED),
            (0, "closed", Verdict.CLOSED),
            (0, "opened", Verdict.SERVES),
            (0, "skipped", Verdict.SKIPPED),
            (10, "locked", Verdict.LOCKED),
            (11, "refused", Verdict.FAILED),
            (12, "too_few_servers", Verdict.FAILED),
            (15, "not_healthy", Verdict.FAILED),
            (16, "not_in_rotation", Verdict.FAILED),
            (17, "rolled_back", Verdict.FAILED),
            (129, "interrupted", Verdict.FAILED),
        ]:
            with self.subTest(outcome):
                report = {"exit": exit, "outcome": outcome, "message": "so it is"}
                ending = ending_of(answer(report, exit))
                self.assertIs(ending.verdict, verdict)
                self.assertEqual((ending.exit, ending.outcome), (exit, outcome))
                self.assertEqual(ending.report, report)

    def test_a_report_counts_although_the_connection_broke_after_it(self) -> None:
        done = {"exit": 0, "outcome": "restarted", "message": "back"}
        self.assertIs(ending_of(answer(done, 255)).verdict, Verdict.SERVES)

    def test_a_missing_report_is_a_lost_connection_or_a_failure(self) -> None:
        for given, verdict, outcome in [
            (answer(b"", 255, ("client_loop: send disconnect",)), Verdict.LOST, "connection_lost"),
            (answer(b'{"exit": 0, "outc', 255), Verdict.LOST, "connection_lost"),
            (answer(b"", 137), Verdict.FAILED, "no_answer"),
            (answer(b"", 0), Verdict.FAILED, "no_answer"),
            (answer({"exit": "0"}), Verdict.FAILED, "no_answer"),
            (answer({"message": "x"}), Verdict.FAILED, "no_answer"),
        ]:
            with self.subTest(given):
                ending = ending_of(given)
                self.assertIs(ending.verdict, verdict)
                self.assertEqual(ending.outcome, outcome)
