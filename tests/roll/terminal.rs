//! What an operator sees on a terminal of 80 columns.

use crate::lab::fleet::Fleet;
use crate::lab::terminal::Terminal;
use nix::sys::signal::Signal;

/// The phase under way is one line in place, with HAProxy's own numbers and the clock; it
/// stays when it is over, and the outcome comes last.
#[test]
fn a_restart_is_told_in_place() {
    let fleet = Fleet::quick("in_place", |reference| reference);
    let request = fleet.slow_request(1, 6000);
    let agent = fleet.agent(1, |settings| settings);
    let terminal = Terminal::start(&mut agent.command(&["restart", "web"]));
    let draining = terminal.wait_for("a drain that is told", |line| {
        line.starts_with("web  drain ") && line.contains(" s of 1m  oldest ")
    });
    let line = draining.lines().last().expect("a line");
    assert!(
        line.trim_end()
            .ends_with(" s: srvs/web1 has 1 request in flight"),
        "{draining}"
    );
    let above: Vec<&str> = draining.lines().map(phase).collect();
    assert_eq!(above, ["claim", "close", "floor", "drain"], "{draining}");
    let screens = terminal.screens();
    let twice = |screen: &&String| screen.matches("  drain ").count() > 1;
    assert_eq!(screens.iter().find(twice), None, "it is drawn in place");
    let (exit, last, bytes) = terminal.end();
    println!("{draining}\n\n{last}");
    assert_eq!((exit, request.answer().status), (0, 200), "{last}");
    let phases: Vec<&str> = last.lines().take(7).map(phase).collect();
    let wanted = [
        "claim", "close", "floor", "drain", "restart", "healthy", "open",
    ];
    assert_eq!(phases, wanted, "{last}");
    let end: Vec<&str> = last.lines().skip(7).collect();
    assert!(end[0].starts_with("web: HAProxy's checks "), "{last}");
    assert!(
        end[1].starts_with("web: restarted, and back in rotation, in "),
        "{last}"
    );
    assert_eq!(last.lines().count(), 9, "a line was folded: {last}");
    assert!(bytes.contains("\x1b[1m"), "phases are bold");
}

fn phase(line: &str) -> &str {
    line.split_whitespace().nth(1).unwrap_or_default()
}

/// Whoever closes the window, or presses Ctrl-S, does not keep a restart from going on.
#[test]
fn a_terminal_that_is_gone_or_stopped_changes_nothing() {
    let fleet = Fleet::quick("no_terminal", |reference| reference);
    let agent = fleet.agent(1, |settings| settings);
    let draining = || {
        let request = fleet.slow_request(1, 4000);
        let terminal = Terminal::start(&mut agent.command(&["restart", "web"]));
        fleet.host(1).wait_for_phase("drain");
        (request, terminal)
    };
    let (request, mut terminal) = draining();
    terminal.close();
    assert_eq!(request.answer().status, 200);
    assert_eq!(terminal.end().0, 0);
    assert_eq!(
        (fleet.boots()[0], fleet.host(1).gates_are_open()),
        (2, [true; 2])
    );

    let (request, terminal) = draining();
    terminal.stop();
    assert_eq!(request.answer().status, 200);
    // It is all done before anything is shown again.
    fleet.host(1).wait_for_gate(2000, true);
    fleet.haproxy.wait_until_all_up();
    assert_eq!(
        (fleet.boots()[0], fleet.host(1).gates_are_open()),
        (3, [true; 2])
    );
    terminal.go_on();
    let (exit, last, _) = terminal.end();
    assert_eq!(exit, 0, "{last}");
    assert!(
        last.contains("web: restarted, and back in rotation, in "),
        "{last}"
    );
}

#[test]
fn no_color_means_none() {
    let fleet = Fleet::quick("no_color", |reference| reference);
    let agent = fleet.agent(1, |settings| settings);
    for words in [
        &["restart", "web"][..],
        &["restart", "web", "-v"],
        &["status"],
    ] {
        let mut command = agent.command(words);
        let (exit, last, bytes) = Terminal::start(command.env("NO_COLOR", "1")).end();
        assert_eq!(exit, 0, "{last}");
        let colours = bytes.split("\x1b[").skip(1).filter(|sequence| {
            let end = sequence.find(|c: char| c.is_ascii_alphabetic());
            end.is_some_and(|end| sequence[end..].starts_with('m'))
        });
        assert_eq!(colours.count(), 0, "{words:?}: {bytes:?}");
    }
}

/// Gates, lines, balancers and what is going on, in 80 columns, while it happens; Ctrl-C ends
/// it, and the cursor is there again.
#[test]
fn status_is_watched() {
    let fleet = Fleet::quick("watched", |reference| reference);
    let agent = fleet.agent(1, |settings| settings);
    let watch = Terminal::start(&mut agent.command(&["status", "--watch=1s"]));
    watch.wait_for("a host in rotation", |line| {
        line.starts_with("web  in rotation, 2 hosts")
    });
    let request = fleet.slow_request(1, 4000);
    let restart = agent.start("restart", "web");
    let screen = watch.wait_for("the drain", |line| line.contains("restart: drain for"));
    println!("{screen}");
    let says = |what: &str| screen.lines().any(|line| line.contains(what));
    assert!(says("under way  `agent restart web`, pid "), "{screen}");
    assert!(says("2000 -> 1000 closed, 3000 -> 1000 closed"), "{screen}");
    let row = screen.lines().find(|line| line.contains("srvs/web1"));
    let columns: Vec<&str> = row.expect("our line").split_whitespace().collect();
    assert_eq!(columns[..4], ["srvs/web1", "main", "DOWN", "1"], "{screen}");
    assert_eq!(request.answer().status, 200);
    restart.wait().expect_exit(0);
    let title = screen.lines().next().expect("a title");
    assert!(title.ends_with("every 1s, Ctrl-C ends"), "{screen}");
    watch.signal(Signal::SIGINT);
    let (exit, last, bytes) = watch.end();
    assert_eq!(exit, 0, "{last}");
    assert!(bytes.trim_end().ends_with("\x1b[?25h"), "{bytes:?}");
}

/// For a file or another program: nothing is drawn in place.
#[test]
fn status_is_watched_by_a_program() {
    let fleet = Fleet::quick("watched_json", |reference| reference);
    let agent = fleet.agent(1, |settings| settings);
    let watch = agent.start_words(&["status", "--json", "--watch"]);
    std::thread::sleep(std::time::Duration::from_millis(2500));
    watch.interrupt(Signal::SIGTERM);
    let ended = watch.wait().expect_exit(0);
    let objects = ended
        .out
        .lines()
        .map(serde_json::from_str::<serde_json::Value>);
    let objects: Vec<_> = objects.collect::<Result<_, _>>().expect("JSON lines");
    assert!(objects.len() >= 2, "{}", ended.out);
    let all_in = |all: &serde_json::Value| all["apps"][0]["in_rotation"] == true;
    assert!(objects.iter().all(all_in), "{}", ended.out);
}
