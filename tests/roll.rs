//! Ring 4, the whole thing: real HAProxy, real iptables, real apps and steady traffic, in
//! network namespaces. It needs root, and fails without.

mod lab;

#[path = "roll/at_once.rs"]
mod at_once;
#[path = "roll/attached.rs"]
mod attached;
#[path = "roll/balancers.rs"]
mod balancers;
#[path = "roll/callers.rs"]
mod callers;
#[path = "roll/descriptors.rs"]
mod descriptors;
#[path = "roll/endings.rs"]
mod endings;
#[path = "roll/faults_app.rs"]
mod faults_app;
#[path = "roll/faults_balancers.rs"]
mod faults_balancers;
#[path = "roll/faults_command.rs"]
mod faults_command;
#[path = "roll/faults_operator.rs"]
mod faults_operator;
#[path = "roll/faults_rules.rs"]
mod faults_rules;
#[path = "roll/faults_stats.rs"]
mod faults_stats;
#[path = "roll/flushed.rs"]
mod flushed;
#[path = "roll/gaps.rs"]
mod gaps;
#[path = "roll/interrupts.rs"]
mod interrupts;
#[path = "roll/killed.rs"]
mod killed;
#[path = "roll/layouts.rs"]
mod layouts;
#[path = "roll/leaving.rs"]
mod leaving;
#[path = "roll/one_machine.rs"]
mod one_machine;
#[path = "roll/other_reasons.rs"]
mod other_reasons;
#[path = "roll/real_apps.rs"]
mod real_apps;
#[path = "roll/releases.rs"]
mod releases;
#[path = "roll/reload.rs"]
mod reload;
#[path = "roll/status_ports.rs"]
mod status_ports;
#[path = "roll/terminal.rs"]
mod terminal;
#[path = "roll/together.rs"]
mod together;
#[path = "roll/upgrades.rs"]
mod upgrades;
#[path = "roll/variants.rs"]
mod variants;
#[path = "roll/watched.rs"]
mod watched;
