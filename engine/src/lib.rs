//! The settlement engine: the deterministic ledger, the evidence it leaves, the replicated log
//! that carries it, and the simulator that proves them together.

pub mod command;
pub mod driver;
pub mod effects;
pub mod evidence;
pub mod genesis;
pub mod handle;
pub mod hash;
pub mod key;
pub mod ledger;
pub mod limits;
pub mod machine;
pub mod rejection;
pub mod replica;
pub mod sim;
pub mod storage;
pub mod submission;
pub mod time;
pub mod wire;
