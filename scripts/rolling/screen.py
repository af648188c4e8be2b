"""Progress for people on stderr: in place on a terminal, else one line a change."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import time
from collections.abc import Sequence
from typing import TextIO

from .host import Host
from .step import Stage
from .text import columns, cut

# The shortest time between two pictures.
REDRAW = 0.1
# The seconds change at least this often.
TICK = 1.0
NAME = 20
COLOURS = {Stage.DONE: "32", Stage.FAILED: "31", Stage.UNDER_WAY: "33"}


class Screen:
    """Prints the progress. A closed stderr does not end a roll."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.live = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self.colour = self.live and not os.environ.get("NO_COLOR")
        self.hosts: Sequence[Host] = ()
        self.began = time.monotonic()
        self.status = ""
        self.dirty = False
        # The number of lines of the picture on the terminal.
        self.drawn = 0
        self.ticker: asyncio.Task[None] | None = None
        # The last line about each host, if there is no picture.
        self.printed: dict[str, str] = {}

    def line(self, text: str) -> None:
        """Prints a line that stays."""
        self.write(f"{self.wipe()}{text}\n")
        self.drawn = 0
        self.dirty = True

    def says(self, status: str) -> None:
        """Shows the state of the whole roll; empty: nothing special."""
        if not self.live and status and status.split(":")[0] != self.status.split(":")[0]:
            self.line(status)
        self.status = status
        self.dirty = True

    def shows(self, hosts: Sequence[Host]) -> None:
        """Shows these hosts until ended()."""
        self.hosts = hosts
        self.began = time.monotonic()
        self.goes_on()

    def changed(self, host: Host) -> None:
        self.dirty = True
        if self.live:
            return
        kind, text = (host.phase or "waits", host.waiting) if unfinished(host) else ended(host)
        if kind != self.printed.get(host.name) and (text or host.stage is not Stage.WAITING):
            self.printed[host.name] = kind
            self.line(f"{host.name:{NAME}} {kind:9} {text}".rstrip())

    async def tick(self) -> None:
        shown = 0.0
        while True:
            if self.dirty or time.monotonic() - shown >= TICK:
                shown = time.monotonic()
                self.draw()
            await asyncio.sleep(REDRAW)

    def draw(self) -> None:
        size = shutil.get_terminal_size()
        lines = picture(self.hosts, self.head(), size.lines - 1, self.colour, size.columns - 1)
        self.write(self.wipe() + "".join(f"{line}\n" for line in lines))
        self.drawn = len(lines)
        self.dirty = False

    def head(self) -> str:
        counts = {stage: sum(host.stage is stage for host in self.hosts) for stage in Stage}
        text = (
            f"{counts[Stage.DONE]} of {len(self.hosts)} done, {counts[Stage.FAILED]} failed, "
            f"{counts[Stage.UNDER_WAY]} under way  {time.monotonic() - self.began:.0f} s"
        )
        return f"{text}\n{self.status}" if self.status else text

    def wipe(self) -> str:
        return f"\x1b[{self.drawn}F\x1b[J" if self.drawn else ""

    def ended(self) -> None:
        """Leaves the last picture on the terminal."""
        if self.ticker is not None:
            self.ticker.cancel()
            self.ticker = None
            self.draw()
            self.drawn = 0

    def goes_on(self) -> None:
        """Draws again after ended()."""
        if self.live and self.ticker is None:
            self.ticker = asyncio.ensure_future(self.tick())

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(text)
            self.stream.flush()


def unfinished(host: Host) -> bool:
    return host.stage in (Stage.WAITING, Stage.UNDER_WAY)


def ended(host: Host) -> tuple[str, str]:
    return host.stage.value, host.message


def picture(hosts: Sequence[Host], head: str, rows: int, colour: bool, width: int) -> list[str]:
    """The head, of one line or two, and one line a host. If there are too many, only those that
    matter now."""
    shown = list(hosts)
    heads = joined(head, width)
    if len(shown) + len(heads) > rows:
        next_up = [host for host in hosts if says_why_it_waits(host)]
        shown = [host for host in hosts if host.stage in (Stage.UNDER_WAY, Stage.FAILED)]
        shown += next_up
    now = time.monotonic()
    room = max(0, rows - len(heads))
    return heads + [row(host, now, colour, width) for host in shown[:room]]


def joined(head: str, width: int) -> list[str]:
    """On one line if all of it fits: its second half says what Ctrl-C does."""
    line = head.replace("\n", "  ")
    return [line] if columns(line) <= width else [cut(half, width) for half in head.split("\n")]


def says_why_it_waits(host: Host) -> bool:
    return host.stage is Stage.WAITING and bool(host.waiting)


def row(host: Host, now: float, colour: bool, width: int) -> str:
    kind = host.phase or "" if unfinished(host) else host.stage.value
    if host.stage is Stage.WAITING and host.waiting:
        kind = "waits"
    text = host.waiting if unfinished(host) else host.message
    took = now - host.began if host.began is not None and unfinished(host) else host.seconds
    name = cut(host.name, NAME)
    name += " " * (NAME - columns(name))
    line = f"{name} {cut(kind, 9):9} {f'{took:.1f} s' if took else '':>8}  {text}"
    line = cut(line.rstrip(), width)
    code = COLOURS.get(host.stage)
    return f"\x1b[{code}m{line}\x1b[0m" if colour and code else line
