//! Judges the lines of an app's targets beside each other, from HAProxy or from its file: the order
//! of all of them, their cookies, their twins. Pure.

use super::line::{Backend, Line, NONE, names};
use crate::doctor::Point;
use crate::doctor::check::{Check, about, checks};
use std::collections::{BTreeMap, BTreeSet};

checks! {
    ORDER "target-order":
        "a switch moves the users of a cookie to the first line with it that is not DOWN: a twin of one \
         target before the main line of another would keep them";
    COOKIE "target-cookie":
        "with one cookie for the host its users move with it; with a cookie for each target they can stay \
         on the old one for the `sticky` time: a mix of both loses their sessions";
    TWIN "target-twin":
        "no gate moves a twin that checks the app itself: it serves users of a target that is verified, \
         drained or ready";
}

/// The lines of one backend for each target of an app.
pub(crate) type ByTarget<'a> = [(&'a str, Backend)];

/// The points about a backend that serves several targets.
pub(crate) fn judge(targets: &ByTarget<'_>) -> Vec<Point> {
    let Some((_, first)) = targets.first().filter(|_| targets.len() > 1) else {
        return Vec::new();
    };
    let mut points = order(targets);
    points.extend(cookies(targets));
    points.extend(twins(targets));
    about(&first.of, points)
}

fn order(targets: &ByTarget<'_>) -> Vec<Point> {
    let wrong: Vec<&Line> = (0..targets.len())
        .flat_map(|nth| keeping(targets, nth))
        .collect();
    let wrong = names(wrong).map(|names| {
        let fix = "move the twins below the main lines of all targets";
        ORDER.error(
            format!("before a main line of another target: {names}"),
            fix,
        )
    });
    let mut lines = targets.iter().flat_map(|(_, one)| &one.lines);
    match lines.any(|line| !line.is_main) {
        true => ORDER.or_ok(wrong, "twins come after the main lines of all targets"),
        false => Vec::new(),
    }
}

/// The twins of the nth target that would keep users of another one.
fn keeping<'a>(targets: &'a ByTarget<'_>, nth: usize) -> Vec<&'a Line> {
    let others = targets.iter().enumerate().filter(|(at, _)| *at != nth);
    let mains = others.flat_map(|(_, (_, one))| one.lines.iter().filter(|line| line.is_main));
    let mains: Vec<&Line> = mains.collect();
    let Some(last) = mains.iter().map(|main| main.at).max() else {
        return Vec::new();
    };
    let keeps = |twin: &&Line| {
        let is_kept = |main: &&Line| twin.at < main.at && may_be_same(twin, main);
        // In most files each twin is below all of them, and no pair need be compared.
        twin.at < last && mains.iter().any(is_kept)
    };
    let twins = targets[nth].1.lines.iter().filter(|line| !line.is_main);
    twins.filter(keeps).collect()
}

/// The same host, and the same cookie as far as it is known.
fn may_be_same(one: &Line, other: &Line) -> bool {
    let same = |one: &Option<String>, other: &Option<String>| {
        one.is_none() || other.is_none() || one == other
    };
    same(&one.host, &other.host) && same(&one.cookie, &other.cookie)
}

/// The cookies of a host's main lines.
fn cookies(targets: &ByTarget<'_>) -> Vec<Point> {
    if targets.iter().any(|(_, one)| one.derives_cookies) {
        return vec![COOKIE.ok("HAProxy makes a cookie for each target")];
    }
    let mains = || {
        targets
            .iter()
            .flat_map(|(_, one)| one.lines.iter().filter(|line| line.is_main))
    };
    if mains().any(|line| line.cookie.is_none()) {
        let hidden = targets.iter().any(|(_, one)| one.hides_cookies);
        let unseen = "cookies are hidden at level user; the file shows them: --haproxy-cfg FILE";
        return hidden.then(|| COOKIE.unseen(unseen)).into_iter().collect();
    }
    let mut hosts: BTreeMap<&Option<String>, Vec<&Line>> = BTreeMap::new();
    mains().for_each(|line| hosts.entry(&line.host).or_default().push(line));
    let kinds: Vec<Kind> = hosts.values().map(|lines| Kind::of(lines)).collect();
    let odd = hosts.values().zip(&kinds);
    let odd = odd.filter(|(_, kind)| **kind == Kind::Mixed);
    let wrong = odd.map(|(lines, _)| mixed(lines)).next();
    let said = match kinds.as_slice() {
        [Kind::None, ..] => "no main line has a cookie",
        [Kind::PerTarget, ..] => "each target has a cookie of its own",
        _ => "the targets of a host share its cookie",
    };
    let differ = kinds.iter().any(|kind| *kind != kinds[0]);
    let differ = differ.then(|| {
        COOKIE.warning(
            "some hosts have one cookie, others have one for each target",
            "the same on each host: one cookie for the host, or one for each target",
        )
    });
    COOKIE.or_ok(wrong.or(differ), said)
}

fn mixed(mains: &[&Line]) -> Point {
    let named = |line: &&Line| {
        format!(
            "{} has {}",
            line.name,
            line.cookie.as_deref().unwrap_or(NONE)
        )
    };
    let lines: Vec<String> = mains.iter().map(named).collect();
    COOKIE.error(
        format!(
            "neither one cookie nor one for each target: {}",
            lines.join(", ")
        ),
        "on the lines of a host: the same cookie, or one for each target",
    )
}

/// The cookies of one host's main lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    PerHost,
    PerTarget,
    Mixed,
}

impl Kind {
    fn of(mains: &[&Line]) -> Kind {
        let cookies: Vec<&str> = mains
            .iter()
            .filter_map(|line| line.cookie.as_deref())
            .collect();
        let distinct: BTreeSet<&&str> = cookies.iter().collect();
        match (distinct.len(), distinct.contains(&NONE)) {
            (1, true) => Kind::None,
            (1, false) => Kind::PerHost,
            (some, false) if some == cookies.len() => Kind::PerTarget,
            _ => Kind::Mixed,
        }
    }
}

fn twins(targets: &ByTarget<'_>) -> Vec<Point> {
    let is_classic = |backend: &Backend, line: &Line| {
        !line.is_main
            && line.checked == Some(backend.ports.port)
            && line.checked != backend.ports.backup_status_port
    };
    let classic = targets
        .iter()
        .flat_map(|(_, one)| one.lines.iter().filter(move |line| is_classic(one, line)));
    let classic = names(classic).map(|names| {
        let fix = "a status port of its own for each twin: `backup_status_port` of its target, and `port` on the line";
        TWIN.warning(format!("checks the app itself: {names}"), fix)
    });
    let has_twin = |(_, one): &&(&str, Backend)| one.lines.iter().any(|line| !line.is_main);
    let (with, without): (Vec<_>, Vec<_>) = targets.iter().partition(has_twin);
    let only_some = (!with.is_empty() && !without.is_empty()).then(|| {
        let without: Vec<&str> = without.iter().map(|(name, _)| *name).collect();
        TWIN.warning(
            format!(
                "no twin of {}, although other targets have one",
                without.join(", ")
            ),
            "a twin for each target: `agent haproxy-config` prints the lines",
        )
    });
    match with.is_empty() {
        true => Vec::new(),
        false => TWIN.or_ok(
            classic.into_iter().chain(only_some),
            "each target has twins with gates of their own",
        ),
    }
}

#[cfg(test)]
mod tests;
