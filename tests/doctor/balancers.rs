//! A balancer that does not answer, in each possible way; its version, its level, its master.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;

use crate::setup::{Diagnosis, STATS, Setup};
use lab::settings::Settings;
use lab::stats_proxy::{Fault, StatsProxy};

/// Runs the doctor with this balancer only.
fn asking(setup: &Setup, socket: &str) -> Diagnosis {
    asking_within(setup, socket, "5s")
}

/// The same where no answer comes.
fn asking_in_vain(setup: &Setup, socket: &str) -> Diagnosis {
    asking_within(setup, socket, "500ms")
}

fn asking_within(setup: &Setup, socket: &str, limit: &str) -> Diagnosis {
    let settings = setup.settings().haproxy_within(socket, limit);
    let agent = lab::agent::Agent::new(setup.host(), &settings);
    Diagnosis::of(agent.words(&["doctor", "--json"]))
}

#[test]
fn each_kind_of_silent_socket_has_its_own_fix() {
    let mut setup = Setup::start("doctor_socket");
    let socket = setup.haproxy().socket.clone();
    let socket = socket.display().to_string();
    asking(&setup, &socket).expect_ok("balancer");
    let point = asking(&setup, "/run/no/such.sock").expect("balancer", "error", "No such file");
    assert!(
        point
            .fix
            .ends_with("stats socket /run/no/such.sock mode 660 level user"),
        "{point:?}"
    );
    let point = asking(&setup, "tcp://10.77.0.1:9").expect("balancer", "error", "refused");
    assert!(
        point
            .fix
            .contains("stats socket ipv4@10.77.0.1:9 level user"),
        "{point:?}"
    );
    // A firewall between the host and HAProxy.
    let drop = "INPUT -p tcp --dport 9999 -j DROP";
    setup
        .site
        .balancer
        .run("sh", &["-ec", &format!("iptables -A {drop}")]);
    let silent = asking_in_vain(&setup, STATS);
    let point = silent.expect("balancer", "error", "no complete answer within 500ms");
    assert!(point.fix.starts_with("let this host through"), "{point:?}");
    setup
        .site
        .balancer
        .run("sh", &["-ec", &format!("iptables -D {drop}")]);
    asking(&setup, STATS).expect_ok("balancer");
    setup.without_haproxy();
    let point = asking(&setup, &socket).expect("balancer", "error", "refused");
    assert!(
        point.fix.ends_with(": systemctl start haproxy"),
        "{point:?}"
    );
    setup.haproxy_is_up(|reference| reference);
    asking(&setup, &socket).expect_ok("balancer");
}

#[test]
fn a_socket_without_permission_is_unseen() {
    let setup = Setup::start("doctor_denied");
    let socket = setup.haproxy().socket.clone();
    let settings = setup.settings().haproxy(&socket.display().to_string());
    let config = settings.write(&setup.host().dir);
    let by_another_user = || {
        let mut command = setup.host().namespace.command("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command
            .arg(lab::built::agent())
            .args(["doctor", "--json", "--config"]);
        command.arg(&config);
        Diagnosis::of(lab::agent::Running::start("agent", &mut command).wait())
    };
    let says = "needs root, or the group of the socket (can't connect: Permission denied";
    by_another_user().expect("balancer", "unseen", says);
    fs::set_permissions(&socket, Permissions::from_mode(0o666)).unwrap();
    by_another_user().expect_ok("balancer");
}

#[test]
fn an_answer_of_another_program_is_an_error() {
    let setup = Setup::start("doctor_strange");
    let proxy = StatsProxy::start(&setup.site.dir, &setup.haproxy().socket);
    let socket = proxy.socket.display().to_string();
    proxy.set(Fault::Halves);
    let point = asking(&setup, &socket).expect("balancer", "error", "cut short");
    assert!(
        point.fix.starts_with("is it HAProxy's stats socket?"),
        "{point:?}"
    );
    proxy.set(Fault::Hangs);
    asking_in_vain(&setup, &socket).expect("balancer", "error", "no complete answer");
    proxy.set(Fault::None);
    asking(&setup, &socket).expect_ok("balancer");
}

/// A real answer of HAProxy, with another version in it.
#[test]
fn an_old_version_is_an_error_and_an_untested_one_a_warning() {
    let setup = Setup::start("doctor_version");
    let version = setup.haproxy().version();
    for (check, verdict, shown) in [
        ("haproxy-version", "error", "2.2.9"),
        ("haproxy-version", "warning", "2.4.22"),
        ("haproxy-version", "warning", "4.0.1"),
    ] {
        let says = (format!("Version: {version}"), format!("Version: {shown}"));
        let socket = rewriting(&setup.site.dir.join(shown), &setup.haproxy().socket, says);
        let diagnosis = asking(&setup, &socket.display().to_string());
        let point = diagnosis.expect(check, verdict, "HAProxy ");
        assert_eq!(point.fix, "run HAProxy 2.6 to 3.2");
    }
    setup.doctor().expect_ok("haproxy-version");
}

fn rewriting(path: &Path, haproxy: &Path, (from, to): (String, String)) -> PathBuf {
    let listener = UnixListener::bind(path).unwrap();
    let haproxy = haproxy.to_owned();
    thread::spawn(move || {
        for mut agent in listener.incoming().flatten() {
            let mut question = [0; 4096];
            let length = agent.read(&mut question).unwrap();
            let mut upstream = UnixStream::connect(&haproxy).unwrap();
            upstream.write_all(&question[..length]).unwrap();
            let mut answer = String::new();
            upstream.read_to_string(&mut answer).unwrap();
            agent
                .write_all(answer.replace(&from, &to).as_bytes())
                .unwrap();
        }
    });
    path.to_owned()
}

#[test]
fn level_admin_over_tcp_is_a_warning() {
    let mut setup = Setup::with("doctor_level", |reference| {
        reference.with(":9999 level user", ":9999 level admin")
    });
    let diagnosis = setup.doctor();
    let point = diagnosis.expect("socket-level", "warning", "level admin over TCP");
    assert!(
        point
            .fix
            .ends_with("stats socket ipv4@10.77.0.1:9999 level user"),
        "{point:?}"
    );
    // The file mode protects a unix socket.
    setup.haproxy_is_up(lab::reference::Reference::for_operators);
    let socket = setup.haproxy().socket.display().to_string();
    asking(&setup, &socket).expect("socket-level", "ok", "level admin");
    setup.doctor().expect_ok("socket-level");
}

#[test]
fn a_silent_master_socket_is_an_error() {
    let setup = Setup::start("doctor_master");
    let with = |path: &Path| setup.doctor_with(|settings: Settings| settings.master(path));
    with(setup.haproxy().master()).expect_ok("master-socket");
    with(Path::new("/run/no/master.sock")).expect("master-socket", "error", "/run/no/master.sock");
}
