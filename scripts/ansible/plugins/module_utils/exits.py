# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""The agent's exit codes, in the words of `agent --help`."""

from __future__ import annotations

UNCHANGED = "unchanged"
PUT_BACK = "gates put back, app untouched"

# What happened, and how the host is left.
EXITS = {
    0: ("done, or already so", "as asked"),
    1: (
        "rules or journal not written, restart not told; `status`: not all well",
        "as the message says",
    ),
    2: ("usage, configuration, or too few open files allowed", UNCHANGED),
    10: ("another operation holds the lock", UNCHANGED),
    11: ("refused by preflight (HAProxy, rules, app, state directory)", UNCHANGED),
    12: (
        "too few other servers available",
        "unchanged, or gates put back; app untouched",
    ),
    13: ("not out of rotation in time", PUT_BACK),
    14: (
        "the drain ran out, policy abort",
        "gates put back; closed by `agent run`, `--owner`",
    ),
    15: (
        "the restart failed, or the app is not healthy",
        "gates closed (`agent open`: as they were)",
    ),
    16: ("not back in rotation in time", "gates open"),
    17: ("upgrade rolled back", "healthy, and back in rotation, on the old version"),
}

SIGNALS = ("SIGHUP, SIGINT, SIGTERM", "put back, or finished: the message says")

# How the host stands may be another way than before, although the agent did not do all.
TOUCHED = frozenset([1, 15, 16, 17])


def meaning(code: int) -> str:
    """What an exit code tells, and how it leaves the host."""
    if code in EXITS:
        what, left = EXITS[code]
    elif code > 128:
        what, left = SIGNALS
    else:
        return "no exit code of the agent: it was killed, or is another program"
    return "{0}; the host is left: {1}".format(what, left)


def touched(code: int) -> bool:
    """Whether a failure with this code may have changed something."""
    return code in TOUCHED or code > 128 or code not in EXITS
