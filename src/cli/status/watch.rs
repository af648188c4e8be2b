//! `agent status --watch`: prints the status again and again, in place on a terminal.

use super::frame::{Frame, Sessions, fitting};
use super::look::{Asks, Looks};
use super::model::Status;
use crate::cli::screen;
use crate::clock::{since_1970, timestamp};
use crate::config::{AppSettings, Settings};
use crate::host;
use crate::signals::StopSignal;
use console::{Term, truncate_str};
use std::time::{Duration, Instant};

/// Prints until a signal stops it. That is the expected end, with exit code 0.
pub(in crate::cli) async fn watch(
    settings: &Settings,
    apps: &[AppSettings],
    every: Duration,
    json: bool,
) -> anyhow::Result<u8> {
    let stop = StopSignal::listen()?;
    let mut looks = Looks::new(settings, apps, Asks::WhileOn);
    let mut screen = Screen::new(every);
    while stop.asked().is_none() && screen.is_read {
        // A look may last: a balancer that hangs runs into its timeout.
        let all = tokio::select! {
            _ = stop.wait() => break,
            all = looks.next() => all?,
        };
        match json {
            true => screen.print(&format!("{}\n", serde_json::json!(all))),
            false => screen.draw(&all),
        }
        tokio::select! {
            _ = stop.wait() => {}
            () = tokio::time::sleep(every) => {}
        }
    }
    Ok(0)
}

struct Screen {
    /// Buffered, so that the terminal shows whole frames.
    term: Term,
    live: bool,
    every: Duration,
    host: String,
    /// The sessions at the last look, and when that was.
    before: Option<(Sessions, Instant)>,
    /// Whether stdout still has a reader.
    is_read: bool,
}

impl Screen {
    fn new(every: Duration) -> Screen {
        let screen = Screen {
            term: Term::buffered_stdout(),
            live: screen::is_live(),
            every,
            host: host::name(),
            before: None,
            is_read: true,
        };
        if screen.live {
            let _ = screen.term.hide_cursor();
            let _ = screen.term.clear_screen();
        }
        screen
    }

    fn draw(&mut self, all: &Status) {
        let sessions = Sessions::of(all);
        let now = Instant::now();
        let before = self.before.replace((sessions, now));
        let rates = before.map(|(before, at)| (before, now.duration_since(at)));
        let every = humantime::format_duration(self.every);
        let title = format!(
            "{}  {}  every {every}, Ctrl-C ends",
            timestamp(since_1970().as_secs()),
            self.host
        );
        let lines = Frame::new(all, rates.as_ref()).lines();
        match self.live {
            true => self.place(title, lines),
            false => self.print(&format!("{title}\n{}\n\n", lines.join("\n"))),
        }
    }

    /// Draws over the previous frame, no wider and no higher than the terminal.
    fn place(&mut self, title: String, lines: Vec<String>) {
        let (height, width) = self.term.size();
        let lines = [title].into_iter().chain(lines).collect();
        let place = |term: &Term| -> std::io::Result<()> {
            term.move_cursor_to(0, 0)?;
            for line in fitting(lines, usize::from(height).saturating_sub(1)) {
                term.clear_line()?;
                term.write_line(&truncate_str(&line, width.into(), "…"))?;
            }
            term.clear_to_end_of_screen()?;
            term.flush()
        };
        self.is_read = place(&self.term).is_ok();
    }

    fn print(&mut self, text: &str) {
        let printed = self.term.write_str(text).and_then(|()| self.term.flush());
        self.is_read = printed.is_ok();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.live {
            let _ = self.term.show_cursor();
            let _ = self.term.flush();
        }
    }
}
