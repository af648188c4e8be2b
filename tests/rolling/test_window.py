from __future__ import annotations

import unittest
from datetime import datetime, timezone

from rolling.window import Window, end_of


def at(text: str) -> float:
    """Local time."""
    return datetime.fromisoformat(text).timestamp()


class End(unittest.TestCase):
    def test_a_time_has_one_meaning(self) -> None:
        for text, now, end in [
            ("17:00", "2026-11-30T09:00", "2026-11-30T17:00"),
            ("17:00", "2026-11-30T04:00", "2026-11-30T17:00"),
            ("9:30", "2026-11-30T09:00", "2026-11-30T09:30"),
            # Past by some minutes: not the one of tomorrow.
            ("17:00", "2026-11-30T17:00", "2026-11-30T17:00"),
            ("17:00", "2026-11-30T17:05", "2026-11-30T17:00"),
            # A night.
            ("02:00", "2026-11-30T23:00", "2026-12-01T02:00"),
            ("02:00", "2026-11-30T13:00", "2026-11-30T02:00"),
            ("2h", "2026-11-30T23:00", "2026-12-01T01:00"),
            ("1h30m", "2026-11-30T09:00", "2026-11-30T10:30"),
            ("2026-12-01T17:00", "2026-11-30T09:00", "2026-12-01T17:00"),
            ("2026-12-01 17:00:30", "2026-11-30T09:00", "2026-12-01T17:00:30"),
        ]:
            with self.subTest(text=text, now=now):
                found = datetime.fromtimestamp(end_of(text, at(now)))
                self.assertEqual(found, datetime.fromisoformat(end))

    def test_a_date_may_have_a_zone(self) -> None:
        end = datetime(2026, 12, 1, 17, tzinfo=timezone.utc).timestamp()
        for text in ("2026-12-01T17:00Z", "2026-12-01T17:00+00:00", "2026-12-01T19:00+02:00"):
            with self.subTest(text):
                self.assertEqual(end_of(text, 0.0), end)

    def test_any_other_text_is_an_error(self) -> None:
        for text in ["", "5pm", "25:00", "17:60", "17", "2026-13-01T17:00", "2026-12-01", "-1h"]:
            with self.subTest(text), self.assertRaises(ValueError):
                end_of(text, 0.0)


class Open(unittest.TestCase):
    def test_a_window_closes_at_its_end(self) -> None:
        now = at("2026-11-30T09:00")
        window = Window("17:00", now)
        closed = [window.closed(at(f"2026-11-30T{time}")) for time in ("16:59", "17:00", "17:01")]
        self.assertEqual(closed, [False, True, True])
        self.assertEqual(str(window), "17:00")
        self.assertEqual(str(Window("2026-12-01T17:00", now)), "2026-12-01 17:00")
        self.assertFalse(Window(None, now).closed(now + 1e9))
