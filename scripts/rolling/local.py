"""A command line of the operator on this machine, with text on its stdin."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal

from .answer import Answer
from .program import Program


class Child(Program):
    """A shell in a session of its own: Ctrl-C reaches this program, and not the command."""

    def kill(self) -> None:
        """Kills all that it has started, too."""
        if self.transport is not None and not self.exited.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.transport.get_pid(), signal.SIGKILL)


async def run(line: str, given: bytes, limit: float) -> Answer:
    """Runs it to its end. After the limit, in seconds, and if this task is cancelled, kills it."""
    loop = asyncio.get_running_loop()
    pipe = asyncio.subprocess.PIPE
    try:
        transport, child = await loop.subprocess_exec(
            Child,
            "/bin/sh",
            "-c",
            line,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            start_new_session=True,
        )
    except OSError as error:
        return Answer(127, b"", (f"/bin/sh: {error.strerror}",))
    stdin = transport.get_pipe_transport(0)
    if isinstance(stdin, asyncio.WriteTransport):
        stdin.write(given)
        stdin.close()
    try:
        return await child.answer(limit)
    finally:
        # A task that is cancelled has killed it. Its end must be seen before its pipes are closed.
        await child.exited.wait()
        transport.close()


def meaning(answer: Answer) -> str:
    """Its exit code, and its last line if it has printed one."""
    said = answer.said()
    return said if said.startswith("exit ") else f"exit {answer.exit}: {said}"
