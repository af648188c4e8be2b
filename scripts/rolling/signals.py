"""Signals: the first asks for no more starts, the second for what is under way to be called off,
the third for nothing to be waited for."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import Callable


class Stop:
    """What was asked for, and an event for whatever changes."""

    def __init__(self) -> None:
        self.asked = 0
        self.signal: int | None = None
        self.changed = asyncio.Event()

    def listen(self, heard: Callable[[int], None]) -> None:
        """`heard` gets how often a signal came, with each."""

        def came(number: int) -> None:
            # A terminal that is closed may send it more than once.
            hangup = number == signal.SIGHUP
            self.asked = max(self.asked, 1) if hangup else self.asked + 1
            self.signal = self.signal or number
            heard(self.asked)
            self.changed.set()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # As nohup has it.
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, came, int(number))

    async def wait(self, limit: float | None) -> None:
        """Until something changes, or so many seconds are over."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.changed.wait(), limit)
