"""The first and the last event of some work, for its hooks."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Callable

from .hooks import Hooks
from .summary import DONE, Summary, so_far, with_hooks


async def with_events(
    hooks: Hooks, work: Callable[[], Awaitable[Summary]], now: Callable[[], Summary]
) -> Summary:
    """The work's summary, after the hooks of all events. `now`: the summary while it is under
    way."""
    hooks.so_far = lambda: so_far(now())
    hooks.report("started")
    summary = await work()
    hooks.so_far = summary.object
    hooks.report("done" if summary.exit == DONE else "stopped")
    await hooks.end()
    with_hooks(summary, hooks.json(), hooks.must_succeed)
    return summary
