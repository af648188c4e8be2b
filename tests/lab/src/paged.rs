//! An operator's fleet whose hosts have a page each, by a web server of their own, and a marker for
//! read-only. At the begin users meet the app.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::app::App;
use super::estate::{self, COLD, Estate};
use super::reference::Reference;
use super::remote::{self, Remote};
use super::settings::Settings;
use super::site::Host;

const UNLUCKY: &str = "/usr/local/sbin/unlucky";

const SCRIPT: &str = "#!/bin/sh
case \"$(hostname) $*\" in
*--dry-run*) ;;
\"web2 maintenance \"*\" on \"*) sed -i s/1009/1008/ /etc/haproxy-gate/agent.toml ;;
\"web2 readonly \"*\" on \"*) sed -i s/2010/2011/ /etc/haproxy-gate/agent.toml ;;
esac
exec agent \"$@\"
";

// Processes before the estate's site: Rust drops fields in this order.
pub struct Paged {
    pub pages: Vec<App>,
    pub estate: Estate,
}

impl Paged {
    /// Three hosts, the first ones of the reference.
    pub fn open(test: &str) -> Paged {
        let base = Settings::app(remote::restart()).set("app.web.backup_status_port", 3000);
        let settings = estate::balancers(base)
            .set("app.web.page.port", 1009)
            .set("app.web.page.status_port", 2009)
            .set("app.web.readonly.status_port", 2010);
        let start = |host: &Host, key: &str| Remote::start(host, &settings, COLD, key);
        let estate = Estate::build(test, 3, lines, start);
        let pages = estate.site.hosts.iter().map(|host| {
            let name = format!("{}-page", host.name());
            let at_once = Duration::from_millis(10);
            App::start(&host.namespace, &host.dir, &name, "[::]:1009", at_once)
        });
        let pages: Vec<App> = pages.collect();
        pages.iter().for_each(|page| page.wait_until_warm());
        Paged { pages, estate }
    }

    /// A program on each host that is the agent. But the second host loses its page or its marker
    /// after the dry run, so its agent refuses then.
    pub fn with_an_unlucky_host(&self) -> &'static str {
        for remote in &self.estate.remotes {
            fs::write(remote.file(&UNLUCKY[1..]), SCRIPT).expect("a script");
            remote.sh(&format!("chmod +x {UNLUCKY}"));
        }
        UNLUCKY
    }

    /// The gates of the markers: whether HAProxy refuses writes.
    pub fn assert_read_only(&self, numbers: &[usize], read_only: bool) {
        for number in numbers {
            let host = self.estate.host(*number);
            let rules = host.rules();
            assert_eq!(host.gate_is_open(2010), read_only, "{number}: {rules}");
        }
    }

    /// The gates of these hosts: users meet the page, or the app.
    pub fn assert_on_page(&self, numbers: &[usize], page: bool) {
        for number in numbers {
            let host = self.estate.host(*number);
            let rules = host.rules();
            assert_eq!(host.gates_are_open(), [!page; 2], "host {number}: {rules}");
            assert_eq!(host.gate_is_open(2009), page, "host {number}: {rules}");
            assert_eq!(host.parked(1000).is_some(), page, "host {number}: {rules}");
        }
    }
}

/// The last line of each host is its page. Users keep their cookies.
fn lines(dir: &Path, hosts: usize) -> Reference {
    let last = "    server bkp3 10.77.0.13:1000 cookie w3 port 3000 backup\n";
    let pages: String = (1..=hosts)
        .map(|number| format!("    server page{number} 10.77.0.1{number}:1009 port 2009 backup\n"))
        .collect();
    let keep = "    http-after-response del-header Set-Cookie if { srv_name -m beg page }\n";
    let reference = Reference::of_hosts(dir, hosts).with_marker();
    reference.with(last, &format!("{last}{pages}{keep}"))
}
