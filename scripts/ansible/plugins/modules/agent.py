#!/usr/bin/python
# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Ansible module: takes a host out of HAProxy's rotation, restarts its app, brings it back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: agent
short_description: Restart, close or open a host behind HAProxy by its agent
version_added: 0.1.0
description:
  - Runs the agent of haproxy-gate on the host. It takes the host out of HAProxy's rotation
    by itself, without rights on the balancer, waits until HAProxy shows it DOWN and drained,
    restarts the app, waits until it is healthy, and returns when HAProxy shows it fully UP.
  - Fails with the agent's own message and the meaning of its exit code.
options:
  state:
    description:
      - V(restarted) restarts the app, out of rotation and drained, and returns when the host
        is back in rotation, slow start over. Always a change.
      - V(closed) takes the host out of rotation and drains it. It stays so, over reboots too.
      - V(open) brings the host back, also what an operator has closed.
      - V(present) demands that the host is in rotation. It first finishes or undoes
        what a crash, a reboot or a flush of the rules has interrupted, and waits. It leaves alone
        what an operator has closed, and fails.
    type: str
    choices: [restarted, closed, open, present]
    default: present
  turn:
    description:
      - How long to wait for this host's turn, where too few other servers are available in
        HAProxy, as V(90s), V(10m) or V(1h).
      - Of V(restarted) and V(closed).
    type: str
    default: 10m
  upgrade_command:
    description:
      - What C(/bin/sh) runs when the host is out of rotation and drained, before the app is
        restarted. Where it fails, or the app is not healthy with it, the agent runs the
        C(rollback) of its configuration.
      - Of V(restarted).
    type: str
  upgrade:
    description:
      - With V(false) only the restart, where the agent's configuration has an C(upgrade).
      - Of V(restarted).
    type: bool
    default: true
  held:
    description:
      - What V(restarted) does with a host whose gates an operator or a unit holds closed.
      - V(refuse) fails, and names who holds it. V(reopen) restarts the app and opens the gates,
        which ends the hold. V(stay_closed) restarts the app and leaves gates and hold as they
        are. V(skip) restarts nothing, and is no change and no failure. After an upgrade that
        failed the agent itself holds the gates closed, and V(skip) fails.
      - Of V(restarted). It does nothing where the gates are not held.
    type: str
    choices: [refuse, reopen, stay_closed, skip]
    default: refuse
  lasts:
    description:
      - Open again by itself after this time, as V(90s), V(30m) or V(2h). The time begins anew
        with each run, which is a change.
      - Of V(closed).
    type: str
    aliases: [for]
  replace:
    description:
      - Take the place of a hold that is there already. Without it the agent refuses another
        O(reason), and an end that is earlier than that of the hold.
      - Of V(closed).
    type: bool
    default: false
  reason:
    description:
      - Why, in 1 to 200 characters on one line. C(agent history) shows it, and C(agent status)
        of closed gates.
      - Where nothing had to be done there is no operation that would have it.
    type: str
  timeout:
    description:
      - How many seconds to wait until HAProxy shows the host fully UP.
      - Of V(present). The limits of all else are in the agent's configuration.
    type: int
    default: 60
extends_documentation_fragment:
  - haproxy_gate.agent.common
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    description: Asks the agent for a dry run; what it refuses is a failure.
    support: full
  diff_mode:
    description: Gates, and lines of HAProxy, before and after.
    support: full
  platform:
    platforms: linux
seealso:
  - module: haproxy_gate.agent.agent_info
author:
  - The haproxy-gate authors (@haproxy-gate)
"""

EXAMPLES = r"""
- name: Restart the app without users noticing
  haproxy_gate.agent.agent:
    app: web
    state: restarted

- name: Restart the app also where the host is held closed, and leave it closed there
  haproxy_gate.agent.agent:
    app: web
    state: restarted
    held: stay_closed

- name: Switch to another release on the way
  haproxy_gate.agent.agent:
    app: web
    state: restarted
    upgrade_command: ln -sfn /srv/web/releases/42 /srv/web/current
    reason: release 42

- name: Take the host out of rotation for a while
  haproxy_gate.agent.agent:
    app: web
    state: closed
    lasts: 30m
    reason: disk swap

- name: Bring it back
  haproxy_gate.agent.agent:
    app: web
    state: open

- name: See to it that the host serves
  haproxy_gate.agent.agent:
    state: present
    timeout: 120
"""

RETURN = r"""
agent:
  description:
    - What the agent said, as one object, its report of the operation.
    - Where there was nothing to do, the app's entry of C(agent status).
  returned: where the agent has answered
  type: dict
  sample:
    app: web
    exit: 0
    message: restarted, and back in rotation
    outcome: restarted
    seconds: 3.1
    verb: restart
status:
  description: The app's entry of C(agent status), after all else.
  returned: with O(state=present), and in diff mode
  type: dict
  sample:
    app: web
    health:
      address: 10.0.0.11:1000
      healthy: true
    hold:
    in_rotation: true
    spare: 1
outcome:
  description: How it ended, in one word.
  returned: where the agent has answered
  type: str
  sample: restarted
exit:
  description: The agent's exit code.
  returned: always
  type: int
  sample: 0
exit_meaning:
  description: The meaning of the exit code, and how the host is left.
  returned: where the agent has answered
  type: str
  sample: "done, or nothing to do; the host is left: as asked"
"""

import time
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.haproxy_gate.agent.plugins.module_utils import standing
from ansible_collections.haproxy_gate.agent.plugins.module_utils.command import (
    ARGUMENTS,
    Agent,
    Answer,
)
from ansible_collections.haproxy_gate.agent.plugins.module_utils.exits import (
    meaning,
    touched,
)
from ansible_collections.haproxy_gate.agent.plugins.module_utils.status import Status

# Between two looks at HAProxy, in seconds.
POLL = 0.5

# Which options belong to which state alone.
OWN = {"upgrade_command": "restarted", "lasts": "closed"}

# What V(restarted) does with a host that is held closed: the agent's option for it.
HELD = {
    "refuse": None,
    "reopen": "--reopen",
    "stay_closed": "--stay-closed",
    "skip": "--skip-held",
}

# The agent's verb for a state.
VERBS = {
    "restarted": "restart",
    "closed": "close",
    "open": "open",
    "present": "recover",
}


def misplaced(params: dict[str, t.Any]) -> str | None:
    """The first option that its state knows nothing of."""
    for option, state in OWN.items():
        if params[option] is not None and params["state"] != state:
            return "{0} is an option of state={1}".format(option, state)
    if params["held"] != "refuse" and params["state"] != "restarted":
        return "held is an option of state=restarted"
    if params["replace"] and params["state"] != "closed":
        return "replace is an option of state=closed"
    if params["upgrade"]:
        return None
    if params["state"] != "restarted":
        return "upgrade is an option of state=restarted"
    if params["upgrade_command"] is not None:
        return "upgrade_command is not for upgrade=false"
    return None


def options(params: dict[str, t.Any], check_mode: bool) -> list[str]:
    """The agent's options for what is asked for."""
    words = []
    if check_mode:
        words.append("--dry-run")
    elif params["state"] in ("restarted", "closed"):
        words.append("--turn={0}".format(params["turn"]))
    if not params["upgrade"]:
        words.append("--without-upgrade")
    held = HELD[params["held"]]
    if held is not None:
        words.append(held)
    if params["replace"]:
        words.append("--replace")
    given = {
        "--with": params["upgrade_command"],
        "--for": params["lasts"],
        "--reason": params["reason"],
    }
    words += ["{0}={1}".format(*pair) for pair in given.items() if pair[1] is not None]
    return words


def is_so_already(params: dict[str, t.Any], status: Status) -> bool:
    """It is as asked for already: there is nothing to do."""
    if params["state"] == "open":
        return standing.is_open(status)
    if params["state"] == "closed" and params["lasts"] is None:
        return standing.is_closed(status) and standing.is_held_so(
            status, params["reason"]
        )
    return False


def is_change(
    state: str, before: Status | None, answer: Answer, check_mode: bool
) -> bool:
    """Whether an operation that went well has changed the host, or would."""
    if answer.outcome in ("nothing_to_do", "skipped"):
        return False
    if state == "open" and before is not None:
        return before.hold is not None or not before.all_gates("open")
    return answer.outcome != "planned" or check_mode


class Work:
    """One run of the module."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.params = module.params
        self.state: str = module.params["state"]
        self.agent = Agent(module)
        self.before: Status | None = None
        self.result: dict[str, t.Any] = {"changed": False}

    def run(self) -> None:
        """To the end: it leaves by exit_json or fail_json."""
        if self.state != "restarted" or self.module._diff:
            self.before = self.status()
            if is_so_already(self.params, self.before):
                self.leave_alone(self.before)
        answer = self.agent.run(
            VERBS[self.state], *options(self.params, self.module.check_mode)
        )
        self.take(answer)
        if self.state == "present":
            self.demand_rotation()
        if self.module._diff:
            self.show(self.after(self.before, answer))
        self.module.exit_json(**self.result)

    def status(self) -> Status:
        """One look; a configuration that can't be read is a failure."""
        status = self.agent.status_of_app()
        # `recover` without an app would mean all of them.
        self.params["app"] = status.app
        return status

    def leave_alone(self, status: Status) -> None:
        """It is as asked for."""
        self.result.update(
            agent=status.entry, outcome="nothing_to_do", exit=0, exit_meaning=meaning(0)
        )
        if self.module._diff:
            self.show(status.entry)
        self.module.exit_json(**self.result)

    def take(self, answer: Answer) -> None:
        """What the agent has said; leaves where that was no success."""
        for notice in answer.said.get("notices") or []:
            self.module.warn(str(notice))
        if answer.exit != 0:
            changed = touched(answer.exit) and not self.module.check_mode
            self.agent.fail(answer, changed=changed)
        self.result.update(
            changed=is_change(self.state, self.before, answer, self.module.check_mode),
            agent=answer.said,
            outcome=answer.outcome,
            exit=answer.exit,
            exit_meaning=meaning(answer.exit),
        )

    def demand_rotation(self) -> None:
        """Waits for it, where waiting may help."""
        if self.module.check_mode and self.result["changed"]:
            return
        until = time.monotonic() + self.params["timeout"]
        status = self.status()
        while not status.in_rotation:
            over = time.monotonic() >= until or self.module.check_mode
            if over or status.hold is not None:
                why = standing.why_not_in_rotation(status)
                text = "{0} is not in rotation: {1}".format(status.app, why)
                self.module.fail_json(msg=text, status=status.entry, **self.result)
            time.sleep(POLL)
            status = self.status()
        self.result["status"] = status.entry

    def after(self, before: Status, answer: Answer) -> dict[str, t.Any]:
        """The app's entry now, or as it would be."""
        if not self.module.check_mode:
            return self.status().entry
        if answer.outcome in ("nothing_to_do", "skipped"):
            return before.entry
        return standing.expected(before.entry, closed=self.state == "closed")

    def show(self, after: dict[str, t.Any]) -> None:
        """Both sides of the diff."""
        self.result["status"] = after
        before = after if self.before is None else self.before.entry
        sides = {
            "before": standing.side_of_diff(before),
            "after": standing.side_of_diff(after),
        }
        header = "haproxy-gate: {0}".format(after["app"])
        self.result["diff"] = {
            "before_header": header,
            "after_header": header,
            **sides,
        }


def main() -> None:
    """As Ansible calls it."""
    module = AnsibleModule(
        argument_spec=dict(
            state=dict(type="str", choices=list(VERBS), default="present"),
            turn=dict(type="str", default="10m"),
            upgrade_command=dict(type="str"),
            upgrade=dict(type="bool", default=True),
            held=dict(type="str", choices=list(HELD), default="refuse"),
            replace=dict(type="bool", default=False),
            lasts=dict(type="str", aliases=["for"]),
            reason=dict(type="str"),
            timeout=dict(type="int", default=60),
            **ARGUMENTS,
        ),
        supports_check_mode=True,
    )
    wrong = misplaced(module.params)
    if wrong is not None:
        module.fail_json(msg=wrong)
    Work(module).run()


if __name__ == "__main__":
    main()
