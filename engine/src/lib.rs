//! The settlement engine: the deterministic ledger, the evidence it leaves, the replicated log
//! that carries it, and the simulator that proves them together.

pub mod hash;
pub mod time;
