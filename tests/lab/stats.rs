//! HAProxy's own view of its server lines, read from `show stat`.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// One row of `show stat`.
#[derive(Debug, Clone)]
pub struct Line(HashMap<String, String>);

impl Line {
    pub fn get(&self, column: &str) -> &str {
        let value = self.0.get(column);
        value.unwrap_or_else(|| panic!("no column {column} in {:?}", self.0))
    }

    pub fn number(&self, column: &str) -> u64 {
        self.get(column).parse().unwrap_or(0)
    }

    pub fn status(&self) -> &str {
        self.get("status")
    }

    /// What tells a stall-free roll from one that merely did not fail: errors, retries and
    /// redispatches.
    pub fn trouble(&self) -> u64 {
        let columns = ["econ", "eresp", "wretr", "wredis"];
        columns.iter().map(|column| self.number(column)).sum()
    }

    fn is_server(&self) -> bool {
        !["FRONTEND", "BACKEND"].contains(&self.get("svname"))
    }
}

/// The server lines of all backends.
pub fn servers(socket: &Path) -> Vec<Line> {
    let answer = ask(socket, "show stat");
    let table = answer.strip_prefix("# ").expect("a table of statistics");
    let mut reader = csv::Reader::from_reader(table.trim_end().as_bytes());
    let rows = reader.deserialize::<HashMap<String, String>>();
    let lines = rows.map(|row| Line(row.expect("a row")));
    lines.filter(Line::is_server).collect()
}

/// One command to the stats socket, and its whole answer.
pub fn ask(socket: &Path, command: &str) -> String {
    let mut stream = UnixStream::connect(socket).expect("HAProxy's socket");
    let limit = Some(Duration::from_secs(5));
    stream.set_read_timeout(limit).expect("a time limit");
    writeln!(stream, "{command}").expect("HAProxy reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("HAProxy answers");
    answer
}
