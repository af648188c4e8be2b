//! One HAProxy.

use super::file::HaproxyFile;
use super::mistake::Mistake;
use super::{AppSettings, BalancerSettings};
use crate::haproxy::{Address, Names};
use std::path::PathBuf;
use toml::Spanned;

pub(super) fn check_balancer(
    haproxy: HaproxyFile,
    apps: &[AppSettings],
) -> Result<BalancerSettings, Mistake> {
    let lonely = [&haproxy.backend, &haproxy.main, &haproxy.backup];
    let lonely = lonely.into_iter().flatten().next().map(Spanned::span);
    let address = check_address(haproxy.socket)?;
    let master = haproxy.master.map(check_address);
    let is_there = |name: &String| apps.iter().any(|app| app.name == *name);
    if let Some(app) = haproxy.app.as_ref().filter(|app| !is_there(app.get_ref())) {
        return Err(Mistake::new(
            app.span(),
            format!("there is no app.{}", app.get_ref()),
        ));
    }
    let app = haproxy.app.map(Spanned::into_inner);
    let mut served = apps
        .iter()
        .filter(|one| app.as_ref().is_none_or(|app| *app == one.name));
    if let Some(at) = &lonely
        && let Some(with) = served.find(|one| one.has_targets())
    {
        let what = format!(
            "app.{} has targets with a line each, and this names one line: remove `backend`, `main` \
             and `backup`, so that the agent finds the lines by their addresses and ports",
            with.name
        );
        return Err(Mistake::new(at.clone(), what));
    }
    let needs_app = app.is_none() && apps.len() > 1;
    let [backend, main, backup] =
        [haproxy.backend, haproxy.main, haproxy.backup].map(|name| name.map(Spanned::into_inner));
    let names = names(backend, main, backup, needs_app);
    Ok(BalancerSettings {
        address,
        master: master.transpose()?,
        source: haproxy.source.map(|source| source.0),
        timeout: haproxy.timeout,
        app,
        names: names
            .map_err(|(key, what)| Mistake::lacks(lonely.unwrap_or_default(), key, what))?,
    })
}

/// None: the agent finds its lines by itself.
fn names(
    backend: Option<String>,
    main: Option<String>,
    backup: Option<String>,
    needs_app: bool,
) -> Result<Option<Names>, (&'static str, &'static str)> {
    let each_other = "`backend` and `main` need each other (`backup` is optional)";
    match (backend, main) {
        (None, None) if backup.is_none() => Ok(None),
        (Some(_), Some(_)) if needs_app => Err((
            "app",
            "`backend` and `main` need `app = \"NAME\"` if there are several apps",
        )),
        (Some(backend), Some(main)) => Ok(Some(Names {
            backend,
            main,
            backup,
        })),
        (None, _) => Err(("backend", each_other)),
        (_, None) => Err(("main", each_other)),
    }
}

fn check_address(socket: Spanned<String>) -> Result<Address, Mistake> {
    let what = "expected an absolute path or \"tcp://HOST:PORT\"";
    address(socket.get_ref()).ok_or_else(|| Mistake::new(socket.span(), what))
}

/// Whether a text is the address of a stats socket.
pub(super) fn is_address(text: &str) -> bool {
    address(text).is_some()
}

fn address(text: &str) -> Option<Address> {
    match text.strip_prefix("tcp://") {
        Some(address) if is_host_and_port(address) => Some(Address::Tcp(address.to_owned())),
        None if text.starts_with('/') => Some(Address::Unix(PathBuf::from(text))),
        _ => None,
    }
}

fn is_host_and_port(address: &str) -> bool {
    let port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    address.rsplit_once(':').is_some_and(|(host, number)| {
        !host.is_empty() && !host.contains(['/', ' ', ',']) && port(number)
    })
}
