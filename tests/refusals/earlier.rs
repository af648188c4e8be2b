//! Rules that an earlier configuration has left.

use super::*;

/// The agent reports them, and replaces them; it does not take them for another program's.
#[test]
fn rules_of_an_earlier_configuration_are_replaced() {
    if !inside("earlier::rules_of_an_earlier_configuration_are_replaced") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    let renamed = GOOD.replace("app.web", "app.shop");
    for verb in ["open", "recover", "restart"] {
        good(&["open"]);
        let status = agent(&renamed, &["status"]);
        let says = "shop: trouble: main gate 2000 -> 1000 is broken (a rule of an earlier \
                    configuration: -A HAPROXY-GATE ";
        assert!(
            status.out.contains(says) && status.exit == 1,
            "{}",
            status.out
        );
        assert!(!status.out.contains("foreign"), "{}", status.out);
        let doctor = agent(&renamed, &["doctor", "--all"]).out;
        assert!(!doctor.contains("a rule that is not ours"), "{doctor}");
        let ended = agent(&renamed, &[verb, "shop"]);
        assert_eq!(ended.exit, 0, "{verb}: {}", ended.err);
        let rules = rules();
        assert!(rules.contains("haproxy-gate:shop:main"), "{rules}");
        assert!(!rules.contains("haproxy-gate:web:"), "{verb}: {rules}");
    }
}
