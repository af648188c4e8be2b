# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Decides whether a roll may begin on a host. The roll over SSH decides the same, except on three
hosts. It restarts one in maintenance, and waits for an operation under way: both keep this roll from
its begin. It refuses one that a failed restart or upgrade left closed: this roll restarts it."""

from __future__ import annotations

import typing as t

from .status import Hold, OtherVersion, Status, WhichApp, read

# The agent's verbs that go batch after batch.
VERBS = ("restart", "switch", "close", "open")

# The agent's exit code if a host did not get its turn, or not the lock.
NO_TURN = 12

# Options that only these verbs have, as the variables haproxy_gate_NAME.
ONLY = {
    "turn": ("restart", "close"),
    # Set if it is false.
    "upgrade": ("restart",),
    "upgrade_command": ("restart",),
    "rollback_command": ("restart",),
    "upgrade_tasks": ("restart",),
    "held": ("restart",),
    "target": ("switch",),
    "back": ("switch",),
    "prepare_command": ("switch",),
    "keep": ("switch",),
    "for": ("close",),
    "outside_window": ("restart", "switch", "close"),
}

# upgrade.yml writes the name of the playbook before the reason of its hold. No other field of a hold
# shows whose it is: this one and one that an operator wants are both by `agent close` of one user.
OURS = "rolling_restart.yml: "

Asked = t.Mapping[str, t.Any]


def why_not(seen: t.Mapping[str, t.Any], asked: Asked) -> str:
    """Why the roll does not begin because of this host. Empty: it may.
    `seen`: the result of agent_info. `asked`: the variables of the roll."""
    return misused(asked) or in_the_way(seen, asked)


def misused(asked: Asked) -> str:
    """What is wrong with the variables."""
    verb = asked["verb"]
    if verb not in VERBS:
        return "haproxy_gate_verb is {0}, not {1!r}".format(" or ".join(VERBS), str(verb))
    for name, verbs in ONLY.items():
        if asked.get(name) and verb not in verbs:
            text = "haproxy_gate_{0} goes with {1}, not with {2}: remove it"
            return text.format(name, " or ".join(verbs), verb)
    if verb == "switch":
        if bool(asked.get("target")) == bool(asked.get("back")):
            return "a switch needs haproxy_gate_target or haproxy_gate_back=true, and not both"
        if asked.get("back") and asked.get("prepare_command"):
            return "haproxy_gate_back returns to the target before: remove haproxy_gate_prepare_command"
    if asked.get("reasoned") and not on_one_line(str(asked["reason"])):
        return "haproxy_gate_reason is not 1 to 200 characters on one line"
    if not asked.get("outside_window"):
        return ""
    if asked.get("back"):
        return "haproxy_gate_back waits for no window: remove haproxy_gate_outside_window"
    return "" if asked.get("reasoned") else "haproxy_gate_outside_window needs haproxy_gate_reason"


def in_the_way(seen: t.Mapping[str, t.Any], asked: Asked) -> str:
    """Why it does not begin on a host with this status."""
    if seen.get("failed") or seen.get("unreachable"):
        return str(seen.get("msg") or "unreachable")
    try:
        # agent_info has asked for the app of the roll.
        status = read(dict(seen), None)
    except WhichApp:
        return "the host has several apps: set haproxy_gate_app"
    except OtherVersion as error:
        return "{0}: install the agent of this release".format(error)
    held = against_hold(status.hold, asked)
    if held:
        return held
    if status.operation is not None:
        return "another operation is under way: {0}".format(status.operation)
    return outside_windows(status, asked)


def against_hold(hold: Hold | None, asked: Asked) -> str:
    """Why a hold keeps the roll from its begin."""
    # An upgrade that still runs has not failed: the operation is under way.
    if hold is None or (hold.by == "agent" and hold.failed is None):
        return ""
    if hold.by == "maintenance":
        return "maintenance is on; end it with `agent maintenance off`"
    if asked["verb"] in ("close", "open"):
        # Its agent knows what becomes of the hold.
        return ""
    closed = "closed by {0}; ".format(hold.text)
    if asked["verb"] == "switch":
        return closed + "end the hold with `agent open`: a switch needs open gates"
    held = asked.get("held") or "refuse"
    if not is_fixed(hold) and (held == "refuse" or asked.get("upgrade_tasks")):
        return closed + "end the hold with `agent open`, or set haproxy_gate_held"
    if held == "skip" and hold.by == "agent" and hold.failed != "restart":
        return closed + "haproxy_gate_held=skip does not skip a failed upgrade"
    return ""


def is_fixed(hold: Hold) -> bool:
    """A failure that the next restart fixes, or what an earlier roll has left."""
    if hold.by == "agent":
        return hold.failed in ("restart", "upgrade")
    return hold.by == "operator" and "{0}: ".format(hold.reason).startswith(OURS)


def window_ended(answer: t.Mapping[str, t.Any], seen: t.Mapping[str, t.Any], asked: Asked) -> str:
    """Why the agent may not begin any more. Empty: it failed for another reason. An agent that waits
    for its turn gives up at the end of the window, too, and with the exit code of that turn.
    `answer`: the result of the agent. `seen`: that of agent_info, asked after it."""
    # The same exit code has a lock that was lost: the gates were closed, and are put back.
    if answer.get("exit") != NO_TURN or answer.get("outcome") == "lock_lost":
        return ""
    try:
        return outside_windows(read(dict(seen), None), asked)
    except (WhichApp, OtherVersion):
        # Without an answer it is a failure.
        return ""


def outside_windows(status: Status, asked: Asked) -> str:
    """Why its agent would refuse now. A host that is held closed has no users to lose, and no way
    back waits for a window."""
    waits = asked["verb"] in ONLY["outside_window"] and not asked.get("back")
    if status.outside is None or status.hold is not None or not waits:
        return ""
    if asked.get("outside_window"):
        return ""
    emergency = "in an emergency set haproxy_gate_outside_window=true and haproxy_gate_reason"
    return "{0}; {1}".format(status.outside, emergency)


def on_one_line(text: str) -> bool:
    """As the agent takes it: no control character."""
    control = any(ord(one) < 32 or 127 <= ord(one) < 160 for one in text)
    return 1 <= len(text) <= 200 and not control
