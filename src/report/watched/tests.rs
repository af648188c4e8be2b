use super::*;
use crate::haproxy::{Role, ServerLine};

/// One balancer with one line; None: it can't be seen.
fn observed(shown: Option<(&str, u64)>, reloaded: bool) -> Vec<BalancerObservation> {
    let line = |(status, sessions): (&str, u64)| ServerLine {
        in_flight: sessions % 3,
        sessions,
        ..ServerLine::idle("srvs/web1", Role::Main, status)
    };
    let balancer = match shown {
        Some(shown) => BalancerObservation::of_lines(vec![line(shown)]),
        None => BalancerObservation::silent("it does not answer"),
    };
    vec![BalancerObservation {
        reloaded,
        ..balancer
    }]
}

fn millis(at: u64) -> Duration {
    Duration::from_millis(at)
}

/// A look every 30 ms, with the status of that moment.
fn watched(looks: u64, status: impl Fn(u64) -> &'static str) -> Samples {
    let mut watching = Watching::default();
    for look in 0..looks {
        watching.look(
            millis(30 * look),
            &observed(Some((status(look), look)), false),
        );
        assert!(watching.kept.len() <= MOST, "at any time");
    }
    watching.samples().unwrap()
}

#[test]
fn a_short_operation_keeps_every_look() {
    let samples = watched(100, |_| "UP");
    assert_eq!(samples.at.len(), 100);
    let line = &samples.balancers[0].lines[0];
    assert_eq!(line.status, [(0, Some("UP".to_owned()))]);
    assert_eq!(line.sessions[99], Some(99));
}

#[test]
fn of_a_long_one_every_change_is_kept_and_the_rest_evenly() {
    // An hour: UP, going down for 3 looks, DOWN, and UP again for one look.
    let status = |look| match look {
        0..=999 => "UP",
        1000..=1002 => "UP 1/2",
        60_000 => "UP",
        _ => "DOWN",
    };
    let samples = watched(120_000, status);
    let (at, line) = (&samples.at, &samples.balancers[0].lines[0]);
    assert!((100..=MOST).contains(&at.len()), "{}", at.len());
    let changes: Vec<_> = line
        .status
        .iter()
        .map(|(place, word)| (at[*place], word.as_deref().unwrap()))
        .collect();
    let all = [
        (0.0, "UP"),
        (30.0, "UP 1/2"),
        (30.09, "DOWN"),
        (1800.0, "UP"),
        (1800.03, "DOWN"),
    ];
    assert_eq!(changes, all);
    assert!(at.is_sorted());
    let widest = at.windows(2).map(|pair| pair[1] - pair[0]);
    let widest = widest.max_by(f64::total_cmp).unwrap();
    assert!(widest <= 3600.0 / 50.0, "evenly: {widest}");
    assert_eq!(line.sessions.last(), Some(&Some(119_999)), "and the last");
}

#[test]
fn changes_without_end_are_thinned_too() {
    let samples = watched(20_000, |look| if look % 2 == 0 { "UP" } else { "DOWN" });
    assert!(samples.at.len() <= MOST + 1);
    assert!(samples.at.len() > MOST / 8, "{}", samples.at.len());
}

#[test]
fn a_look_that_was_not_taken_or_saw_nothing_is_a_gap() {
    let mut watching = Watching::default();
    watching.gap(millis(0));
    assert_eq!(watching.samples(), None, "nothing was ever seen");
    watching.look(millis(10), &observed(Some(("DOWN", 5)), false));
    watching.look(millis(20), &observed(Some(("DOWN", 6)), false));
    watching.gap(millis(30));
    watching.gap(millis(500));
    watching.look(millis(600), &observed(None, false));
    watching.look(millis(650), &observed(None, false));
    watching.look(millis(700), &observed(Some(("UP", 1)), true));
    let samples = watching.samples().unwrap();
    assert_eq!(samples.at, [0.01, 0.02, 0.03, 0.6, 0.65, 0.7]);
    let balancer = &samples.balancers[0];
    let word = |word: &str| Some(word.to_owned());
    let line = &balancer.lines[0];
    assert_eq!(line.status, [(0, word("DOWN")), (2, None), (5, word("UP"))]);
    assert_eq!(line.sessions, [Some(5), Some(6), None, None, None, Some(1)]);
    assert_eq!(balancer.anew, [5]);
    let unseen = balancer.unseen(&samples.at, 0.8);
    assert_eq!(unseen.len(), 1);
    let (stretch, why) = unseen[0];
    assert_eq!((stretch.from, stretch.to), (0.6, 0.7));
    assert_eq!(why, "it does not answer");
}
