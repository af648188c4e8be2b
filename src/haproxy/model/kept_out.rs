//! Why HAProxy keeps a line out of rotation that its checks do not, and what ends that. Pure.

use super::status::Status;

/// What keeps a line out, beside its checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptOut {
    pub(crate) by: String,
    pub(crate) fix: String,
}

impl Status {
    /// None: the checks of this line, BACKEND/SERVER, decide.
    pub(crate) fn kept_out(&self, line: &str) -> Option<KeptOut> {
        let ready = |line: &str| format!("on the balancer: set server {line} state ready");
        let by_operator = ("an operator holds it out".to_owned(), ready(line));
        let (by, fix) = match self {
            Status::ZeroWeight(_) => (
                "it has no weight".to_owned(),
                format!(
                    "remove `weight 0` from its server line; or, if an operator or the app's agent \
                     set it, on the balancer: set server {line} weight 100%"
                ),
            ),
            Status::Maint(text) if text == "MAINT (resolution)" => (
                "HAProxy finds no address for its name".to_owned(),
                "correct the DNS, or the name on its server line".to_owned(),
            ),
            Status::Maint(text) => match tracked(text) {
                Some(other) => (format!("it tracks {other}, which is out"), ready(other)),
                None => (
                    "an operator holds it out, or `disabled` on its server line does".to_owned(),
                    format!(
                        "{}; and remove `disabled` from its server line, if it is there",
                        ready(line)
                    ),
                ),
            },
            Status::Drain(text) | Status::Down(text) if text.ends_with("(agent)") => (
                "its agent-check asks for that".to_owned(),
                "let the program that answers its agent-check say `ready up`".to_owned(),
            ),
            Status::Drain(_) => by_operator,
            _ => return None,
        };
        Some(KeptOut { by, fix })
    }
}

/// `MAINT (via BACKEND/SERVER)`
fn tracked(text: &str) -> Option<&str> {
    text.strip_prefix("MAINT (via ")?.strip_suffix(')')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_its_own_end() {
        let ready = "on the balancer: set server srvs/web1 state ready";
        for (status, by, fix) in [
            ("MAINT", "an operator", ready),
            ("DRAIN", "an operator", ready),
            ("DRAIN 1/2", "an operator", ready),
            (
                "MAINT (via a/b)",
                "it tracks a/b",
                "on the balancer: set server a/b state ready",
            ),
            ("MAINT (resolution)", "HAProxy finds no", "correct the DNS"),
            ("DRAIN (agent)", "its agent-check", "let the program"),
            ("DOWN (agent)", "its agent-check", "let the program"),
        ] {
            let kept = Status::parse(status).unwrap().kept_out("srvs/web1");
            let kept = kept.expect(status);
            assert!(kept.by.starts_with(by), "{status}: {}", kept.by);
            assert!(kept.fix.starts_with(fix), "{status}: {}", kept.fix);
        }
        let weightless = Status::Up.with_weight(0).kept_out("srvs/web1").unwrap();
        assert!(weightless.fix.ends_with("set server srvs/web1 weight 100%"));
        for status in ["UP", "DOWN", "DOWN 1/2", "NOLB", "no check"] {
            assert_eq!(Status::parse(status).unwrap().kept_out("a/b"), None);
        }
    }
}
