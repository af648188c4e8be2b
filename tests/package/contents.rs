//! The contents of the package, and the binary that needs no package.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::{deb, newest, output};

const DOC: &str = "/usr/share/doc/haproxy-gate";
const EXAMPLE: &str = "/etc/haproxy-gate/agent.toml.example";
const NEEDRESTART: &str = "/etc/needrestart/conf.d/haproxy-gate.conf";

const UNITS: [&str; 5] = [
    "haproxy-gate.service",
    "haproxy-gate-restart@.service",
    "haproxy-gate-restart@.timer",
    "haproxy-gate-drain@.service",
    "haproxy-gate-page@.service",
];

#[test]
fn the_package_has_every_file() {
    let list = output(Command::new("dpkg-deb").arg("-c").arg(deb()));
    let has = |mode: &str, path: &str| {
        let is_it = |line: &str| line.starts_with(mode) && line.ends_with(&format!(" .{path}"));
        assert!(list.lines().any(is_it), "{mode} {path} in\n{list}");
    };
    has("-rwxr-xr-x 0/0", "/usr/sbin/agent");
    has("lrwxrwxrwx 0/0", "/usr/sbin/haproxy-gate -> agent");
    has("-rwxr-xr-x 0/0", "/usr/bin/haproxy-gate-rolling-restart");
    let file = |path: &str| has("-rw-r--r-- 0/0", path);
    for unit in UNITS {
        file(&format!("/usr/lib/systemd/system/{unit}"));
    }
    for example in [
        "agent.toml",
        "app-drain.conf",
        "two-stage.cfg",
        "classic.cfg",
        "one-machine.cfg",
        "maintenance.html",
    ] {
        file(&format!("{DOC}/examples/{example}"));
    }
    for text in [
        "README.md",
        "haproxy/README.md",
        "haproxy/database.md",
        "systemd/README.md",
        "systemd/SECURITY.md",
        "scripts/README.md",
        "changelog.gz",
        "copyright",
    ] {
        file(&format!("{DOC}/{text}"));
    }
    file("/usr/share/haproxy-gate/watching/alerts.yml");
    file("/usr/share/haproxy-gate/watching/dashboard.json");
    file("/usr/share/haproxy-gate/rolling/main.py");
    // A link in the checkout, and a file in the package; the same for the collection.
    file("/usr/share/haproxy-gate/rolling/status.py");
    file("/usr/share/haproxy-gate/rolling/roll.schema.json");
    file("/usr/share/haproxy-gate/rolling/event.schema.json");
    file("/usr/share/man/man1/haproxy-gate-rolling-restart.1.gz");
    file("/usr/share/man/man5/agent.toml.5.gz");
    file("/usr/share/man/man8/agent.8.gz");
    file("/usr/share/man/man8/haproxy-gate.8.gz");
    for verb in haproxy_gate::cli::command().get_subcommands() {
        file(&format!(
            "/usr/share/man/man8/agent-{}.8.gz",
            verb.get_name()
        ));
    }
    file("/usr/share/bash-completion/completions/agent");
    file("/usr/share/bash-completion/completions/haproxy-gate");
    file("/usr/share/zsh/vendor-completions/_agent");
    file("/usr/share/fish/vendor_completions.d/agent.fish");
    file("/usr/share/fish/vendor_completions.d/haproxy-gate.fish");
    file(NEEDRESTART);
    file(EXAMPLE);
    let etc = list
        .lines()
        .filter(|line| line.contains(" ./etc/") && !line.ends_with('/'));
    assert_eq!(etc.count(), 2, "{list}");
}

#[test]
fn the_package_depends_on_iptables_and_libc() {
    let field = |name: &str| output(Command::new("dpkg-deb").arg("-f").arg(deb()).arg(name));
    let depends = field("Depends");
    assert!(depends.contains("iptables"), "{depends}");
    assert!(depends.contains("libc6 (>= "), "{depends}");
    let mut conffiles = Command::new("dpkg-deb");
    let conffiles = output(conffiles.arg("-I").arg(deb()).arg("conffiles"));
    let conffiles: BTreeSet<&str> = conffiles.split_whitespace().collect();
    assert_eq!(conffiles, BTreeSet::from([NEEDRESTART, EXAMPLE]));
}

/// needrestart reads the file as Perl, after its own. It restarts none of our units, and all other
/// units as before.
#[test]
fn needrestart_leaves_our_units_alone() {
    let script = r#"our %nrconf = (override_rc => { qr(^dbus) => 0 });
        do "./systemd/needrestart.conf" // die $@ || $!;
        for my $unit (@ARGV) {
            my ($re) = grep { $unit =~ /$_/ } keys %{$nrconf{override_rc}};
            print defined $re ? $nrconf{override_rc}{$re} : 1;
        }"#;
    let mut perl = Command::new("perl");
    perl.current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["-e", script]);
    perl.args(["haproxy-gate.service", "haproxy-gate-drain@web.service"]);
    let said = output(perl.args(["dbus.service", "haproxy.service", "web.service"]));
    assert_eq!(said, "00011");
}

/// In an empty folder, without any library.
#[test]
fn the_static_binary_runs_anywhere() {
    let binary = newest(|name| name.starts_with("agent-") && name.ends_with("-static"));
    let size = fs::metadata(&binary).unwrap().len();
    assert!(size < 13 * 1024 * 1024, "{size} bytes");
    let empty = TempDir::new().unwrap();
    let alone = empty.path().join("agent");
    fs::copy(&binary, &alone).unwrap();
    fs::set_permissions(&alone, fs::Permissions::from_mode(0o755)).unwrap();
    let said = output(
        Command::new("chroot")
            .arg(empty.path())
            .args(["/agent", "--version"]),
    );
    assert_eq!(said, format!("agent {}\n", env!("CARGO_PKG_VERSION")));
}

/// The lines of the README for a host without Debian, below a folder instead of `/`.
#[test]
fn without_the_package_the_readmes_lines_install_the_units_and_the_example() {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(checkout.join("README.md")).unwrap();
    let (_, install) = readme.split_once("# or, without Debian").unwrap();
    let lines = install
        .lines()
        .skip(1)
        .map_while(|line| line.strip_prefix("    "));
    let root = tempfile::tempdir().unwrap();
    let below = format!(" {}/", root.path().display());
    let units = root.path().join("etc/systemd/system");
    fs::create_dir_all(&units).unwrap();
    // The program is a download, and systemd is not asked to reload.
    for line in lines.filter(|line| line.starts_with("install ") && !line.contains("agent-x86")) {
        let mut sh = Command::new("sh");
        output(
            sh.args(["-euc", &line.replace(" /", &below)])
                .current_dir(checkout),
        );
    }
    let example = fs::read(root.path().join(EXAMPLE.trim_start_matches('/'))).unwrap();
    assert_eq!(
        example,
        fs::read(checkout.join("haproxy/agent.toml")).unwrap()
    );
    for unit in UNITS {
        let unit = units.join(unit);
        assert!(unit.is_file(), "{unit:?}");
    }
}
