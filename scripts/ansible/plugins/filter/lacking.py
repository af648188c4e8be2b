# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Ansible filter: what HAProxy's configuration lacks, from the points of `agent doctor`."""

from __future__ import annotations

DOCUMENTATION = r"""
name: lacking
short_description: What HAProxy's configuration lacks
version_added: 0.1.0
description:
  - Reads the points of C(agent doctor --json --haproxy-cfg FILE), and returns the errors and warnings
    about the file, the errors first.
positional: _input
options:
  _input:
    description: The object that the agent has printed.
    type: dict
    required: true
author:
  - The haproxy-gate authors (@haproxy-gate)
"""

EXAMPLES = r"""
- name: Show what the file lacks
  ansible.builtin.debug:
    msg: "{{ looked.stdout | from_json | haproxy_gate.agent.lacking }}"
"""

RETURN = r"""
_value:
  description: One line for each point, with its verdict, the backend, what was found and the fix.
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleFilterError

VERDICTS = ("error", "warning")


def lacking(answer: t.Any) -> list[str]:
    """One line for each error, then one for each warning."""
    if not isinstance(answer, t.Mapping) or not isinstance(answer.get("points"), list):
        message = answer.get("message") if isinstance(answer, t.Mapping) else None
        raise AnsibleFilterError(message or "this is no answer of agent doctor --json")
    points = [point for point in answer["points"] if point["area"] == "file"]
    return [
        line_of(point) for verdict in VERDICTS for point in points if point["verdict"] == verdict
    ]


def line_of(point: t.Mapping[str, t.Any]) -> str:
    """Where, what was found, and what to write."""
    place = " {0}".format(point["of"]) if point["of"] else ""
    fix = "; to add or change: {0}".format(point["fix"]) if point.get("fix") else ""
    return "{0}{1}: {2}{3}".format(point["verdict"], place, point["found"], fix)


class FilterModule:
    """The class that Ansible loads."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """The filters by name."""
        return {"lacking": lacking}
