"""The verbs on the command line, with the options that only some of them have."""

from __future__ import annotations

import argparse

from .kinds import time


def add_verbs(made: argparse.ArgumentParser) -> None:
    """Without one of them a roll restarts."""
    group = made.add_argument_group("verbs, at most one (default: agent restart)")
    verb = group.add_mutually_exclusive_group()
    verb.add_argument(
        "--switch",
        action="store_true",
        default=None,
        help="agent switch instead of agent restart; --with prepares the idle target",
    )
    verb.add_argument(
        "--close",
        action="store_true",
        default=None,
        help="agent close: hold these hosts closed, as far as enough other hosts are left",
    )
    verb.add_argument(
        "--open",
        action="store_true",
        default=None,
        help="agent open: end the holds of these hosts, of all at once without --batch",
    )
    verb.add_argument(
        "--maintenance",
        choices=["on", "off"],
        help="agent maintenance on all hosts at once, or on none: users meet the page, or the app",
    )
    verb.add_argument(
        "--readonly",
        choices=["on", "off"],
        help="agent readonly on all hosts at once, or on none: HAProxy refuses writes, or takes "
        "them again",
    )
    verb.add_argument(
        "--replace",
        action="append",
        metavar="OLD=NEW",
        help="agent open on the new host, and agent close on the old one once all was well for a "
        "while (repeatable)",
    )
    group.add_argument(
        "--replace-file", metavar="FILE", help="the same for one OLD=NEW a line, # comments"
    )
    add_their_own(made)


def add_their_own(made: argparse.ArgumentParser) -> None:
    """The options of one or two of them."""
    add = made.add_argument
    add("--to", metavar="TARGET", help="with --switch: the target that is current then")
    add(
        "--back",
        action="store_true",
        default=None,
        help="with --switch: back to the target that is kept ready; with --replace: back to the "
        "old host",
    )
    add(
        "--finish",
        action="store_true",
        default=None,
        help="with --replace: the old host stays closed for good",
    )
    add(
        "--settle",
        type=time,
        metavar="TIME",
        help="with --replace: how long the new host must be healthy and UP (default: 30s)",
    )
    add(
        "--keep",
        type=time,
        metavar="TIME",
        help="with --switch: how long the old target is kept ready (default: the configuration's)",
    )
    add(
        "--for",
        dest="lasts",
        type=time,
        metavar="TIME",
        help="with --close, --maintenance on and --readonly on: the sidecars end it after this "
        "time",
    )
