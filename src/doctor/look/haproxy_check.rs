//! Asks a HAProxy of this host about the files: `haproxy -c`.
//!
//! It runs as a user without rights, reads the files from memory, and writes nothing. It does not run for files
//! that make HAProxy load code, because any user may have written them.

use crate::doctor::cfg::{Said, Text, loads_code};
use crate::doctor::given::File;
use crate::haproxy::version::short;
use rustix::fs::{MemfdFlags, memfd_create};
use std::borrow::Cow;
use std::io::Write;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

const PLACES: [&str; 3] = [
    "/usr/sbin/haproxy",
    "/usr/local/sbin/haproxy",
    "/usr/bin/haproxy",
];
/// It may have to wait for the DNS.
const LIMIT: Duration = Duration::from_secs(10);
/// The user and the group without files or rights.
const UNPRIVILEGED: u32 = 65534;

/// What it says. `running`: the versions of the balancers; none is known before their first answer.
pub(super) async fn ask(files: &[File], running: &[&str]) -> Said {
    let Some((program, version)) = installed().await else {
        return Said::Unknown(
            "this host has no HAProxy that could check it; on the balancer: haproxy -c -f FILE"
                .to_owned(),
        );
    };
    let newest = running.iter().filter_map(|version| short(version)).max();
    if let Some((major, minor)) = newest.filter(|newest| short(&version) < Some(*newest)) {
        return Said::Unknown(format!(
            "the HAProxy of this host, {version}, is older than the balancer's, {major}.{minor}"
        ));
    }
    if load_code(files) {
        return Said::Unknown("`haproxy -c` would load code that the file names".to_owned());
    }
    let said = check(program, &version, files).await;
    match newest {
        Some(_) => said,
        None => said.of_another(),
    }
}

/// The program of this host, and its version.
async fn installed() -> Option<(&'static Path, String)> {
    let program = PLACES.iter().map(Path::new).find(|place| place.is_file())?;
    let version = version(program).await?;
    short(&version)?;
    Some((program, version))
}

fn load_code(files: &[File]) -> bool {
    let texts = files.iter().flat_map(|file| &file.bytes);
    let texts: Vec<Cow<'_, str>> = texts.map(|bytes| String::from_utf8_lossy(bytes)).collect();
    let texts = texts.iter().map(|text| Text { name: "", text });
    loads_code(&texts.collect::<Vec<_>>())
}

/// `HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/`
async fn version(program: &Path) -> Option<String> {
    let (_, output) = run(Command::new(program).arg("-v")).await.ok()?;
    let out = String::from_utf8_lossy(&output.stdout);
    let mut words = out.split_whitespace();
    words.find(|word| *word == "version")?;
    words.next().map(str::to_owned)
}

async fn check(program: &Path, version: &str, files: &[File]) -> Said {
    let failed = |why: &str| Said::Unknown(format!("`haproxy -c` can't be run: {why}"));
    let Ok(memory) = files
        .iter()
        .map(in_memory)
        .collect::<std::io::Result<Vec<_>>>()
    else {
        return failed("no memory for the file");
    };
    let mut command = Command::new(program);
    let mut names = Vec::new();
    command.arg("-c");
    for (file, memory) in files.iter().zip(&memory) {
        let path = format!("/proc/self/fd/{}", memory.as_raw_fd());
        command.args(["-f", &path]);
        names.push((path, file.path.display().to_string()));
    }
    if nix::unistd::geteuid().is_root() {
        command.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
    }
    match run(&mut command).await {
        Ok((code, output)) => {
            let errors = String::from_utf8_lossy(&output.stderr);
            Said::read(version, code, &errors, &names)
        }
        Err(why) => failed(&why),
    }
}

/// A file without a name, which the child inherits.
fn in_memory(file: &File) -> std::io::Result<OwnedFd> {
    let memory = memfd_create("haproxy.cfg", MemfdFlags::empty())?;
    let mut writer = std::fs::File::from(memory);
    writer.write_all(file.bytes.as_deref().unwrap_or_default())?;
    Ok(writer.into())
}

/// Its exit code, and what it prints. Err: it does not end, or dies. A configuration that is right
/// ends with 0, one without a listener with 2.
async fn run(command: &mut Command) -> Result<(i32, Output), String> {
    let child = command
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(LIMIT, child)
        .await
        .map_err(|_| "it does not end".to_owned())?;
    let output = output.map_err(|error| error.to_string())?;
    match output.status.code() {
        Some(code @ 0..=2) => Ok((code, output)),
        _ => Err(format!("it ended with {}", output.status)),
    }
}
