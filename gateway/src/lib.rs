//! The edge of Counterfoil: the `counterfoil` command line.
//!
//! Nothing here decides a business rule. What a command prints on standard output is data; what is
//! for people goes to standard error.

pub mod cli;
mod commands;
pub mod client;
pub mod exit;
pub mod home;
mod items;
mod keys;
pub mod settings;
mod table;
