//! Checks the lines of an app's marker, by which HAProxy refuses writes. Pure.

use super::Point;
use super::check::{Check, checks};
use super::fix::Fix;
use super::page::on_each_balancer;
use crate::haproxy::{BalancerObservation, ServerLine};

checks! {
    pub(super) LINE "readonly-line":
        "without a line of the marker HAProxy refuses no write, so `agent readonly on` refuses";
}

/// The facts about the marker of one app.
#[derive(Debug, Clone)]
pub(crate) struct Marker {
    pub app: String,
    /// Each balancer, and the address by which it knows this host.
    pub balancers: Vec<(BalancerObservation, String)>,
    pub port: u16,
}

/// The points about its lines on each balancer that answers.
pub(super) fn lines(marker: &Marker) -> Vec<Point> {
    let label = label(&marker.app);
    let balancers = marker.balancers.iter();
    let points = balancers.flat_map(|(balancer, address)| {
        let fix = |_: &str| missing(marker, address);
        on_each_balancer(&label, balancer, (&LINE, &fix), &well)
    });
    points.collect()
}

/// `web/readonly`
pub(super) fn label(app: &str) -> String {
    format!("{app}/readonly")
}

fn missing(marker: &Marker, address: &str) -> Fix {
    let Marker { app, port, .. } = marker;
    let place = format!(
        "add the backend and the rule that `agent haproxy-config {app} --readonly` prints, and reload \
         HAProxy. The line of this host"
    );
    Fix::paste(place, format!("server NAME {address}:{port}"))
}

fn well(lines: &[ServerLine]) -> Vec<Point> {
    let all = lines.iter();
    let all: Vec<String> = all
        .map(|line| format!("{} is {}", line.name, line.status))
        .collect();
    vec![LINE.ok(all.join(", "))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::haproxy::{NoAnswer, Role};

    fn of(balancer: BalancerObservation) -> Vec<Point> {
        lines(&Marker {
            app: "web".to_owned(),
            balancers: vec![(balancer, "10.0.0.11".to_owned())],
            port: 2010,
        })
    }

    #[test]
    fn a_missing_marker_is_named_with_its_line() {
        let seen = BalancerObservation::of_lines(vec![ServerLine::idle(
            "readonly/web1",
            Role::Main,
            "DOWN",
        )]);
        let points = of(seen.clone());
        assert_eq!(points.len(), 1);
        assert_eq!(
            (points[0].verdict, points[0].found.as_str()),
            (Verdict::Ok, "readonly/web1 is DOWN")
        );
        let none = NoAnswer::missing("no backend has one".to_owned(), None);
        let points = of(BalancerObservation {
            answer: Err(none),
            ..seen
        });
        assert_eq!(
            (points[0].verdict, points[0].of.as_str()),
            (Verdict::Warning, "web/readonly on lb")
        );
        assert_eq!(points[0].found, "no backend has one");
        let fix = points[0].fix.clone().unwrap();
        assert!(fix.ends_with(": server NAME 10.0.0.11:2010"), "{fix}");
        // The area of the balancers has this point.
        assert_eq!(of(BalancerObservation::silent("refused")), []);
    }
}
