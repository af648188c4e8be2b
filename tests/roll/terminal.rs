//! What an operator sees on a terminal of 80 columns.

use lab::fleet::Fleet;
use lab::settings::Settings;
use lab::terminal::Terminal;
use lab::unread::full_pipe;
use lab::wait_for;
use nix::sys::signal::Signal;
use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

/// The current phase is one line in place, with HAProxy's numbers and the time. The line remains
/// after the phase, and the outcome comes last.
#[test]
fn a_restart_shows_its_phases_in_place() {
    let fleet = Fleet::quick("in_place", |reference| reference);
    let request = fleet.slow_request(1, 6000);
    let agent = fleet.agent(1, |settings| settings);
    let mut terminal = Terminal::start(&mut agent.command(&["restart", "web"]));
    // The whole line: a look may fall between two parts of it.
    let draining = terminal.wait_for("the phase drain", |line| {
        let ends = " s: srvs/web1 has 1 request in flight";
        let is_drain = line.starts_with("web  drain ") && line.contains(" s of 1m  oldest ");
        is_drain && line.trim_end().ends_with(ends)
    });
    let above: Vec<&str> = draining.lines().map(phase).collect();
    assert_eq!(above, ["claim", "close", "floor", "drain"], "{draining}");
    let exit = terminal.wait();
    let screens = terminal.screens();
    let (_, last, bytes) = terminal.end();
    println!("{draining}\n\n{last}");
    assert_eq!((exit, request.answer().status), (0, 200), "{last}");
    let phases: Vec<&str> = last.lines().take(7).map(phase).collect();
    let wanted = [
        "claim", "close", "floor", "drain", "restart", "healthy", "open",
    ];
    assert_eq!(phases, wanted, "{last}");
    for phase in wanted {
        let row = format!("web  {phase:8} ");
        let twice = |screen: &&String| screen.matches(&row).count() > 1;
        assert_eq!(
            screens.iter().find(twice),
            None,
            "{phase} is drawn in place"
        );
    }
    let end: Vec<&str> = last.lines().skip(7).collect();
    assert!(end[0].starts_with("web: HAProxy's checks "), "{last}");
    assert!(
        end[1].starts_with("web: restarted, and back in rotation, in "),
        "{last}"
    );
    assert_eq!(last.lines().count(), 9, "a line was wrapped: {last}");
    assert!(bytes.contains("\x1b[1m"), "phases are bold");
}

fn phase(line: &str) -> &str {
    line.split_whitespace().nth(1).unwrap_or_default()
}

/// A closed window or Ctrl-S does not stop a restart.
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
    // The operation is complete before the terminal shows anything again.
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

/// A pager that stops reading delays neither the lines nor the logs nor the JSON lines of an
/// operation. When it reads again, it gets all of them.
#[test]
fn a_pipe_without_a_reader_changes_nothing() {
    let fleet = Fleet::quick("no_reader", |reference| reference);
    let agent = fleet.agent(1, |settings| settings);
    let people = &["restart", "web", "-vv"][..];
    let machine = &["restart", "web", "--json", "--progress"][..];
    for (boots, (words, outcome)) in [
        (2, (people, "web: restarted, and back in rotation, in ")),
        (3, (machine, "\"outcome\":\"restarted\"")),
    ] {
        let (mut reader, writer) = full_pipe();
        let mut command = agent.command(words);
        command.stdout(writer.try_clone().unwrap()).stderr(writer);
        let mut child = command.stdin(Stdio::null()).spawn().expect("the agent");
        drop(command);
        let let_go = || !agent.words(&["status"]).out.contains("under way");
        wait_for("the restart's end", Duration::from_secs(20), || {
            (fleet.boots()[0] == boots && let_go()).then_some(())
        });
        assert_eq!(fleet.host(1).gates_are_open(), [true; 2]);
        assert_eq!(fleet.host(1).journal_phase(), None);
        let mut read = String::new();
        reader.read_to_string(&mut read).expect("text");
        assert_eq!(child.wait().expect("our child").code(), Some(0));
        let read = read.trim_start_matches('.');
        assert!(read.contains(outcome), "{read}");
        for phase in ["claim", "close", "drain", "restart", "healthy", "open"] {
            assert!(read.contains(phase), "{phase}: {read}");
        }
    }
}

/// Nothing ever reads the log: the outcome comes on stdout, and the program ends. An operation that
/// is refused ends, too, although it writes that to the log.
#[test]
fn a_log_without_a_reader_delays_no_operation() {
    let fleet = Fleet::quick("no_log_reader", |reference| reference);
    let well = |settings: Settings| settings;
    let refused = |settings: Settings| settings.set("app.web.min_available", 9);
    let change: [&dyn Fn(Settings) -> Settings; 2] = [&well, &refused];
    for (change, exit) in change.into_iter().zip([0, 12]) {
        let agent = fleet.agent(1, change);
        let (_reader, writer) = full_pipe();
        let mut command = agent.command(&["restart", "web", "-vv"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.stderr(writer).spawn().expect("the agent");
        let ended = wait_for("its end", Duration::from_secs(20), || {
            child.try_wait().expect("our child")
        });
        assert_eq!(ended.code(), Some(exit));
        let mut said = String::new();
        let mut stdout = child.stdout.take().expect("a pipe");
        stdout.read_to_string(&mut said).expect("text");
        let outcome = "web: restarted, and back in rotation, in ";
        assert_eq!(said.contains(outcome), exit == 0, "{said}");
    }
    assert_eq!(
        (fleet.boots()[0], fleet.host(1).gates_are_open()),
        (2, [true; 2])
    );
}

#[test]
fn no_color_prints_no_colours() {
    let fleet = Fleet::quick("no_color", |reference| reference);
    let agent = fleet.agent(1, |settings| settings);
    for words in [
        &["restart", "web"][..],
        &["restart", "web", "-v"],
        &["status"],
        &["status", "--watch"],
    ] {
        let mut command = agent.command(words);
        command.env("NO_COLOR", "1").env("CLICOLOR_FORCE", "1");
        let terminal = Terminal::start(&mut command);
        if words.contains(&"--watch") {
            terminal.wait_for("a frame", |line| line.contains("srvs/bkp1"));
            terminal.signal(Signal::SIGINT);
        }
        let (exit, last, bytes) = terminal.end();
        assert_eq!(exit, 0, "{last}");
        let colours = bytes.split("\x1b[").skip(1).filter(|sequence| {
            let end = sequence.find(|c: char| c.is_ascii_alphabetic());
            end.is_some_and(|end| sequence[end..].starts_with('m'))
        });
        assert_eq!(colours.count(), 0, "{words:?}: {bytes:?}");
    }
}
