"""The options for what happens before a batch, for hooks, and for an inventory."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .kinds import time, window
from .text import seconds
from .window import end_of

# The limit for an answer.
DAY = 86400.0


@dataclass(frozen=True)
class Choices:
    """A part of the options. The record keeps them."""

    # An operator must approve each batch after the first, or the only one.
    confirm: bool = False
    go: str | None = None
    go_command: str | None = None
    confirm_timeout: str = "1h"
    hook: list[str] = field(default_factory=list)
    hook_must_succeed: bool = False
    not_after: str | None = None
    inventory: str | None = None
    group: str | None = None

    @property
    def confirms(self) -> bool:
        return self.confirm or self.go is not None or self.go_command is not None

    @property
    def on_terminal(self) -> bool:
        """The terminal is the one that approves."""
        return self.confirms and self.go is None and self.go_command is None

    def check_choices(self) -> None:
        """Raises ValueError with the reason."""
        if self.go is not None and self.go_command is not None:
            raise ValueError("an approval comes from --go or from --go-command, not from both")
        if not self.confirms and self.confirm_timeout != "1h":
            raise ValueError(
                "--confirm-timeout is an option of --confirm, --go and --go-command: add one"
            )
        if not 1 <= seconds(self.confirm_timeout) <= DAY:
            raise ValueError(
                f"--confirm-timeout {self.confirm_timeout}: expected a time from 1s to a day"
            )
        if self.hook_must_succeed and not self.hook:
            raise ValueError("--hook-must-succeed needs a --hook")
        if self.not_after is not None:
            end_of(self.not_after, 0.0)
        if (self.inventory is None) != (self.group is None):
            raise ValueError("--inventory FILE and --group NAME go together")
        check_words("--go-command and --hook", [self.go_command, *self.hook])
        check_words("--go, --inventory and --group", [self.go, self.inventory, self.group])


def check_words(options: str, words: Sequence[str | None]) -> None:
    for word in words:
        if word is not None and (not isinstance(word, str) or not word.strip() or "\0" in word):
            raise ValueError(f"{options}: {word!r} is empty, or no text")


def add_options(made: argparse.ArgumentParser) -> None:
    """Adds them to the parser."""
    add = made.add_argument
    add(
        "--confirm",
        action="store_true",
        default=None,
        help="ask on the terminal before each batch or pair after the first; before the first, "
        "too, if it is the only one, or if the roll continues",
    )
    go = made.add_mutually_exclusive_group()
    go.add_argument(
        "--go",
        type=os.path.abspath,
        metavar="FILE",
        help="--confirm without a terminal: go on once FILE is written after a batch; a first "
        "line that begins with no, n, not, nope or stop refuses",
    )
    go.add_argument(
        "--go-command",
        metavar="CMD",
        help="the same with a command line for /bin/sh: exit 0 go on, 1 stop, else run it again",
    )
    add(
        "--confirm-timeout",
        type=time,
        metavar="TIME",
        help="stop if there is no answer by then (default: 1h)",
    )
    add(
        "--hook",
        action="append",
        metavar="CMD",
        help="run this command line for /bin/sh at each event, with JSON on its stdin (repeatable)",
    )
    add(
        "--hook-must-succeed",
        action="store_true",
        default=None,
        help="stop before the next batch if a hook has failed; one that fails at the end is exit "
        "6, too",
    )
    add(
        "--not-after",
        type=window,
        metavar="TIME",
        help="begin no batch, no pair and no --maintenance or --readonly after it: 17:00, "
        "2026-12-01T17:00, or 2h from now",
    )


def exclude(new: dict[str, Any]) -> dict[str, Any]:
    """A new way to approve replaces the recorded one."""
    if any(name in new for name in ("confirm", "go", "go_command")):
        return {"go": None, "go_command": None, **new}
    return new
