//! Looks at everything, again and again. Only the first look finds this host's lines on the
//! balancers.

use crate::cli::status::group_lock::GroupLockStatus;
use crate::cli::status::model::{AppStatus, OlderSettings, Others, Status};
use crate::cli::status::observation::{Observation, app_status};
use crate::cli::status::owners::{Owners, is_taken};
use crate::cli::status::windows::WindowStatus;
use crate::config::{AppSettings, Loaded, Settings};
use crate::gate::Position;
use crate::haproxy::Balancer;
use crate::host::{self, Asking, BesideLook, ThisHost, balancers, look_at_target, look_beside};
use crate::operation::seen_at_current;
use crate::signals::StopSignal;
use crate::state::declared;
use crate::state::hold::{self, Held};
use crate::state::journal::Journal;
use futures_util::future::join_all;
use nix::unistd::geteuid;
use tokio::join;

/// The keys that another user than root gets without a value.
const ONLY_ROOT: [&str; 4] = ["operation", "sidecar", "older_settings", "left_closed_by"];

pub(super) struct Looks<'a> {
    settings: &'a Settings,
    apps: &'a [AppSettings],
    /// None before the first look, or if a look is not possible.
    hosts: Vec<Option<ThisHost>>,
    /// The balancers with the lines of each app's page and of its marker, once they were asked.
    beside: Vec<[Known; 2]>,
    asks: Asks,
}

/// Balancers that remember lines.
type Known = Option<Vec<Balancer>>;

/// When the page and the marker of an app are asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    /// While users are to meet the page, or HAProxy is to refuse writes.
    WhileOn,
    Always,
}

/// What a look at an app has shown, and the app seen at its current target. Err: why no look is
/// possible.
type Look = Result<(AppSettings, Observation), String>;

impl<'a> Looks<'a> {
    pub(super) fn new(settings: &'a Settings, apps: &'a [AppSettings], asks: Asks) -> Looks<'a> {
        Looks {
            settings,
            apps,
            hosts: apps.iter().map(|_| None).collect(),
            beside: apps.iter().map(|_| [None, None]).collect(),
            asks,
        }
    }

    pub(super) async fn next(&mut self) -> anyhow::Result<Status> {
        // The list of locks takes the kernel some 10 ms (a grace period of RCU): a thread reads it.
        let asking = self.settings.clone();
        let names: Vec<String> = self.apps.iter().map(|app| app.name.clone()).collect();
        let owners = tokio::task::spawn_blocking(move || Owners::ask(&asking, &names));
        let (settings, asks) = (self.settings, self.asks);
        let (looks, lock) = asks.with_lock(settings, self.looks()).await;
        let owners = owners.await?;
        let at_work = |under_way| Others {
            under_way,
            sidecar: owners.sidecar.is_some(),
        };
        let looks = looks.into_iter().zip(&owners.apps);
        let apps = self.apps.iter().zip(looks).map(|(app, look)| match look {
            (Ok((app, it)), taken) => {
                app_status(self.settings, &app, &it, at_work(*taken || it.under_way))
            }
            (Err(why), _) => AppStatus::not_seen(&app.name, why),
        });
        let apps: Vec<AppStatus> = apps.collect();
        Ok(Status {
            lock,
            ..status(self.settings, apps, owners)
        })
    }

    async fn looks(&mut self) -> Vec<Look> {
        let mut looks = Vec::new();
        let apps = self.apps.iter().zip(&mut self.hosts);
        for ((app, host), beside) in apps.zip(&mut self.beside) {
            looks.push(look(self.settings, app, host, (self.asks, beside)).await);
        }
        looks
    }
}

fn status(settings: &Settings, apps: Vec<AppStatus>, owners: Owners) -> Status {
    let older = Loaded::older(settings).ok().flatten();
    let older_settings = older.map(OlderSettings::from);
    let well = older_settings.is_none() && apps.iter().all(|app| app.well);
    Status {
        needs_root: match geteuid().is_root() {
            true => &[],
            false => &ONLY_ROOT,
        },
        host: host::name(),
        exit: u8::from(!well),
        older_settings,
        lock: None,
        apps,
        operation: owners.operation,
        sidecar: owners.sidecar,
        windows: WindowStatus::of(&settings.agent.windows),
    }
}

/// Looks at one app, at its current target. That may have changed since the last look.
async fn look(
    settings: &Settings,
    app: &AppSettings,
    host: &mut Option<ThisHost>,
    (asks, [page_lines, marker_lines]): (Asks, &mut [Known; 2]),
) -> Look {
    let app = seen_at_current(settings, app).await?;
    let state_dir = &settings.agent.state_dir;
    let journal = || Journal::unfinished(state_dir, &app.name);
    let before = journal();
    host.take_if(|host| host.app.target != app.target);
    if let Some(host) = host {
        host.look_again(&[]);
    } else {
        let new = ThisHost::new(settings, &app, StopSignal::default()).await;
        *host = Some(new.map_err(|error| error.to_string())?);
    }
    let host = host
        .as_mut()
        .ok_or("internal error: there is no host to look at")?;
    let targets: Vec<AppSettings> = match app.has_targets() {
        true => app.instances(),
        false => Vec::new(),
    };
    let looks = join_all(targets.iter().map(look_at_target));
    let page = app.at_page().filter(|_| asks.page_of(settings, &app));
    let page = beside(settings, page, page_lines);
    let marker = app.at_marker().filter(|_| asks.marker_of(settings, &app));
    let marker = beside(settings, marker, marker_lines);
    let snapshot = host.snapshot(Asking::OfKnownLines);
    let (snapshot, targets, page, marker) = join!(snapshot, looks, page, marker);
    // An operation may have begun during the look, and what it does is no trouble. With all gates
    // open and no journal there is none, so the kernel is not asked.
    let all_open = snapshot.positions().iter().all(|it| *it == Position::Open);
    let taken = (!all_open || before != Ok(None)) && is_taken(settings, &app.name).await;
    let journal = journal();
    let moved = before != journal;
    let observation = Observation {
        snapshot,
        under_way: taken || moved,
        phase: journal.clone().ok().flatten().filter(|_| !moved),
        journal,
        targets,
        page,
        marker,
    };
    Ok((app, observation))
}

impl Asks {
    /// The lock of the group is no part of a page or a marker. A server that is away does not add its
    /// time to the looks.
    async fn with_lock<T>(
        self,
        settings: &Settings,
        looks: impl Future<Output = T>,
    ) -> (T, Option<GroupLockStatus>) {
        match self {
            Asks::WhileOn => join!(looks, GroupLockStatus::ask(settings)),
            Asks::Always => (looks.await, None),
        }
    }

    fn page_of(self, settings: &Settings, app: &AppSettings) -> bool {
        let held = || hold::now(&settings.agent.hold_dir, &app.name);
        self == Asks::Always || held().as_ref().is_some_and(Held::is_of_maintenance)
    }

    fn marker_of(self, settings: &Settings, app: &AppSettings) -> bool {
        let record = || declared::find(&settings.agent.hold_dir, &app.name);
        self == Asks::Always || matches!(record(), Ok(Some(_)))
    }
}

async fn beside(
    settings: &Settings,
    view: Option<AppSettings>,
    known: &mut Known,
) -> Option<BesideLook> {
    let view = view?;
    let known = known.get_or_insert_with(|| balancers(settings, &view));
    Some(look_beside(&view, known).await)
}

#[cfg(test)]
mod tests;
