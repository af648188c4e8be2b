"""The work of an agent on one host, tried again while another operation is under way there."""

from __future__ import annotations

import asyncio
import time
from typing import Callable

from .ending import Ending, Verdict
from .host import AGAIN, FOUND, Host


async def to_its_end(host: Host, again: Callable[[Ending], bool]) -> Ending:
    """The end, whatever it is. `again`: whether to try again after this one."""
    until = time.monotonic() + FOUND
    while True:
        try:
            ending = await host.agent()
        except OSError as error:
            return Ending(Verdict.FAILED, 1, "no_answer", f"ssh: {error.strerror}", None)
        if time.monotonic() > until or not again(ending):
            return ending
        host.at("waits", ending.message)
        await asyncio.sleep(AGAIN)
