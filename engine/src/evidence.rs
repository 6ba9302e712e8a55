//! What the ledger leaves behind so that nobody has to trust the one who keeps it: records, the
//! tree over them, the tree of heads, signed checkpoints.
//!
//! Everything here is a pure function of bytes. Decoders are total, take one form only for each
//! value, and are bounded by their input. The formats are written down to the byte in
//! `docs/formats/evidence.md`. The rules of the ledger are deliberately absent: a verifier folds
//! effects and evaluates no rule.

pub mod bundle;
pub mod heads;
pub mod note;
pub mod record;
pub mod tree;
pub mod verify;
