//! Settings that hold together: what the rest of the program is given.

use super::Mistake;
use super::file::{
    AppFile, ConfigFile, HaproxyFile, HealthFile, IptablesFile, JobFile, RestartFile,
};
use super::port::Port;
use crate::app::{Health, HealthCheck, Job, Restart};
use crate::gate::{Gate, Side, Variant};
use crate::haproxy::{Address, AppPorts, Names};
use crate::restart::Limits;
use nix::sys::signal::Signal;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use toml::Spanned;

/// The whole configuration, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The apps of this host, by name.
    pub apps: Vec<AppSettings>,
    /// The balancers before it.
    pub balancers: Vec<BalancerSettings>,
    /// The agent's own.
    pub agent: AgentSettings,
}

/// One app.
#[derive(Debug, Clone)]
pub struct AppSettings {
    /// Its name.
    pub name: String,
    /// Its ports.
    pub ports: AppPorts,
    /// Where it listens, if not where HAProxy's line says.
    pub address: Option<IpAddr>,
    /// How to tell that it is healthy.
    pub health: Health,
    /// How to restart it.
    pub restart: Restart,
    /// Other usable servers there must be in each backend.
    pub min_available: usize,
    /// Limits and policies.
    pub limits: Limits,
}

/// One balancer.
#[derive(Debug, Clone)]
pub struct BalancerSettings {
    /// Its stats socket.
    pub address: Address,
    /// The limit for one question.
    pub timeout: Duration,
    /// The one app it serves; None: all of them.
    pub app: Option<String>,
    /// That app's lines by name.
    pub names: Option<Names>,
}

impl BalancerSettings {
    /// Whether it serves the app of that name.
    pub fn serves(&self, app: &str) -> bool {
        self.app.as_ref().is_none_or(|only| only == app)
    }
}

/// The agent's own settings.
#[derive(Debug, Clone)]
pub struct AgentSettings {
    /// Lock and journal.
    pub state_dir: PathBuf,
    /// Addresses of this host beside those of its interfaces.
    pub addresses: Vec<IpAddr>,
    /// Between two looks at HAProxy.
    pub poll: Duration,
    /// IPv6 rules, where the kernel has IPv6.
    pub ipv6: bool,
    /// None: what the `iptables` command is.
    pub iptables: Option<Variant>,
}

impl AppSettings {
    /// Its gates: the main one, and in the two-stage layout the twin's.
    pub fn gates(&self) -> Vec<Gate> {
        let gate = |side, status_port| Gate {
            app: self.name.clone(),
            side,
            status_port,
            port: self.ports.port,
        };
        let backup = self
            .ports
            .backup_status_port
            .map(|port| gate(Side::Backup, port));
        [gate(Side::Main, self.ports.status_port)]
            .into_iter()
            .chain(backup)
            .collect()
    }
}

/// Checks what serde can't.
pub(super) fn check(file: ConfigFile) -> Result<Settings, Mistake> {
    let nowhere = |what: &str| Mistake {
        at: None,
        what: what.to_owned(),
    };
    if file.app.is_empty() {
        return Err(nowhere(
            "no app: add [app.NAME] with port, status_port and restart",
        ));
    }
    if file.haproxy.is_empty() {
        return Err(nowhere("no balancer: add [[haproxy]] with socket"));
    }
    distinct_ports(&file.app)?;
    let names: Vec<String> = file.app.keys().map(|name| name.get_ref().clone()).collect();
    let apps = file.app.into_iter().map(|(name, app)| check_app(name, app));
    let balancers = file
        .haproxy
        .into_iter()
        .map(|haproxy| check_balancer(haproxy, &names));
    let apps: Vec<AppSettings> = apps.collect::<Result<_, _>>()?;
    let balancers: Vec<BalancerSettings> = balancers.collect::<Result<_, _>>()?;
    let alone = |app: &&AppSettings| !balancers.iter().any(|balancer| balancer.serves(&app.name));
    if let Some(app) = apps.iter().find(alone) {
        return Err(nowhere(&format!(
            "no [[haproxy]] serves app.{}: add one, or mend its `app`",
            app.name
        )));
    }
    Ok(Settings {
        apps,
        balancers,
        agent: AgentSettings {
            state_dir: file.agent.state_dir,
            addresses: file.agent.addresses,
            poll: file.agent.poll,
            ipv6: file.agent.ipv6,
            iptables: file.agent.iptables.map(|variant| match variant {
                IptablesFile::Nft => Variant::Nft,
                IptablesFile::Legacy => Variant::Legacy,
            }),
        },
    })
}

/// A port that stands twice would lead one gate's checks to another app, or to itself.
fn distinct_ports(apps: &BTreeMap<Spanned<String>, AppFile>) -> Result<(), Mistake> {
    let mut taken: BTreeMap<u16, String> = BTreeMap::new();
    for (name, app) in apps {
        let ports: [(&str, Option<&Spanned<Port>>); 3] = [
            ("port", Some(&app.port)),
            ("status_port", Some(&app.status_port)),
            ("backup_status_port", app.backup_status_port.as_ref()),
        ];
        for (key, port) in ports
            .into_iter()
            .filter_map(|(key, port)| Some((key, port?)))
        {
            let number = port.get_ref().0;
            let place = format!("app.{}.{key}", name.get_ref());
            if let Some(first) = taken.insert(number, place) {
                let what = format!("{key} {number} is {first} already: every port may stand once");
                return Err(Mistake::new(port.span(), what));
            }
        }
    }
    Ok(())
}

fn check_app(name: Spanned<String>, app: AppFile) -> Result<AppSettings, Mistake> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    if name.get_ref().is_empty()
        || name.get_ref().len() > 64
        || !name.get_ref().chars().all(harmless)
    {
        let what = "an app's name is 1 to 64 letters, digits, `_`, `.` or `-`: it stands in the rule's comment";
        return Err(Mistake::new(name.span(), what));
    }
    let health = check_health(app.health)?;
    Ok(AppSettings {
        name: name.into_inner(),
        ports: AppPorts {
            port: app.port.get_ref().0,
            status_port: app.status_port.get_ref().0,
            backup_status_port: app.backup_status_port.as_ref().map(|port| port.get_ref().0),
        },
        address: app.address,
        restart: check_restart(app.restart)?,
        min_available: app.min_available,
        limits: Limits {
            sticky: app.sticky,
            out_of_rotation: app.timeouts.out_of_rotation,
            drain: app.timeouts.drain,
            restart: app.timeouts.restart,
            healthy: app.timeouts.healthy,
            in_rotation: app.timeouts.in_rotation,
            on_drain_timeout: app.on_drain_timeout,
            healthy_times: health.times,
            two_stage: app.backup_status_port.is_some(),
            found_open: true,
        },
        health,
    })
}

fn check_health(health: Option<Spanned<HealthFile>>) -> Result<Health, Mistake> {
    let Some(health) = health else {
        return Ok(Health::default());
    };
    let span = health.span();
    let wrong = |what: &str| Err(Mistake::new(span.clone(), what));
    let HealthFile {
        http,
        status,
        host,
        tcp,
        command,
        times,
        timeout,
    } = health.into_inner();
    if times == 0 {
        return wrong("health: `times` is at least 1");
    }
    if http.is_none() && (status.is_some() || host.is_some()) {
        return wrong("health: `status` and `host` go with `http`");
    }
    if host
        .as_ref()
        .is_some_and(|host| host.is_empty() || !sendable(host))
    {
        return wrong("health: `host` is a host name, with a port or without");
    }
    let check = match (http, tcp, command) {
        (Some(path), None, None) if path.starts_with('/') && sendable(&path) => {
            HealthCheck::Http { path, status, host }
        }
        (Some(_), None, None) => {
            return wrong("health: `http` is a path that begins with / and has no space in it");
        }
        (None, Some(true) | None, None) => HealthCheck::Tcp,
        (None, None, Some(command)) if !command.is_empty() => HealthCheck::Command(command),
        (None, None, Some(_)) => return wrong("health: `command` is empty"),
        _ => return wrong("health: one of `http = \"/PATH\"`, `tcp = true`, `command = [...]`"),
    };
    Ok(Health {
        check,
        times,
        timeout,
    })
}

/// It can stand in a request's first line or headers.
fn sendable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn check_restart(restart: Spanned<RestartFile>) -> Result<Restart, Mistake> {
    let span = restart.span();
    let wrong = |what: String| Err(Mistake::new(span.clone(), what));
    let RestartFile {
        systemd,
        job,
        command,
        signal,
        pidfile,
    } = restart.into_inner();
    if systemd.is_none() && job.is_some() {
        return wrong("restart: `job` goes with `systemd`".to_owned());
    }
    match (systemd, command, signal, pidfile) {
        (Some(unit), None, None, None) => Ok(Restart::Systemd { unit, job: check_job(job) }),
        (None, Some(command), None, None) if !command.is_empty() => Ok(Restart::Command(command)),
        (None, Some(_), None, None) => wrong("restart: `command` is empty".to_owned()),
        (None, None, Some(signal), Some(pidfile)) => match Signal::from_str(&signal) {
            Ok(signal) => Ok(Restart::Signal { signal, pidfile }),
            Err(_) => wrong(format!("restart: {signal:?} is no signal; write it like \"SIGUSR2\"")),
        },
        _ => wrong(
            "restart: one of `systemd = \"UNIT\"`, `command = [...]`, `signal = \"SIGNAL\"` with `pidfile`"
                .to_owned(),
        ),
    }
}

fn check_job(job: Option<JobFile>) -> Job {
    match job.unwrap_or(JobFile::ReloadOrRestart) {
        JobFile::ReloadOrRestart => Job::ReloadOrRestart,
        JobFile::Restart => Job::Restart,
        JobFile::Reload => Job::Reload,
    }
}

fn check_balancer(haproxy: HaproxyFile, apps: &[String]) -> Result<BalancerSettings, Mistake> {
    let span = haproxy.socket.span();
    let wrong = |what: &str| Mistake::new(span.clone(), what);
    let socket = haproxy.socket.into_inner();
    let address = match socket.strip_prefix("tcp://") {
        Some(host)
            if host
                .rsplit_once(':')
                .is_some_and(|(_, port)| port.parse::<u16>().is_ok()) =>
        {
            Address::Tcp(host.to_owned())
        }
        None if socket.starts_with('/') => Address::Unix(PathBuf::from(socket)),
        _ => return Err(wrong("socket: an absolute path, or \"tcp://HOST:PORT\"")),
    };
    if let Some(app) = haproxy
        .app
        .as_ref()
        .filter(|app| !apps.contains(app.get_ref()))
    {
        return Err(Mistake::new(
            app.span(),
            format!("there is no app.{}", app.get_ref()),
        ));
    }
    let app = haproxy.app.map(Spanned::into_inner);
    let names = match (haproxy.backend, haproxy.main, haproxy.backup) {
        (None, None, None) => None,
        (Some(_), Some(_), _) if app.is_none() && apps.len() > 1 => {
            return Err(wrong(
                "haproxy: `backend` and `main` need `app = \"NAME\"` where there are several",
            ));
        }
        (Some(backend), Some(main), backup) => Some(Names {
            backend,
            main,
            backup,
        }),
        _ => {
            return Err(wrong(
                "haproxy: `backend` and `main` go together (`backup` may be added)",
            ));
        }
    };
    Ok(BalancerSettings {
        address,
        timeout: haproxy.timeout,
        app,
        names,
    })
}
