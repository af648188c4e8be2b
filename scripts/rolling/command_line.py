"""The command line."""

from __future__ import annotations

import argparse
import difflib
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NoReturn

from .choices import add_options
from .kinds import config_file, number, share, time
from .options import Options, UsageError
from .verb_options import add_verbs

DESCRIPTION = """\
Restarts an app on many hosts over SSH, by agent restart, a few at a time. With
a verb it does something else there: a switch to a new version, maintenance, and
so on.
"""
EXAMPLES = """\
A batch begins when every host of the previous batch is done: its agent ended
with exit 0, and HAProxy shows the host fully UP. Within a batch the roll takes
out no more hosts than HAProxy can spare.

examples:
  %(prog)s web1 web2 web3
      one after the other
  %(prog)s --hosts FILE --canary 1 --batch 25%%
      one host, then a quarter of all at a time
  %(prog)s --hosts FILE --seesaw --pause 5m
      one half, then the other
  %(prog)s --hosts FILE --confirm --not-after 17:00
      ask between batches; begin none after 17:00
  %(prog)s --inventory FILE --group web --hook logger
      the hosts of an Ansible group; each event as JSON on stdin of the hook
  %(prog)s --hosts FILE --dry-run
      show the order, and the hosts that would refuse
  %(prog)s --hosts FILE --with 'apt-get install -y web'
      upgrade each host before its restart
  %(prog)s --hosts FILE --skip-held
      skip hosts that `agent close` holds closed
  %(prog)s --hosts FILE --switch --to green --with CMD
      start the new version beside the old one on each host, and switch
  %(prog)s --hosts FILE --switch --back --batch 100%%
      all hosts back to the version before, while it is kept ready
  %(prog)s --hosts FILE --maintenance on --for 2h --confirm
      ask, then all users to the page, on all hosts at once; off: back
  %(prog)s --hosts FILE --readonly on --for 20m
      HAProxy refuses writes; --readonly off: it takes them again
  %(prog)s --close web1 web2 --for 2h --reason 'new disks'
      hold these two closed; --open web1 web2: back
  %(prog)s --replace web1=web9 --settle 2m
      web9 opens, then web1 closes; with --back the way back, until --finish
  %(prog)s --hosts FILE --reason 'new certificates'
      store this reason in the agent history of each host
  %(prog)s --resume roll.json --hosts FILE
      keep a record in this file, or continue from it

After Ctrl-C the roll starts no more hosts, and the hosts under way finish.
After a second Ctrl-C they put back what they can. After a third the roll does
not wait for them: the agents finish by themselves. A roll that did not finish
keeps its record, and prints the command to continue. It then restarts all hosts
that the record does not show as done, also those that were under way when the
roll was killed. --maintenance, --readonly and --replace keep no record: call
them again. A canary that fails ends the roll, whatever --max-failures is.

exit: 0 all done; 1 some failed; 2 usage; 3 the roll did not begin; 4 not
approved; 5 the window closed: that of --not-after, or a host's own while the
roll was under way; 6 a hook failed with --hook-must-succeed; 70 internal error;
129, 130, 143 interrupted
"""


class Parser(argparse.ArgumentParser):
    """argparse would print and exit: `--json` answers usage errors, too."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message + self.meant(message))

    def meant(self, message: str) -> str:
        """The option that a mistyped one is close to."""
        _, _, words = message.partition("unrecognized arguments: ")
        if not words:
            return ""
        options = [option for action in self._actions for option in action.option_strings]
        near = difflib.get_close_matches(words.split()[0].partition("=")[0], options, n=1)
        return f": did you mean {near[0]}?" if near else ": see --help"


def parser(program: str) -> Parser:
    """An option that the record keeps is None if it was not given."""
    made = Parser(
        prog=program,
        # All options would be longer than a screen is wide.
        usage="%(prog)s [VERB] [options] HOST...",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = made.add_argument
    add("hosts", nargs="*", metavar="HOST", help="[user@]name, as for ssh")
    add("--hosts", dest="file", metavar="FILE", help="hosts, one a line, # comments; -: stdin")
    add("--inventory", type=os.path.abspath, metavar="FILE", help="an Ansible inventory")
    add("--group", metavar="NAME", help="the group of hosts in that inventory")
    add("--app", help="the app (default: the only app of the hosts)")
    size = made.add_mutually_exclusive_group()
    size.add_argument(
        "--batch",
        type=share,
        metavar="SIZE",
        help="hosts at a time: a number, 3, or a share of all, 25%% (default: 1; --open: all)",
    )
    size.add_argument(
        "--seesaw",
        action="store_true",
        default=None,
        help="two batches: the first half as given, then the other",
    )
    add(
        "--canary",
        type=number,
        metavar="N",
        help="restart the first N hosts as a batch of their own",
    )
    add("--pause", type=time, metavar="TIME", help="the pause between two batches: 30s, 5m")
    add(
        "--max-failures",
        type=number,
        metavar="N",
        help="continue with up to N failed hosts (default: 0)",
    )
    add_options(made)
    upgrade = made.add_mutually_exclusive_group()
    upgrade.add_argument(
        "--with",
        dest="with_command",
        metavar="CMD",
        help="upgrade each drained host with this command line for /bin/sh",
    )
    upgrade.add_argument(
        "--without-upgrade",
        action="store_true",
        default=None,
        help="only restart, even if a host has an upgrade configured",
    )
    add(
        "--rollback",
        dest="rollback_command",
        metavar="CMD",
        help="take a failed upgrade back with this command line for /bin/sh",
    )
    add_verbs(made)
    held = made.add_mutually_exclusive_group()
    for option, value, what in (
        ("--reopen", "reopen", "restart and open hosts that are held closed; their hold ends"),
        (
            "--stay-closed",
            "stay_closed",
            "restart hosts that are held closed, and leave them closed",
        ),
        ("--skip-held", "skip", "skip hosts that are held closed; they count as done"),
    ):
        held.add_argument(option, dest="on_hold", action="store_const", const=value, help=what)
    add("--reason", metavar="WORDS", help="the reason; agent history on each host shows it")
    add(
        "--outside-window",
        action="store_true",
        default=None,
        help="begin also outside of the agents' [agent] windows: for an emergency, with a --reason",
    )
    add(
        "--turn",
        type=time,
        metavar="TIME",
        help="how long to wait if too few other servers are available (default: 10m; --close: not "
        "at all)",
    )
    add(
        "--without-balancer",
        dest="without_balancers",
        action="append",
        metavar="NAME",
        help="a balancer that is gone, by its name in agent status (repeatable): each host neither "
        "asks it nor waits for it, and drains none of its users",
    )
    add(
        "--resume",
        metavar="FILE",
        help="keep the record in this file; if it exists, continue from it",
    )
    add(
        "--dry-run",
        action="store_true",
        help="show the order, the batches, and the hosts that would refuse; change nothing",
    )
    add(
        "--json",
        action="store_true",
        help="print one JSON object on stdout at the end; progress stays on stderr",
    )
    add("--sudo", action="store_true", default=None, help="call the agent with sudo -n")
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
    if arguments.group is not None and (arguments.hosts or arguments.file is not None):
        raise UsageError("hosts come from --group, or from arguments or --hosts, not from both")
    return arguments
