//! Events at HAProxy: operators set lines, the stats socket is out of reach, HAProxy reloads.

use std::thread::sleep;

use crate::operation::says;
use crate::round::Round;
use lab::agent_check::AgentCheck;

/// The agent leaves lines alone that an operator has taken out of rotation, and does not wait for
/// them.
pub fn maintained(round: &mut Round) {
    let number = round.number;
    let state = round.pick(&["maint", "drain"]);
    let lines = [format!("web{number}"), format!("bkp{number}")];
    let lines = round.pick(&[&lines[..1], &lines[1..], &lines[..]]).to_vec();
    let mut operation = None;
    if round.one_in(2) {
        let moment = round.moment();
        let running = operation.insert(round.start("restart"));
        running.runs_after(moment);
    }
    lines
        .iter()
        .for_each(|line| round.set_line(line, &format!("state {state}")));
    let detail = format!("{} of {}", state.to_uppercase(), lines.join(" and "));
    let operation = operation.unwrap_or_else(|| round.start("restart"));
    round.end(operation, &detail, &[0]);
    round.booted(1..=1);
    for line in &lines {
        let status = round.fleet.haproxy.server(line).status().to_owned();
        if !status.starts_with(&state.to_uppercase()) {
            round.violated(&format!("{line} is {status}, not in {state}"));
        }
    }
    round.set_lines(number, "state ready");
}

/// Its agent check holds the main line DOWN, and ends in the middle: only the check of the closed
/// gate shows that the host is out.
pub fn down_by_agent(round: &mut Round) {
    let line = format!("web{}", round.number);
    let check = AgentCheck::says_down(&round.host().namespace);
    wait_for_status(round, &line, "DOWN (agent)");
    let trouble = round.fleet.haproxy.trouble();
    let mut operation = round.start("restart");
    let moment = round.moment();
    if round.one_in(2) {
        // Otherwise users would meet a cold app.
        let before = round.boots_before[round.number - 1];
        round.fleet.app(round.number).wait_for_boot_after(before);
    } else {
        operation.runs_after(moment);
    }
    let phase = operation.phase();
    check.say_up();
    round.end(operation, &format!("{phase}: agent check up again"), &[0]);
    round.booted(1..=1);
    wait_for_status(round, &line, "UP");
    let met = round.fleet.haproxy.trouble() - trouble;
    if met > 0 {
        round.violated(&format!(
            "{met} requests met a restarting app and were retried"
        ));
    }
}

fn wait_for_status(round: &Round, line: &str, status: &str) {
    let what = format!("{line} is {status}");
    round.fleet.haproxy.wait_until(&what, |lines| {
        let mut lines = lines.iter();
        lines.any(|one| one.get("svname") == line && one.status() == status)
    });
}

/// HAProxy does not answer the host's questions for a while: the firewall drops or refuses them.
pub fn silent(round: &mut Round) {
    let target = round.pick(&["DROP", "REJECT"]);
    let (moment, silence) = (round.moment(), round.millis(300..6000));
    let mut operation = round.start("restart");
    operation.runs_after(moment);
    let phase = operation.phase();
    let rule = [
        "-p",
        "tcp",
        "--dport",
        "9999",
        "-s",
        &round.host().address(),
        "-j",
        target,
    ];
    let balancer = &round.fleet.site.balancer;
    balancer.run("iptables", &[&["-A", "INPUT"], &rule[..]].concat());
    sleep(silence);
    balancer.run("iptables", &[&["-D", "INPUT"], &rule[..]].concat());
    let detail = format!("{phase}: {target} for {:.1} s", silence.as_secs_f64());
    let ended = round.end(operation, &detail, &[0, 11]);
    if ended.exit == 11 {
        if !says(&ended, "nothing was changed") {
            round.violated("refused, but something changed");
        }
        round.run("restart", &[0]);
    }
    round.booted(1..=1);
}

impl Round<'_> {
    /// The new worker starts its counters at zero.
    pub fn reload(&mut self) {
        self.account.trouble += self.fleet.haproxy.trouble();
        self.fleet.haproxy.reload();
    }

    /// Used after a round that ended in the middle.
    pub fn hear_again(&self) {
        self.fleet.site.balancer.run("iptables", &["-F", "INPUT"]);
    }
}

/// A request is in flight, and the leaving worker completes it: the agent does not restart the app
/// before that.
pub fn reloaded(round: &mut Round) {
    if round.request.is_none() {
        round.send_slow_request();
    }
    round.by_master = round.one_in(2);
    let moment = round.one_in(2).then(|| round.moment());
    let (operation, detail) = match moment {
        None => {
            round.reload();
            (round.start("restart"), "after a reload".to_owned())
        }
        Some(moment) => {
            let mut operation = round.start("restart");
            operation.runs_after(moment);
            let phase = operation.phase();
            round.reload();
            (operation, format!("{phase}: reload"))
        }
    };
    round.end(operation, &detail, &[0]);
    round.booted(1..=1);
}
