"""Makes text of a host safe to print: it moves no cursor and fills no disk."""

from __future__ import annotations

import re
import unicodedata

# The longest line in a summary.
LINE = 300


def escape(said: object, limit: int = LINE) -> str:
    """One line of printable text. All other characters become escapes."""
    shown: list[str] = []
    size = 0
    for character in str(said).strip():
        piece = character if character.isprintable() else as_escape(character)
        size += len(piece)
        if size > limit:
            return "".join(shown) + "..."
        shown.append(piece)
    return "".join(shown)


def as_escape(character: str) -> str:
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


def on_one_line(text: str, limit: int) -> bool:
    """The same check as in the agent: valid text without control characters."""
    kinds = {unicodedata.category(character) for character in text}
    return 1 <= len(text) <= limit and not kinds & {"Cc", "Cs"}


def decoded(said: bytes) -> str:
    return said.decode("utf-8", "backslashreplace")


def counted(number: int, what: str) -> str:
    """`1 host`, `2 hosts`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def hosts_of(number: int, all_hosts: int) -> str:
    """`1 of 1 host`, `1 of 2 hosts`."""
    return f"{number} of {counted(all_hosts, 'host')}"


def refusing(number: int, all_hosts: int) -> str:
    """`1 of 2 hosts refuses`, `2 of 3 hosts refuse`."""
    return f"{hosts_of(number, all_hosts)} {'refuses' if number == 1 else 'refuse'}"


def columns(text: str) -> int:
    """The number of columns on a terminal."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide


def cut(text: str, width: int) -> str:
    """Cuts the text to this number of columns."""
    if columns(text) <= width:
        return text
    while text and columns(text) > width - 1:
        text = text[:-1]
    return text + "~" if width > 0 else ""


UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float:
    """`30s`, `1m30s`, `500ms`, as in the agent. Raises ValueError for any other text."""
    if not re.fullmatch(r"(?:[0-9]{1,9}(?:ms|s|m|h))+", text):
        raise ValueError(f"{text!r} is not a time such as 30s, 5m or 1m30s")
    parts = re.findall(r"([0-9]+)(ms|s|m|h)", text)
    return sum(float(number) * UNITS[unit] for number, unit in parts)


def span(time: float) -> str:
    """`4.1 s`, `3 min 20 s`."""
    if time < 60:
        return f"{time:.1f} s"
    minutes, rest = divmod(int(time), 60)
    return f"{minutes} min {rest} s"
