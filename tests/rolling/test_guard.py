from __future__ import annotations

import unittest
from dataclasses import replace

from rolling.guard import admit, worth_asking
from rolling.status import Status

UP = Status(
    app="web",
    healthy=True,
    health="the app is healthy",
    in_rotation=True,
    serving=True,
    spare=1,
    hold=None,
    operation=None,
)


def spares(number: int | None) -> Status:
    return replace(UP, spare=number)


class Admit(unittest.TestCase):
    def test_no_more_hosts_go_than_haproxy_can_spare(self) -> None:
        for spares_seen, closing, go in [
            ([3, 3, 3, 3], 0, "abc"),
            ([3, 3, 3, 3], 1, "ab"),
            ([3, 3, 3, 3], 3, ""),
            ([1, 1], 0, "a"),
            ([0, 0], 0, ""),
            ([-2], 0, ""),
            # Of two backends, the tighter one delays only its own hosts.
            ([1, 3], 0, "ab"),
            ([3, 1], 0, "a"),
            ([0, 3], 0, "b"),
        ]:
            with self.subTest(spares_seen, closing=closing):
                admitted = admit(
                    [(host, spares(spare)) for host, spare in zip("abcd", spares_seen)], closing
                )
                self.assertEqual("".join(admitted.go), go)
                self.assertEqual(len(admitted.go) + len(admitted.held_up), len(spares_seen))

    def test_a_host_that_serves_no_users_always_goes(self) -> None:
        down = replace(UP, serving=False, healthy=False, spare=0)
        self.assertEqual(admit([("a", down), ("b", down)], 2).go, ("a", "b"))
        self.assertEqual(admit([("a", down), ("b", spares(1))], 0).go, ("a", "b"))

    def test_a_host_waits_for_a_balancer_out_of_sight(self) -> None:
        blind = replace(UP, spare=None, unseen=("lb1: timed out",))
        admitted = admit([("a", blind), ("b", UP)], 0)
        self.assertEqual((admitted.go, admitted.held_up), (("b",), {"a": "lb1: timed out"}))

    def test_a_host_without_a_count_goes_and_the_agent_decides(self) -> None:
        self.assertEqual(admit([("a", spares(None))], 0).go, ("a",))

    def test_a_host_waits_for_its_running_operation(self) -> None:
        busy = replace(UP, operation="`agent restart web`, pid 7")
        admitted = admit([("a", busy), ("b", UP)], 0)
        self.assertEqual(admitted.go, ("b",))
        self.assertIn("`agent restart web`, pid 7", admitted.held_up["a"])

    def test_a_waiting_host_names_the_shortage(self) -> None:
        self.assertEqual(
            admit([("a", spares(1))], 1).held_up["a"],
            "hosts that HAProxy can spare: 1, hosts of this roll that go out: 1",
        )
        self.assertEqual(
            admit([("a", spares(-1))], 0).held_up["a"], "hosts that HAProxy can spare: 0"
        )

    def test_a_switch_takes_no_server_and_waits_for_none(self) -> None:
        busy = replace(UP, operation="`agent switch web`, pid 7")
        admitted = admit([("a", spares(0)), ("b", spares(-1)), ("c", busy)], 5, takes_out=False)
        self.assertEqual((admitted.go, list(admitted.held_up)), (("a", "b"), ["c"]))
        self.assertEqual("".join(worth_asking("abc", {"a"}, 0, 5, takes_out=False)), "bca")

    def test_the_agent_refuses_at_once_where_no_host_waits(self) -> None:
        for spares_seen, closing, go in [
            ([0, 0], 0, "a"),
            ([0, 0], 1, ""),
            ([1, 1], 0, "a"),
            ([2, 2], 0, "ab"),
        ]:
            with self.subTest(spares_seen, closing=closing):
                hosts = [(host, spares(spare)) for host, spare in zip("ab", spares_seen)]
                self.assertEqual("".join(admit(hosts, closing, waits=False).go), go)
        busy = replace(UP, spare=0, operation="`agent restart web`, pid 7")
        self.assertEqual(admit([("a", busy)], 0, waits=False).go, ())


class WorthAsking(unittest.TestCase):
    def test_as_many_hosts_are_asked_as_may_go_and_at_least_one(self) -> None:
        for spare, closing, asked in [
            (None, 0, "a"),
            (0, 0, "a"),
            (2, 0, "ab"),
            (2, 1, "a"),
            (2, 2, "a"),
            (9, 0, "abcd"),
            (-3, 0, "a"),
        ]:
            with self.subTest(spare=spare, closing=closing):
                self.assertEqual("".join(worth_asking("abcd", "", spare, closing)), asked)

    def test_hosts_with_a_running_operation_are_asked_last(self) -> None:
        self.assertEqual("".join(worth_asking("abcd", {"a", "b"}, 1, 0)), "c")
        self.assertEqual("".join(worth_asking("abcd", {"a", "c"}, 9, 0)), "bdac")
