"""The list of hosts: from arguments, a file, or stdin."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from .text import escape

# ssh passes a ProxyCommand to a shell. So a name has no character with a meaning for a shell
# or for ssh.
HOST = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._+-]*@)?[A-Za-z0-9_\[:][A-Za-z0-9._:%\]-]*")
LONGEST = 255


class Wrong(Exception):
    """An invalid list of hosts, with the place and the reason."""


def from_arguments(names: Sequence[str]) -> list[str]:
    return distinct([("argument", name) for name in names])


def from_file(path: str) -> list[str]:
    """Reads one host a line. `#` begins a comment; `-` is stdin."""
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
    except (OSError, ValueError) as error:
        raise Wrong(f"{path}: {error}") from error
    named = "stdin" if path == "-" else path
    return from_text(named, text)


def from_text(named: str, text: str) -> list[str]:
    lines = ((number, line.split("#", 1)[0]) for number, line in enumerate(text.split("\n"), 1))
    return distinct(
        [
            (f"{named}:{number}", line.strip(" \t\r"))
            for number, line in lines
            if line.strip(" \t\r")
        ]
    )


def distinct(named: Iterable[tuple[str, str]]) -> list[str]:
    """Checks that all are valid names, and none comes twice."""
    seen: list[str] = []
    names: list[str] = []
    for where, name in named:
        if len(name) > LONGEST or not HOST.fullmatch(name):
            raise Wrong(
                f"{where}: {escape(name, 80)!r} is not a host: use [user@]name, or a name of "
                "ssh's configuration"
            )
        machine = name.rpartition("@")[2]
        if machine in seen:
            raise Wrong(f"{where}: {name} is named twice")
        seen.append(machine)
        names.append(name)
    return names
