# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""The agent's exit codes, in the words of `agent --help`."""

from __future__ import annotations

# The meaning, and the state of the host: the table of src/cli/exits/mod.rs, whose tests compare.
EXITS = {
    0: ("done, or nothing to do", "as asked"),
    1: ("rules, journal or history not written, restart not confirmed; `status`: open, but no users, or a fault; `doctor`: errors", "see the message"),
    2: ("usage, configuration, or too few open files allowed", "unchanged"),
    10: ("another operation is under way on this host", "unchanged"),
    11: ("refused by preflight (HAProxy, rules, app, a hold, state directory, a sidecar with older settings), or the lock server is away", "unchanged"),
    12: ("too few other servers available, or the group's lock is full or was lost", "unchanged, or gates put back; app untouched"),
    13: ("not out of rotation in time", "gates put back, app untouched"),
    14: ("the drain ran out of time, and on_drain_timeout is abort", "gates put back (`agent run`, `--owner`: closed)"),
    15: ("the restart or the upgrade failed, or the app is not healthy or not verified", "gates closed, open or unchanged: see the message"),
    16: ("not back in rotation in time; switch: a balancer can't be seen, so both targets may serve users", "gates open"),
    17: ("the upgrade or the switch failed and was taken back; the old version is healthy", "gates open (held: closed), on the old version"),
    18: ("switch, maintenance: no room, or what is to serve was not started, not healthy, not verified or not UP", "users are where they were"),
    19: ("switch, maintenance: the new side serves, and the old one has or may have users", "the old side left running, with closed gates"),
    20: ("restarted, but HAProxy showed the host UP meanwhile: users may have reached a restarting app", "gates open (held: closed)"),
    21: ("the operation may not begin outside of `[agent] windows`", "unchanged"),
}

# The new target serves all new users, the old one still some others: no failure.
STILL_DRAINING = 19

# Of every code above 128.
SIGNALS = ("SIGHUP, SIGINT, SIGTERM", "gates put back, or restart finished: see the message")

# After these the host may have changed, although the agent failed.
TOUCHED = frozenset([1, 15, 16, 17, 19, 20])


def meaning(code: int) -> str:
    """The meaning of an exit code, and how the host is left."""
    if code in EXITS:
        what, left = EXITS[code]
    elif code > 128:
        what, left = SIGNALS
    else:
        return "not an exit code of the agent: it was killed, or is another program"
    return "{0}; the host is left: {1}".format(what, left)


def touched(code: int) -> bool:
    """Whether a failure with this code may have changed something."""
    return code in TOUCHED or code > 128 or code not in EXITS
