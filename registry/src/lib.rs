//! The register of private-company securities: parties, stakeholders, stock classes, certificates
//! and their lineage, cap-table arithmetic, and the Open Cap Format.
//!
//! The crate is pure: it reads no clock, draws no random number and uses no float. It knows nothing
//! about cash or networks. Its heart is [`event::Event`], an effective date with fully expanded
//! effects, which [`register::Register`] checks and applies.

pub mod action;
pub mod amount;
pub mod captable;
pub mod codec;
pub mod date;
pub mod draft;
pub mod effect;
pub mod event;
mod fraction;
pub mod handle;
pub mod ocf;
pub mod register;
pub mod rule;
pub mod store;
pub mod vesting;
