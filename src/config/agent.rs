//! What holds for the agent as a whole.

use super::file::{AgentFile, IptablesFile};
use super::metrics::check_metrics;
use super::mistake::Mistake;
use super::{AgentSettings, AppSettings, OnStop};
use crate::gate::Variant;
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
