//! A rule of a nat table as data: one of ours, or as much as is understood of any other.

use std::fmt;
use std::net::SocketAddr;
use std::ops::RangeInclusive;

/// What a rule asks of a packet, and what it does with one that meets all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The chain it is in.
    pub chain: String,
    /// In their order.
    pub conditions: Vec<Condition>,
    /// It asks nothing.
    pub comment: Option<String>,
    /// What it does.
    pub target: Target,
}

/// A rule as the kernel lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// What is understood of it.
    pub rule: Rule,
    /// Its text to the letter, without the chain. iptables deletes a rule by it.
    pub text: String,
    /// nft deletes a rule by it.
    pub handle: Option<u64>,
}

/// One thing that a rule asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The packet must not meet it.
    pub is_negated: bool,
    /// What must be so.
    pub subject: Subject,
}

/// What a condition is about. Words are in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The protocol is one of these.
    Protocol(Vec<String>),
    /// The destination port is one of these.
    Port(Ports),
    /// The tracked connection is in one of these states.
    State(Vec<String>),
    /// The destination address is of one of these kinds.
    DestinationType(Vec<String>),
    /// The packet opens a TCP connection.
    OpensConnection,
    /// A source, an interface, an owner, a mark or anything else.
    Other(String),
}

/// Ports that a rule names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ports {
    /// Those that are certain.
    pub known: Vec<RangeInclusive<u16>>,
    /// There may be more of them, as in a named set.
    pub may_be_others: bool,
}

/// What a rule does. A text is what the listing has after `-j`, or nft's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Redirects to one place.
    Redirect(Destination),
    /// Translates the destination in another way.
    Translate(String),
    /// Asks that chain, and then the next rule.
    Jump(String),
    /// Asks that chain instead of the next rule.
    Goto(String),
    /// Asks no further rule of this chain.
    Return,
    /// Asks the next rule.
    Continue(String),
    /// Asks no further rule.
    End(String),
}

/// The place that a redirect goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Destination {
    /// A port of this host.
    Port(u16),
    /// An address: a container, a service on one address of this host.
    Address(SocketAddr),
}

/// One change of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Makes a chain.
    NewChain(&'static str),
    /// Adds a rule ahead of all others of its chain.
    Insert(Rule),
    /// Adds a rule behind all others of its chain.
    Append(Rule),
    /// Deletes a rule.
    Delete(Listed),
    /// Deletes all rules of a chain.
    Flush(&'static str),
    /// Deletes an empty chain.
    DeleteChain(&'static str),
}

/// A hook whose base chains may redirect a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// For packets that come to this host.
    Prerouting,
    /// For packets that this host sends.
    Output,
}

impl Rule {
    /// A rule with this comment and one condition for each subject.
    pub(super) fn new(
        chain: &str,
        subjects: impl IntoIterator<Item = Subject>,
        comment: Option<String>,
        target: Target,
    ) -> Rule {
        Rule {
            chain: chain.to_owned(),
            conditions: subjects.into_iter().map(Condition::from).collect(),
            comment,
            target,
        }
    }

    /// Whether it translates the destination.
    pub(super) fn redirects(&self) -> bool {
        matches!(self.target, Target::Redirect(_) | Target::Translate(_))
    }

    /// Whether it jumps or goes to that chain.
    pub(super) fn leads_to(&self, chain: &str) -> bool {
        matches!(&self.target, Target::Jump(to) | Target::Goto(to) if to == chain)
    }
}

impl Destination {
    /// The port.
    pub fn port(self) -> u16 {
        match self {
            Destination::Port(port) => port,
            Destination::Address(address) => address.port(),
        }
    }

    /// The address, if it is not a port of this host.
    pub fn address(self) -> Option<SocketAddr> {
        match self {
            Destination::Port(_) => None,
            Destination::Address(address) => Some(address),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::Port(port) => write!(f, "{port}"),
            Destination::Address(address) => write!(f, "{address}"),
        }
    }
}

impl From<Subject> for Condition {
    fn from(subject: Subject) -> Condition {
        Condition {
            is_negated: false,
            subject,
        }
    }
}

impl From<u16> for Ports {
    fn from(port: u16) -> Ports {
        Ports {
            known: vec![port..=port],
            may_be_others: false,
        }
    }
}
