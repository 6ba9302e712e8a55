//! One file for each command.

pub(crate) mod demo;
pub(crate) mod keygen;
pub(crate) mod ocf;
pub(crate) mod verify;
