//! The users. Each sends at its own steady pace, whatever the answers. Its time counts from the
//! moment when the request was due, so a stall also counts for the users behind it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at};

use super::client::{Answer, Broken, Connection, PAGE};
use super::record::{Record, Summary};
use crate::now;

/// A kind of user: its share of all requests in percent, and how many there are.
const KINDS: [(Kind, f64, u32); 4] = [
    (Kind::New, 45.0, 60),
    (Kind::KeepAlive, 25.0, 30),
    (Kind::Sticky, 25.0, 60),
    (Kind::SlowPost, 5.0, 30),
];

/// Clicks of a sticky user on one connection, before he comes back on a new one.
const CLICKS: usize = 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A connection for each request, no cookie.
    New,
    /// Many requests on one connection, no cookie.
    KeepAlive,
    /// Keeps the cookie and, for some clicks, the connection.
    Sticky,
    /// A new user whose body takes 300 ms to arrive.
    SlowPost,
}

#[derive(Clone)]
pub struct Traffic {
    pub to: SocketAddr,
    /// Requests a second, of all kinds together.
    pub rate: f64,
    pub path: String,
}

struct User {
    kind: Kind,
    traffic: Traffic,
    record: Arc<Mutex<Record>>,
    connection: Option<Connection>,
    cookie: Option<String>,
}

impl Traffic {
    /// Runs until the stop, lets every user finish, and sums up.
    pub async fn run(&self, stop: &watch::Receiver<bool>) -> Summary {
        let record = Arc::new(Mutex::new(Record::default()));
        let mut users = JoinSet::new();
        for (kind, share, count) in KINDS {
            let each = Duration::from_secs_f64(f64::from(count) / (self.rate * share / 100.0));
            for number in 0..count {
                // Evenly spread, so that the total is steady, too.
                let first = Instant::now() + each * number / count;
                let user = User::new(kind, self, &record);
                users.spawn(user.live(first, each, stop.clone()));
            }
        }
        let started = Instant::now();
        stop.clone().wait_for(|stop| *stop).await.ok();
        let seconds = started.elapsed().as_secs_f64();
        users.join_all().await;
        let record = Arc::into_inner(record).expect("no user is left");
        record
            .into_inner()
            .expect("no user panics")
            .summary(seconds, self.rate)
    }
}

impl User {
    fn new(kind: Kind, traffic: &Traffic, record: &Arc<Mutex<Record>>) -> User {
        User {
            kind,
            traffic: traffic.clone(),
            record: Arc::clone(record),
            connection: None,
            cookie: None,
        }
    }

    async fn live(mut self, first: Instant, each: Duration, mut stop: watch::Receiver<bool>) {
        let mut due = interval_at(first, each);
        loop {
            let due = tokio::select! {
                due = due.tick() => due,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            let asked = now();
            let outcome = self.click().await;
            self.note(due, asked, outcome);
        }
    }

    async fn click(&mut self) -> Result<Answer, Broken> {
        let outcome = match self.take_connection() {
            Some(connection) => self.click_again(connection).await,
            None => self.click_anew().await,
        };
        let (connection, answer) = outcome?;
        if self.keeps(&connection, &answer) {
            self.connection = Some(connection);
        }
        Ok(answer)
    }

    /// Uses a connection that has already served. If the server closed it before one byte of an
    /// answer, a browser silently repeats a GET on a new one. This client does that, too, and
    /// counts it. It repeats nothing else.
    async fn click_again(
        &mut self,
        mut connection: Connection,
    ) -> Result<(Connection, Answer), Broken> {
        match self.send(&mut connection).await {
            Err(broken) if broken.unanswered => {
                self.count_reconnected();
                self.click_anew().await
            }
            outcome => Ok((connection, outcome?)),
        }
    }

    async fn click_anew(&self) -> Result<(Connection, Answer), Broken> {
        let mut connection = Connection::open(self.traffic.to).await?;
        let answer = self.send(&mut connection).await?;
        Ok((connection, answer))
    }

    async fn send(&self, connection: &mut Connection) -> Result<Answer, Broken> {
        let path = &self.traffic.path;
        match self.kind {
            Kind::New => connection.get(path, "Connection: close\r\n").await,
            Kind::KeepAlive => connection.get(path, "").await,
            Kind::Sticky => connection.get(path, &self.cookie_header()).await,
            Kind::SlowPost => {
                let path = format!("{}/post", path.trim_end_matches('/'));
                let pause = Duration::from_millis(60);
                connection
                    .post(&path, "Connection: close\r\n", 5, pause)
                    .await
            }
        }
    }

    fn take_connection(&mut self) -> Option<Connection> {
        let connection = self.connection.take()?;
        if connection.was_closed_idle() {
            self.count_reconnected();
            return None;
        }
        Some(connection)
    }

    fn keeps(&self, connection: &Connection, answer: &Answer) -> bool {
        match self.kind {
            Kind::New | Kind::SlowPost => false,
            Kind::KeepAlive => !answer.close,
            Kind::Sticky => !answer.close && connection.answers < CLICKS,
        }
    }

    fn cookie_header(&self) -> String {
        let cookie = self.cookie.as_ref();
        cookie.map_or_else(String::new, |value| format!("Cookie: SRV={value}\r\n"))
    }

    fn count_reconnected(&self) {
        self.record.lock().expect("no user panics").reconnected();
    }

    fn note(&mut self, due: Instant, asked: f64, outcome: Result<Answer, Broken>) {
        let mut record = self.record.lock().expect("no user panics");
        record.request(self.kind.name(), due.elapsed());
        let is_page = outcome.as_ref().is_ok_and(Answer::is_page);
        let by = outcome
            .as_ref()
            .ok()
            .and_then(|answer| answer.served_by.as_deref());
        if let Some(by) = by.or(is_page.then_some(PAGE)) {
            record.served(by, asked);
        }
        match outcome {
            Err(broken) => record.failure(self.kind.name(), broken.why, None),
            Ok(answer) if answer.status != 200 && !is_page => {
                let what = format!("status {}", answer.status);
                record.failure(self.kind.name(), what, answer.served_by);
            }
            Ok(answer) if self.kind == Kind::Sticky => {
                let Some(new) = answer.cookie else { return };
                if let Some(old) = self.cookie.replace(new.clone()) {
                    record.moved(&old, &new, asked);
                }
            }
            Ok(_) => {}
        }
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::New => "new",
            Kind::KeepAlive => "keep-alive",
            Kind::Sticky => "sticky",
            Kind::SlowPost => "slow POST",
        }
    }
}
