//! The programs that cargo has built beside this one: the agent, and the lab's own.

use std::env;
use std::path::PathBuf;

/// `scripts/test` sets it.
const RELEASED: &str = "HAPROXY_GATE_TEST_RELEASED";

/// The agent of a lab. `scripts/test` wants the released one: users run that one, and it needs less of
/// the machine than one without optimization.
pub fn agent() -> PathBuf {
    match env::var_os(RELEASED) {
        Some(_) => released_agent(),
        None => built("agent"),
    }
}

/// The binary that `scripts/package` packs.
pub fn released_agent() -> PathBuf {
    let path = target().join("release/agent");
    assert!(
        path.exists(),
        "{} is missing: run `scripts/package`",
        path.display()
    );
    path
}

pub fn lab_app() -> PathBuf {
    built("examples/lab-app")
}

pub fn lab_traffic() -> PathBuf {
    built("examples/lab-traffic")
}

pub fn bench() -> PathBuf {
    built("examples/bench")
}

/// The folder of all that is built.
pub fn target() -> PathBuf {
    profile().parent().expect("a target folder").to_owned()
}

fn built(program: &str) -> PathBuf {
    let path = profile().join(program);
    assert!(
        path.exists(),
        "{} is missing: run `cargo build --bins --examples`",
        path.display()
    );
    path
}

/// A test runs in `target/PROFILE/deps`, the demo in `target/PROFILE/examples`. For both, cargo put
/// the other programs into the folder above.
fn profile() -> PathBuf {
    let this = env::current_exe().expect("a running program");
    let profile = this.parent().and_then(|folder| folder.parent());
    profile.expect("a target folder").to_owned()
}
