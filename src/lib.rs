//! haproxy-gate

pub mod app;
