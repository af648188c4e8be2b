"""Signals: after the first the roll starts no more hosts. The second calls off the hosts under
way. After the third the roll waits for nothing."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import Callable


class Stop:
    """The number of requests to stop, and an event for each change."""

    def __init__(self) -> None:
        self.asked = 0
        self.signal: int | None = None
        self.changed = asyncio.Event()

    def listen(self, heard: Callable[[int], None]) -> None:
        """Calls `heard` at each signal with the number of signals so far."""

        def came(number: int) -> None:
            # A closed terminal may send SIGHUP more than once.
            hangup = number == signal.SIGHUP
            self.asked = max(self.asked, 1) if hangup else self.asked + 1
            self.signal = self.signal or number
            heard(self.asked)
            self.changed.set()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup ignores SIGHUP.
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, came, int(number))

    async def wait(self, limit: float | None) -> None:
        """Waits until something changes, or until the limit in seconds."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.changed.wait(), limit)
