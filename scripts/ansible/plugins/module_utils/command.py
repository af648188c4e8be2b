# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""The agent on this host: its command lines, run without a shell, and its answers."""

from __future__ import annotations

import json
import typing as t

from .exits import meaning
from .status import OtherVersion, Status, WhichApp, read

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

# The PATH of a root shell over SSH may not have these.
PLACES = ["/usr/sbin", "/sbin", "/usr/local/sbin"]

# The options of every module of this collection.
ARGUMENTS: dict[str, t.Any] = {
    "app": {"type": "str"},
    "config": {"type": "path"},
    "executable": {"type": "str", "default": "agent"},
    "without_balancers": {"type": "list", "elements": "str", "default": []},
}

# The verbs that ask the balancers. `recover` leaves out those that the unfinished operation did.
ASK_BALANCERS = ("status", "restart", "switch", "close", "open", "maintenance", "readonly")


class Answer(t.NamedTuple):
    """The JSON object of the agent, and its exit code."""

    exit: int
    said: dict[str, t.Any]

    @property
    def outcome(self) -> str:
        """One word; empty for `status`, which has none."""
        return str(self.said.get("outcome", ""))


class NoAnswer(Exception):
    """The program printed no JSON: it is not the agent, is too old, or was killed."""


def arguments(
    verb: str,
    options: t.Iterable[str],
    app: str | None = None,
    config: str | None = None,
) -> list[str]:
    """The words after the program. No value of a user can become an option."""
    words = [verb, "--json", *options]
    if config is not None:
        words.append("--config={0}".format(config))
    if app is not None:
        words += ["--", app]
    return words


def without(verb: str, balancers: t.Iterable[str]) -> list[str]:
    """The options that leave out these balancers."""
    if verb not in ASK_BALANCERS:
        return []
    return ["--without-balancer={0}".format(name) for name in balancers]


def parse(code: int, out: str, err: str) -> Answer:
    """The one JSON object on stdout."""
    try:
        said = json.loads(out)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        printed = (err.strip() or out.strip() or "nothing")[-500:]
        text = "it exited with {0} ({1}) and printed no JSON, but: {2}"
        raise NoAnswer(text.format(code, meaning(code), printed))
    return Answer(code, said)


class Agent:
    """The program, for one app and configuration."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        asked = module.params["executable"]
        self.program = module.get_bin_path(asked, required=True, opt_dirs=PLACES)

    def run(self, verb: str, *options: str) -> Answer:
        """Runs it to its end."""
        params = self.module.params
        options = (*options, *without(verb, params["without_balancers"]))
        words = arguments(verb, options, params["app"], params["config"])
        # A list needs no shell, but Ansible would still expand variables.
        code, out, err = self.module.run_command(
            [self.program, *words], expand_user_and_vars=False
        )
        try:
            return parse(code, out, err)
        except NoAnswer as error:
            command = " ".join([self.program, *words])
            self.module.fail_json(msg="{0}: {1}".format(command, error), exit=code)
            raise

    def status(self) -> Answer:
        """Runs `agent status`. A problem of an app is no failure, an invalid configuration is one."""
        answer = self.run("status")
        if answer.exit not in (0, 1):
            self.fail(answer)
        return answer

    def status_of_app(self) -> Status:
        """The status of the app of this name, or of the only app."""
        answer = self.status()
        try:
            return read(answer.said, self.module.params["app"])
        except WhichApp as error:
            text = "name the app with app=: {0}".format(error)
            self.module.fail_json(msg=text, exit=answer.exit)
            raise
        except OtherVersion as error:
            self.module.fail_json(msg=str(error), exit=answer.exit)
            raise

    def fail(self, answer: Answer, **result: t.Any) -> None:
        """Ends the module with the agent's own message, and the meaning of its exit code."""
        message = answer.said.get("message") or "the agent gave no reason"
        means = meaning(answer.exit)
        self.module.fail_json(
            msg="{0} (exit {1}: {2})".format(message, answer.exit, means),
            agent=answer.said,
            outcome=answer.outcome,
            exit=answer.exit,
            exit_meaning=means,
            **result,
        )
