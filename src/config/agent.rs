//! What holds for the agent as a whole.

use super::file::{AgentFile, IptablesFile};
use super::metrics::check_metrics;
use super::mistake::Mistake;
use super::{AgentSettings, AppSettings, OnStop};
use crate::gate::Variant;
use std::net::IpAddr;
use std::path::PathBuf;
use toml::Spanned;

/// The directory of lock and journal.
pub(super) const STATE_DIR: &str = "/run/haproxy-gate";

/// The directory of what must survive a reboot.
pub(super) const HOLD_DIR: &str = "/var/lib/haproxy-gate";

pub(super) fn check_agent(
    agent: AgentFile,
    apps: &[AppSettings],
) -> Result<AgentSettings, Mistake> {
    let [state_dir, hold_dir, history_dir] = directories(&agent).map_err(Mistake::of_the_whole)?;
    let metrics = agent.metrics.map(|metrics| check_metrics(metrics, apps));
    Ok(AgentSettings {
        state_dir,
        hold_dir,
        history_dir,
        addresses: agent.addresses.iter().map(IpAddr::to_canonical).collect(),
        poll: agent.poll,
        ipv6: agent.ipv6,
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
        other => {
            let what = format!(
                "on_stop is {other:?}: write \"keep\" (a stop of the sidecar leaves the gates as they are) or \
                 \"drain\" (it takes this host out of rotation)"
            );
            Err(Mistake::new(word.span(), what))
        }
    }
}

/// A directory that the operator sets is also the default of the next ones: state, holds, history.
fn directories(agent: &AgentFile) -> Result<[PathBuf; 3], &'static str> {
    let (state_dir, hold_dir) = match (&agent.state_dir, &agent.hold_dir) {
        (None, None) => (STATE_DIR.into(), HOLD_DIR.into()),
        (None, Some(hold_dir)) => (STATE_DIR.into(), hold_dir.clone()),
        (Some(state_dir), None) => (state_dir.clone(), state_dir.clone()),
        (Some(state_dir), Some(hold_dir)) => (state_dir.clone(), hold_dir.clone()),
    };
    let history_dir = agent.history_dir.clone().unwrap_or(hold_dir.clone());
    if !state_dir.is_absolute() {
        return Err("[agent] state_dir must be an absolute path: there is one lock for this host");
    }
    if !hold_dir.is_absolute() {
        return Err("[agent] hold_dir must be an absolute path");
    }
    match history_dir.is_absolute() {
        true => Ok([state_dir, hold_dir, history_dir]),
        false => Err("[agent] history_dir must be an absolute path"),
    }
}
