"""A fleet on paper: a program named `ssh` that answers as the agents of its hosts would. So a test
runs the whole of rolling-restart, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "rolling-restart"

# It finds the answer by the agent's words: `status`, `dry run`, or the verb, with `on` or `off`. An
# answer with `waits` comes at the end of stdin. One that is `silent` has only its exit code. A list
# has an answer for each call of this verb; the last one is for all that follow.
SSH = """\
import json, pathlib, shlex, sys
here = pathlib.Path(__file__).parent
if "-O" in sys.argv:
    sys.exit()
host, line = sys.argv[-2:]
words = shlex.split(line)[1:]
with open(here / "calls", "a") as calls:
    calls.write(json.dumps([host, *words]) + "\\n")
kind = " ".join(word for word in words if word in (words[0], "on", "off"))
kind = "dry run" if "--dry-run" in words else kind
hosts = json.loads((here / "answers").read_text())
answer = {**hosts["*"], **hosts.get(host, {})}.get(kind)
if answer is None:
    sys.exit(f"no answer for {kind} on {host}")
if isinstance(answer, list):
    calls = map(json.loads, (here / "calls").read_text().splitlines())
    asked = sum(call[:2] == [host, words[0]] for call in calls)
    answer = answer[min(asked, len(answer)) - 1]
if answer.pop("waits", False):
    sys.stdin.read()
if not answer.pop("silent", False):
    print(json.dumps(answer))
sys.exit(answer.get("exit", 0))
"""

# Where the programs of all tests find what the first one has compiled.
CACHE = tempfile.TemporaryDirectory()
COMPILED = {"PYTHONPYCACHEPREFIX": CACHE.name}


def heeds_ctrl_c() -> None:
    """A shell lets its background jobs ignore Ctrl-C, and so would all programs of these tests."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def status(spare: int = 3, **changes: Any) -> dict[str, Any]:
    """An answer of `agent status`: a host in rotation, but for these changes."""
    states = {"status": "UP", "state": "up", "proven": True}
    app = {
        "app": "web",
        "gates": [{"position": "open"}],
        "balancers": [{"name": "lb1", "lines": [{"name": "srvs/web1", "role": "main", **states}]}],
        "hold": None,
        "health": {"healthy": True, "text": "the app is healthy"},
        "trouble": [],
        "in_rotation": True,
        "serving": True,
        "spare": spare,
    }
    return {"apps": [{**app, **changes}], "operation": None}


OUTSIDE = {"inside": False, "text": "no operation may begin before Mon 2026-11-30 09:00 CET"}


def outside(**changes: Any) -> dict[str, Any]:
    """The same outside of the windows of its configuration."""
    return {**status(**changes), "windows": OUTSIDE}


def report(exit: int, outcome: str, **more: Any) -> dict[str, Any]:
    """The object of an agent's operation."""
    return {"exit": exit, "outcome": outcome, "message": f"said {outcome}", **more}


class Fleet:
    """Hosts in rotation, whose agents do what they are asked."""

    def __init__(self, **verbs: dict[str, Any]) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        self.hosts: dict[str, dict[str, Any]] = {}
        self.host("*", **{"status": status(), "dry_run": report(0, "planned"), **verbs})
        ssh = self.path / "ssh"
        ssh.write_text(f"#!{sys.executable} -IS\n{SSH}")
        ssh.chmod(0o755)

    def host(self, name: str, **answers: Any) -> None:
        """Other answers of this host: an object, or a list of them. `dry run` and `maintenance on`
        have a `_` as their space."""
        self.hosts[name] = {kind.replace("_", " "): said for kind, said in answers.items()}

    def start(self, *words: str) -> subprocess.Popen[str]:
        (self.path / "answers").write_text(json.dumps(self.hosts))
        environment = {
            **os.environ,
            "PATH": f"{self.path}:{os.environ['PATH']}",
            "XDG_STATE_HOME": str(self.path / "state"),
            "TMPDIR": str(self.path),
            **COMPILED,
        }
        return subprocess.Popen(
            [sys.executable, str(SCRIPT), "--json", *words],
            env=environment,
            preexec_fn=heeds_ctrl_c,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def roll(self, *words: str) -> dict[str, Any]:
        """Its answer. Its exit code is that of the answer."""
        return self.answer(self.start(*words))

    def answer(self, started: subprocess.Popen[str]) -> dict[str, Any]:
        out, err = started.communicate(timeout=60)
        answer: dict[str, Any] = json.loads(out) if out else {"exit": None}
        assert answer["exit"] == started.returncode, err
        return answer

    def calls(self, *kinds: str) -> list[list[str]]:
        """The calls of the agents so far: the host and the words. `kinds`: only these verbs."""
        try:
            lines = (self.path / "calls").read_text().splitlines()
        except FileNotFoundError:
            return []
        calls: list[list[str]] = [json.loads(line) for line in lines]
        return [call for call in calls if not kinds or call[1] in kinds]

    def wait_for(self, verb: str) -> None:
        """Until an agent was called with this verb, and not for a dry run."""
        until = time.monotonic() + 30
        while not any("--dry-run" not in call for call in self.calls(verb)):
            assert time.monotonic() < until, f"no agent was called with {verb}"
            time.sleep(0.02)

    def close(self) -> None:
        self.folder.cleanup()


def states(answer: dict[str, Any]) -> dict[str, str]:
    """The state of each host."""
    return {host["host"]: host["state"] for host in answer["hosts"]}
