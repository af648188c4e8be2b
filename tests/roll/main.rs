//! Ring 4, the whole system: real HAProxy, real iptables, real apps and steady traffic, in network
//! namespaces. It fails without root.

mod at_once;
mod attached;
mod balancers;
mod callers;
mod descriptors;
mod endings;
mod faults_app;
mod faults_balancers;
mod faults_command;
mod faults_operator;
mod faults_rules;
mod faults_stats;
mod flushed;
mod gaps;
mod gate_to;
mod interrupts;
mod killed;
mod layouts;
mod leaving;
mod mode_tcp;
mod one_machine;
mod other_reasons;
mod readonly;
mod real_apps;
mod releases;
mod reload;
mod status_ports;
mod terminal;
mod together;
mod upgrades;
mod variants;
mod watched;
