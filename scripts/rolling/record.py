"""The record of a roll: a file with its hosts and their states, to continue from."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shlex
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .hosts import Wrong, from_arguments
from .inventory import Target
from .options import Options, UsageError

VERSION = 1


class Unkept(Exception):
    """The record can't be read or written, or another roll uses it."""


class Record:
    """The record of one roll. No other roll uses it at the same time."""

    def __init__(self, path: Path, options: Options, hosts: Sequence[str]) -> None:
        self.path = path
        self.options = options
        self.hosts = list(hosts)
        # Of an inventory, which is asked again each time. They are not in the file.
        self.targets: dict[str, Target] = {}
        # The last state of each host: `done`, `failed`, or `under_way`.
        self.states: dict[str, dict[str, Any]] = {}
        self.begun_at = int(time.time())
        self.lock: int | None = None

    def done(self) -> list[str]:
        return [host for host in self.hosts if self.state(host) == "done"]

    def state(self, host: str) -> str | None:
        return self.states.get(host, {}).get("state")

    def note(self, host: str, **said: Any) -> None:
        """Writes the state of a host to the disk."""
        self.states[host] = said
        self.write()

    def write(self) -> None:
        """Writes all of it or nothing, for the operator alone: a command may have secrets."""
        content = {
            "version": VERSION,
            "begun_at": self.begun_at,
            "options": self.options.recorded(),
            "hosts": [{"host": host, **self.states.get(host, {})} for host in self.hosts],
        }
        try:
            replace_file(self.path, json.dumps(content, indent=1) + "\n")
        except OSError as error:
            raise Unkept(f"{self.path}: {error.strerror}") from error

    def hold(self) -> None:
        """Locks the record until this process ends. The lock is a file of its own, because each
        write replaces the record."""
        try:
            self.lock = os.open(self.lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Another roll has just removed the lock file: a lock on it means nothing.
            if os.fstat(self.lock).st_nlink == 0:
                raise BlockingIOError
        except BlockingIOError as error:
            raise Unkept(f"{self.path} belongs to a roll that is under way") from error
        except OSError as error:
            raise Unkept(f"{self.lock_path}: {error.strerror}") from error

    def unchanged(self) -> None:
        """Checks after the lock that no other roll has continued this record meanwhile."""
        now = read(self.path)
        if now is not None and now.states != self.states:
            raise Unkept(
                f"{self.path}: another roll has just continued from it; look at it, then try again"
            )

    @property
    def lock_path(self) -> Path:
        return self.path.with_name(f".{self.path.name}.lock")

    def release(self, remove: bool) -> None:
        with contextlib.suppress(OSError):
            if remove:
                self.path.unlink()
            if self.lock is not None:
                self.lock_path.unlink()
                os.close(self.lock)
        self.lock = None


def replace_file(path: Path, text: str) -> None:
    # mkstemp sets mode 0600 from the first byte on.
    file, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(file, "w", encoding="utf-8") as writer:
            writer.write(text)
            writer.flush()
            os.fsync(writer.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def read(path: Path) -> Record | None:
    """None: there is no record yet. Raises UsageError if the file is not a record."""
    try:
        check_owner(path)
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unkept(f"{path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not a record of a roll: {error}") from error
    try:
        return from_content(path, content)
    except (KeyError, TypeError, ValueError, AttributeError, Wrong) as error:
        raise UsageError(f"{path} is not a record of a roll: {error}") from error


def check_owner(path: Path) -> None:
    """The record has commands for all hosts. So only the operator or root may write it."""
    there = path.stat()
    if there.st_uid not in (0, os.geteuid()):
        raise UsageError(f"{path} belongs to another user, and has commands for all hosts")
    if there.st_mode & 0o022:
        raise UsageError(f"{path} is writable by other users: chmod go-w {shlex.quote(str(path))}")


def from_content(path: Path, content: dict[str, Any]) -> Record:
    if content["version"] != VERSION:
        raise UsageError(f"{path} is a record of version {content['version']}, not {VERSION}")
    hosts = from_arguments([entry["host"] for entry in content["hosts"]])
    record = Record(path, Options.from_record(content["options"]), hosts)
    record.begun_at = int(content["begun_at"])
    for entry in content["hosts"]:
        if "state" in entry:
            said = {key: value for key, value in entry.items() if key != "host"}
            record.states[entry["host"]] = said
    return record


def default_folder() -> Path:
    """The folder in the operator's home."""
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return Path(home).absolute() / "haproxy-gate"


def default_path() -> Path:
    """The path of a new record."""
    folder = default_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unkept(f"{folder}: {error.strerror}") from error
    return folder / f"roll-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.json"
