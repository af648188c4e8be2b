"""A command line of the operator on this machine, with text on its stdin."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import subprocess
from pathlib import Path

from .answer import Answer
from .program import Program

# A first word that is the name or the path of a program. Only the shell understands the others.
PROGRAM = re.compile(r"\s*([A-Za-z_/.][\w./+-]*)(?=[\s;|&<>]|$)")


def not_runnable(line: str) -> str | None:
    """Why this machine can't run the first program of the line. None: it can, or is not asked."""
    found = PROGRAM.match(line)
    if found is None:
        return None
    name = found[1]
    if "/" in name:
        path = Path(name)
        if not path.exists():
            return f"{name} does not exist"
        if path.is_dir():
            return f"{name} is a directory"
        return None if os.access(path, os.X_OK) else f"{name} is not executable"
    known = ["/bin/sh", "-c", 'command -v "$1" >/dev/null', "sh", name]
    runs = subprocess.run(known, stdin=subprocess.DEVNULL, check=False).returncode == 0
    return None if runs else f"PATH has no program {name}"


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
