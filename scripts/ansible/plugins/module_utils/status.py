# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""The only parser of `agent status --json`, for one app.

The collection installs by itself, so the file is here, and scripts/rolling/status.py is a link to
it. It needs Python 3.9, and imports nothing of the collection or the roll.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

# HAProxy's states of a line that an operator of HAProxy has set.
TAKEN_OUT = ("maint", "drain", "zero_weight")
NO_MARKER = {"declared": None}
# HAProxy sends new users to a line in these states.
USABLE = ("up", "up_unproven", "no_check")


class WhichApp(LookupError):
    """The host has several apps and no name was given, or it has no app of that name."""

    def __init__(self, apps: list[str]) -> None:
        self.apps = apps
        super().__init__(f"it has the apps {', '.join(apps[:5]) or 'none'}")


class OtherVersion(ValueError):
    """The answer is not a status, or an agent of another version printed it."""


@dataclass(frozen=True)
class Hold:
    """A request that the gates stay closed."""

    # operator, unit, maintenance, agent or unknown
    by: str
    # restart, upgrade or upgrade_cut_short
    failed: str | None
    reason: str | None
    until: int | None
    # In one line, for people.
    text: str


@dataclass(frozen=True)
class Line:
    """A server line of this host, as one balancer shows it."""

    balancer: str
    name: str
    role: str
    # HAProxy's own text, such as `UP 1/3`, and its kind as one word.
    status: str
    state: str
    proven: bool

    @property
    def is_up(self) -> bool:
        """Fully UP: all checks passed, slow start over."""
        return self.state in ("up", "zero_weight") and self.proven

    def __str__(self) -> str:
        unproven = ", but not proven yet" if self.state == "up" and not self.proven else ""
        return f"{self.name} is {self.status}{unproven}"


@dataclass(frozen=True)
class Status:
    """One app of a host. `operation` and `health` are text for people."""

    app: str
    healthy: bool
    health: str
    in_rotation: bool
    serving: bool
    # How many hosts HAProxy can spare; None: a balancer can't be seen.
    spare: int | None
    hold: Hold | None
    operation: str | None
    # open, closed or broken
    gates: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    # Balancers that can't be seen, with the reason.
    unseen: tuple[str, ...] = ()
    trouble: tuple[str, ...] = ()
    # An operator has HAProxy refuse writes.
    read_only: bool = False
    # Why no operation may begin now, by `[agent] windows`. None: one may.
    outside: str | None = None
    # The app's entry as the agent printed it.
    entry: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def not_up(self) -> tuple[Line, ...]:
        """Lines that are not fully UP."""
        return tuple(line for line in self.lines if not line.is_up)

    @property
    def taken_out(self) -> tuple[Line, ...]:
        """Lines that an operator of HAProxy has taken out."""
        return tuple(line for line in self.lines if line.state in TAKEN_OUT)

    @property
    def usable(self) -> tuple[Line, ...]:
        """Lines that HAProxy sends new users."""
        return tuple(line for line in self.lines if line.state in USABLE)

    def all_gates(self, position: str) -> bool:
        """There are gates, and all have this position."""
        return bool(self.gates) and all(gate == position for gate in self.gates)


def read(answer: dict[str, Any], app: str | None) -> Status:
    """The app of this name, or the only app. Raises WhichApp or OtherVersion."""
    try:
        entry = choose(answer["apps"], app)
        outside = outside_windows(answer.get("windows"))
        return replace(of_entry(entry, answer["operation"]), outside=outside)
    except (KeyError, TypeError, AttributeError) as error:
        raise OtherVersion(f"its `agent status` has another version: {error!r}") from error


def choose(apps: list[dict[str, Any]], app: str | None) -> dict[str, Any]:
    """The entry of this app."""
    named = [one for one in apps if app in (None, one["app"])]
    if len(named) != 1:
        raise WhichApp([typed(str, one["app"]) for one in apps])
    return named[0]


def of_entry(entry: dict[str, Any], operation: dict[str, Any] | None) -> Status:
    """An entry of `apps`."""
    health, hold, spare = entry["health"], entry["hold"], entry["spare"]
    balancers = entry["balancers"]
    return Status(
        app=typed(str, entry["app"]),
        healthy=typed(bool, health["healthy"]),
        health=typed(str, health["text"]),
        in_rotation=typed(bool, entry["in_rotation"]),
        serving=typed(bool, entry["serving"]),
        spare=None if spare is None else typed(int, spare),
        hold=None if hold is None else hold_of(hold),
        operation=None if operation is None else typed(str, operation["text"]),
        gates=tuple(typed(str, gate["position"]) for gate in entry["gates"]),
        lines=tuple(
            line_of(balancer["name"], line) for balancer in balancers for line in balancer["lines"]
        ),
        unseen=tuple(
            f"{balancer['name']}: {balancer['error']}"
            for balancer in balancers
            if balancer.get("error") is not None
        ),
        trouble=tuple(typed(str, trouble) for trouble in entry["trouble"]),
        # An app without a marker has no such object.
        read_only=entry.get("readonly", NO_MARKER)["declared"] is not None,
        entry=entry,
    )


def outside_windows(windows: dict[str, Any] | None) -> str | None:
    """None: within them, or the configuration has none."""
    if windows is None or typed(bool, windows["inside"]):
        return None
    return str(typed(str, windows["text"]))


def hold_of(hold: dict[str, Any]) -> Hold:
    """The object `hold` of an entry."""
    failed, reason, until = hold["failed"], hold["reason"], hold["until_unix_seconds"]
    return Hold(
        by=typed(str, hold["by"]),
        failed=None if failed is None else typed(str, failed),
        reason=None if reason is None else typed(str, reason),
        until=None if until is None else typed(int, until),
        text=typed(str, hold["text"]),
    )


def line_of(balancer: str, line: dict[str, Any]) -> Line:
    """One of a balancer's `lines`."""
    return Line(
        balancer=typed(str, balancer),
        name=typed(str, line["name"]),
        role=typed(str, line["role"]),
        status=typed(str, line["status"]),
        state=typed(str, line["state"]),
        proven=typed(bool, line["proven"]),
    )


def typed(kind: type, value: Any) -> Any:
    """The value, which must be of this type. For Python a bool is an int, too."""
    if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
        raise TypeError(f"{value!r} is not of type {kind.__name__}")
    return value
