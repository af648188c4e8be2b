//! Restart an app behind HAProxy at noon, and nobody notices.
//!
//! HAProxy has two lines for this host's app. The *main* line checks a status port on which
//! nothing listens: a *gate*, one iptables redirect, leads it to the app. The *twin*, a
//! backup line with the same cookie, checks the app itself (classic layout) or a status port
//! of its own (two-stage). Closing the gates takes the host out of rotation, with no rights
//! on the balancer.
//!
//! # One restart
//!
//! | phase | what is done | what is waited for | when the time is up |
//! | --- | --- | --- | --- |
//! | preflight | nothing | | refused, nothing was changed |
//! | claim | the twin's gate is closed: others see that this host goes next | twins DOWN, and enough others | gates put back, and tried again |
//! | close | the main gate is closed (both, where no others have to be counted) | main lines DOWN | gates put back |
//! | floor | the gates are kept closed | enough other servers, counted once more | gates put back, and tried again |
//! | sticky | | the twin is quiet | on |
//! | shed | the twin's gate is closed | twins DOWN | gates put back |
//! | drain | the gates are kept closed | nothing in flight, twice in a row | gates put back, or on |
//! | upgrade | its command, where there is one | its result | rolled back, or gates stay closed |
//! | restart | systemd, a command or a signal | its result | rolled back, or gates stay closed |
//! | healthy | the gates are kept closed | the app answers | rolled back, or gates stay closed |
//! | open | both gates are opened | all lines fully UP | told |
//!
//! # What always holds
//!
//! - The app is never restarted with a request in flight on a line that can be taken out,
//!   on HAProxy's current worker or on a leaving one, unless the settings say so. The twin
//!   of the classic layout can't be taken out: what it carries is told.
//! - However often the agent is killed and started again, the app is restarted at most once:
//!   once for its upgrade, and once for a rollback. No upgrade is gone on with by another agent.
//! - Once the app was touched, no gate is opened before it is healthy.
//! - Of hosts in the two-stage layout never so many go at once that fewer than
//!   `min_available` others are left, whoever began them and when.
//! - What could not be seen is never taken for "drained" or "up".
//! - Whatever ends an operation, its outcome says how the gates were left.
//!
//! # Where things are
//!
//! [`restart`] is the core: pure, it decides and nothing else. [`driver`] loops: observe,
//! decide, [`journal`], act. The edges are thin: [`gate`] (iptables), [`haproxy`] (the stats
//! socket and the master CLI), [`tcp`] (the host's own connections), [`app`] (its restart and
//! its health); [`host`] is all of them together, and [`survey`] one look at everything.
//!
//! An [`operation`] is the whole of it for one app, from the lock to the report: what the
//! command line ([`cli`]) asks for, and what the [`sidecar`] does by itself. What outlives a
//! process is in the state directory ([`state`]): [`lock`], [`journal`], [`hold`],
//! [`leftover`], and the [`tally`] that [`metrics`] tell of; what was done, by whom and why is in
//! the [`history`]. [`config`] is the operator's; [`doctor`] looks at all of it, and changes
//! nothing. What others have named is made [`visible`] before people are shown it, and
//! [`fold`]ed for a terminal.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod doctor;
pub mod driver;
pub mod fold;
pub mod gate;
pub mod haproxy;
pub mod history;
pub mod hold;
pub mod holder;
pub mod host;
pub mod journal;
pub mod leftover;
pub mod lock;
pub mod metrics;
pub mod netlink;
pub mod operation;
pub mod outbox;
pub mod record;
pub mod restart;
pub mod sidecar;
pub mod state;
pub mod stop;
pub mod survey;
pub mod tally;
pub mod tcp;
pub mod trust;
pub mod visible;
