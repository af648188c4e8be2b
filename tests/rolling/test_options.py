from __future__ import annotations

import os
import shlex
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

from rolling import record as records
from rolling.command_line import given, parse, parser
from rolling.main import prepare
from rolling.options import Options, UsageError, merge
from rolling.record import Record, Unkept
from rolling.ssh import Remote


class CommandLine(unittest.TestCase):
    def test_given_options_are_taken(self) -> None:
        arguments = parse("x", ["web1", "--batch", "25%", "web2", "--sudo", "--pause", "5m"])
        self.assertEqual(arguments.hosts, ["web1", "web2"])
        self.assertEqual(given(arguments), {"batch": "25%", "sudo": True, "pause": "5m"})

    def test_the_help_fits_a_terminal(self) -> None:
        with mock.patch.dict(os.environ, COLUMNS="80"):
            lines = parser("haproxy-gate-rolling-restart").format_help().splitlines()
        self.assertEqual([line for line in lines if len(line) > 80], [])
        said = " ".join(" ".join(lines).split())
        for part in ("or a host's own while the roll", "is exit 6, too", "the only one, or if the"):
            self.assertIn(part, said)

    def test_a_wrong_option_is_an_error(self) -> None:
        for argv in [
            ["--batch", "0", "web1"],
            ["--batch", "2", "--seesaw", "web1"],
            ["--pause", "soon", "web1"],
            ["--canary", "-1", "web1"],
            ["--max-failures", "x", "web1"],
            ["--hosts", "hosts", "web1"],
            ["--unknown", "web1"],
            ["--dry", "web1"],
        ]:
            with self.subTest(argv), self.assertRaises(UsageError):
                parse("x", argv)

    def test_options_become_the_words_for_a_host(self) -> None:
        options = Options(app="web", with_command="echo 'a b' > $HOME", turn="2m")
        command = "echo 'a b' > $HOME"
        words = ["restart", "--json", "--attached", "--turn", "2m", "--with"]
        self.assertEqual(options.words("--attached"), (*words, command, "--", "web"))
        self.assertEqual(Options().words(), ("restart", "--json", "--turn", "10m"))

    def test_the_option_for_held_hosts_becomes_a_word(self) -> None:
        for option, on_hold in [
            ("--reopen", "reopen"),
            ("--stay-closed", "stay_closed"),
            ("--skip-held", "skip"),
        ]:
            with self.subTest(option):
                options = merge(Options(), given(parse("x", [option, "web1"])))
                self.assertEqual(options.on_hold, on_hold)
                self.assertEqual(options.words()[-1], option)
        with self.assertRaises(UsageError):
            parse("x", ["--reopen", "--skip-held", "web1"])
        with self.assertRaises(UsageError):
            merge(Options(), {"on_hold": "open"})

    def test_balancers_that_are_gone_become_words_for_the_restart_and_the_status(self) -> None:
        argv = ["--without-balancer", "tcp://a:1", "--without-balancer=tcp://b:1", "web1"]
        options = merge(Options(app="web"), given(parse("x", argv)))
        words = ("--without-balancer=tcp://a:1", "--without-balancer=tcp://b:1")
        self.assertEqual(options.words()[4:6], words)
        self.assertEqual(options.status_words(), ("status", "--json", *words, "--", "web"))
        self.assertEqual(Options.from_record(options.recorded()), options)
        with self.assertRaises(UsageError):
            merge(Options(), {"without_balancers": [""]})

    def test_the_reason_becomes_a_word(self) -> None:
        options = Options(app="web", reason="--it's $HOME")
        words = ("restart", "--json", "--turn", "10m", "--reason=--it's $HOME", "--", "web")
        self.assertEqual(options.words(), words)
        dry = options.words("--dry-run")
        self.assertEqual(dry, ("restart", "--json", "--dry-run", *words[2:]))
        command = Remote().command(words)
        self.assertIn(" '--reason=--it'\"'\"'s $HOME' ", command)
        self.assertEqual(shlex.split(command), ["agent", *words])

    def test_each_word_is_quoted_for_the_remote_shell(self) -> None:
        words = ["--with", "echo 'a b'; reboot", "$(reboot)", "`reboot`", "a\nb", "*"]
        command = Remote(agent="/opt/my agent", sudo=True).command(words)
        self.assertEqual(shlex.split(command), ["sudo", "-n", "--", "/opt/my agent", *words])


class Merge(unittest.TestCase):
    def test_a_new_option_replaces_the_old_one(self) -> None:
        kept = Options(batch="3", canary=1, with_command="true")
        self.assertEqual(merge(kept, {}), kept)
        self.assertEqual(merge(kept, {"canary": 0}), replace(kept, canary=0))
        seesaw = merge(kept, {"seesaw": True})
        self.assertTrue(seesaw.shape.seesaw)
        self.assertEqual(merge(seesaw, {"batch": "2"}), replace(kept, batch="2"))

    def test_an_upgrade_is_replaced_or_removed(self) -> None:
        kept = Options(with_command="true")
        without = merge(kept, {"without_upgrade": True})
        self.assertEqual(without.words()[-1], "--without-upgrade")
        self.assertNotIn("--with", without.words())
        self.assertEqual(merge(without, {"with_command": "true"}), kept)
        both = merge(kept, {"rollback_command": "old"})
        self.assertEqual(both.words()[-4:], ("--with", "true", "--rollback", "old"))
        self.assertEqual(merge(both, {"without_upgrade": True}), without)
        # Another upgrade is not taken back by the old one's rollback.
        other = merge(both, {"with_command": "next"})
        self.assertEqual(other, Options(with_command="next"))
        self.assertFalse(merge(without, {"rollback_command": "old"}).without_upgrade)

    def test_a_reason_is_one_line_of_any_words(self) -> None:
        for reason in ["-", " ", "x" * 200, "ü" * 200, "a; reboot # $(reboot) 'b' \u2028"]:
            with self.subTest(reason):
                self.assertEqual(merge(Options(), {"reason": reason}).reason, reason)

    def test_a_word_that_no_command_can_have_is_an_error(self) -> None:
        wrongs: list[dict[str, object]] = [
            {"with_command": " "},
            {"rollback_command": " "},
            {"rollback_command": "true", "without_upgrade": True},
            {"turn": "0s"},
            {"turn": "9999h"},
            {"app": "-web"},
            {"app": ""},
            {"agent": "--x"},
            {"with_command": "a\0b"},
            {"reason": ""},
            {"reason": "a\nb"},
            {"reason": "a\x1b[2Jb"},
            {"reason": "a\x85b"},
            {"reason": "a\udcffb"},
            {"reason": "x" * 201},
        ]
        for wrong in wrongs:
            with self.subTest(wrong), self.assertRaises(UsageError):
                merge(Options(), wrong)


class Records(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "roll.json"

    def record(self) -> Record:
        record = Record(self.path, Options(batch="2", app="web"), ["web1", "web2", "web3"])
        record.note("web1", state="done", outcome="restarted", message="back")
        record.note("web2", state="failed", outcome="not_healthy", message="sick")
        return record

    def test_a_record_is_read_as_written(self) -> None:
        self.record()
        read = records.read(self.path)
        assert read is not None
        self.assertEqual(read.options, Options(batch="2", app="web"))
        self.assertEqual((read.hosts, read.done()), (["web1", "web2", "web3"], ["web1"]))
        self.assertEqual(read.state("web2"), "failed")
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(self.path.parent), ["roll.json"])

    def test_a_missing_record_is_none(self) -> None:
        self.assertIsNone(records.read(self.path))

    def test_an_invalid_record_is_an_error(self) -> None:
        good = '{"version": 1, "begun_at": 1, "options": {}, "hosts": [{"host": "web1"}]}'
        self.path.write_text(good)
        self.assertIsNotNone(records.read(self.path))
        for text in [
            "",
            "[]",
            "null",
            "[" * 100000,
            good.replace('"version": 1', '"version": 2'),
            good.replace('"web1"', '"-oProxyCommand=x"'),
            good.replace('"web1"', "7"),
            good.replace('"options": {}', '"options": {"shell": "x"}'),
            good.replace('"options": {}', '"options": {"batch": 7}'),
            good.replace('"options": {}', '"options": {"canary": "x"}'),
            good.replace('"options": {}', '"options": {"canary": 1.5}'),
            good.replace('"options": {}', '"options": {"sudo": "no"}'),
            good.replace('"options": {}', '"options": {"agent": "-x"}'),
            good.replace('"options": {}', '"options": {"reason": 7}'),
            good.replace('"options": {}', '"options": {"reason": "a\\nb"}'),
            good.replace('"begun_at": 1', '"begun_at": "x"'),
            good.replace('"hosts": [', '"hosts": [{"host": "web1"},'),
        ]:
            with self.subTest(text[:90]), self.assertRaises(UsageError):
                self.path.write_text(text)
                records.read(self.path)

    def test_a_record_that_other_users_may_write_is_an_error(self) -> None:
        self.record()
        self.path.chmod(0o620)
        with self.assertRaisesRegex(UsageError, "chmod go-w"):
            records.read(self.path)
        self.path.chmod(0o644)
        self.assertIsNotNone(records.read(self.path))

    def test_a_record_of_another_roll_is_not_overwritten(self) -> None:
        record = self.record()
        record.unchanged()
        other = records.read(self.path)
        assert other is not None
        other.note("web3", state="done")
        with self.assertRaises(Unkept):
            record.unchanged()

    def test_one_roll_at_a_time_has_a_record(self) -> None:
        record = self.record()
        record.hold()
        second = records.read(self.path)
        assert second is not None
        with self.assertRaises(Unkept):
            second.hold()
        record.release(remove=False)
        second.hold()
        second.release(remove=True)
        self.assertEqual(os.listdir(self.path.parent), [])

    def test_a_record_of_other_hosts_is_an_error(self) -> None:
        self.record()
        with self.assertRaisesRegex(
            UsageError, "web3 only in the record, web4 only on the command line"
        ):
            prepare(parse("x", ["--resume", str(self.path), "web1", "web2", "web4"]))

    def test_hosts_and_options_come_from_the_record(self) -> None:
        self.record()
        record = prepare(parse("x", ["--resume", str(self.path), "--canary", "1"]))
        self.assertEqual(record.hosts, ["web1", "web2", "web3"])
        self.assertEqual(record.options, Options(batch="2", app="web", canary=1))

    def test_a_canary_is_not_larger_than_the_fleet(self) -> None:
        self.assertEqual(prepare(parse("x", ["--canary", "2", "a", "b"])).options.canary, 2)
        said = "--canary 3 is more than all, 2 hosts: give a smaller one"
        with self.assertRaisesRegex(UsageError, said):
            prepare(parse("x", ["--canary", "3", "a", "b"]))

    def test_a_roll_goes_on_with_the_same_reason(self) -> None:
        begun = prepare(parse("x", ["--resume", str(self.path), "--reason", "disk swap", "web1"]))
        begun.write()
        words = ["--resume", str(self.path)]
        self.assertEqual(prepare(parse("x", words)).options.reason, "disk swap")
        anew = prepare(parse("x", [*words, "--reason", "and another"]))
        self.assertEqual(anew.options, replace(begun.options, reason="and another"))
