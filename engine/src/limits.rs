//! Every limit of the ledger, with the arithmetic behind it. Each has a rejection code.

use counterfoil_registry::amount::Currency;

/// Commands in one submission. A command of 300 bytes makes 1.5 MiB, below the entry limit.
pub const COMMANDS_PER_SUBMISSION: usize = 5_000;
/// Bytes of one submission on the wire and in the log.
pub const SUBMISSION_BYTES: usize = 4 << 20;
/// Bytes of one command: an import of some 500 items.
pub const COMMAND_BYTES: usize = 256 << 10;
/// How far ahead a submission of several commands may be valid: 10 minutes.
pub const VALIDITY_BULK_MS: u64 = 10 * 60 * 1000;
/// How far ahead a submission of one command, which a person may sign, may be valid: 24 hours.
pub const VALIDITY_SINGLE_MS: u64 = 24 * 60 * 60 * 1000;
/// Live submission ids of one participant: at most 48 bytes each, so 5 MB a participant.
pub const LIVE_SUBMISSIONS: u32 = 100_000;
/// Keys of one participant, revoked ones too.
pub const KEYS_PER_PARTICIPANT: usize = 64;
/// Characters of a reference (ISO 20022 Max35Text).
pub const REFERENCE_CHARS: usize = 35;
/// Bytes of a name, a printed number or an id of a package.
pub const TEXT_BYTES: usize = 200;
/// Certificates that a transfer may name, which is what one event may close.
pub const NAMED_CERTIFICATES: usize = counterfoil_registry::register::MAX_CLOSED_PER_EVENT;
/// Minor units in one amount: 10^18, so that a million million of them still fit in 128 bits.
pub const AMOUNT_MINOR: u128 = 1_000_000_000_000_000_000;
/// Units of 10^-10 share in one quantity: 10^15 shares.
pub const QUANTITY_UNITS: u128 = counterfoil_registry::amount::Quantity::MAX.0;
/// Items of a draft register: an activation executes all of them in one entry.
pub const DRAFT_ITEMS: usize = 200_000;
/// Bytes that the items of a draft register may have together: what an activation holds in memory
/// beside the register.
pub const DRAFT_BYTES: usize = 64 << 20;
/// Bytes of one object of the Open Cap Format: an issuance with daily vesting over four years needs
/// some 60,000.
pub const OBJECT_BYTES: usize = 128 << 10;
/// Objects of one item: a transaction and what it opens.
pub const OBJECTS_PER_ITEM: usize = 256;
/// Joint commands that wait for their second signature, over the whole ledger.
pub const WAITING_COMMANDS: usize = 10_000;
/// Pending instructions that one tick attempts.
pub const ATTEMPTS_PER_TICK: usize = 256;
/// Unmatched instructions that differ only in amount and reference: one match looks at all of them.
pub const ALIKE_UNMATCHED: usize = 1_000;

/// How far the amounts of two sides may differ, in minor units, by the deliverer's amount (T2S UDFS
/// 1.6.1.2: for the euro 2 up to 100,000 and 25 above). Other currencies have no row: none.
pub fn amount_tolerance(currency: Currency, deliverers_minor: u128) -> u128 {
    match (currency.as_str(), deliverers_minor) {
        ("EUR", 0..=10_000_000) => 200,
        ("EUR", _) => 2_500,
        _ => 0,
    }
}
