//! Probes an app or one of its targets without users: it moves no gate, and asks no balancer. The
//! probes are local, so a parked target itself answers.

use super::target::{probe_address, runs};
use crate::app::Printed;
use crate::config::AppSettings;
use crate::page::{self, NotThePage};
use serde::Serialize;
use std::net::SocketAddr;
use std::time::Instant;

/// One step of a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeStep {
    /// It runs.
    Runs,
    /// It is healthy, as often in a row as the configuration asks for.
    Health,
    /// Its `verify` command succeeds.
    Verify,
    /// Users get the page from it.
    Page,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Probed {
    /// The step.
    pub step: ProbeStep,
    /// Err: the reason.
    pub result: Result<(), String>,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// The last lines that its command printed.
    pub printed: Vec<String>,
}

/// An app or a target, to be probed once.
pub struct Probe<'a> {
    app: &'a AppSettings,
    /// The address that is asked for its health.
    pub address: SocketAddr,
}

impl<'a> Probe<'a> {
    /// Of this app, seen at the target to probe.
    pub fn new(app: &'a AppSettings) -> Probe<'a> {
        let address = probe_address(app);
        Probe { app, address }
    }

    /// Goes through the steps until one fails, and reports each.
    pub async fn run(&self, mut ended: impl FnMut(&Probed)) -> Vec<Probed> {
        let last = match (self.app.is_page(), &self.app.verify) {
            (true, _) => Some(ProbeStep::Page),
            (false, Some(_)) => Some(ProbeStep::Verify),
            (false, None) => None,
        };
        let steps = [ProbeStep::Runs, ProbeStep::Health].into_iter().chain(last);
        let mut all = Vec::new();
        for step in steps {
            let probed = self.step(step).await;
            ended(&probed);
            let failed = probed.result.is_err();
            all.push(probed);
            if failed {
                break;
            }
        }
        all
    }

    async fn step(&self, step: ProbeStep) -> Probed {
        let began = Instant::now();
        let printed = Printed::default();
        let result = match step {
            // Unknown: its health shows it.
            ProbeStep::Runs => runs(self.app).await.unwrap_or(Ok(())),
            ProbeStep::Health => self.health().await,
            ProbeStep::Verify => self.verify(&printed).await,
            ProbeStep::Page => self.page().await,
        };
        Probed {
            step,
            result,
            seconds: began.elapsed().as_secs_f64(),
            printed: printed.lines(),
        }
    }

    /// As many good answers in a row as the configuration asks for. One bad answer ends it.
    async fn health(&self) -> Result<(), String> {
        let health = &self.app.health;
        for nth in 1..=health.times {
            if nth > 1 {
                tokio::time::sleep(health.pace()).await;
            }
            let asked = self.ask().await;
            asked.map_err(|why| match health.times {
                1 => why,
                times => format!("{why} (probe {nth} of {times})"),
            })?;
        }
        Ok(())
    }

    async fn ask(&self) -> Result<(), String> {
        let (health, environment) = (&self.app.health, self.app.environment());
        health.probe(self.address, environment).await
    }

    /// The page itself, as a user gets it.
    async fn page(&self) -> Result<(), String> {
        let Some(page) = &self.app.page else {
            return Ok(());
        };
        let probed = page::probe(&self.app.health, page, self.address).await;
        probed.map_err(|why| match why {
            NotThePage::Older => format!(
                "it does not serve what the file has: run `systemctl reload haproxy-gate-page@{}`",
                self.app.name
            ),
            other => other.to_string(),
        })
    }

    async fn verify(&self, printed: &Printed) -> Result<(), String> {
        let Some(verify) = &self.app.verify else {
            return Ok(());
        };
        let environment = self.app.environment().in_phase("verify");
        let limit = self.app.limits.healthy;
        let ran = verify.run(environment, limit, |_| {}, printed).await;
        ran.map_err(|error| error.to_string())
    }
}
