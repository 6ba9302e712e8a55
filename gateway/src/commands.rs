//! One file for each command.

pub(crate) mod bench;
pub(crate) mod bundle;
pub(crate) mod demo;
pub(crate) mod fsck;
pub(crate) mod init;
pub(crate) mod keygen;
pub(crate) mod ocf;
pub(crate) mod serve;
pub(crate) mod submit;
pub(crate) mod verify;
