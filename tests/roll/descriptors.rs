//! A small limit of open files: enough for three balancers, or a refusal in one line.

use lab::fleet::Fleet;
use lab::settings::Settings;
use std::process::Command;

#[test]
fn a_limit_of_open_files_is_enough_or_refused() {
    let fleet = Fleet::two_stage("descriptors");
    fleet.open_gates();
    let socket = fleet.haproxy.socket.display().to_string();
    let other = fleet.site.dir.join("other.sock");
    std::os::unix::fs::symlink(&socket, &other).unwrap();
    // The same HAProxy three times: three balancers for the agent.
    let other = other.display().to_string();
    let three = |settings: Settings| settings.haproxy(&socket).haproxy(&other);
    let agent = fleet.agent(1, three);
    let limited = |files: usize, arguments: &[&str]| {
        let mut command = Command::new("prlimit");
        let unlimited = agent.command(arguments);
        command.arg(format!("--nofile={files}:{files}"));
        command
            .arg(unlimited.get_program())
            .args(unlimited.get_args());
        let output = command.output().expect("prlimit (util-linux) runs");
        let [out, err] =
            [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap());
        (output.status.code(), out, err)
    };
    let (boots, rules) = (fleet.boots(), fleet.host(1).rules());
    let mut least = 0;
    for verb in ["open", "status", "restart", "close"] {
        for files in [8, 16] {
            let (exit, out, err) = limited(files, &[verb, "web"]);
            let lines = err.lines().count();
            assert_eq!((exit, lines), (Some(2), 1), "{verb} {files}: {out}{err}");
            let says = format!("agent: only {files} open files are allowed, and the agent needs ");
            let needed = err.strip_prefix(&says).expect(&says);
            least = needed.split(';').next().unwrap().parse().unwrap();
        }
    }
    assert_eq!(
        (fleet.boots(), fleet.host(1).rules()),
        (boots.clone(), rules)
    );
    // The number in the refusal must be enough.
    assert!(least < 64, "{least}");
    for files in [64, least] {
        for verb in ["open", "status", "restart"] {
            let (exit, out, err) = limited(files, &[verb, "web"]);
            assert_eq!(exit, Some(0), "{verb} {files}: {out}{err}");
        }
    }
    assert_eq!(fleet.boots()[0], boots[0] + 2);
}
