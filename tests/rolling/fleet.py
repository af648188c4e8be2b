"""A fleet on paper: a program named `ssh` that answers as the agents of its hosts would. So a test
runs the whole of rolling-restart, in a process of its own."""

from __future__ import annotations

import compileall
import ctypes
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"

# A shell, because each roll starts it ten times. The agent's words name the file of an answer:
# `status`, `dry run`, or the verb, with `on` or `off`.
SSH = """\
#!/bin/sh
here=${0%/*} last= dry=
for word; do
    [ "$word" != -O ] || exit 0
    host=$last last=$word
done
eval "set -- $last"
shift
kind=$1 call=$host
for word; do
    call="$call\t$word"
    case $word in
        on | off) kind="$kind $word" ;;
        --dry-run) dry=yes ;;
    esac
done
printf '%s\\n' "$call" >>"$here/calls"
[ -z "$dry" ] || kind='dry run'
for file in "$here/answers/$host/$kind" "$here/answers/*/$kind"; do
    [ ! -e "$file" ] || . "$file"
done
echo "no answer for $kind on $host" >&2
exit 1
"""


def commands(waits: bool = False, silent: bool = False, **said: Any) -> str:
    """The file of an answer. It `waits` for the end of stdin. If `silent`, it only exits."""
    wait = "while read -r _; do :; done\n" if waits else ""
    show = "" if silent else f"printf '%s\\n' {shlex.quote(json.dumps(said))}\n"
    return f"{wait}{show}exit {said.get('exit', 0)}\n"


def in_turn(answers: list[dict[str, Any]]) -> str:
    """The file of an answer for each call of this verb. The last one is for all that follow."""
    cases = [f"{number})\n{commands(**said)};;\n" for number, said in enumerate(answers[:-1], 1)]
    asked = 'asked=$(grep -c "^$host\t$1\\>" "$here/calls")\n'
    return f"{asked}case $asked in\n{''.join(cases)}esac\n{commands(**answers[-1])}"


# A copy of the program with compiled modules. The program writes no files beside itself, so it
# would compile them at each start, which is most of a start.
COPY = tempfile.TemporaryDirectory()
PROGRAM = Path(shutil.copy(SCRIPTS / "rolling-restart", COPY.name))
shutil.copytree(SCRIPTS / "rolling", Path(COPY.name) / "rolling")
compileall.compile_dir(COPY.name, quiet=1)


LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def ends_with_the_test() -> None:
    """In a child, before its program: it heeds Ctrl-C, and does not outlive these tests. A shell
    lets its background jobs ignore Ctrl-C, and so would all programs of these tests."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


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
        self.started: list[subprocess.Popen[str]] = []
        self.host("*", **{"status": status(), "dry_run": report(0, "planned"), **verbs})
        ssh = self.path / "ssh"
        ssh.write_text(SSH)
        ssh.chmod(0o755)

    def host(self, name: str, **answers: Any) -> None:
        """Other answers of this host: an object, or a list of them. `dry run` and `maintenance on`
        have a `_` as their space."""
        self.hosts[name] = {kind.replace("_", " "): said for kind, said in answers.items()}

    def write(self, name: str = "answers") -> None:
        """The files of the answers, in a folder of this name."""
        shutil.rmtree(self.path / name, ignore_errors=True)
        for host, answers in self.hosts.items():
            folder = self.path / name / host
            folder.mkdir(parents=True)
            for kind, said in answers.items():
                (folder / kind).write_text(
                    in_turn(said) if isinstance(said, list) else commands(**said)
                )

    def start(self, *words: str) -> subprocess.Popen[str]:
        self.write()
        environment = {
            **os.environ,
            "PATH": f"{self.path}:{os.environ['PATH']}",
            "XDG_STATE_HOME": str(self.path / "state"),
            "TMPDIR": str(self.path),
        }
        started = subprocess.Popen(
            [sys.executable, str(PROGRAM), "--json", *words],
            env=environment,
            preexec_fn=ends_with_the_test,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(started)
        return started

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
        calls = [line.split("\t") for line in lines]
        return [call for call in calls if not kinds or call[1] in kinds]

    def wait_for(self, verb: str) -> None:
        """Until an agent was called with this verb, and not for a dry run."""
        until = time.monotonic() + 30
        while not any("--dry-run" not in call for call in self.calls(verb)):
            assert time.monotonic() < until, f"no agent was called with {verb}"
            time.sleep(0.02)

    def close(self) -> None:
        """Ends the rolls that a failed test has left."""
        for started in self.started:
            if started.poll() is None:
                started.kill()
                started.wait()
        self.folder.cleanup()


def states(answer: dict[str, Any]) -> dict[str, str]:
    """The state of each host."""
    return {host["host"]: host["state"] for host in answer["hosts"]}
