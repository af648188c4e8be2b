//! What is said of HAProxy's files: unreadable, of other hosts, without our lines.

use super::super::given;
use super::*;

#[test]
fn bytes_that_haproxy_accepts_are_read() {
    let of = |bytes: &[u8]| {
        let bytes = Ok(bytes.to_vec());
        let file = File {
            path: "a.cfg".into(),
            bytes,
        };
        points(&[file], None, &[], &[]).remove(0)
    };
    let latin = of(b"# f\xfcr alle\nbackend srvs\n server a 10.0.0.1:1\n");
    assert_eq!(latin.found, "HAProxy's configuration file: a.cfg");
    assert!(of(b"# f\xfcr alle\n").found.contains("no server line"));
}

#[test]
fn a_file_without_a_server_line_may_be_one_that_haproxy_refuses() {
    let of = |path: &str, bytes: &[u8], said: Option<&Said>| {
        let bytes = Ok(bytes.to_vec());
        let file = File {
            path: path.into(),
            bytes,
        };
        let points = points(&[file], said, &[], &[]);
        let found = points.into_iter().map(|point| point.found);
        found.collect::<Vec<_>>()
    };
    let none = "no server line of this host is in a.cfg, nor any other".to_owned();
    let text = b"backend srvs\n servr a 10.0.0.1:1\n";
    let refused = Said::Refused("2.6.12".into(), vec!["unknown keyword 'servr'".into()]);
    let found = "HAProxy 2.6.12 refuses it: unknown keyword 'servr'".to_owned();
    assert_eq!(of("a.cfg", text, Some(&refused)), [found, none.clone()]);
    let accepted = Said::Accepted("2.6.12".into());
    assert_eq!(of("a.cfg", text, Some(&accepted)), [none]);
    let empty = of("-", b"", Some(&accepted)).remove(0);
    assert!(empty.starts_with("standard input is empty"), "{empty}");
    let read = of("-", b"# none\n", Some(&accepted)).remove(0);
    assert!(
        read.ends_with("is in standard input, nor any other"),
        "{read}"
    );
}

#[test]
fn a_file_of_other_hosts_is_seen_by_its_addresses() {
    let here = ["127.0.0.1", "192.0.2.2", "2001:db8::2"].map(|ip| ip.parse().unwrap());
    let of = |hosts: &[&str]| {
        let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
        of_other_hosts(&hosts, &here, "a.cfg").map(|point| point.found)
    };
    let found = "no server line of a.cfg has an address of this host (192.0.2.2, 2001:db8::2)";
    assert_eq!(of(&["192.0.2.1", "192.0.2.3"]).as_deref(), Some(found));
    for own in ["192.0.2.2", "2001:db8::2", "127.0.0.1", "web2.example.org"] {
        assert_eq!(of(&["192.0.2.1", own]), None, "{own}");
    }
}

#[test]
fn only_a_wrong_path_is_corrected() {
    let of = |path: &str| {
        let files = given::read(&[path.into()]);
        points(&files, None, &[], &[]).remove(0).fix.unwrap()
    };
    assert_eq!(of("/nowhere/haproxy.cfg"), "correct the path");
    assert!(of("/proc/self").starts_with("give HAProxy's"));
}

#[test]
fn each_file_that_can_not_be_read_is_named() {
    let whole = given::read(&[
        "/nowhere/a".into(),
        "/proc/version".into(),
        "/nowhere/b".into(),
    ]);
    let found = points(&whole, None, &[], &[])
        .into_iter()
        .map(|point| point.found);
    let expected = ["a", "b"].map(|name| {
        format!("/nowhere/{name} can't be read: No such file or directory (os error 2)")
    });
    assert_eq!(found.collect::<Vec<_>>(), expected);
}
