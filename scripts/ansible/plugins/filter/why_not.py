# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Ansible filter: why a roll does not begin because of a host."""

from __future__ import annotations

DOCUMENTATION = r"""
name: why_not
short_description: Why a roll does not begin because of a host
version_added: 0.1.0
description:
  - A part of the playbook C(rolling_restart); nothing to be used by itself.
  - From what P(haproxy_gate.agent.agent_info#module) has returned and the variables of the roll.
positional: _input, asked
options:
  _input:
    description: The result of P(haproxy_gate.agent.agent_info#module).
    type: dict
    required: true
  asked:
    description: The variables of the roll, without C(haproxy_gate_); C(verb) must be there.
    type: dict
    required: true
author:
  - The haproxy-gate authors (@haproxy-gate)
"""

EXAMPLES = r"""
- name: Show why the roll would not begin
  ansible.builtin.debug:
    msg: "{{ seen | haproxy_gate.agent.why_not({'verb': 'restart'}) }}"
"""

RETURN = r"""
_value:
  description: The reason. Empty if the roll may begin.
  type: str
"""

import typing as t

from ansible_collections.haproxy_gate.agent.plugins.module_utils.roll import why_not


class FilterModule:
    """The class that Ansible loads."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """The filters by name."""
        return {"why_not": why_not}
