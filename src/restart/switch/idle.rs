//! The rule for the open gates of an idle target, for `agent recover`, `agent open` and the sidecar.

/// Whether they are closed. Exactly one target has users at rest: the current one. But an idle
/// target that is open may have all users, so its gates close only beside a current target that is
/// `open` and `healthy`. A hold wants no users on this host: beside the closed gates of a held
/// target they close, too.
pub fn closes_idle(held: bool, open: bool, healthy: bool) -> bool {
    match held {
        true => !open,
        false => open && healthy,
    }
}

#[cfg(test)]
mod tests {
    use super::closes_idle;

    #[test]
    fn an_idle_target_closes_only_beside_a_current_one_that_serves() {
        for (held, open, healthy, closes) in [
            (false, true, true, true),
            (false, true, false, false),
            (false, false, true, false),
            (false, false, false, false),
            // The gates of a held target close first.
            (true, true, true, false),
            (true, true, false, false),
            (true, false, true, true),
            (true, false, false, true),
        ] {
            assert_eq!(
                closes_idle(held, open, healthy),
                closes,
                "held {held}, open {open}, healthy {healthy}"
            );
        }
    }
}
