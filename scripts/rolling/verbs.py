"""The verbs of a roll: the options that go with each, and its words on a host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .text import seconds

# Batch after batch.
ROLLS = ("restart", "switch", "close", "open")
# On all hosts at once, or on none.
TOGGLES = ("maintenance", "readonly")
# Neither has batches, and neither keeps a record.
WITHOUT_RECORD = (*TOGGLES, "replace")

# How long a restart waits for its turn.
TURN = "10m"

# Options that only these verbs have.
ONLY: dict[str, tuple[str, ...]] = {
    "with_command": ("restart", "switch"),
    "rollback_command": ("restart",),
    "without_upgrade": ("restart",),
    "on_hold": ("restart",),
    "to": ("switch",),
    "back": ("switch", "replace"),
    "finish": ("replace",),
    "settle": ("replace",),
    "keep": ("switch",),
    "lasts": ("close", *TOGGLES),
    "outside_window": ("restart", "switch", "close", *TOGGLES, "replace"),
}
# What happens before a batch, a pair, or all hosts at once.
BEFORE = (
    *("confirm", "go", "go_command", "confirm_timeout"),
    *("hook", "hook_must_succeed", "not_after"),
)
# The other options of those without a record.
OTHERS = ("app", "agent", "reason", "ssh_config", "sudo", "without_balancers", *BEFORE)
OF_TOGGLES = (*OTHERS, "inventory", "group")
OF_REPLACE = (*OTHERS, "turn")

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
    named = [verb for verb in (*ROLLS, *WITHOUT_RECORD) if given.get(verb)]
    if len(named) > 1:
        raise ValueError(f"a roll has one verb: remove --{named[0]} or --{named[1]}")
    return named[0] if named else "restart"


def words(given: Mapping[str, Any]) -> list[str]:
    """The words that only some verbs have. A switch waits for no turn."""
    verb = verb_of(given)
    if verb == "restart":
        return ["--turn", given["turn"] or TURN]
    words = ["--back"] if given["back"] else []
    # The hold of a replaced host gets another reason.
    words += ["--replace"] if given["finish"] else []
    valued = [("--to", "to"), ("--keep", "keep"), ("--for", "lasts")]
    valued += [("--turn", "turn")] if verb == "close" else []
    return words + [f"{option}={given[name]}" for option, name in valued if given[name]]


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
            of_verb = {"replace": OF_REPLACE, **dict.fromkeys(TOGGLES, OF_TOGGLES)}
            fits = verb not in of_verb or name in of_verb[verb]
        if not fits:
            raise ValueError(why_not(verb, name))
    if verb == "switch":
        check_switch(given)
    if given["outside_window"]:
        check_window(verb, given)


def check_switch(given: Mapping[str, Any]) -> None:
    """Raises ValueError if the options of a switch do not fit each other."""
    back, to = given["back"], given["to"]
    if back and (to is not None or given["with_command"] is not None):
        raise ValueError("--back returns to the target before: remove --to and --with")
    if not back and to is None:
        # A host may have switched already. Without a name it would switch back.
        raise ValueError("--switch needs --to TARGET, or --back")
    if given["keep"] is not None:
        seconds(given["keep"])


def check_window(verb: str, given: Mapping[str, Any]) -> None:
    """Raises ValueError if the operation waits for no window, or the reason is missing."""
    # The way back of a replacement closes the new host.
    if given["finish"] or (given["back"] and verb == "switch") or given.get(verb) == "off":
        way = "--finish" if given["finish"] else "--back" if given["back"] else f"--{verb} off"
        raise ValueError(f"{way} waits for no window: remove --outside-window")
    if given["reason"] is None:
        raise ValueError("--outside-window needs --reason WHY: agent history shows both")


def why_not(verb: str, name: str) -> str:
    """For the operator: what to change."""
    option = OPTIONS.get(name, "--" + name.replace("_", "-"))
    if (verb, name) in REASONS:
        return REASONS[verb, name]
    if verb == "restart":
        fitting = " or ".join(f"--{one}" for one in ONLY[name])
        return f"{option} is an option of a {' or '.join(ONLY[name])}: add {fitting}"
    if verb == "replace" and name not in ONLY:
        return f"--replace goes pair by pair: remove {option}"
    if verb in TOGGLES and name not in ONLY:
        return f"--{verb} is on all hosts at once: remove {option}"
    return f"{option} does not go with --{verb}: remove it"
