"""The options of a roll, in a form that a record can keep."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from . import pairs, toggle, verbs
from .choices import Choices, exclude
from .plan import Shape, Share
from .ssh import Remote
from .text import on_one_line, seconds

# The agent's own limits for a time and for a reason.
DAY = 86400
REASON = 200
KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "str | None": (str, type(None)),
    "int": (int,),
    "bool": (bool,),
    "list[str]": (list,),
}


# The option of `agent restart` for hosts that are held closed.
ON_HOLD = {
    "refuse": None,
    "reopen": "--reopen",
    "stay_closed": "--stay-closed",
    "skip": "--skip-held",
}


class UsageError(Exception):
    """An invalid option, described in one line."""


@dataclass(frozen=True)
class Options(Choices):
    """The options that a record keeps, so that a roll continues as it began."""

    app: str | None = None
    batch: str | None = None
    canary: int = 0
    seesaw: bool = False
    pause: str = "0s"
    max_failures: int = 0
    with_command: str | None = None
    rollback_command: str | None = None
    without_upgrade: bool = False
    reason: str | None = None
    sudo: bool = False
    ssh_config: str | None = None
    agent: str = "agent"
    turn: str | None = None
    outside_window: bool = False
    on_hold: str = "refuse"
    without_balancers: list[str] = field(default_factory=list)
    # `agent switch` in place of `agent restart`.
    switch: bool = False
    to: str | None = None
    back: bool = False
    keep: str | None = None
    # `agent close` or `agent open`.
    close: bool = False
    open: bool = False
    # OLD=NEW: `agent open` there and `agent close` here, with `back` the other way round.
    replace: list[str] = field(default_factory=list)
    settle: str = "30s"
    finish: bool = False
    # `agent maintenance` or `agent readonly`, `on` or `off`, on all hosts at once.
    maintenance: str | None = None
    readonly: str | None = None
    lasts: str | None = None

    @property
    def shape(self) -> Shape:
        # All at once, if nothing says otherwise: a host that opens takes no server away.
        usual = "100%" if self.open else "1"
        return Shape(self.canary, Share.parse(self.batch or usual), self.seesaw)

    @property
    def remote(self) -> Remote:
        return Remote(self.agent, self.sudo)

    @property
    def pause_seconds(self) -> float:
        return seconds(self.pause)

    @property
    def turn_seconds(self) -> float:
        return seconds(self.turn or verbs.TURN)

    @property
    def waits_for_turn(self) -> bool:
        """Whether a host waits until HAProxy can spare a server. A roll that closes gives none
        back: its next agent refuses at once, if the operator gave it no time."""
        return not self.close or self.turn is not None

    @property
    def verb(self) -> str:
        """The agent's verb on each host."""
        return verbs.verb_of(vars(self))

    @property
    def toggled(self) -> str | None:
        """`on` or `off`."""
        return self.maintenance or self.readonly

    def off(self) -> Options:
        """The options that undo it."""
        undone: dict[str, Any] = {self.verb: "off", "lasts": None, "outside_window": False}
        return replace(self, **undone)

    @property
    def takes_out(self) -> bool:
        """Whether a host leaves the rotation meanwhile. With a switch its other target serves."""
        return not self.switch and not self.open

    @property
    def heeds_windows(self) -> bool:
        """Whether the agent refuses it outside of `[agent] windows`. No way back waits for one."""
        return not self.outside_window and not self.open and not self.back

    @property
    def attached(self) -> bool:
        """A lost connection calls the agent off. The way back to the app, or to writes, goes on."""
        return self.toggled != "off"

    @property
    def flags(self) -> list[str]:
        """For the agent's work, beside a dry run. `agent readonly` has no phases to show."""
        flags = [] if self.verb == "readonly" else ["--progress"]
        return [*flags, "--attached"] if self.attached else flags

    def words(self, *flags: str) -> tuple[str, ...]:
        """The words of the agent's operation on a host."""
        # `on` and `off` come first: the options are theirs.
        way = [] if self.toggled is None else [self.toggled]
        words = [self.verb, "--json", *way, *flags, *verbs.words(vars(self)), *self.without()]
        if self.with_command is not None:
            words += ["--with", self.with_command]
        if self.rollback_command is not None:
            words += ["--rollback", self.rollback_command]
        if self.without_upgrade:
            words.append("--without-upgrade")
        held = ON_HOLD[self.on_hold]
        if held is not None:
            words.append(held)
        if self.outside_window:
            words.append("--outside-window")
        if self.reason is not None:
            # One word, because the reason may begin with a dash.
            words.append(f"--reason={self.reason}")
        return (*words, *self.named())

    def status_words(self) -> tuple[str, ...]:
        """The words of an `agent status` on a host."""
        return ("status", "--json", *self.without(), *self.named())

    def without(self) -> tuple[str, ...]:
        return tuple(f"--without-balancer={name}" for name in self.without_balancers)

    def named(self) -> tuple[str, ...]:
        return () if self.app is None else ("--", self.app)

    def recorded(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_record(cls, recorded: dict[str, Any]) -> Options:
        """Raises UsageError if no version of this program wrote such a record."""
        try:
            options = cls(**recorded)
        except TypeError as error:
            raise UsageError(f"another version wrote the options of the record: {error}") from error
        for one in fields(cls):
            value = getattr(options, one.name)
            if type(value) not in KINDS[str(one.type)]:
                raise UsageError(f"the record has an invalid {one.name}: {value!r}")
        options.check()
        return options

    def check(self) -> None:
        """Checks the values again: argparse has seen those of the command line, not of a record."""
        try:
            if self.shape.canary < 0 or self.max_failures < 0:
                raise ValueError("a number of hosts can't be below 0")
            seconds(self.pause)
            if not 1 <= self.turn_seconds <= DAY:
                raise ValueError(f"--turn {self.turn}: expected a time from 1s to a day")
            verbs.check(asdict(self), asdict(Options()))
            toggle.check(self.verb, self.toggled, self.lasts)
            pairs.check(self.replace, self.reason, self.settle, self.back and self.finish)
            self.check_choices()
            lines = (self.with_command, self.rollback_command)
            names = (self.app, self.to, self.agent, self.ssh_config, *self.without_balancers)
            words = (*names, *lines)
            for word in words:
                if word is not None and (not isinstance(word, str) or not word or "\0" in word):
                    raise ValueError(f"{word!r} can't be a word of a command")
            if self.on_hold not in ON_HOLD:
                raise ValueError(
                    f"{self.on_hold!r} is not an action for hosts that are held closed"
                )
            if any(line is not None and not line.strip() for line in lines):
                raise ValueError("--with and --rollback need a command line that is not blank")
            if self.rollback_command is not None and self.without_upgrade:
                raise ValueError("--rollback takes an upgrade back: remove --without-upgrade")
            if self.reason is not None and not on_one_line(self.reason, REASON):
                raise ValueError(f"--reason needs 1 to {REASON} characters on one line")
            for word in (self.app, self.to, self.agent):
                if word is not None and word.startswith("-"):
                    raise ValueError(f"{word!r} looks like an option")
        except (ValueError, TypeError, AttributeError) as error:
            raise UsageError(str(error)) from error


def merge(base: Options, new: dict[str, Any]) -> Options:
    """A new option replaces the recorded one, and one that it excludes."""
    if "batch" in new:
        new = {**new, "seesaw": False}
    if "with_command" in new:
        new = {"rollback_command": None, **new, "without_upgrade": False}
    elif "without_upgrade" in new:
        new = {"with_command": None, "rollback_command": None, **new}
    elif "rollback_command" in new:
        new = {**new, "without_upgrade": False}
    options = replace(base, **exclude(new))
    options.check()
    return options
