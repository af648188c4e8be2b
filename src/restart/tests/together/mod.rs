//! Many hosts at once that see each other only through HAProxy. At no moment are too few of them in
//! rotation.

mod farm;

use super::super::Phase;
use farm::{Farm, Layout, MOST};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The number of events for which an agent may stall.
const STALL: usize = 300;

/// The next event.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// A balancer checks a line of a host.
    Check(usize, usize, usize),
    /// The agent of a host looks, or acts.
    GoesOn(usize),
    /// A caller starts a restart on a host.
    Begin(usize),
    /// The app of a host comes up by itself.
    ComesUp(usize),
    /// The agent of a host stalls for a while: iptables waits for its lock.
    Stalls(usize),
}

fn any_event() -> impl Strategy<Value = Event> {
    let (host, two) = (0..8_usize, 0..2_usize);
    prop_oneof![
        12 => (host.clone(), two.clone(), two).prop_map(|(host, lb, side)| Event::Check(host, lb, side)),
        8 => host.clone().prop_map(Event::GoesOn),
        1 => host.clone().prop_map(Event::Begin),
        1 => host.clone().prop_map(Event::ComesUp),
        1 => host.prop_map(Event::Stalls),
    ]
}

fn any_order() -> impl Strategy<Value = Vec<Event>> {
    prop::collection::vec(any_event(), 50..2000)
}

fn any_layout() -> impl Strategy<Value = Layout> {
    use Layout::{Classic, Single, Sticky, TwoStage};
    prop::sample::select(vec![Single, Classic, TwoStage, Sticky])
}

/// The number of hosts that are DOWN at the begin, and how many more can go.
fn any_room() -> impl Strategy<Value = (usize, usize)> {
    (0..3_usize, 0..3_usize)
}

fn farm(layouts: &[Layout], (down, spare): (usize, usize), seed: u64) -> Farm {
    let down = down.min(layouts.len() - 1);
    let min_available = (layouts.len() - down).saturating_sub(spare).max(1);
    let mut farm = Farm::new(layouts, min_available, seed);
    (farm.orders_differ, farm.is_share) = (seed % 2 == 1, seed % 3 == 1);
    (0..down).for_each(|number| farm.is_down(number));
    farm
}

/// Plays the events and checks the floor. If checks take their `time`, each agent looks and acts
/// between two checks of a failing line.
fn keeps_the_floor(
    mut farm: Farm,
    order: Vec<Event>,
    all_begin: bool,
    in_time: bool,
) -> Result<(), TestCaseError> {
    let hosts = farm.hosts.len();
    let floor = farm.min_available.min(farm.up());
    if all_begin {
        (0..hosts).for_each(|number| farm.begin(number));
    }
    let mut failed: BTreeMap<(usize, usize, usize), Vec<u32>> = BTreeMap::new();
    for (at, event) in order.into_iter().enumerate() {
        farm.now = at as u64 / 8;
        match event {
            Event::Check(number, lb, side) => {
                let line = (number % hosts, lb, side);
                let turns = |farm: &Farm| farm.hosts.iter().map(|host| host.turns_taken).collect();
                let is_early = |before: &Vec<u32>| {
                    let looked = farm.hosts.iter().zip(before);
                    let mut under_way = looked.filter(|(host, _)| host.phase.is_some());
                    under_way.any(|(host, before)| host.turns_taken < before + 3)
                };
                if in_time && failed.get(&line).is_some_and(is_early) {
                    continue;
                }
                farm.check(line.0, lb, side);
                match farm.is_failing(line.0, lb, side) {
                    true => failed.insert(line, turns(&farm)),
                    false => failed.remove(&line),
                };
            }
            Event::Stalls(number) if !in_time => {
                farm.hosts[number % hosts].stalled_until = at + STALL;
            }
            Event::Stalls(_) => {}
            Event::GoesOn(number) if farm.hosts[number % hosts].stalled_until > at => {}
            Event::GoesOn(number) => farm.agent_goes_on(number % hosts),
            Event::Begin(number) if farm.hosts[number % hosts].phase.is_none() => {
                farm.begin(number % hosts);
            }
            Event::Begin(_) => {}
            Event::ComesUp(number) => farm.hosts[number % hosts].app_up = true,
        }
        let up = farm.up();
        prop_assert!(up >= floor, "{up} of {hosts} are UP after {event:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Two-stage: with any order of starts, and however slow looks and checks are.
    #[test]
    fn never_fewer_than_asked_for(order in any_order(), hosts in 2..8_usize, (down, spare) in any_room(),
                                  seed in any::<u64>()) {
        let farm = farm(&vec![Layout::TwoStage; hosts], (down, spare), seed);
        keeps_the_floor(farm, order, down == 0, false)?;
    }

    /// All other layouts, and mixed ones. Each agent looks and acts between the first failed
    /// check of a line and its DOWN.
    #[test]
    fn never_fewer_where_looks_are_in_time(order in any_order(),
                                           layouts in prop::collection::vec(any_layout(), 2..8),
                                           (down, spare) in any_room(), seed in any::<u64>()) {
        let farm = farm(&layouts, (down, spare), seed);
        keeps_the_floor(farm, order, down == 0, true)?;
    }
}

/// The seconds until so many hosts are out. They begin at the same moment, and look and are checked
/// in step, once a second.
fn until_out(farm: &mut Farm, begin: usize, count: usize) -> Option<u64> {
    (0..begin).for_each(|number| farm.begin(number));
    let hosts = farm.hosts.len();
    (0..300).find(|now| {
        farm.now = *now;
        (0..hosts).for_each(|number| farm.agent_goes_on(number));
        (0..4 * hosts).for_each(|line| farm.check(line / 4, line / 2 % 2, line % 2));
        let out = |host: &&farm::Of| matches!(host.phase, Some(Phase::Drain { .. }));
        farm.hosts.iter().filter(out).count() == count
    })
}

/// The worst case for claims.
#[test]
fn of_those_that_claim_in_step_some_go_at_once() {
    for spare in 1..4 {
        let mut farm = Farm::new(&[Layout::TwoStage; 5], 5 - spare, 1);
        let took = until_out(&mut farm, 5, spare);
        assert!(took.is_some_and(|took| took <= 12), "{spare}: {took:?}");
    }
}

/// Such a twin looks like a claim, and no host waits for it to give way.
#[test]
fn a_twin_that_stays_down_keeps_no_host_waiting() {
    let mut farm = Farm::new(&[Layout::TwoStage; 4], 2, 1);
    farm.hosts[3].twin_up = false;
    farm.hosts[3].health = [[MOST, 0]; 2];
    let took = until_out(&mut farm, 2, 1);
    assert!(took.is_some_and(|took| took < 30), "{took:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Each host gets its turn if there is room for one. Checks take 2 s.
    #[test]
    fn all_come_through(layouts in prop::collection::vec(any_layout(), 2..6), seed in any::<u64>()) {
        let hosts = layouts.len();
        let mut farm = Farm::new(&layouts, hosts - 1, seed);
        (0..hosts).for_each(|number| farm.begin(number));
        for now in 0..3000 {
            farm.now = now;
            for number in 0..hosts {
                farm.agent_goes_on(number);
                farm.agent_goes_on(number);
                if (now as usize + number).is_multiple_of(2) {
                    (0..4).for_each(|line| farm.check(number, line / 2, line % 2));
                }
            }
            prop_assert!(farm.up() >= hosts - 1);
        }
        let under_way = farm.hosts.iter().filter(|host| host.phase.is_some());
        prop_assert_eq!(under_way.count(), 0);
    }
}
