//! The register of private-company securities: parties, stakeholders, stock classes, certificates
//! and their lineage, cap-table arithmetic, and the Open Cap Format.
//!
//! The crate is pure: it does no I/O of its own accord, reads no clock, draws no random number and
//! uses no float. It knows nothing about cash or networks.

pub mod date;
