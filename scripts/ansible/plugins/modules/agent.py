#!/usr/bin/python
# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Ansible module: restarts or switches a host's app behind HAProxy, closes or opens the host, and
turns its maintenance or read-only on or off."""

from __future__ import annotations

DOCUMENTATION = r"""
module: agent
short_description: Restart, switch, close or open a host behind HAProxy with its agent
version_added: 0.1.0
description:
  - Runs the agent of haproxy-gate on the host. The agent takes the host out of HAProxy's rotation
    by itself, without rights on the balancer. It waits until HAProxy shows the host DOWN and
    drained, restarts the app, and waits until it is healthy. It returns when HAProxy shows the
    host fully UP.
  - Fails with the agent's own message and the meaning of its exit code.
options:
  state:
    description:
      - V(restarted) takes the host out, restarts the app, and returns when the host is back in
        rotation, slow start over. It is always a change.
      - V(switched) starts the O(target) beside the one that serves users, moves the users to it, and
        stops the old one. The host stays in rotation. If O(target) serves already, nothing is
        changed.
      - V(closed) takes the host out of rotation and drains it. The host stays out, also over
        reboots.
      - V(open) brings the host back, also one that an operator has closed.
      - V(maintenance_on) brings the users of this host from the app to its page, V(maintenance_off)
        brings them back. HAProxy uses the pages once all hosts have it on, which the playbook
        C(maintenance) does.
      - V(readonly_on) has HAProxy refuse writes by the marker of this host, V(readonly_off) ends that.
        The playbook C(readonly) does it on all hosts at once.
      - V(present) demands that the host is in rotation. It first finishes or undoes
        what a crash, a reboot or a flush of the rules has interrupted, and waits. If an operator
        has closed the host, it changes nothing and fails.
    type: str
    choices:
      - restarted
      - switched
      - closed
      - open
      - maintenance_on
      - maintenance_off
      - readonly_on
      - readonly_off
      - present
    default: present
  turn:
    description:
      - How long to wait for this host's turn if too few other servers are available in
        HAProxy, such as V(90s), V(10m) or V(1h). If it is empty, the agent does not wait, but
        refuses.
      - For V(restarted) and V(closed).
    type: str
    default: 10m
  upgrade_command:
    description:
      - A command line for C(/bin/sh). The agent runs it when the host is out of rotation and
        drained, before it restarts the app. If it fails, or the app is not healthy after it,
        the agent runs the C(rollback) of its configuration.
      - For V(restarted).
    type: str
  rollback_command:
    description:
      - A command line for C(/bin/sh) that takes a failed upgrade back, instead of the C(rollback)
        of the agent's configuration.
      - For V(restarted), with an upgrade.
    type: str
  upgrade:
    description:
      - With V(false) the agent only restarts, even if its configuration has an C(upgrade).
      - For V(restarted).
    type: bool
    default: true
  target:
    description:
      - The target of the app that serves users then.
      - For V(switched), which needs it or O(back).
    type: str
  back:
    description:
      - Return to the target that the last switch has kept ready. If none is ready, the agent fails.
      - For V(switched).
    type: bool
    default: false
  prepare_command:
    description:
      - A command line for C(/bin/sh). The agent runs it before it starts the target. No user is on
        the target then. If it fails, nothing has changed for users.
      - For V(switched).
    type: str
  keep:
    description:
      - How long the old target is kept ready, such as V(10m), instead of C(keep) of the agent's
        configuration.
      - For V(switched).
    type: str
  held:
    description:
      - What V(restarted) does with a host whose gates an operator or a unit holds closed.
      - V(refuse) fails, and names the hold. V(reopen) restarts the app and opens the gates,
        which ends the hold. V(stay_closed) restarts the app and leaves gates and hold as they
        are. V(skip) restarts nothing, and is neither a change nor a failure. After a failed
        upgrade the agent itself holds the gates closed, and V(skip) fails.
      - For V(restarted). It does nothing if the gates are not held.
    type: str
    choices: [refuse, reopen, stay_closed, skip]
    default: refuse
  lasts:
    description:
      - The sidecar opens the gates, or ends the maintenance or read-only, after this time, such as
        V(90s), V(30m) or V(2h). Each run starts the time again, which is a change.
      - For V(closed), V(maintenance_on) and V(readonly_on).
    type: str
    aliases: [for]
  replace:
    description:
      - Replace a hold that exists already. Without it the agent refuses another O(reason), and
        an end that is earlier than the end of the hold.
      - For V(closed).
    type: bool
    default: false
  reason:
    description:
      - The reason, in 1 to 200 characters on one line. C(agent history) shows it, and C(agent
        status) while the gates are closed.
      - If there is nothing to do, there is no operation, and the reason is stored nowhere.
    type: str
  outside_window:
    description:
      - Begin also outside of the windows of the agent's configuration (C([agent] windows)), in an
        emergency. It needs a O(reason). Without it the agent refuses, with RV(outcome=outside_window)
        and RV(exit=21), and changes nothing.
      - For V(restarted), V(switched), V(closed), V(maintenance_on) and V(readonly_on). No way back
        waits for a window.
    type: bool
    default: false
  timeout:
    description:
      - How many seconds to wait until HAProxy shows the host fully UP.
      - For V(present). All other limits are in the agent's configuration.
    type: int
    default: 60
extends_documentation_fragment:
  - haproxy_gate.agent.common
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    description: Asks the agent for a dry run. A refusal of the agent is a failure.
    support: full
  diff_mode:
    description: Shows the gates and the lines of HAProxy before and after.
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

- name: Restart the app also if the host is held closed, and leave it closed then
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

- name: Start the new version beside the old one, and move the users to it
  haproxy_gate.agent.agent:
    app: web
    state: switched
    target: green
    prepare_command: /usr/local/sbin/web-release green 42
    keep: 10m

- name: Return to the version before, while it is kept ready
  haproxy_gate.agent.agent:
    app: web
    state: switched
    back: true

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

- name: Bring the users of this host to the page
  haproxy_gate.agent.agent:
    app: web
    state: maintenance_on
    lasts: 2h
    reason: a database moves

- name: Have HAProxy refuse writes
  haproxy_gate.agent.agent:
    app: web
    state: readonly_on
    lasts: 30m
    reason: a database moves

- name: Restart the app outside of the agent's windows
  haproxy_gate.agent.agent:
    app: web
    state: restarted
    outside_window: true
    reason: it leaks

- name: Ensure that the host serves
  haproxy_gate.agent.agent:
    state: present
    timeout: 120
"""

RETURN = r"""
agent:
  description:
    - The report of the operation, as one object.
    - If there was nothing to do, the app's entry of C(agent status).
  returned: if the agent has answered
  type: dict
  sample:
    app: web
    exit: 0
    message: restarted, and back in rotation
    outcome: restarted
    seconds: 3.1
    verb: restart
status:
  description: The app's entry of C(agent status) at the end.
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
  description: The result, in one word.
  returned: if the agent has answered
  type: str
  sample: restarted
exit:
  description: The agent's exit code.
  returned: always
  type: int
  sample: 0
exit_meaning:
  description: The meaning of the exit code, and the state of the host.
  returned: if the agent has answered
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
    STILL_DRAINING,
    meaning,
    touched,
)
from ansible_collections.haproxy_gate.agent.plugins.module_utils.status import Status

# Between two looks at HAProxy, in seconds.
POLL = 0.5

# Options of only some states.
OWN = {
    "upgrade_command": ("restarted",),
    "rollback_command": ("restarted",),
    "target": ("switched",),
    "prepare_command": ("switched",),
    "keep": ("switched",),
    "lasts": ("closed", "maintenance_on", "readonly_on"),
}

# Those that wait for a window of the agent's configuration.
WINDOWED = ("restarted", "switched", "closed", "maintenance_on", "readonly_on")

# The agent's option for a host that is held closed.
HELD = {
    "refuse": None,
    "reopen": "--reopen",
    "stay_closed": "--stay-closed",
    "skip": "--skip-held",
}

# Verbs that are on or off.
TOGGLES = ("maintenance", "readonly")

# The agent's verb for a state.
VERBS = {
    "restarted": "restart",
    "switched": "switch",
    "closed": "close",
    "open": "open",
    "maintenance_on": "maintenance",
    "maintenance_off": "maintenance",
    "readonly_on": "readonly",
    "readonly_off": "readonly",
    "present": "recover",
}


def misplaced(params: dict[str, t.Any]) -> str | None:
    """The first option that does not fit the state."""
    for option, states in OWN.items():
        if params[option] is not None and params["state"] not in states:
            return "{0} is an option of state={1}".format(option, " or ".join(states))
    if params["held"] != "refuse" and params["state"] != "restarted":
        return "held is an option of state=restarted"
    wrong = misplaced_of_switch(params) or misplaced_window(params)
    if wrong is not None:
        return wrong
    if params["replace"] and params["state"] != "closed":
        return "replace is an option of state=closed"
    if params["upgrade"]:
        return None
    if params["state"] != "restarted":
        return "upgrade is an option of state=restarted"
    for option in ("upgrade_command", "rollback_command"):
        if params[option] is not None:
            return "{0} needs upgrade=true".format(option)
    return None


def misplaced_of_switch(params: dict[str, t.Any]) -> str | None:
    """What does not fit a switch."""
    if params["state"] != "switched":
        return "back is an option of state=switched" if params["back"] else None
    if params["back"]:
        for option in ("target", "prepare_command"):
            if params[option] is not None:
                return "{0} does not go with back=true".format(option)
        return None
    return "state=switched needs target, or back=true" if params["target"] is None else None


def misplaced_window(params: dict[str, t.Any]) -> str | None:
    """What does not fit outside_window."""
    if not params["outside_window"]:
        return None
    if params["state"] not in WINDOWED:
        return "state={0} waits for no window: remove outside_window".format(params["state"])
    if params["back"]:
        return "back=true waits for no window: remove outside_window"
    if params["reason"] is None:
        return "outside_window needs a reason: agent history shows both"
    return None


def options(params: dict[str, t.Any], check_mode: bool) -> list[str]:
    """The agent's options for this task."""
    words = []
    if VERBS[params["state"]] in TOGGLES:
        words.append(params["state"].rpartition("_")[2])
    if check_mode:
        words.append("--dry-run")
    elif params["state"] in ("restarted", "closed") and params["turn"]:
        words.append("--turn={0}".format(params["turn"]))
    if not params["upgrade"]:
        words.append("--without-upgrade")
    held = HELD[params["held"]]
    if held is not None:
        words.append(held)
    if params["replace"]:
        words.append("--replace")
    if params["back"]:
        words.append("--back")
    if params["outside_window"]:
        words.append("--outside-window")
    given = {
        "--to": params["target"],
        "--keep": params["keep"],
        "--with": params["upgrade_command"] or params["prepare_command"],
        "--rollback": params["rollback_command"],
        "--for": params["lasts"],
        "--reason": params["reason"],
    }
    words += ["{0}={1}".format(*pair) for pair in given.items() if pair[1] is not None]
    return words


def is_so_already(params: dict[str, t.Any], status: Status) -> bool:
    """Whether the host has the state already, and there is nothing to do."""
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
    """Whether a successful operation has changed the host, or would change it."""
    if answer.outcome in ("nothing_to_do", "skipped"):
        return False
    if state == "maintenance_on" and before is not None and standing.is_on_page(before):
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
        """Runs to the end, which is exit_json or fail_json."""
        if self.state not in ("restarted", "switched") or self.module._diff:
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
        """The status of the app. An invalid configuration is a failure."""
        status = self.agent.status_of_app()
        # `recover` without an app would recover all apps.
        self.params["app"] = status.app
        return status

    def leave_alone(self, status: Status) -> None:
        """Ends the module: there is nothing to do."""
        self.result.update(
            agent=status.entry, outcome="nothing_to_do", exit=0, exit_meaning=meaning(0)
        )
        if self.module._diff:
            self.show(status.entry)
        self.module.exit_json(**self.result)

    def take(self, answer: Answer) -> None:
        """Takes the result of the agent. Ends the module after a failure."""
        for notice in answer.said.get("notices") or []:
            self.module.warn(str(notice))
        if answer.exit == STILL_DRAINING:
            self.module.warn(str(answer.said.get("message")))
        elif answer.exit != 0:
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
        """Waits until the host is in rotation, unless a hold keeps it out."""
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
        """The app's entry now, or the expected one in check mode."""
        if not self.module.check_mode:
            return self.status().entry
        if answer.outcome in ("nothing_to_do", "skipped"):
            return before.entry
        if VERBS[self.state] == "readonly":
            return standing.declared(before.entry, on=self.state == "readonly_on")
        return standing.expected(before.entry, closed=self.state in ("closed", "maintenance_on"))

    def show(self, after: dict[str, t.Any]) -> None:
        """Sets both sides of the diff."""
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
    """The entry point for Ansible."""
    module = AnsibleModule(
        argument_spec=dict(
            state=dict(type="str", choices=list(VERBS), default="present"),
            turn=dict(type="str", default="10m"),
            upgrade_command=dict(type="str"),
            rollback_command=dict(type="str"),
            upgrade=dict(type="bool", default=True),
            target=dict(type="str"),
            back=dict(type="bool", default=False),
            prepare_command=dict(type="str"),
            keep=dict(type="str"),
            held=dict(type="str", choices=list(HELD), default="refuse"),
            replace=dict(type="bool", default=False),
            lasts=dict(type="str", aliases=["for"]),
            reason=dict(type="str"),
            outside_window=dict(type="bool", default=False),
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
