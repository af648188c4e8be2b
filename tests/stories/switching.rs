//! Switches on a host on paper, as text. Each story is cut at every look and around every action, and
//! `agent recover` must complete it. `pair/holds.rs` has what holds at each step.

use crate::limits;
use crate::narrator::{Narrator, runs};
use crate::pair::{At, Event, NAMES, Pair};
use crate::paper::{self, Death, Trace};
use haproxy_gate::config::{self, AppSettings};
use haproxy_gate::restart::settle::{Settle, Share};
use haproxy_gate::restart::switch::{How, Names, Part, Switching};
use haproxy_gate::restart::{
    GatesFound, GroupLock, Limits, NoStart, OnDrainTimeout, Outcome, PerGate, Start, TakesLock,
    Verb, WhenAway, start,
};
use haproxy_gate::state::invocation::Invocation;
use haproxy_gate::state::journal::{Entry, Journal, Targets};
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

const BETWEEN: Names<'_> = Names {
    old: NAMES[0],
    new: NAMES[1],
};

fn within(how: How) -> Limits {
    Limits {
        switch: Switching {
            how,
            ..Switching::default()
        },
        ..limits()
    }
}

fn usual() -> Limits {
    within(How::Start)
}

fn settling() -> Limits {
    Limits {
        settle: Some(Settle {
            lasts: Duration::from_secs(1),
            errors: Share::ONE_PERCENT,
        }),
        ..usual()
    }
}

fn prepared() -> Limits {
    let mut limits = usual();
    (limits.switch.prepares, limits.switch.verifies) = (true, true);
    limits
}

/// The app, for the descriptions of the phases.
static APP: LazyLock<AppSettings> = LazyLock::new(|| {
    let text = r#"
        [app.web]
        verify = ["/usr/local/sbin/smoke"]
        [app.web.target.blue]
        port = 1000
        status_port = 2000
        run = { systemd = "web@blue.service" }
        [app.web.target.green]
        port = 1001
        status_port = 2001
        run = { systemd = "web@green.service" }
        [[haproxy]]
        socket = "/run/haproxy.sock"
        "#;
    let settings = config::read(Path::new("agent.toml"), text).unwrap();
    settings.apps[0].at(NAMES[1]).unwrap()
});

/// Runs a switch, or its recovery, as the command line does. None: it was killed half way.
fn run(verb: Verb, pair: &mut Pair, limits: &Limits) -> Option<Outcome> {
    let state_dir = pair.state_dir.clone();
    let left = Journal::unfinished(&state_dir, "web").unwrap();
    let unfinished = left.as_ref().map(|entry| entry.unfinished(None));
    let start = match (verb, &unfinished) {
        (Verb::Switch, None) => Start::of_switch(limits.switch).after_lock(limits),
        _ => match start(verb, unfinished.as_ref(), GatesFound::Open) {
            Ok(start) => start,
            Err(NoStart::Nothing(why)) => {
                Journal::forget(&state_dir, "web").unwrap();
                return Some(Outcome::Nothing(why));
            }
            Err(no) => panic!("{no:?}"),
        },
    };
    let before = left.and_then(|entry| entry.switch);
    let targets = before.unwrap_or(Targets {
        from: NAMES[0].to_owned(),
        to: NAMES[1].to_owned(),
        switching: limits.switch,
        keep_s: 600,
        ready_until_unix_s: None,
        hold: None,
    });
    let limits = Limits {
        switch: targets.switching,
        ..limits.clone()
    };
    let entry = Entry {
        invocation: Invocation::new(verb, "web"),
        phase: start.phase.clone(),
        found_open: PerGate::default(),
        instance: None,
        restarting: false,
        unsure: false,
        stays_closed: false,
        version: start.version.clone(),
        switch: Some(targets),
        origin: Default::default(),
        without_balancers: Vec::new(),
        ended: false,
    };
    let mut journal = Journal::begin(&state_dir, entry).unwrap();
    let narrator = Narrator {
        described: Some((APP.clone(), limits.clone())),
        ..Narrator::new(&pair.trace)
    };
    start.note.iter().for_each(|note| pair.say(note));
    let outcome = runs(pair, &mut journal, narrator, &start, &limits)?;
    pair.records_ready(&outcome, limits.switch);
    let _ = match is_unclear(&outcome) {
        true => journal.leave(),
        false => journal.end(),
    };
    Some(outcome)
}

/// The journal stays, and the operator runs `agent recover`.
fn is_unclear(outcome: &Outcome) -> bool {
    let is_unset = matches!(outcome, Outcome::GateFailed { put_back, .. } if !put_back);
    let are_open = matches!(
        outcome,
        Outcome::NeitherHealthy { .. } | Outcome::BothMayServe { .. }
    );
    is_unset || are_open
}

/// The same host at the begin, with a trace and a state directory of its own.
fn fresh(pair: &Pair, death: Death) -> (Pair, tempfile::TempDir) {
    let directory = paper::directory();
    let state_dir = directory.path().join("state");
    std::fs::create_dir(&state_dir).unwrap();
    let pair = Pair {
        trace: Trace::default(),
        proceeds: pair.proceeds,
        state_dir,
        death,
        ..pair.clone()
    };
    (pair, directory)
}

fn end(verb: Verb, outcome: &Outcome, pair: &Pair) -> String {
    let message = outcome.message_between(verb, "web", BETWEEN);
    let (exit, word) = (outcome.exit_code(), outcome.word(verb));
    format!("exit {exit} {word}: {message}\n{}", pair.left())
}

/// Runs the switch from begin to end, and returns its story.
fn story(pair: &Pair, limits: &Limits) -> String {
    let (mut pair, _directory) = fresh(pair, Death::default());
    let outcome = run(Verb::Switch, &mut pair, limits).unwrap();
    let text = format!(
        "{}\n{}",
        pair.trace.take(),
        end(Verb::Switch, &outcome, &pair)
    );
    if !is_unclear(&outcome) {
        rests(&pair, &outcome, limits, &text);
    }
    text
}

/// Fails with the story.
fn rests(pair: &Pair, outcome: &Outcome, limits: &Limits, story: &str) {
    let rests = pair.rests(outcome, limits.switch);
    assert!(rests.is_ok(), "{}\n{story}", rests.unwrap_err());
}

/// Kills the story at every look and around every action. `agent recover` must complete it.
fn cut_everywhere(pair: &Pair, limits: &Limits) {
    let (mut whole, _directory) = fresh(pair, Death::default());
    run(Verb::Switch, &mut whole, limits).unwrap();
    let deaths = whole.moments.iter();
    let cuts = deaths.filter(|death| recovered(pair, limits, death).is_some());
    assert!(cuts.count() > 0, "the story is too short to prove anything");
}

/// How it was recovered. None: the switch ended before the kill.
fn recovered(pair: &Pair, limits: &Limits, death: &Death) -> Option<(Outcome, Pair)> {
    let (mut pair, _directory) = fresh(pair, death.clone());
    if run(Verb::Switch, &mut pair, limits).is_some() {
        return None;
    }
    pair.say("killed");
    pair.is_run_again();
    let mut outcome = run(Verb::Recover, &mut pair, limits).unwrap();
    // What could not be done is done by the next one.
    if is_unclear(&outcome) {
        pair.is_run_again();
        outcome = run(Verb::Recover, &mut pair, limits).unwrap();
    }
    let story = format!("{death:?}\n{}", pair.trace.take());
    rests(&pair, &outcome, limits, &story);
    assert_eq!(Journal::unfinished(&pair.state_dir, "web"), Ok(None));
    Some((outcome, pair))
}

/// A snapshot of the story; then it is cut everywhere.
fn shows(name: &str, pair: &Pair, limits: &Limits) {
    insta::assert_snapshot!(name, story(pair, limits));
    cut_everywhere(pair, limits);
}

#[test]
fn a_usual_switch() {
    shows("a_switch", &Pair::new(How::Start), &usual());
    let without_twins = Pair {
        twins: false,
        ..Pair::new(How::Start)
    };
    let limits = Limits {
        two_stage: false,
        ..settling()
    };
    shows("a_switch_without_twins_settles", &without_twins, &limits);
    shows(
        "a_switch_is_prepared_and_verified",
        &Pair::new(How::Start),
        &prepared(),
    );
}

#[test]
fn users_with_a_cookie_of_the_old_target_stay_there() {
    let pair = Pair {
        sticky: 8,
        ..Pair::new(How::Start)
    };
    let limits = Limits {
        sticky: Duration::from_secs(1),
        ..usual()
    };
    shows("a_sticky_time", &pair, &limits);
}

#[test]
fn a_warm_target() {
    let mut keeps = usual();
    keeps.switch.keeps = true;
    shows("the_old_target_is_kept", &Pair::new(How::Start), &keeps);
    let mut back = within(How::Back);
    back.switch.keeps = true;
    insta::assert_snapshot!(
        "back_to_the_warm_target",
        story(&Pair::new(How::Back), &back)
    );
    let back = within(How::Back);
    insta::assert_snapshot!("back_and_stop", story(&Pair::new(How::Back), &back));
    shows("a_finish", &Pair::new(How::Finish), &within(How::Finish));
}

#[test]
fn a_withdrawn_way_back_keeps_the_warm_target() {
    let mut back = within(How::Back);
    back.switch.keeps = true;
    cut_everywhere(&Pair::new(How::Back), &back);
    cut_everywhere(&Pair::new(How::Back), &within(How::Back));
    let never_up = Pair {
        never_up: Some(Part::New),
        ..Pair::new(How::Back)
    };
    shows("the_warm_target_is_never_up", &never_up, &back);
    for event in [Event::Signal(2), Event::RulesFail(30)] {
        let cut = Pair::new(How::Back).with([At("leave", 0, event)]);
        let story = story(&cut, &back);
        assert!(
            story.contains("recorded: blue, green ready for a while"),
            "{story}"
        );
    }
}

#[test]
fn the_new_target_is_not_placed() {
    let new = || Pair::new(How::Start);
    let fails = |name: &str, pair: Pair| shows(&format!("not_placed_{name}"), &pair, &prepared());
    let pair = Pair {
        prepare_fails: true,
        ..new()
    };
    insta::assert_snapshot!("not_placed_not_prepared", story(&pair, &prepared()));
    fails(
        "not_started",
        Pair {
            start_fails: true,
            ..new()
        },
    );
    fails(
        "sick",
        Pair {
            healthy_after: None,
            ..new()
        },
    );
    fails(
        "not_verified",
        Pair {
            verify_fails: true,
            ..new()
        },
    );
    fails(
        "never_up",
        Pair {
            never_up: Some(Part::New),
            ..new()
        },
    );
    fails(
        "falls_sick_in_join",
        new().with([At("join", 1, Event::Sick(Part::New))]),
    );
}

#[test]
fn the_old_target_never_goes() {
    let pair = Pair {
        never_down: Some(Part::Old),
        ..Pair::new(How::Start)
    };
    shows("the_old_target_is_never_down", &pair, &usual());
}

#[test]
fn the_new_target_is_sick_under_users() {
    for (phase, limits) in [
        ("leave", usual()),
        ("drain", usual()),
        ("settle", settling()),
    ] {
        let pair = Pair {
            endless: true,
            ..Pair::new(How::Start).with([At(phase, 1, Event::Sick(Part::New))])
        };
        shows(&format!("taken_back_from_{phase}"), &pair, &limits);
    }
    let errs = Pair::new(How::Start).with([At("settle", 2, Event::Errs(Part::New))]);
    shows("swapped_back_with_figures", &errs, &settling());
    let both = [
        At("drain", 1, Event::Sick(Part::New)),
        At("drain", 1, Event::Sick(Part::Old)),
    ];
    let pair = Pair {
        endless: true,
        ..Pair::new(How::Start).with(both)
    };
    insta::assert_snapshot!("neither_is_healthy", story(&pair, &usual()));
    let recovers = At("take_back", 5, Event::Well(Part::Old));
    let script = [&pair.script[..], &[recovers]].concat();
    insta::assert_snapshot!(
        "the_old_target_recovers",
        story(&pair.with(script), &usual())
    );
}

#[test]
fn the_drain_runs_out() {
    let pair = Pair {
        endless: true,
        ..Pair::new(How::Start)
    };
    shows("still_draining", &pair, &usual());
    shows("still_draining_settled", &pair, &settling());
    let proceeds = Pair {
        proceeds: true,
        ..pair
    };
    let limits = Limits {
        on_drain_timeout: OnDrainTimeout::Proceed,
        ..usual()
    };
    shows("the_drain_proceeds", &proceeds, &limits);
}

#[test]
fn the_old_target_does_not_stop() {
    let pair = Pair {
        stop_fails: true,
        ..Pair::new(How::Start)
    };
    shows("the_stop_fails", &pair, &usual());
}

fn disk_is_full_in(phases: &[&'static str]) {
    for phase in phases {
        let pair = Pair::new(How::Start).with([At(phase, 0, Event::DiskFull)]);
        shows(&format!("unrecorded_after_{phase}"), &pair, &prepared());
    }
}

#[test]
fn the_journal_cannot_be_written() {
    disk_is_full_in(&[
        "prepare", "verify", "unpark", "join", "leave", "drain", "park",
    ]);
}

#[test]
fn a_gate_cannot_be_set() {
    for phase in ["unpark", "join", "leave", "drain", "park"] {
        let a_while = Pair::new(How::Start).with([At(phase, 0, Event::RulesFail(3))]);
        shows(
            &format!("the_rules_fail_for_a_while_in_{phase}"),
            &a_while,
            &usual(),
        );
        let for_good = Pair::new(How::Start).with([At(phase, 0, Event::RulesFail(30))]);
        shows(&format!("the_rules_fail_in_{phase}"), &for_good, &usual());
    }
}

#[test]
fn another_process_moves_gates() {
    for phase in ["join", "leave", "drain", "settle"] {
        let flush = Pair::new(How::Start).with([At(phase, 2, Event::Flush)]);
        shows(&format!("flushed_in_{phase}"), &flush, &settling());
    }
    let opens = Pair::new(How::Start).with([At("drain", 1, Event::Gates(Part::Old, true))]);
    shows("another_process_opens_the_old_target", &opens, &usual());
    let closes = Pair::new(How::Start).with([At("drain", 1, Event::Gates(Part::New, false))]);
    shows("another_process_closes_the_new_target", &closes, &usual());
    let early = Pair::new(How::Start).with([At("healthy", 1, Event::Gates(Part::New, true))]);
    shows(
        "another_process_opens_the_new_target_early",
        &early,
        &usual(),
    );
}

#[test]
fn the_rules_are_flushed_before_the_join() {
    for phase in ["start", "healthy", "verify"] {
        let look = u32::from(phase == "healthy");
        let flush = Pair::new(How::Start).with([At(phase, look, Event::Flush)]);
        shows(&format!("flushed_in_{phase}"), &flush, &prepared());
    }
}

/// No target serves until the agent looks again.
#[test]
fn the_rules_are_flushed_while_a_switch_waits_for_the_lock() {
    let full = GroupLock::Full(vec!["web2 (agent switch web, by alice)".to_owned()]);
    let pair = Pair {
        lock: vec![(0, full), (9, GroupLock::Held)],
        ..Pair::new(How::Start).with([At("lock", 2, Event::Flush)])
    };
    let limits = Limits {
        lock: Some(TakesLock {
            when_away: WhenAway::Refuse,
            alone: true,
            is_out: false,
        }),
        ..usual()
    };
    insta::assert_snapshot!("flushed_in_lock", story(&pair, &limits));
}

/// Its last answer was no answer when the old target could still be taken back.
#[test]
fn the_new_target_falls_sick_before_the_old_one_is_stopped() {
    let pair = Pair::new(How::Start).with([At("drain", 1, Event::Sick(Part::New))]);
    shows("taken_back_before_the_stop", &pair, &usual());
}

#[test]
fn a_balancer_goes_away() {
    for phase in ["join", "leave", "drain"] {
        let pair = Pair::new(How::Start).with_two_balancers();
        let gone = pair.clone().with([At(phase, 1, Event::Gone(1))]);
        insta::assert_snapshot!(
            format!("a_balancer_is_gone_in_{phase}"),
            story(&gone, &usual())
        );
        let blind = pair.with([At(phase, 1, Event::Blind(1, 10))]);
        shows(&format!("a_balancer_is_blind_in_{phase}"), &blind, &usual());
    }
}

/// Both targets are open, and both may have users. The operator leaves the balancer out.
#[test]
fn a_switch_with_a_balancer_that_is_gone_is_recovered_without_it() {
    let gone = [At("join", 1, Event::Gone(1))];
    let pair = Pair::new(How::Start).with_two_balancers().with(gone);
    let (mut pair, _directory) = fresh(&pair, Death::default());
    let outcome = run(Verb::Switch, &mut pair, &usual()).unwrap();
    assert_eq!(outcome.word(Verb::Switch), "both_may_serve");
    pair.is_run_again();
    let outcome = run(Verb::Recover, &mut pair, &usual()).unwrap();
    assert_eq!(outcome.word(Verb::Recover), "both_may_serve");
    pair.balancers.truncate(1);
    pair.is_run_again();
    let outcome = run(Verb::Recover, &mut pair, &usual()).unwrap();
    assert_eq!(outcome.word(Verb::Recover), "not_placed");
    rests(&pair, &outcome, &usual(), &pair.trace.take());
    assert_eq!(Journal::unfinished(&pair.state_dir, "web"), Ok(None));
}

/// A start stops the warm target first. Until then it stays; after that it is not ready any more.
#[test]
fn a_warm_target_is_started_anew() {
    let mut limits = prepared();
    limits.switch.ran_before = true;
    let pair = Pair::new(How::Start).with_a_warm_target();
    cut_everywhere(&pair, &limits);
    let full = pair.clone().with([At("prepare", 0, Event::DiskFull)]);
    shows("unrecorded_start_beside_a_warm_target", &full, &limits);
    let mut texts = Vec::new();
    // The second action, after the preparation.
    for death in [
        Death::acting(2, false),
        Death::within(2, false),
        Death::within(2, true),
        Death::acting(2, true),
    ] {
        let (outcome, pair) = recovered(&pair, &limits, &death).unwrap();
        texts.push(end(Verb::Recover, &outcome, &pair));
    }
    insta::assert_snapshot!(texts.join("\n"));
    let start_fails = Pair {
        start_fails: true,
        ..pair.clone()
    };
    shows("a_warm_target_does_not_start_again", &start_fails, &limits);
    let stop_fails = Pair {
        stop_fails: true,
        ..pair
    };
    shows("a_warm_target_can_not_be_stopped", &stop_fails, &limits);
}

/// No request is lost, and nothing shows how users are answered.
#[test]
fn a_quiet_night_is_not_called_steady() {
    let pair = Pair {
        is_quiet: true,
        ..Pair::new(How::Start)
    };
    shows("settle_saw_no_requests", &pair, &settling());
}

/// It has new users from Leave on, and settle begins only after the drain.
#[test]
fn errors_before_settle_count() {
    let errs = [At("leave", 2, Event::Errs(Part::New))];
    let pair = Pair::new(How::Start).with(errs);
    shows("errors_during_leave", &pair, &settling());
}

#[test]
fn haproxy_is_reloaded() {
    for phase in ["healthy", "join", "leave", "drain", "settle", "park"] {
        let pair = Pair::new(How::Start).with([At(phase, 1, Event::Reload(0))]);
        shows(&format!("reloaded_in_{phase}"), &pair, &settling());
    }
}

/// The host's tables show what leaving workers carry.
#[test]
fn without_master_sockets_the_connections_are_counted() {
    let counts = || Pair {
        has_masters: false,
        ..Pair::new(How::Start)
    };
    cut_everywhere(&counts(), &usual());
    for phase in ["healthy", "drain", "park"] {
        let pair = counts().with([At(phase, 1, Event::Reload(0))]);
        shows(&format!("reloaded_and_counted_in_{phase}"), &pair, &usual());
    }
}

/// A signal in each phase, with the word, the message and what is left.
#[test]
fn a_signal_in_each_phase() {
    let mut limits = Limits {
        sticky: Duration::from_secs(1),
        ..prepared()
    };
    limits.settle = settling().settle;
    let pair = Pair {
        sticky: 8,
        ..Pair::new(How::Start)
    };
    let mut texts = Vec::new();
    let first = &Start::of_switch(limits.switch).phase;
    let haproxy_gate::restart::Phase::Switch(first) = first else {
        unreachable!()
    };
    for phase in first.ahead(&limits) {
        let name = haproxy_gate::restart::Phase::Switch(phase).name();
        let looks = u32::from(name == "healthy");
        let pair = pair.clone().with([At(name, looks, Event::Signal(2))]);
        let text = story(&pair, &limits);
        let end: Vec<&str> = text.lines().rev().take(2).collect();
        texts.push(format!("{name}:\n  {}\n  {}", end[1], end[0]));
        cut_everywhere(&pair, &limits);
    }
    insta::assert_snapshot!(texts.join("\n"));
}

/// What `agent recover` says after a kill in each phase.
#[test]
fn a_recovery_in_each_phase() {
    let mut limits = prepared();
    limits.settle = settling().settle;
    let pair = Pair::new(How::Start);
    let (mut whole, _directory) = fresh(&pair, Death::default());
    run(Verb::Switch, &mut whole, &limits).unwrap();
    let mut texts = Vec::new();
    for at in 1..=whole.death.actions {
        let death = Death::acting(at, true);
        let (mut cut, _directory) = fresh(&pair, death.clone());
        assert!(run(Verb::Switch, &mut cut, &limits).is_none());
        let phase = cut.trace.phase();
        let (outcome, pair) = recovered(&pair, &limits, &death).unwrap();
        let end = end(Verb::Recover, &outcome, &pair).replace('\n', "\n  ");
        texts.push(format!("killed in {phase}:\n  {end}"));
    }
    texts.dedup();
    insta::assert_snapshot!(texts.join("\n"));
}
