"""Hosts of an Ansible inventory. `ansible-inventory` itself reads it, whatever its form."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .hosts import HOST, LONGEST, Wrong, from_arguments
from .text import decoded, escape

# A dynamic inventory may ask a cloud.
LIMIT = 120.0
USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")
OVER_SSH = ("ssh", "smart", "paramiko", "paramiko_ssh")
# Without these it answers a file that it can't read with an empty inventory and exit 0.
STRICT = {
    "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
    "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true",
    "ANSIBLE_NOCOLOR": "true",
}


@dataclass(frozen=True)
class Target:
    """How ssh reaches a host. Its name is the one of the inventory."""

    address: str
    words: tuple[str, ...] = ()


def read(path: str, group: str) -> dict[str, Target]:
    """The hosts of the group, in the order of the inventory. Raises Wrong with the reason."""
    if not os.path.exists(path):
        raise Wrong(f"--inventory {path}: no such file")
    listing = ask(path)
    try:
        names = of_group(listing, group)
        variables = listing["_meta"]["hostvars"]
    except (KeyError, TypeError, AttributeError) as error:
        raise Wrong(f"{path}: ansible-inventory gave another form: {error!r}") from error
    except Wrong as error:
        raise Wrong(f"{path}: {error}") from error
    from_arguments(names)
    return {name: target(name, variables.get(name, {})) for name in names}


def ask(path: str) -> dict[str, Any]:
    """The answer of `ansible-inventory --list`."""
    try:
        asked = subprocess.run(
            ["ansible-inventory", "-i", path, "--list"],
            env={**os.environ, **STRICT},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LIMIT,
            check=False,
        )
    except FileNotFoundError as error:
        raise Wrong(
            "--inventory needs the program ansible-inventory, and it is not installed here: "
            "install ansible-core, or list the hosts in a file for --hosts"
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Wrong(f"ansible-inventory -i {path}: {error}") from error
    if asked.returncode != 0:
        raise Wrong(f"ansible-inventory can't read {path}: {reason(decoded(asked.stderr))}")
    try:
        listing = json.loads(asked.stdout)
    except (ValueError, RecursionError) as error:
        raise Wrong(f"ansible-inventory -i {path}: {error}") from error
    if not isinstance(listing, dict):
        raise Wrong(f"ansible-inventory -i {path}: its answer is not an object")
    return listing


def reason(said: str) -> str:
    """The error among its warnings."""
    lines = [line for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if "ERROR" in line]
    return escape((errors or lines or ["no reason given"])[-1])


def of_group(listing: Mapping[str, Any], group: str) -> list[str]:
    """The hosts of the group and of its children."""
    known = {name for name in listing if name != "_meta"}
    known |= {child for name in known for child in listing[name].get("children", [])}
    if group not in known:
        raise Wrong(f"no group {escape(group, 80)!r}; it has {', '.join(sorted(known))}")
    hosts: dict[str, None] = {}
    waiting, seen = [group], set()
    while waiting:
        name = waiting.pop(0)
        entry = {} if name in seen else listing.get(name, {})
        seen.add(name)
        hosts.update(dict.fromkeys(entry.get("hosts", [])))
        waiting = [*entry.get("children", []), *waiting]
    if not hosts:
        raise Wrong(f"group {group} has no hosts")
    return list(hosts)


def target(name: str, variables: Mapping[str, Any]) -> Target:
    """From the variables of the host, as Ansible's own ssh connection reads them."""

    def value(*names: str) -> str | None:
        found = next((variables[one] for one in names if variables.get(one) is not None), None)
        if found is None:
            return None
        if isinstance(found, bool) or not isinstance(found, (str, int)):
            raise Wrong(f"{name}: {names[0]} is not a plain value: {escape(found, 80)}")
        if "{{" in str(found):
            raise Wrong(
                f"{name}: {names[0]} is a template, which ansible-inventory does not resolve: "
                f"{escape(found, 80)}"
            )
        return str(found)

    how = value("ansible_connection")
    if how is not None and how.rpartition(".")[2] not in OVER_SSH:
        raise Wrong(f"{name}: ansible_connection is {escape(how, 80)}, not ssh")
    address = value("ansible_host", "ansible_ssh_host") or name
    if len(address) > LONGEST or not HOST.fullmatch(address):
        raise Wrong(f"{name}: ansible_host {escape(address, 80)!r} is not a host")
    words = options(
        name,
        value("ansible_user", "ansible_ssh_user"),
        value("ansible_port", "ansible_ssh_port"),
        value("ansible_ssh_private_key_file", "ansible_private_key_file"),
    )
    more = (value("ansible_ssh_common_args"), value("ansible_ssh_extra_args"))
    return Target(address, (*words, *split(name, more)))


def options(name: str, user: str | None, port: str | None, key: str | None) -> list[str]:
    words = []
    if user is not None:
        if not USER.fullmatch(user):
            raise Wrong(f"{name}: ansible_user {escape(user, 80)!r} is not a name of a user")
        words += ["-o", f"User={user}"]
    if port is not None:
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise Wrong(f"{name}: ansible_port {escape(port, 80)!r} is not a port")
        words += ["-o", f"Port={port}"]
    if key is not None:
        if '"' in key or not key.isprintable():
            raise Wrong(f"{name}: {escape(key, 80)!r} can't be the path of a key")
        words += ["-o", f'IdentityFile="{key}"']
    return words


def split(name: str, lines: Sequence[str | None]) -> list[str]:
    """The words of ssh options, such as `-o ProxyJump=bastion`. Those of the roll itself win."""
    try:
        return [word for line in lines if line is not None for word in shlex.split(line)]
    except ValueError as error:
        raise Wrong(f"{name}: its ssh options: {error}") from error
