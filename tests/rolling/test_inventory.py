from __future__ import annotations

import os
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any
from unittest.mock import patch

from fleet import SCRIPTS, Fleet, report, states
from rolling import inventory
from rolling.hosts import Wrong
from rolling.inventory import Target, of_group, read, target
from rolling.ssh import Remote, Ssh

LISTING: dict[str, Any] = {
    "_meta": {"hostvars": {}},
    "all": {"children": ["ungrouped", "prod"]},
    "prod": {"children": ["web", "db", "none"], "hosts": ["lb1"]},
    "web": {"hosts": ["web1", "web2"]},
    "db": {"hosts": ["db1", "web2"], "children": ["prod"]},
}

INI = """\
[web]
web[1:3] ansible_user=deploy
web3 ansible_host=10.0.0.3 ansible_port=2222 ansible_ssh_private_key_file='~/my keys/k'
[db]
db1 ansible_host="{{ ip }}"
[prod:children]
web
"""

YAML = """\
prod:
  children:
    web:
      hosts:
        web[1:3]:
      vars: {ansible_ssh_common_args: -o ProxyJump=bastion}
"""


class Groups(unittest.TestCase):
    def test_a_group_has_the_hosts_of_its_children_once(self) -> None:
        for group, hosts in [
            ("web", ["web1", "web2"]),
            ("prod", ["lb1", "web1", "web2", "db1"]),
            # A circle, which Ansible itself refuses.
            ("db", ["db1", "web2", "lb1", "web1"]),
            ("all", ["lb1", "web1", "web2", "db1"]),
        ]:
            with self.subTest(group):
                self.assertEqual(of_group(LISTING, group), hosts)

    def test_an_unknown_group_names_those_that_exist(self) -> None:
        known = "no group 'wbe'; it has all, db, none, prod, ungrouped, web"
        with self.assertRaisesRegex(Wrong, known):
            of_group(LISTING, "wbe")
        with self.assertRaisesRegex(Wrong, "group none has no hosts"):
            of_group(LISTING, "none")


class Targets(unittest.IsolatedAsyncioTestCase):
    def test_the_variables_become_words_for_ssh(self) -> None:
        table: list[tuple[dict[str, Any], Target]] = [
            ({}, Target("web1")),
            ({"ansible_host": "10.0.0.1"}, Target("10.0.0.1")),
            ({"ansible_ssh_host": "fe80::1%eth0"}, Target("fe80::1%eth0")),
            ({"ansible_user": "deploy"}, Target("web1", ("-o", "User=deploy"))),
            ({"ansible_port": 2222}, Target("web1", ("-o", "Port=2222"))),
            ({"ansible_port": "22"}, Target("web1", ("-o", "Port=22"))),
            (
                {"ansible_ssh_private_key_file": "~/my keys/k"},
                Target("web1", ("-o", 'IdentityFile="~/my keys/k"')),
            ),
            (
                {"ansible_ssh_common_args": "-o 'ProxyCommand=ssh -W %h:%p b'"},
                Target("web1", ("-o", "ProxyCommand=ssh -W %h:%p b")),
            ),
            ({"ansible_connection": "ansible.builtin.ssh", "other": [1]}, Target("web1")),
        ]
        for variables, wanted in table:
            with self.subTest(variables):
                self.assertEqual(target("web1", variables), wanted)

    def test_what_ssh_could_take_for_something_else_is_an_error(self) -> None:
        table: list[tuple[dict[str, Any], str]] = [
            ({"ansible_host": "-oProxyCommand=x"}, "is not a host"),
            ({"ansible_host": "{{ ip }}"}, "is a template"),
            ({"ansible_host": {"__ansible_vault": "x"}}, "not a plain value"),
            ({"ansible_user": "a b"}, "not a name of a user"),
            ({"ansible_user": "-l"}, "not a name of a user"),
            ({"ansible_port": 70000}, "not a port"),
            ({"ansible_port": True}, "not a plain value"),
            ({"ansible_ssh_private_key_file": 'a"b'}, "can't be the path of a key"),
            ({"ansible_ssh_extra_args": "-o 'x"}, "its ssh options"),
            ({"ansible_connection": "local"}, "is local, not ssh"),
        ]
        for variables, says in table:
            with self.subTest(variables), self.assertRaisesRegex(Wrong, f"^web1: .*{says}"):
                target("web1", variables)

    async def test_ssh_gets_them_after_its_own_options(self) -> None:
        ssh = Ssh(None, Remote(), {"web1": Target("10.0.0.1", ("-o", "Port=2222"))})
        ssh.masters = Path("/tmp/x")
        self.assertEqual(ssh.argv("web1")[-4:], ["-o", "Port=2222", "--", "10.0.0.1"])
        self.assertEqual(ssh.argv("web2")[-2:], ["--", "web2"])


class Programs(unittest.TestCase):
    """`ansible-inventory` itself, or what stands for it."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.file = self.folder / "inventory"
        self.file.write_text(INI)

    def with_path(self, path: str) -> None:
        changed = patch.dict(os.environ, {"PATH": path})
        changed.start()
        self.addCleanup(changed.stop)

    def stand_in(self, script: str) -> None:
        program = self.folder / "ansible-inventory"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        self.with_path(f"{self.folder}:{os.environ['PATH']}")

    def wrong(self, says: str) -> None:
        with self.assertRaisesRegex(Wrong, says):
            read(str(self.file), "web")

    def test_without_it_the_line_says_what_to_do(self) -> None:
        self.with_path(str(self.folder))
        self.wrong("install ansible-core, or list the hosts in a file for --hosts")

    def test_what_it_says_is_one_line(self) -> None:
        self.stand_in("echo '[WARNING]: x' >&2; echo '[ERROR]: no vault secrets' >&2; exit 1")
        self.wrong(r"^ansible-inventory can't read \S+/inventory: \[ERROR\]: no vault secrets$")

    def test_another_answer_is_an_error(self) -> None:
        for said, says in [
            ("[]", "its answer is not an object"),
            ("no JSON", "Expecting value"),
            ('{"web": {"hosts": ["web1"]}}', "gave another form"),
            ('{"_meta": {"hostvars": {}}, "web": {"hosts": ["-oX"]}}', "'-oX' is not a host"),
        ]:
            with self.subTest(said):
                self.stand_in(f"echo '{said}'")
                self.wrong(says)

    def test_it_has_a_limit(self) -> None:
        limit, inventory.LIMIT = inventory.LIMIT, 0.2
        self.addCleanup(setattr, inventory, "LIMIT", limit)
        self.stand_in("exec sleep 60")
        self.wrong("timed out")

    def test_ansible_itself_reads_each_form(self) -> None:
        find = [str(SCRIPTS / "collection"), "find"]
        found = subprocess.run(find, capture_output=True, text=True, check=False)
        if found.returncode != 0:
            self.fail("no Ansible for the tests: run `scripts/collection env`")
        self.with_path(f"{found.stdout.strip()}/bin:{os.environ['PATH']}")
        user, jump = ("-o", "User=deploy"), ("-o", "ProxyJump=bastion")
        third = ("-o", "Port=2222", "-o", 'IdentityFile="~/my keys/k"')
        hosts = {
            "web1": Target("web1", user),
            "web2": Target("web2", user),
            "web3": Target("10.0.0.3", (*user, *third)),
        }
        self.assertEqual(read(str(self.file), "web"), hosts)
        self.assertEqual(list(read(str(self.file), "prod")), list(hosts))
        with self.assertRaisesRegex(Wrong, "db1: ansible_host is a template"):
            read(str(self.file), "db")
        yaml = self.folder / "hosts.yml"
        yaml.write_text(YAML)
        self.assertEqual(read(str(yaml), "prod"), {name: Target(name, jump) for name in hosts})
        yaml.write_text("[[[")
        with self.assertRaisesRegex(Wrong, "can't read"):
            read(str(yaml), "prod")


class Whole(unittest.TestCase):
    def test_a_roll_keeps_the_inventory(self) -> None:
        fleet = Fleet(restart=report(0, "restarted"))
        self.addCleanup(fleet.close)
        fleet.host("10.0.0.2", restart=report(15, "not_healthy"))
        program = fleet.path / "ansible-inventory"
        hosts = '{"hostvars": {"web2": {"ansible_host": "10.0.0.2"}}}'

        def has(*names: str) -> None:
            group = '{"hosts": ["' + '", "'.join(names) + '"]}'
            program.write_text(f'#!/bin/sh\necho \'{{"_meta": {hosts}, "web": {group}}}\'\n')
            program.chmod(0o755)

        has("web1", "web2")
        words = ("--inventory", str(program), "--group", "web")
        rolled = fleet.roll(*words)
        self.assertEqual(states(rolled), {"web1": "done", "web2": "failed"})
        self.assertEqual([call[0] for call in fleet.calls("restart")], ["web1", "10.0.0.2"])
        # Another host came meanwhile.
        has("web1", "web2", "web3")
        fleet.host("10.0.0.2")
        rolled = fleet.roll("--resume", rolled["record"])
        self.assertEqual(states(rolled), {"web1": "done", "web2": "done"})

    def test_wrong_words_are_one_line_and_ask_no_host(self) -> None:
        fleet = Fleet()
        self.addCleanup(fleet.close)
        for words, says in [
            (("--inventory", "/none", "--group", "web"), "--inventory /none: no such file"),
            (("--inventory", "/none"), "--inventory FILE and --group NAME go together"),
            (("--inventory", "/none", "--group", "web", "web1"), "not from both"),
        ]:
            with self.subTest(words):
                rolled = fleet.roll(*words)
                self.assertEqual(rolled["exit"], 2)
                self.assertIn(says, rolled["message"])
        self.assertEqual(fleet.calls(), [])
