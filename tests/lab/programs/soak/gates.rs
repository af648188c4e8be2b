//! Other programs change the rules, between two operations and in the middle of one.

use std::time::{Duration, Instant};

use crate::operation::says;
use crate::round::Round;
use lab::harm::{HARM, harm};

/// If a gate closed a moment ago and HAProxy has not noticed yet, the agent reports another process
/// behind it.
const NOT_NOTICED: &str = "if the gate was closed a moment ago, try again";

/// A change so shortly before the end of an agent may have escaped it.
const AT_THE_END: Duration = Duration::from_millis(300);

/// `agent status` shows the change, and the next operation fixes it.
pub fn changed_between(round: &mut Round) {
    let (what, command) = round.pick(&HARM);
    let iptables = round.pick(&["iptables", "ip6tables"]);
    harm(round.host(), iptables, command);
    let status = round.start("status");
    round.end(status, &format!("{what}, {iptables}"), &[1]);
    if round.one_in(2) {
        round.run("recover", &[0]);
        return;
    }
    if round.run("restart", &[0, 11]).exit == 11 {
        std::thread::sleep(Duration::from_secs(1));
        round.run("restart", &[0]);
    }
    round.booted(1..=1);
}

pub fn changed_meanwhile(round: &mut Round) {
    let saved = Saved::of(round);
    let mut operation = round.start("restart");
    let moment = round.moment();
    let iptables = round.pick(&["iptables", "ip6tables"]);
    let (what, command) = match round.one_in(3) {
        true => ("open gates are restored", saved.restore(iptables)),
        false => {
            let (what, command) = round.pick(&HARM);
            // The rule that it deletes may be missing at that moment.
            (what, format!("{{ {command}; }} 2>/dev/null || true"))
        }
    };
    operation.runs_after(moment);
    let phase = operation.phase();
    harm(round.host(), iptables, &command);
    let changed = Instant::now();
    let detail = format!("{phase}: {what}, {iptables}");
    let ended = round.end(operation, &detail, &[0, 11]);
    let refused = ended.exit == 11 && says(&ended, NOT_NOTICED);
    if ended.exit == 11 && !refused {
        round.violated("refused, but not for the gate that was closed");
    }
    round.booted(if refused { 0..=0 } else { 1..=1 });
    let is_late = refused || phase == "open" || changed.elapsed() < AT_THE_END;
    if is_late && round.run("status", &[0, 1]).exit == 1 {
        round.run("recover", &[0]);
    }
}

/// The rules of a host with open gates, as a boot script restores them.
struct Saved(String);

impl Saved {
    fn of(round: &Round) -> Saved {
        let host = round.host();
        for iptables in ["iptables", "ip6tables"] {
            let rules = host
                .namespace
                .run(&format!("{iptables}-save"), &["-t", "nat"]);
            std::fs::write(host.dir.join(iptables), rules).expect("a file of rules");
        }
        Saved(host.dir.display().to_string())
    }

    fn restore(&self, iptables: &str) -> String {
        format!("{iptables}-restore {}/{iptables}", self.0)
    }
}

/// Gates that an operator closed remain closed, also during a restart of the app. They open when he
/// opens them, or restarts the app with the option for it.
pub fn held(round: &mut Round) {
    round.run("close", &[0]);
    round.run("status", &[0]);
    round.run("recover", &[0]);
    is_held(round, "`agent recover`");
    round.run("restart", &[11]);
    is_held(round, "a refused restart");
    let stays = round.one_in(2);
    if stays {
        round.run_with("restart", "--stay-closed", &[0]);
        is_held(round, "`agent restart --stay-closed`");
    }
    let reopens = round.one_in(2);
    match reopens {
        true => round.run_with("restart", "--reopen", &[0]),
        false => round.run("open", &[0]),
    };
    let times = usize::from(stays) + usize::from(reopens);
    round.booted(times..=times);
}

fn is_held(round: &mut Round, after: &str) {
    let host = round.host();
    if host.gates_are_open() != [false; 2] {
        round.violated(&format!("{after} opened gates that an operator closed"));
    }
    if !host.dir.join("state/web.closed").exists() {
        round.violated(&format!("{after} ended an operator's hold"));
    }
}
