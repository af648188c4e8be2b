//! What always holds, over random sequences of looks.

use super::tests::{blind, limits, seen};
use super::*;
use crate::haproxy::Role::{Main, Twin};
use proptest::prelude::*;

/// What a random world does between two looks.
fn any_seen() -> impl Strategy<Value = Seen> {
    let words = [
        "UP", "UP 1/3", "DOWN", "DOWN 1/2", "MAINT", "DRAIN", "NOLB", "no check",
    ];
    let status = || prop::sample::select(words.to_vec());
    let lines = prop::option::weighted(0.9, (status(), 0..2_u64, status(), 0..2_u64));
    let failed = prop::bool::weighted(0.1);
    let healthy = any::<bool>();
    let reloaded = prop::bool::weighted(0.02);
    let signal = prop::option::weighted(0.02, prop::sample::select(vec![2, 15]));
    (lines, failed, healthy, signal, reloaded).prop_map(
        |(lines, failed, healthy, signal, reloaded)| {
            let mut look = match lines {
                Some((main, m, twin, t)) => seen(&[(Main, main, m), (Twin, twin, t)]),
                None => blind(),
            };
            look.balancers[0].reloaded = reloaded;
            Seen {
                acted: if failed {
                    Acted::Failed("no".into())
                } else {
                    Acted::Done
                },
                health: Some(if healthy { Ok(()) } else { Err("no".into()) }),
                interrupted: signal,
                ..look
            }
        },
    )
}

fn any_limits() -> impl Strategy<Value = Limits> {
    (any::<bool>(), any::<bool>(), any::<bool>(), 1..3_u32).prop_map(
        |(sticky, proceed, found_open, times)| Limits {
            sticky: Duration::from_secs(if sticky { 20 } else { 0 }),
            on_drain_timeout: if proceed {
                OnDrainTimeout::Proceed
            } else {
                OnDrainTimeout::Abort
            },
            healthy_times: times,
            found_open,
            ..limits()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Never restarts while something is in flight or in rotation unless the settings say
    /// so; never opens before healthy; restarts at most once; always finishes; the gates
    /// are open at the end unless the outcome says otherwise.
    #[test]
    fn what_always_holds(looks in prop::collection::vec(any_seen(), 1..40), limits in any_limits(),
                         verb in prop::sample::select(vec![Verb::Restart, Verb::Close, Verb::Open])) {
        let first = match verb { Verb::Open => Phase::Healthy { streak: 0 }, _ => Phase::Close };
        let (mut phase, mut in_phase, mut signal) = (first, Duration::ZERO, None);
        let (mut restarts, mut healthy, mut open) = (0, 0_u32, limits.found_open);
        let mut end = None;
        // Each look takes 2 s; after the random ones the world stands still.
        for at in 0..looks.len() + 400 {
            match phase.action(&limits) {
                Some(Action::CloseMain | Action::CloseBoth) => open = false,
                Some(Action::OpenBoth) => open = true,
                Some(Action::PutBack) => open = limits.found_open,
                _ => {}
            }
            let look = looks[at.min(looks.len() - 1)].clone();
            signal = signal.or(look.interrupted);
            let look = Seen { in_phase, interrupted: signal, ..look };
            if let Phase::Healthy { .. } = phase {
                healthy = if look.health == Some(Ok(())) { healthy + 1 } else { 0 };
            }
            match decide(verb, &phase, &look, &limits) {
                Step::Stay { phase: same, .. } => {
                    prop_assert_eq!(same.name(), phase.name());
                    phase = same;
                    in_phase += Duration::from_secs(2);
                }
                Step::Go { to, .. } => {
                    if to == Phase::Restart {
                        restarts += 1;
                        let ran_out = in_phase >= limits.drain && limits.on_drain_timeout == OnDrainTimeout::Proceed;
                        let quiet = look.in_flight().is_empty();
                        let out = look.unseen().is_empty() && look.not_out(Main).is_empty() && look.not_out(Twin).is_empty();
                        prop_assert!(out && (quiet || ran_out), "restarted with {:?}", look);
                        prop_assert!(look.reloaded().is_empty(), "restarted after a reload");
                        prop_assert!(signal.is_none(), "restarted after a signal");
                    }
                    if to == Phase::Open {
                        prop_assert!(healthy >= limits.healthy_times, "opened before healthy");
                    }
                    (phase, in_phase) = (to, Duration::ZERO);
                }
                Step::End(outcome) => { end = Some(outcome); break; }
            }
        }
        prop_assert!(end.is_some(), "never finishes: {:?}", phase);
        let end = end.unwrap();
        prop_assert!(restarts <= u32::from(verb == Verb::Restart));
        match (&end, verb) {
            (Outcome::Done { .. }, Verb::Close) | (Outcome::RestartFailed(_), _) => prop_assert!(!open),
            (Outcome::NotHealthy(_), Verb::Restart) => prop_assert!(!open),
            (Outcome::Done { .. } | Outcome::NotBack(_), _) => prop_assert!(open),
            (Outcome::NotOut { .. } | Outcome::DrainRanOut { .. } | Outcome::NotHealthy(_), _) => {
                prop_assert_eq!(open, limits.found_open);
            }
            // Restarted already: finished and opened. Otherwise as it was found.
            (Outcome::Interrupted { .. }, _) => prop_assert!(open == limits.found_open || open),
            (Outcome::GateFailed { .. }, _) => {}
            other => prop_assert!(false, "no such end of a drive: {:?}", other),
        }
    }
}
