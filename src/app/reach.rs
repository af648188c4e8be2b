//! Finds what the restart of an app, or the stop of a target, takes down with it: others with the
//! same unit, command or pidfile, and other ports. It looks only at what exists now.

use std::fs;

use procfs::process::Stat;

use super::process_tree::{descends, named};
use super::program;
use super::restart::Restart;
use super::run::Run;
use super::signal::Addressee;
use super::systemd::{self, Job};
use crate::gate::holders;

/// The first process holds sockets for others, and never goes down.
const FIRST: i32 = 1;

/// What a restart takes down.
pub struct Reach {
    restart: Restart,
    /// The unit, by systemd's own name for it, and the units that restart or stop with it.
    units: Vec<String>,
    /// For a command the listeners on the app's port, for a signal the process in the pidfile.
    processes: Vec<Stat>,
}

impl Restart {
    /// Finds what it would take down of the app on `port`.
    pub async fn reach(&self, port: u16) -> Reach {
        let (mut units, mut processes) = (Vec::new(), Vec::new());
        match self {
            Self::Systemd { unit, job } => units = systemd::stopped_with(unit, *job).await,
            Self::Command(_) | Self::StopAndStart { .. } => processes = listening(port),
            Self::Signal { pidfile, .. } => {
                processes.extend(Addressee::find(pidfile).ok().map(Addressee::into_stat));
            }
        }
        Reach {
            restart: self.clone(),
            units,
            processes,
        }
    }
}

impl Run {
    /// Finds what its stop would take down of the target on `port`.
    pub async fn reach(&self, port: u16) -> Reach {
        self.stop_and_start().reach(port).await
    }

    /// Why its start stops the other target, in words: `has Conflicts= with web@blue.service`.
    pub async fn start_stops(&self, other: &Run) -> Option<String> {
        let (Self::Systemd { unit }, Self::Systemd { unit: other }) = (self, other) else {
            return None;
        };
        let (own, id) = (systemd::id(unit).await?, systemd::id(other).await?);
        // systemd may have loaded only the one that a call names.
        let stops = systemd::conflicts(unit).await.contains(&id)
            || systemd::conflicts(other).await.contains(&own);
        stops.then(|| format!("has Conflicts= with {id}"))
    }

    fn stop_and_start(&self) -> Restart {
        match self.clone() {
            Self::Systemd { unit } => Restart::Systemd {
                unit,
                job: Job::Stop,
            },
            Self::Commands { start, stop } => Restart::StopAndStart { stop, start },
        }
    }
}

impl Reach {
    /// Why the other target, on its `port`, stops with this one, in words: `has the unit
    /// front.service, which is stopped with it`. None: it goes on. It need not run yet: a switch
    /// starts it before it stops this one.
    pub async fn stops(&self, other: &Run, port: u16) -> Option<String> {
        if let Some(why) = self.same_as(&other.stop_and_start()).await {
            return Some(why);
        }
        if let Some(why) = self.stops_unit_of(other).await {
            return Some(why);
        }
        let why = self.takes_down(port).await?;
        Some(format!("has port {port}, {why}"))
    }

    async fn stops_unit_of(&self, other: &Run) -> Option<String> {
        let Run::Systemd { unit } = other else {
            return None;
        };
        let after = systemd::stops_after(unit).await;
        let first = after.iter().find(|one| self.units.contains(one))?;
        let id = systemd::id(unit).await?;
        Some(format!("has the unit {id}, which stops with {first}"))
    }

    /// Why the other restart takes down the same, in words: `has the same unit, web.service`.
    pub async fn same_as(&self, other: &Restart) -> Option<String> {
        match (&self.restart, other) {
            (Restart::Systemd { job, .. }, Restart::Systemd { unit, .. }) => {
                let how = match job {
                    Job::Stop => "stopped",
                    _ => "restarted",
                };
                let id = systemd::id(unit).await?;
                self.units.contains(&id).then(|| match self.units.first() {
                    Some(first) if *first == id => format!("has the same unit, {id}"),
                    _ => format!("has the unit {id}, which is {how} with it"),
                })
            }
            (Restart::Command(own), Restart::Command(argv)) if own == argv => {
                Some(format!("has the same restart command, {other}"))
            }
            (Restart::StopAndStart { stop, .. }, Restart::StopAndStart { stop: other, .. })
                if stop == other =>
            {
                Some(format!(
                    "has the same stop command, {}",
                    program::shown(other)
                ))
            }
            (Restart::Signal { pidfile: own, .. }, Restart::Signal { pidfile, .. }) => {
                let real = |path| fs::canonicalize(path).ok();
                let same = own == pidfile || (real(own).is_some() && real(own) == real(pidfile));
                same.then(|| format!("has the same pidfile, {}", pidfile.display()))
            }
            _ => None,
        }
    }

    /// Why this other port goes down, too, in words: `which the same process serves, web (pid
    /// 7)`.
    pub async fn takes_down(&self, port: u16) -> Option<String> {
        if self.units.is_empty() && self.processes.is_empty() {
            return None;
        }
        // One server may have many workers in one unit.
        let mut asked: Vec<Option<String>> = Vec::new();
        for process in listening(port) {
            let who = named(&process);
            if self.is_or_has(&process) {
                return Some(format!("which the same process serves, {who}"));
            }
            let group = fs::read_to_string(format!("/proc/{}/cgroup", process.pid)).ok();
            if self.units.is_empty() || asked.contains(&group) {
                continue;
            }
            asked.push(group);
            if let Some(unit) = systemd::unit_of(process.pid.cast_unsigned()).await
                && self.units.contains(&unit)
            {
                return Some(format!("which a process of {unit} serves, {who}"));
            }
        }
        None
    }

    /// Whether it is one of our processes, or a child or the parent of one.
    fn is_or_has(&self, other: &Stat) -> bool {
        let related = |own: &Stat| descends(other, own.pid) || descends(own, other.pid);
        self.processes.iter().any(related)
    }
}

fn listening(port: u16) -> Vec<Stat> {
    let all = holders(port).into_iter().flatten();
    all.filter(|process| process.pid != FIRST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Job;
    use nix::sys::signal::Signal;
    use std::net::TcpListener;

    fn command(words: &[&str]) -> Restart {
        Restart::Command(words.iter().map(|word| (*word).to_owned()).collect())
    }

    fn port(listener: &TcpListener) -> u16 {
        listener.local_addr().unwrap().port()
    }

    #[tokio::test]
    async fn the_same_command_or_pidfile_is_found() {
        let here = tempfile::tempdir().unwrap();
        let (pidfile, alias) = (here.path().join("pid"), here.path().join("alias"));
        fs::write(&pidfile, "1").unwrap();
        std::os::unix::fs::symlink(&pidfile, &alias).unwrap();
        let signal = |path: &std::path::Path| Restart::Signal {
            signal: Signal::SIGHUP,
            pidfile: path.to_owned(),
        };
        let systemd = Restart::Systemd {
            unit: "web.service".to_owned(),
            job: Job::default(),
        };
        for (own, other, same) in [
            (command(&["a", "b"]), command(&["a", "b"]), true),
            (command(&["a", "b"]), command(&["a", "c"]), false),
            (signal(&pidfile), signal(&pidfile), true),
            (signal(&pidfile), signal(&alias), true),
            (signal(&pidfile), signal(&here.path().join("no")), false),
            (signal(&pidfile), command(&["a"]), false),
            (command(&["a"]), systemd, false),
        ] {
            let found = own.reach(1).await.same_as(&other).await;
            assert_eq!(found.is_some(), same, "{own:?} {other:?}: {found:?}");
        }
    }

    /// Two ports of this process, and one of an unrelated process.
    #[tokio::test]
    async fn another_port_of_the_same_process_goes_down_too() {
        let bind = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (first, second) = (bind(), bind());
        let reach = command(&["true"]).reach(port(&first)).await;
        let found = reach.takes_down(port(&second)).await.unwrap();
        let who = format!("(pid {})", std::process::id());
        assert!(
            found.starts_with("which the same process serves, "),
            "{found}"
        );
        assert!(found.ends_with(&who), "{found}");
        let gone = port(&second);
        drop(second);
        assert_eq!(reach.takes_down(gone).await, None);
        // The app's own port has no listener, so its processes are unknown.
        let third = bind();
        let unknown = command(&["true"]).reach(gone).await;
        assert_eq!(unknown.takes_down(port(&third)).await, None);
    }
}
