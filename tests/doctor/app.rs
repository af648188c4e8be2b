//! The app: its address, its health, and the command that restarts it.

use toml::{Table, Value};

use crate::setup::{Diagnosis, Setup};
use lab::one_machine::OneMachine;
use lab::reference::Reference;
use lab::settings::Settings;
use std::time::Duration;

#[test]
fn an_app_out_of_reach_of_the_redirect_is_an_error() {
    let mut setup = Setup::start("doctor_bound");
    setup
        .doctor()
        .expect("app-address", "ok", "reach it through the gate");
    setup.app_listens("127.0.0.1:1000");
    lines_are_refused(&setup);
    let refused = "alone, and srvs/web1 is refused through the open gate";
    setup.doctor().expect("app-address", "error", refused);
    // A redirect does not go to the second address of the interface, even if the line does.
    setup.sh("ip addr add 10.77.0.111/24 dev eth0");
    setup.app_listens("10.77.0.111:1000");
    setup.doctor().expect("app-address", "error", refused);
    for reached in ["10.77.0.11:1000", "0.0.0.0:1000"] {
        setup.app_listens(reached);
        setup.haproxy().wait_until_all_up();
        setup.doctor().expect_ok("app-address");
    }
    setup.apps[0].daemon.process.stop();
    // One fault, one point.
    let diagnosis = setup.doctor();
    let point = diagnosis.expect("app-health", "error", "nothing listens on port 1000: ");
    assert!(point.found.contains("connection refused"), "{point:?}");
    assert!(point.fix.starts_with("start the app"), "{point:?}");
    assert!(!diagnosis.is_wrong("app-address"), "{}", diagnosis.text());
    // Docker publishes a port without its proxy in this way: the app is healthy, and no gate
    // reaches it.
    setup.sh("ip addr add 10.77.9.1/32 dev lo");
    setup.app_listens("10.77.9.1:8080");
    let dnat = "-p tcp -m addrtype --dst-type LOCAL --dport 1000 -j DNAT --to 10.77.9.1:8080";
    setup.sh(&format!(
        "for c in PREROUTING OUTPUT; do iptables -t nat -A $c {dnat}; done"
    ));
    lines_are_refused(&setup);
    let diagnosis = setup.doctor();
    diagnosis.expect_ok("app-health");
    let point = diagnosis.expect("app-address", "error", "redirects it to 10.77.9.1:8080");
    assert!(
        point.found.contains("the app is healthy there"),
        "{point:?}"
    );
    let fix = "in [app.web]: gate_to = \"10.77.9.1:8080\"";
    assert!(point.fix.starts_with(fix), "{point:?}");
    // With that line the checks reach it.
    let settings = |to: &'static str| move |settings: Settings| settings.set("app.web.gate_to", to);
    let contained = settings("10.77.9.1:8080");
    let opening = setup.with_settings(contained).words(&["recover", "web"]);
    opening.expect_exit(0);
    setup.haproxy().wait_until_all_up();
    let diagnosis = setup.doctor_with(contained);
    diagnosis.expect(
        "app-address",
        "ok",
        "checks reach 10.77.9.1:8080 through the gate",
    );
    diagnosis.expect_ok("app-health");
    // The container has another address since its last start.
    let diagnosis = setup.doctor_with(settings("10.77.9.2:8080"));
    let moved =
        "gate_to is 10.77.9.2:8080, and a rule redirects the app's port to 10.77.9.1:8080 now";
    diagnosis.expect("app-address", "error", moved);
}

/// Both lines of this host: one that is still UP shows doctor that the app was reached.
fn lines_are_refused(setup: &Setup) {
    setup.haproxy().wait_until("refused checks", |lines| {
        ["web1", "bkp1"].iter().all(|name| {
            let mut lines = lines.iter().filter(|line| line.get("svname") == *name);
            lines.any(|line| line.status() == "DOWN" && line.get("check_status").ends_with("L4CON"))
        })
    });
}

/// The app's ports are not tracked: the redirect has no effect, and the app is not the cause.
#[test]
fn untracked_ports_are_a_warning() {
    let setup = Setup::start("doctor_notrack");
    setup.sh(
        "nft add table inet raw && \
         nft 'add chain inet raw pre { type filter hook prerouting priority raw; policy accept; }' && \
         nft add rule inet raw pre iifname eth0 tcp dport '{ 1000, 2000, 3000 }' notrack",
    );
    lines_are_refused(&setup);
    let diagnosis = setup.doctor();
    diagnosis.expect_ok("app-health");
    let point = diagnosis.expect("app-address", "warning", "is refused through the open gate");
    assert!(point.fix.contains("notrack"), "{point:?}");
    setup.sh("nft delete table inet raw");
    setup.haproxy().wait_until_all_up();
    setup.doctor().expect_only(&[]);
}

/// While no balancer answers, nothing shows whether a gate reaches the app.
#[test]
fn without_a_balancer_a_loopback_app_is_a_warning() {
    let mut setup = Setup::start("doctor_unseen");
    setup.without_haproxy();
    setup
        .doctor()
        .expect("app-address", "unseen", "no line is UP that shows whether");
    setup.app_listens("127.0.0.1:1000");
    let diagnosis = setup.doctor();
    let point = diagnosis.expect("app-address", "warning", "a line that is UP will show");
    assert_eq!(point.fix, "bind the app to 0.0.0.0:1000 or [::]:1000");
}

#[test]
fn an_app_with_ipv6_alone_is_a_warning() {
    let mut setup = Setup::start("doctor_v6only");
    setup.doctor().expect_ok("app-address");
    setup.sh("echo 1 >/proc/sys/net/ipv6/bindv6only");
    setup.app_listens("[::]:1000");
    lines_are_refused(&setup);
    let diagnosis = setup.doctor();
    let point = diagnosis.expect(
        "app-address",
        "warning",
        "for IPv6 alone as it seems: srvs/web1",
    );
    assert_eq!(point.fix, "bind the app to 0.0.0.0:1000 as well");
}

/// A container's seccomp profile, or a unit's `RestrictAddressFamilies=`, can forbid programs to
/// list connections.
#[test]
fn unlistable_connections_are_an_error() {
    let setup = Setup::start("doctor_connections");
    let refused = setup.doctor_by(&["python3", "-c", NO_SOCK_DIAG]);
    let point = refused.expect("connections", "error", "can't list TCP connections");
    assert!(point.fix.contains("`master` in [[haproxy]]"), "{point:?}");
    setup.doctor().expect_ok("connections");
}

/// Runs a program for which socket(AF_NETLINK, _, NETLINK_SOCK_DIAG) returns EPROTONOSUPPORT.
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
fn a_sick_app_or_a_missing_health_command_is_an_error() {
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
fn a_command_that_can_not_run_is_an_error() {
    let setup = Setup::start("doctor_restart");
    let restart = |key: &'static str, value: Value| {
        let table = Table::from_iter([(key.to_owned(), value)]);
        setup.doctor_with(|settings| settings.set("app.web.restart", table.clone()))
    };
    restart("command", vec!["tuch"].into()).expect("app-restart", "error", "cannot run tuch");
    restart("command", vec!["touch", "x"].into()).expect_ok("app-restart");
    // No systemd answers here. On a machine with systemd the doctor also reports a missing unit.
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
fn a_restart_that_takes_down_another_app_is_an_error() {
    let machine = OneMachine::start("doctor_beside", Duration::from_millis(100));
    machine.agent().words(&["recover"]).expect_exit(0);
    machine.haproxy.wait_until_all_up();
    let with = |of_two: &str| {
        let command =
            |file: &str| Table::from_iter([("command".to_owned(), vec!["touch", file].into())]);
        let agent = machine.agent_with(|settings| {
            let settings = settings.set("app.one.restart", command("one"));
            settings.set("app.two.restart", command(of_two))
        });
        Diagnosis::of(agent.words(&["doctor", "--json"]))
    };
    let point = with("one").expect(
        "app-beside",
        "error",
        "app two has the same restart command",
    );
    assert!(point.fix.contains("agent close two"), "{point:?}");
    assert!(!with("two").is_wrong("app-beside"));
}

#[test]
fn the_classic_layout_is_a_warning() {
    let setup = Setup::with("doctor_classic", |reference| {
        reference.with(" port 3000 backup", " backup")
    });
    let diagnosis = setup.doctor_with(|settings| settings.unset("app.web.backup_status_port"));
    let point = diagnosis.expect("layout", "warning", "classic");
    assert!(
        point.fix.starts_with("backup_status_port = 3000"),
        "{point:?}"
    );
    assert!(!setup.doctor().is_wrong("layout"));
}

/// One line for each host, and no cookie: no user needs a twin.
#[test]
fn the_single_layout_is_no_warning() {
    let mut setup = Setup::start("doctor_single");
    let dir = setup.site.dir.clone();
    setup.haproxy_is_up(|_| {
        let third = "    server web3 10.77.0.13:1000 port 2000\n";
        Reference::single(&dir).with(third, "")
    });
    let alone = |settings: Settings| settings.unset("app.web.backup_status_port");
    // The gate of the twin, which the earlier configuration has, goes.
    let open = setup.with_settings(alone).words(&["open", "web"]);
    open.expect_exit(0);
    let diagnosis = setup.doctor_with(alone);
    diagnosis.expect(
        "twin",
        "unseen",
        "no twin: web1; sticky users would need one",
    );
    diagnosis.expect_only(&[]);
    let file = dir.join("haproxy.cfg").display().to_string();
    let words = ["doctor", "--json", "--haproxy-cfg", &file];
    let diagnosis = Diagnosis::of(setup.with_settings(alone).words(&words));
    diagnosis.expect(
        "twin",
        "ok",
        "single layout: no line has a cookie or a twin",
    );
    diagnosis.expect_only(&[]);
    // The configuration has a gate for a twin.
    setup.doctor().expect("twin", "warning", "no twin: web1");
}
