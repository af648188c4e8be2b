"""The summary of `--maintenance` and `--readonly`: hosts that failed come first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .host import Host
from .step import Stage
from .summary import DONE, SOME_FAILED, Summary, cut_short, still_drains, why
from .text import counted, hosts_of, span
from .toggle import Kind


@dataclass
class Toggled(Summary):
    """The result on all hosts."""

    what: str = "on"

    def text(self) -> str:
        lines = [f"FAILED  {host.name}: {why(host)}" for host in failed(self.hosts)]
        over = [host for host in self.hosts if host.stage is Stage.DONE]
        for said, hosts in (
            (self.what, [host for host in over if not host.skipped and not host.undone]),
            ("undone", [host for host in over if host.undone]),
            ("left out", [host for host in over if host.skipped]),
        ):
            if hosts:
                names = " ".join(host.name for host in hosts)
                lines.append(f"{said + ':':12} {len(hosts):3}  {names}")
        lines += [f"  {host.name}: {host.message}" for host in over if still_drains(host)]
        return "\n".join([*lines, self.message])


def failed(hosts: Sequence[Host]) -> list[Host]:
    return [host for host in hosts if host.stage is Stage.FAILED]


def of_farm(
    hosts: Sequence[Host], kind: Kind, what: str, seconds: float, signal: int | None
) -> Summary:
    """The summary of an `on` or `off` that has begun."""
    going = [host for host in hosts if not host.skipped]
    bad, undone = failed(going), [host for host in going if host.undone]
    ordered = [*bad, *(host for host in hosts if host not in bad)]
    done = len(going) - len(bad) - len(undone)
    if not bad:
        message = f"{kind.name} is {what}: {counted(done, 'host')} in {span(seconds)}"
        well = Toggled(kind.outcomes[what], DONE, message, seconds, ordered, what=what)
        return cut_short(going, signal, well)
    message = f"{kind.name} is not {what}: {hosts_of(len(bad), len(going))} failed"
    if undone:
        message += f", and {len(undone)} {kind.again[len(undone) > 1]}"
    if done:
        message += f"; {what}: {done}"
    if what == "off":
        message += ": look at the failed hosts, then run this command again"
    if signal is not None:
        message, outcome, code = f"interrupted: {message}", "interrupted", 128 + signal
    else:
        outcome, code = "failed", SOME_FAILED
    return Toggled(outcome, code, message, seconds, ordered, what=what)


def planned(hosts: Sequence[Host], trouble: Mapping[str, str]) -> Summary:
    """The summary of a dry run."""
    message = f"{hosts_of(len(trouble), len(hosts))} would refuse; nothing was changed"
    code = SOME_FAILED if trouble else DONE
    together = [[host.name for host in hosts if not host.skipped]]
    return Summary("planned", code, message, hosts=hosts, batches=together)
