//! What is printed for an app with targets, in each layout: each HAProxy takes it, and `agent doctor`
//! has nothing against it, at each target.

use std::time::Duration;

use haproxy_gate::backend_config::{CookiePer, Host, Layout, Transport, Wanted, print};
use haproxy_gate::config::{AppSettings, Settings, read};
use haproxy_gate::doctor::Verdict;
use haproxy_gate::doctor::cfg::{Expected, Shown, check};
use haproxy_gate::haproxy::Mode;
use lab::release::Release;

use crate::releases::{below_others, takes};

pub(crate) fn takes_targets(release: Release) {
    let settings = settings();
    let app = &settings.apps[0];
    let hosts = Host::list("web1 10.0.0.11\nweb2 2001:db8::12").unwrap();
    for (layout, mode, cookie_per) in [
        (Layout::TwoStage, Mode::Http, CookiePer::Host),
        (Layout::TwoStage, Mode::Http, CookiePer::Target),
        (Layout::TwoStage, Mode::Tcp, CookiePer::Host),
        (Layout::Classic, Mode::Http, CookiePer::Host),
        (Layout::Single, Mode::Http, CookiePer::Host),
        (Layout::Single, Mode::Tcp, CookiePer::Host),
    ] {
        for whole in [true, false] {
            let wanted = Wanted {
                app,
                hosts: &hosts,
                layout: Some(layout),
                cookie_per,
                mode,
                backend: None,
                transport: Transport::default(),
                readonly: false,
                whole,
            };
            let text = print(&settings, &wanted).unwrap();
            for one in app.instances() {
                suits(&one, layout, &text);
            }
            // HAProxy warns of a cookie in `defaults` that it ignores in mode tcp.
            let below = below_others(&text).replace("  cookie S rewrite\n", "");
            let text = if whole { text } else { below };
            takes(
                release,
                &format!("{layout:?} {mode:?} {cookie_per:?}"),
                &text,
            );
        }
    }
}

/// Neither an error nor a warning.
fn suits(app: &AppSettings, layout: Layout, text: &str) {
    let mut ports = app.ports;
    ports.backup_status_port = ports
        .backup_status_port
        .filter(|_| layout == Layout::TwoStage);
    let expected = Expected {
        app: &app.name,
        target: app.target.as_deref(),
        ports,
        page: None,
        marker: None,
        shown: &Shown::default(),
        lines: &[],
        servers: &[],
        http: None,
        connects: true,
        https: false,
        proxy: false,
        master: true,
        out_of_rotation: Duration::from_secs(30),
        in_rotation: Duration::from_secs(60),
    };
    let points = check(text, &[expected]);
    let is_bad = |verdict: &Verdict| matches!(verdict, Verdict::Error | Verdict::Warning);
    let bad: Vec<_> = points.iter().filter(|one| is_bad(&one.verdict)).collect();
    assert!(
        bad.is_empty() && points.len() > 5,
        "{:?}: {bad:#?}\n{text}",
        app.target
    );
}

fn settings() -> Settings {
    let target = |name: &str, last: u8| {
        format!(
            "[app.web.target.{name}]\nport = 100{last}\nstatus_port = 200{last}\n\
             backup_status_port = 300{last}\nrun = {{ systemd = \"web@{name}\" }}\n"
        )
    };
    let text = format!(
        "{}{}[[haproxy]]\nsocket = \"/run/haproxy/user.sock\"\n",
        target("blue", 0),
        target("green", 1)
    );
    read("agent.toml".as_ref(), &text).unwrap()
}
