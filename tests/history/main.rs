//! The history of operations: its files, what real operations leave in it, and the page of one
//! in a real browser.

mod browser;
mod files;
mod hangs;
mod operations;
mod page;
mod told;
