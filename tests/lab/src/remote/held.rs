//! A user's request to a remote host, which ends when the test says so.

use super::super::estate::Estate;
use super::super::site::BALANCER;
use super::super::traffic::InFlight;
use super::Remote;

/// The app answers after this all the same: the user has no more patience.
const LONG: &str = "/slow?ms=28000";

impl Estate {
    /// A user with the host's cookie has sent a request through the first HAProxy, and the app keeps him
    /// waiting.
    pub fn held_request(&self, number: usize) -> InFlight {
        let (app, cookie) = (&self.remote(number).app, format!("w{number}"));
        app.answer_now(false);
        let before = app.late_requests();
        let to = format!("{BALANCER}:80");
        let request = InFlight::send(&self.site.balancer, &to, LONG, Some(&cookie));
        app.wait_for_late_request_after(before);
        request
    }
}

impl Remote {
    /// Its app, or its first target, answers the requests that it keeps waiting.
    pub fn answer_now(&self) {
        self.app.answer_now(true);
    }
}
