//! Open Cap Format packages from end to end: members, objects, items, and members again.

#![allow(clippy::unwrap_used)]

mod company;
mod damage;
mod exported;
mod packages;
mod roundtrip;
mod schema;
mod shared;
mod vesting;
