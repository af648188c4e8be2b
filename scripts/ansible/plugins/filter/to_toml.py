# Copyright: (c) 2026, The haproxy-gate authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Ansible filter: variables as TOML."""

from __future__ import annotations

DOCUMENTATION = r"""
name: to_toml
short_description: Variables as TOML
version_added: 0.1.0
description:
  - Writes a dictionary as TOML, in its own order, as the agent's configuration wants it.
  - Keys whose value is none are left out, and so are empty tables.
positional: _input
options:
  _input:
    description: The dictionary.
    type: dict
    required: true
author:
  - The haproxy-gate authors (@haproxy-gate)
"""

EXAMPLES = r"""
- name: Show the configuration of an app
  ansible.builtin.debug:
    msg: "{{ {'app': {'web': {'port': 1000}}} | haproxy_gate.agent.to_toml }}"
"""

RETURN = r"""
_value:
  description: TOML.
  type: str
"""

import json
import re
import typing as t

from ansible.errors import AnsibleFilterError

BARE = re.compile(r"[A-Za-z0-9_-]+")

Table = t.Mapping[str, t.Any]


def to_toml(table: t.Any) -> str:
    """The text; two tables have an empty line between them."""
    if not isinstance(table, t.Mapping):
        raise AnsibleFilterError("to_toml wants a dictionary")
    return "\n".join(_sections(table, []))


def _sections(table: Table, path: list[str]) -> t.Iterator[str]:
    """This table's own values, then the tables in it."""
    values = {key: value for key, value in table.items() if not _is_section(value, path)}
    rows = [
        "{0} = {1}\n".format(_key(key), _value(value))
        for key, value in values.items()
        if value is not None
    ]
    if rows:
        heads = ["[{0}]\n".format(_dotted(path))] if path else []
        yield "".join(heads + rows)
    for key, value in table.items():
        if not _is_section(value, path):
            continue
        if isinstance(value, t.Mapping):
            yield from _sections(value, [*path, key])
            continue
        for one in value:
            yield from _element(one, [*path, key])


def _element(table: Table, path: list[str]) -> t.Iterator[str]:
    rows = [
        "{0} = {1}\n".format(_key(key), _value(value))
        for key, value in table.items()
        if value is not None
    ]
    yield "".join(["[[{0}]]\n".format(_dotted(path)), *rows])


def _is_section(value: t.Any, path: list[str]) -> bool:
    """A table with a head of its own. Deeper tables are inline."""
    if isinstance(value, t.Mapping):
        return len(path) < 2
    if isinstance(value, list) and not path:
        return bool(value) and all(isinstance(one, t.Mapping) for one in value)
    return False


def _value(value: t.Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, (int, float)):
        return repr(value + 0)
    if isinstance(value, t.Mapping):
        pairs = [
            "{0} = {1}".format(_key(key), _value(one))
            for key, one in value.items()
            if one is not None
        ]
        return "{{ {0} }}".format(", ".join(pairs)) if pairs else "{}"
    if isinstance(value, (list, tuple)):
        return "[{0}]".format(", ".join(_value(one) for one in value))
    kind = type(value).__name__
    raise AnsibleFilterError("to_toml knows no {0}: {1!r}".format(kind, value))


def _key(key: t.Any) -> str:
    text = str(key)
    return text if BARE.fullmatch(text) else _string(text)


def _dotted(path: list[str]) -> str:
    return ".".join(_key(key) for key in path)


def _string(text: str) -> str:
    """The escapes of JSON fit TOML, which escapes one more character."""
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")


class FilterModule:
    """The class that Ansible loads."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """The filters by name."""
        return {"to_toml": to_toml}
