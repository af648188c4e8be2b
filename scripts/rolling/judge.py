"""The meaning of a host's status for a roll."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .answer import Answer, no_answer, parse_object
from .ending import OUTSIDE_WINDOW, Ending
from .status import Line, OtherVersion, Status, WhichApp, read
from .text import escape


class Unusable(Exception):
    """A host without an answer, or with one that is not from an agent."""


def status_of(answer: Answer, app: str | None) -> Status:
    """Raises Unusable with the reason if there is none."""
    answered = parse_object(answer.out)
    if answered is None:
        raise Unusable(no_answer(answer))
    if "apps" not in answered:
        raise Unusable(escape(str(answered.get("message", answer.said()))))
    try:
        return read(all_escaped(answered), app)
    except WhichApp as error:
        raise Unusable(f"{error}: name one with --app") from error
    except (OtherVersion, RecursionError) as error:
        raise Unusable(escape(error)) from error


def all_escaped(value: Any) -> Any:
    """The same value, without text that moves a cursor or fills a screen."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, list):
        return [all_escaped(one) for one in value]
    if isinstance(value, dict):
        return {key: all_escaped(one) for key, one in value.items()}
    return value


def in_the_way(status: Status, on_hold: str, verb: str = "restart") -> str | None:
    """Why the roll must not begin on this host. None: it may. An app that is down is no reason,
    nor is another operation there, because it ends: an upgrade that still runs has not failed."""
    hold = status.hold
    if hold is None or (hold.by == "agent" and hold.failed is None):
        return None
    if hold.by == "maintenance":
        # A restart leaves the users on the page.
        ends = f"maintenance is on: end it there with `agent maintenance off {status.app}`"
        return None if verb == "restart" else ends
    if verb in ("close", "open"):
        # Its agent knows what becomes of the hold.
        return None
    if verb == "switch":
        return f"held closed by {hold.text}: end the hold there with `agent open {status.app}`"
    if on_hold == "refuse":
        return (
            f"held closed by {hold.text}: end the hold there with `agent open {status.app}`, or "
            "call this again with --reopen, --stay-closed or --skip-held"
        )
    if on_hold == "skip" and hold.by == "agent" and hold.failed != "restart":
        return (
            f"held closed by {hold.text}: --skip-held does not skip a failed upgrade; look at the "
            f"app, then run `agent restart {status.app}` or `agent open {status.app}` there"
        )
    return None


def outside_windows(status: Status) -> str | None:
    """Why its agent would refuse now. A host that is held closed has no users to lose."""
    return None if status.outside is None or status.hold is not None else emergency(status.outside)


def refusal(dry: Ending, status: Status | None) -> str:
    """Why its dry run refuses. For an emergency an agent names its own call, which is not that of
    the roll."""
    outside = None if status is None else status.outside
    is_outside = dry.exit == OUTSIDE_WINDOW and outside is not None
    return emergency(str(outside)) if is_outside else dry.message


def emergency(why: str) -> str:
    return f"{why}; in an emergency call this again with --outside-window and a --reason"


def not_up(status: Status) -> str:
    """Lines that are not fully UP, in words."""
    return joined(status.not_up)


def back(status: Status) -> str | None:
    """After the agent's work. None: HAProxy shows the host back. Else what is missing. Lines that
    an operator of HAProxy has taken out do not count."""
    if status.in_rotation:
        return None
    missing = [line for line in status.not_up if line not in status.taken_out]
    if not missing and not status.unseen and status.taken_out:
        return None
    said = [part for part in (joined(missing), *status.unseen) if part]
    return "; ".join(said) or "HAProxy does not show it in rotation"


def joined(lines: Iterable[Line]) -> str:
    """Each text once, even if several balancers show it."""
    return "; ".join(dict.fromkeys(str(line) for line in lines))
