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
    named = "stdin" if path == "-" else path
    hosts = from_text(named, text_of("--hosts", path))
    if not hosts:
        raise Wrong(f"{named} has no hosts")
    return hosts


def text_of(option: str, path: str) -> str:
    """The text of the file of an option; `-` is stdin. Raises Wrong with the reason."""
    try:
        return sys.stdin.read() if path == "-" else Path(path).read_text("utf-8")
    except FileNotFoundError as error:
        raise Wrong(f"{option} {path}: no such file") from error
    except OSError as error:
        raise Wrong(f"{option} {path}: {error.strerror}") from error
    except ValueError as error:
        raise Wrong(f"{option} {path}: not UTF-8 text: {error}") from error


def from_text(named: str, text: str) -> list[str]:
    return distinct([(f"{named}:{number}", line) for number, line in lines_of(text)])


def lines_of(text: str) -> list[tuple[int, str]]:
    """The lines with their numbers, without comments and empty ones."""
    lines = ((number, line.split("#", 1)[0]) for number, line in enumerate(text.split("\n"), 1))
    stripped = ((number, line.strip(" \t\r")) for number, line in lines)
    return [(number, line) for number, line in stripped if line]


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
