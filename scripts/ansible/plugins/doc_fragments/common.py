# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""The common part of the documentation of the modules."""

from __future__ import annotations


class ModuleDocFragment:
    """The options for the agent and the app."""

    DOCUMENTATION = r"""
options:
  app:
    description:
      - The app of this host, by its name in the configuration.
      - Optional if the configuration has only one.
    type: str
  config:
    description:
      - The agent's configuration file. Without it the agent uses its own default,
        C(/etc/haproxy-gate/agent.toml).
    type: path
  executable:
    description:
      - The program of the agent. A path, or a name to look up in C(PATH) and the C(sbin)
        directories.
    type: str
    default: agent
  without_balancers:
    description:
      - Balancers that are gone, by their names in C(agent status), such as
        V(tcp://10.0.0.1:9999). The agent neither asks them nor waits for them
        (C(--without-balancer)). It drains none of their users. At least one balancer must be left.
    type: list
    elements: str
    default: []
requirements:
  - the agent of haproxy-gate on the host, and the rights of root
  - Python 3.9 on the host
"""
