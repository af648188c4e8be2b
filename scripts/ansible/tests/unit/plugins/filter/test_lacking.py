# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""What is reported of the answer of `agent doctor`."""

from __future__ import annotations

import typing as t
import unittest

from ansible.errors import AnsibleFilterError
from ansible_collections.haproxy_gate.agent.plugins.filter.lacking import lacking


def point(verdict: str, area: str = "file", **more: t.Any) -> dict[str, t.Any]:
    """One of backend srvs."""
    return {"verdict": verdict, "area": area, "of": "srvs", "found": "no twin", **more}


class Lacking(unittest.TestCase):
    """Errors and warnings about HAProxy's file."""

    def test_errors_come_first_and_other_areas_are_left_out(self) -> None:
        points = [
            point("warning", found="no timeout check", fix="in backend srvs: timeout check 2s"),
            point("ok"),
            point("unseen"),
            point("error", area="app"),
            point("error", of="", found="haproxy -c refuses it"),
        ]
        wanted = [
            "error: haproxy -c refuses it",
            "warning srvs: no timeout check; to add or change: in backend srvs: timeout check 2s",
        ]
        self.assertEqual(lacking({"points": points}), wanted)
        self.assertEqual(lacking({"points": []}), [])

    def test_what_is_no_answer(self) -> None:
        for answer in ([], "text", {}, {"exit": 2, "message": "no app"}):
            with self.assertRaises(AnsibleFilterError):
                lacking(answer)
