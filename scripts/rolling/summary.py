"""The summary of a roll, for people and machines: roll.schema.json describes its JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .between import HOOK_FAILED, WINDOW_CLOSED, Halt
from .ending import INTERRUPTED, STILL_DRAINING, TAKEN_BACK, Verdict
from .host import Host
from .step import Stage
from .text import hosts_of, span
from .window import Window

DONE = 0
SOME_FAILED = 1
USAGE = 2
NOT_BEGUN = 3
BROKEN = 70


@dataclass
class Summary:
    """The result of a roll."""

    outcome: str
    exit: int
    message: str
    seconds: float = 0.0
    hosts: Sequence[Host] = ()
    # Hosts that an earlier run of the same roll has done.
    done_before: Sequence[str] = ()
    batches: list[list[str]] = field(default_factory=list)
    record: str | None = None
    # The command to continue.
    go_on: str | None = None
    # The agent's verb on each host.
    verb: str | None = None
    # Why no further batch began.
    halt: Halt | None = None
    approvals: Sequence[dict[str, Any]] = ()
    hook_failures: Sequence[dict[str, Any]] = ()

    def json(self) -> str:
        return json.dumps(self.object())

    def object(self) -> dict[str, Any]:
        return {
            "verb": self.verb,
            "outcome": self.outcome,
            "exit": self.exit,
            "message": self.message,
            "seconds": round(self.seconds, 2),
            "batches": self.batches,
            "hosts": [*(before(name) for name in self.done_before), *map(host_json, self.hosts)],
            "record": self.record,
            "go_on": self.go_on,
            "halt": self.halt.json() if self.halt else None,
            "approvals": list(self.approvals),
            "hook_failures": list(self.hook_failures),
        }

    def text(self) -> str:
        if self.outcome == "planned":
            return self.planned()
        lines = []
        over = [host for host in self.hosts if host.stage is Stage.DONE]
        done = [host.name for host in over if not host.skipped]
        skipped = [host.name for host in over if host.skipped]
        failed = [host for host in self.hosts if host.stage is Stage.FAILED]
        waiting = [host.name for host in self.hosts if host.stage is Stage.WAITING]
        for what, names in (
            ("done before", list(self.done_before)),
            ("done", done),
            ("held", skipped),
            ("failed", [host.name for host in failed]),
            ("not reached", waiting),
        ):
            if names:
                lines.append(f"{what + ':':12} {len(names):3}  {' '.join(names)}")
        lines += [f"  {host.name}: {why(host)}" for host in failed]
        lines += [f"  {host.name}: {host.message}" for host in over if still_drains(host)]
        if self.outcome in ("could_not_begin", "window_closed"):
            stay = [host for host in self.hosts if host.stage is Stage.WAITING and host.message]
            lines += [f"  {host.name}: {host.message}" for host in stay]
        lines.append(self.message)
        if self.go_on is not None:
            lines.append(f"continue with: {self.go_on}")
        return "\n".join(lines)

    def planned(self) -> str:
        """The text of a dry run: the batches, and the hosts that would do something else."""
        lines = [
            f"batch {number} of {len(self.batches)}: {' '.join(batch)}"
            for number, batch in enumerate(self.batches, 1)
        ]
        lines += [
            f"  {host.name}: {host.message}"
            for host in self.hosts
            if host.ending is None or host.ending.verdict is not Verdict.SERVES
        ]
        return "\n".join([*lines, self.message])


def why(host: Host) -> str:
    """A failure with its meaning."""
    ending = host.ending
    if ending is None:
        return f"not started: {host.message}"
    if ending.exit == TAKEN_BACK:
        how = "switched back" if ending.outcome == "swapped_back" else "rolled back"
        return f"exit {ending.exit}, {how}, the old version serves again: {host.message}"
    if ending.exit in INTERRUPTED and ending.report is not None:
        asked = "called off" if host.called_off else "interrupted on the host"
        return f"exit {ending.exit}, {asked}: {host.message}"
    return f"exit {ending.exit}, {ending.outcome}: {host.message}"


def host_json(host: Host) -> dict[str, Any]:
    ending = host.ending
    state = "not_reached" if host.stage is Stage.WAITING else host.stage.value
    if host.skipped and host.stage is Stage.DONE:
        state = "skipped"
    if host.undone:
        state = "undone"
    return {
        "host": host.name,
        "state": state,
        "outcome": ending.outcome if ending else None,
        "exit": ending.exit if ending else None,
        "message": host.message,
        "seconds": round(host.seconds, 2),
        "agent": ending.report if ending else None,
    }


def before(name: str) -> dict[str, Any]:
    return {
        "host": name,
        "state": "done",
        "outcome": None,
        "exit": None,
        "message": "done before, by the record",
        "seconds": 0.0,
        "agent": None,
    }


def of_roll(
    hosts: Sequence[Host], seconds: float, signal: int | None, halt: Halt | None = None
) -> Summary:
    """The summary of a roll that has begun."""
    done = sum(host.stage is Stage.DONE for host in hosts)
    failed = sum(host.stage is Stage.FAILED for host in hosts)
    skipped = sum(host.skipped for host in hosts if host.stage is Stage.DONE)
    message = f"{hosts_of(done - skipped, len(hosts))} done in {span(seconds)}"
    if skipped:
        message += f", {skipped} held closed and skipped"
    if done == len(hosts):
        return cut_short(hosts, signal, Summary("rolled", DONE, message, seconds, hosts))
    if failed:
        message += f", {failed} failed"
    if signal is not None:
        return Summary("interrupted", 128 + signal, f"interrupted: {message}", seconds, hosts)
    if halt is not None:
        message = f"{halt.message}: {message}"
        return Summary(halt.outcome, halt.exit, message, seconds, hosts, halt=halt)
    return Summary("failed", SOME_FAILED, message, seconds, hosts)


def still_drains(host: Host) -> bool:
    return host.ending is not None and host.ending.exit == STILL_DRAINING


def cut_short(hosts: Sequence[Host], signal: int | None, summary: Summary) -> Summary:
    """The same, of hosts that are all done. A script must not take a drain that was called off for
    the end of all requests."""
    cut = [host.name for host in hosts if host.called_off and still_drains(host)]
    if cut and signal is not None:
        summary.outcome, summary.exit = "interrupted", 128 + signal
        off = f"the drain was called off on {' '.join(cut)}"
        summary.message = f"interrupted: {summary.message}; {off}"
    return summary


def not_ready(hosts: Sequence[Host], trouble: Mapping[str, str]) -> Summary:
    """Of a roll that does not begin, because of these hosts."""
    for host in hosts:
        host.message = trouble.get(host.name, "")
    verb = "is" if len(trouble) == 1 else "are"
    message = f"the roll did not begin: {hosts_of(len(trouble), len(hosts))} {verb} not ready"
    return Summary("could_not_begin", NOT_BEGUN, message, hosts=hosts)


def too_late(window: Window) -> Summary:
    """Of a roll that begins after its window."""
    message = f"the window closed at {window}: the roll did not begin; give another --not-after"
    return Summary("window_closed", WINDOW_CLOSED, message)


def interrupted(signal: int | None, what: str = "the roll") -> Summary:
    """Of a roll that a signal stopped before it began."""
    return Summary("interrupted", 128 + (signal or 0), f"interrupted: {what} did not begin")


def so_far(summary: Summary) -> dict[str, Any]:
    """The object of a roll that is under way, for its hooks. It has no exit code yet."""
    done = sum(host.stage is Stage.DONE for host in summary.hosts)
    summary.message = f"{hosts_of(done, len(summary.hosts))} done so far"
    return {**summary.object(), "outcome": "under_way", "exit": None}


def with_hooks(summary: Summary, failures: Sequence[dict[str, Any]], must_succeed: bool) -> None:
    """A roll of all hosts is not done if a hook that must succeed failed at its end."""
    summary.hook_failures = failures
    if failures and must_succeed and summary.exit == DONE:
        first = failures[0]
        summary.outcome, summary.exit = "hook_failed", HOOK_FAILED
        summary.message += f", but a hook failed at {first['event']}: {first['message']}"
