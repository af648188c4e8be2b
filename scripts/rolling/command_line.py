"""The command line."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NoReturn

from .options import Options, UsageError
from .plan import Share
from .text import seconds

EXAMPLES = """\
A batch begins when every host of the one before is done: exit 0 from its agent,
and HAProxy shows it fully UP. Within a batch never more hosts are out than
HAProxy has to spare.

examples:
  %(prog)s web1 web2 web3
      one after the other
  %(prog)s --hosts FILE --canary 1 --batch 25%%
      one, then a quarter at a time
  %(prog)s --hosts FILE --seesaw --pause 5m
      one half, then the other
  %(prog)s --hosts FILE --dry-run
      the order, and who would refuse
  %(prog)s --hosts FILE --with 'apt-get install -y web'
      upgraded before each restart
  %(prog)s --hosts FILE --skip-held
      without those that `agent close` holds closed
  %(prog)s --hosts FILE --reason 'new certificates'
      and each host's agent history has it
  %(prog)s --resume roll.json --hosts FILE
      keep a record there, or go on from it

Ctrl-C starts no more, and the hosts under way finish. A second one has them put
back what can be put back; a third lets go of them: the agents come to their end
by themselves. The record of a roll that did not finish is kept, and how to go
on is said. Hosts that are not recorded as done are restarted then, also those
that were under way when the roll was killed. A canary that fails ends the roll,
--max-failures or not.

exit: 0 all done; 1 some failed; 2 usage; 3 nothing was begun; 70 an
internal error; 129, 130, 143 interrupted
"""


class Parser(argparse.ArgumentParser):
    """argparse would print and exit: `--json` answers usage errors, too."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hosts")
    return int(text)


def time(text: str) -> str:
    try:
        seconds(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def share(text: str) -> str:
    try:
        Share.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def config_file(text: str) -> str:
    """Also from another folder, when the roll is gone on with."""
    return text if text == "none" else os.path.abspath(text)


def parser(program: str) -> Parser:
    """Each option that a record keeps is None where it was not given."""
    made = Parser(
        prog=program,
        description="Restarts an app on many hosts over SSH, by agent restart, a few at a time.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = made.add_argument
    add("hosts", nargs="*", metavar="HOST", help="[user@]name, as ssh takes it")
    add("--hosts", dest="file", metavar="FILE", help="hosts, one a line, # comments; -: stdin")
    add("--app", help="the app (default: the one that the hosts have)")
    size = made.add_mutually_exclusive_group()
    size.add_argument(
        "--batch",
        type=share,
        metavar="SIZE",
        help="hosts at a time, 3, or their share of all, 25%% (default: 1)",
    )
    size.add_argument(
        "--seesaw",
        action="store_true",
        default=None,
        help="two batches: the first half as given, then the other",
    )
    add("--canary", type=number, metavar="N", help="so many first, as a batch of their own")
    add("--pause", type=time, metavar="TIME", help="between two batches: 30s, 5m")
    add(
        "--max-failures",
        type=number,
        metavar="N",
        help="go on with so many failed hosts (default: 0)",
    )
    upgrade = made.add_mutually_exclusive_group()
    upgrade.add_argument(
        "--with",
        dest="with_command",
        metavar="CMD",
        help="upgrade by this line for /bin/sh there, once the host is drained",
    )
    upgrade.add_argument(
        "--without-upgrade",
        action="store_true",
        default=None,
        help="only restart, although a host has an upgrade configured",
    )
    held = made.add_mutually_exclusive_group()
    for option, value, what in (
        ("--reopen", "reopen", "restart and open hosts that are held closed: the hold ends"),
        ("--stay-closed", "stay_closed", "restart hosts that are held closed, and leave them so"),
        ("--skip-held", "skip", "leave hosts alone that are held closed; they count as done"),
    ):
        held.add_argument(option, dest="on_hold", action="store_const", const=value, help=what)
    add("--reason", metavar="WORDS", help="why; agent history on each host shows it")
    add(
        "--turn",
        type=time,
        metavar="TIME",
        help="how long to wait where too few other servers are available (default: 10m)",
    )
    add("--resume", metavar="FILE", help="keep the record there; go on where it is there already")
    add(
        "--dry-run",
        action="store_true",
        help="show the order, the batches, and who would refuse; change nothing",
    )
    add(
        "--json",
        action="store_true",
        help="one JSON object on stdout at the end; progress stays on stderr",
    )
    add("--sudo", action="store_true", default=None, help="call the agent by sudo -n")
    add("--agent", metavar="PATH", help="the agent's program on the hosts (default: agent)")
    add(
        "-F",
        dest="ssh_config",
        type=config_file,
        metavar="FILE",
        help="ssh's configuration file (ssh -F)",
    )
    return made


def given(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options that were given."""
    known = asdict(Options())
    return {
        key: value for key, value in vars(arguments).items() if key in known and value is not None
    }


def parse(program: str, argv: Sequence[str]) -> argparse.Namespace:
    arguments = parser(program).parse_intermixed_args(argv)
    if arguments.hosts and arguments.file is not None:
        raise UsageError("hosts come from arguments or from --hosts, not from both")
    return arguments
