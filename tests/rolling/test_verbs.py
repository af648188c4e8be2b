from __future__ import annotations

import unittest

from rolling.command_line import given, parse
from rolling.options import Options, UsageError, merge
from rolling.ways import closing, opening, taking_back


class Verbs(unittest.TestCase):
    def test_a_switch_has_words_of_its_own(self) -> None:
        switch = ("switch", "--json", "--attached")
        for argv, words in [
            (["--to", "green"], ("--to=green",)),
            (["--to=green", "--keep", "10m"], ("--to=green", "--keep=10m")),
            (["--to", "green", "--with", "a b"], ("--to=green", "--with", "a b")),
            (["--back"], ("--back",)),
        ]:
            with self.subTest(argv):
                options = merge(Options(), given(parse("x", ["--switch", *argv, "web1"])))
                self.assertEqual(options.words("--attached"), (*switch, *words))
                self.assertFalse(options.takes_out)
                self.assertEqual(Options.from_record(options.recorded()), options)

    def test_maintenance_has_words_of_its_own(self) -> None:
        on = Options(app="web", maintenance="on", lasts="2h", reason="-x", without_balancers=["b"])
        self.assertEqual(
            " ".join(on.words("--attached")),
            "maintenance --json on --attached --for=2h --without-balancer=b --reason=-x -- web",
        )
        off = merge(Options(), {"maintenance": "off"})
        self.assertEqual(off.words(), ("maintenance", "--json", "off"))
        self.assertEqual((on.attached, off.attached), (True, False))
        for asked, says in (
            ({"lasts": "2h"}, "--for is an option of --close, --maintenance on"),
            ({"maintenance": "off", "lasts": "2h"}, "it goes with --maintenance on"),
            ({"maintenance": "status"}, "on or off"),
            ({"maintenance": "on", "batch": "2"}, "remove --batch"),
            ({"maintenance": "on", "switch": True, "back": True}, "remove --switch"),
            (
                {"maintenance": "on", "with_command": "true"},
                "--with does not go with --maintenance: remove it",
            ),
            ({"maintenance": "off", "on_hold": "skip"}, "--skip-held"),
            ({"maintenance": "on", "max_failures": 1}, "remove --max-failures"),
        ):
            with self.assertRaisesRegex(UsageError, says):
                merge(Options(), asked)

    def test_read_only_has_the_same_words_without_progress(self) -> None:
        on = Options(app="web", readonly="on", lasts="20m")
        words = "readonly --json on --attached --for=20m -- web"
        self.assertEqual(" ".join(on.words(*on.flags)), words)
        off = on.off()
        self.assertEqual(" ".join(off.words(*off.flags)), "readonly --json off -- web")
        maintenance = Options(maintenance="on")
        self.assertEqual(maintenance.flags, ["--progress", "--attached"])
        for asked, says in (
            ({"readonly": "off", "lasts": "1m"}, "it goes with --readonly on"),
            (
                {"readonly": "on", "canary": 1},
                "--readonly is on all hosts at once: remove --canary",
            ),
            ({"readonly": "on", "to": "green"}, "--to does not go with --readonly: remove it"),
            ({"readonly": "on", "maintenance": "on"}, "remove --maintenance or --readonly"),
            ({"readonly": "on", "switch": True}, "remove --switch or --readonly"),
            ({"readonly": "x"}, "on or off, not 'x'"),
        ):
            with self.subTest(says), self.assertRaisesRegex(UsageError, says):
                merge(Options(), asked)

    def test_outside_of_the_windows_only_with_a_reason(self) -> None:
        emergency = ["--outside-window", "--reason=a leak"]
        for argv in (
            [],
            ["--switch", "--to", "green"],
            ["--close"],
            ["--maintenance", "on"],
            ["--readonly", "on"],
        ):
            with self.subTest(argv):
                options = merge(Options(), given(parse("x", [*argv, *emergency, "web1"])))
                self.assertEqual(list(options.words()[-2:]), emergency)
                self.assertEqual(Options.from_record(options.recorded()), options)
        off = merge(Options(), {"maintenance": "on", "outside_window": True, "reason": "x"}).off()
        self.assertEqual(off.words(), ("maintenance", "--json", "off", "--reason=x"))
        pair = ["--replace", "web1=web9"]
        for argv, says in (
            (["--outside-window", "web1"], "--outside-window needs --reason WHY"),
            (["--open", *emergency], "--outside-window does not go with --open: remove it"),
            (["--switch", "--back", *emergency], "--back waits for no window"),
            (["--maintenance", "off", *emergency], "--maintenance off waits for no window"),
            (["--readonly", "off", *emergency], "--readonly off waits for no window"),
            ([*pair, "--finish", *emergency], "--finish waits for no window"),
        ):
            with self.subTest(argv), self.assertRaisesRegex(UsageError, says):
                merge(Options(), given(parse("x", argv)))
        # Only the host that closes: no open waits for a window.
        for way in ([], ["--back"]):
            options = merge(Options(), given(parse("x", [*pair, *way, *emergency])))
            self.assertNotIn("--outside-window", opening(options).words())
            self.assertIn("--outside-window", closing(options, "x").words())
        self.assertIn("--outside-window", taking_back(Options(replace=pair[1:]), "x").words())

    def test_close_and_open_have_words_of_their_own(self) -> None:
        for argv, words in (
            (["--close"], "close --json --progress --attached"),
            (["--close", "--for", "2h"], "close --json --progress --attached --for=2h"),
            (["--close", "--turn=1m"], "close --json --progress --attached --turn=1m"),
            (["--open", "--reason=x"], "open --json --progress --attached --reason=x"),
        ):
            with self.subTest(argv):
                options = merge(Options(), given(parse("x", [*argv, "web1"])))
                self.assertEqual(" ".join(options.words(*options.flags)), words)
                self.assertEqual(Options.from_record(options.recorded()), options)
        self.assertEqual(Options(close=True).shape.sizes(3), [1, 1, 1])
        self.assertEqual(Options(open=True).shape.sizes(3), [3], "all at once")
        self.assertEqual(Options(open=True, batch="2").shape.sizes(3), [2, 1])
        waits = [Options(), Options(close=True, turn="1m"), Options(close=True)]
        self.assertEqual([one.waits_for_turn for one in waits], [True, True, False])
        self.assertEqual(
            [one.takes_out for one in waits] + [Options(open=True).takes_out][:1],
            [True, True, True, False],
        )
        for argv, says in (
            (["--close", "--open"], "not allowed with"),
            (["--open", "--for", "2h"], "--for does not go with --open: remove it"),
            (["--close", "--with", "x"], "--with does not go with --close: remove it"),
            (["--close", "--skip-held"], "does not go with --close"),
            (["--close", "--to", "x"], "--to does not go with --close: remove it"),
        ):
            with self.subTest(argv), self.assertRaisesRegex(UsageError, says):
                merge(Options(), given(parse("x", [*argv, "web1"])))
        with self.assertRaisesRegex(UsageError, "one verb: remove --close or --open"):
            merge(Options(close=True), {"open": True})

    def test_options_that_do_not_go_with_the_verb_are_errors(self) -> None:
        for argv, said in [
            (["--to", "green"], "add --switch"),
            (["--back"], "of a switch or replace: add --switch or --replace$"),
            (["--settle", "1m"], "add --replace$"),
            (["--keep", "1m"], "add --switch"),
            (["--switch"], "needs --to TARGET, or --back"),
            (["--switch", "--back", "--to", "green"], "remove --to and --with"),
            (["--switch", "--back", "--with", "x"], "remove --to and --with"),
            (["--switch", "--to", "green", "--skip-held"], "held closed"),
            (["--switch", "--to", "green", "--without-upgrade"], "does not go with --switch"),
            (["--switch", "--to", "green", "--rollback", "x"], "does not go with --switch"),
            (["--switch", "--to=-x"], "looks like an option"),
        ]:
            with self.subTest(argv), self.assertRaisesRegex(UsageError, said):
                merge(Options(), given(parse("x", [*argv, "web1"])))
