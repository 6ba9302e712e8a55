//! What is wrong with a bundle: a stable code, the place, and a sentence.

use std::fmt;
use std::ops::Range;

use crate::evidence::heads::Ordinal;
use crate::evidence::record::Section;

/// Declares the codes of faults, with their texts.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal;)+) => {
        /// What is wrong. The texts are stable and never reused; `docs/formats/evidence.md` lists
        /// them.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum FaultCode {
            $($(#[$doc])* $variant,)+
        }

        impl FaultCode {
            /// Every code.
            pub const ALL: &'static [FaultCode] = &[$(FaultCode::$variant,)+];

            /// The text.
            pub fn code(self) -> &'static str {
                match self {
                    $(FaultCode::$variant => $code,)+
                }
            }
        }
    };
}

codes! {
    /// The bytes are not a bundle, or not in its one form.
    Malformed = "MALFORMED";
    /// The genesis cannot be read, or is not the one of the checkpoint.
    Genesis = "GENESIS_REFUSED";
    /// The checkpoint is malformed, or no trusted key of the ledger signed it.
    Checkpoint = "CHECKPOINT_REFUSED";
    /// The header is not the last leaf of the checkpoint's tree.
    Header = "HEADER_NOT_IN_TREE";
    /// A record is not in its one form, or says what no record can say.
    Record = "RECORD_MALFORMED";
    /// Records are not in the order of height and place, or one stands there twice.
    Order = "RECORD_ORDER";
    /// Something is there for which nothing in the bundle asks.
    Superfluous = "SUPERFLUOUS";
    /// A record does not follow from the one before it in its chain.
    Chain = "CHAIN_BROKEN";
    /// A chain does not end as the tree of heads says.
    Head = "CHAIN_INCOMPLETE";
    /// A chain that is needed is not there.
    ChainMissing = "CHAIN_MISSING";
    /// Ordinals were given twice, or not all of them are accounted for.
    Subjects = "SUBJECTS_UNACCOUNTED";
    /// A section that must be open is closed.
    SectionMissing = "SECTION_MISSING";
    /// A section is not the one that the record commits to.
    SectionMismatch = "SECTION_MISMATCH";
    /// A section's content cannot be read.
    SectionMalformed = "SECTION_MALFORMED";
    /// No signature stands behind a record that needs one.
    SignatureMissing = "SIGNATURE_MISSING";
    /// The header shown is not the one of the record, or is not for this ledger.
    Submission = "SUBMISSION_MISMATCH";
    /// The command is not under the root that was signed.
    NotSigned = "COMMAND_NOT_SIGNED";
    /// The signature does not verify.
    Signature = "SIGNATURE_INVALID";
    /// The key was not in force.
    Key = "KEY_NOT_IN_FORCE";
    /// The submission was not valid any more, or was executed twice.
    Expired = "SUBMISSION_EXPIRED";
    /// The signer may not do what was done to keys, participants or issuers.
    NotEntitled = "SIGNER_NOT_ENTITLED";
    /// The command shown is not the one of the record, or cannot be read.
    Command = "COMMAND_MISMATCH";
    /// A command that must be shown is not.
    CommandMissing = "COMMAND_MISSING";
    /// What was done is not what was asked for.
    Disagrees = "COMMAND_DISAGREES";
    /// Shares were delivered against payment, and no cash moved.
    CashLeg = "CASH_LEG_MISSING";
    /// Cash moved, and no shares were delivered.
    ShareLeg = "SHARE_LEG_MISSING";
    /// Cash does not sum to zero, or is not the price.
    CashUnequal = "CASH_UNBALANCED";
    /// As many shares do not come out as go in, where they must.
    SharesUnequal = "SHARES_UNBALANCED";
    /// An effect does not fit the register as it stands.
    Register = "REGISTER_CONTRADICTION";
}

/// A part of a record in a bundle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The leaf.
    Leaf,
    /// The reference to a submission and its proof.
    Signed,
    /// The command.
    Command,
    /// A section.
    Section(Section),
}

/// Where in a bundle something is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The bundle as a whole.
    Bundle,
    /// The genesis.
    Genesis,
    /// The checkpoint.
    Checkpoint,
    /// The last header.
    Header,
    /// A chain.
    Chain(Ordinal),
    /// A header of a submission, by its place in the bundle.
    Submission(usize),
    /// A record that cannot be read, by its place in the bundle.
    RecordAt(usize),
    /// A record.
    Record {
        /// The height of its block.
        height: u64,
        /// Its place in the block.
        place: u16,
        /// The part of it.
        part: Part,
    },
}

/// What is wrong with a bundle.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{} at {place} (bytes {} to {}): {detail}", code.code(), bytes.start, bytes.end)]
pub struct Fault {
    /// The code.
    pub code: FaultCode,
    /// The place.
    pub place: Place,
    /// The bytes of that place, or of the smallest part around it whose bounds are known.
    pub bytes: Range<usize>,
    /// Why, in one sentence.
    pub detail: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Bundle => f.write_str("the bundle"),
            Place::Genesis => f.write_str("the genesis"),
            Place::Checkpoint => f.write_str("the checkpoint"),
            Place::Header => f.write_str("the last header"),
            Place::Chain(ordinal) => write!(f, "chain {ordinal}"),
            Place::Submission(at) => write!(f, "submission {at}"),
            Place::RecordAt(at) => write!(f, "record number {at}"),
            Place::Record { height, place, part } => {
                write!(f, "record {place} of block {height}, ")?;
                match part {
                    Part::Leaf => f.write_str("leaf"),
                    Part::Signed => f.write_str("proof of signature"),
                    Part::Command => f.write_str("command"),
                    Part::Section(section) => write!(f, "section {section:?}"),
                }
            }
        }
    }
}
