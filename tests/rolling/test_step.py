from __future__ import annotations

import unittest

from rolling.step import End, Finish, Late, Next, Pause, Rules, Stage, Step, Wait, decide

W, U, D, F = Stage.WAITING, Stage.UNDER_WAY, Stage.DONE, Stage.FAILED
PLAN = [["a"], ["b", "c"], ["d"]]
STRICT = Rules(max_failures=0, pauses=False)
ONE_MAY_FAIL = Rules(max_failures=1, pauses=False)
PAUSES = Rules(max_failures=0, pauses=True)


def step(
    stages: str,
    rules: Rules = STRICT,
    stopped: bool = False,
    paused: int = 0,
    late: bool = False,
) -> Step:
    """`DUW.`: the stages of a, b, c and d; `.` is waiting, too."""
    letters = {"D": D, "U": U, "F": F, ".": W}
    named = {host: letters[letter] for host, letter in zip("abcd", stages)}
    return decide(PLAN, named, rules, stopped, paused, late)


class Decide(unittest.TestCase):
    def test_a_batch_begins_after_the_one_before(self) -> None:
        for stages, wanted in [
            ("....", Next(("a",))),
            ("U...", Wait()),
            ("D...", Next(("b", "c"))),
            ("DU..", Next(("c",))),
            ("D.U.", Next(("b",))),
            ("DUU.", Wait()),
            ("DDU.", Wait()),
            ("DDD.", Next(("d",))),
            ("DDDU", Wait()),
            ("DDDD", End()),
        ]:
            with self.subTest(stages):
                self.assertEqual(step(stages), wanted)

    def test_a_failure_starts_no_more_and_lets_the_others_finish(self) -> None:
        for stages, wanted in [
            ("F...", End()),
            ("DFU.", Finish()),
            ("DF..", End()),
            ("DFD.", End()),
        ]:
            with self.subTest(stages):
                self.assertEqual(step(stages), wanted)

    def test_allowed_failures_stop_nothing(self) -> None:
        for stages, wanted in [
            ("F...", Next(("b", "c"))),
            ("FU..", Next(("c",))),
            ("FFU.", Finish()),
            ("FFD.", End()),
            ("FDDU", Wait()),
            ("FDDD", End()),
        ]:
            with self.subTest(stages):
                self.assertEqual(step(stages, ONE_MAY_FAIL), wanted)

    def test_a_stop_starts_no_more(self) -> None:
        for stages, wanted in [("....", End()), ("DU..", Finish()), ("DD..", End())]:
            with self.subTest(stages):
                self.assertEqual(step(stages, stopped=True), wanted)

    def test_pauses_are_between_batches_and_once(self) -> None:
        for stages, paused, wanted in [
            # A hook, or an approval of a roll that continues.
            ("....", -1, Pause(0)),
            ("....", 0, Next(("a",))),
            ("U...", 0, Wait()),
            ("D...", 0, Pause(1)),
            ("D...", 1, Next(("b", "c"))),
            ("DU..", 1, Next(("c",))),
            ("DDD.", 1, Pause(2)),
            ("DDD.", 2, Next(("d",))),
        ]:
            with self.subTest(stages, paused=paused):
                self.assertEqual(step(stages, PAUSES, paused=paused), wanted)

    def test_after_the_window_no_batch_begins_and_the_one_under_way_finishes(self) -> None:
        for stages, wanted in [
            ("....", Late(0)),
            ("U...", Wait()),
            ("D...", Late(1)),
            # A host of the batch has not begun yet.
            ("DU..", Next(("c",))),
            ("DD..", Next(("c",))),
            ("DDUU", Wait()),
            ("DDD.", Late(2)),
            ("DDDD", End()),
        ]:
            with self.subTest(stages):
                self.assertEqual(step(stages, PAUSES, late=True), wanted)
        self.assertEqual(step("F...", late=True), End())

    def test_a_postponed_host_begins_without_a_pause(self) -> None:
        self.assertEqual(step("DD..", PAUSES, paused=1), Next(("c",)))

    def test_a_failed_canary_ends_the_roll(self) -> None:
        canary = Rules(max_failures=2, pauses=False, canary=True)
        self.assertEqual(step("F...", canary), End())
        self.assertEqual(step("DFU.", canary), Wait())
        self.assertEqual(step("DF..", canary), Next(("c",)))
