//! One HAProxy.

use super::BalancerSettings;
use super::file::HaproxyFile;
use super::mistake::Mistake;
use crate::haproxy::{Address, Names};
use std::path::PathBuf;
use toml::Spanned;

pub(super) fn check_balancer(
    haproxy: HaproxyFile,
    apps: &[String],
) -> Result<BalancerSettings, Mistake> {
    let span = haproxy.socket.span();
    let address = check_address(haproxy.socket)?;
    let master = haproxy.master.map(check_address);
    if let Some(app) = haproxy
        .app
        .as_ref()
        .filter(|app| !apps.contains(app.get_ref()))
    {
        return Err(Mistake::new(
            app.span(),
            format!("there is no app.{}", app.get_ref()),
        ));
    }
    let app = haproxy.app.map(Spanned::into_inner);
    let needs_app = app.is_none() && apps.len() > 1;
    let names = names(haproxy.backend, haproxy.main, haproxy.backup, needs_app);
    Ok(BalancerSettings {
        address,
        master: master.transpose()?,
        source: haproxy.source.map(|source| source.0),
        timeout: haproxy.timeout,
        app,
        names: names.map_err(|what| Mistake::new(span, what))?,
    })
}

/// None: the agent finds its lines by itself.
fn names(
    backend: Option<String>,
    main: Option<String>,
    backup: Option<String>,
    needs_app: bool,
) -> Result<Option<Names>, &'static str> {
    match (backend, main) {
        (None, None) if backup.is_none() => Ok(None),
        (Some(_), Some(_)) if needs_app => {
            Err("haproxy: `backend` and `main` need `app = \"NAME\"` if there are several apps")
        }
        (Some(backend), Some(main)) => Ok(Some(Names {
            backend,
            main,
            backup,
        })),
        _ => Err("haproxy: `backend` and `main` need each other (`backup` is optional)"),
    }
}

fn check_address(socket: Spanned<String>) -> Result<Address, Mistake> {
    match socket.get_ref().strip_prefix("tcp://") {
        Some(address) if is_host_and_port(address) => Ok(Address::Tcp(address.to_owned())),
        None if socket.get_ref().starts_with('/') => {
            Ok(Address::Unix(PathBuf::from(socket.get_ref())))
        }
        _ => {
            let what = "expected an absolute path or \"tcp://HOST:PORT\"";
            Err(Mistake::new(socket.span(), what))
        }
    }
}

fn is_host_and_port(address: &str) -> bool {
    let port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    address.rsplit_once(':').is_some_and(|(host, number)| {
        !host.is_empty() && !host.contains(['/', ' ']) && port(number)
    })
}
