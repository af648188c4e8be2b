//! Two hosts with `lab-app` in the two-stage layout, one HAProxy, gates open; and the doctor of
//! host 1.

use std::fs;
use std::process::Command;
use std::time::Duration;

use haproxy_gate::doctor::is_to_paste;
use serde::Deserialize;

use lab::agent::{Agent, Ended, Running};
use lab::app::App;
use lab::built;
use lab::haproxy::Haproxy;
use lab::reference::Reference;
use lab::settings::Settings;
use lab::site::{Host, Site};

pub const STATS: &str = "tcp://10.77.0.1:9999";

// Processes before the site: fields are dropped in this order.
pub struct Setup {
    haproxy: Option<Haproxy>,
    pub apps: Vec<App>,
    pub site: Site,
}

impl Setup {
    pub fn start(test: &str) -> Setup {
        Setup::with(test, |reference| reference)
    }

    /// Starts the set-up with a changed HAProxy configuration.
    pub fn with(test: &str, change: impl FnOnce(Reference) -> Reference) -> Setup {
        let site = Site::create(test, 2);
        let app = |host: &Host| start_app(host, "[::]:1000");
        let apps: Vec<App> = site.hosts.iter().map(app).collect();
        apps.iter().for_each(|app| app.wait_until_warm());
        let mut setup = Setup {
            haproxy: None,
            apps,
            site,
        };
        setup.haproxy_is(change);
        for host in &setup.site.hosts {
            setup
                .agent(host, &|settings| settings)
                .words(&["recover", "web"])
                .expect_exit(0);
        }
        setup.haproxy().wait_until_all_up();
        setup
    }

    pub fn haproxy(&self) -> &Haproxy {
        self.haproxy.as_ref().expect("a running HAProxy")
    }

    /// Stops HAProxy.
    pub fn without_haproxy(&mut self) {
        self.haproxy = None;
    }

    /// Starts another HAProxy in its place.
    pub fn haproxy_is(&mut self, change: impl FnOnce(Reference) -> Reference) {
        self.haproxy = None;
        let reference = change(Reference::two_hosts(&self.site.dir));
        self.haproxy = Some(Haproxy::start(
            &self.site.balancer,
            &self.site.dir,
            &reference,
        ));
    }

    /// Starts another HAProxy, and waits until all its lines are UP.
    pub fn haproxy_is_up(&mut self, change: impl FnOnce(Reference) -> Reference) {
        self.haproxy_is(change);
        self.haproxy().wait_until_all_up();
    }

    /// Host 1, on which the doctor runs.
    pub fn host(&self) -> &Host {
        &self.site.hosts[0]
    }

    /// Runs a shell line in the network of host 1.
    pub fn sh(&self, line: &str) -> String {
        self.host().namespace.run("sh", &["-ec", line])
    }

    /// Binds the app of host 1 to another address.
    pub fn app_listens(&mut self, listen: &str) {
        drop(self.apps.remove(0));
        // The journal of the app before is not the journal of this one.
        let dir = self.host().dir.join(self.host().name());
        fs::remove_dir_all(dir).expect("the app's folder");
        let app = start_app(self.host(), listen);
        app.wait_until_warm();
        self.apps.insert(0, app);
    }

    pub fn settings(&self) -> Settings {
        self.settings_of(self.host())
    }

    fn settings_of(&self, host: &Host) -> Settings {
        let restart = self.apps[host.number - 1].daemon.restart.clone();
        Settings::two_stage(&host.dir.join("state"), restart)
    }

    fn agent<'a>(&'a self, host: &'a Host, change: &dyn Fn(Settings) -> Settings) -> Agent<'a> {
        Agent::new(host, &change(self.settings_of(host).haproxy(STATS)))
    }

    /// The agent of host 1.
    pub fn with_settings(&self, change: impl Fn(Settings) -> Settings) -> Agent<'_> {
        self.agent(self.host(), &change)
    }

    /// `agent doctor` of host 1.
    pub fn doctor(&self) -> Diagnosis {
        self.doctor_with(|settings| settings)
    }

    pub fn doctor_with(&self, change: impl Fn(Settings) -> Settings) -> Diagnosis {
        Diagnosis::of(self.with_settings(change).words(&["doctor", "--json"]))
    }

    /// Runs `agent doctor` through another program, for example `setpriv`.
    pub fn doctor_by(&self, words: &[&str]) -> Diagnosis {
        let config = self.settings().haproxy(STATS).write(&self.host().dir);
        let mut command: Command = self.host().namespace.command(words[0]);
        command.args(&words[1..]).arg(built::agent());
        command.args(["doctor", "--json", "--config"]).arg(config);
        Diagnosis::of(Running::start("agent", &mut command).wait())
    }

    /// The rules of all tables, without their counters.
    pub fn rules(&self) -> String {
        self.sh(
            "for i in iptables ip6tables; do for v in nft legacy; do for t in nat filter; do \
                 $i-$v -t $t -S; done; done; done",
        )
    }
}

fn start_app(host: &Host, listen: &str) -> App {
    let cold = Duration::from_millis(100);
    App::start(&host.namespace, &host.dir, &host.name(), listen, cold)
}

/// The answer of `agent doctor --json`.
#[derive(Debug, Deserialize)]
pub struct Diagnosis {
    pub exit: i32,
    pub points: Vec<Point>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Point {
    pub area: String,
    pub check: String,
    pub of: String,
    pub verdict: String,
    pub found: String,
    pub why: String,
    #[serde(default)]
    pub fix: String,
}

impl Diagnosis {
    pub fn of(ended: Ended) -> Diagnosis {
        let diagnosis: Diagnosis = serde_json::from_value(ended.json()).expect("points");
        assert_eq!(diagnosis.exit, ended.exit);
        let errors = diagnosis
            .points
            .iter()
            .any(|point| point.verdict == "error");
        assert_eq!(diagnosis.exit, i32::from(errors), "{diagnosis:?}");
        for point in &diagnosis.points {
            assert!(
                !point.why.is_empty() && !point.found.is_empty(),
                "{point:?}"
            );
            let is_wrong = ["warning", "error"].contains(&point.verdict.as_str());
            assert_eq!(is_wrong, !point.fix.is_empty(), "{point:?}");
            // A fix to paste contains nothing else.
            let words = [", ", "; ", ": ", "(", "..."];
            let mixed = words.iter().any(|words| point.fix.contains(words));
            assert!(!(is_to_paste(&point.fix) && mixed), "{point:?}");
        }
        diagnosis
    }

    /// The point of this check with this verdict and these words.
    pub fn expect(&self, check: &str, verdict: &str, says: &str) -> Point {
        let mut of_check = self.points.iter().filter(|point| point.check == check);
        let found = of_check.find(|point| {
            let said = format!("{} {}", point.of, point.found);
            point.verdict == verdict && said.contains(says)
        });
        found
            .unwrap_or_else(|| panic!("no {check} {verdict} {says:?} in\n{}", self.text()))
            .clone()
    }

    /// The check has points, and all of them are ok.
    pub fn expect_ok(&self, check: &str) {
        let of_check = self.points.iter().filter(|point| point.check == check);
        let verdicts: Vec<&str> = of_check.map(|point| point.verdict.as_str()).collect();
        let well = !verdicts.is_empty() && verdicts.iter().all(|verdict| *verdict == "ok");
        assert!(well, "{check}: {verdicts:?}\n{}", self.text());
    }

    /// Only these checks are wrong. A sidecar that does not run does not count.
    pub fn expect_only(&self, checks: &[&str]) {
        let others: Vec<&Point> = self
            .wrong()
            .filter(|point| !checks.contains(&point.check.as_str()))
            .collect();
        assert!(others.is_empty(), "{others:#?}");
    }

    /// The warnings and errors, without a sidecar that does not run.
    pub fn wrong(&self) -> impl Iterator<Item = &Point> {
        let is_wrong = |point: &&Point| ["warning", "error"].contains(&point.verdict.as_str());
        let wrong = self.points.iter().filter(is_wrong);
        wrong.filter(|point| point.check != "sidecar")
    }

    pub fn is_wrong(&self, check: &str) -> bool {
        self.wrong().any(|point| point.check == check)
    }

    pub fn text(&self) -> String {
        let line = |point: &Point| {
            let Point {
                check,
                of,
                verdict,
                found,
                fix,
                ..
            } = point;
            format!("{verdict} {check} [{of}] {found} -- {fix}\n")
        };
        self.points.iter().map(line).collect()
    }
}
