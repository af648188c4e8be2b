//! Redirects that lead a check to the port and the address that it has anyway. Pure.

use super::checked::Checked;
use crate::gate::rule::{Destination, Target};
use std::net::IpAddr;

/// Whether a check of this port stays where it is. `REDIRECT` keeps the port if its range has it
/// (the kernel's `nf_nat_core.c`), unless it picks one at random.
pub(super) fn stays(target: &Target, port: u16, checked: &Checked) -> bool {
    let is_checked = |ip: IpAddr| checked.0.contains(&ip);
    match target {
        Target::Redirect(Destination::Port(to)) => *to == port,
        Target::Redirect(Destination::Address(to)) => to.port() == port && is_checked(to.ip()),
        Target::Translate(text) => match *text.split(' ').collect::<Vec<&str>>() {
            ["REDIRECT" | "redirect"] => true,
            ["REDIRECT", "--to-ports", range] => has(range, port),
            ["DNAT", "--to-destination", to] | ["dnat", to] => to.parse().is_ok_and(is_checked),
            _ => false,
        },
        _ => false,
    }
}

fn has(range: &str, port: u16) -> bool {
    let ends = range.split_once('-');
    let ends = ends.and_then(|(first, last)| Some(first.parse().ok()?..=last.parse().ok()?));
    ends.is_some_and(|range| range.contains(&port))
}
