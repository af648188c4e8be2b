"""The list of hosts: from arguments, a file, or stdin."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from .text import escape

# What ssh itself puts into a ProxyCommand goes through a shell there: a name has nothing
# that a shell or ssh would take for more than a name.
HOST = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9._+-]*@)?[A-Za-z0-9_\[:][A-Za-z0-9._:%\]-]*")
LONGEST = 255


class Wrong(Exception):
    """A list that can't be used, with where and why."""


def from_arguments(names: Sequence[str]) -> list[str]:
    return distinct([("argument", name) for name in names])


def from_file(path: str) -> list[str]:
    """One a line, `#` begins a comment; `-` is stdin."""
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
    """All of them are names, and none is named twice."""
    seen: list[str] = []
    names: list[str] = []
    for where, name in named:
        if len(name) > LONGEST or not HOST.fullmatch(name):
            raise Wrong(
                f"{where}: {escape(name, 80)!r} is no host: [user@]name, or a name of ssh's config"
            )
        machine = name.rpartition("@")[2]
        if machine in seen:
            raise Wrong(f"{where}: {name} is named twice")
        seen.append(machine)
        names.append(name)
    return names
