"""One connection a host, with the user's own ssh and configuration."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .answer import SSH_FAILED, Answer
from .inventory import Target
from .program import Heard, Program

# ssh asks for no password, and trusts no unknown host. It notices a lost connection
# within 15 s.
OPTIONS = {
    "BatchMode": "yes",
    "StrictHostKeyChecking": "yes",
    "ConnectTimeout": "10",
    "ServerAliveInterval": "5",
    "ServerAliveCountMax": "3",
    "ControlMaster": "auto",
    "ControlPersist": "60",
    "ClearAllForwardings": "yes",
    "PermitLocalCommand": "no",
    "RemoteCommand": "none",
    # Not every ssh knows these three. They keep the agent's stdin connected to this program.
    "IgnoreUnknown": "StdinNull,ForkAfterAuthentication,SessionType",
    "StdinNull": "no",
    "ForkAfterAuthentication": "no",
    "SessionType": "default",
}
# New connections at a time. The sshd of a jump host may refuse some above 10.
AT_ONCE = 8
# The wait before the second try.
AGAIN = 1.0
# The limit for closing a connection.
LEAVE = 5.0


@dataclass(frozen=True)
class Remote:
    """How to call the agent on a host."""

    agent: str = "agent"
    sudo: bool = False

    def command(self, words: Sequence[str]) -> str:
        """The command for the shell of the host. It quotes every word."""
        root = ["sudo", "-n", "--"] if self.sudo else []
        return " ".join(shlex.quote(word) for word in [*root, self.agent, *words])


class Ssh:
    """The connections of one roll. They end with this context."""

    def __init__(
        self, config: str | None, remote: Remote, targets: Mapping[str, Target] | None = None
    ) -> None:
        self.config = config
        # Hosts of an inventory, which ssh does not know by their names.
        self.targets = targets or {}
        self.remote = remote
        self.numbers: dict[str, int] = {}
        self.gate = asyncio.Semaphore(AT_ONCE)

    async def __aenter__(self) -> Ssh:
        # For this user alone: any process that reaches the socket can use the connection.
        self.masters = Path(tempfile.mkdtemp(prefix="rolling-"))
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            await asyncio.gather(*(self.leave(host) for host in self.numbers))
        shutil.rmtree(self.masters, ignore_errors=True)

    def argv(self, host: str, extra: Sequence[str] = ()) -> list[str]:
        """The words of an ssh call up to the name of the host. A socket's path must be short,
        so its name is a number."""
        number = self.numbers.setdefault(host, len(self.numbers))
        path = str(self.masters / str(number)).replace("%", "%%")
        argv = ["ssh", "-T", *(["-F", self.config] if self.config else []), "-S", path]
        for name, value in OPTIONS.items():
            argv += ["-o", f"{name}={value}"]
        target = self.targets.get(host, Target(host))
        return [*argv, *target.words, *extra, "--", target.address]

    async def start(self, host: str, words: Sequence[str], heard: Heard) -> Program:
        """Starts an agent that stops at the end of its stdin."""
        argv = [*self.argv(host), self.remote.command(words)]
        return await spawn(argv, asyncio.subprocess.PIPE, heard)

    async def ask(self, host: str, words: Sequence[str], limit: float) -> Answer:
        """Runs a call of the agent that changes nothing. It tries twice, because a busy sshd
        refuses some connections."""
        answer = await self.ask_once(host, words, limit)
        if answer.exit != SSH_FAILED:
            return answer
        await asyncio.sleep(AGAIN)
        return await self.ask_once(host, words, limit)

    async def ask_once(self, host: str, words: Sequence[str], limit: float) -> Answer:
        async with self.gate:
            argv = [*self.argv(host), self.remote.command(words)]
            program = await spawn(argv, asyncio.subprocess.DEVNULL, None)
            return await program.answer(limit)

    async def leave(self, host: str) -> None:
        argv = self.argv(host, ["-O", "exit"])
        program = await spawn(argv, asyncio.subprocess.DEVNULL, None)
        await program.answer(LEAVE)


async def spawn(argv: Sequence[str], stdin: int, heard: Heard | None) -> Program:
    """Starts it in a session of its own. So Ctrl-C reaches this program, and not ssh."""
    loop = asyncio.get_running_loop()
    pipe = asyncio.subprocess.PIPE
    _, program = await loop.subprocess_exec(
        lambda: Program(heard),
        *argv,
        stdin=stdin,
        stdout=pipe,
        stderr=pipe,
        start_new_session=True,
        # No window asks for a password either, also not one of the ssh of a jump host.
        env={**os.environ, "SSH_ASKPASS_REQUIRE": "never"},
    )
    return program
