//! The programs that cargo has built beside this one: the agent, and the lab's own.

use std::env;
use std::path::PathBuf;

pub fn agent() -> PathBuf {
    built("agent")
}

/// The binary that `scripts/package` packs.
pub fn released_agent() -> PathBuf {
    let target = agent()
        .ancestors()
        .nth(2)
        .map(|target| target.join("release/agent"));
    let path = target.expect("a target folder");
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

/// A test runs in `target/PROFILE/deps`, the demo in `target/PROFILE/examples`. For both, cargo put
/// the other programs into the folder above.
fn built(program: &str) -> PathBuf {
    let this = env::current_exe().expect("a running program");
    let profile = this.parent().and_then(|folder| folder.parent());
    let path = profile.expect("a target folder").join(program);
    assert!(
        path.exists(),
        "{} is missing: run `cargo build --bins --examples`",
        path.display()
    );
    path
}
