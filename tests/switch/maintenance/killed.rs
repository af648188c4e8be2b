//! SIGKILL in each phase of `on` and of `off`, on three hosts under traffic. On each host the app or the
//! page is open right after it, and exactly one of them after `agent recover`.

use super::{Paged, print};
use lab::agent::{Agent, Running};
use lab::fleet::NUMBERS;
use lab::release::Release;
use nix::sys::signal::Signal;
use std::thread;

/// When an operation dies.
#[derive(Debug, Clone, Copy)]
enum Kill {
    /// In the middle of a phase that waits for HAProxy.
    In(&'static str),
    /// At this record, which ends a phase of a few milliseconds. Between two looks that one could pass.
    At(usize, &'static str),
}

/// Each host dies in another phase.
#[test]
fn killed_in_each_phase_it_is_recovered() {
    let paged = Paged::open(Release::Installed, "page_killed");
    let traffic = paged.traffic();
    for (what, kills) in [
        (
            "on",
            [
                Kill::In("leave"),
                Kill::At(13, "drain"),
                Kill::At(15, "park"),
            ],
        ),
        (
            "off",
            [Kill::In("join"), Kill::In("leave"), Kill::At(11, "drain")],
        ),
    ] {
        bring_to_the_start_of(&paged, what);
        kill(&paged, what, kills);
        let died_in = recovered(&paged, what);
        assert_eq!(died_in.len(), NUMBERS.len(), "{what}: {died_in:?}");
        for (kill, died_in) in kills.into_iter().zip(died_in) {
            if let Kill::At(record, phase) = kill {
                assert_eq!(died_in, phase, "{what}: killed at record {record}");
            }
        }
    }
    let met = traffic.stop();
    print("killed in each phase", &met, &[]);
    assert_eq!(met.failed, 0, "{:?}", met.failures);
}

fn kill(paged: &Paged, what: &str, kills: [Kill; 3]) {
    thread::scope(|scope| {
        for (number, kill) in NUMBERS.into_iter().zip(kills) {
            scope.spawn(move || {
                let (agent, words) = (paged.agent(number), words(what));
                match kill {
                    Kill::In(phase) => {
                        let running = agent.start_words(&words);
                        paged.fleet.host(number).wait_for_phase(phase);
                        running.interrupt(Signal::SIGKILL);
                        running.wait()
                    }
                    Kill::At(record, _) => agent.start_words_killed_at(&words[..2], record).wait(),
                }
            });
        }
    });
}

#[test]
#[ignore = "scripts/soak runs it"]
fn killed_at_each_record_it_is_recovered() {
    let paged = Paged::open(Release::Installed, "page_killed_each");
    let traffic = paged.traffic();
    for (what, phases) in [
        ("on", ["healthy", "join", "leave", "drain", "park"]),
        ("off", ["healthy", "join", "leave", "drain", "park"]),
    ] {
        let died_in = killed_at_each_record(&paged, what);
        println!("{what}: died in {died_in:?}");
        for phase in phases {
            let died = died_in.iter().any(|died| died == phase);
            assert!(died, "{what}: never in {phase}: {died_in:?}");
        }
    }
    let met = traffic.stop();
    print("killed at each record", &met, &[]);
    assert_eq!(met.failed, 0, "{:?}", met.failures);
}

/// Until no host dies any more. Each time from the same start. Returns the phases.
fn killed_at_each_record(paged: &Paged, what: &str) -> Vec<String> {
    let agents = NUMBERS.map(|number| paged.agent(number));
    let mut died_in = Vec::new();
    for sync in 1.. {
        bring_to_the_start_of(paged, what);
        let start = |agent: &Agent<'_>| agent.start_words_killed_at(&words(what)[..2], sync);
        let ended = agents.each_ref().map(start).map(Running::wait);
        if ended.iter().all(|ended| ended.exit == 0) {
            for ended in &ended {
                assert_eq!(ended.report().outcome, format!("maintenance_{what}"));
            }
            break;
        }
        died_in.extend(recovered(paged, what));
    }
    died_in
}

fn words(what: &str) -> [&str; 4] {
    ["maintenance", what, "web", "--json"]
}

/// Users meet the app before an `on`, and the page before an `off`.
fn bring_to_the_start_of(paged: &Paged, what: &str) {
    let (page, way) = match what {
        "off" => (true, "on"),
        _ => (false, "off"),
    };
    let others = NUMBERS.into_iter();
    let others = others.filter(|number| paged.fleet.host(*number).gate_is_open(2009) != page);
    let running: Vec<Running> = others
        .map(|number| paged.agent(number).start_words(&words(way)))
        .collect();
    for running in running {
        running.wait().expect_exit(0);
    }
    paged.assert_gates(!page, page);
}

/// Never both are closed after the kill, and one of them is after the recovery. Returns the phases of
/// the hosts that died.
fn recovered(paged: &Paged, what: &str) -> Vec<String> {
    let mut died_in = Vec::new();
    for number in NUMBERS {
        let host = paged.fleet.host(number);
        let (app, page) = (host.gates_are_open(), host.gate_is_open(2009));
        let phase = host.journal_phase();
        println!("{what}, host {number} killed in {phase:?}: app {app:?}, page {page}");
        assert!(app == [true; 2] || page, "{}", host.rules());
        died_in.extend(phase);
    }
    for number in NUMBERS {
        let host = paged.fleet.host(number);
        paged.agent(number).run("recover", "web").expect_exit(0);
        let (app, page) = (host.gates_are_open(), host.gate_is_open(2009));
        assert_eq!(app, [!page; 2], "{}", host.rules());
    }
    died_in
}
