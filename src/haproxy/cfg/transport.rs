//! What a server line speaks below HTTP: TLS, the PROXY header, the name in the handshake. And what
//! of it the checks speak, too (HAProxy's `init_srv_check`; the same in 2.6, 3.0 and 3.2).

use std::rc::Rc;

/// The words of a line for its traffic and for its checks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Transport {
    pub ssl: bool,
    /// `check-ssl` or `no-check-ssl`, whichever comes last.
    pub check_ssl: Option<bool>,
    /// `send-proxy`, and the other words that ask for a PROXY header.
    proxy: [bool; 3],
    pub check_send_proxy: bool,
    pub sni: Option<Rc<str>>,
    pub check_sni: bool,
    pub alpn: Option<Rc<str>>,
    pub check_alpn: bool,
}

/// Places in `proxy`. Each has its own `no-` word, except for the options.
const V1: usize = 0;
const V2: usize = 1;
const OPTIONS: usize = 2;

impl Transport {
    /// The line sends its users with a PROXY header.
    pub(crate) fn sends_proxy(&self) -> bool {
        self.proxy.contains(&true)
    }

    /// Reads a word without a value. False: it is none of these.
    pub(crate) fn word(&mut self, word: &str) -> bool {
        match word {
            "ssl" => self.ssl = true,
            "no-ssl" => self.ssl = false,
            "check-ssl" => self.check_ssl = Some(true),
            "no-check-ssl" => self.check_ssl = Some(false),
            "send-proxy" => self.proxy[V1] = true,
            "no-send-proxy" => self.proxy[V1] = false,
            "send-proxy-v2" | "send-proxy-v2-ssl" | "send-proxy-v2-ssl-cn" => self.proxy[V2] = true,
            "no-send-proxy-v2" | "no-send-proxy-v2-ssl" | "no-send-proxy-v2-ssl-cn" => {
                self.proxy[V2] = false;
            }
            "check-send-proxy" => self.check_send_proxy = true,
            "no-check-send-proxy" => self.check_send_proxy = false,
            _ => return false,
        }
        true
    }

    /// Reads a word with its value. False: it is none of these.
    pub(crate) fn value(&mut self, word: &str, value: &str) -> bool {
        match word {
            "sni" => self.sni = Some(value.into()),
            "check-sni" => self.check_sni = true,
            "alpn" => self.alpn = Some(value.into()),
            "check-alpn" => self.check_alpn = true,
            // Even alone, the options make HAProxy send a header.
            "proxy-v2-options" => self.proxy[OPTIONS] = true,
            _ => return false,
        }
        true
    }

    /// Whether the line's own checks speak TLS. `elsewhere`: it has `port` or `addr`, so its
    /// checks inherit nothing.
    pub(crate) fn checks_by_tls(&self, elsewhere: bool) -> bool {
        self.check_ssl.unwrap_or(self.ssl && !elsewhere)
    }

    /// Whether the line's own checks begin with a PROXY header.
    pub(crate) fn checks_by_proxy(&self, elsewhere: bool) -> bool {
        self.check_send_proxy || self.sends_proxy() && !elsewhere
    }

    /// Whether the app may choose HTTP/2 in a handshake with this line.
    pub(crate) fn offers_h2(&self) -> bool {
        let alpn = self.alpn.as_deref().unwrap_or_default();
        alpn.split(',').any(|protocol| protocol == "h2")
    }
}
