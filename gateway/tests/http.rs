//! The gateway over real HTTP, on a node with real files.

#![allow(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

#[path = "http/acting.rs"]
mod acting;
#[path = "http/bulk.rs"]
mod bulk;
#[path = "http/protocol.rs"]
mod protocol;
#[path = "http/reading.rs"]
mod reading;
#[path = "http/stand.rs"]
mod stand;
