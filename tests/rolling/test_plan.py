from __future__ import annotations

import unittest

from rolling.plan import Shape, Share, batches, order

HOSTS = [f"web{number}" for number in range(1, 9)]


class Sizes(unittest.TestCase):
    def test_a_share_is_a_number_or_a_percentage_of_all(self) -> None:
        for text, hosts, size in [
            ("1", 8, 1),
            ("3", 8, 3),
            ("25%", 8, 2),
            ("25%", 40, 10),
            ("30%", 8, 2),
            ("1%", 8, 1),
            ("100%", 8, 8),
        ]:
            with self.subTest(text, hosts=hosts):
                self.assertEqual(Share.parse(text).of(hosts), size)

    def test_an_invalid_share_is_an_error(self) -> None:
        for text in ["", "0", "0%", "-1", "101%", "%", "1.5", "many", "1 %", "٣", "9999999"]:
            with self.subTest(text), self.assertRaises(ValueError):
                Share.parse(text)

    def test_a_shape_gives_the_sizes_of_the_batches(self) -> None:
        for shape, hosts, sizes in [
            (Shape(), 3, [1, 1, 1]),
            (Shape(batch=Share(3)), 8, [3, 3, 2]),
            (Shape(batch=Share(20)), 8, [8]),
            (Shape(batch=Share(25, percent=True)), 8, [2, 2, 2, 2]),
            (Shape(canary=1, batch=Share(25, percent=True)), 8, [1, 2, 2, 2, 1]),
            (Shape(canary=9), 3, [3]),
            (Shape(seesaw=True), 8, [4, 4]),
            (Shape(seesaw=True), 7, [4, 3]),
            (Shape(canary=1, seesaw=True), 8, [1, 4, 3]),
            (Shape(seesaw=True), 1, [1]),
            (Shape(), 0, []),
        ]:
            with self.subTest(shape, hosts=hosts):
                self.assertEqual(shape.sizes(hosts), sizes)


class Batches(unittest.TestCase):
    def test_each_host_is_in_one_batch_in_this_order(self) -> None:
        plan = batches(HOSTS, 8, Shape(canary=1, batch=Share(3)))
        self.assertEqual(plan, [HOSTS[:1], HOSTS[1:4], HOSTS[4:7], HOSTS[7:]])

    def test_finished_hosts_have_used_up_the_first_batches(self) -> None:
        shape = Shape(canary=1, batch=Share(25, percent=True))
        for done, sizes in [
            (0, [1, 2, 2, 2, 1]),
            (1, [2, 2, 2, 1]),
            (2, [1, 2, 2, 1]),
            (7, [1]),
            (8, []),
        ]:
            with self.subTest(done=done):
                plan = batches(HOSTS[done:], 8, shape)
                self.assertEqual([len(batch) for batch in plan], sizes)
                self.assertEqual([host for batch in plan for host in batch], HOSTS[done:])

    def test_a_seesaw_goes_on_with_the_rest_of_its_half(self) -> None:
        self.assertEqual(batches(HOSTS[1:], 8, Shape(seesaw=True)), [HOSTS[1:4], HOSTS[4:]])

    def test_hosts_that_are_down_go_first(self) -> None:
        self.assertEqual(order(["a", "b", "c", "d"], ["d", "b"]), ["b", "d", "a", "c"])
        self.assertEqual(order(["a", "b"], []), ["a", "b"])
