//! Whose rules an app's parking deletes.

use super::*;

#[test]
fn rules_of_what_is_gone_go_and_those_of_other_apps_stay() {
    for (other, goes, is_gone) in [
        // A target that is gone, an app that is gone, and an earlier name of the app at this port.
        (rule("web:red", 1002, ":1000"), true, true),
        (rule("shop:blue", 1002, ":1000"), true, true),
        (rule("api:blue", 1001, ":1009"), true, false),
        // An earlier port of green, and one that blue has now.
        (rule("web:green", 1002, ":1000"), true, false),
        (rule("web:green", 1000, ":1001"), true, false),
        (rule("api:blue", 1002, ":1003"), false, false),
        // By hand: without a comment of ours.
        (green().replace("haproxy-gate:", "ours:"), false, false),
        (green().replace(":park", ":main"), false, false),
        (green().replace(":web:green:", ":"), false, false),
    ] {
        for (wanted, left) in [
            (web("blue"), vec![green()]),
            (web("blue").without("green"), vec![]),
        ] {
            let before = ready(&[other.clone(), green()]);
            let listed = before.parked().nth(1).unwrap();
            assert_eq!(wanted.is_gone(&listed.rule), is_gone, "{other}");
            let mut after = before.clone();
            plan_parking(&before, &wanted)
                .iter()
                .for_each(|one| after.apply(one));
            let found: Vec<String> = after
                .parked()
                .skip(1)
                .map(|one| format!("{one}\n"))
                .collect();
            let kept = if goes { vec![] } else { vec![other.clone()] };
            assert_eq!(found, [kept, left].concat(), "{other}");
        }
    }
}
