//! haproxy-gate
