"""A program that runs on a host over ssh, and its output."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from typing import Any, Callable, cast

from .answer import Answer
from .text import decoded

Heard = Callable[[dict[str, Any]], None]

# An agent's answer has a few kB.
MOST_OUT = 1 << 20
LONGEST_LINE = 1 << 16
# The last lines of stderr that the roll keeps.
KEPT = 20
# How long to read after the end: an ssh that became a background master may keep stderr open.
LAST_WORDS = 0.5


class Lines:
    """Splits the output into lines, and cuts a line that never ends."""

    def __init__(self) -> None:
        self.rest = b""

    def feed(self, data: bytes) -> list[str]:
        *lines, self.rest = (self.rest + data).split(b"\n")
        if len(self.rest) > LONGEST_LINE:
            lines.append(self.rest)
            self.rest = b""
        return [decoded(line[:LONGEST_LINE]) for line in lines]


class Program(asyncio.SubprocessProtocol):
    """Its stdout is the answer. Its stderr is progress and text."""

    def __init__(self, heard: Heard | None = None) -> None:
        self.out = bytearray()
        self.err: deque[str] = deque(maxlen=KEPT)
        self.lines = Lines()
        self.heard = heard
        self.exited = asyncio.Event()
        self.silent = asyncio.Event()
        self.open_pipes = {1, 2}
        self.transport: asyncio.SubprocessTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.SubprocessTransport, transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self.out += data
            if len(self.out) > MOST_OUT:
                self.kill()
                self.out.clear()
                self.err.append(f"the answer has more than {MOST_OUT} bytes")
            return
        for line in self.lines.feed(data):
            self.hear(line)

    def hear(self, line: str) -> None:
        parsed = progress(line)
        if parsed is None:
            self.err.append(line)
        elif self.heard is not None:
            self.heard(parsed)

    def pipe_connection_lost(self, fd: int, _exc: Exception | None) -> None:
        self.open_pipes.discard(fd)
        if not self.open_pipes:
            self.silent.set()

    def process_exited(self) -> None:
        self.exited.set()

    async def answer(self, limit: float | None = None) -> Answer:
        """Waits for its end. After the limit, in seconds, kills it."""
        try:
            await asyncio.wait_for(self.exited.wait(), limit)
        except asyncio.TimeoutError:
            self.kill()
            self.err.append(f"no answer in {limit:.0f} s")
            await self.exited.wait()
        except asyncio.CancelledError:
            self.kill()
            raise
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.silent.wait(), LAST_WORDS)
        if self.lines.rest:
            self.hear(decoded(self.lines.rest))
        assert self.transport is not None
        code = self.transport.get_returncode()
        self.transport.close()
        # No code: a signal ended ssh.
        return Answer(255 if code is None or code < 0 else code, bytes(self.out), tuple(self.err))

    def end_input(self) -> None:
        """Closes its stdin: the agent treats that as a request to stop."""
        stdin = None if self.transport is None else self.transport.get_pipe_transport(0)
        if stdin is not None:
            stdin.close()

    def kill(self) -> None:
        if self.transport is not None and not self.exited.is_set():
            self.transport.kill()


def progress(line: str) -> dict[str, Any] | None:
    """A line of `--progress`. None: another line."""
    if not line.startswith("{"):
        return None
    try:
        parsed = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) and "app" in parsed else None
