//! The lines of an app's targets beside each other, in each backend of the file that serves several.

use super::expected::Expected;
use super::judged;
use crate::doctor::Point;
use crate::doctor::lines::line::Backend;
use crate::doctor::lines::targets::judge;
use crate::haproxy::cfg::file::File;
use crate::haproxy::cfg::ours::find;
use std::collections::BTreeMap;

/// The backends of one app, by their names: the lines of each target.
type Backends<'a> = BTreeMap<String, Vec<(&'a str, Backend)>>;

pub(super) fn points(file: &File, apps: &[Expected<'_>]) -> Vec<Point> {
    let mut names: Vec<&str> = apps.iter().map(|one| one.app).collect();
    names.dedup();
    let points = names.into_iter().flat_map(|name| {
        let targets = apps.iter().filter(|one| one.app == name);
        let backends = backends(file, targets);
        backends
            .into_values()
            .flat_map(|targets| judge(&targets))
            .collect::<Vec<_>>()
    });
    points.collect()
}

fn backends<'a>(file: &File, targets: impl Iterator<Item = &'a Expected<'a>>) -> Backends<'a> {
    let mut backends = Backends::new();
    for expected in targets {
        let Some(target) = expected.target else {
            continue;
        };
        let (found, _) = find(&file.proxies, expected.lines, expected.ports);
        for ours in found {
            let lines = judged::backend(&ours, &file.fronts, expected);
            let all = backends.entry(ours.proxy.name.clone()).or_default();
            all.push((target, lines));
        }
    }
    backends
}
