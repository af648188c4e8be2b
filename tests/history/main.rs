//! The history of operations: its files, the lines of real operations, and its page in a real
//! browser.

mod browser;
mod files;
mod hangs;
mod operations;
mod page;
mod report;
