//! Prints the points for people, in 80 columns, without colour.

use super::fix::Part;
use super::{Point, Verdict};
use crate::text;

/// The checks that stand for their area if all of it is ok.
const HEADLINES: [&str; 6] = [
    "config",
    "detection",
    "app-health",
    "balancer",
    "lines",
    "haproxy-cfg",
];

/// One line for each area and the points that are not ok, or all points with `all`. The last line
/// counts them.
pub fn text(points: &[Point], all: bool) -> String {
    let mut text = String::new();
    for area in points.chunk_by(|one, other| one.area == other.area) {
        let is_shown = |point: &&Point| all || point.verdict != Verdict::Ok;
        text.push_str(&match all {
            true => String::new(),
            false => summary(area),
        });
        text.extend(area.iter().filter(is_shown).map(one));
    }
    let all = if all { "" } else { " (--all prints each)" };
    let points_are = plural(points.len(), "point");
    text.push_str(&format!("{points_are}: {}{all}\n", counts(points)));
    text
}

fn plural(count: usize, word: &str) -> String {
    match count {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    }
}

fn counts(points: &[Point]) -> String {
    let count = |verdict| {
        points
            .iter()
            .filter(|point| point.verdict == verdict)
            .count()
    };
    let mut counts = vec![format!("{} ok", count(Verdict::Ok))];
    let unseen = count(Verdict::Unseen);
    counts.extend((unseen > 0).then(|| format!("{unseen} unseen")));
    for (verdict, word) in [(Verdict::Warning, "warning"), (Verdict::Error, "error")] {
        let count = count(verdict);
        counts.extend((count > 0).then(|| plural(count, word)));
    }
    counts.join(", ")
}

fn summary(area: &[Point]) -> String {
    let is_headline =
        |point: &&Point| HEADLINES.contains(&point.check) && point.verdict == Verdict::Ok;
    let headline = area.iter().find(is_headline);
    let headline = headline.map_or(String::new(), |point| format!("; {}", point.found));
    wrapped(
        &format!("{:<10} ", area[0].area),
        &format!("{}{headline}", counts(area)),
    )
}

fn one(point: &Point) -> String {
    let verdict = match point.verdict {
        Verdict::Ok => "ok",
        Verdict::Unseen => "unseen",
        Verdict::Warning => "warning",
        Verdict::Error => "error",
    };
    let of = match point.of.as_str() {
        "" => "host".to_owned(),
        // A backend or a line of a balancer.
        of if of.contains(' ') => format!("{of}:"),
        of => of.to_owned(),
    };
    let mut text = wrapped(&format!("{verdict:<8} {of:<5} "), &point.found);
    let Some(fix) = &point.fix else {
        return text;
    };
    text.push_str(&wrapped("  why: ", point.why));
    for (number, part) in fix.parts().into_iter().enumerate() {
        let head = if number == 0 { "  fix: " } else { "       " };
        text.push_str(&match part {
            Part::Line(line) => format!("{head}{line}\n"),
            Part::Words(words) => restored(&wrapped(head, &unbroken(words))),
        });
    }
    text
}

/// No line ends within backticks: what is between them is to paste, too.
fn unbroken(words: &str) -> String {
    let parts = words.split('`').enumerate();
    let parts = parts.map(|(number, part)| match number % 2 {
        0 => part.to_owned(),
        _ => part.replace(' ', &UNBROKEN.to_string()),
    });
    parts.collect::<Vec<_>>().join("`")
}

/// Stands for a space that ends no line.
const UNBROKEN: char = '\u{fdd1}';

fn restored(text: &str) -> String {
    text.replace(UNBROKEN, " ")
}

fn wrapped(head: &str, words: &str) -> String {
    let lines = text::wrapped(head, words).into_iter();
    lines.map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::fix::Fix;

    fn point(area: &'static str, verdict: Verdict, found: &str, fix: Option<&str>) -> Point {
        Point {
            area,
            check: "config",
            of: if area == "host" { "" } else { "web" }.into(),
            verdict,
            found: found.into(),
            why: "users notice a gate that can't be closed, for as long as it takes until an operator looks",
            fix: fix.map(Into::into),
        }
    }

    const LONG: &str = "iptables -I INPUT -p tcp --dport 2000 -j REJECT --reject-with tcp-reset -m comment --comment x";

    const FIX: &str =
        "stop what redirects the status port of the app before the next restart of it";

    fn points() -> Vec<Point> {
        let rows = [
            ("host", Verdict::Ok, "agent.toml: app web", None),
            ("gates", Verdict::Ok, "main gate 2000 -> 1000 is open", None),
            ("gates", Verdict::Unseen, "no gate was closed yet", None),
            (
                "gates",
                Verdict::Warning,
                "port 2000 is dropped",
                Some(LONG),
            ),
            ("gates", Verdict::Error, "a rule", Some(FIX)),
        ];
        rows.map(|(area, verdict, found, fix)| point(area, verdict, found, fix))
            .into()
    }

    #[test]
    fn one_line_for_each_area_and_each_point_that_is_not_ok() {
        let details = format!(
            "\
unseen   web   no gate was closed yet
warning  web   port 2000 is dropped
  why: users notice a gate that can't be closed, for as long as it takes until
       an operator looks
  fix: {LONG}
error    web   a rule
  why: users notice a gate that can't be closed, for as long as it takes until
       an operator looks
  fix: stop what redirects the status port of the app before the next restart of
       it
5 points: 2 ok, 1 unseen, 1 warning, 1 error"
        );
        let summary = "\
host       1 ok; agent.toml: app web
gates      1 ok, 1 unseen, 1 warning, 1 error; main gate 2000 -> 1000 is open
";
        assert_eq!(
            text(&points(), false),
            format!("{summary}{details} (--all prints each)\n")
        );
        let oks =
            "ok       host  agent.toml: app web\nok       web   main gate 2000 -> 1000 is open\n";
        assert_eq!(text(&points(), true), format!("{oks}{details}\n"));
    }

    /// A line of HAProxy's file is a line of its own, and what is in backticks stays on one.
    #[test]
    fn what_is_to_paste_is_whole() {
        let fix = Fix::paste("in backend srvs", LONG).and(
            "or wait for its next checks, and look at all of that a second time: \
             `agent doctor web --all`",
        );
        let point = point("app", Verdict::Warning, "a line", None);
        let fix = Some(fix);
        let expected = format!(
            "\
  fix: in backend srvs:
       {LONG}
       or wait for its next checks, and look at all of that a second time:
       `agent doctor web --all`
"
        );
        let text = text(&[Point { fix, ..point }], false);
        assert!(text.contains(&expected), "{text}");
    }

    #[test]
    fn only_lines_to_paste_and_long_words_are_wider() {
        let words = "word ".repeat(60) + &"w".repeat(90);
        let text = text(
            &[point("app", Verdict::Error, &words, Some("do this"))],
            false,
        );
        let wide = text.lines().filter(|line| line.len() > text::WIDTH);
        assert_eq!(wide.count(), 1, "{text}");
    }
}
