//! What doctor says of a page.

use super::*;
use crate::doctor::Verdict::{self, Error, Ok as Well, Unseen, Warning};
use crate::haproxy::{BalancerObservation, NoAnswer, Role};

fn page(lines: &[bool]) -> Page {
    let line = |backup: &bool| ServerLine {
        backup: *backup,
        ..ServerLine::idle("srvs/page1", Role::Main, "DOWN")
    };
    Page {
        app: "web".to_owned(),
        port: 1009,
        status_port: 2009,
        file: Some(PageFile {
            path: "/a/page.html".to_owned(),
            is_there: true,
            readable: Ok(()),
            status: None,
        }),
        position: Some(Position::Closed),
        is_on: false,
        under_way: false,
        look: BesideLook {
            address: "127.0.0.1:1009".parse().unwrap(),
            health: Ok(()),
            balancers: vec![BalancerObservation::of_lines(
                lines.iter().map(line).collect(),
            )],
        },
    }
}

fn verdicts(page: &Page) -> Vec<(&'static str, Verdict)> {
    let points = gate(page)
        .into_iter()
        .chain(answer(page))
        .chain(lines(page));
    points.map(|point| (point.check, point.verdict)).collect()
}

fn wrong(change: impl FnOnce(&mut Page)) -> Vec<(&'static str, Verdict)> {
    let mut page = page(&[true]);
    change(&mut page);
    let all = verdicts(&page).into_iter();
    all.filter(|(_, verdict)| *verdict != Well).collect()
}

#[test]
fn the_gate_is_open_in_maintenance_alone() {
    let broken = || Position::Broken("doubled".to_owned());
    for (position, is_on, under_way, verdict) in [
        (Position::Closed, false, false, None),
        (Position::Open, true, false, None),
        (Position::Open, false, false, Some(Error)),
        (Position::Closed, true, false, Some(Error)),
        (broken(), true, false, Some(Error)),
        (broken(), false, false, Some(Error)),
        (Position::Open, false, true, Some(Unseen)),
        (
            Position::Unknown("busy".to_owned()),
            false,
            false,
            Some(Unseen),
        ),
    ] {
        let what = format!("{position} {is_on} {under_way}");
        let found = wrong(|page| {
            page.position = Some(position);
            (page.is_on, page.under_way) = (is_on, under_way);
        });
        let expected: Vec<_> = verdict.into_iter().map(|it| ("page-gate", it)).collect();
        assert_eq!(found, expected, "{what}");
    }
    assert_eq!(wrong(|page| page.position = None), []);
}

#[test]
fn a_page_that_does_not_answer_is_an_error_only_for_its_users() {
    let silent = |page: &mut Page| page.look.health = Err("refused".to_owned());
    assert_eq!(wrong(silent), [("page", Warning)]);
    let on = |page: &mut Page| {
        silent(page);
        (page.is_on, page.position) = (true, Some(Position::Open));
    };
    assert_eq!(wrong(on), [("page", Error)]);
    let mut page = page(&[true]);
    silent(&mut page);
    let fix = |page: &Page| answer(page).pop().unwrap().fix.unwrap();
    assert_eq!(fix(&page), "systemctl start haproxy-gate-page@web");
    page.file = None;
    assert_eq!(fix(&page), "start the server of the page on port 1009");
}

#[test]
fn a_file_that_the_server_can_not_read_is_found_before_it_is_needed() {
    let with = |is_there| {
        let mut page = page(&[true]);
        page.file = Some(PageFile {
            path: "/a b/page.html".to_owned(),
            is_there,
            readable: Err("/a b/page.html: not UTF-8".to_owned()),
            status: None,
        });
        answer(&page).remove(0)
    };
    for (is_there, found, fix) in [
        (
            true,
            "/a b/page.html: not UTF-8",
            "correct that, and check it: agent page web --dry-run",
        ),
        (
            false,
            "there is no file /a b/page.html",
            "write the page there, or begin with the example: cp \
             /usr/share/doc/haproxy-gate/examples/maintenance.html '/a b/page.html'",
        ),
    ] {
        let point = with(is_there);
        assert_eq!((point.check, point.verdict), ("page-file", Warning));
        assert_eq!((point.found.as_str(), &*point.fix.unwrap()), (found, fix));
    }
}

/// Only the agent's own server is known to answer so.
#[test]
fn a_page_with_the_status_of_the_health_check_is_found() {
    let at_root = |page: &mut Page| {
        let file = page.file.as_mut().unwrap();
        file.status = Some(200);
    };
    assert_eq!(wrong(at_root), [("page-status", Warning)]);
    assert_eq!(wrong(|page| page.file = None), []);
}

#[test]
fn each_balancer_has_backup_lines_of_the_page() {
    assert_eq!(
        wrong(|page| *page = self::page(&[true, false])),
        [("page-backup", Error)]
    );
    let missing = |page: &mut Page| {
        let why = NoAnswer::missing("no line".to_owned(), None);
        page.look.balancers[0].answer = Err(NoAnswer {
            fix: Some("add one".to_owned()),
            ..why
        });
    };
    assert_eq!(wrong(missing), [("page-line", Warning)]);
    // Also if HAProxy has just been started or reloaded.
    let young = |page: &mut Page| {
        missing(page);
        let why = page.look.balancers[0].answer.as_mut().unwrap_err();
        why.may_pass = true;
    };
    assert_eq!(wrong(young), [("page-line", Warning)]);
    let torn = |page: &mut Page| {
        young(page);
        let why = page.look.balancers[0].answer.as_mut().unwrap_err();
        (why.lacks_lines, why.may_pass) = (false, false);
    };
    assert_eq!(wrong(torn), [("page-line", Unseen)]);
    // The area of the balancers has this point.
    let gone = |page: &mut Page| {
        page.look.balancers = vec![BalancerObservation::silent("connection refused")];
    };
    assert_eq!(wrong(gone), []);
}
