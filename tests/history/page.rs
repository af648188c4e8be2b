//! The page of a real restart, in a real browser.

use crate::browser::{dom, picture};
use haproxy_gate::history::Entry;
use haproxy_gate::report_page;
use lab::fleet::Fleet;
use lab::own_network::inside;
use lab::settings::Settings;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The colours of page.css, light and dark.
const UP: [[u8; 3]; 2] = [[0x2f, 0x9e, 0x5c], [0x2c, 0x8a, 0x53]];
const DOWN: [[u8; 3]; 2] = [[0xc5, 0x30, 0x3a], [0xf0, 0x63, 0x6c]];
const PAPER: [[u8; 3]; 2] = [[0xff, 0xff, 0xff], [0x14, 0x17, 0x1b]];
const OUT: [[u8; 3]; 2] = [[0xa9, 0xc7, 0xf2], [0x2f, 0x55, 0x90]];

#[test]
fn a_real_restart_is_drawn() {
    let fleet = Fleet::two_stage("page");
    let second = fleet.second_balancer("inter 400ms fastinter 200ms downinter 200ms");
    let both = |settings: Settings| settings.haproxy("tcp://10.77.0.1:9998");
    fleet.open_gates_with(both);
    second.wait_until_all_up();
    let traffic = [
        fleet.traffic_to(80, "/", 120.0),
        fleet.traffic_to(81, "/", 60.0),
    ];
    std::thread::sleep(Duration::from_millis(300));
    let slow = fleet.slow_request(1, 4500);
    let agent = fleet.agent(1, both);
    let reason = "deploy <script>alert(1)</script> & \"more\"";
    agent
        .words(&["restart", "web", "--reason", reason])
        .expect_exit(0);
    assert_eq!(slow.answer().status, 200);
    for traffic in traffic {
        assert_eq!(traffic.stop().failed, 0);
    }

    let file = fleet.site.dir.join("restart.html");
    let name = file.display().to_string();
    // Overwrites a file of another user that everyone may read.
    std::fs::write(&file, "").unwrap();
    std::os::unix::fs::chown(&file, Some(65534), Some(65534)).unwrap();
    agent.words(&["report", "--html", &name]).expect_exit(0);
    let found = std::fs::metadata(&file).unwrap();
    assert_eq!((found.uid(), found.mode() & 0o777), (0, 0o600));
    let stdout = agent.words(&["report", "web", "--html", "-"]);
    let page = std::fs::read_to_string(&file).unwrap();
    assert!(stdout.expect_exit(0).out == page, "the same to stdout");
    if let Ok(kept) = std::env::var("HAPROXY_GATE_KEEP_PAGE") {
        std::fs::write(kept, &page).unwrap();
    }
    refuses_what_is_no_file(&fleet, &name);

    let dom = dom(&file);
    for part in [
        "restart of web",
        "tcp://10.77.0.1:9999",
        "tcp://10.77.0.1:9998",
        "drain",
    ] {
        assert!(dom.contains(part), "{part}");
    }
    // Four lines, each with a band and two charts, and the phases.
    assert_eq!(dom.matches("role=\"img\"").count(), 1 + 4 * 3);
    assert!(!dom.contains("<script"));
    assert!(dom.contains("deploy &lt;script&gt;alert(1)&lt;/script&gt; &amp; \"more\""));
    for (dark, size) in [(false, (1280, 2000)), (true, (500, 2400))] {
        let place = usize::from(dark);
        let seen = picture(&file, size, dark);
        let pixels = (seen.width * seen.height) as f64;
        assert_eq!(
            (seen.width, seen.height),
            (size.0 as usize, size.1 as usize)
        );
        let paper = seen.count(PAPER[place]) as f64 / pixels;
        assert!((0.4..0.97).contains(&paper), "{size:?}: {paper}");
        // A band is 20 pixels high. The band of a line that is DOWN has 4.
        for (colours, least) in [(UP, 4 * 20 * 20), (DOWN, 4 * 4 * 30), (OUT, 26 * 60)] {
            let count = seen.count(colours[place]);
            assert!(count > least, "{size:?}, dark {dark}: {count} of {least}");
            assert_eq!(seen.count(colours[1 - place]), 0, "the other scheme's");
        }
    }
}

fn refuses_what_is_no_file(fleet: &Fleet, name: &str) {
    let agent = fleet.agent(1, |settings| settings);
    let link = fleet.site.dir.join("link.html");
    std::os::unix::fs::symlink(name, &link).unwrap();
    for no_file in [Path::new("/dev/null"), &fleet.site.dir, &link] {
        let words = ["report", "--html", &no_file.display().to_string()];
        let ended = agent.words(&words).expect_exit(2);
        assert!(ended.err.contains("not a regular file"), "{}", ended.err);
    }
}

/// The page's own policy forbids the browser to fetch anything, whatever is in the page.
#[test]
fn the_browser_fetches_nothing() {
    if !inside("page::the_browser_fetches_nothing") {
        return;
    }
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            ASKED.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 512]);
        }
    });
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("page.html");
    let page = report_page::render(&Entry::default()).unwrap();
    let foul = format!(
        "<img src=http://127.0.0.1:{port}/i><script src=http://127.0.0.1:{port}/s></script>\
         <link rel=stylesheet href=http://127.0.0.1:{port}/c></body>"
    );
    let page = page.replace("</body>", &foul);
    std::fs::write(&file, &page).unwrap();
    dom(&file);
    assert_eq!(ASKED.load(Ordering::SeqCst), 0);
    // Without the policy the browser would fetch.
    std::fs::write(&file, page.replace("default-src 'none';", "")).unwrap();
    dom(&file);
    assert_ne!(ASKED.load(Ordering::SeqCst), 0);
}
