"""From the command line to the exit code."""

from __future__ import annotations

import asyncio
import io
import os
import sys
import traceback
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from . import command_line, inventory, pairs
from . import hosts as names
from . import record as records
from . import summary as ending
from .confirm import wrong_source
from .local import not_runnable
from .options import Options, UsageError, merge
from .record import Record, Unkept
from .session import Session
from .summary import Summary
from .terminal import Gone, can_ask
from .text import counted
from .verbs import WITHOUT_RECORD


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the summary, and returns the exit code."""
    words = sys.argv[1:] if argv is None else argv
    program = os.path.basename(sys.argv[0])
    try:
        arguments = command_line.parse(program, words)
        record = prepare(arguments)
        summary = asyncio.run(Session(arguments, record).run())
    except (UsageError, names.Wrong) as error:
        summary = Summary("usage", ending.USAGE, f"{program}: {error}")
    except KeyboardInterrupt:
        summary = Summary("interrupted", 130, "interrupted: the roll did not begin")
    except (Unkept, Gone) as error:
        summary = Summary("could_not_begin", ending.NOT_BEGUN, f"{program}: {error}")
    except Exception as error:
        traceback.print_exc()
        message = f"{program}: internal error: {error!r}; the agents put the gates back, or finish"
        summary = Summary("broken", ending.BROKEN, message)
    show(summary, "--json" in words)
    return summary.exit


def show(summary: Summary, as_json: bool) -> None:
    to = sys.stdout if as_json or summary.exit != ending.USAGE else sys.stderr
    if isinstance(to, io.TextIOWrapper):
        # This terminal may not have all characters of a name.
        to.reconfigure(errors="backslashreplace")
    try:
        print(summary.json() if as_json else summary.text(), file=to, flush=True)
    except OSError:
        # The reader is gone. Without this the interpreter would report that once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), to.fileno())


def prepare(arguments: Namespace) -> Record:
    """The record of a new roll, or of the roll to continue."""
    given = command_line.given(arguments)
    listed: list[str] = []
    if arguments.file is not None:
        listed = names.from_file(arguments.file)
    elif arguments.hosts:
        listed = names.from_arguments(arguments.hosts)
    if "replace" in given or arguments.replace_file is not None:
        words = given.setdefault("replace", [])
        words += replace_file(arguments.replace_file) if arguments.replace_file else []
        if listed or not words:
            raise UsageError("--replace names its hosts, OLD=NEW: remove the other ones")
        listed = pairs.hosts_of(pairs.pairs_of(words))
    path = Path(arguments.resume).absolute() if arguments.resume else None
    verb = next((verb for verb in WITHOUT_RECORD if verb in given), None)
    if path is not None and verb is not None:
        raise UsageError(f"--{verb} keeps no record: remove --resume")
    record = records.read(path) if path is not None else None
    options = merge(record.options if record is not None else Options(), given)
    check_commands(options)
    check_source(options, arguments)
    targets = targets_of(options)
    if "group" in given:
        listed = list(targets)
    if record is None:
        if not listed:
            raise UsageError(
                "no hosts: name them, or a file with --hosts"
                if path is None
                else f"no record {arguments.resume}; for a new roll name its hosts"
            )
        # Without a path there is no record before the roll begins.
        record = Record(path or Path(), options, listed)
    elif listed and set(listed) != set(record.hosts):
        raise UsageError(
            f"{path} is the record of other hosts: {differences(record.hosts, listed)}"
        )
    if "canary" in given and options.canary > len(record.hosts):
        few = counted(len(record.hosts), "host")
        raise UsageError(f"--canary {options.canary} is more than all, {few}: give a smaller one")
    record.options, record.targets = options, targets
    gone = [name for name in record.hosts if options.group is not None and name not in targets]
    if gone:
        raise UsageError(f"group {options.group} no longer has {', '.join(gone[:4])}")
    return record


def replace_file(path: str) -> list[str]:
    """The pairs of --replace-file."""
    words = [line for _, line in names.lines_of(names.text_of("--replace-file", path))]
    if not words:
        raise UsageError(f"{path} has no OLD=NEW")
    return words


def targets_of(options: Options) -> dict[str, inventory.Target]:
    """The hosts of the inventory, if there is one."""
    if options.inventory is None or options.group is None:
        return {}
    return inventory.read(options.inventory, options.group)


def check_commands(options: Options) -> None:
    """The roll can run its hooks. Without this, each event would fail in the middle of the roll."""
    lines = [("--hook", line) for line in options.hook]
    lines += [("--go-command", options.go_command)] if options.go_command is not None else []
    for option, line in lines:
        wrong = not_runnable(line)
        if wrong is not None:
            raise UsageError(f"{option} {line}: {wrong} on this machine; the roll did not begin")


def check_source(options: Options, arguments: Namespace) -> None:
    """An approval must be possible. The roll opens the terminal again just before it begins."""
    if not options.confirms or arguments.dry_run:
        return
    wrong = wrong_source(options, can_ask())
    if wrong is not None:
        raise UsageError(wrong)


def differences(kept: Sequence[str], listed: Sequence[str]) -> str:
    only = [f"{name} only in the record" for name in kept if name not in listed]
    only += [f"{name} only on the command line" for name in listed if name not in kept]
    return ", ".join(only[:4]) + (", ..." if len(only) > 4 else "")
