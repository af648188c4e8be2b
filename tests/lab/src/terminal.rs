//! A terminal of 80 columns and 24 rows, for an operator who runs the agent by hand.

use std::fs::File;
use std::io::Read;
use std::num::NonZero;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags, poll};
use nix::pty::{Winsize, openpty};
use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

use super::wait_for;

const COLUMNS: NonZero<u16> = NonZero::new(80).unwrap();
const ROWS: NonZero<u16> = NonZero::new(24).unwrap();

/// Between two looks at its state.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A program on its own terminal. It ends, by its pid, when this goes out of scope.
pub struct Terminal {
    child: Child,
    seen: Arc<Mutex<Screen>>,
    state: Arc<Mutex<State>>,
    reader: Option<JoinHandle<()>>,
}

/// What the terminal does with the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Shown,
    /// Ctrl-S: a writer waits when the kernel's buffer is full.
    Stopped,
    /// A writer gets an error.
    Gone,
}

/// The output so far.
#[derive(Default)]
struct Screen {
    bytes: Vec<u8>,
    /// The screen after each write that changed it.
    screens: Vec<String>,
}

impl Terminal {
    pub fn start(command: &mut Command) -> Terminal {
        let size = Winsize {
            ws_row: ROWS.get(),
            ws_col: COLUMNS.get(),
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let pty = openpty(Some(&size), None).expect("a terminal");
        // Another process with our end would keep the window open.
        fcntl(&pty.master, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).expect("close-on-exec");
        let end = || Stdio::from(pty.slave.try_clone().expect("its other end"));
        command.process_group(0).env("TERM", "xterm-256color");
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn();
        let child = child.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        // The ends in the command would keep the terminal open.
        command.stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        drop(pty.slave);
        let seen = Arc::new(Mutex::new(Screen::default()));
        let state = Arc::new(Mutex::new(State::Shown));
        let reader = {
            let (seen, state) = (Arc::clone(&seen), Arc::clone(&state));
            thread::spawn(move || read(File::from(pty.master), &seen, &state))
        };
        Terminal {
            child,
            seen,
            state,
            reader: Some(reader),
        }
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        signal::kill(pid, signal).expect("a running child");
    }

    /// Presses Ctrl-S.
    pub fn stop(&self) {
        *self.state.lock().expect("no panic") = State::Stopped;
    }

    /// Presses Ctrl-Q.
    pub fn go_on(&self) {
        *self.state.lock().expect("no panic") = State::Shown;
    }

    /// Closes its window, without SIGHUP, which only the leader of a session gets.
    pub fn close(&mut self) {
        *self.state.lock().expect("no panic") = State::Gone;
        if let Some(reader) = self.reader.take() {
            reader.join().expect("no panic");
        }
    }

    /// The first screen, from now back to the beginning, with such a line.
    pub fn wait_for(&self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        self.wait_for_screen(what, |screen| screen.lines().any(&is_it))
    }

    /// The same by the whole screen.
    pub fn wait_for_screen(&self, what: &str, is_it: impl Fn(&str) -> bool) -> String {
        wait_for(what, Duration::from_secs(20), || {
            let screens = self.screens().into_iter();
            screens.rev().find(|screen| is_it(screen))
        })
    }

    /// All screens so far, as text.
    pub fn screens(&self) -> Vec<String> {
        self.seen.lock().expect("no panic").screens.clone()
    }

    /// Waits for its end, and returns its exit code.
    pub fn wait(&mut self) -> i32 {
        let status = self.child.wait().expect("our child");
        if let Some(reader) = self.reader.take() {
            reader.join().expect("no panic");
        }
        status.code().unwrap_or(-1)
    }

    /// Its exit code, the last screen, and its whole output.
    pub fn end(mut self) -> (i32, String, String) {
        let exit = self.wait();
        let seen = self.seen.lock().expect("no panic");
        let last = seen.screens.last().cloned().unwrap_or_default();
        let bytes = String::from_utf8_lossy(&seen.bytes).into_owned();
        (exit, last, bytes)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

/// Reads until the last process has closed it, which shows as an error.
fn read(mut master: File, seen: &Mutex<Screen>, state: &Mutex<State>) {
    let mut parser = vt100::Parser::new(ROWS, COLUMNS, 0);
    let mut buffer = [0; 4096];
    loop {
        let now = *state.lock().expect("no panic");
        let mut ready = [PollFd::new(master.as_fd(), PollFlags::POLLIN)];
        match now {
            State::Gone => return,
            State::Stopped => thread::sleep(LOOK_EVERY),
            State::Shown if poll(&mut ready, 20u8) == Ok(0) => {}
            State::Shown => match master.read(&mut buffer) {
                Ok(count @ 1..) => take(&buffer[..count], &mut parser, seen),
                _ => return,
            },
        }
    }
}

/// One read may contain several drawings: each begins with a wipe.
fn take(bytes: &[u8], parser: &mut vt100::Parser, seen: &Mutex<Screen>) {
    let mut seen = seen.lock().expect("no panic");
    seen.bytes.extend_from_slice(bytes);
    let wipes = bytes.windows(2).enumerate();
    let wipes = wipes.filter_map(|(at, two)| (two == b"\r\x1b").then_some(at));
    let mut from = 0;
    for to in wipes.chain([bytes.len()]) {
        parser.process(&bytes[from..to]);
        from = to;
        let screen = parser.screen().contents();
        if seen.screens.last() != Some(&screen) {
            seen.screens.push(screen);
        }
    }
}
