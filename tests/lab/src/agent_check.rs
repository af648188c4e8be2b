//! The other end of HAProxy's `agent-check`: a process on the host that reports whether the host is
//! up.

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::namespace::{self, Namespace};

/// The port, and the interval of HAProxy's questions.
pub const WORDS: &str = "agent-check agent-port 9 agent-inter 100ms";
const PORT: u16 = 9;

const PAUSE: Duration = Duration::from_millis(5);

/// It answers until it is dropped. HAProxy then uses its last answer.
pub struct AgentCheck {
    says_up: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
    answers: Option<JoinHandle<()>>,
}

impl AgentCheck {
    pub fn says_down(on: &Namespace) -> AgentCheck {
        let bound = namespace::inside(&on.path(), || TcpListener::bind(("0.0.0.0", PORT)));
        let listener = bound
            .and_then(|bound| bound)
            .expect("the agent check's port");
        listener.set_nonblocking(true).expect("a socket");
        let (says_up, is_over) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
        let (word, over) = (Arc::clone(&says_up), Arc::clone(&is_over));
        let answers = thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                let Ok((mut asker, _)) = listener.accept() else {
                    thread::sleep(PAUSE);
                    continue;
                };
                let word = match word.load(Ordering::Relaxed) {
                    true => "up\n",
                    false => "down\n",
                };
                // HAProxy asks again after a lost connection.
                asker.write_all(word.as_bytes()).ok();
            }
        });
        AgentCheck {
            says_up,
            is_over,
            answers: Some(answers),
        }
    }

    pub fn say_up(&self) {
        self.says_up.store(true, Ordering::Relaxed);
    }
}

impl Drop for AgentCheck {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(answers) = self.answers.take() {
            answers.join().ok();
        }
    }
}
