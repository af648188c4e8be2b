#!/usr/bin/python
# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Ansible module: what the kernel, HAProxy and the app say of this host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: agent_info
short_description: Look at a host behind HAProxy by its agent
version_added: 0.1.0
description:
  - Runs C(agent status) on the host, and tells what the kernel, HAProxy and the app say now.
  - That something is not well is no failure, but RV(well) says so.
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

- name: Tell how many hosts HAProxy can spare beside those that are out
  ansible.builtin.debug:
    msg: "{{ seen.status.spare }} of {{ seen.status.app }}"
"""

RETURN = r"""
status:
  description: The app's entry, where one was asked for or the configuration has one.
  returned: for one app
  type: dict
  contains:
    app:
      description: The app's name.
      type: str
    gates:
      description: Each redirect, and whether it is C(open), C(closed) or C(broken).
      type: list
      elements: dict
    balancers:
      description: Each HAProxy, with the lines of this host.
      type: list
      elements: dict
    held:
      description: Who closed the gates and wants them so, and why.
      type: str
    healthy:
      description: Whether the app itself is healthy.
      type: bool
    health:
      description: The same in words.
      type: str
    trouble:
      description: What is in the way.
      type: list
      elements: str
    in_rotation:
      description: Whether every balancer answers and shows all lines fully UP, slow start over.
      type: bool
    serving:
      description: Whether it takes something away from users when this host goes.
      type: bool
    spare:
      description:
        - How many hosts HAProxy can do without, beside those that are out of rotation now.
        - None where a balancer can't be seen.
      type: int
  sample:
    app: web
    healthy: true
    held:
    in_rotation: true
    serving: true
    spare: 1
apps:
  description: All of them.
  returned: always
  type: list
  elements: dict
operation:
  description: Who is at work on this host.
  returned: always
  type: str
sidecar:
  description: Who keeps the gates.
  returned: always
  type: str
well:
  description: All is well with every app of this answer.
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
from ansible_collections.haproxy_gate.agent.plugins.module_utils.exits import meaning


def told(answer: Answer) -> dict[str, t.Any]:
    """The answer, with the entry apart where there is one alone."""
    apps = answer.said.get("apps") or []
    result = {
        "apps": apps,
        "operation": answer.said.get("operation"),
        "sidecar": answer.said.get("sidecar"),
        "well": answer.exit == 0,
        "exit": answer.exit,
    }
    if len(apps) == 1:
        result["status"] = apps[0]
    return result


def main() -> None:
    """As Ansible calls it."""
    module = AnsibleModule(argument_spec=dict(ARGUMENTS), supports_check_mode=True)
    answer = Agent(module).run("status")
    if answer.exit not in (0, 1):
        message = answer.said.get("message") or "the agent gave no reason"
        means = meaning(answer.exit)
        module.fail_json(
            msg="{0} (exit {1}: {2})".format(message, answer.exit, means),
            exit=answer.exit,
        )
    module.exit_json(**told(answer))


if __name__ == "__main__":
    main()
