# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Compares the status of an app with the state of a task, and formats it for a diff."""

from __future__ import annotations

import typing as t

from .status import Line, Status


def gated(status: Status) -> list[Line]:
    """Lines whose checks a gate redirects: the twin of the classic layout checks the app itself."""
    return [line for line in status.lines if line.role != "classic_twin"]


def is_closed(status: Status) -> bool:
    """The gates are held closed and are closed, and HAProxy uses no gated line."""
    used = [line for line in gated(status) if line in status.usable]
    return status.hold is not None and status.all_gates("closed") and not used


def is_open(status: Status) -> bool:
    """No hold, all gates open, and every balancer shows all lines fully UP."""
    return status.hold is None and status.all_gates("open") and status.in_rotation


def is_on_page(status: Status) -> bool:
    """Users meet the page, until `agent maintenance off`."""
    return status.hold is not None and status.hold.by == "maintenance"


def is_held_so(status: Status, reason: str | None) -> bool:
    """An operator holds the gates closed, without an end, and for this reason if one is given."""
    hold = status.hold
    if hold is None or hold.by != "operator" or hold.until is not None:
        return False
    return reason in (None, hold.reason)


def why_not_in_rotation(status: Status) -> str:
    """The reasons as text, the most important first."""
    reasons = [] if status.hold is None else [f"closed by {status.hold.text}"]
    reasons += status.trouble
    reasons += [] if status.healthy else [status.health]
    reasons += status.unseen
    reasons += [f"{line.balancer} {line}" for line in status.not_up]
    return "; ".join(reasons) or "HAProxy does not show it fully UP"


def side_of_diff(entry: dict[str, t.Any]) -> str:
    """Gates, lines and hold of an app's entry of `agent status`."""
    rows = [
        "gate {role}: port {status_port} to {port}: {position}".format(**gate)
        for gate in entry["gates"]
    ]
    rows += [
        f"{balancer['name']} {line['name']}: {line['status']}"
        for balancer in entry["balancers"]
        for line in balancer["lines"]
    ]
    # The process and the time of a hold differ each time.
    rows.append(f"held closed: {'yes' if entry['hold'] else 'no'}")
    if "readonly" in entry:
        rows.append(f"writes: {'refused' if entry['readonly']['declared'] else 'taken'}")
    return "".join(f"{row}\n" for row in rows)


def expected(entry: dict[str, t.Any], closed: bool) -> dict[str, t.Any]:
    """The entry that a dry run expects after a close or an open."""
    position, word = ("closed", "DOWN") if closed else ("open", "UP")

    def moved(line: dict[str, t.Any]) -> dict[str, t.Any]:
        stays = closed and line["role"] == "classic_twin"
        return line if stays else {**line, "status": word, "state": word.lower()}

    hold = {"by": "operator", "failed": None, "reason": None}
    hold = {**hold, "until_unix_seconds": None, "text": "this task"}
    return {
        **entry,
        "gates": [{**gate, "position": position} for gate in entry["gates"]],
        "balancers": [
            {**balancer, "lines": [moved(line) for line in balancer["lines"]]}
            for balancer in entry["balancers"]
        ],
        "hold": hold if closed else None,
    }


def declared(entry: dict[str, t.Any], on: bool) -> dict[str, t.Any]:
    """The entry that a dry run expects after read-only begins or ends."""
    marker = entry.get("readonly")
    if marker is None:
        return entry
    return {**entry, "readonly": {**marker, "declared": {"text": "this task"} if on else None}}
