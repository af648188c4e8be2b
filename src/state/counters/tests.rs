use super::*;
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn phase(phase: &'static str, seconds: f64) -> PhaseTime {
    PhaseTime {
        phase,
        start: 0.0,
        seconds,
        acting: 0.0,
        waited_for: Vec::new(),
        output: Vec::new(),
    }
}

fn done<'a>(outcome: &'a str, exit: u8, phases: &'a [PhaseTime], ended: f64) -> Done<'a> {
    Done {
        verb: "restart",
        outcome,
        exit,
        phases,
        ended,
    }
}

#[test]
fn operations_are_counted_by_how_they_ended() {
    let directory = tempfile::tempdir().unwrap();
    let state_dir = directory.path();
    assert_eq!(Counters::read(state_dir, "web"), Counters::default());
    let phases = [phase("close", 0.26), phase("drain", 60.5)];
    Counters::add(state_dir, "web", &done("restarted", 0, &phases, 100.5)).unwrap();
    Counters::add(state_dir, "web", &done("drain_ran_out", 14, &phases, 200.5)).unwrap();
    Counters::add(state_dir, "web", &done("restarted", 0, &phases[..1], 300.5)).unwrap();
    Counters::add(state_dir, "api", &done("restarted", 0, &[], 400.5)).unwrap();
    Counters::repaired(state_dir, "web").unwrap();
    let counters = Counters::read(state_dir, "web");
    let restarts = &counters.operations["restart"];
    assert_eq!((restarts["restarted"], restarts["drain_ran_out"]), (2, 1));
    let [close, drain] = ["close", "drain"].map(|phase| counters.phases["restart"][phase]);
    assert_eq!((close.count(), close.counts[3]), (3, 3));
    assert!((close.sum - 0.78).abs() < 1e-9, "{}", close.sum);
    assert_eq!((drain.count(), drain.counts[11]), (2, 2));
    assert_eq!(counters.last_success["restart"], 300.5);
    assert_eq!(counters.repairs, 1);
    assert_eq!(Counters::read(state_dir, "api").operations.len(), 1);
}

#[test]
fn what_failed_is_no_success() {
    let mut counters = Counters::default();
    counters.count(&done("not_healthy", 15, &[], 100.0));
    assert!(counters.last_success.is_empty());
}

#[test]
fn a_bound_belongs_to_its_bucket() {
    let mut histogram = Histogram::default();
    for seconds in [0.0, 0.05, 0.050_001, 120.0, 120.1, 1e9] {
        histogram.observe(seconds);
    }
    assert_eq!(histogram.counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
}

#[test]
fn no_counter_goes_beyond_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let mut full = Counters {
        repairs: u64::MAX,
        ..Counters::default()
    };
    let again = [phase("close", 0.0)];
    let again = done("restarted", 0, &again, 1.0);
    full.count(&again);
    let outcomes = full.operations.get_mut("restart").unwrap();
    outcomes.insert("restarted".to_owned(), u64::MAX);
    let phases = full.phases.get_mut("restart").unwrap();
    phases.get_mut("close").unwrap().counts = [u32::MAX; 13];
    StateFile::Counters
        .write(directory.path(), "web", &full)
        .unwrap();
    Counters::add(directory.path(), "web", &again).unwrap();
    Counters::repaired(directory.path(), "web").unwrap();
    let read = Counters::read(directory.path(), "web");
    assert_eq!(read, full);
    assert_eq!(
        read.phases["restart"]["close"].count(),
        13 * u64::from(u32::MAX)
    );
}

#[test]
fn what_cannot_be_believed_is_counted_anew() {
    let directory = tempfile::tempdir().unwrap();
    let state_dir = directory.path();
    let path = StateFile::Counters.path(state_dir, "web");
    assert_eq!(path, state_dir.join("web.counters"));
    fs::write(&path, "{\"operations\": {\"restart\"").unwrap();
    assert_eq!(Counters::read(state_dir, "web"), Counters::default());
    Counters::repaired(state_dir, "web").unwrap();
    assert_eq!(Counters::read(state_dir, "web").repairs, 1);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(Counters::read(state_dir, "web"), Counters::default());
    assert_eq!(
        crate::state::directory::trusted(state_dir, state_dir, "web"),
        Ok(())
    );
    Counters::repaired(state_dir, "web").unwrap();
    assert_eq!(Counters::read(state_dir, "web").repairs, 1);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
}

#[test]
fn what_a_newer_agent_has_counted_is_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let path = StateFile::Counters.path(directory.path(), "web");
    fs::write(&path, "{\"repairs\": 3, \"moons\": [1]}").unwrap();
    assert_eq!(Counters::read(directory.path(), "web").repairs, 3);
}

#[test]
fn a_write_that_fails_is_an_error() {
    let nowhere = Path::new("/proc/haproxy-gate");
    assert!(Counters::repaired(nowhere, "web").is_err());
    assert!(Counters::add(nowhere, "web", &done("restarted", 0, &[], 1.0)).is_err());
}
