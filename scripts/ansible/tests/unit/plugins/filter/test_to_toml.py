# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Variables as TOML, read back."""

from __future__ import annotations

import datetime
import tomllib
import unittest

from ansible.errors import AnsibleFilterError
from ansible_collections.haproxy_gate.agent.plugins.filter.to_toml import to_toml


class ToToml(unittest.TestCase):
    """As the agent's configuration wants it."""

    def test_as_people_write_it(self) -> None:
        table = {
            "app": {
                "web": {
                    "port": 1000,
                    "backup_status_port": None,
                    "health": {"http": "/healthz", "times": 2},
                    "restart": {"command": ["apachectl", "-k", "graceful"]},
                }
            },
            "haproxy": [{"socket": "tcp://10.0.0.1:9999"}, {"socket": "/run/a.sock"}],
            "agent": {},
        }
        wanted = """\
[app.web]
port = 1000
health = { http = "/healthz", times = 2 }
restart = { command = ["apachectl", "-k", "graceful"] }

[[haproxy]]
socket = "tcp://10.0.0.1:9999"

[[haproxy]]
socket = "/run/a.sock"
"""
        self.assertEqual(to_toml(table), wanted)

    def test_it_is_read_back(self) -> None:
        table = {
            "plain": True,
            "share": 0.5,
            "none": [],
            "app": {
                "with.dot": {"text": 'a "quote"\\\n\t\x00\x7f é', "deep": {"a": {"b": [1, "x"]}}},
                "": {"of": [{"a": 1}, {"b": False}]},
            },
            "haproxy": [{"app": {"x y": 1}}],
        }
        self.assertEqual(tomllib.loads(to_toml(table)), table)

    def test_what_it_does_not_know(self) -> None:
        for table in ([], "text", {"at": datetime.date.min}, {"none": [None]}):
            with self.assertRaises(AnsibleFilterError):
                to_toml(table)
