//! Where checks go, if the server line does not say it.

use super::*;

const HTTPCHK: &str = "    option httpchk GET /healthz\n";

/// two-stage.cfg with these lines in place of its `option httpchk`, and these words in `default-server`.
fn with_rules(rules: &str, words: &str) -> String {
    let text = with(HTTPCHK, rules);
    text.replace(
        "default-server check",
        &format!("default-server check {words}"),
    )
}

#[test]
#[rustfmt::skip]
fn a_rule_with_a_place_counts_before_the_words_of_the_lines() {
    let http = "    option httpchk\n    http-check connect";
    let tcp = "    option tcp-check\n    tcp-check connect";
    for (rules, words, verdict, found) in [
        (format!("{http} port 1000\n"), "", Error, "`http-check connect port 1000` sends the checks of web1, web2, web3 and 3 more to port 1000, whatever"),
        (format!("{tcp} port 1000\n"), "", Error, "`tcp-check connect port 1000` sends"),
        (format!("{http} ssl port 1000 sni a\n"), "", Error, "`http-check connect ssl port 1000 sni a` sends"),
        // Right for the main lines. The twins follow the main gate.
        (format!("{http} port 2000\n"), "", Error, "sends the checks of bkp1, bkp2, bkp3 to port 2000"),
        (format!("{http} port 3000\n"), "", Error, "sends the checks of web1, web2, web3 to port 3000"),
        (format!("{http} port 3000\n    http-check connect port 2000\n"), "", Error, "and 3 more to port 3000 and port 2000"),
        // Each connect must succeed, and one of them meets the gate.
        (format!("{http}\n    http-check connect port 1000\n"), "", Ok, ""),
        (format!("{http} port 9\n    http-check connect default\n"), "", Ok, ""),
        (format!("{http} addr 10.0.0.9\n"), "", Error, "sends the checks of web1, web2, web3 and 3 more to 10.0.0.9 port 2000"),
        (format!("{http} addr 10.0.0.9:7 port 8\n"), "", Error, "to 10.0.0.9 port 8,"),
        (format!("{http} addr 10.0.0.9:7\n"), "", Error, "to 10.0.0.9 port 7,"),
        // The address of web1 alone.
        (format!("{http} addr 10.0.0.11\n"), "", Error, "sends the checks of web2, web3, bkp2 and 1 more to 10.0.0.11"),
        (format!("{http} port \"$P\"\n"), "", Warning, "`http-check connect port \"$P\"`: the file does not show which port of web1"),
        (format!("{tcp} port var(check.port)\n"), "", Warning, "the file does not show"),
        // Rules that HAProxy does not use.
        (format!("{tcp} port 1000\n    option httpchk\n"), "", Ok, ""),
        (format!("{http} port 1000\n    option redis-check\n"), "", Ok, ""),
        (format!("{http} port 1000\n    no option httpchk\n"), "", Ok, ""),
        // No place of its own.
        (format!("{http} ssl linger comment port\n"), "ssl", Ok, ""),
        (format!("{http} default\n"), "", Ok, ""),
    ] {
        let points = points(&with_rules(&rules, words), PORTS, &[]);
        let (judged, said) = worst(&points, "cfg-check-port");
        assert_eq!(judged, verdict, "{rules}: {said}");
        assert!(said.contains(found), "{rules}: {said}");
        // No other point says where the checks go.
        let other = points.iter().any(|point| point.check == "check-port" && point.verdict != Ok);
        assert!(!other, "{rules}: {points:#?}");
    }
}

/// The agent finds its lines by the port that HAProxy's stats socket shows: that of the line.
#[test]
fn the_port_of_a_rule_alone_is_not_enough() {
    let text = "backend srvs
  option httpchk
  http-check connect port 2000
  server web1 10.0.0.11:1000 check
  server web2 10.0.0.12:1000 check port 2000
";
    let points = points(text, NO_OWN, &[]);
    let (verdict, found) = worst(&points, "cfg-check-port");
    assert_eq!(verdict, Error);
    assert!(found.contains("the agent does not find web1"), "{found}");
}

#[test]
#[rustfmt::skip]
fn the_fix_is_the_rule_without_its_place() {
    let of = |text: &str| fix(text, PORTS, "cfg-check-port");
    let rule = "    option httpchk\n    http-check connect port 1000 ssl sni \"a b\" addr 10.0.0.9\n";
    let now = "`http-check connect port 1000 ssl sni 'a b' addr 10.0.0.9`";
    let then = "http-check connect ssl sni 'a b'";
    assert_eq!(of(&with_rules(rule, "ssl")), format!("in backend srvs, in place of {now}: {then}"));
    let fixed = with_rules(&format!("    option httpchk\n    {then}\n"), "ssl");
    assert_eq!(verdict(&fixed, "cfg-check-port"), Ok);
    // In `defaults`, and with a backend that has no rule of its own.
    let inherited = with_rules("", "").replace("    http-check expect status 200\n", "");
    let rule = "defaults\n    option tcp-check\n    tcp-check connect port 1000\n";
    let inherited = inherited.replace("defaults\n", rule);
    let found = "in the `defaults` of srvs, in place of `tcp-check connect port 1000`: tcp-check connect";
    assert_eq!(of(&inherited), found);
    let own = inherited.replace("backend srvs\n", "backend srvs\n    tcp-check connect\n");
    assert_eq!(verdict(&own, "cfg-check-port"), Ok);
}

#[test]
#[rustfmt::skip]
fn a_command_gets_the_port_of_the_users() {
    let found = "external-check: a command checks web1, web2, web3 and 3 more. HAProxy passes it the port of the users, 1000, not `port 2000`";
    let command = "    option external-check\n    external-check command /bin/true\n";
    let own = with_rules(command, "");
    let defaults = with_rules("", "").replace("defaults\n", &format!("defaults\n{command}"));
    for text in [&own, &defaults] {
        let (verdict, said) = worst(&points(text, PORTS, &[]), "check-port");
        assert!(verdict == Warning && said.contains(found), "{said}");
    }
    // Each kind of check replaces the one before.
    for rules in [format!("{command}{HTTPCHK}"), format!("{command}    no option external-check\n")] {
        assert_eq!(verdict(&with_rules(&rules, ""), "check-port"), Ok, "{rules}");
    }
    assert_eq!(verdict(&defaults.replace("backend srvs\n", "backend srvs\n    option tcp-check\n"), "check-port"), Ok);
}

/// An agent that HAProxy can't reach changes nothing, so a closed gate can't take such a line out.
#[test]
#[rustfmt::skip]
fn an_agent_check_is_no_check_of_the_gate() {
    let agent = "agent-check agent-port 7777 agent-addr 10.0.0.9 agent-inter 2s";
    let beside = with("default-server check", &format!("default-server check {agent}"));
    assert!(points(&beside, PORTS, &[]).iter().all(|point| point.verdict == Ok));
    let alone = with("default-server check", &format!("default-server {agent}"));
    assert_eq!(verdict(&alone, "checks"), Error);
    let of = |text: &str| fix(text, PORTS, "checks");
    assert_eq!(of(&alone), "on the line of web1, web2, web3 and 3 more: `check` beside `agent-check`");
    let off = alone.replace(agent, &format!("{agent} no-agent-check"));
    assert_eq!(of(&off), "on the line of web1, web2, web3 and 3 more, or in default-server: `check`");
}

/// The words of a line, and of `default-server` above it.
#[test]
#[rustfmt::skip]
fn the_place_of_a_check_on_the_lines() {
    let default = "default-server check";
    fires(&[
        ("check-port", "w1 port 2000", "w1 addr 10.0.0.11:2000", Ok, ""),
        ("check-port", "w1 port 2000", "w1 addr [::ffff:10.0.0.11]:2000", Ok, ""),
        ("check-port", "w1 port 2000", "w1 addr ipv4@10.0.0.11 port 2000", Ok, ""),
        ("check-port", "w1 port 2000", "w1 addr 10.0.0.11:9", Error, "web1 checks port 9"),
        ("check-port", "w1 port 2000", "w1 addr 10.0.0.11:9 port 2000", Ok, ""),
        ("check-port", "w1 port 2000", "w1 addr 10.0.0.9:2000", Error, "web1 is checked at another address"),
        ("check-port", "w1 port 2000", "w1 port 0", Error, "web1 checks the app itself"),
        ("check-port", "w1 port 2000", "w1 port 2009 port 2000", Ok, ""),
        ("check-port", default, "default-server check addr 10.0.0.9", Error, "bkp2, bkp3 are checked at another address"),
        ("check-port", default, "default-server check port 2009", Ok, ""),
    ]);
    let below = with("default-server check", "default-server port 2000 check").replace(" port 2000\n", "\n");
    assert_eq!(verdict(&below, "check-port"), Ok);
    let after = with(" port 2000\n", "\n") + "    default-server port 2000\n";
    assert_eq!(verdict(&after, "check-port"), Error, "only lines below it have its words");
}
