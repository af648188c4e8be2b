//! Restarts an app behind HAProxy at noon, without a failed request.
//!
//! HAProxy has two lines for this host's app. The *main* line checks a status port without a
//! listener: a *gate*, one iptables redirect, redirects the check to the app. The *twin*, a
//! backup line with the same cookie, checks the app itself (classic layout) or a status port
//! of its own (two-stage). Closing the gates takes the host out of rotation, with no rights
//! on the balancer.
//!
//! # One restart
//!
//! | phase | what the agent does | what it waits for | when the time is up |
//! | --- | --- | --- | --- |
//! | preflight | nothing | | it refuses, and has changed nothing |
//! | lock | asks for the group's lock, if there is one (`[lock]`) | it has a slot, or serves no user | ends, and has changed nothing |
//! | claim | closes the twin's gate: other hosts see that this host goes next | twins DOWN, and enough others | puts the gates back |
//! | close | closes the main gate (both, if it need not count others) | main lines DOWN; without a claim, enough others at each look | puts the gates back |
//! | floor | keeps the gates closed | enough other servers, counted once more | puts the gates back |
//! | sticky | | the twin is quiet | goes on |
//! | shed | closes the twin's gate | twins DOWN | puts the gates back |
//! | drain | keeps the gates closed | nothing in flight, twice in a row | puts the gates back, or goes on |
//! | upgrade | runs its command, if there is one | its result | rolls back, or leaves the gates closed |
//! | restart | restarts by systemd, a command or a signal; looks at HAProxy | its result | rolls back, or leaves the gates closed |
//! | healthy | keeps the gates closed; looks at HAProxy | the app answers | rolls back, or leaves the gates closed |
//! | open | opens both gates | all lines fully UP | reports it |
//! | settle | looks at HAProxy's counters, its checks and the health, if `settle` is set | its time | ends; sick: rolls back an upgrade, else reports it |
//!
//! Where too few others are left, the agent puts the gates back, waits for its next turn and begins
//! anew, within `turn`.
//!
//! # One switch
//!
//! An app may have several *targets* on one host: instances with a port, lines and gates of their
//! own. One of them, the *current* one, serves. A switch brings the users from the *old* target to
//! the *new* one. No capacity is lost on the way.
//!
//! | phase | what the agent does | what it waits for | when it fails or the time is up |
//! | --- | --- | --- | --- |
//! | prepare | runs `--with` for the new target | its result | ends: no user is affected |
//! | start | starts the new target | its result | parks and stops the new one |
//! | healthy | | the new target answers | parks and stops the new one |
//! | verify | runs `verify` | its result | parks and stops the new one |
//! | unpark | removes the redirect of the new target's port | | withdraws |
//! | join | opens the new target's gates | all its lines fully UP | withdraws |
//! | leave | closes the old target's gates (with a `sticky` time only the main one) | its lines DOWN | takes back |
//! | sticky | | the old twin is quiet | goes on |
//! | shed | closes the old twin's gate | the twin DOWN | leaves the old one running |
//! | drain | keeps the old target's gates closed | nothing in flight on it, twice in a row | leaves the old one running, or goes on |
//! | settle | looks at HAProxy's counters, its checks and the health | its time | sick: takes back |
//! | park | redirects the old target's port to the new one | nothing in flight on it, twice in a row | leaves the old one running |
//! | stop | stops the old target, unless it stays ready | its result | reports it |
//! | take_back | opens the old target's gates | all its lines fully UP | leaves both open |
//! | withdraw | closes the new target's gates; then parks and stops it | its lines DOWN | leaves the new one running |
//!
//! From leave to park, a new target that is DOWN or unhealthy is taken back at once.
//!
//! A switch has no claim and waits for no turn, because it takes no server away from the farm: on each
//! host one target is UP at every step, however many hosts switch at once. A switch that starts a target
//! takes the group's lock, if there is one.
//!
//! # Maintenance
//!
//! Maintenance is a switch between the app and its page: `on` brings the users from the app to the page,
//! `off` brings them back. Its phases are healthy, unpark, join, leave, drain and park. Nothing is started
//! or stopped. What is recorded is a hold on the gates of the app, so every other operation leaves them
//! closed. What HAProxy shows of the page never refuses `off`. Where the agent itself held the app closed
//! before, `off` closes the page and returns to that hold.
//!
//! # What always holds
//!
//! - In a switch one of the two targets is open at every step. No gate of a target closes before a
//!   look has shown the other target UP on every balancer. No target is stopped that is open, or
//!   busy unless the settings say so. At rest exactly one is open, unless neither is UP.
//! - The agent never restarts the app with a request in flight on a line that can be taken out,
//!   on HAProxy's current worker or on a leaving one, unless the settings say so. The twin of the
//!   classic layout can't be taken out: the agent reports what it carries. It asks leaving workers
//!   by the master socket, or counts their connections. It waits for what it can't count, up to
//!   the limit. Two cases stay unknown. One is a connection that no table of this host shows, on an
//!   app without traffic. The other appears once every worker has run for an hour: the requests of
//!   a HAProxy with `http-reuse never`, or of one with unknown addresses.
//! - A line is out when the closed gate's own check has failed to the end, whatever else keeps the
//!   line DOWN.
//! - However often the agent is killed and started again, it restarts the app at most once: once
//!   for its upgrade, and once for a rollback. No agent continues another agent's upgrade.
//! - Once the agent has touched the app, it opens no gate before the app is healthy.
//! - The agent reserves the status ports from the preflight to the end. It reports a line that is UP
//!   behind a closed gate at once, and the outcome says so.
//! - Hosts never leave fewer than `min_available` others, whatever operations start at once: always
//!   in two-stage, by the claim; in time in the other layouts (the table below). With the one slot of
//!   the group's lock a host needs no claim: if that lock fails, in time. The agent judges at
//!   each look whether a host serves, never once at the begin.
//! - A hold ends only by its time, `agent open`, its unit's start, or a command that ends it. An
//!   operation that was cut short does not end it, except one that would have (`--reopen`).
//! - No restart begins that takes down another app's serving lines, unless the settings say so. The
//!   unit, the command, the pidfile and the listening processes show what it takes down.
//! - The sidecar takes the host out only when the machine goes down, or if `on_stop` says so.
//!   No log reader and no terminal blocks the sidecar or an operation.
//! - The agent never takes an unseen state for "drained" or "up".
//! - However an operation ends, its outcome says how it left the gates.
//!
//! # What each layout promises
//!
//! | | single (no twin) | classic | two-stage | two-stage, `sticky` time |
//! | --- | --- | --- | --- | --- |
//! | users with this host's cookie | redispatched once the line is DOWN | stay on the twin until the app stops; their first request after that waits for HAProxy's retries | moved before the app stops | kept on the twin for that time, then moved before the app stops |
//! | nothing is in flight when the app is restarted | on its line | on the main line; what the twin carries depends on the app's graceful stop | on both lines | on both lines |
//! | never fewer than `min_available` others, whatever operations start at once | in time | in time | always, by the claim | in time |
//!
//! *In time*: a host sees the first failed check of another one, and opens its gate before its own
//! line is DOWN. That takes two looks (`poll`) and one change of the rules, 0.1 s on a quiet host.
//! HAProxy gives it (`fall` - 1) x `fastinter`, or x `inter` without `fastinter`. The agent does not
//! promise it with `fall 1`, with quicker checks, or right after a reload, when the first failed
//! check turns a line DOWN. Nor does it for an agent that is paused, is killed or can't reach a
//! balancer, or in backends of thousands of servers (it counts them every 125 us x servers). An agent
//! that is too late sees it once its own line is DOWN, and does not touch its app.
//!
//! *Always*: in any order of steps, with pauses of any length, deaths followed by a recovery, and
//! reloads, if every balancer has a twin line of the host with `fall 2` or more, and no operator holds
//! it, or ends that while the host goes; elsewhere in time. With the one slot of the group's lock, each layout: as long as one host at a time
//! has it. `tests/model` searches these orders with the core's own decisions; the README lists the farms.
//!
//! # Where things are
//!
//! [`restart`] is the core: pure, it decides by what a balancer showed, and does nothing else. One
//! [observation](haproxy::BalancerObservation) has what one look at one balancer showed. The
//! preflight, status, reports, metrics and the history take their parts from it. An [`operation`]
//! is all of it for one app, from the lock to the report: the command line ([`cli`]) asks for one,
//! and the [`sidecar`] starts some by itself. Its [driver](operation::driver) loops: observe,
//! decide, write the journal, act.
//!
//! The edges are thin: [`lock`] (etcd or FleetLock), [`gate`] (iptables), [`haproxy`] (the stats socket and the master CLI),
//! [`tcp`] (the host's own connections), [`app`] (its restart and its health). A [`host`] is all of
//! them together, and its [snapshot](host::Snapshot) one look at everything.
//!
//! The [`state`] directory has what outlives a process: the lock, the journal, the holds, orphan
//! processes, and the counters that [`metrics`] shows. A [`report`] says what an operation did. The
//! [`history`] keeps it with its caller and reason, and [`report_page`] draws it. The operator
//! writes the [`config`], whose keys and [advice](config::advice) come from `haproxy/agent.toml`;
//! [`backend_config`] prints HAProxy's side of it; [`doctor`] looks at all of
//! it, and changes nothing. [`page`] is a server of its own: what users meet during maintenance.
//!
//! Several rooms share the rest: [`text`] escapes the names that others gave, and wraps lines for a
//! terminal. [`netlink`] dumps a kernel table, for [`gate`] and [`tcp`]. [`outbox`] writes to a
//! reader that may pause, for the log, the screen and systemd. [`signals`] has the signals that end
//! an operation, [`clock`] the wall clock and the time since the boot, and [`window`] the times in which
//! operations may begin. `connections` limits those of
//! our two servers.
//!
//! No file imports in a circle, and the core and the model open no socket, file or clock:
//! `tests/house.rs` checks that.
//!
//! # One `agent restart web`, through the files
//!
//! | what | where |
//! | --- | --- |
//! | the words and the configuration | `cli/dispatch.rs`: `run`, `configured`; `cli/operate.rs`: `operate` |
//! | all of the operation, within its locks | `operation/run.rs`: `run`; `operation/lock.rs`: `lock` |
//! | whether it begins, and where | `operation/begin.rs`: `preflight` looks; `restart/recovery.rs`: `start` and `restart/preflight.rs`: `preflight` decide |
//! | its journal, its phases, its end | `operation/operate.rs`: `operate` |
//! | the loop | `operation/driver/mod.rs`: `drive`, `go`, `record_first`, `act` |
//! | one look | `operation/driver/look.rs`: `look` |
//! | the decision | `restart/decide.rs`: `decide`; the phases in `restart/out.rs`: `claim`, `close`, in `restart/drain.rs`: `drain`, and in `restart/back.rs`: `healthy`, `open` |
//! | the action of a phase | `restart/predicates.rs`: `action` names it, `host/core_host.rs`: `act` does it |
//! | the restart of the app | `host/touch.rs`: `restart`, `touch`; `app/restart/mod.rs`: `run_with` |
//! | Ctrl-C | `signals.rs`: `listen` keeps it; each look shows it; `restart/decide.rs`: `interrupted` |
//! | an error | an action that failed is text; its phase tries again up to its limit, and its outcome says why |
//! | a line that was UP meanwhile | `restart/closed_lines.rs`: `judge` changes the outcome |
//! | the hold, the counters, the history | `operation/hold.rs`: `hold`; `operation/run.rs`: `count`; `operation/remember.rs`: `end`, `write` |
//! | the message and the exit code | `restart/message.rs`: `message`; `restart/outcome.rs`: `exit_code`; `report/draft.rs`: `report` |
//!
//! # One gate, from the configuration to the kernel
//!
//! | what | where |
//! | --- | --- |
//! | the ports of the app | `config/file.rs`: `AppFile`; checked in `config/app.rs`: `check_app` |
//! | the gates, main and twin | `config/settings.rs`: `gates` |
//! | a gate's rule, as data | `gate/mod.rs`: `rule`; `gate/rule.rs`: `Rule`, `Change` |
//! | which gates are to be open | `host/core_host.rs`: `act`; `host/gates.rs`: `ensure` |
//! | the changes between the listing and that | `gate/rule_cache.rs`: `ensure`; `gate/plan/mod.rs`: `plan_all` |
//! | a change as the arguments of iptables | `gate/iptables/write.rs`: `fmt`; `gate/iptables/mod.rs`: `make`; `gate/iptables/run.rs`: `execute` |
//! | the kernel's listing, as data | `gate/iptables/mod.rs`: `list`; `gate/listing.rs`: `parse`; `gate/iptables/read.rs`: `read` |
//! | open, closed or broken | `gate/plan/mod.rs`: `position`; of both families `gate/view/mod.rs`: `position_everywhere` |
//!
//! `tests/house.rs` checks that each of these files has what is named here.

#![warn(unreachable_pub)]

pub mod app;
pub mod backend_config;
pub mod cli;
pub mod clock;
pub mod config;
mod connections;
pub mod doctor;
pub mod gate;
pub mod haproxy;
pub mod history;
pub mod host;
pub mod lock;
pub mod metrics;
pub mod netlink;
pub mod operation;
pub mod outbox;
pub mod page;
pub mod report;
pub mod report_page;
pub mod restart;
pub mod sidecar;
pub mod signals;
pub mod state;
pub mod tcp;
pub mod text;
pub mod window;

/// The examples of CONTRIBUTING.md are compiled.
#[cfg(doctest)]
#[doc = include_str!("../CONTRIBUTING.md")]
struct Contributing;
