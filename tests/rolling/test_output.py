from __future__ import annotations

import json
import unittest
from typing import Any

from rolling.between import Halt
from rolling.ending import Ending, Verdict
from rolling.host import Host
from rolling.options import Options
from rolling.program import LONGEST_LINE, Lines, progress
from rolling.roll import Roll
from rolling.screen import picture
from rolling.ssh import Remote, Ssh
from rolling.step import Stage
from rolling.summary import of_roll
from rolling.swap import Swap
from rolling.text import columns


def ignore(_host: Host, _moved: bool) -> None:
    pass


def host(name: str, stage: Stage = Stage.WAITING, phase: str | None = None, said: str = "") -> Host:
    made = Host(name, Ssh(None, Remote()), Options(), ignore)
    made.stage = stage
    made.phase = phase
    made.waiting = made.message = said
    return made


def ended(name: str, exit: int, outcome: str, message: str, **more: Any) -> Host:
    done = exit == 0
    made = host(name, Stage.DONE if done else Stage.FAILED, None, message)
    verdict = Verdict.SERVES if done else Verdict.FAILED
    verdict = Verdict.SKIPPED if outcome == "skipped" else verdict
    report = {"exit": exit, "outcome": outcome, **more}
    made.ending = Ending(verdict, exit, outcome, message, report)
    made.seconds = 2.04
    return made


class Picture(unittest.TestCase):
    def test_each_host_has_a_line_that_fits(self) -> None:
        hosts = [
            ended("web1", 0, "restarted", "restarted, and back in rotation " * 3),
            host("web2", Stage.UNDER_WAY, "drain", "srvs/bkp2 has 3 requests in flight"),
            host("web3", Stage.WAITING, None, "hosts that HAProxy can spare: 0"),
            host("web4.a-very-long-name.example.org"),
        ]
        lines = picture(hosts, "1 of 4 done", 23, False, 79)
        self.assertEqual(len(lines), 5)
        self.assertEqual([columns(line) <= 79 for line in lines], [True] * 5)
        self.assertTrue(lines[1].startswith("web1                 done         2.0 s  restarted"))
        self.assertRegex(lines[2], r"web2 +drain +srvs/bkp2 has 3 requests in flight$")
        self.assertRegex(lines[3], r"web3 +waits +hosts that HAProxy can spare: 0$")
        self.assertEqual(lines[4], "web4.a-very-long-na~")

    def test_more_hosts_than_lines_are_summed_up(self) -> None:
        hosts = [ended(f"web{number}", 0, "restarted", "back") for number in range(40)]
        hosts[7] = host("web7", Stage.UNDER_WAY, "drain")
        hosts[8] = host("web8", Stage.WAITING, None, "hosts that HAProxy can spare: 0")
        lines = picture(hosts, "head", 23, False, 79)
        self.assertEqual([line.split()[0] for line in lines], ["head", "web7", "web8"])
        everybody = [host(f"web{number}", Stage.UNDER_WAY, "drain") for number in range(40)]
        self.assertEqual(len(picture(everybody, "head", 23, False, 79)), 23)

    def test_what_the_roll_waits_for_is_not_cut_off(self) -> None:
        hosts = [host(f"web{number}", Stage.UNDER_WAY, "drain") for number in range(22)]
        for stopping, heads in ((Roll.stopping, 2), (Swap.stopping, 2), ("asks", 1)):
            counts = "0 of 22 done, 0 failed, 22 under way  100 s"
            lines = picture(hosts, f"{counts}\n{stopping}", 23, False, 79)
            self.assertIn(stopping, lines[heads - 1])
            self.assertEqual(len(lines), 23)

    def test_colours_are_optional(self) -> None:
        failed = [ended("web1", 15, "not_healthy", "sick")]
        self.assertIn("\x1b[31m", picture(failed, "", 23, True, 79)[1])
        self.assertNotIn("\x1b", picture(failed, "", 23, False, 79)[1])


class Result(unittest.TestCase):
    def test_a_roll_of_all_hosts_is_done(self) -> None:
        summary = of_roll([ended("web1", 0, "restarted", "back")], 65.2, None)
        self.assertEqual((summary.outcome, summary.exit), ("rolled", 0))
        text = "done:          1  web1\n1 of 1 host done in 1 min 5 s"
        self.assertEqual(summary.text(), text)

    def test_skipped_hosts_are_named(self) -> None:
        hosts = [
            ended("web1", 0, "restarted", "back"),
            ended("web2", 0, "skipped", "skipped: held closed by root"),
        ]
        summary = of_roll(hosts, 5.0, None)
        self.assertEqual((summary.outcome, summary.exit), ("rolled", 0))
        text = "done:          1  web1\nheld:          1  web2\n"
        text += "1 of 2 hosts done in 5.0 s, 1 held closed and skipped"
        self.assertEqual(summary.text(), text)
        states = [host["state"] for host in json.loads(summary.json())["hosts"]]
        self.assertEqual(states, ["done", "skipped"])

    def test_failed_and_unreached_hosts_are_named(self) -> None:
        called_off = ended("web4", 129, "interrupted", "put back, the app is untouched")
        called_off.called_off = True
        hosts = [
            ended("web1", 0, "restarted", "back"),
            ended("web2", 15, "not_healthy", "the gates stay closed"),
            ended("web3", 17, "rolled_back", "in rotation"),
            called_off,
            host("web5", Stage.FAILED, None, "unreachable: Connection refused"),
            host("web6"),
        ]
        summary = of_roll(hosts, 3.0, None)
        summary.done_before = ["web0"]
        self.assertEqual((summary.outcome, summary.exit), ("failed", 1))
        self.assertEqual(
            summary.text().splitlines(),
            [
                "done before:   1  web0",
                "done:          1  web1",
                "failed:        4  web2 web3 web4 web5",
                "not reached:   1  web6",
                "  web2: exit 15, not_healthy: the gates stay closed",
                "  web3: exit 17, rolled back, the old version serves again: in rotation",
                "  web4: exit 129, called off: put back, the app is untouched",
                "  web5: not started: unreachable: Connection refused",
                "1 of 6 hosts done in 3.0 s, 4 failed",
            ],
        )
        result = json.loads(summary.json())
        states = {one["host"]: one["state"] for one in result["hosts"]}
        failed = dict.fromkeys(["web2", "web3", "web4", "web5"], "failed")
        self.assertEqual(states, {"web0": "done", "web1": "done", "web6": "not_reached", **failed})
        self.assertEqual(result["hosts"][2]["agent"]["exit"], 15)

    def test_hosts_that_wait_for_a_window_are_named_once(self) -> None:
        stays = host("web3", Stage.WAITING, None, "not before 9:00")
        hosts = [ended("web1", 0, "restarted", "back"), ended("web2", 15, "sick", "500"), stays]
        said = "the window of web3 closed before batch 3 of 3"
        self.assertEqual(
            of_roll(hosts, 3.0, None, Halt("window_closed", 5, said, 2)).text().splitlines(),
            [
                "done:          1  web1",
                "failed:        1  web2",
                "not reached:   1  web3",
                "  web2: exit 15, sick: 500",
                "  web3: not before 9:00",
                f"{said}: 1 of 3 hosts done in 3.0 s, 1 failed",
            ],
        )

    def test_a_switch_that_was_taken_back_was_no_upgrade(self) -> None:
        back = ended("web1", 17, "swapped_back", "switched back from green to blue, because sick")
        said = of_roll([back], 1.0, None).text().splitlines()[1]
        begin = "  web1: exit 17, switched back, the old version serves again: switched back from"
        self.assertTrue(said.startswith(begin), said)

    def test_an_interrupted_roll_has_the_exit_of_its_signal(self) -> None:
        for signal, exit in [(2, 130), (15, 143), (1, 129)]:
            with self.subTest(signal):
                summary = of_roll([host("web1")], 1.0, signal)
                self.assertEqual((summary.outcome, summary.exit), ("interrupted", exit))
        # It came while the last host ended as it would.
        self.assertEqual(of_roll([ended("web1", 0, "restarted", "")], 1.0, 2).exit, 0)

    def test_a_drain_that_was_called_off_on_the_last_host_is_no_success(self) -> None:
        last = ended("web2", 19, "still_draining", "green serves; blue still has 1 session")
        last.stage = Stage.DONE
        hosts = [ended("web1", 0, "switched", "green serves"), last]
        for called_off, signal, outcome, exit in (
            (True, 2, "interrupted", 130),
            # Its time was over, whatever the operator did meanwhile.
            (False, 2, "rolled", 0),
            (False, None, "rolled", 0),
        ):
            with self.subTest(called_off=called_off, signal=signal):
                last.called_off = called_off
                summary = of_roll(hosts, 3.0, signal)
                self.assertEqual((summary.outcome, summary.exit), (outcome, exit))
                *_, drains, message = summary.text().splitlines()
                self.assertEqual(drains, "  web2: green serves; blue still has 1 session")
                said = "2 of 2 hosts done in 3.0 s"
                off = f"interrupted: {said}; the drain was called off on web2"
                self.assertEqual(message, off if called_off else said)


class Progress(unittest.TestCase):
    def test_a_line_may_come_in_pieces(self) -> None:
        lines = Lines()
        self.assertEqual(lines.feed(b"on"), [])
        self.assertEqual(lines.feed(b"e\ntwo\nthr"), ["one", "two"])
        self.assertEqual(lines.feed(b"\xff\n"), ["thr\\xff"])

    def test_an_endless_line_is_cut(self) -> None:
        lines = Lines()
        fed = [line for _ in range(100) for line in lines.feed(b"x" * 10000)]
        self.assertGreater(len(fed), 10)
        self.assertLess(max(map(len, fed)), 2 * LONGEST_LINE)
        self.assertLess(len(lines.rest), 2 * LONGEST_LINE)

    def test_progress_is_an_object_about_an_app(self) -> None:
        parsed = progress('{"app":"web","at_seconds":0.8,"phase":"close","what":"x"}')
        self.assertEqual((parsed or {})["phase"], "close")
        for line in ["", "agent: a log", "{", '{"a":1}', "[1]", '{"app":' + "[" * 100000]:
            with self.subTest(line[:20]):
                self.assertIsNone(progress(line))

    def test_progress_shows_in_the_host(self) -> None:
        one = host("web1", Stage.UNDER_WAY)
        one.hear({"app": "web", "phase": "drain\x1b[2J", "what": "until nothing is in flight"})
        self.assertEqual((one.phase, one.waiting), ("drain\\x1b[2J", "until nothing is in flight"))
        one.hear({"app": "web", "waiting": ["a has 3", 7]})
        self.assertEqual(one.waiting, "a has 3; 7")
        self.assertTrue(one.is_closing)
        one.hear({"app": "web", "waiting": "no list"})
        one.hear({"app": "web", "note": "rules set again"})
        self.assertEqual(one.waiting, "a has 3; 7")

    def test_the_agent_says_whether_haproxy_may_still_count_the_host(self) -> None:
        one = host("web1")
        self.assertFalse(one.is_closing)
        one.begin()
        self.assertTrue(one.is_closing)
        table: list[tuple[dict[str, Any], bool]] = [
            ({"phase": "claim", "settled": False}, True),
            ({"phase": "drain", "settled": True}, False),
            ({"waiting": ["srvs/web1 has 3"]}, False),
            # The host is UP again, and will go.
            ({"phase": "back_off", "settled": False}, True),
            # An agent without this field, or with another type of it.
            ({"phase": "drain"}, True),
            ({"phase": "drain", "settled": "true"}, True),
        ]
        for line, closing in table:
            with self.subTest(line):
                one.hear({"app": "web", **line})
                self.assertEqual(one.is_closing, closing)
        one.at("check", settled=True)
        self.assertFalse(one.is_closing)
        one.at("lost")
        self.assertTrue(one.is_closing)
