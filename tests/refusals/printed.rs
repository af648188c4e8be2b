//! What a command prints: live with `-v`, and its last lines in the report and the history.

use crate::{GOOD, HAPROXY, agent, app, haproxy};
use lab::own_network::inside;

#[test]
fn the_output_of_an_upgrade_is_shown_and_kept() {
    if !inside("printed::the_output_of_an_upgrade_is_shown_and_kept") {
        return;
    }
    app(1000);
    app(1001);
    let _haproxy = haproxy(HAPROXY);
    agent(GOOD, &["open"]);
    let words = [
        "restart",
        "web",
        "--json",
        "-v",
        "--with",
        "echo Setting up web",
    ];
    let ended = agent(GOOD, &words);
    assert_eq!(ended.exit, 0, "{}", ended.err);
    assert!(
        ended.err.contains("printed: Setting up web"),
        "{}",
        ended.err
    );
    let output = "\"output\":[\"Setting up web\"]";
    assert!(ended.out.contains(output), "{}", ended.out);
    let history = agent(GOOD, &["report", "--last"]).out;
    assert!(history.contains("| Setting up web\n"), "{history}");
}
