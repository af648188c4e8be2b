//! A HAProxy with many servers besides ours, and its CPU time.

use std::fmt::Write;
use std::fs;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use lab::reference::Reference;

/// The server lines of the reference.
const REFERENCE: usize = 6;

/// All other servers come first, so HAProxy gets to ours last.
pub fn beside_others(reference: Reference, (servers, a_backend): (usize, usize)) -> Reference {
    let beside = a_backend - REFERENCE;
    let mut backends = String::new();
    for start in (beside..servers - REFERENCE).step_by(a_backend) {
        let lines = lines(start..start + a_backend);
        write!(backends, "\nbackend other{start}\n{lines}").expect("a string");
    }
    reference
        .with(
            "    # Main lines",
            &format!("{}    # Main lines", lines(0..beside)),
        )
        .with("\nbackend srvs", &format!("{backends}\nbackend srvs"))
}

fn lines(numbers: Range<usize>) -> String {
    let mut lines = String::new();
    for number in numbers {
        let (third, fourth) = (number / 250, number % 250 + 1);
        writeln!(
            lines,
            "    server other{number} 10.78.{third}.{fourth}:1000"
        )
        .expect("a string");
    }
    lines
}

/// The CPU time of all threads of a process so far, from the kernel's scheduler.
pub fn cpu_time(pid: &str) -> Duration {
    let tasks = fs::read_dir(Path::new("/proc").join(pid).join("task")).expect("a process");
    let times = tasks.map(|task| {
        let path = task.expect("a thread").path().join("schedstat");
        let text = fs::read_to_string(path).expect("schedstat: a kernel with CONFIG_SCHED_INFO");
        let time = text.split(' ').next().and_then(|time| time.parse().ok());
        Duration::from_nanos(time.expect("nanoseconds"))
    });
    times.sum()
}
