//! An operation that a unit asks for on behalf of its own target: it does nothing while another
//! target is current.

use super::current::current;
use crate::operation::Operation;
use crate::operation::go::refusal;
use crate::restart::Outcome;

impl Operation<'_> {
    /// How it ends at once, because its target is idle. None: it goes on.
    ///
    /// It takes no lock: a switch has the lock while it stops the unit of the old target, and
    /// waits for that.
    pub(in crate::operation) async fn ends_at_idle_target(&self) -> Option<Outcome> {
        self.options.if_current.as_ref()?;
        match current(self.settings, self.app).await {
            Ok(current) => self.left_to(current.map(|current| current.target).as_deref()),
            Err(why) => Some(Outcome::Refused(refusal(why))),
        }
    }

    /// The same once its locks show for certain which target is `current`.
    pub(in crate::operation) fn left_to(&self, current: Option<&str>) -> Option<Outcome> {
        let asked = self.options.if_current.as_deref()?;
        left_to(&self.app.name, asked, current)
    }
}

fn left_to(app: &str, asked: &str, current: Option<&str>) -> Option<Outcome> {
    let current = current.filter(|current| *current != asked)?;
    Some(Outcome::Nothing(format!(
        "{app}/{asked} is idle, and the gates are those of {app}/{current}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_target_than_the_current_one_is_left_alone() {
        for (asked, current, goes_on) in [
            ("green", Some("green"), true),
            ("blue", Some("green"), false),
            ("blue", None, true),
        ] {
            let ends = left_to("web", asked, current);
            assert_eq!(ends.is_none(), goes_on, "{asked} {current:?}");
            assert!(ends.is_none_or(|end| matches!(end, Outcome::Nothing(_))));
        }
    }
}
