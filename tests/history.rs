//! The history of operations: its files, what real operations leave in it, and the page of one
//! in a real browser.

mod lab;
mod own_network;

#[path = "history/browser.rs"]
mod browser;
#[path = "history/files.rs"]
mod files;
#[path = "history/hangs.rs"]
mod hangs;
#[path = "history/operations.rs"]
mod operations;
#[path = "history/page.rs"]
mod page;
#[path = "history/told.rs"]
mod told;
