#!/usr/bin/python
# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Ansible module: what the kernel, HAProxy and the app report of this host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: agent_info
short_description: Show the status of a host behind HAProxy with its agent
version_added: 0.1.0
description:
  - Runs C(agent status) on the host, and returns what the kernel, HAProxy and the app report.
  - A problem of the host is no failure of the module. RV(well) shows it.
extends_documentation_fragment:
  - haproxy_gate.agent.common
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.facts
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  facts:
    support: none
  platform:
    platforms: linux
seealso:
  - module: haproxy_gate.agent.agent
author:
  - The haproxy-gate authors (@haproxy-gate)
"""

EXAMPLES = r"""
- name: Look at the host
  haproxy_gate.agent.agent_info:
  register: seen

- name: Show how many hosts HAProxy can spare beside those that are out
  ansible.builtin.debug:
    msg: "{{ seen.status.spare }} of {{ seen.status.app }}"
"""

RETURN = r"""
status:
  description: The app's entry, if O(app) is given or the configuration has only one.
  returned: for one app
  type: dict
  contains:
    app:
      description: The app's name.
      type: str
    gates:
      description: Each redirect, and whether it is C(open), C(closed), C(broken), or C(unknown).
      type: list
      elements: dict
    balancers:
      description: Each HAProxy, with the lines of this host.
      type: list
      elements: dict
    well:
      description: Whether nothing of this app makes the agent's exit code 1.
      type: bool
    unused:
      description: The lines that HAProxy does not use although their gate is open.
      type: list
      elements: dict
      contains:
        balancer:
          description: The HAProxy that shows the line.
          type: str
        line:
          description: The line, as BACKEND/SERVER.
          type: str
        role:
          description: C(main), C(twin) or C(classic_twin).
          type: str
        status:
          description: HAProxy's own text.
          type: str
        state:
          description: The kind of the status as one word.
          type: str
        check:
          description: How its last check ended.
          type: str
        text:
          description: All of this as one line of text for people.
          type: str
    hold:
      description: The request that the gates stay closed. None if there is no hold.
      type: dict
      contains:
        by:
          description: C(operator), C(unit), C(maintenance), C(agent) after a failure, or C(unknown).
          type: str
        failed:
          description: C(restart), C(upgrade) or C(upgrade_cut_short), if one failed. None while it still runs.
          type: str
        command:
          description: The command that closed the gates.
          type: str
        user:
          description: The operator who gave the command.
          type: str
        operation:
          description: The id of the failed operation in the history, if the agent holds the gates.
          type: str
        unit:
          description: The unit that opens the gates when it starts.
          type: str
        reason:
          description: The reason of the hold.
          type: str
        since_unix_seconds:
          description: When the hold began.
          type: int
        until_unix_seconds:
          description: When it ends by itself. None if only a command ends it.
          type: int
        text:
          description: All of this as one line of text for people.
          type: str
    closed_by_sidecar_unix_seconds:
      description: When the sidecar closed the gates as it stopped. None if they were opened since.
      type: int
    left_closed_by:
      description: The failed restart that left the gates closed without a hold, from the history.
      type: dict
    phase:
      description: The phase of the operation under way. None if there is no operation.
      type: dict
      contains:
        verb:
          description: The operation, as on the command line.
          type: str
        phase:
          description: The phase.
          type: str
        seconds:
          description: How long the operation has been in it.
          type: int
        settled:
          description: Whether the host takes no other server away any more.
          type: bool
    health:
      description: The answer to a health check of the app itself.
      type: dict
      contains:
        healthy:
          description: Whether the app is healthy.
          type: bool
        address:
          description: The address of the health check.
          type: str
        error:
          description: Why the app is not healthy.
          type: str
        text:
          description: All of this as one line of text for people.
          type: str
    trouble:
      description: Each problem of the app on this host.
      type: list
      elements: str
    in_rotation:
      description: Whether every balancer answers and shows all lines fully UP, slow start over.
      type: bool
    serving:
      description: Whether users lose a server if this host goes out.
      type: bool
    spare:
      description:
        - How many more hosts HAProxy can spare, besides those that are out of rotation now.
        - None if a balancer can't be seen.
      type: int
  sample:
    app: web
    health:
      address: 10.0.0.11:1000
      healthy: true
    hold:
    in_rotation: true
    serving: true
    spare: 1
apps:
  description: The entries of all apps.
  returned: always
  type: list
  elements: dict
operation:
  description:
    - The process that operates on this host, with C(command), C(pid), C(since_unix_seconds)
      and C(text). None if no operation is under way.
  returned: always
  type: dict
sidecar:
  description: The same for the sidecar. None if no sidecar runs.
  returned: always
  type: dict
older_settings:
  description: The C(keys) of the configuration that the sidecar has not loaded yet. None if there are none.
  returned: always
  type: dict
windows:
  description:
    - Whether C([agent] windows) let an operation begin now, as C(inside), with
      C(until_unix_seconds), C(next_unix_seconds) and C(text). None without such windows.
  returned: always
  type: dict
well:
  description: Whether the answer shows no problem of any app.
  returned: always
  type: bool
exit:
  description: The agent's exit code.
  returned: always
  type: int
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.haproxy_gate.agent.plugins.module_utils.command import (
    ARGUMENTS,
    Agent,
    Answer,
)


def result_of(answer: Answer) -> dict[str, t.Any]:
    """The answer. With one app, its entry is also RV(status)."""
    apps = answer.said.get("apps") or []
    result = {
        "apps": apps,
        "operation": answer.said.get("operation"),
        "sidecar": answer.said.get("sidecar"),
        "older_settings": answer.said.get("older_settings"),
        "windows": answer.said.get("windows"),
        "well": answer.exit == 0,
        "exit": answer.exit,
    }
    if len(apps) == 1:
        result["status"] = apps[0]
    return result


def main() -> None:
    """The entry point for Ansible."""
    module = AnsibleModule(argument_spec=dict(ARGUMENTS), supports_check_mode=True)
    module.exit_json(**result_of(Agent(module).status()))


if __name__ == "__main__":
    main()
