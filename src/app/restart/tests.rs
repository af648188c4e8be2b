//! What a restart says of itself, and whether it has happened.

use super::*;

#[test]
fn it_knows_a_restart_by_the_instance() {
    let unit = "web.service".to_owned();
    let systemd = Restart::Systemd {
        unit,
        job: Job::default(),
    };
    let signal = |signal| Restart::Signal {
        signal,
        pidfile: "/run/web.pid".into(),
    };
    for (restart, now, expected) in [
        (&systemd, Some("b"), Some(true)),
        (&systemd, Some("a"), Some(false)),
        (&systemd, None, None),
        (&signal(Signal::SIGTERM), Some("b"), Some(true)),
        (&signal(Signal::SIGTERM), Some("a"), Some(false)),
        (&signal(Signal::SIGTERM), None, Some(true)),
        (&signal(Signal::SIGUSR2), Some("a"), None),
        (&signal(Signal::SIGUSR2), None, None),
        (&Restart::Command(vec![]), None, None),
    ] {
        assert_eq!(
            restart.was_restarted("a", now),
            expected,
            "{restart:?} {now:?}"
        );
    }
}

#[test]
fn says_what_it_does() {
    let unit = "web.service".to_owned();
    let systemd = Restart::Systemd {
        unit,
        job: Job::default(),
    };
    let argv = ["apachectl", "-k", "graceful"].map(str::to_owned);
    let signal = Restart::Signal {
        signal: Signal::SIGUSR2,
        pidfile: "/run/web.pid".into(),
    };

    assert_eq!(
        systemd.to_string(),
        "systemctl reload-or-restart web.service (D-Bus)"
    );
    assert_eq!(
        Restart::Command(argv.to_vec()).to_string(),
        "apachectl -k graceful"
    );
    assert_eq!(signal.to_string(), "SIGUSR2 to the process in /run/web.pid");
}
