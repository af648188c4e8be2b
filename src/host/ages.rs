//! How long the oldest request to the app has waited, by the host's own TCP table. No decision
//! depends on it, and the table of a busy host is long. So a task of its own asks, and no
//! operation waits for it.

use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// From an answer to the next question.
const EACH: Duration = Duration::from_secs(1);

/// An answer older than this is of requests that no operation looked at lately.
const OLD: Duration = Duration::from_secs(4);

#[derive(Default)]
pub(super) struct Ages {
    asking: Option<JoinHandle<Option<Duration>>>,
    /// The last answer and its time. None in it: no request waited, or the age is unknown.
    known: Option<(Instant, Option<Duration>)>,
}

impl Ages {
    /// The age by the last answer. Asks again when that is due.
    pub(super) async fn oldest<A>(&mut self, ask: impl FnOnce() -> A) -> Option<Duration>
    where
        A: Future<Output = Option<Duration>> + Send + 'static,
    {
        if let Some(answered) = self.asking.take_if(|asking| asking.is_finished()) {
            self.known = Some((Instant::now(), answered.await.ok().flatten()));
        }
        let is_due = self.known.is_none_or(|(at, _)| at.elapsed() >= EACH);
        if self.asking.is_none() && is_due {
            self.asking = Some(tokio::spawn(ask()));
        }
        let (at, age) = self.known.filter(|(at, _)| at.elapsed() < OLD)?;
        age.map(|age| age + at.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};
    use tokio::time::{advance, sleep};

    async fn answers(age: Option<Duration>) -> Option<Duration> {
        sleep(Duration::from_secs(2)).await;
        age
    }

    #[tokio::test(start_paused = true)]
    async fn no_caller_waits_for_an_answer_and_the_next_question_does() {
        let mut ages = Ages::default();
        let ten = Some(Duration::from_secs(10));
        let began = Instant::now();
        assert_eq!(ages.oldest(|| answers(ten)).await, None);
        assert_eq!(began.elapsed(), Duration::ZERO);
        sleep(Duration::from_millis(2001)).await;
        assert_eq!(ages.oldest(pending).await, ten, "one question at a time");
        advance(Duration::from_millis(900)).await;
        let older = ages.oldest(pending).await;
        assert_eq!(older, Some(Duration::from_millis(10_900)));
        advance(Duration::from_millis(100)).await;
        ages.oldest(|| ready(None)).await;
        advance(OLD).await;
        assert_eq!(ages.oldest(pending).await, None, "nothing waits any more");
    }

    #[tokio::test(start_paused = true)]
    async fn without_an_answer_nothing_is_known() {
        let mut ages = Ages::default();
        ages.oldest(|| ready(Some(EACH))).await;
        tokio::task::yield_now().await;
        assert_eq!(ages.oldest(pending).await, Some(EACH));
        advance(EACH).await;
        assert_eq!(ages.oldest(pending).await, Some(EACH * 2));
        advance(OLD).await;
        assert_eq!(ages.oldest(pending).await, None);
    }
}
