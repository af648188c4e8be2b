//! Whether the windows of the configuration let an operation begin now. What has begun goes on after
//! the end of a window. But a host does not wait for its turn longer than that.

use super::request::{Operation, Way, with};
use crate::clock::{host_zone, now};
use crate::report::Draft;
use crate::restart::{Outcome, Verb};
use crate::state::hold;
use crate::window::{Now, Windows};
use jiff::ZonedDateTime;
use std::time::Duration;

/// What the windows say of an operation that takes users away.
pub(super) enum Permission {
    /// It may begin: until when, and how long that still is. None: the windows never end.
    Granted(Option<(String, Duration)>),
    /// It may not: why.
    Denied(String),
}

impl Operation<'_> {
    /// The refusal outside of the windows. None: the operation may begin.
    pub(super) fn ends_outside_windows(&self, draft: &mut Draft) -> Option<Outcome> {
        match self.permission()? {
            Permission::Denied(why) => {
                let (begins, reason) = (self.options.outside_window, &self.options.reason);
                match outside_in_any_case(&why, begins, reason.is_some(), &self.words()) {
                    Ok(notice) => draft.notices.push(notice),
                    Err(refusal) => return Some(Outcome::OutsideWindow(refusal)),
                }
                None
            }
            Permission::Granted(Some((until, left))) if self.options.turn > Some(left) => {
                draft.notices.push(format!(
                    "the window ends {until}: this host does not wait for its turn longer than that"
                ));
                None
            }
            Permission::Granted(_) => None,
        }
    }

    /// The time for a turn, without what is after the end of the window.
    pub(super) fn within_window(&self, turn: Duration) -> Duration {
        match self.permission() {
            _ if self.options.outside_window => turn,
            Some(Permission::Granted(Some((_, left)))) => turn.min(left),
            // The window has ended since the operation began.
            Some(Permission::Denied(_)) => Duration::ZERO,
            Some(Permission::Granted(None)) | None => turn,
        }
    }

    /// None: the windows do not matter. While a hold keeps the gates closed, no user is on this host.
    fn permission(&self) -> Option<Permission> {
        let windows = &self.settings.agent.windows;
        let way = self.options.switch.way;
        if windows.is_empty() || !takes_users_away(self.effective_verb(), way) {
            return None;
        }
        let is_held = hold::now(self.hold_dir(), &self.app.name).is_some();
        (!is_held).then(|| permission(windows))
    }
}

/// A host or a unit that goes down asks no window, and no way back does.
fn takes_users_away(verb: Verb, way: Way) -> bool {
    match verb {
        Verb::Restart | Verb::Close | Verb::MaintenanceOn => true,
        Verb::Switch => way == Way::Forward,
        Verb::Open | Verb::Recover | Verb::Stop | Verb::MaintenanceOff => false,
    }
}

/// What they say now.
pub(super) fn permission(windows: &Windows) -> Permission {
    let (now, zone) = (now(), host_zone());
    match windows.at(now, &zone) {
        Now::Inside { until } => Permission::Granted(until.map(|until| {
            let left = until.timestamp().duration_since(now);
            (shown(&until), Duration::try_from(left).unwrap_or_default())
        })),
        Now::Outside { next } => {
            let now = now.to_zoned_datetime(zone);
            Permission::Denied(outside(windows, &now, next.as_ref()))
        }
    }
}

fn outside(windows: &Windows, now: &ZonedDateTime, next: Option<&ZonedDateTime>) -> String {
    let next = next.map_or_else(
        || "and no window begins within two weeks".to_owned(),
        |next| format!("and the next window begins {}", shown(next)),
    );
    let now = shown(now);
    format!("it is {now}, outside of [agent] windows ({windows}), {next}")
}

/// Outside of the windows. Ok: the notice of an operation that begins in any case. Err: the refusal,
/// with the call for an emergency. `WHY` is the operator's to write.
pub(super) fn outside_in_any_case(
    why: &str,
    begins: bool,
    has_reason: bool,
    call: &[&str],
) -> Result<String, String> {
    if begins {
        return Ok(format!(
            "{why}; --outside-window lets the operation begin now"
        ));
    }
    let options: &[&str] = match has_reason {
        true => &["--outside-window"],
        false => &["--outside-window", "--reason", "WHY"],
    };
    let call = with(call, options.iter().copied());
    Err(format!(
        "{why}; wait until then, or in an emergency run `{call}`"
    ))
}

/// `Mon 2026-11-30 09:00 CET`
pub(crate) fn shown(at: &ZonedDateTime) -> String {
    at.strftime("%a %Y-%m-%d %H:%M %Z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::window::read;

    #[test]
    fn only_the_way_out_waits_for_a_window() {
        for (verb, way, waits) in [
            (Verb::Restart, Way::Forward, true),
            (Verb::Close, Way::Forward, true),
            (Verb::MaintenanceOn, Way::Forward, true),
            (Verb::Switch, Way::Forward, true),
            (Verb::Switch, Way::Back, false),
            (Verb::Switch, Way::Finish, false),
            (Verb::Open, Way::Forward, false),
            (Verb::Recover, Way::Forward, false),
            // `agent close --owner`, and the sidecar's stop.
            (Verb::Stop, Way::Forward, false),
            (Verb::MaintenanceOff, Way::Forward, false),
        ] {
            assert_eq!(takes_users_away(verb, way), waits, "{verb:?} {way:?}");
        }
    }

    #[test]
    fn a_refusal_names_the_time_the_windows_the_next_one_and_the_call() {
        let texts = ["Mon..Fri 09:00-17:00", "Sat 22:00-02:00"];
        let windows = Windows(texts.iter().map(|text| read(text).unwrap()).collect());
        let at = |text: &str| text.parse::<ZonedDateTime>().unwrap();
        let now = at("2026-11-28T10:12:30+01:00[Europe/Berlin]");
        let next = at("2026-11-28T22:00:00+01:00[Europe/Berlin]");
        let why = outside(&windows, &now, Some(&next));
        let call = ["agent", "restart", "web"];
        assert_eq!(
            outside_in_any_case(&why, false, false, &call).unwrap_err(),
            "it is Sat 2026-11-28 10:12 CET, outside of [agent] windows (Mon..Fri 09:00-17:00, Sat \
             22:00-02:00), and the next window begins Sat 2026-11-28 22:00 CET; wait until then, or in \
             an emergency run `agent restart web --outside-window --reason WHY`"
        );
        // The other options of the call are not lost.
        let call = ["agent", "readonly", "on", "web", "--for=30m", "--reason=x"];
        let refusal = outside_in_any_case(&why, false, true, &call).unwrap_err();
        assert!(refusal.ends_with("web --for=30m --reason=x --outside-window`"));
        assert!(outside_in_any_case(&why, true, true, &call).is_ok());
    }
}
