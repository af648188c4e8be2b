"""What the program says about hosts and files that are not there."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

from rolling.command_line import parse
from rolling.hosts import Wrong
from rolling.main import prepare
from rolling.options import UsageError


class Missing(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_a_roll_without_hosts_is_an_error(self) -> None:
        empty, none, latin = (str(self.folder / name) for name in ("empty", "none", "latin"))
        Path(empty).write_text("# none yet\n\n")
        Path(latin).write_bytes(b"web\xfc")
        for argv, said in [
            ([], "no hosts: name them, or a file with --hosts"),
            (["--resume", none], f"no record {none}; for a new roll name its hosts"),
            (["--hosts", "/dev/null"], "/dev/null has no hosts"),
            (["--hosts", empty], f"{empty} has no hosts"),
            (["--hosts", empty, "--resume", none], f"{empty} has no hosts"),
            (["--hosts", none], f"--hosts {none}: no such file"),
            (["--hosts", str(self.folder)], f"--hosts {self.folder}: Is a directory"),
            (["--hosts", latin], f"--hosts {latin}: not UTF-8 text: 'utf-8' codec"),
            (["--replace-file", "/dev/null"], "/dev/null has no OLD=NEW"),
            (["--replace-file", none], f"--replace-file {none}: no such file"),
        ]:
            with self.subTest(argv), self.assertRaises((UsageError, Wrong)) as raised:
                prepare(parse("x", argv))
            self.assertTrue(str(raised.exception).startswith(said), raised.exception)

    def test_a_mistyped_option_names_the_one_that_it_is_close_to(self) -> None:
        for word, meant in [
            ("--swtich", "did you mean --switch?"),
            ("--witout-balancer=lb1", "did you mean --without-balancer?"),
            ("-x", "see --help"),
        ]:
            with self.subTest(word), self.assertRaises(UsageError) as raised:
                parse("x", ["web1", word])
            self.assertEqual(str(raised.exception), f"unrecognized arguments: {word}: {meant}")

    def test_a_hook_that_can_not_run_is_an_error(self) -> None:
        for option in ("--hook", "--go-command"):
            for more in ([], ["--dry-run"]):
                with self.subTest(option, more=more), self.assertRaises(UsageError) as raised:
                    prepare(parse("x", ["web1", option, "/none/notify --to ops", *more]))
                said = f"{option} /none/notify --to ops: /none/notify does not exist on this "
                self.assertTrue(str(raised.exception).startswith(said), raised.exception)
