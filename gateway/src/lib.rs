//! The edge of Counterfoil: the `counterfoil` command line.
//!
//! Nothing here decides a business rule. What a command prints on standard output is data; what is
//! for people goes to standard error.

pub mod cli;
mod commands;
pub mod exit;
mod items;
mod keys;
mod paint;
mod table;
