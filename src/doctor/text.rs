//! The points as people read them: in 80 columns, without colour.

use super::{Point, Verdict};
use crate::text;

/// What begins a line to paste: it stays one line, however long.
const TO_PASTE: [&str; 19] = [
    "agent",
    "apt",
    "chmod",
    "chown",
    "curl",
    "default-server",
    "haproxy",
    "ip6tables",
    "ip6tables-legacy",
    "ip6tables-nft",
    "iptables",
    "iptables-legacy",
    "iptables-nft",
    "nft",
    "option",
    "server",
    "sudo",
    "systemctl",
    "ulimit",
];

/// One line a point; for what is not ok, why it matters and the mend; the counts.
pub fn text(points: &[Point]) -> String {
    let mut text: String = points.iter().map(one).collect();
    let count = |verdict: Verdict| {
        points
            .iter()
            .filter(|point| point.verdict == verdict)
            .count()
    };
    let plural = |count: usize, word: &str| match count {
        1 => format!("1 {word}"),
        count => format!("{count} {word}s"),
    };
    text.push_str(&format!(
        "{}: {} ok, {}, {}\n",
        plural(points.len(), "point"),
        count(Verdict::Ok),
        plural(count(Verdict::Warning), "warning"),
        plural(count(Verdict::Error), "error"),
    ));
    text
}

fn one(point: &Point) -> String {
    let verdict = match point.verdict {
        Verdict::Ok => "ok",
        Verdict::Warning => "warning",
        Verdict::Error => "error",
    };
    let of = match point.of.as_str() {
        "" => "host".to_owned(),
        // A balancer's backend or line.
        of if of.contains(' ') => format!("{of}:"),
        of => of.to_owned(),
    };
    let mut text = wrapped(&format!("{verdict:<8} {of:<5} "), &point.found);
    if point.verdict == Verdict::Ok {
        return text;
    }
    text.push_str(&wrapped("  why: ", point.why));
    if let Some(mend) = &point.mend {
        match is_to_paste(mend) {
            true => text.push_str(&format!("  mend: {mend}\n")),
            false => text.push_str(&wrapped("  mend: ", mend)),
        }
    }
    text
}

/// Whether it is one line for a shell or for HAProxy's file, and not words about one.
pub fn is_to_paste(mend: &str) -> bool {
    let first = mend.split(' ').next().unwrap_or_default();
    TO_PASTE.contains(&first)
}

fn wrapped(head: &str, words: &str) -> String {
    let lines = text::wrapped(head, words).into_iter();
    lines.map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(verdict: Verdict, of: &str, found: &str, mend: Option<&str>) -> Point {
        Point {
            check: "x",
            of: of.into(),
            verdict,
            found: found.into(),
            why: "nobody knows what comes of it, and everybody has to live with it for as long as it takes",
            mend: mend.map(str::to_owned),
        }
    }

    #[test]
    fn one_line_where_all_is_well_and_two_more_where_not() {
        let long = "iptables -I INPUT -p tcp --dport 2000 -j REJECT --reject-with tcp-reset -m comment --comment x";
        let points = [
            point(
                Verdict::Ok,
                "web",
                "status port 2000: nothing listens there",
                None,
            ),
            point(Verdict::Warning, "", "sidecar: not running", Some(long)),
            point(
                Verdict::Error,
                "tcp://balancer-with-a-name.example.org:9999 srvs/web1",
                "leads to port 1009, and something else that is told at length here",
                Some(
                    "move the line of bkp1 behind that of web1, and reload HAProxy at a quiet hour",
                ),
            ),
        ];
        let wanted = format!(
            "\
ok       web   status port 2000: nothing listens there
warning  host  sidecar: not running
  why: nobody knows what comes of it, and everybody has to live with it for as
       long as it takes
  mend: {long}
error    tcp://balancer-with-a-name.example.org:9999 srvs/web1: leads to port
         1009, and something else that is told at length here
  why: nobody knows what comes of it, and everybody has to live with it for as
       long as it takes
  mend: move the line of bkp1 behind that of web1, and reload HAProxy at a quiet
        hour
3 points: 1 ok, 1 warning, 1 error
"
        );
        assert_eq!(text(&points), wanted);
    }

    #[test]
    fn only_what_is_pasted_or_can_not_be_parted_is_wider() {
        let words = "word ".repeat(60) + &"w".repeat(90);
        let text = text(&[point(Verdict::Error, "web", &words, Some("do this"))]);
        let wide: Vec<&str> = text
            .lines()
            .filter(|line| line.len() > text::WIDTH)
            .collect();
        assert_eq!(wide.len(), 1, "{text}");
    }
}
