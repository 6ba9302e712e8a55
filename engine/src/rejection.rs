//! Why a command was refused: a closed enum named after the rule that it broke.

use counterfoil_registry::rule::Rule;

/// Declares the rejections of the ledger: number, text code, whether a retry can help, sentence.
macro_rules! rejections {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $code:literal, $retry:ident, $sentence:literal;)+) => {
        /// A rule that a command broke. Numbers and codes are stable and never reused; the order
        /// is that of the checks, by subsystem; each has a page in `docs/errors`.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Rejection {
            $($(#[$doc])* $variant,)+
            /// A rule of the register (numbers from 500 on).
            Register(Rule),
        }

        impl Rejection {
            /// Every rejection, in the order of their numbers.
            pub fn all() -> impl Iterator<Item = Rejection> {
                let own = [$(Rejection::$variant,)+].into_iter();
                own.chain(Rule::ALL.iter().map(|rule| Rejection::Register(*rule)))
            }

            /// The number in records.
            pub fn number(self) -> u16 {
                match self {
                    $(Rejection::$variant => $number,)+
                    Rejection::Register(rule) => rule.number(),
                }
            }

            /// The text code.
            pub fn code(self) -> &'static str {
                match self {
                    $(Rejection::$variant => $code,)+
                    Rejection::Register(rule) => rule.code(),
                }
            }

            /// What was wrong, in one sentence.
            pub fn sentence(self) -> &'static str {
                match self {
                    $(Rejection::$variant => $sentence,)+
                    Rejection::Register(rule) => rule.sentence(),
                }
            }

            /// Whether the same command can succeed later.
            pub fn retry(self) -> Retry {
                match self {
                    $(Rejection::$variant => Retry::$retry,)+
                    Rejection::Register(Rule::SharesInsufficient) => Retry::Later,
                    Rejection::Register(_) => Retry::Never,
                }
            }
        }
    };
}

/// Whether sending a command again can help.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retry {
    /// No: the command itself must change.
    Never,
    /// The same command under a new submission id can succeed later.
    Later,
}

rejections! {
    /// A field is missing, malformed or beyond its limit.
    Malformed = 100, "MALFORMED", Never,
        "a field is missing, malformed or beyond its limit";
    /// The submission is for another ledger.
    LedgerMismatch = 101, "LEDGER_MISMATCH", Never, "the submission is for another ledger";
    /// The salted commands do not have the root that was signed.
    RootMismatch = 102, "ROOT_MISMATCH", Never,
        "the salted commands do not have the root that was signed";
    /// The signature is not one of this key over this header.
    SignatureInvalid = 103, "SIGNATURE_INVALID", Never,
        "the signature is not one of this key over this header";
    /// No participant has this handle.
    ParticipantUnknown = 104, "PARTICIPANT_UNKNOWN", Never, "no participant has this handle";
    /// The key is not one of the participant.
    KeyUnknown = 105, "KEY_UNKNOWN", Never, "the key is not one of the participant";
    /// The key was revoked.
    KeyRevoked = 106, "KEY_REVOKED", Never, "the key was revoked";
    /// `validUntil` has passed.
    SubmissionExpired = 107, "SUBMISSION_EXPIRED", Never,
        "the time until which the submission was valid has passed";
    /// `validUntil` lies too far ahead.
    ValidityTooLong = 108, "VALIDITY_TOO_LONG", Never,
        "the submission would be valid for longer than is allowed";
    /// The submission id was used for other bytes.
    SubmissionIdReused = 109, "SUBMISSION_ID_REUSED", Never,
        "the submission id was already used for something else";
    /// Too many submissions of the participant are still valid.
    ReplayWindowFull = 110, "REPLAY_WINDOW_FULL", Later,
        "too many submissions of this participant are still valid; wait until some expire";
    /// Another command of the same atomic submission was refused.
    GroupRefused = 111, "GROUP_REFUSED", Later,
        "another command of the same atomic submission was refused";
    /// The ledger does not know this feature level, or is beyond it.
    FeatureLevel = 112, "FEATURE_LEVEL", Never,
        "the feature level is not the next one that this release supports";
    /// The signer may not do this.
    NotAuthorized = 200, "NOT_AUTHORIZED", Never,
        "the signer has neither the role nor the mandate that this takes";
    /// The party is a participant already.
    AlreadyParticipant = 201, "ALREADY_PARTICIPANT", Never, "the party is a participant already";
    /// The key belongs or belonged to a participant.
    KeyInUse = 202, "KEY_IN_USE", Never, "the key belongs or belonged to a participant";
    /// The participant has as many keys as it may have.
    TooManyKeys = 203, "TOO_MANY_KEYS", Never, "the participant has as many keys as it may have";
    /// The last key in force can't be revoked.
    LastKey = 204, "LAST_KEY", Never,
        "the last key in force of a participant cannot be revoked; add another one first";
    /// The signer has signed this joint command already.
    AlreadySigned = 205, "ALREADY_SIGNED", Never,
        "the signer has signed this already; it waits for the other signature";
    /// Too many joint commands wait.
    TooManyWaiting = 206, "TOO_MANY_WAITING", Later, "too many commands wait for a second signature";
    /// No cash asset has this handle.
    AssetUnknown = 300, "ASSET_UNKNOWN", Never, "no cash asset has this handle";
    /// No cash account has this handle.
    CashAccountUnknown = 301, "CASH_ACCOUNT_UNKNOWN", Never, "no cash account has this handle";
    /// The bank owes this currency already.
    AssetExists = 302, "ASSET_EXISTS", Never, "the bank has a cash asset of this currency already";
    /// The amount must be above zero and whole in minor units.
    AmountInvalid = 303, "AMOUNT_INVALID", Never,
        "the amount must be above zero, whole in minor units of the currency and within the limit";
    /// The account holds less than that.
    CashInsufficient = 304, "CASH_INSUFFICIENT", Later, "the account holds less money than that";
    /// The reference was used.
    ReferenceUsed = 400, "REFERENCE_USED", Never, "the signer has used this reference before";
    /// The signer has no instruction of this reference.
    InstructionUnknown = 401, "INSTRUCTION_UNKNOWN", Never,
        "the signer has no instruction of this reference";
    /// The instruction is settled or cancelled.
    InstructionEnded = 402, "INSTRUCTION_ENDED", Never,
        "the instruction is already settled or cancelled";
    /// The cancellation was asked for already.
    CancellationRequested = 403, "CANCELLATION_REQUESTED", Never,
        "the signer has asked for this cancellation already; the counterparty has not";
    /// The settlement date lies before the trade date.
    DatesInvalid = 404, "DATES_INVALID", Never,
        "the settlement date lies before the trade date";
    /// The account is not that of the party on the signer's side.
    AccountMismatch = 405, "ACCOUNT_MISMATCH", Never,
        "the account does not belong to the party on the signer's side";
    /// The same account on both sides.
    SameAccount = 406, "SAME_ACCOUNT", Never, "both sides name the same account";
    /// Too many instructions that differ in nothing but references and amounts wait for a match.
    TooManyAlike = 407, "TOO_MANY_ALIKE", Later,
        "too many unmatched instructions that differ only in amount and reference";
    /// A draft register has as many items as it may have, or its items differ from its totals.
    DraftTotals = 450, "DRAFT_TOTALS", Never,
        "the draft register does not have the items and totals that were signed";
}

impl From<Rule> for Rejection {
    fn from(rule: Rule) -> Rejection {
        Rejection::Register(rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_codes_are_used_once_and_in_order() {
        let all: Vec<Rejection> = Rejection::all().collect();
        assert!(all.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        let codes: std::collections::BTreeSet<_> = all.iter().map(|r| r.code()).collect();
        assert_eq!(codes.len(), all.len());
    }
}
