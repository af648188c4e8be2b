"""`--not-after`: the moment after which no batch begins."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from .text import seconds

# A time of day that is past today is the one of tomorrow, if it comes this soon: a roll of 23:00
# may end at 02:00. A roll of 17:05 must not take 17:00 for a whole day.
SOON = timedelta(hours=12)


def end_of(text: str, now: float) -> float:
    """`17:00`, `2026-12-01T17:00` in local time, or `2h` from now. A time of day that is past
    gives a moment in the past. Raises ValueError for any other text."""
    if re.fullmatch(r"[0-9]{1,2}:[0-9]{2}", text):
        return time_of_day(text, datetime.fromtimestamp(now)).timestamp()
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].+", text):
            # Python 3.9 knows no Z.
            moment = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", text))
            return moment.timestamp()
        return now + seconds(text)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a time such as 17:00, 2026-12-01T17:00 or 2h") from error


def time_of_day(text: str, now: datetime) -> datetime:
    hour, minute = map(int, text.split(":"))
    if hour > 23 or minute > 59:
        raise ValueError(f"{text!r} is not a time of day, 00:00 to 23:59")
    today = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    tomorrow = today + timedelta(days=1)
    return tomorrow if today <= now and tomorrow - now <= SOON else today


class Window:
    """It is open until its end, or always."""

    def __init__(self, text: str | None, now: float) -> None:
        self.end = None if text is None else end_of(text, now)
        self.now = now

    def closed(self, now: float) -> bool:
        return self.end is not None and now >= self.end

    def __str__(self) -> str:
        """Its end, with the date if that is another day."""
        end = datetime.fromtimestamp(self.end or self.now)
        same = end.date() == datetime.fromtimestamp(self.now).date()
        return end.strftime("%H:%M" if same else "%Y-%m-%d %H:%M")
