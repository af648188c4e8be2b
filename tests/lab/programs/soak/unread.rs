//! Agents without a reader: their output goes into a full pipe.

use std::io::{self, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::round::Round;
use lab::harm::{HARM, harm};
use lab::unread::{Unread, full_pipe};
use lab::wait_for;

/// More time than a restart needs, with all additions of a round.
const LIMIT: Duration = Duration::from_secs(60);

/// A program without anything left to do ends in this time.
const TO_END: Duration = Duration::from_secs(6);

/// Nothing reads its log, and its outcome only after it has done its work.
pub fn operation(round: &mut Round) {
    let (_log, log) = full_pipe();
    let (mut reader, out) = match round.one_in(2) {
        true => full_pipe(),
        false => io::pipe().expect("a pipe"),
    };
    let words = ["restart", "web", "--json", "--progress", "-vv"];
    let mut command = round.agent(round.number).command(&words);
    let began = Instant::now();
    let mut restart = Unread::start(&mut command, out, log);
    // The command has the pipes' ends, too.
    drop(command);
    round.look_at(restart.pid());
    let (number, host) = (round.number, round.host());
    let booted = || round.fleet.boots()[number - 1] > round.boots_before[number - 1];
    wait_for("a restart without a reader", LIMIT, || {
        let is_done = booted() && host.journal_phase().is_none();
        (is_done && host.gates_are_open() == [true; 2]).then_some(())
    });
    let mut said = String::new();
    reader.read_to_string(&mut said).expect("text");
    let exit = restart.ends(TO_END).code().unwrap_or(-1);
    let seconds = began.elapsed().as_secs_f64();
    round
        .account
        .operation(number, "restart", exit, seconds, "without a reader");
    let said = said.trim_start_matches('.');
    if exit != 0 || !said.contains("\"outcome\":\"restarted\"") {
        round.violated(&format!("restart exits with {exit}, not 0: {said}"));
    }
    round.booted(1..=1);
}

/// It repairs, an operation works beside it, and SIGTERM ends it: the gates stay as they are.
pub fn sidecar(round: &mut Round) {
    let (_log, log) = full_pipe();
    let mut command = round.agent(round.number).command(&["run", "-vv"]);
    let mut sidecar = Unread::start(&mut command, Stdio::null(), log);
    round.look_at(sidecar.pid());
    let (host, (_, flush)) = (round.host(), HARM[0]);
    harm(host, "iptables", flush);
    host.wait_for_gate(2000, true);
    host.wait_for_gate(3000, true);
    let beside = round.pick(&["nothing", "restart", "close"]);
    match beside {
        "restart" => {
            round.run("restart", &[0]);
            round.booted(1..=1);
        }
        "close" => {
            round.run("close", &[0]);
        }
        _ => {}
    }
    let is_open = [beside != "close"; 2];
    let began = Instant::now();
    sidecar.signal(Signal::SIGTERM);
    let exit = sidecar.ends(TO_END).code().unwrap_or(-1);
    let seconds = began.elapsed().as_secs_f64();
    let detail = format!("stopped after {beside}, without a reader");
    round
        .account
        .operation(round.number, "run", exit, seconds, &detail);
    if exit != 0 {
        round.violated(&format!("a stopped sidecar exits with {exit}"));
    }
    if host.gates_are_open() != is_open {
        round.violated("a stopped sidecar has moved the gates");
    }
    round.run_if(beside == "close", "open");
}
