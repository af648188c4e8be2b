//! What holds for the agent as a whole.

use super::file::{AgentFile, IptablesFile};
use super::metrics::check_metrics;
use super::mistake::Mistake;
use super::{AgentSettings, AppSettings, OnStop};
use crate::gate::Variant;
use crate::window::{self, Windows};
use std::net::IpAddr;
use std::path::PathBuf;
use toml::Spanned;

pub(super) use crate::state::directory::{HOLD_DIR, STATE_DIR};

pub(super) fn check_agent(
    agent: AgentFile,
    apps: &[AppSettings],
) -> Result<AgentSettings, Mistake> {
    let [state_dir, hold_dir, history_dir] = directories(&agent)?;
    let metrics = agent.metrics.map(|metrics| check_metrics(metrics, apps));
    Ok(AgentSettings {
        state_dir,
        hold_dir,
        history_dir,
        addresses: agent.addresses.iter().map(IpAddr::to_canonical).collect(),
        poll: agent.poll,
        ipv6: agent.ipv6.is_none_or(Spanned::into_inner),
        iptables: agent.iptables.map(|variant| match variant {
            IptablesFile::Nft => Variant::Nft,
            IptablesFile::Legacy => Variant::Legacy,
        }),
        metrics: metrics.transpose()?,
        on_stop: agent.on_stop.map_or(Ok(OnStop::Keep), on_stop)?,
        windows: agent.windows.map_or(Ok(Windows::default()), windows)?,
    })
}

fn on_stop(word: Spanned<String>) -> Result<OnStop, Mistake> {
    match word.get_ref().as_str() {
        "keep" => Ok(OnStop::Keep),
        "drain" => Ok(OnStop::Drain),
        _ => {
            let what = "expected \"keep\" (a stop of the sidecar leaves the gates as they are) or \
                \"drain\" (it takes this host out of rotation)";
            Err(Mistake::new(word.span(), what))
        }
    }
}

/// An empty list could mean both: never, and at any time.
fn windows(list: Spanned<Vec<Spanned<String>>>) -> Result<Windows, Mistake> {
    let at = list.span();
    let read = |text: Spanned<String>| {
        let found = window::read(text.get_ref());
        found.map_err(|what| Mistake::new(text.span(), what))
    };
    let windows: Result<Vec<_>, Mistake> = list.into_inner().into_iter().map(read).collect();
    let windows = Windows(windows?);
    match windows.is_empty() {
        true => Err(Mistake::new(
            at,
            "expected at least one window, as \"Mon..Fri 09:00-17:00\"; without the key operations may \
             begin at any time",
        )),
        false => Ok(windows),
    }
}

/// A directory that the operator sets is also the default of the next ones: state, holds, history.
fn directories(agent: &AgentFile) -> Result<[PathBuf; 3], Mistake> {
    let state = absolute(agent.state_dir.as_ref(), "there is one lock for this host")?;
    let hold = absolute(agent.hold_dir.as_ref(), "holds outlive a reboot")?;
    let history = absolute(agent.history_dir.as_ref(), "the history outlives a reboot")?;
    let (state_dir, hold_dir) = match (state, hold) {
        (None, None) => (STATE_DIR.into(), HOLD_DIR.into()),
        (None, Some(hold)) => (STATE_DIR.into(), hold),
        (Some(state), None) => (state.clone(), state),
        (Some(state), Some(hold)) => (state, hold),
    };
    let history_dir = history.unwrap_or(hold_dir.clone());
    Ok([state_dir, hold_dir, history_dir])
}

fn absolute(path: Option<&Spanned<PathBuf>>, why: &str) -> Result<Option<PathBuf>, Mistake> {
    match path {
        Some(path) if !path.get_ref().is_absolute() => {
            let what = format!("expected an absolute path: {why}");
            Err(Mistake::new(path.span(), what))
        }
        path => Ok(path.map(|path| path.get_ref().clone())),
    }
}
