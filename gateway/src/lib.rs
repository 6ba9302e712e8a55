//! The edge of Counterfoil: the `counterfoil` command line, and what a server answers to readers.
//!
//! Nothing here decides a business rule. What a command prints on standard output is data; what is
//! for people goes to standard error.

pub mod auth;
pub mod cli;
mod commands;
mod durable;
pub mod exit;
pub mod fault;
pub mod graphql;
pub mod history;
pub mod http;
mod items;
mod keys;
pub mod people;
pub mod service;
mod table;
pub mod who;
