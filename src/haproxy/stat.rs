//! `show stat IID 4 SID`: the state of one server line and its load. Columns are read by name,
//! because later columns differ by version. An error text is a valid empty CSV table, so the header
//! and the row are required.

use super::answer_end::empty_line;
use super::{CheckStatus, Mode, Status, Unseen};
use crate::text::{escape, escape_within};
use csv::{ReaderBuilder, StringRecord, Terminator};

/// The most characters to show of a row that is not understood.
const SHOWN: usize = 60;

/// One server line in `show stat`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerStat {
    /// Backend name.
    pub backend: String,
    /// Server name.
    pub server: String,
    /// Server id.
    pub server_id: u64,
    /// The status column.
    pub status: Status,
    /// Streams assigned to it now (`scur`) and queued for it (`qcur`).
    pub in_flight: u64,
    /// The mode of its backend.
    pub mode: Mode,
    /// Sessions since HAProxy started (`stot`), those by cookie too.
    pub sessions: u64,
    /// Connections that this worker has to it, idle or in use: `srv_icur` + `used_conn_cur`, in
    /// mode tcp `scur`. None: this HAProxy is too old to count them (before 2.3).
    pub connections: Option<u64>,
    /// Its weight now, of which slow start leaves at least 1. HAProxy sends no new users to 0.
    pub weight: u64,
    /// The line says `backup`.
    pub backup: bool,
    /// Confirmed UP: `UP`, full check health (rise + fall - 1), slow start over.
    pub proven: bool,
    /// How its own health check last ended; None: it has none, because it tracks another line.
    pub check: Option<CheckStatus>,
    /// Its own health check has failed as often as HAProxy counts: `check_health` is 0.
    pub failed_to_the_end: bool,
    /// How long it has this status, in seconds, if HAProxy shows that.
    pub lasts: Option<u64>,
}

impl ServerStat {
    /// Out of the balancing because its own check meets a closed gate. Other causes may end at
    /// any moment: `DOWN (agent)`, a resolution, a sick app's answer. A check under way may pass,
    /// because it may have begun before the gate closed. An operator's MAINT stops the checks and
    /// counts as out.
    pub fn is_out(&self) -> bool {
        match (&self.status, &self.check) {
            (status, None) => status.is_out(),
            (status, Some(_)) if status.is_maint() => status.is_out(),
            (status, Some(check)) => {
                let failed = self.failed_to_the_end && check.met_a_closed_gate();
                status.is_out() && failed && !check.may_pass_yet()
            }
        }
    }

    /// The command for one server; with None, for all servers of the backend.
    pub fn command(backend_id: u64, server_id: Option<u64>) -> String {
        match server_id {
            Some(server_id) => format!("show stat {backend_id} 4 {server_id}"),
            None => format!("show stat {backend_id} 4 -1"),
        }
    }

    /// Parses the answer to `command`. One wrong field that is read makes all of it unusable.
    pub fn parse(answer: &str, command: &str) -> Result<Vec<ServerStat>, Unseen> {
        rows(answer, command, server)
    }

    /// The same for the other servers of a backend: a row that can't be read is a server that can't
    /// take users, and no reason to know nothing of the others.
    pub fn parse_backend(answer: &str, command: &str) -> Result<Vec<ServerStat>, Unseen> {
        rows(answer, command, |row| {
            server(row).or_else(|what| unreadable(row, &what))
        })
    }
}

/// Reads each row of the table.
pub(super) fn rows<T>(
    answer: &str,
    command: &str,
    read: impl Fn(&Row) -> Result<T, String>,
) -> Result<Vec<T>, Unseen> {
    if !answer.starts_with("# pxname,svname,") {
        return Err(Unseen::strange(command, answer));
    }
    // An open quote would swallow the rows that follow, without an error.
    if empty_line(answer) != Ok(None) {
        return Err(Unseen::strange(command, "wrong quotes"));
    }
    // A record that is shorter than the header lacks columns, which its reader reports.
    let mut reader = ReaderBuilder::new()
        .terminator(Terminator::Any(b'\n'))
        .flexible(true)
        .from_reader(answer.as_bytes());
    let strange = |error: csv::Error| Unseen::strange(command, error);
    let header = reader.headers().map_err(strange)?.clone();
    let mut servers = Vec::new();
    for record in reader.records() {
        let record = record.map_err(strange)?;
        let server = read(&Row {
            header: &header,
            record: &record,
        });
        servers.push(server.map_err(|what| Unseen::strange(command, what))?);
    }
    Ok(servers)
}

fn server(row: &Row) -> Result<ServerStat, String> {
    let status = row.text("status")?;
    let status = Status::parse(status).ok_or_else(|| format!("status {status:?}"))?;
    let (weight, backup) = (row.number("weight")?, row.number("bck")? > 0);
    let status = status.with_weight(weight);
    Ok(ServerStat {
        backend: escape(row.text("# pxname")?),
        server: escape(row.text("svname")?),
        server_id: row.number("sid")?,
        in_flight: row.count("scur")? + row.count("qcur")?,
        mode: mode(row),
        sessions: row.number("stot")?,
        connections: connections(row)?,
        weight,
        backup,
        // A backup line keeps its sticky users whatever its weight.
        proven: (status == Status::Up || (backup && status.word() == "UP"))
            && full_health(row)?
            && matches!(row.text("throttle")?, "" | "100"),
        check: check(row)?,
        failed_to_the_end: row.text("check_health")? == "0",
        lasts: row.number("lastchg").ok(),
        status,
    })
}

/// A server whose state is not known takes no users.
fn unreadable(row: &Row, what: &str) -> Result<ServerStat, String> {
    Ok(ServerStat {
        backend: escape(row.text("# pxname")?),
        server: escape(row.text("svname")?),
        server_id: row.number("sid").unwrap_or(0),
        status: Status::Unreadable(escape_within(what, SHOWN)),
        in_flight: 0,
        mode: mode(row),
        sessions: 0,
        connections: None,
        weight: 0,
        backup: row.number("bck").is_ok_and(|backup| backup > 0),
        proven: false,
        check: None,
        failed_to_the_end: false,
        lasts: None,
    })
}

/// Other modes have no servers of an app.
pub(super) fn mode(row: &Row) -> Mode {
    match row.text("mode") {
        Ok("tcp") => Mode::Tcp,
        _ => Mode::Http,
    }
}

/// HAProxy counts pooled connections in mode http only. In mode tcp each session has its own
/// connection.
fn connections(row: &Row) -> Result<Option<u64>, String> {
    match (mode(row), row.text("used_conn_cur")) {
        (Mode::Tcp, _) => row.count("scur").map(Some),
        (_, Ok(_)) => Ok(Some(row.count("srv_icur")? + row.count("used_conn_cur")?)),
        (_, Err(_)) => Ok(None),
    }
}

fn check(row: &Row) -> Result<Option<CheckStatus>, String> {
    match row.text("check_rise")? {
        "" => Ok(None),
        _ => Ok(Some(CheckStatus::parse(&escape(row.text("check_status")?)))),
    }
}

/// HAProxy counts successes up to rise + fall - 1. Below that, one more failure may turn the server
/// DOWN. A line that tracks another has no checks of its own.
fn full_health(row: &Row) -> Result<bool, String> {
    if row.text("check_rise")?.is_empty() {
        return Ok(!row.text("tracked")?.is_empty());
    }
    let (rise, fall) = (row.count("check_rise")?, row.count("check_fall")?);
    Ok(row.count("check_health")? + 1 == rise + fall)
}

pub(super) struct Row<'a> {
    header: &'a StringRecord,
    record: &'a StringRecord,
}

impl<'a> Row<'a> {
    pub(super) fn text(&self, column: &str) -> Result<&'a str, String> {
        let place = self.header.iter().position(|name| name == column);
        let field = place.and_then(|place| self.record.get(place));
        field.ok_or_else(|| format!("no column {column}"))
    }

    pub(super) fn number(&self, column: &str) -> Result<u64, String> {
        let text = self.text(column)?;
        text.parse().map_err(|_| format!("{column} is {text:?}"))
    }

    /// A number of 32 bits, as in HAProxy. So a sum of two can't overflow.
    fn count(&self, column: &str) -> Result<u64, String> {
        let number = self.number(column)?;
        match u32::try_from(number) {
            Ok(count) => Ok(u64::from(count)),
            Err(_) => Err(format!("{column} is {number}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "# pxname,svname,qcur,scur,stot,status,bck,sid,throttle,check_rise,check_fall,check_health,tracked,weight,check_status";

    fn parse(row: &str) -> Result<Vec<ServerStat>, Unseen> {
        ServerStat::parse(&format!("{HEADER}\n{row},L4CON"), "show stat 3 4 1")
    }

    fn is_out(status: &str, health: u64, check: &str) -> bool {
        let row = format!("srvs,web1,0,0,7,{status},0,1,,2,3,{health},,1,{check}");
        let answer = format!("{HEADER}\n{row}");
        ServerStat::parse(&answer, "show stat 3 4 1").unwrap()[0].is_out()
    }

    #[test]
    fn out_is_out_because_the_closed_gate_was_checked_to_the_end() {
        assert!(is_out("DOWN", 0, "L4CON") && is_out("DOWN", 0, "L4TOUT"));
        // It may be from before the gate closed, and may pass.
        assert!(!is_out("DOWN", 0, "* L4CON"));
        // A firewall drops the checks: one is under way most of the time.
        assert!(is_out("DOWN", 0, "* L4TOUT"));
        assert!(is_out("DOWN (agent)", 0, "L4CON"), "both hold it down");
        // The agent's state, a sick app's answer, no check yet: each may end at once.
        assert!(!is_out("DOWN (agent)", 4, "L7OK") && !is_out("DOWN (agent)", 3, "L4CON"));
        assert!(!is_out("DOWN", 0, "L7STS") && !is_out("DOWN", 0, "INI"));
        assert!(!is_out("MAINT (resolution)", 0, "L4CON"));
        assert!(!is_out("UP 1/3", 2, "L4CON") && !is_out("DOWN 1/2", 1, "L4CON"));
        // An operator's MAINT: HAProxy does not check the line.
        assert!(is_out("MAINT", 4, "L7OK") && is_out("MAINT (via a/b)", 4, "L7OK"));
    }

    #[test]
    fn one_that_tracks_another_has_no_check_of_its_own() {
        let row = |status: &str| format!("srvs,web1,0,0,7,{status},0,1,,,,,srvs/web9,1");
        assert!(parse(&row("DOWN")).unwrap()[0].is_out());
        assert!(!parse(&row("UP")).unwrap()[0].is_out());
    }

    #[test]
    fn connections_are_pooled_ones_and_those_in_use_or_in_mode_tcp_the_sessions() {
        let row = "srvs,web1,0,3,7,UP,0,1,,2,3,4,,1,L4OK";
        let counted = |columns: &str, values: &str| {
            let answer = format!("{HEADER}{columns}\n{row}{values}");
            ServerStat::parse(&answer, "show stat 3 4 1").map(|stats| stats[0].connections)
        };
        let pools = ",mode,srv_icur,used_conn_cur";
        assert_eq!(counted(pools, ",http,5,2"), Ok(Some(7)));
        assert_eq!(counted(pools, ",tcp,0,0"), Ok(Some(3)));
        assert_eq!(counted("", ""), Ok(None), "HAProxy 2.2");
        assert!(counted(pools, ",http,,2").is_err());
    }

    #[test]
    fn proven_is_up_with_full_health_and_no_slow_start() {
        let proven = |row: &str| parse(row).unwrap()[0].proven;
        assert!(proven("srvs,web1,0,0,7,UP,0,1,,2,3,4,,1"));
        assert!(proven("srvs,web1,0,0,7,UP,0,1,100,2,3,4,,1"));
        assert!(!proven("srvs,web1,0,0,7,UP,0,1,,2,3,3,,1"));
        assert!(!proven("srvs,web1,0,0,7,UP,0,1,40,2,3,4,,1"));
        assert!(!proven("srvs,web1,0,0,7,UP 1/3,0,1,,2,3,4,,1"));
    }

    #[test]
    fn a_main_line_with_weight_0_is_held_and_a_backup_line_keeps_its_sticky_users() {
        let read = |row: &str| parse(row).unwrap().remove(0);
        let main = read("srvs,web1,0,0,7,UP,0,1,,2,3,4,,0");
        assert_eq!(main.status, Status::ZeroWeight("UP".into()));
        assert!(!main.proven && !main.is_out());
        assert!(read("srvs,bkp1,0,0,7,UP,1,1,,2,3,4,,0").proven);
        assert!(!read("srvs,bkp1,0,0,7,UP 2/4,1,1,,2,3,3,,0").proven);
        assert!(read("srvs,web1,0,0,7,DOWN,0,1,,2,3,0,,0").is_out());
    }

    #[test]
    fn a_line_that_tracks_another_is_proven_by_its_status() {
        assert!(parse("srvs,web1,0,0,7,UP,0,1,,,,,srvs/web9,1").unwrap()[0].proven);
        assert!(!parse("srvs,web1,0,0,7,UP,0,1,,,,,,1").unwrap()[0].proven);
    }

    #[test]
    fn in_flight_is_current_and_queued() {
        assert_eq!(
            parse("srvs,web1,2,3,7,DOWN,1,1,,2,3,0,,1").unwrap()[0].in_flight,
            5
        );
    }

    #[test]
    fn an_overflow_is_strange_never_nothing_in_flight() {
        let most = u64::MAX;
        assert!(parse(&format!("srvs,web1,1,{most},7,DOWN,1,1,,2,3,0,,1")).is_err());
        assert!(parse(&format!("srvs,web1,0,0,7,UP,0,1,,2,3,{most},,1")).is_err());
    }

    /// The texts of checks are not read, so they may have anything in them.
    #[test]
    fn only_the_columns_that_are_needed_are_read() {
        let row = "srvs,web1,0,0,7,UP,0,1,,2,3,4,,1,L7OK";
        let texts = [
            "200 OK\r\n",
            "\n\n",
            "\u{fffd}",
            "\u{1b}[2J\0",
            "\"\"a\"\",b",
        ];
        for text in texts {
            let answer = format!("{HEADER},last_chk\n{row},\"{text}\"\n{row},\n");
            let stats = ServerStat::parse(&answer, "show stat 3 4 1").unwrap();
            assert!(stats.len() == 2 && stats[0].proven, "{text:?}: {stats:?}");
        }
        let named = parse("srvs,w\u{1b}[2J,0,0,7,UP,0,1,,2,3,4,,1").unwrap();
        assert_eq!(named[0].server, "w\\u{1b}[2J");
        assert!(parse("srvs,web1,0,0,7,MAINT (\x1b[2J),0,1,,2,3,4,,1").is_err());
    }

    #[test]
    fn no_row_is_lost_in_anothers_quotes() {
        let row = "srvs,web1,0,0,7,UP,0,1,,2,3,4,,1,L7OK";
        let rows = |text: &str| {
            let answer = format!("{HEADER},last\n{row},{text}\n{row},\n");
            ServerStat::parse(&answer, "show stat 3 4 1").map(|stats| stats.len())
        };
        assert_eq!(rows("\"a\nb\""), Ok(2));
        for text in ["\"", "\"a\"b", "a\"b\"", "a\"", "\n"] {
            assert!(rows(text).is_err(), "{text:?}");
        }
        let header = format!("{HEADER},\"\n{row},,\n{row},,\n");
        assert!(ServerStat::parse(&header, "show stat 3 4 1").is_err());
    }

    #[test]
    fn a_neighbour_that_can_not_be_read_takes_no_users_and_hides_no_other() {
        let rows = "srvs,web2,0,0,7,HALF \u{1b},0,1,,2,3,4,,1,L7OK\n\
                    srvs,web3,,,,UP\nsrvs,web4,0,0,7,UP,0,1,,2,3,4,,1,L7OK";
        let answer = format!("{HEADER}\n{rows}");
        let stats = ServerStat::parse_backend(&answer, "show stat 3 4 -1").unwrap();
        let usable: Vec<bool> = stats.iter().map(|stat| stat.status.is_usable()).collect();
        assert_eq!(usable, [false, false, true], "{stats:?}");
        assert!(!stats[0].is_out() && !stats[0].status.is_held(false));
        let word = stats[0].status.to_string();
        assert!(word.contains("HALF") && !word.contains('\u{1b}'), "{word}");
        assert!(ServerStat::parse(&answer, "show stat 3 4 -1").is_err());
    }

    #[test]
    fn errors_and_halves_are_strange_never_empty() {
        for answer in [
            "",
            "Permission denied",
            "No such proxy.",
            "# pxname,svname,qcur\nsrvs,web1,0",
        ] {
            assert!(
                ServerStat::parse(answer, "show stat 3 4 1").is_err(),
                "{answer:?}"
            );
        }
        for row in [
            "srvs,web1,0",
            "srvs,web1,0,,7,UP,0,1,,2,3,4,,1",
            "srvs,web1,0,0,7,HALF,0,1,,2,3,4,,1",
        ] {
            assert!(parse(row).is_err(), "{row:?}");
        }
    }
}
