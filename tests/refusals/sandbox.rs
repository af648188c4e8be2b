//! An agent in the sandbox of its unit cannot read the files of a process with more capabilities.
//! An agent outside the sandbox is such a process.

use super::*;
use nix::sys::signal::Signal;

/// With the capabilities that the units leave to the agent.
fn sandboxed(arguments: &[&str]) -> Running {
    std::fs::write("/run/agent.toml", GOOD).unwrap();
    let mut command = Command::new("setpriv");
    let bounded = "--bounding-set=-all,+net_admin,+net_bind_service";
    command.args([bounded, "--inh-caps=-all", env!("CARGO_BIN_EXE_agent")]);
    command.args(arguments);
    Running::start("agent", command.args(["--config", "/run/agent.toml"]))
}

/// Waits until an agent reports that it has the status ports.
pub(super) fn reserved() {
    until("grep -qs agent /run/state/port:2000.lock && grep -qs agent /run/state/port:3000.lock");
}

#[test]
fn an_agent_outside_the_sandbox_is_known_by_its_lock() {
    if !inside("sandbox::an_agent_outside_the_sandbox_is_known_by_its_lock") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    good(&["open"]);
    // In the sandbox, too, another process of root without a lock is a threat.
    let bind = "import socket, sys; s = socket.socket(); s.bind(('0.0.0.0', 2000)); \
                print('bound', flush=True); sys.stdin.read()";
    let mut other = Command::new("/usr/bin/python3");
    let piped = other.args(["-c", bind]).stdin(Stdio::piped());
    let mut other = piped.stdout(Stdio::piped()).spawn().unwrap();
    other.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    let threat = "an unknown process of user 0 on 0.0.0.0:2000 has bound the status port";
    let ended = sandboxed(&["restart", "web"]).wait();
    assert!(
        ended.exit == 11 && ended.err.contains(threat),
        "{}",
        ended.err
    );
    drop(other.stdin.take());
    other.wait().unwrap();

    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command.args(["run", "--config", "/run/agent.toml"]);
    let sidecar = Running::start("agent", &mut command);
    reserved();
    let ended = sandboxed(&["restart", "web"]).wait();
    let output = format!("{}{}", ended.out, ended.err);
    assert!(ended.exit == 0 && !output.contains("has bound"), "{output}");
    sidecar.interrupt(Signal::SIGTERM);
    sidecar.wait();
    assert!(std::path::Path::new("/run/restarted").exists());

    // The opposite case: the sidecar starts while an operation runs outside.
    let slow = GOOD.replace("[\"touch\", \"/run/restarted\"]", "[\"sleep\", \"1\"]");
    std::fs::write("/run/slow.toml", slow).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_agent"));
    command.args(["restart", "web", "--config", "/run/slow.toml"]);
    let operation = Running::start("agent", &mut command);
    reserved();
    let sidecar = sandboxed(&["run"]);
    assert_eq!(operation.wait().exit, 0);
    reserved();
    sidecar.interrupt(Signal::SIGTERM);
    let ended = sidecar.wait();
    let output = format!("{}{}", ended.out, ended.err);
    assert!(!output.contains("has bound"), "{output}");
}
