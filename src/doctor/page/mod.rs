//! Checks the page of an app: its gate, its answer, and its lines. Pure.

use super::Point;
use super::check::{Check, about, checks};
use super::fix::Fix;
use crate::gate::Position;
use crate::haproxy::{BalancerObservation, ServerLine};
use crate::host::BesideLook;
use crate::text::shell_line;

checks! {
    GATE "page-gate":
        "the gate of the page is closed at rest, and in maintenance it is the only one that is open: else \
         users meet the page and the app side by side, or neither";
    ANSWER "page":
        "`agent maintenance on` refuses while the page does not answer, because users would meet an error";
    FILE "page-file":
        "the page's server starts only with a file that it can read, and `agent maintenance on` refuses \
         while no page answers";
    STATUS "page-status":
        "at the path of the health check the page has a good status and no Retry-After: HAProxy's rule that \
         keeps cookies does not match, so after a maintenance sticky users would come to another host";
    pub(super) LINE "page-line":
        "without a line of the page HAProxy answers with its own 503, so `agent maintenance on` refuses";
    pub(super) BACKUP "page-backup":
        "a line of the page that is not marked `backup` takes users while the app serves, too";
}

/// The facts about the page of one app.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub app: String,
    /// Its own port.
    pub port: u16,
    pub status_port: u16,
    /// The file that `agent page` serves, by its unit, and what is wrong with it. None: the server is
    /// another one.
    pub file: Option<PageFile>,
    /// None: the rules can't be read.
    pub position: Option<Position>,
    /// Maintenance is on.
    pub is_on: bool,
    /// An operation on the app is under way, and moves its gate.
    pub under_way: bool,
    pub look: BesideLook,
}

/// The file of a page.
#[derive(Debug, Clone)]
pub(crate) struct PageFile {
    pub path: String,
    pub is_there: bool,
    pub readable: Result<(), String>,
    /// The health check of the app asks for `/`, as users do: the status that both get.
    pub status: Option<u16>,
}

/// The point about its gate.
pub(super) fn gate(page: &Page) -> Vec<Point> {
    about(&label(page), of_gate(page))
}

/// The points about its file and its answer.
pub(super) fn answer(page: &Page) -> Vec<Point> {
    let file = page.file.as_ref();
    let of_server = file.map(|file| [of_file(page, file), of_status(page, file)]);
    let points = of_server.into_iter().flatten();
    about(&label(page), points.chain([of_answer(page)]))
}

/// The points about its lines on each balancer that answers.
pub(super) fn lines(page: &Page) -> Vec<Point> {
    let (label, balancers) = (label(page), page.look.balancers.iter());
    let fix = |missing: &str| format!("{missing}, and reload HAProxy").into();
    balancers
        .flat_map(|balancer| on_each_balancer(&label, balancer, (&LINE, &fix), &of_lines))
        .collect()
}

/// The points about the lines of a page or a marker on one balancer. `missing`: the check of a line
/// that is not there, and the fix with what HAProxy lacks.
pub(super) fn on_each_balancer(
    label: &str,
    balancer: &BalancerObservation,
    (check, fix): (&Check, &dyn Fn(&str) -> Fix),
    of_lines: &dyn Fn(&[ServerLine]) -> Vec<Point>,
) -> Vec<Point> {
    let points = match &balancer.answer {
        Ok(answer) => of_lines(&answer.lines),
        // The area of the balancers says so.
        Err(why) if why.out_of_reach => Vec::new(),
        Err(why) if !why.lacks_lines => vec![check.unseen(&why.why)],
        Err(why) => {
            let missing = why.fix.as_deref().unwrap_or_default();
            vec![check.warning(&why.why, fix(missing))]
        }
    };
    about(&format!("{label} on {}", balancer.name), points)
}

/// The fault of these lines, in HAProxy's answer or in its file.
pub(super) fn backup_fault(names: &str) -> Point {
    BACKUP.error(
        format!("the line of a page, and not marked `backup`: {names}"),
        format!("add `backup` to the line of {names}"),
    )
}

fn label(page: &Page) -> String {
    label_of(&page.app)
}

/// `web/page`
pub(super) fn label_of(app: &str) -> String {
    format!("{app}/page")
}

fn of_gate(page: &Page) -> Option<Point> {
    let (app, port) = (&page.app, page.status_port);
    let position = page.position.as_ref()?;
    let said = format!("gate {port} is {position}");
    Some(match (position, page.is_on) {
        (Position::Unknown(_), _) => GATE.unseen(said),
        (Position::Open, true) => GATE.ok(format!("{said}: maintenance is on")),
        (Position::Closed, false) => GATE.ok(said),
        _ if page.under_way => GATE.unseen(format!("{said}: an operation is under way")),
        (_, true) => GATE.error(
            format!("{said}, although maintenance is on: users meet no page of this host"),
            format!("agent maintenance on {app}"),
        ),
        (_, false) => GATE.error(
            format!(
                "{said}, although maintenance is off: users meet the page once no main line is UP"
            ),
            format!("agent recover {app}"),
        ),
    })
}

fn of_file(page: &Page, file: &PageFile) -> Point {
    let PageFile {
        path,
        is_there,
        readable,
        ..
    } = file;
    let again = format!("agent page {} --dry-run", page.app);
    match readable {
        Ok(()) => FILE.ok(format!("its file is {path}")),
        Err(why) if *is_there => FILE.warning(why, Fix::paste("correct that, and check it", again)),
        Err(_) => FILE.warning(
            format!("there is no file {path}"),
            Fix::paste(
                "write the page there, or begin with the example",
                example(path),
            ),
        ),
    }
}

fn of_status(page: &Page, file: &PageFile) -> Point {
    let Some(status) = file.status else {
        return STATUS.ok("users get it with 503 and Retry-After");
    };
    let app = &page.app;
    STATUS.warning(
        format!("the health check of {app} asks for /, so users get the page there with {status}, not 503"),
        format!("name another path in [app.{app}] health and in HAProxy's check"),
    )
}

fn example(path: &str) -> String {
    let example = "/usr/share/doc/haproxy-gate/examples/maintenance.html";
    shell_line(["cp", example, path])
}

fn of_answer(page: &Page) -> Point {
    let at = page.look.address;
    match &page.look.health {
        Ok(()) => ANSWER.ok(format!("answers at {at}")),
        Err(why) => {
            let fix = match page.file.is_some() {
                true => format!("systemctl start haproxy-gate-page@{}", page.app),
                false => format!("start the server of the page on port {}", page.port),
            };
            let found = format!("does not answer at {at}: {why}");
            match page.is_on {
                true => ANSWER.error(format!("{found}; maintenance is on"), fix),
                false => ANSWER.warning(found, fix),
            }
        }
    }
}

fn of_lines(lines: &[ServerLine]) -> Vec<Point> {
    let names = |backup: bool| {
        let lines = lines.iter().filter(|line| line.backup == backup);
        let names: Vec<&str> = lines.map(|line| line.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let without = names(false).map(|names| backup_fault(&names));
    let mut points = BACKUP.or_ok(without, "its lines are marked `backup`");
    let all: Vec<String> = lines
        .iter()
        .map(|line| format!("{} is {}", line.name, line.status))
        .collect();
    points.push(LINE.ok(all.join(", ")));
    points
}

#[cfg(test)]
mod tests;
