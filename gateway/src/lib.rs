//! The edge of Counterfoil: the `counterfoil` command line, and what a server answers to readers.
//!
//! Nothing here decides a business rule. What a command prints on standard output is data; what is
//! for people goes to standard error.

/// Prints a line of data. Whoever reads it may stop early (`| head`), which ends the command.
macro_rules! say {
    ($($text:tt)*) => { $crate::exit::print_line(format_args!($($text)*)) };
}

pub mod auth;
pub mod cli;
pub mod client;
mod commands;
mod departure;
mod desk;
mod durable;
pub mod exit;
pub mod fault;
pub mod graphql;
pub mod history;
pub mod home;
pub mod http;
mod keys;
mod newcomer;
mod paint;
pub mod people;
mod server;
pub mod service;
pub mod settings;
mod table;
pub mod who;
