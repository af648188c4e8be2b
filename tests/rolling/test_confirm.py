from __future__ import annotations

import io
import os
import stat
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from rolling.answer import Answer
from rolling.between import question
from rolling.command_line import given, parse
from rolling.confirm import (
    Reply,
    reply_of,
    reply_of_command,
    reply_of_line,
    untrusted,
    user_name,
    wrong_source,
)
from rolling.options import Options, UsageError, merge
from rolling.screen import Screen
from rolling.sources import File, source_of
from rolling.terminal import Gone

REFUSALS = (
    "not yet",
    "no!",
    "no-go",
    "no_go",
    "NO;",
    "n",
    "Nope",
    "stop",
    "\ufeffno",
    " - no",
    '"no"',
)


def options(*words: str) -> Options:
    return merge(Options(), given(parse("x", [*words, "web1"])))


class Meaning(unittest.TestCase):
    def test_a_line_on_the_terminal(self) -> None:
        for line, reply in [
            ("y\n", Reply(True, "ann")),
            (" YES \n", Reply(True, "ann")),
            ("a\n", Reply(True, "ann", always=True)),
            ("n\n", Reply(False, "ann")),
            ("\n", Reply(False, "ann")),
            # The end of the terminal.
            ("", Reply(False, "ann")),
            ("yep\n", None),
            ("what?\n", None),
        ]:
            with self.subTest(line):
                self.assertEqual(reply_of_line(line, "ann"), reply)

    def test_the_content_of_a_file(self) -> None:
        for content, reply in [
            ("", None),
            ("\n", None),
            (" \nann", None),
            ("\ufeff", None),
            ("  ann \r\nno", Reply(True, "ann", "owner")),
            ("Nora", Reply(True, "Nora", "owner")),
            ("no", Reply(False, "owner", "owner")),
            ("No: ann, it is slow", Reply(False, "ann, it is slow", "owner")),
            ("no\twait", Reply(False, "wait", "owner")),
            ("N bob", Reply(False, "bob", "owner")),
            ("STOP! ann", Reply(False, "ann", "owner")),
            *((word, Reply(False, "owner", "owner")) for word in REFUSALS),
            ("Noah", Reply(True, "Noah", "owner")),
            ("nono", Reply(True, "nono", "owner")),
            ("Stopford", Reply(True, "Stopford", "owner")),
            ("ann, no trouble", Reply(True, "ann, no trouble", "owner")),
            ("\ufeffann", Reply(True, "ann", "owner")),
            ("a\x1b[2J", Reply(True, "a\\x1b[2J", "owner")),
        ]:
            with self.subTest(content):
                self.assertEqual(reply_of(content, "owner"), reply)

    def test_the_end_of_a_command(self) -> None:
        for exit, out, reply in [
            (0, b"", Reply(True)),
            (0, b"\nann\nmore", Reply(True, "ann")),
            (1, b"ann", Reply(False, "ann")),
            (2, b"ann", None),
            (75, b"", None),
            (127, b"", None),
        ]:
            with self.subTest(exit):
                self.assertEqual(reply_of_command(Answer(exit, out)), reply)

    def test_the_question_names_what_is_done_and_what_is_next(self) -> None:
        hosts = [
            {"host": name, "state": state}
            for name, state in [("a", "done"), ("b", "failed"), ("c", "not_reached")]
        ]
        asked = question(["c"], "batch 2 of 3", {"hosts": hosts})
        self.assertEqual(asked, "done: a; failed: b; next: batch 2 of 3: c")
        many = [f"d{number}" for number in range(10)]
        self.assertTrue(question(many, "x", {"hosts": hosts}).endswith(" d6 d7 and 2 more"))


class Files(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "go"
        self.me = user_name(os.getuid())

    def test_a_file_from_before_does_not_count_until_it_is_written_again(self) -> None:
        self.path.write_text("ann\n")
        source = File(str(self.path))
        source.begin()
        self.assertEqual([source.look() for _ in range(3)], [None] * 3)
        self.assertIn("is older, and does not count", source.how)
        os.utime(self.path, (1, 1))
        self.assertEqual([source.look(), source.look()], [None, Reply(True, "ann", self.me)])
        # The next batch needs a new answer.
        source.begin()
        self.assertEqual([source.look(), source.look()], [None, None])
        self.path.unlink()
        self.assertEqual([source.look(), source.look()], [None, None])
        self.path.write_text("no bob\n")
        self.assertEqual([source.look(), source.look()], [None, Reply(False, "bob", self.me)])

    def test_a_file_counts_when_its_writer_is_done(self) -> None:
        source = File(str(self.path))
        self.assertTrue(source.how.endswith("stops"), source.how)
        self.path.touch()
        self.assertIsNone(source.look())
        self.path.write_text("no")
        self.assertIsNone(source.look())
        reply = source.look()
        self.assertFalse(reply is None or reply.go)

    def test_a_file_is_no_answer_while_it_is_empty(self) -> None:
        source = File(str(self.path))
        self.path.touch()
        self.assertEqual([source.look() for _ in range(4)], [None] * 4)
        self.path.write_text("no\n")
        self.assertEqual(source.look(), None)
        reply = source.look()
        self.assertFalse(reply is None or reply.go)

    def test_what_is_no_file_never_counts(self) -> None:
        source = File(str(self.path))
        os.mkfifo(self.path)
        self.assertEqual([source.look(), source.look(), source.look()], [None] * 3)


class Sources(unittest.TestCase):
    def test_an_approval_must_be_possible(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for words, terminal, says in [
                (["--confirm"], True, None),
                (["--confirm"], False, "add --go FILE or --go-command CMD"),
                (["--confirm", "--go", f"{folder}/go"], False, None),
                (["--go", f"{folder}/none/go"], True, "its folder does not exist"),
                (["--go", folder], True, "not a file"),
                (["--go-command", "true"], False, None),
            ]:
                with self.subTest(words):
                    wrong = wrong_source(options(*words), terminal)
                    self.assertEqual(wrong is None, says is None, wrong)
                    self.assertIn(says or "", wrong or "")

    def test_no_other_user_can_write_the_file_that_approves(self) -> None:
        for kind, mode, owner, why in [
            (stat.S_IFDIR, 0o755, 7, None),
            (stat.S_IFDIR, 0o755, 0, None),
            (stat.S_IFDIR, 0o755, 12345, "belongs to user 12345"),
            (stat.S_IFDIR, 0o775, 7, "is writable by other users"),
            (stat.S_IFDIR, 0o757, 7, "is writable by other users"),
            # As /tmp is: there any user creates the file.
            (stat.S_IFDIR, 0o1777, 0, "is writable by other users"),
            (stat.S_IFREG, 0o664, 7, None),
            (stat.S_IFREG, 0o666, 7, "is writable by other users"),
            (stat.S_IFREG, 0o644, 12345, "belongs to user 12345"),
        ]:
            with self.subTest(kind=kind, mode=oct(mode), owner=owner):
                self.assertEqual(untrusted(kind | mode, owner, {0, 7}), why)
        with tempfile.TemporaryDirectory() as name:
            folder, file = Path(name), Path(name) / "go"
            folder.chmod(0o1777)
            wrong = wrong_source(options("--go", str(file)), False)
            self.assertEqual(
                wrong,
                f"--go {file}: {folder} is writable by other users, who could approve: "
                "name a file in a folder that only you can write to",
            )
            folder.chmod(0o700)
            file.touch()
            self.assertIsNone(wrong_source(options("--go", str(file)), False))
            file.chmod(0o666)
            self.assertIn("go is writable", wrong_source(options("--go", str(file)), False) or "")

    def test_the_owner_of_a_file_is_shown_beside_another_name(self) -> None:
        for reply, who in [
            (Reply(True, "ann", "bob"), "ann (file of bob)"),
            (Reply(True, "bob", "bob"), "bob"),
            (Reply(True, "ann"), "ann"),
            (Reply(True), None),
        ]:
            self.assertEqual(reply.who, who)

    def test_a_roll_without_its_terminal_does_not_begin(self) -> None:
        """It was there when the program began."""
        screen = Screen(io.StringIO())
        with mock.patch("rolling.sources.open_terminal", return_value=None):
            self.assertIsNone(source_of(options(), screen))
            self.assertIsInstance(source_of(options("--confirm", "--go", "f"), screen), File)
            with self.assertRaisesRegex(Gone, "--confirm: the terminal is gone"):
                source_of(options("--confirm"), screen)

    def test_options_that_do_not_go_together_are_errors(self) -> None:
        for words, says in [
            (["--go", "f", "--go-command", "c"], "not allowed with"),
            (["--confirm-timeout", "5m"], "--confirm-timeout is an option of --confirm, --go"),
            (["--confirm", "--confirm-timeout", "2d"], "not a time"),
            (["--confirm", "--confirm-timeout", "0s"], "from 1s to a day"),
            (["--go-command", " "], "is empty"),
            (["--hook", ""], "is empty"),
            (["--hook-must-succeed"], "needs a --hook"),
            (["--not-after", "5pm"], "not a time such as 17:00"),
            (["--maintenance", "on", "--pause", "1m"], "remove --pause"),
        ]:
            with self.subTest(words), self.assertRaisesRegex(UsageError, says):
                options(*words)

    def test_a_record_keeps_them_and_a_new_way_to_approve_replaces_the_old(self) -> None:
        old = options("--go", "/run/go", "--hook", "a", "--hook", "b", "--not-after", "17:00")
        self.assertEqual(Options.from_record(old.recorded()), old)
        new = merge(old, given(parse("x", ["--go-command", "c"])))
        self.assertEqual((new.go, new.go_command, new.hook), (None, "c", ["a", "b"]))
        self.assertTrue(merge(old, given(parse("x", ["--confirm"]))).on_terminal)
