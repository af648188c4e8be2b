//! HAProxy's own view of its server lines, read from `show stat`.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
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

    /// Errors, retries and redispatches: a roll without a stall has none, a roll without failures
    /// may have some.
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
    parse(&ask(socket, "show stat"))
}

/// The server lines in an answer.
pub fn parse(answer: &str) -> Vec<Line> {
    try_parse(answer).unwrap_or_else(|| panic!("no table of statistics: {answer}"))
}

/// The same where the answer may be cut, as in a reload.
pub fn try_parse(answer: &str) -> Option<Vec<Line>> {
    let table = answer.strip_prefix("# ")?;
    let mut reader = csv::Reader::from_reader(table.trim_end().as_bytes());
    let rows = reader.deserialize::<HashMap<String, String>>();
    let lines: Result<Vec<Line>, _> = rows.map(|row| row.map(Line)).collect();
    Some(lines.ok()?.into_iter().filter(Line::is_server).collect())
}

/// A value in an answer to `show info`.
pub fn info(answer: &str, key: &str) -> Option<String> {
    let mut pairs = answer.lines().filter_map(|line| line.split_once(": "));
    let (_, value) = pairs.find(|(name, _)| *name == key)?;
    Some(value.to_owned())
}

/// One command to the stats socket, and its whole answer.
pub fn ask(socket: &Path, command: &str) -> String {
    let answer = try_ask(socket, command, Duration::from_secs(5));
    answer.unwrap_or_else(|error| panic!("{command} to {}: {error}", socket.display()))
}

/// The same where it may fail, as in a reload.
pub fn try_ask(socket: &Path, command: &str, limit: Duration) -> io::Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(limit))?;
    writeln!(stream, "{command}")?;
    // The master CLI would wait for another command.
    stream.shutdown(Shutdown::Write)?;
    to_the_end(stream)
}

/// The same over TCP.
pub fn ask_over_tcp(mut stream: TcpStream, command: &str) -> io::Result<String> {
    writeln!(stream, "{command}")?;
    to_the_end(stream)
}

fn to_the_end(mut stream: impl Read) -> io::Result<String> {
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
