//! Lays out what is waited for on a terminal.

use console::truncate_str;
use std::time::Duration;

/// The most rows under the line if an operation waits for several things.
const MOST: usize = 6;

/// Puts a single wait behind the clock if it fits there, otherwise each wait on its own row.
/// `head`: the columns that the line has used already.
pub(super) fn rows(age: Option<&str>, what: &[String], head: usize, columns: usize) -> String {
    let room = columns.saturating_sub(head);
    let age_and = |between: &str| age.map(|age| format!("{age}{between}")).unwrap_or_default();
    match what {
        [only] if age.is_none() || age_and(": ").len() + only.len() <= room => {
            truncate_str(&format!("{}{only}", age_and(": ")), room, "…").into_owned()
        }
        what => {
            let room = columns.saturating_sub(7);
            let row = |what: &String| format!("      {}", truncate_str(what, room, "…"));
            let more = what.len().saturating_sub(MOST);
            let more = (more > 0).then(|| format!("      and {more} more"));
            let rows = what.iter().take(MOST).map(row).chain(more);
            let rows: Vec<String> = [age_and("")].into_iter().chain(rows).collect();
            rows.join("\n")
        }
    }
}

/// The age of the oldest request that the operation waits for, if the host's TCP table shows it.
pub(super) fn oldest_of(waiting: &[String], oldest: Option<Duration>) -> Option<String> {
    let carried = waiting.iter().any(|what| what.contains("in flight"));
    let oldest = oldest.filter(|_| carried)?;
    Some(format!("oldest {:.1} s", oldest.as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_waits_get_a_row_each() {
        let flights = |count: usize| vec!["srvs/web1 has 1 request in flight".to_owned(); count];
        let one = rows(Some("oldest 1.0 s"), &flights(1), 30, 80);
        assert_eq!(one, "oldest 1.0 s: srvs/web1 has 1 request in flight");
        let narrow = rows(Some("oldest 1.0 s"), &flights(1), 40, 80);
        let below = "oldest 1.0 s\n      srvs/web1 has 1 request in flight";
        assert_eq!(narrow, below);
        let many = rows(None, &flights(8), 30, 80);
        assert_eq!(many.lines().count(), 1 + MOST + 1, "{many}");
        assert!(many.ends_with("\n      and 2 more"), "{many}");
        assert!(rows(None, &["x".repeat(99)], 30, 80).ends_with("x…"));
        let tiny = rows(None, &flights(2), 30, 5);
        assert_eq!(tiny.lines().count(), 3, "{tiny}");
    }
}
