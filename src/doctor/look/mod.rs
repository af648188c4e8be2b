//! Gathers the facts, read-only: no lock is taken, no rule touched, no file written.

mod count;
mod directory;
mod network;

use super::{AppFacts, Facts, Point, app, balancer, file, firewall, gates, host, judge, tables};
use crate::config::{AppSettings, Settings};
use crate::gate::{Firewall, Gate, GateError, Position, View, bound};
use crate::haproxy::{Balancer, Own, Role};
use crate::host::{ThisHost, balancers};
use crate::journal::{Entry, Journal};
use crate::lock::{Lock, told};
use crate::stop::Stop;
use crate::survey::Survey;
use crate::{hold, state};
use futures_util::future::join_all;
use network::Network;
use procfs::process::Process;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// CAP_NET_ADMIN, by its number (capabilities(7)).
const NET_ADMIN: u64 = 1 << 12;
/// `nft` answers in milliseconds.
const NFT_ANSWERS: Duration = Duration::from_secs(10);

/// What is to be looked at.
pub struct Asked<'a> {
    /// Where the settings are from.
    pub config: &'a Path,
    /// All of them.
    pub settings: &'a Settings,
    /// The apps that were asked for.
    pub apps: &'a [AppSettings],
    /// Why too few files may be open.
    pub files: Result<(), String>,
    /// HAProxy's configuration file and its text; Err: why it can't be read.
    pub haproxy_cfg: Option<(PathBuf, Result<String, String>)>,
    /// Counts no checks, and waits for nothing.
    pub quick: bool,
    /// Told before it waits.
    pub tell: &'a dyn Fn(&str),
}

/// Looks at everything, and judges it.
pub async fn look(asked: Asked<'_>) -> Vec<Point> {
    let host = host(&asked);
    let network = Network::look();
    let mut apps = Vec::new();
    let mut firewall = None;
    let mut rules = None;
    for settings in asked.apps {
        let seen = of_app(asked.settings, settings, &network).await;
        let Looked {
            facts,
            firewall: there,
            rules: found,
        } = seen;
        apps.push(facts);
        firewall = firewall.or(there);
        rules = merged(rules, found);
    }
    let filters = match &firewall {
        Some(firewall) if host.sees_rules() => filters(firewall).await,
        _ => Err("the rules can't be read".to_owned()),
    };
    if let Ok(firewall::Filters { nft: Some(nft), .. }) = &filters {
        apps.iter_mut().for_each(|app| native_redirects(app, nft));
    }
    if let Some(firewall) = firewall.filter(|_| !asked.quick && host.sees_rules()) {
        count::checks(&firewall, &mut apps, asked.tell).await;
    }
    let facts = Facts {
        config: configuration(&asked),
        tables: tables::Tables {
            kernel: kernel(),
            used: rules.unwrap_or_else(|| Err("no app".to_owned())),
        },
        host,
        filters,
        apps,
        file: asked
            .haproxy_cfg
            .map(|(path, text)| file::File { path, text }),
    };
    judge(&facts)
}

/// Linux's release.
fn kernel() -> String {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease");
    release.unwrap_or_default().trim().to_owned()
}

fn configuration(asked: &Asked) -> String {
    let names: Vec<&str> = asked
        .settings
        .apps
        .iter()
        .map(|app| app.name.as_str())
        .collect();
    let balancers = asked.settings.balancers.len();
    let balancers = match balancers {
        1 => "1 balancer".to_owned(),
        several => format!("{several} balancers"),
    };
    let (config, plural) = (
        asked.config.display(),
        if names.len() > 1 { "s" } else { "" },
    );
    format!("{config}: app{plural} {}; {balancers}", names.join(", "))
}

fn host(asked: &Asked) -> host::Host {
    let agent = &asked.settings.agent;
    let status = Process::myself().and_then(|own| own.status());
    let sidecar = Lock::holder(&state::sidecar(&agent.state_dir));
    host::Host {
        root: nix::unistd::geteuid().is_root(),
        net_admin: status.is_ok_and(|status| status.capeff & NET_ADMIN != 0),
        directories: directory::all(agent, asked.apps),
        sidecar: sidecar.map(|who| told(who.as_ref())),
        files: asked.files.clone(),
    }
}

/// One app, and what it brought to light of the whole host.
struct Looked {
    facts: AppFacts,
    firewall: Option<Firewall>,
    rules: Result<tables::Used, String>,
}

async fn of_app(all: &Settings, settings: &AppSettings, network: &Network) -> Looked {
    let host = ThisHost::new(all, settings, Stop::default()).await;
    let mut asked = match &host {
        Ok(host) => host.balancers.clone(),
        Err(_) => balancers(all, settings),
    };
    let examining = asked.iter_mut().map(Balancer::examine);
    let seen = join_all(examining).await;
    let seen: Vec<balancer::Balancer> = asked
        .iter()
        .zip(seen)
        .map(|(balancer, seen)| balancer::Balancer {
            name: balancer.name.clone(),
            address: balancer.address().clone(),
            has_master: balancer.has_master(),
            seen,
        })
        .collect();
    let lines = of_lines(&asked, &seen, network).await;
    let mut looked = Looked {
        facts: AppFacts {
            settings: settings.clone(),
            gates: None,
            checked: Vec::new(),
            app: None,
            balancers: seen,
            counted: Vec::new(),
        },
        firewall: None,
        rules: Err(String::new()),
    };
    let mut host = match host {
        Ok(host) => host,
        Err(error) => {
            looked.rules = Err(error.to_string());
            return looked;
        }
    };
    host.look_again(&asked);
    let survey = host.survey(false).await;
    looked.facts.app = Some(of_itself(settings, &survey, &lines));
    let (gates, used) = match &survey.rules {
        Ok(view) => (
            Some(of_gates(all, settings, view, &survey)),
            Ok(used(&host.firewall, view, &host.gates)),
        ),
        Err(error) => (None, Err(error.to_string())),
    };
    looked.facts.checked = host
        .gates
        .iter()
        .map(|gate| checked(gate, gates.as_ref(), &lines))
        .collect();
    (looked.facts.gates, looked.rules) = (gates, used);
    looked.firewall = Some(host.firewall);
    looked
}

/// A line of ours, how its checks come, and how the last one ended.
pub(super) struct Line {
    own: Own,
    way: network::Way,
    word: Option<String>,
}

async fn of_lines(asked: &[Balancer], seen: &[balancer::Balancer], network: &Network) -> Vec<Line> {
    let mut lines = Vec::new();
    for (balancer, examined) in asked.iter().zip(seen) {
        let Ok(examined) = &examined.seen else {
            continue;
        };
        for own in examined.own() {
            let listed = examined
                .listed(own)
                .and_then(|listed| listed.check.as_ref());
            lines.push(Line {
                own: own.clone(),
                way: network.way(balancer, own).await,
                word: listed.map(|check| check.status.clone()),
            });
        }
    }
    lines
}

fn of_itself(settings: &AppSettings, survey: &Survey, lines: &[Line]) -> app::App {
    let led = lines
        .iter()
        .filter(|line| line.own.role != Role::ClassicTwin);
    let named = |own: &Own| format!("{}/{}", own.backend, own.server);
    app::App {
        app: settings.name.clone(),
        port: settings.ports.port,
        bound: bound(settings.ports.port),
        led_to: led
            .map(|line| (named(&line.own), line.way.led_to))
            .collect(),
        health: survey.health.clone(),
        askable: survey.askable.clone(),
        restart: (settings.restart.to_string(), survey.restart.clone()),
        countable: survey.countable.clone(),
    }
}

fn of_gates(all: &Settings, settings: &AppSettings, view: &View, survey: &Survey) -> gates::Gates {
    let agent = &all.agent;
    let app = &settings.name;
    let seen = survey
        .listeners
        .iter()
        .map(|(gate, listeners)| gates::Seen {
            gate: gate.clone(),
            position: view.position(gate),
            foreign: view
                .foreign_in_use(gate)
                .into_iter()
                .map(|one| (one.rule, one.removal))
                .collect(),
            listeners: listeners.clone(),
        });
    gates::Gates {
        app: app.clone(),
        gates: seen.collect(),
        left_behind: match Journal::left_behind(&agent.state_dir, app) {
            Ok(entry) => entry.as_ref().map(Entry::cut_short),
            Err(torn) => Some(torn),
        },
        held: hold::now(&agent.hold_dir, app).map(|held| held.told()),
        under_way: Lock::holder(&state::app_lock(&agent.state_dir, app)).is_some(),
        sidecar: Lock::holder(&state::sidecar(&agent.state_dir)).is_some(),
    }
}

fn used(firewall: &Firewall, view: &View, gates: &[Gate]) -> tables::Used {
    let shadowing = gates.iter().flat_map(|gate| view.foreign_beside(gate));
    tables::Used {
        variant: firewall.variant(),
        beside: view.beside(),
        shadowing: shadowing.map(|one| (one.rule, one.removal)).collect(),
    }
}

/// What one app's gates have in the way of the whole host's tables counts for all.
fn merged(
    all: Option<Result<tables::Used, String>>,
    one: Result<tables::Used, String>,
) -> Option<Result<tables::Used, String>> {
    match (all, one) {
        (Some(Ok(mut all)), Ok(one)) => {
            all.shadowing.extend(one.shadowing);
            Some(Ok(all))
        }
        (Some(Err(why)), _) | (_, Err(why)) => Some(Err(why)),
        (None, one) => Some(one),
    }
}

fn checked(gate: &Gate, gates: Option<&gates::Gates>, lines: &[Line]) -> firewall::Checked {
    let of_gate: Vec<&Line> = lines
        .iter()
        .filter(|line| line.own.role == role(gate))
        .collect();
    let mut packets: Vec<firewall::Packet> = Vec::new();
    for line in &of_gate {
        let packet = line.way.packet(gate.status_port);
        if !packets.contains(&packet) {
            packets.push(packet);
        }
    }
    if packets.is_empty() {
        packets.push(network::Way::default().packet(gate.status_port));
    }
    let seen = gates.and_then(|gates| gates.gates.iter().find(|seen| seen.gate == *gate));
    let is_closed = seen.is_some_and(|seen| seen.position == Position::Closed);
    let words = || {
        of_gate
            .iter()
            .filter_map(|line| line.word.clone())
            .collect()
    };
    firewall::Checked {
        gate: gate.clone(),
        packets,
        closed: is_closed.then(words),
    }
}

/// Native rules that lead a status port, too: no less in the way than those of iptables.
fn native_redirects(app: &mut AppFacts, nft: &firewall::Ruleset) {
    let seen = app.gates.iter_mut().flat_map(|gates| &mut gates.gates);
    for (seen, checked) in seen.zip(&app.checked) {
        for redirect in checked
            .packets
            .iter()
            .flat_map(|packet| nft.redirects(packet))
        {
            if !seen.foreign.contains(&redirect) {
                seen.foreign.push(redirect);
            }
        }
    }
}

/// Whose check comes by that gate.
pub(super) fn role(gate: &Gate) -> Role {
    match gate.side {
        crate::gate::Side::Main => Role::Main,
        crate::gate::Side::Backup => Role::Twin,
    }
}

async fn filters(firewall: &Firewall) -> Result<firewall::Filters, String> {
    let told = |error: GateError| error.to_string();
    Ok(firewall::Filters {
        iptables: firewall.filters().await.map_err(told)?,
        nft: nft().await?,
    })
}

/// None: it is not installed, and hardly anybody has native rules without it.
async fn nft() -> Result<Option<firewall::Ruleset>, String> {
    let mut command = Command::new("nft");
    command
        .args(["-j", "list", "ruleset"])
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = match tokio::time::timeout(NFT_ANSWERS, command.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Ok(Err(error)) => return Err(format!("nft: {error}")),
        Err(_) => return Err(format!("nft did not answer within {NFT_ANSWERS:?}")),
    };
    match output.status.success() {
        true => firewall::Ruleset::parse(&String::from_utf8_lossy(&output.stdout))
            .map(Some)
            .map_err(|what| format!("`nft -j list ruleset`: {what}")),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!(
                "`nft -j list ruleset`: {}",
                said.lines().next().unwrap_or("failed")
            ))
        }
    }
}
