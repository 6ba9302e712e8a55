//! Handles of what the engine keeps beside the register.

use counterfoil_registry::handle;

handle!(
    /// A cash asset: a currency and the bank that owes it (`M…`).
    AssetId, 'M'
);
handle!(
    /// A cash account: one party, one asset (`C…`).
    CashAccountId, 'C'
);
handle!(
    /// A settlement instruction, in the order of arrival (`T…`).
    InstructionId, 'T'
);
