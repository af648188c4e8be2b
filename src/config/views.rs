//! The views of an app at its page and at its marker.

use super::AppSettings;
use super::page::settings::{PAGE, READONLY, ReadonlySettings, ports};
use crate::app::{Health, HealthCheck};
use crate::gate::Destination;
use crate::haproxy::AppPorts;
use crate::restart::Limits;
use std::net::IpAddr;
use std::time::Duration;

impl AppSettings {
    /// The app, seen at its page: what a maintenance opens. None: it has no page.
    pub fn at_page(&self) -> Option<AppSettings> {
        let page = self.page.as_ref()?;
        let to = Destination::Port(page.ports.port);
        Some(AppSettings {
            health: page.health(&self.health),
            verify: None,
            address: self.address_of_page(),
            ..self.beside(PAGE, page.ports, to)
        })
    }

    /// The app, seen at its marker: what `agent readonly` opens. None: it has none.
    pub fn at_marker(&self) -> Option<AppSettings> {
        let ReadonlySettings {
            status_port,
            gate_to,
        } = self.readonly?;
        let to = gate_to.map_or(self.gate_to, Destination::Port);
        let marker = self.beside(READONLY, ports(status_port, status_port), to);
        // HAProxy only connects to it.
        let health = Health {
            check: HealthCheck::Tcp,
            ..self.health.clone()
        };
        let address = match gate_to {
            Some(_) => self.address_of_page(),
            None => self.address,
        };
        Some(AppSettings {
            health,
            address,
            ..marker
        })
    }

    /// The views of the app that have a gate beside those of its targets.
    pub fn besides(&self) -> impl Iterator<Item = AppSettings> {
        self.at_page().into_iter().chain(self.at_marker())
    }

    /// The same app, seen at this target, at its page, or, by an empty name, without targets.
    pub fn view(&self, name: &str) -> Option<AppSettings> {
        match name {
            PAGE => self.at_page(),
            "" if !self.has_targets() => Some(self.clone()),
            name => self.at(name),
        }
    }

    /// Whether it is seen at its page.
    pub fn is_page(&self) -> bool {
        self.target.as_deref() == Some(PAGE)
    }

    /// Whether it is seen at its page or its marker, which the agent never restarts.
    pub fn is_beside(&self) -> bool {
        matches!(self.target.as_deref(), Some(PAGE | READONLY))
    }

    /// `agent page` sees the app at its first target, whichever is current.
    fn address_of_page(&self) -> Option<IpAddr> {
        let first = self.targets.first();
        first.map_or(self.address, |first| first.address)
    }

    fn beside(&self, name: &str, ports: AppPorts, gate_to: Destination) -> AppSettings {
        AppSettings {
            target: Some(name.to_owned()),
            ports,
            gate_to,
            run: None,
            limits: Limits {
                two_stage: false,
                sticky: Duration::ZERO,
                ..self.limits.clone()
            },
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Each target may listen on an address of its own.
    #[test]
    fn the_page_is_at_one_address_whichever_target_is_current() {
        let target = |port: u16, address: &str| {
            format!(
                "port = {port}\nstatus_port = {}\naddress = \"{address}\"\n\
                 run = {{ systemd = \"web@{port}.service\" }}\n",
                port + 1000
            )
        };
        let text = format!(
            "[app.web]\npage = {{ port = 1009, status_port = 2009 }}\n[app.web.target.blue]\n{}\
             [app.web.target.green]\n{}[[haproxy]]\nsocket = \"/s\"\n",
            target(1000, "10.0.0.1"),
            target(1001, "10.0.0.2")
        );
        let settings = crate::config::read(Path::new("agent.toml"), &text).unwrap();
        for target in ["blue", "green"] {
            let page = settings.apps[0].at(target).unwrap().at_page().unwrap();
            assert_eq!(page.address, Some("10.0.0.1".parse().unwrap()), "{target}");
        }
    }
}
