# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Ansible filter: why a host of a roll may not begin any more."""

from __future__ import annotations

DOCUMENTATION = r"""
name: window_ended
short_description: Why a host of a roll may not begin any more
version_added: 0.1.0
description:
  - A part of the playbook C(rolling_restart); nothing to be used by itself.
  - An agent that waits for its turn gives up at the end of its window, too. That is no failure.
positional: _input, seen, asked
options:
  _input:
    description: The result of P(haproxy_gate.agent.agent#module).
    type: dict
    required: true
  seen:
    description: The result of P(haproxy_gate.agent.agent_info#module), asked after it.
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
- name: Show whether the window has ended
  ansible.builtin.debug:
    msg: "{{ answer | haproxy_gate.agent.window_ended(seen, {'verb': 'restart'}) }}"
"""

RETURN = r"""
_value:
  description: The reason. Empty if the agent failed for another reason.
  type: str
"""

import typing as t

from ansible_collections.haproxy_gate.agent.plugins.module_utils.roll import window_ended


class FilterModule:
    """The class that Ansible loads."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """The filters by name."""
        return {"window_ended": window_ended}
