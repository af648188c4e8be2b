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

/// A status port that is mistyped. The earlier rule has the host in rotation until HAProxy's line
/// checks the new port.
#[test]
fn the_redirect_that_haproxy_still_checks_stays() {
    if !inside("earlier::the_redirect_that_haproxy_still_checks_stays") {
        return;
    }
    app(1000);
    app(1001);
    let haproxy_before = haproxy(HAPROXY);
    good(&["open"]);
    let mistyped = GOOD.replacen("status_port = 2000", "status_port = 2001", 1);
    let says = "HAProxy checks port 2000, and the rule of an earlier configuration that redirects it \
                would go: it would take this host out of rotation. Set status_port to 2000, or let \
                HAProxy's server line check port 2001 first";
    refused(&mistyped, &["recover", "web"], 11, says);
    let status = agent(&mistyped, &["status"]);
    assert!(
        status.out.contains(&format!("web: trouble: {says}\n")),
        "{}",
        status.out
    );
    assert!(!status.out.contains("fixes it"), "{}", status.out);
    drop(haproxy_before);
    let _haproxy = haproxy(&HAPROXY.replace("port 2000", "port 2001"));
    assert_eq!(agent(&mistyped, &["recover", "web"]).exit, 0);
    assert!(!rules().contains("--dport 2000 "), "{}", rules());
}
