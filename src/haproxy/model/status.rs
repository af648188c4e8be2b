//! HAProxy's own words for a server's state: the full set of `show stat`'s `status` column
//! (HAProxy: src/stats.c). Only whole words count: `UP 1/3` is not `UP`. HAProxy also calls a line
//! UP that takes no new users, because its weight is 0: that is a state of its own here.

use std::fmt;

/// The state of one server line.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(into = "Shown")]
pub enum Status {
    /// `UP`
    Up,
    /// `UP n/m`: UP, but on its way down, or not yet proven after a reload.
    UpUnproven(String),
    /// `UP` or `UP n/m` with a weight of 0: HAProxy sends it users by cookie only, as in DRAIN. An
    /// operator, the configuration or the app's agent has set the weight.
    ZeroWeight(String),
    /// `DOWN`, `DOWN n/m`, `DOWN (agent)`: out of the balancing.
    Down(String),
    /// `NOLB`, `NOLB n/m`: the app asked for no new users by a 404 on its check.
    NoLb(String),
    /// `DRAIN`, `DRAIN n/m`, `DRAIN (agent)`: an operator or the app's agent keeps new users off.
    Drain(String),
    /// `MAINT`, `MAINT (via px/sv)`, `MAINT (resolution)`: an operator took it out.
    Maint(String),
    /// `no check`: HAProxy takes it for UP, whatever the app does.
    NoCheck,
    /// The row of a neighbour can't be read: why. Nothing is known of it.
    Unreadable(String),
}

impl Status {
    /// Parses the column's whole text; None for a word that HAProxy does not have.
    pub fn parse(text: &str) -> Option<Status> {
        let (word, rest) = match text.split_once(' ') {
            Some((word, rest)) => (word, Some(rest)),
            None => (text, None),
        };
        let own = || text.to_owned();
        match (word, rest) {
            ("UP", None) => Some(Status::Up),
            ("UP", Some(rest)) if is_fraction(rest) => Some(Status::UpUnproven(own())),
            ("DOWN", rest) if counted_or_agent(rest) => Some(Status::Down(own())),
            ("NOLB", rest) if rest.is_none_or(is_fraction) => Some(Status::NoLb(own())),
            ("DRAIN", rest) if counted_or_agent(rest) => Some(Status::Drain(own())),
            ("MAINT", rest) if rest.is_none_or(in_parentheses) => Some(Status::Maint(own())),
            ("no", Some("check")) => Some(Status::NoCheck),
            _ => None,
        }
    }

    /// The state of a line with this status and this weight.
    pub fn with_weight(self, weight: u64) -> Status {
        match self {
            Status::Up | Status::UpUnproven(_) if weight == 0 => {
                Status::ZeroWeight(self.word().to_owned())
            }
            status => status,
        }
    }

    /// HAProxy's own text.
    pub fn word(&self) -> &str {
        match self {
            Status::Up => "UP",
            Status::NoCheck => "no check",
            Status::UpUnproven(text)
            | Status::ZeroWeight(text)
            | Status::Down(text)
            | Status::NoLb(text)
            | Status::Drain(text)
            | Status::Maint(text)
            | Status::Unreadable(text) => text,
        }
    }

    /// HAProxy sends this line no new users, neither balanced nor by cookie. `DOWN n/m` is on its
    /// way up and does not count as out. A resolution may end at any moment.
    pub fn is_out(&self) -> bool {
        match self {
            Status::Down(text) => !text.contains('/'),
            Status::Maint(_) => !self.is_unresolved(),
            _ => false,
        }
    }

    /// HAProxy has no address for its name.
    pub fn is_unresolved(&self) -> bool {
        matches!(self, Status::Maint(text) if text == "MAINT (resolution)")
    }

    /// HAProxy sends this line new users.
    pub fn is_usable(&self) -> bool {
        matches!(self, Status::Up | Status::UpUnproven(_) | Status::NoCheck)
    }

    /// UP by its checks, whatever its weight: HAProxy sends it users, if only by cookie.
    pub fn is_up(&self) -> bool {
        self.is_usable() || matches!(self, Status::ZeroWeight(_))
    }

    /// `DOWN n/m`: checks succeed again, and the next one may bring it UP.
    pub fn is_rising(&self) -> bool {
        matches!(self, Status::Down(text) if text.contains('/'))
    }

    /// It is DOWN, or the next checks may turn it DOWN. A twin that alone shows this announces to
    /// other hosts that its host is about to go.
    pub fn is_going(&self) -> bool {
        let unproven = |text: &String| text != "UP";
        matches!(self, Status::Down(_) | Status::UpUnproven(_))
            || matches!(self, Status::ZeroWeight(text) if unproven(text))
    }

    /// HAProxy does not even check it.
    pub fn is_maint(&self) -> bool {
        matches!(self, Status::Maint(_))
    }

    /// An operator, mostly, keeps new users off a line with this status, so the operation does not
    /// wait for its UP. A `backup` line keeps its sticky users whatever its weight.
    pub fn is_held(&self, backup: bool) -> bool {
        match self {
            Status::Maint(_) | Status::Drain(_) => true,
            Status::ZeroWeight(_) => !backup,
            _ => false,
        }
    }
}

/// `1/3`, and also `-1/2`: HAProxy subtracts the rise from a health that another thread has just
/// set to 0, and still says UP for a moment.
fn is_fraction(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('/')
        .is_some_and(|(n, m)| digits(n) && digits(m))
}

fn counted_or_agent(rest: Option<&str>) -> bool {
    rest.is_none_or(|rest| rest == "(agent)" || is_fraction(rest))
}

fn in_parentheses(text: &str) -> bool {
    text.starts_with('(') && text.ends_with(')') && !text.contains(char::is_control)
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Status::ZeroWeight(_) => f.write_str(" (weight 0)"),
            _ => Ok(()),
        }
    }
}

/// A status in JSON: HAProxy's own text, and its kind as one word.
#[derive(serde::Serialize)]
struct Shown {
    status: String,
    state: &'static str,
}

impl From<Status> for Shown {
    fn from(status: Status) -> Shown {
        let state = match &status {
            Status::Up => "up",
            Status::UpUnproven(_) => "up_unproven",
            Status::ZeroWeight(_) => "zero_weight",
            Status::Down(_) => "down",
            Status::NoLb(_) => "nolb",
            Status::Drain(_) => "drain",
            Status::Maint(_) => "maint",
            Status::NoCheck => "no_check",
            Status::Unreadable(_) => "unreadable",
        };
        Shown {
            status: status.to_string(),
            state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_every_word_of_haproxy_and_no_other() {
        let words = [
            "UP",
            "UP 1/3",
            "UP -1/2",
            "DOWN",
            "DOWN 1/2",
            "DOWN (agent)",
            "NOLB",
            "NOLB 2/3",
            "DRAIN",
            "DRAIN 1/2",
            "DRAIN (agent)",
            "no check",
            "MAINT",
            "MAINT (via srvs/web1)",
            "MAINT (resolution)",
        ];
        for word in words {
            assert_eq!(Status::parse(word).expect(word).to_string(), word);
        }
        for word in [
            "",
            "up",
            "UP ",
            "UPPER",
            "UP 1",
            "UP x/3",
            "UP --1/3",
            "UP 1/-3",
            "DOWN (",
            "OPEN",
            "no",
            "MAINT via",
        ] {
            assert_eq!(Status::parse(word), None, "{word:?}");
        }
    }

    #[test]
    fn only_down_and_maint_are_out() {
        let out = |word| Status::parse(word).unwrap().is_out();
        assert!(out("DOWN") && out("DOWN (agent)") && out("MAINT") && out("MAINT (via a/b)"));
        assert!(
            !out("MAINT (resolution)")
                && !out("DOWN 1/2")
                && !out("DRAIN")
                && !out("NOLB")
                && !out("UP 1/3")
                && !out("no check")
        );
    }

    /// HAProxy still sends it users by cookie, so it is not out.
    #[test]
    fn up_with_weight_0_takes_no_new_users() {
        let weightless = |word| Status::parse(word).unwrap().with_weight(0);
        for (word, shown) in [("UP", "UP (weight 0)"), ("UP 1/3", "UP 1/3 (weight 0)")] {
            let status = weightless(word);
            assert_eq!((status.to_string().as_str(), status.word()), (shown, word));
            assert!(
                status.is_held(false)
                    && !status.is_held(true)
                    && !status.is_usable()
                    && !status.is_out()
            );
            assert_eq!(status.is_going(), word != "UP");
            assert_eq!(Status::parse(word).unwrap().with_weight(1).word(), word);
        }
        for word in ["DOWN", "DOWN 1/2", "MAINT", "DRAIN", "NOLB", "no check"] {
            assert_eq!(weightless(word), Status::parse(word).unwrap());
        }
    }

    #[test]
    fn only_a_counted_down_is_rising() {
        let rising = |word| Status::parse(word).unwrap().is_rising();
        assert!(rising("DOWN 1/2"));
        assert!(!rising("DOWN") && !rising("DOWN (agent)") && !rising("UP 1/2"));
    }
}
