//! Whether there is room for a second target: its port is free, and the host has the memory.

use super::pair::Pair;
use crate::app::{Need, room};
use crate::config::AppSettings;
use crate::gate::listeners;
use crate::host::TwoHosts;

/// Err: what is missing, with the figures.
pub(super) async fn has_room(two: &TwoHosts, pair: &Pair) -> Result<(), String> {
    // A target that runs is stopped before its start, and frees its port and its memory.
    if two.new.runs().await {
        return Ok(());
    }
    free_port(&pair.to)?;
    let Some(need) = need(pair).await else {
        return Ok(());
    };
    let run = pair.to.run.as_ref();
    let Some(run) = run else {
        return Ok(());
    };
    room(&need, &run.places().await?)
}

fn free_port(app: &AppSettings) -> Result<(), String> {
    let port = app.ports.port;
    match listeners(port).as_slice() {
        [] => Ok(()),
        who => Err(format!(
            "port {port} of {} is taken, and that target does not run: stop {}",
            app.label(),
            who.join(" and ")
        )),
    }
}

/// The memory of the configuration, else what the current target uses. None: not known.
async fn need(pair: &Pair) -> Option<Need> {
    match pair.from.memory {
        Some(bytes) => Some(Need {
            bytes,
            origin: "`memory` of the configuration".to_owned(),
        }),
        None => pair.from.run.as_ref()?.memory(pair.from.ports.port).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read;
    use std::net::TcpListener;
    use std::path::Path;

    #[test]
    fn a_port_that_another_process_has_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let text = format!(
            "[app.web]\nport = {port}\nstatus_port = 2000\nrestart = {{ systemd = \"web\" }}\n\
             [[haproxy]]\nsocket = \"/run/haproxy.sock\"\n"
        );
        let settings = read(Path::new("agent.toml"), &text).unwrap();
        let why = free_port(&settings.apps[0]).unwrap_err();
        let begin = format!("port {port} of web is taken, and that target does not run: stop ");
        let who = why.strip_prefix(&begin).unwrap_or_else(|| panic!("{why}"));
        assert!(who.contains(&std::process::id().to_string()), "{why}");
        drop(taken);
        assert_eq!(free_port(&settings.apps[0]), Ok(()));
    }
}
