"""The summary of `--replace`."""

from __future__ import annotations

from collections.abc import Sequence

from .between import Halt
from .host import Host
from .pairs import Pair
from .step import Stage
from .summary import DONE, SOME_FAILED, Summary
from .text import span

OUTCOMES = {"replace": "replaced", "back": "replaced_back", "finish": "finished"}
SAID = {"replace": "replaced", "back": "back on the old host", "finish": "replaced for good"}
NEXT = {
    "replace": "; the same command with --back goes back, with --finish it stays for good",
    "back": "",
    "finish": "",
}


def of_pairs(
    pairs: Sequence[Pair],
    hosts: Sequence[Host],
    way: str,
    seconds: float,
    signal: int | None,
    halt: Halt | None = None,
) -> Summary:
    """The summary of pairs that have begun."""
    done = {host.name for host in hosts if host.stage is Stage.DONE}
    over = sum(pair.old in done and pair.new in done for pair in pairs)
    failed = sum(host.stage is Stage.FAILED for host in hosts)
    message = f"{over} of {len(pairs)} {SAID[way]} in {span(seconds)}"
    if over == len(pairs):
        return Summary(OUTCOMES[way], DONE, message + NEXT[way], seconds, hosts)
    if signal is not None:
        return Summary("interrupted", 128 + signal, f"interrupted: {message}", seconds, hosts)
    if halt is not None:
        message = f"{halt.message}: {message}"
        return Summary(halt.outcome, halt.exit, message, seconds, hosts, halt=halt)
    message += f", {failed} failed" if failed else ""
    return Summary("failed", SOME_FAILED, message, seconds, hosts)


def planned(pairs: Sequence[Pair], hosts: Sequence[Host], refusals: int) -> Summary:
    """The summary of a dry run."""
    message = f"{refusals} of {len(hosts)} hosts would refuse; nothing was changed"
    code = SOME_FAILED if refusals else DONE
    return Summary("planned", code, message, hosts=hosts, batches=together(pairs))


def together(pairs: Sequence[Pair]) -> list[list[str]]:
    return [[pair.old, pair.new] for pair in pairs]
