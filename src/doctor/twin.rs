//! The line of a twin, to be pasted below all main lines.

/// `at` is where the main line leads, and the cookie the main line's, too.
pub(super) fn line(name: &str, at: &str, cookie: Option<&str>, own_port: Option<u16>) -> String {
    let cookie = cookie.map(|cookie| format!(" cookie {cookie}"));
    let port = own_port.map(|port| format!(" port {port}"));
    let (cookie, port) = (cookie.unwrap_or_default(), port.unwrap_or_default());
    format!("server {name} {at}{cookie} check{port} backup")
}

/// What a twin is called that is not there yet.
pub(super) fn name(main: &str) -> String {
    format!("{main}-twin")
}
