# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""How an app stands, as `agent status --json` has it."""

from __future__ import annotations

import typing as t

Status = dict[str, t.Any]


def of_app(said: Status, app: str | None) -> Status:
    """The entry of the app that was asked for: where none was named, of the only one."""
    apps = said.get("apps") or []
    named = [one for one in apps if app in (None, one.get("app"))]
    if len(named) == 1:
        return named[0]
    names = ", ".join(str(one.get("app")) for one in apps) or "none"
    raise LookupError("which app? The configuration has {0}".format(names))


def lines(status: Status) -> list[tuple[str, dict[str, t.Any]]]:
    """Our lines, each with its balancer's name."""
    return [
        (balancer.get("name", ""), line)
        for balancer in status.get("balancers") or []
        for line in balancer.get("lines") or []
    ]


def all_gates(status: Status, position: str) -> bool:
    """There are gates, and every one stands so."""
    gates = status.get("gates") or []
    return bool(gates) and all(gate.get("position") == position for gate in gates)


def is_closed(status: Status) -> bool:
    """Somebody wants it closed, the gates are, and no balancer shows a gated line UP."""
    # The twin of the classic layout checks the app itself, and stays UP.
    gated = [line for _name, line in lines(status) if line.get("role") != "classic_twin"]
    up = [line for line in gated if str(line.get("status")).startswith("UP")]
    return bool(status.get("held")) and all_gates(status, "closed") and not up


def is_open(status: Status) -> bool:
    """Nobody wants it closed, the gates are open, and every balancer shows it fully UP."""
    return not status.get("held") and all_gates(status, "open") and is_in_rotation(status)


def is_in_rotation(status: Status) -> bool:
    """Every balancer answers and shows all lines fully UP, slow start over."""
    return status.get("in_rotation") is True


def is_held_so(status: Status, reason: str | None) -> bool:
    """By an operator, without an end, and for this reason where one is asked for."""
    # "`agent close web`, pid 7, since 2026-11-21T12:00:00Z, until ...Z: disk swap"
    who, _colon, why = str(status.get("held") or "").partition("Z: ")
    endless = ", until " not in who and ", for " not in who
    return bool(who) and endless and reason in (None, why)


def why_not_in_rotation(status: Status) -> str:
    """In words, the most telling first."""
    reasons: list[str] = []
    if status.get("held"):
        reasons.append("closed by {0}".format(status["held"]))
    reasons += [str(trouble) for trouble in status.get("trouble") or []]
    if not status.get("healthy"):
        reasons.append(str(status.get("health")))
    for balancer in status.get("balancers") or []:
        if balancer.get("error"):
            reasons.append("{0}: {1}".format(balancer.get("name"), balancer["error"]))
    for name, line in lines(status):
        if not (line.get("status") == "UP" and line.get("proven")):
            reasons.append(
                "{0} {1} is {2}".format(name, line.get("name"), line.get("status"))
            )
    return "; ".join(reasons) or "HAProxy does not show it fully UP"


def told(status: Status) -> str:
    """Gates and lines, for people: one side of a diff."""
    rows = [
        "gate {side}: port {status_port} to {port}: {position}".format(**gate)
        for gate in status.get("gates") or []
    ]
    rows += [
        "{0} {1}: {2}".format(name, line.get("name"), line.get("status"))
        for name, line in lines(status)
    ]
    # Whose process, and when, differs each time.
    rows.append("held closed: {0}".format("yes" if status.get("held") else "no"))
    return "".join("{0}\n".format(row) for row in rows)


def expected(status: Status, closed: bool) -> Status:
    """How it would stand, closed or in rotation: what a dry run can't look at."""
    position, word = ("closed", "DOWN") if closed else ("open", "UP")

    def moved(line: dict[str, t.Any]) -> dict[str, t.Any]:
        stays = closed and line.get("role") == "classic_twin"
        return line if stays else {**line, "status": word}

    return {
        **status,
        "gates": [{**gate, "position": position} for gate in status.get("gates") or []],
        "balancers": [
            {**balancer, "lines": [moved(line) for line in balancer.get("lines") or []]}
            for balancer in status.get("balancers") or []
        ],
        "held": "somebody" if closed else None,
    }
