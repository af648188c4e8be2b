//! The tables, at most 80 columns wide.

use crate::checks::Checks;
use crate::figures::Figures;
use crate::polls::Polls;
use crate::program::Program;
use crate::restart::Restarts;
use crate::rolls::{CHECKS, Roll};
use crate::spread::Spread;
use crate::switch::Way;

pub fn print(figures: &Figures) {
    let set_up = &figures.set_up;
    println!(
        "agent {} ({}), HAProxy {}",
        set_up.agent, set_up.profile, set_up.haproxy
    );
    println!("Linux {}, {} CPUs", set_up.kernel, set_up.cpus);
    figures.restart.iter().for_each(restarts);
    figures.polls.iter().for_each(polls);
    figures.checks.iter().for_each(|all| checks(all));
    figures.rolls.iter().for_each(|all| rolls(all));
    figures.switch.iter().for_each(|all| switch(all));
    figures.program.iter().for_each(program);
}

fn restarts(all: &Restarts) {
    println!(
        "\nA restart, two-stage, under traffic, {} times ({})\n",
        all.times, all.checks
    );
    println!(
        "{:<48}{:>10}{:>10}{:>10}",
        "seconds", "median", "min", "max"
    );
    let row = |name: &str, spread: &Spread| {
        let Spread { median, min, max } = spread;
        println!("{name:<48}{median:>10.3}{min:>10.3}{max:>10.3}");
    };
    for part in &all.floor_parts {
        row(&format!("  {}", part.name), &part.seconds);
    }
    row("the floor of this set-up", &all.floor);
    for part in &all.agent_parts {
        row(&format!("  {}", part.name), &part.seconds);
    }
    row("the agent's own share", &all.share);
    row("the whole operation", &all.whole);
    row("the whole, in floors", &all.ratio);
    let name = "  in floors that have no claim (the first row)";
    row(name, &all.ratio_without_claim);
    verdict(
        &format!("{:.2}", all.aim),
        &format!("{:.3}", all.ratio.median),
        all.met,
    );
}

fn polls(all: &Polls) {
    println!("\nWhat one look costs HAProxy, in ms of its CPU time\n");
    println!(
        "{:<24}{:>18}{:>14}{:>22}",
        "servers, in backends of", "the agent's poll", "show stat", "show servers state"
    );
    for shape in &all.shapes {
        println!(
            "{:>7}{:>17}{:>18.3}{:>14.3}{:>22.3}",
            shape.servers,
            shape.servers_a_backend,
            shape.poll_ms.median,
            shape.show_stat_ms.median,
            shape.servers_state_ms.median
        );
    }
    println!("in one backend HAProxy passes all its servers: ours are the last there.");
    let aim = format!("10,000 as 10, within {:.1}", all.aim);
    verdict(&aim, &format!("{:.2}", all.ratio), all.met);
}

fn checks(all: &[Checks]) {
    println!("\nHow quick HAProxy's checks are, in seconds (the longest), and their cost\n");
    println!(
        "{:<22}{:>10}{:>7}{:>13}{:>13}{:>13}",
        "inter/fast-/downinter", "a second*", "CPU**", "twin DOWN", "main DOWN", "both UP"
    );
    for one in all {
        let both = |spread: &Spread| format!("{:.2} ({:.2})", spread.median, spread.max);
        println!(
            "{:<22}{:>10.1}{:>6.1}%{:>13}{:>13}{:>13}",
            short(one.main),
            one.a_second,
            one.cpu_percent,
            both(&one.claim),
            both(&one.close),
            both(&one.open)
        );
        one.twin
            .iter()
            .for_each(|twin| println!("  twins {}", short(twin)));
    }
    println!("\n* checks of one host. ** HAProxy's for 100 hosts. All with fall 2 rise 2.");
}

/// `1s/300ms/500ms`: the times alone.
fn short(checks: &str) -> String {
    let times: Vec<&str> = checks.split(' ').skip(1).step_by(2).collect();
    times.join("/")
}

fn rolls(all: &[Roll]) {
    let (hosts, rate) = (all[0].hosts, all[0].rate);
    let hosts = if hosts == 1 {
        "one host".to_owned()
    } else {
        format!("{hosts} hosts")
    };
    println!("\nA roll of {hosts}, one after the other, under {rate:.0} requests a second\n");
    println!(
        "{:<24}{:>10}{:>8}{:>11}{:>15}{:>11}",
        "", "requests", "failed", "slowest", "seconds a host", "HAProxy's*"
    );
    let own = format!("with the checks `{}`:", CHECKS.1);
    let printed = "with the checks that `agent haproxy-config` prints:";
    for (title, is_printed) in [(own.as_str(), false), (printed, true)] {
        println!("{title}");
        let rolls = all
            .iter()
            .filter(|roll| (roll.checks != CHECKS.1) == is_printed);
        rolls.for_each(one_roll);
    }
    println!("\n* its econ + eresp + wretr + wredis; every slow POST takes 0.3 s by itself.");
    for (roll, aim) in all.iter().filter_map(|roll| Some((roll, roll.aim?))) {
        let met = roll.seconds_a_host <= aim && roll.failed == 0;
        let aim = format!("{aim:.1} s a host, {}", roll.how);
        verdict(&aim, &format!("{:.2}", roll.seconds_a_host), met);
    }
}

fn one_roll(roll: &Roll) {
    let slowest = format!("{:.2} s", roll.slowest_ms / 1000.0);
    println!(
        "  {:<22}{:>10}{:>8}{slowest:>11}{:>15.1}{:>11}",
        roll.how, roll.requests, roll.failed, roll.seconds_a_host, roll.trouble
    );
}

fn switch(all: &[Way]) {
    println!(
        "\nOne host of three to a new version, under {:.0} requests a second ({})\n",
        all[0].rate, all[0].checks
    );
    println!(
        "{:<26}{:>8}{:>8}{:>8}{:>10}{:>8}{:>12}",
        "", "seconds", "max", "failed", "slowest", "moved", "HAProxy's*"
    );
    for way in all {
        let Spread { median, max, .. } = way.seconds;
        let slowest = format!("{:.2} s", way.slowest_ms / 1000.0);
        println!(
            "{:<26}{median:>8.2}{max:>8.2}{:>8}{slowest:>10}{:>8}{:>12}",
            way.how, way.failed, way.moved, way.trouble
        );
    }
    println!("\n* its econ + eresp + wretr + wredis; the app starts in 1 s.");
    for (way, aim) in all.iter().filter_map(|way| Some((way, way.aim?))) {
        let met = way.seconds.median <= aim && way.failed == 0;
        let aim = format!("{aim:.1} s, {}", way.how);
        verdict(&aim, &format!("{:.2}", way.seconds.median), met);
    }
}

fn program(all: &Program) {
    println!("\nThe program\n");
    let time = |what: &str, spread: &Spread| {
        let Spread { median, min, max } = spread;
        println!("{what:<40}{median:>9.1} ms  ({min:.1} to {max:.1})");
    };
    let memory = |what: &str, kilobytes: u64| {
        println!("{what:<40}{:>9.1} MiB", kilobytes as f64 / 1024.0);
    };
    time("agent --version", &all.version_ms);
    time("agent status", &all.status_ms);
    memory("agent restart, peak memory", all.restart_kilobytes);
    memory(
        &format!("agent run for {} s, peak memory", all.run_seconds),
        all.run_kilobytes,
    );
    println!("{:<40}{:>9.1} MiB", "size", all.bytes as f64 / 1048576.0);
    verdict(
        &format!("status in {:.0} ms", all.aim_ms),
        &format!("{:.1}", all.status_ms.median),
        all.met,
    );
}

fn verdict(aim: &str, is: &str, met: bool) {
    let met = if met { "met" } else { "MISSED" };
    println!("aim {aim}: {met}, {is}");
}
