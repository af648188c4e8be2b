//! From any table to any targets.

use super::*;
use crate::gate::ours::keeper_of;
use crate::gate::rule::Listed;
use crate::gate::{Gate, plan};
use crate::gate::{park_jump, plan_all, removal};
use crate::haproxy::Role;

/// Each base with each set of rules, beside rules of others and gates.
fn tables() -> Vec<Listing> {
    const OTHERS: &str =
        "-A PREROUTING -p tcp -m tcp --dport 1001 -j DNAT --to-destination 172.17.0.2\n";
    let random = green().replace(":1000\n", ":1000 --random\n");
    let narrow = green().replace("-p tcp -m tcp", "! -s 10.0.0.0/8 -p tcp -m tcp");
    let redirect = green().replace("DNAT --to-destination :", "REDIRECT --to-ports ");
    let blue = rule("web:blue", 1000, ":1001");
    let api = rule("api:blue", 1002, ":1003");
    let sets: [Vec<String>; 8] = [
        vec![],
        vec![green()],
        vec![green(), green()],
        vec![blue, api.clone()],
        vec![random, green(), api.clone()],
        vec![narrow, redirect],
        vec![
            rule("web:green", 1001, ":1009"),
            rule("web:red", 1002, ":1000"),
        ],
        vec![rule("web:green", 1001, "172.17.0.3:1000"), api],
    ];
    let bases = [
        format!("{CHAIN_LINE}{JUMP}{KEEPER}"),
        format!("{CHAIN_LINE}{JUMP}{JUMP}"),
        format!("{CHAIN_LINE}{KEEPER}"),
        CHAIN_LINE.to_owned(),
    ];
    let with_rules = bases.iter().flat_map(|base| {
        let one = |set: &Vec<String>| listing(&[BARE, base, OTHERS, &set.concat()]);
        sets.iter().map(one).collect::<Vec<_>>()
    });
    with_rules.chain([listing(&[BARE, OTHERS])]).collect()
}

fn to(address: &str) -> Parkings {
    let mut web = web("blue");
    web.targets[1].to = Some(Destination::Address(address.parse().unwrap()));
    web
}

/// One pass is enough, in the kernel's text as in ours. The rules of others stay, and none is deleted
/// without the keeper.
#[test]
fn after_its_calls_nothing_is_left_to_do() {
    for before in tables() {
        for wanted in [
            web("blue"),
            web("green"),
            web("blue").without("green"),
            to("172.17.0.2:1000"),
        ] {
            let mut after = before.clone();
            for change in plan_parking(&before, &wanted) {
                let keeper = keeper_of(PARK_CHAIN);
                let is_kept = after.rules().any(|one| one.rule == keeper);
                assert!(!matches!(&change, Change::Delete(_)) || is_kept, "{change}");
                after.apply(&change);
            }
            assert_eq!(plan_parking(&after, &wanted), [], "{before:?} {wanted:?}");
            for (target, found) in wanted.targets.iter().zip(positions(&after, &wanted)) {
                let expected = match target.to {
                    Some(_) => ParkingPosition::Set,
                    None => ParkingPosition::NotSet,
                };
                assert_eq!(found, expected, "{before:?} {wanted:?}");
            }
            assert_eq!(others(&after, &wanted), others(&before, &wanted));
            let chains = after.chains().map(|chain| format!("-N {chain}\n"));
            let rules = after.rules().map(|one| format!("{one}\n"));
            let text: String = chains.chain(rules).collect();
            assert_eq!(Listing::parse(&text), Ok(after));
        }
    }
}

fn others<'a>(listing: &'a Listing, wanted: &Parkings) -> Vec<&'a Listed> {
    let kept = [park_jump(), keeper_of(PARK_CHAIN)];
    let is_ours = |one: &Listed| wanted.owns(&one.rule) || kept.contains(&one.rule);
    listing.rules().filter(|one| !is_ours(one)).collect()
}

/// Each of the two chains is changed without the other.
#[test]
fn gates_and_parked_ports_leave_each_other_alone() {
    let gate = Gate::of_web(Role::Main);
    for before in tables() {
        let mut after = before.clone();
        plan_all(&before, &[(&gate, true)])
            .iter()
            .for_each(|one| after.apply(one));
        assert_eq!(
            after.parked().collect::<Vec<_>>(),
            before.parked().collect::<Vec<_>>()
        );
        let open: Vec<Listed> = after.ours().cloned().collect();
        plan_parking(&after.clone(), &web("green"))
            .iter()
            .for_each(|one| after.apply(one));
        assert_eq!(after.ours().cloned().collect::<Vec<_>>(), open);
        assert_eq!(plan(&after, &gate, true), []);
    }
}

#[test]
fn after_a_removal_nothing_is_ours() {
    for before in tables() {
        let mut after = before.clone();
        removal(&before).iter().for_each(|one| after.apply(one));
        assert_eq!(removal(&after), []);
        assert!(!after.has_chain(PARK_CHAIN) && after.park_jumps().next().is_none());
        assert_eq!(after.rules().count(), 1, "{after:?}");
    }
}
