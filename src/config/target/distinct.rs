//! What each app and each target must have for itself: its ports, its unit, and the place that its
//! gates redirect to.

use super::file::TargetFile;
use crate::config::file::AppFile;
use crate::config::keyed::Keyed;
use crate::config::mistake::Mistake;
use crate::config::page;
use crate::config::port::Port;
use crate::gate::Destination;
use crate::text::unit_name;
use std::collections::BTreeMap;
use toml::Spanned;

type Apps = BTreeMap<Spanned<String>, Spanned<Keyed<AppFile>>>;

/// A port used twice would redirect one gate's checks to another app or target, or to itself.
pub(in crate::config) fn distinct_ports(apps: &Apps) -> Result<(), Mistake> {
    let mut all: Vec<Vec<(String, &Spanned<Port>)>> = Vec::new();
    for (name, app) in apps {
        let (table, Keyed(app)) = (format!("app.{}", name.get_ref()), app.get_ref());
        all.push(named(
            &table,
            [
                app.port.as_ref(),
                app.status_port.as_ref(),
                app.backup_status_port.as_ref(),
            ],
        ));
        let beside = page::all_ports(app).into_iter();
        all.push(
            beside
                .filter_map(|(key, port)| Some((format!("{table}.{key}"), port?)))
                .collect(),
        );
        for (name, Keyed(target)) in &app.target {
            let ports = [
                Some(&target.port),
                Some(&target.status_port),
                target.backup_status_port.as_ref(),
            ];
            all.push(named(&format!("{table}.target.{}", name.get_ref()), ports));
        }
    }
    all.sort_by_key(|ports| ports.first().map(|(_, port)| port.span().start));
    let mut taken: BTreeMap<u16, String> = BTreeMap::new();
    for (place, port) in all.into_iter().flatten() {
        if let Some(first) = taken.insert(port.get_ref().0, place) {
            let what = format!("{first} has this port already: use each port only once");
            return Err(Mistake::new(port.span(), what));
        }
    }
    Ok(())
}

/// The ports that are there, by their keys.
fn named<'a>(
    table: &str,
    ports: [Option<&'a Spanned<Port>>; 3],
) -> Vec<(String, &'a Spanned<Port>)> {
    let keys = ["port", "status_port", "backup_status_port"];
    let all = keys.into_iter().zip(ports);
    all.filter_map(|(key, port)| Some((format!("{table}.{key}"), port?)))
        .collect()
}

/// A unit that serves two targets would be stopped under the users of the one that stays.
pub(in crate::config) fn distinct_units(apps: &Apps) -> Result<(), Mistake> {
    let targets = apps.iter().flat_map(|(app, file)| targets_of(app, file));
    let targets: Vec<_> = targets.collect();
    for (at, (table, target)) in targets.iter().enumerate() {
        let Some(unit) = unit(target) else { continue };
        let mut others = targets[..at].iter();
        if let Some((first, _)) =
            others.find(|(_, other)| self::unit(other).as_ref() == Some(&unit))
        {
            let what = format!(
                "{unit} is the unit of {first} already, and a switch stops one target while the \
                 other one serves: each target needs a unit of its own"
            );
            return Err(Mistake::new(target.run.span(), what).of("systemd"));
        }
        let restarted = target.restart.as_ref().zip(restarted(target));
        let mut others = targets.iter().filter(|(other, _)| other != table);
        if let Some((restart, unit)) = restarted
            && let Some((other, _)) =
                others.find(|(_, other)| self::unit(other).as_ref() == Some(&unit))
        {
            let what = format!("{unit} is the unit of {other}: a restart would stop that target");
            return Err(Mistake::new(restart.span(), what).of("systemd"));
        }
    }
    Ok(())
}

fn unit(target: &TargetFile) -> Option<String> {
    let unit = target.run.get_ref().0.systemd.as_ref()?;
    Some(unit_name(unit.trim()))
}

/// The unit that the target's own `restart` has.
fn restarted(target: &TargetFile) -> Option<String> {
    let restart = target.restart.as_ref()?.get_ref();
    Some(unit_name(restart.0.systemd.as_ref()?.trim()))
}

/// HAProxy would see a target as UP by the answer of another one.
pub(in crate::config) fn distinct_places(apps: &Apps) -> Result<(), Mistake> {
    for (app, file) in apps {
        let targets = targets_of(app, file);
        for (at, (table, target)) in targets.iter().enumerate() {
            let Some(to) = &target.gate_to else { continue };
            let place = to.get_ref().0;
            let is_port = |other: &TargetFile| place == Destination::Port(other.port.get_ref().0);
            let is_same = |other: &TargetFile| {
                let other = other.gate_to.as_ref();
                other.is_some_and(|other| other.get_ref().0 == place)
            };
            let first = targets[..at].iter().find(|(_, other)| is_same(other));
            let mut others = targets.iter().filter(|(other, _)| other != table);
            if let Some((other, _)) = first.or_else(|| others.find(|(_, other)| is_port(other))) {
                let what = format!(
                    "gate_to {place} answers HAProxy's checks of {other}, too, so HAProxy would \
                     show a stopped target as UP: each target needs a place of its own"
                );
                return Err(Mistake::new(to.span(), what));
            }
        }
    }
    Ok(())
}

/// Each target with the name of its table, in the order of the file.
fn targets_of<'a>(
    app: &Spanned<String>,
    file: &'a Spanned<Keyed<AppFile>>,
) -> Vec<(String, &'a TargetFile)> {
    let targets = file.get_ref().0.target.iter();
    let targets = targets.map(|(name, Keyed(target))| {
        let table = format!("app.{}.target.{}", app.get_ref(), name.get_ref());
        (table, target)
    });
    let mut targets: Vec<_> = targets.collect();
    targets.sort_by_key(|(_, target)| target.port.span().start);
    targets
}
