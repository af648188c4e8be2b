# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""What the documentation of the modules has in common."""

from __future__ import annotations


class ModuleDocFragment:
    """Options that say which agent, and which app of it."""

    DOCUMENTATION = r"""
options:
  app:
    description:
      - The app of this host, by its name in the configuration.
      - May be left out where the configuration has one.
    type: str
  config:
    description:
      - The agent's configuration file. Without it the agent takes its own default,
        C(/etc/haproxy-gate/agent.toml).
    type: path
  executable:
    description:
      - The agent itself, a name that is looked up in C(PATH) and the C(sbin) directories, or
        a path.
    type: str
    default: agent
requirements:
  - the agent of haproxy-gate on the host, and the rights of root
  - Python 3.9 on the host
"""
