//! What carries the replica's effects out: recovery, which the server and the simulator share, and
//! the server's threads.

pub mod recovery;
pub mod store;
