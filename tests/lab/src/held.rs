//! A request in flight that ends when the test says so.

use super::app_dir::AppDir;
use super::fleet::Fleet;
use super::traffic::{Answer, InFlight};

/// The app answers after this all the same, in milliseconds: the user has no more patience.
const LONG: u64 = 25_000;

pub struct Held<'a> {
    request: InFlight,
    app: &'a AppDir,
}

impl Fleet {
    /// A sticky user of a host sends a request, and the app keeps him waiting.
    pub fn held_request(&self, number: usize) -> Held<'_> {
        Held {
            request: self.slow_request(number, LONG),
            app: self.app(number),
        }
    }
}

impl Held<'_> {
    /// Lets the app answer, and waits for the answer.
    pub fn answer(self) -> Answer {
        self.app.answer_now(true);
        self.request.answer()
    }
}
