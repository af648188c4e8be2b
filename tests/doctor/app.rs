//! The app: where it is bound, whether it is well, and whether it could be restarted.

use toml::{Table, Value};

use crate::setup::Setup;

#[test]
fn an_app_that_the_redirect_does_not_reach() {
    let mut setup = Setup::start("doctor_bound");
    setup.app_listens("127.0.0.1:1000");
    let point = setup
        .doctor()
        .expect("app-address", "error", "listens on 127.0.0.1:1000");
    assert!(
        point
            .found
            .ends_with("but the redirect leads to 10.77.0.11:1000"),
        "{point:?}"
    );
    // The interface's second address is not where a redirect leads, though the line may.
    setup.sh("ip addr add 10.77.0.111/24 dev eth0");
    setup.app_listens("10.77.0.111:1000");
    setup.doctor().expect(
        "app-address",
        "error",
        "but the redirect leads to 10.77.0.11:1000",
    );
    setup.app_listens("10.77.0.11:1000");
    setup.doctor().expect_ok("app-address");
    setup.app_listens("0.0.0.0:1000");
    setup.doctor().expect_ok("app-address");
    setup.apps[0].daemon.process.stop();
    let told = setup.doctor();
    told.expect("app-address", "error", "nothing listens on port 1000");
    told.expect("app-health", "error", "connection refused");
}

/// While no balancer answers nobody knows where a check would come in.
#[test]
fn an_app_of_which_no_line_is_seen() {
    let mut setup = Setup::start("doctor_unseen");
    setup.without_haproxy();
    setup.doctor().expect_ok("app-address");
    setup.app_listens("127.0.0.1:1000");
    let told = setup.doctor();
    let point = told.expect(
        "app-address",
        "warning",
        "where HAProxy's checks come in can't",
    );
    assert_eq!(point.mend, "bind the app to 0.0.0.0:1000 or [::]:1000");
}

#[test]
fn an_app_that_listens_for_ipv6_alone() {
    let mut setup = Setup::start("doctor_v6only");
    setup.doctor().expect_ok("app-address");
    setup.sh("echo 1 >/proc/sys/net/ipv6/bindv6only");
    setup.app_listens("[::]:1000");
    let is_refused = |line: &lab::stats::Line| {
        line.get("svname") == "web1" && line.get("check_status").ends_with("L4CON")
    };
    setup.haproxy().wait_until("web1 is refused", |lines| {
        lines
            .iter()
            .any(|line| is_refused(line) && line.status() == "DOWN")
    });
    let told = setup.doctor();
    let point = told.expect(
        "app-address",
        "warning",
        "for IPv6 alone as it seems: srvs/web1",
    );
    assert_eq!(point.mend, "bind the app to 0.0.0.0:1000 as well");
}

/// As in a container whose seccomp profile, or a unit whose `RestrictAddressFamilies=`, lets no
/// program list connections.
#[test]
fn connections_that_can_not_be_seen() {
    let setup = Setup::start("doctor_connections");
    let refused = setup.doctor_by(&["python3", "-c", NO_SOCK_DIAG]);
    let point = refused.expect("connections", "error", "can't list TCP connections");
    assert!(point.mend.contains("`master` in [[haproxy]]"), "{point:?}");
    setup.doctor().expect_ok("connections");
}

/// Runs what is behind it where socket(AF_NETLINK, _, NETLINK_SOCK_DIAG) is EPROTONOSUPPORT.
const NO_SOCK_DIAG: &str = "
import ctypes, os, platform, struct, sys
socket = {'x86_64': 41, 'aarch64': 198}[platform.machine()]
load, equal, give = 0x20, 0x15, 0x06
rules = [(load, 0, 0, 0), (equal, 0, 5, socket), (load, 0, 0, 16), (equal, 0, 3, 16),
         (load, 0, 0, 32), (equal, 0, 1, 4), (give, 0, 0, 0x50000 | 93), (give, 0, 0, 0x7fff0000)]
code = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *rule) for rule in rules))
class Program(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('code', ctypes.c_void_p)]
program = Program(len(rules), ctypes.cast(code, ctypes.c_void_p))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0, ctypes.get_errno()
os.execvp(sys.argv[1], sys.argv[1:])
";

#[test]
fn an_app_that_is_sick_or_can_not_be_asked() {
    let setup = Setup::start("doctor_sick");
    setup.apps[0].set_sick(true);
    setup
        .doctor()
        .expect("app-health", "error", "not healthy at 10.77.0.11:1000: ");
    setup.apps[0].set_sick(false);
    setup.doctor().expect_ok("app-health");
    let by_command = |program: &'static str| {
        setup.doctor_with(|settings| {
            let command: Value = vec![program].into();
            settings
                .unset("app.web.health.http")
                .set("app.web.health.command", command)
        })
    };
    by_command("/nope/check").expect("app-health", "error", "/nope/check");
    by_command("true").expect_ok("app-health");
}

#[test]
fn a_restart_an_upgrade_or_a_rollback_that_could_not_work() {
    let setup = Setup::start("doctor_restart");
    let restart = |key: &'static str, value: Value| {
        let table = Table::from_iter([(key.to_owned(), value)]);
        setup.doctor_with(|settings| settings.set("app.web.restart", table.clone()))
    };
    restart("command", vec!["tuch"].into()).expect("app-restart", "error", "cannot run tuch");
    restart("command", vec!["touch", "x"].into()).expect_ok("app-restart");
    // No systemd answers here; on a machine with one a unit that is missing is told so, too.
    restart("systemd", "web.service".into()).expect("app-restart", "error", "systemd");
    let upgrade = |program: &'static str| {
        setup.doctor_with(|settings| {
            let command = |word: &str| Value::from(vec![word]);
            let settings = settings.set("app.web.upgrade", command("true"));
            settings.set("app.web.rollback", command(program))
        })
    };
    upgrade("/nope/rollback").expect("app-restart", "error", "/nope/rollback");
    upgrade("true").expect_ok("app-restart");
}

#[test]
fn a_single_layout() {
    let setup = Setup::start("doctor_classic");
    let told = setup.doctor_with(|settings| settings.unset("app.web.backup_status_port"));
    let point = told.expect("layout", "warning", "classic");
    assert!(
        point.mend.starts_with("backup_status_port = 3000"),
        "{point:?}"
    );
    setup.doctor().expect_ok("layout");
}
