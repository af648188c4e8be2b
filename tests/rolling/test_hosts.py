from __future__ import annotations

import unittest

from rolling.hosts import Wrong, from_arguments, from_text
from rolling.text import columns, counted, cut, escape, hosts_of, seconds


class Hosts(unittest.TestCase):
    def test_each_line_is_a_host(self) -> None:
        text = "# all\nweb1\n\n  root@web2.example.org  # old\r\nfd77::11\n[fe80::1%eth0]"
        self.assertEqual(
            from_text("hosts", text),
            ["web1", "root@web2.example.org", "fd77::11", "[fe80::1%eth0]"],
        )

    def test_an_invalid_host_is_an_error_with_its_line(self) -> None:
        for text, said in [
            ("web1\n-oProxyCommand=x", "hosts:2: '-oProxyCommand=x' is not a host"),
            ("root@-oProxyCommand=x", "hosts:1: "),
            ("web1 web2", "hosts:1: 'web1 web2'"),
            ("web1\n\n\x1b[2J", "hosts:3: '\\x1b[2J'"),
            ("web;reboot", "hosts:1: "),
            ("$(reboot)", "hosts:1: "),
            ("`reboot`", "hosts:1: "),
            ("web'1", "hosts:1: "),
            ("web1\0", "hosts:1: "),
            ("wéb1", "hosts:1: "),
            ("a" * 256, "hosts:1: "),
            ("@web1", "hosts:1: "),
            ("web1\nweb2\nweb1", "hosts:3: web1 is named twice"),
            ("web1\nroot@web1", "hosts:2: root@web1 is named twice"),
        ]:
            with self.subTest(text[:40]), self.assertRaises(Wrong) as raised:
                from_text("hosts", text)
            self.assertIn(said, str(raised.exception).replace("\\\\", "\\"))

    def test_each_argument_is_a_host_once(self) -> None:
        self.assertEqual(from_arguments(["web1", "web2"]), ["web1", "web2"])
        for names in [["web1", "web1"], [""], ["web1 "], ["web1\n"]]:
            with self.subTest(names), self.assertRaises(Wrong):
                from_arguments(names)


class Text(unittest.TestCase):
    def test_text_is_escaped_and_bounded(self) -> None:
        for said, shown in [
            ("in flight", "in flight"),
            ("  a\tb\r\n", "a\\tb"),
            ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
            ("\u202eevil", "\\u202eevil"),
            ("naïve", "naïve"),
            ("\udcff", "\\udcff"),
        ]:
            with self.subTest(shown):
                self.assertEqual(escape(said), shown)
        self.assertEqual(escape("x" * 50, 10), "x" * 10 + "...")

    def test_text_is_cut_to_columns(self) -> None:
        for text, width, shown in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab~"),
            ("日本語", 5, "日本~"),
            ("日本語", 4, "日~"),
            ("abc", 0, ""),
        ]:
            with self.subTest(text, width=width):
                self.assertEqual(cut(text, width), shown)
                self.assertLessEqual(columns(shown), width)

    def test_one_is_singular(self) -> None:
        self.assertEqual([counted(n, "host") for n in (0, 1, 2)], ["0 hosts", "1 host", "2 hosts"])
        self.assertEqual([hosts_of(1, 1), hosts_of(1, 2)], ["1 of 1 host", "1 of 2 hosts"])

    def test_seconds_are_formatted(self) -> None:
        for text, wanted in [("0s", 0), ("30s", 30), ("1m30s", 90), ("500ms", 0.5), ("2h", 7200)]:
            with self.subTest(text):
                self.assertEqual(seconds(text), wanted)
        for text in ["", "30", "s", "30 s", "-1s", "1d", "1.5s", "nan", "٣s"]:
            with self.subTest(text), self.assertRaises(ValueError):
                seconds(text)
