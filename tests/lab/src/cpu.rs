//! CPU time in seconds, by the kernel's own account.

use std::fs;
use std::thread;

/// Linux counts in these for programs, whatever its own clock is (USER_HZ).
const TICKS_A_SECOND: f64 = 100.0;

/// All that the machine has worked since its start, on all cores together.
pub fn of_machine() -> f64 {
    let stat = fs::read_to_string("/proc/stat").expect("/proc/stat");
    let all = stat.lines().next().expect("a line for all cores");
    let ticks = numbers(all.trim_start_matches("cpu"));
    // user, nice, system, not idle and iowait, irq, softirq
    [0, 1, 2, 5, 6]
        .map(|column: usize| ticks[column])
        .iter()
        .sum::<f64>()
        / TICKS_A_SECOND
}

/// What the children of this process have used that have ended, with the children of each.
pub fn of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("/proc/self/stat");
    // The name, in parentheses, may have spaces. A state follows, then field 4 and the others.
    let (_, rest) = stat.rsplit_once(") ").expect("a name");
    let fields = numbers(&rest[1..]);
    // cutime and cstime are fields 16 and 17.
    (fields[12] + fields[13]) / TICKS_A_SECOND
}

pub fn cores() -> f64 {
    let cores = thread::available_parallelism().expect("a number of cores");
    f64::from(u16::try_from(cores.get()).expect("fewer cores"))
}

fn numbers(text: &str) -> Vec<f64> {
    let words = text.split_whitespace();
    words.filter_map(|word| word.parse().ok()).collect()
}
