//! What commands do outside the register: to cash, to participants, and to what only the parties to
//! it may see. These are the contents of the other three sections of a record.
//!
//! Tags and layouts are part of the evidence (`docs/formats/evidence.md`) and never change.

use counterfoil_registry::amount::Currency;
use counterfoil_registry::codec::{CodecError, Reader, Writer};
use counterfoil_registry::handle::{AccountId, PartyId};

use crate::handle::{AssetId, CashAccountId, InstructionId};
use crate::key::PublicKey;

/// An effect on cash. Accounts are not named here: a posting has a line, and the account of that
/// line is an [`IdentityEffect`], so that amounts can be shown without accounts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CashEffect {
    /// A cash asset exists.
    AssetCreated {
        /// The asset.
        asset: AssetId,
        /// Its currency.
        currency: Currency,
        /// The bank that owes it.
        bank: PartyId,
    },
    /// The bank owes so much more (above zero) or less (below zero), in minor units.
    Issued {
        /// The asset.
        asset: AssetId,
        /// Minor units.
        amount: i128,
    },
    /// An account holds so much more or less, in minor units.
    Posted {
        /// Number of the posting within the record.
        line: u16,
        /// The asset.
        asset: AssetId,
        /// Minor units.
        amount: i128,
    },
}

/// An effect on parties, participants and their keys.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PartyEffect {
    /// A party is known.
    Registered {
        /// The party.
        party: PartyId,
        /// Whether a legal person.
        legal: bool,
        /// Salted hash of its details.
        details: [u8; 32],
    },
    /// A party may act.
    Admitted {
        /// The party.
        party: PartyId,
        /// The ordinal of its chain in the heads tree.
        ordinal: u32,
        /// Its roles, one bit each ([`crate::command::Roles`]).
        roles: u16,
    },
    /// A key is in force from the next record on.
    KeyAdded {
        /// Whose.
        party: PartyId,
        /// The key.
        key: PublicKey,
    },
    /// A key is void from the next record on.
    KeyRevoked {
        /// Whose.
        party: PartyId,
        /// The key.
        key: PublicKey,
    },
    /// An issuer has a chain of its own in the heads tree.
    IssuerChain {
        /// The issuer.
        issuer: counterfoil_registry::handle::IssuerId,
        /// Its ordinal.
        ordinal: u32,
    },
    /// The ledger follows the rules of this feature level from the next entry on.
    FeatureLevel {
        /// The level.
        level: u32,
    },
}

/// What only those concerned may see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IdentityEffect {
    /// A securities account was opened.
    SecuritiesAccountOpened {
        /// The account.
        account: AccountId,
        /// The holder of record.
        holder: PartyId,
        /// Who may instruct.
        operator: PartyId,
    },
    /// A cash account was opened.
    CashAccountOpened {
        /// The account.
        account: CashAccountId,
        /// Whose money it holds.
        party: PartyId,
        /// Which money.
        asset: AssetId,
        /// Who may instruct.
        operator: PartyId,
    },
    /// The account of a posting.
    PostingAccount {
        /// Number of the posting within the record.
        line: u16,
        /// The account.
        account: CashAccountId,
    },
    /// An instruction was accepted.
    Instructed {
        /// The instruction.
        instruction: InstructionId,
    },
    /// Two instructions match.
    Matched {
        /// The delivering one.
        deliver: InstructionId,
        /// The receiving one.
        receive: InstructionId,
    },
    /// Two matched instructions are settled, irrevocably.
    Settled {
        /// The delivering one.
        deliver: InstructionId,
        /// The receiving one.
        receive: InstructionId,
    },
    /// Two matched instructions pend.
    Pending {
        /// The delivering one.
        deliver: InstructionId,
        /// The receiving one.
        receive: InstructionId,
        /// The number of the [`crate::rejection::Rejection`] that settling now would be; zero: the
        /// settlement date is not reached.
        reason: u16,
    },
    /// The owner of a matched instruction asks for its cancellation.
    CancellationRequested {
        /// The instruction.
        instruction: InstructionId,
    },
    /// An instruction was cancelled.
    Cancelled {
        /// The instruction.
        instruction: InstructionId,
    },
    /// A joint command waits for its second signature.
    Waiting {
        /// SHA-256 of the command in protobuf form.
        command: [u8; 32],
    },
    /// So many items were added to a draft register.
    Drafted {
        /// How many.
        items: u32,
    },
}

impl CashEffect {
    /// Writes the canonical bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            CashEffect::AssetCreated { asset, currency, bank } => {
                out.put_u8(1);
                out.put_u32(asset.0);
                out.put(&currency.bytes());
                out.put_u32(bank.0);
            }
            CashEffect::Issued { asset, amount } => {
                out.put_u8(2);
                out.put_u32(asset.0);
                out.put_i128(*amount);
            }
            CashEffect::Posted { line, asset, amount } => {
                out.put_u8(3);
                out.put_u16(*line);
                out.put_u32(asset.0);
                out.put_i128(*amount);
            }
        }
    }

    /// Reads the canonical bytes.
    pub fn decode(from: &mut Reader<'_>) -> Result<CashEffect, CodecError> {
        Ok(match from.u8()? {
            1 => CashEffect::AssetCreated {
                asset: AssetId(from.u32()?),
                currency: from.currency()?,
                bank: PartyId(from.u32()?),
            },
            2 => CashEffect::Issued { asset: AssetId(from.u32()?), amount: from.i128()? },
            3 => CashEffect::Posted {
                line: from.u16()?,
                asset: AssetId(from.u32()?),
                amount: from.i128()?,
            },
            _ => return Err(from.invalid()),
        })
    }
}

impl PartyEffect {
    /// Writes the canonical bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            PartyEffect::Registered { party, legal, details } => {
                out.put_u8(1);
                out.put_u32(party.0);
                out.put_bool(*legal);
                out.put(details);
            }
            PartyEffect::Admitted { party, ordinal, roles } => {
                out.put_u8(2);
                out.put_u32(party.0);
                out.put_u32(*ordinal);
                out.put_u16(*roles);
            }
            PartyEffect::KeyAdded { party, key } => {
                out.put_u8(3);
                out.put_u32(party.0);
                out.put(&key.0);
            }
            PartyEffect::KeyRevoked { party, key } => {
                out.put_u8(4);
                out.put_u32(party.0);
                out.put(&key.0);
            }
            PartyEffect::IssuerChain { issuer, ordinal } => {
                out.put_u8(5);
                out.put_u32(issuer.0);
                out.put_u32(*ordinal);
            }
            PartyEffect::FeatureLevel { level } => {
                out.put_u8(6);
                out.put_u32(*level);
            }
        }
    }

    /// Reads the canonical bytes.
    pub fn decode(from: &mut Reader<'_>) -> Result<PartyEffect, CodecError> {
        let party = |from: &mut Reader<'_>| from.u32().map(PartyId);
        Ok(match from.u8()? {
            1 => PartyEffect::Registered {
                party: party(from)?,
                legal: from.bool()?,
                details: from.array()?,
            },
            2 => PartyEffect::Admitted {
                party: party(from)?,
                ordinal: from.u32()?,
                roles: from.u16()?,
            },
            3 => PartyEffect::KeyAdded { party: party(from)?, key: PublicKey(from.array()?) },
            4 => PartyEffect::KeyRevoked { party: party(from)?, key: PublicKey(from.array()?) },
            5 => PartyEffect::IssuerChain {
                issuer: counterfoil_registry::handle::IssuerId(from.u32()?),
                ordinal: from.u32()?,
            },
            6 => PartyEffect::FeatureLevel { level: from.u32()? },
            _ => return Err(from.invalid()),
        })
    }
}

impl IdentityEffect {
    /// Writes the canonical bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut pair = |tag: u8, deliver: &InstructionId, receive: &InstructionId| {
            out.put_u8(tag);
            out.put_u32(deliver.0);
            out.put_u32(receive.0);
        };
        match self {
            IdentityEffect::Matched { deliver, receive } => pair(5, deliver, receive),
            IdentityEffect::Settled { deliver, receive } => pair(6, deliver, receive),
            IdentityEffect::Pending { deliver, receive, reason } => {
                pair(7, deliver, receive);
                out.put_u16(*reason);
            }
            IdentityEffect::SecuritiesAccountOpened { account, holder, operator } => {
                out.put_u8(1);
                out.put_u32(account.0);
                out.put_u32(holder.0);
                out.put_u32(operator.0);
            }
            IdentityEffect::CashAccountOpened { account, party, asset, operator } => {
                out.put_u8(2);
                out.put_u32(account.0);
                out.put_u32(party.0);
                out.put_u32(asset.0);
                out.put_u32(operator.0);
            }
            IdentityEffect::PostingAccount { line, account } => {
                out.put_u8(3);
                out.put_u16(*line);
                out.put_u32(account.0);
            }
            IdentityEffect::Instructed { instruction } => {
                out.put_u8(4);
                out.put_u32(instruction.0);
            }
            IdentityEffect::CancellationRequested { instruction } => {
                out.put_u8(8);
                out.put_u32(instruction.0);
            }
            IdentityEffect::Cancelled { instruction } => {
                out.put_u8(9);
                out.put_u32(instruction.0);
            }
            IdentityEffect::Waiting { command } => {
                out.put_u8(10);
                out.put(command);
            }
            IdentityEffect::Drafted { items } => {
                out.put_u8(11);
                out.put_u32(*items);
            }
        }
    }

    /// Reads the canonical bytes.
    pub fn decode(from: &mut Reader<'_>) -> Result<IdentityEffect, CodecError> {
        let instruction = |from: &mut Reader<'_>| from.u32().map(InstructionId);
        Ok(match from.u8()? {
            1 => IdentityEffect::SecuritiesAccountOpened {
                account: AccountId(from.u32()?),
                holder: PartyId(from.u32()?),
                operator: PartyId(from.u32()?),
            },
            2 => IdentityEffect::CashAccountOpened {
                account: CashAccountId(from.u32()?),
                party: PartyId(from.u32()?),
                asset: AssetId(from.u32()?),
                operator: PartyId(from.u32()?),
            },
            3 => IdentityEffect::PostingAccount {
                line: from.u16()?,
                account: CashAccountId(from.u32()?),
            },
            4 => IdentityEffect::Instructed { instruction: instruction(from)? },
            5 => {
                IdentityEffect::Matched { deliver: instruction(from)?, receive: instruction(from)? }
            }
            6 => {
                IdentityEffect::Settled { deliver: instruction(from)?, receive: instruction(from)? }
            }
            7 => IdentityEffect::Pending {
                deliver: instruction(from)?,
                receive: instruction(from)?,
                reason: from.u16()?,
            },
            8 => IdentityEffect::CancellationRequested { instruction: instruction(from)? },
            9 => IdentityEffect::Cancelled { instruction: instruction(from)? },
            10 => IdentityEffect::Waiting { command: from.array()? },
            11 => IdentityEffect::Drafted { items: from.u32()? },
            _ => return Err(from.invalid()),
        })
    }
}

/// Reads the contents of a section: effects one after another to the end.
pub fn decode_all<T>(
    bytes: &[u8],
    decode: impl Fn(&mut Reader<'_>) -> Result<T, CodecError>,
) -> Result<Vec<T>, CodecError> {
    let mut from = Reader::new(bytes);
    let mut effects = Vec::new();
    while from.remaining() > 0 {
        effects.push(decode(&mut from)?);
    }
    Ok(effects)
}
