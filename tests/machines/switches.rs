//! A switch between two instances of a template unit, the way back while the old one is warm, and the
//! boot after it: the sidecar opens the current target only.

use std::time::Duration;

use crate::package;
use lab::agent::Ended;
use lab::firewall;
use lab::haproxy::Haproxy;
use lab::machine::{Disk, Machine};
use lab::settings::Settings;
use lab::site::{BALANCER, Host, Site};
use lab::targets::{BLUE, GREEN, Lines};
use lab::traffic::{RATE, Traffic};
use lab::{now, wait_for};
use toml::toml;

/// The port comes from a file of the instance. It does not stop gracefully.
const WEB: &str = "\
[Unit]
Description=The app behind HAProxy, %i
After=network.target

[Service]
EnvironmentFile=/etc/web/%i
ExecStartPre=/bin/mkdir -p /var/lib/web/%i
ExecStart=/usr/local/bin/lab-app --name web1/%i --listen [::]:${PORT} --cold-ms 300 --dir /var/lib/web/%i
KillSignal=SIGKILL
SuccessExitStatus=SIGKILL
";

// Processes before the site: Rust drops fields in this order.
struct Alone {
    haproxy: Haproxy,
    machine: Machine,
    site: Site,
}

#[test]
fn template_units_are_switched_and_a_boot_opens_the_current_one() {
    let alone = Alone::up("m_switch");
    let traffic = alone.traffic();
    let blue = alone.pid(BLUE);
    alone.switch(&[], GREEN);
    alone.switch(&["--back"], BLUE);
    assert_eq!(alone.pid(BLUE), blue, "a warm target does not start again");
    let ended = alone.switch(&[], GREEN);
    assert_eq!(alone.pid(BLUE), blue, "kept warm");
    // The sidecar ends the warm time. By then the users that were late are there.
    wait_for("the end of the warm time", Duration::from_secs(20), || {
        (alone.active(BLUE) == "inactive").then_some(())
    });
    let stopped = now() - ended.at;
    println!("blue was warm for {stopped:.1} s");
    assert!(stopped > 5.0, "stopped after {stopped:.1} s");
    assert_eq!(alone.active(GREEN), "active");
    let met = traffic.stop();
    met.assert_unnoticed();
    assert_eq!(alone.haproxy.trouble(), 0);
    let green = &met.served["web1/green 1"];
    let blue = &met.served["web1/blue 1"];
    assert!(
        blue.last_asked < ended.at && green.requests > 0,
        "{:?}",
        met.served
    );
    alone.boots_without_the_current_one();
}

impl Alone {
    /// Blue starts with the machine, and the sidecar has opened it.
    fn up(test: &str) -> Alone {
        let site = Site::create(test, 1);
        site.hosts.iter().for_each(firewall::keep_tracking);
        let config = Lines::with_twins().of(&site.dir, 1);
        let haproxy = Haproxy::start(&site.balancer, &site.dir, &config);
        let machine = Machine::boot(&site.hosts[0], &disk(), Some(&package::built()));
        machine.wait_until_booted();
        let alone = Alone {
            haproxy,
            machine,
            site,
        };
        alone.wait_until_current(BLUE);
        alone
    }

    /// systemd starts blue, and green is current: the sidecar opens nothing, and says why. It opens
    /// green as soon as green is there.
    fn boots_without_the_current_one(&self) {
        let began = now();
        self.machine.reboot();
        self.machine.wait_until_booted();
        wait_for("a word of the sidecar", Duration::from_secs(30), || {
            let said = self.machine.journal("haproxy-gate", began);
            let names_both = |message: &str| message.contains(BLUE) && message.contains(GREEN);
            said.into_iter().find(|entry| names_both(&entry.message))
        });
        assert_eq!(self.active(BLUE), "active");
        let host = self.host();
        assert!(
            !host.gate_is_open(2000) && !host.gate_is_open(2001),
            "{}",
            host.rules()
        );
        self.machine.succeed(&["systemctl", "start", "web@green"]);
        self.wait_until_current(GREEN);
    }

    fn host(&self) -> &Host {
        &self.site.hosts[0]
    }

    /// The target is current, and the other one is still there.
    fn switch(&self, more: &[&str], to: &str) -> Ended {
        let words = [&["agent", "switch", "web", "--json"], more].concat();
        let ended = self.machine.run(&words).expect_exit(0);
        let wanted = if more.is_empty() {
            "switched"
        } else {
            "switched_back"
        };
        assert_eq!(ended.report().outcome, wanted, "{}", ended.out);
        self.wait_until_current(to);
        ended
    }

    /// The main process of its unit.
    fn pid(&self, target: &str) -> String {
        let unit = format!("web@{target}");
        let show = [
            "systemctl",
            "show",
            "--property",
            "MainPID",
            "--value",
            &unit,
        ];
        self.machine.succeed(&show)
    }

    fn active(&self, target: &str) -> String {
        let unit = format!("web@{target}");
        let ended = self.machine.run(&["systemctl", "is-active", &unit]);
        ended.out.trim().to_owned()
    }

    fn traffic(&self) -> Traffic {
        let to = format!("{BALANCER}:80");
        Traffic::start(&self.site.balancer, &to, "/", RATE)
    }

    fn wait_until_current(&self, target: &str) {
        let ends = format!("-{target}");
        self.haproxy
            .wait_until(&format!("{target} is UP"), |lines| {
                lines.iter().all(|line| {
                    let up = line.get("svname").ends_with(&ends);
                    line.status() == if up { "UP" } else { "DOWN" }
                })
            });
        self.machine.wait_until_idle();
    }
}

fn disk() -> Disk {
    let units = "/etc/systemd/system";
    Disk::quiet()
        .file("/etc/hostname", "web1")
        .file(&format!("{units}/web@.service"), WEB)
        .file("/etc/web/blue", "PORT=1000\n")
        .file("/etc/web/green", "PORT=1001\n")
        .link(
            &format!("{units}/multi-user.target.wants/web@blue.service"),
            "../web@.service",
        )
        .config(&settings())
}

fn settings() -> Settings {
    let blue = toml! {
        port = 1000
        status_port = 2000
        backup_status_port = 3000
        run = { systemd = "web@blue.service" }
    };
    let green = toml! {
        port = 1001
        status_port = 2001
        backup_status_port = 3001
        run = { systemd = "web@green.service" }
    };
    Settings::empty()
        .set("app.web.health.http", "/healthz")
        // No other host serves: a shutdown would wait for its turn.
        .set("app.web.min_available", 0)
        .set("app.web.keep", "8s")
        .set("app.web.target.blue", blue)
        .set("app.web.target.green", green)
        .haproxy("tcp://10.77.0.1:9999")
}
