"""Whether HAProxy sends users to a host that has to serve in the place of another one. An operator
of HAProxy may have taken its lines out: its agent then waits for no UP, and opens all the same."""

from __future__ import annotations

from collections.abc import Iterable

from .status import Line, Status


def unsteady(status: Status) -> str | None:
    """Why an opened host does not serve well. A balancer that can't be seen for a moment is no
    reason: at the end of the time all must show it."""
    if not status.healthy:
        return status.health
    return said(line for line in status.lines if not line.is_up or is_out(line))


def taken_out(status: Status) -> str | None:
    """Why HAProxy sends this host no users, even once its gates are open."""
    return said(line for line in status.lines if is_out(line))


def is_out(line: Line) -> bool:
    """A backup line keeps its sticky users, whatever its weight."""
    return line.state in ("maint", "drain") or (line.state == "zero_weight" and line.role == "main")


def said(lines: Iterable[Line]) -> str | None:
    """Each text once, even if several balancers show it."""
    return "; ".join(dict.fromkeys(map(in_words, lines))) or None


def in_words(line: Line) -> str:
    """With the command that ends it, if it is one of an operator of HAProxy."""
    if not is_out(line):
        return str(line)
    change = None
    if line.state == "zero_weight":
        change = "weight 100%"
    elif "(" not in line.status:
        # Neither by a tracked line, nor by DNS or an agent check.
        change = "state ready"
    fix = f": run `set server {line.name} {change}` there" if change else ""
    return f"{line} at {line.balancer}{fix}"
