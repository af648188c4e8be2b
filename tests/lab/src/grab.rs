//! A process of another user that tries to bind a status port.

use super::namespace::Namespace;
use super::process::Process;

/// Argument 1 is the action, argument 2 the port.
const GRAB: &str = r#"
import socket, sys, time
how, port = sys.argv[1], int(sys.argv[2])

def bind():
    grabbed = socket.socket(socket.AF_INET6)
    grabbed.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    grabbed.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        grabbed.bind(("::", port))
        return grabbed
    except OSError:
        grabbed.close()

def app_is_there():
    with socket.socket() as caller:
        # An app that ends lets no SYN in: a second one, after a second, may find the next app.
        caller.settimeout(0.02)
        return caller.connect_ex(("127.0.0.1", 1000)) == 0

if how == "once":
    sys.exit(0 if bind() else 1)
if how == "hold":
    held = bind()
    print("holds" if held else "can't", flush=True)
    time.sleep(600)
tries = 0
if how == "while-down":
    while app_is_there():
        time.sleep(0.002)
    goes_on = lambda: not app_is_there()
else:
    until = time.monotonic() + float(sys.argv[3])
    goes_on = lambda: time.monotonic() < until
while goes_on():
    tries += 1
    if bind():
        print("grabbed", flush=True)
        break
print("tries", tries, flush=True)
"#;

/// Whether another user could bind the port at this moment.
pub fn can_bind(namespace: &Namespace, port: u16) -> bool {
    grab(namespace, &["once", &port.to_string()])
        .wait()
        .success()
}

/// Binds the port until it is dropped.
pub fn hold(namespace: &Namespace, port: u16) -> Process {
    let process = grab(namespace, &["hold", &port.to_string()]);
    super::wait_for("a bound port", std::time::Duration::from_secs(20), || {
        process.out.text().contains("holds").then_some(())
    });
    process
}

/// Tries again and again while the app does not listen.
pub fn while_down(namespace: &Namespace, port: u16) -> Process {
    grab(namespace, &["while-down", &port.to_string()])
}

/// Tries again and again for so many seconds.
pub fn for_seconds(namespace: &Namespace, port: u16, seconds: &str) -> Process {
    grab(namespace, &["for", &port.to_string(), seconds])
}

/// It has tried often enough to prove something, and never got the port.
pub fn assert_never(mut grabber: Process) {
    assert!(grabber.wait().success(), "{}", grabber.err.text());
    let said = grabber.out.text();
    let tries = said.trim().strip_prefix("tries ");
    let tries: u32 = tries.and_then(|tries| tries.parse().ok()).expect(&said);
    assert!(tries > 50, "only {tries} tries");
}

fn grab(namespace: &Namespace, arguments: &[&str]) -> Process {
    let mut command = namespace.command("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    command
        .args(["/usr/bin/python3", "-c", GRAB])
        .args(arguments);
    Process::spawn("grab", &mut command)
}
