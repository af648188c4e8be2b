"""The verbs of a roll, and the options that go with each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Batch after batch.
ROLLS = ("restart", "switch", "close", "open")
# On all hosts at once, or on none.
TOGGLES = ("maintenance", "readonly")

# Options that only these verbs have.
ONLY: dict[str, tuple[str, ...]] = {
    "with_command": ("restart", "switch"),
    "rollback_command": ("restart",),
    "without_upgrade": ("restart",),
    "on_hold": ("restart",),
    "to": ("switch",),
    "back": ("switch",),
    "keep": ("switch",),
    "lasts": ("close", *TOGGLES),
}
# The other options that a toggle has. All hosts at once need no batches, and no record.
OF_TOGGLES = "app agent reason ssh_config sudo without_balancers"

# Fields with another name than their option.
OPTIONS = {
    "with_command": "--with",
    "rollback_command": "--rollback",
    "on_hold": "--reopen, --stay-closed or --skip-held",
    "lasts": "--for",
    "without_balancers": "--without-balancer",
}
# Why a verb has no such option, or what to write.
REASONS = {
    ("switch", "on_hold"): "--switch never touches hosts that are held closed: remove the option",
    ("restart", "lasts"): "--for is an option of --close, --maintenance on and --readonly on",
}


def verb_of(given: Mapping[str, Any]) -> str:
    """The agent's verb on each host. Raises ValueError if there are several."""
    named = [verb for verb in (*ROLLS, *TOGGLES) if given.get(verb) not in (None, False)]
    if len(named) > 1:
        raise ValueError(f"a roll has one verb: remove --{named[0]} or --{named[1]}")
    return named[0] if named else "restart"


def check(given: Mapping[str, Any], usual: Mapping[str, Any]) -> None:
    """Raises ValueError if an option does not go with the verb. `usual`: the values of options
    that were not given."""
    verb = verb_of(given)
    for name, value in given.items():
        if value == usual[name] or name == verb:
            continue
        if name in ONLY:
            fits = verb in ONLY[name]
        else:
            fits = verb not in TOGGLES or name in OF_TOGGLES.split()
        if not fits:
            raise ValueError(why_not(verb, name))


def why_not(verb: str, name: str) -> str:
    """For the operator: what to change."""
    option = OPTIONS.get(name, "--" + name.replace("_", "-"))
    if (verb, name) in REASONS:
        return REASONS[verb, name]
    if verb == "restart":
        return f"{option} is an option of a {ONLY[name][0]}: add --{ONLY[name][0]}"
    if verb in TOGGLES and name not in ONLY:
        return f"--{verb} is on all hosts at once: remove {option}"
    return f"{option} does not go with --{verb}: remove it"
