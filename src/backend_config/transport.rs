//! What the lines and their checks speak below HTTP: TLS, a PROXY header.
//!
//! Beside `port` HAProxy's checks inherit neither, so each is set twice. Twins that check the app
//! itself would inherit them, but the words are the same for all lines.

use crate::app::{self, HealthCheck, Proxy};
use crate::config::AppSettings;
use std::net::IpAddr;

/// What the operator asks for, in addition to `health`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Transport<'a> {
    /// The app speaks TLS.
    pub ssl: bool,
    /// `none`, or the file with the CA on the balancer; None: `none`.
    pub verify: Option<&'a str>,
    /// The name in the handshake.
    pub sni: Option<&'a str>,
    /// The app wants a PROXY header.
    pub proxy: Option<Proxy>,
}

/// The words for `default-server`, each with a space before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    pub ssl: bool,
    pub text: String,
    /// The agent asks the app in plain text, although the lines speak TLS.
    plain: bool,
}

const INHERIT: &str =
    "    # With `port` on a line its checks inherit neither `ssl` nor `send-proxy` from it, and
    # never its `sni`. The words with `check-` are for the checks.
";
const ANY: &str =
    "    # `verify none`: HAProxy accepts any certificate. --verify CAFILE verifies it.
";
const PLAIN: &str =
    "    # In agent.toml `health` uses `http`. An app that speaks TLS needs `https` there.
";

impl Words {
    pub fn any(&self) -> bool {
        !self.text.is_empty()
    }

    /// The words that undo them on one line, each with a space before it.
    pub fn undone(&self) -> String {
        let undone = [
            (" no-ssl no-check-ssl", self.ssl),
            (" no-send-proxy-v2", self.text.contains(" send-proxy-v2")),
            (" no-send-proxy", self.text.contains(" send-proxy ")),
            (
                " no-check-send-proxy",
                self.text.contains(" check-send-proxy"),
            ),
        ];
        let undone = undone.into_iter().filter(|(_, is_it)| *is_it);
        undone.map(|(word, _)| word).collect()
    }

    /// The comments above them, one a line.
    pub fn comment(&self) -> String {
        let lines = [
            (INHERIT, self.any()),
            (ANY, self.text.contains("verify none")),
            (PLAIN, self.plain),
        ];
        let lines = lines.into_iter().filter(|(_, is_it)| *is_it);
        lines.map(|(line, _)| line).collect()
    }
}

/// What `health` defines for the app.
struct Health<'a> {
    tls: bool,
    plain: bool,
    host: Option<&'a str>,
    proxy: Option<Proxy>,
}

fn health(app: &AppSettings) -> Health<'_> {
    match &app.health.check {
        HealthCheck::Http {
            tls, host, proxy, ..
        } => Health {
            tls: tls.is_some(),
            plain: tls.is_none(),
            host: host.as_deref(),
            proxy: *proxy,
        },
        HealthCheck::Tcp | HealthCheck::Command(_) => Health {
            tls: false,
            plain: false,
            host: None,
            proxy: None,
        },
    }
}

impl Transport<'_> {
    /// Err: what does not fit, with its fix.
    pub fn words(&self, app: &AppSettings) -> Result<Words, String> {
        let health = health(app);
        let ssl = self.ssl || health.tls;
        let mut text = match ssl {
            true => self.tls(&health)?,
            false if self.verify.is_some() || self.sni.is_some() => {
                return Err("--verify and --sni work only with --ssl".to_owned());
            }
            false => String::new(),
        };
        match self.proxy.or(health.proxy) {
            None => {}
            Some(Proxy::V1) => text += " send-proxy check-send-proxy",
            Some(Proxy::V2) => text += " send-proxy-v2 check-send-proxy",
        }
        Ok(Words {
            ssl,
            text,
            plain: ssl && health.plain,
        })
    }

    fn tls(&self, health: &Health<'_>) -> Result<String, String> {
        let verify = match self.verify {
            None | Some("none") => "verify none".to_owned(),
            Some(file) => format!("verify required ca-file {}", ca_file(file)?),
        };
        let names_it = |host: &&str| app::is_name(host) && host.parse::<IpAddr>().is_err();
        let sni = match self.sni {
            Some(name) if names_it(&name) => Some(name),
            Some(name) => return Err(format!("--sni {name:?}: expected a host name")),
            None => health.host.map(app::name).filter(names_it),
        };
        let sni = sni.map(|name| format!(" sni str({name}) check-sni {name}"));
        Ok(format!(
            " ssl {verify} check-ssl{}",
            sni.unwrap_or_default()
        ))
    }

    /// Formats them as `agent haproxy-config` takes them.
    pub fn flags(&self) -> Vec<String> {
        let proxy = match self.proxy {
            None => None,
            Some(Proxy::V1) => Some("--send-proxy".to_owned()),
            Some(Proxy::V2) => Some("--send-proxy=v2".to_owned()),
        };
        [
            self.ssl.then(|| "--ssl".to_owned()),
            self.verify.map(|verify| format!("--verify {verify}")),
            self.sni.map(|sni| format!("--sni {sni}")),
            proxy,
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// Checks a word of HAProxy's configuration that needs no quotes.
fn ca_file(file: &str) -> Result<&str, String> {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "/_.:@+-".contains(c);
    let begins = file.starts_with('/') || file == "@system-ca";
    match begins && file.chars().all(harmless) {
        true => Ok(file),
        false => Err(format!(
            "--verify {file:?}: expected none, @system-ca, or an absolute path of letters, digits \
             and `/_.:@+-`"
        )),
    }
}
