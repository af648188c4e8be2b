//! How `agent readonly` ended: its word, its exit code and its message. Pure.

/// The end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// HAProxy refuses writes on so many balancers; `until` is there if it ends by itself.
    On {
        balancers: usize,
        until: Option<String>,
    },
    /// The marker is DOWN on so many balancers. Of the `unseen` ones nothing is known.
    Off {
        balancers: usize,
        unseen: Vec<String>,
    },
    /// The marker's gate is closed, and no balancer can be seen: why.
    OffUnseen(Vec<String>),
    /// It was so already: why nothing was changed.
    Already(String),
    /// A dry run.
    Planned,
    /// Another operation has the lock: which.
    Locked(String),
    /// The windows of the configuration allow nothing now: why.
    OutsideWindow(String),
    /// Nothing was changed: each reason.
    Refused(Vec<String>),
    /// The gate is open, but not every balancer shows the marker UP: what they show.
    NotUp(Vec<String>),
    /// Not every balancer shows the marker DOWN: what they show. The gate was opened again.
    NotDown(Vec<String>),
    /// The rules could not be set: why.
    GateFailed(String),
    /// The record can't be written or removed: why.
    Unrecorded(String),
    /// By this signal, and how the gate was left.
    Interrupted { signal: i32, left: &'static str },
}

impl End {
    /// Refused for one reason.
    pub(super) fn refused(why: impl ToString) -> End {
        End::Refused(vec![why.to_string()])
    }

    /// Of a refusal: each reason.
    pub(super) fn reasons(&self) -> &[String] {
        match self {
            End::Refused(reasons) => reasons,
            _ => &[],
        }
    }

    /// As for other operations.
    pub(crate) fn exit(&self) -> u8 {
        match self {
            End::On { .. } | End::Off { .. } | End::Already(_) | End::Planned => 0,
            End::GateFailed(_) | End::Unrecorded(_) | End::OffUnseen(_) => 1,
            End::Locked(_) => 10,
            End::Refused(_) => 11,
            End::NotDown(_) => 13,
            End::NotUp(_) => 16,
            End::OutsideWindow(_) => 21,
            End::Interrupted { signal, .. } => 128_u8.wrapping_add(*signal as u8),
        }
    }

    /// `outcome` of `--json`.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            End::On { .. } => "read_only",
            End::Off { .. } => "writable",
            End::OffUnseen(_) => "not_confirmed",
            End::Already(_) => "nothing_to_do",
            End::Planned => "planned",
            End::Locked(_) => "locked",
            End::Refused(_) => "refused",
            End::OutsideWindow(_) => "outside_window",
            End::NotUp(_) => "not_read_only",
            End::NotDown(_) => "still_read_only",
            End::GateFailed(_) => "gate_failed",
            End::Unrecorded(_) => "not_recorded",
            End::Interrupted { .. } => "interrupted",
        }
    }

    /// One line: what happened, how the host is now, what to do.
    pub(crate) fn message(&self, app: &str) -> String {
        match self {
            End::On { balancers, until } => {
                let until = until.iter().map(|until| format!(", until {until}"));
                let until: String = until.collect();
                format!("writes are refused on {}{until}", all_of(*balancers))
            }
            End::Off { balancers, unseen } if unseen.is_empty() => {
                format!(
                    "this host refuses no writes any more on {}",
                    all_of(*balancers)
                )
            }
            End::Off { balancers, unseen } => format!(
                "this host refuses no writes any more on {balancers} of {} balancers; not known: {}; \
                 the marker's gate is closed, so HAProxy takes writes there, too, once its check of \
                 the marker has failed",
                balancers + unseen.len(),
                unseen.join(", ")
            ),
            End::OffUnseen(unseen) => format!(
                "the marker's gate is closed, and no balancer can be seen: {}; HAProxy takes writes \
                 once its check of the marker has failed: see `agent readonly status {app}`",
                unseen.join(", ")
            ),
            End::Already(why) => why.clone(),
            End::Planned => "a dry run: nothing was changed".to_owned(),
            End::Locked(owner) => {
                format!(
                    "refused: another operation is under way on this host: {owner}; nothing was changed: \
                     run this again once that has ended"
                )
            }
            End::OutsideWindow(why) => format!("refused: {why}; nothing was changed"),
            End::Refused(reasons) => {
                format!("refused: {}; nothing was changed", reasons.join("; "))
            }
            End::NotUp(waiting) => format!(
                "the marker's gate is open, but HAProxy does not refuse all writes: {}; run `agent \
                 doctor {app}` to find the cause, or `agent readonly off {app}`",
                waiting.join(", ")
            ),
            End::NotDown(waiting) => format!(
                "writes are still refused: {}; the marker's gate was opened again, so all balancers \
                 show the same: find what answers the check, then run `agent readonly off {app}` \
                 again",
                waiting.join(", ")
            ),
            End::GateFailed(why) => format!(
                "the rules could not be set: {why}; the marker's gate may be open or closed: see \
                 `agent status {app}`"
            ),
            End::Unrecorded(why) => format!("{why}; fix [agent] hold_dir and run it again"),
            End::Interrupted { left, .. } => format!("interrupted: {left}"),
        }
    }
}

/// `2 of 2 balancers`: it ends well only if all of them show it.
fn all_of(balancers: usize) -> String {
    match balancers {
        1 => "the balancer".to_owned(),
        all => format!("{all} of {all} balancers"),
    }
}

/// One of each kind. A new one does not compile here: add it.
#[cfg(test)]
pub(crate) fn samples() -> Vec<End> {
    match End::Planned {
        End::On { .. } | End::Off { .. } | End::Already(_) | End::Planned | End::Locked(_) => {}
        End::Refused(_) | End::NotUp(_) | End::NotDown(_) | End::GateFailed(_) => {}
        End::Unrecorded(_) | End::OffUnseen(_) | End::Interrupted { .. } => {}
        End::OutsideWindow(_) => {}
    }
    let text = || "WHY".to_owned();
    let balancers = 2;
    let mut samples = vec![
        End::On {
            balancers,
            until: None,
        },
        End::Off {
            balancers,
            unseen: Vec::new(),
        },
        End::Off {
            balancers,
            unseen: vec![text()],
        },
        End::OffUnseen(vec![text()]),
        End::Already(text()),
        End::Planned,
        End::Locked(text()),
        End::refused(text()),
        End::OutsideWindow(text()),
        End::NotUp(vec![text()]),
        End::NotDown(vec![text()]),
        End::GateFailed(text()),
        End::Unrecorded(text()),
    ];
    let left = "LEFT";
    samples.extend([1, 2, 15].map(|signal| End::Interrupted { signal, left }));
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_says_what_it_means_for_writes() {
        for end in samples() {
            let message = end.message("web");
            let has_reason = ["WHY", "LEFT", "dry run", "2 of 2 balancers"];
            assert!(
                has_reason.iter().any(|why| message.contains(why)),
                "{message}"
            );
        }
        let off = End::Off {
            balancers: 1,
            unseen: vec!["lb2 can't be seen: refused".to_owned()],
        };
        let says = "this host refuses no writes any more on 1 of 2 balancers; not known: lb2 can't be \
                    seen: refused; the marker's gate is closed";
        assert!(
            off.message("web").starts_with(says),
            "{}",
            off.message("web")
        );
        assert_eq!(off.exit(), 0);
        assert_eq!(End::OffUnseen(Vec::new()).exit(), 1);
        let until = Some("2026-11-30T11:00:00Z".to_owned());
        let one = End::On {
            balancers: 1,
            until,
        };
        let says = "writes are refused on the balancer, until 2026-11-30T11:00:00Z";
        assert_eq!(one.message("web"), says);
    }
}
