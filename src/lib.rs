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
//! | close | the main gate is closed (both, where no others have to be counted) | main lines DOWN; without a claim, enough others at each look | gates put back |
//! | floor | the gates are kept closed | enough other servers, counted once more | gates put back, and tried again |
//! | sticky | | the twin is quiet | on |
//! | shed | the twin's gate is closed | twins DOWN | gates put back |
//! | drain | the gates are kept closed | nothing in flight, twice in a row | gates put back, or on |
//! | upgrade | its command, where there is one | its result | rolled back, or gates stay closed |
//! | restart | systemd, a command or a signal; HAProxy is looked at | its result | rolled back, or gates stay closed |
//! | healthy | the gates are kept closed; HAProxy is looked at | the app answers | rolled back, or gates stay closed |
//! | open | both gates are opened | all lines fully UP | told |
//!
//! # What always holds
//!
//! - The app is never restarted with a request in flight on a line that can be taken out,
//!   on HAProxy's current worker or on a leaving one, unless the settings say so. The twin
//!   of the classic layout can't be taken out: what it carries is told. Leaving workers are asked
//!   by the master socket, or their connections are counted. What can't be counted is waited for,
//!   up to the limit. Two things are not known: what no table of this host shows, on an app without
//!   traffic; and, once every worker has run for an hour, what a HAProxy with `http-reuse never`
//!   carries, or one whose addresses nothing shows.
//! - A line is out when the closed gate's own check has failed to the end, whatever else holds it
//!   DOWN.
//! - However often the agent is killed and started again, the app is restarted at most once:
//!   once for its upgrade, and once for a rollback. No upgrade is gone on with by another agent.
//! - Once the app was touched, no gate is opened before it is healthy.
//! - The status ports are reserved from the preflight to the end. A line that is UP behind a closed
//!   gate all the same is reported at once, and the outcome says so.
//! - Never so many hosts go at once that fewer than `min_available` others are left, whatever is
//!   started when: always in two-stage, by the claim; in time in the other layouts (the table
//!   below). Whether a host serves is judged at each look, never once at the begin.
//! - A hold ends only by its time, `agent open`, its unit's start, or a command that says so; an
//!   operation that was cut short does not end it, but for one that was to end it (`--reopen`).
//! - No restart begins that takes down another app's serving lines, as far as the unit, the
//!   command, the pidfile and the listening processes show, unless the settings say so.
//! - The sidecar takes the host out only when the machine goes down, or where `on_stop` says so.
//!   No log reader, and no terminal, holds up the sidecar or an operation.
//! - What could not be seen is never taken for "drained" or "up".
//! - Whatever ends an operation, its outcome says how the gates were left.
//!
//! # What each layout promises
//!
//! | | single (no twin) | classic | two-stage | two-stage, `sticky` window |
//! | --- | --- | --- | --- | --- |
//! | users with this host's cookie | redispatched once the line is DOWN | stay on the twin until the app stops; their first request after that waits for HAProxy's retries | moved before the app stops | kept on the twin for the window, then moved before the app stops |
//! | nothing is in flight when the app is restarted | on its line | on the main line; what the twin carries rests on the app's graceful stop | on both lines | on both lines |
//! | never fewer than `min_available` others, whatever is started when | in time | in time | always, by the claim | in time |
//!
//! *In time*: a host sees the first failed check of another one, and opens its gate before its own
//! line is DOWN. That takes two looks (`poll`) and one change of the rules, 0.1 s on a quiet host.
//! HAProxy gives it (`fall` - 1) x `fastinter`, or x `inter` where `fastinter` is not set. So it is not
//! promised with `fall 1`, with checks quicker than that, right after a reload (the first failed check
//! turns a line DOWN then), for an agent that is paused or can't reach a balancer, or in backends of
//! thousands of servers (they are counted every 125 us x servers). *Always*: where every balancer has a
//! twin line of the host, and no operator holds it; elsewhere in time.
//!
//! # Where things are
//!
//! [`restart`] is the core: pure, it decides and nothing else, by what a balancer showed
//! ([`haproxy`]'s model). An [`operation`] is the whole of it for one app, from the lock to the
//! report: the command line ([`cli`]) asks for one, and the [`sidecar`] starts some by itself. Its
//! [driver](operation::driver) loops: observe, decide, write the journal, act.
//!
//! The edges are thin: [`gate`] (iptables), [`haproxy`] (the stats socket and the master CLI),
//! [`tcp`] (the host's own connections), [`app`] (its restart and its health). A [`host`] is all of
//! them together, and its [snapshot](host::Snapshot) one look at everything.
//!
//! What outlives a process is in the [`state`] directory: the lock, the journal, the holds, orphan
//! processes, and the counters that [`metrics`] shows. A [`report`] says what an operation did, the
//! [`history`] keeps it with who asked for it and why, and [`report_page`] draws it. The operator
//! writes the [`config`]; [`backend_config`] prints HAProxy's side of it; [`doctor`] looks at all of
//! it, and changes nothing. [`text`] escapes what others have named, and wraps lines for a terminal.
//!
//! No file imports in a circle, and the core and the model open no socket, file or clock:
//! `tests/house.rs` holds that.

#![warn(unreachable_pub)]

pub mod app;
pub mod backend_config;
pub mod cli;
pub mod clock;
pub mod config;
pub mod doctor;
pub mod gate;
pub mod haproxy;
pub mod history;
pub mod host;
pub mod metrics;
pub mod netlink;
pub mod operation;
pub mod outbox;
pub mod report;
pub mod report_page;
pub mod restart;
pub mod sidecar;
pub mod signals;
pub mod state;
pub mod tcp;
pub mod text;

/// The examples of CONTRIBUTING.md are compiled.
#[cfg(doctest)]
#[doc = include_str!("../CONTRIBUTING.md")]
struct Contributing;
