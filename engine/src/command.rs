//! Commands in the terms of the trade: handles, quantities and dates in place of texts.
//!
//! [`Command::parse`] judges the shape of the input alone. It is a pure function of the message, so
//! that it runs in front of the ledger; what needs state is for the ledger to judge.

use std::sync::Arc;

use counterfoil_registry::amount::{Currency, Quantity};
use counterfoil_registry::date::Date;
use counterfoil_registry::effect::{Authorized, ClassKind};
use counterfoil_registry::handle::{
    AccountId, CertificateId, ClassId, IssuerId, PartyId, StakeholderId,
};
use counterfoil_registry::ocf::object::Object;

use crate::handle::{AssetId, CashAccountId};
use crate::hash::{Hash, sha256};
use crate::key::PublicKey;
use crate::wire::v1;

mod import;
mod parse;
#[cfg(test)]
mod tests;

pub(crate) use import::import_item;

/// A field of a command that says nothing valid.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{path}: {why}")]
pub struct FieldError {
    /// The field, as in the JSON form.
    pub path: String,
    /// What is wrong with it.
    pub why: String,
}

/// What a participant may be, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Roles(pub u16);

impl Roles {
    /// Runs the ledger: admits participants and issuers.
    pub const OPERATOR: Roles = Roles(1 << 1);
    /// Keeps registers of issuers.
    pub const REGISTRAR: Roles = Roles(1 << 2);
    /// Opens accounts for clients and instructs.
    pub const BROKER: Roles = Roles(1 << 3);
    /// Owes cash assets.
    pub const BANK: Roles = Roles(1 << 4);

    /// Whether one of `others` is among these.
    pub fn any(self, others: Roles) -> bool {
        self.0 & others.0 != 0
    }

    /// These and `other`.
    pub fn with(self, other: Roles) -> Roles {
        Roles(self.0 | other.0)
    }

    /// The names of `command.proto`.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        (1i32..16)
            .filter(move |bit| self.0 & 1 << bit != 0)
            .filter_map(|bit| v1::Role::try_from(bit).ok().map(|role| role.as_str_name()))
    }
}

/// An amount of money as it was instructed: its scale is that of the asset's currency.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AmountText(pub String);

/// Which way an instruction moves securities.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Movement {
    /// Out of the signer's side.
    #[default]
    Deliver,
    /// To the signer's side.
    Receive,
}

/// A text of at most 35 bytes, in place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    len: u8,
    bytes: [u8; 35],
}

impl Default for Reference {
    fn default() -> Reference {
        Reference { len: 0, bytes: [0; 35] }
    }
}

impl Reference {
    /// Reads 1 to 35 visible ASCII characters; spaces may stand within.
    pub fn parse(text: &str) -> Option<Reference> {
        let bytes = text.as_bytes();
        let visible = bytes.iter().all(|c| c.is_ascii_graphic() || *c == b' ');
        if text.is_empty() || bytes.len() > 35 || !visible || text.trim() != text {
            return None;
        }
        let mut reference = Reference { len: bytes.len() as u8, ..Reference::default() };
        reference.bytes[..bytes.len()].copy_from_slice(bytes);
        Some(reference)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        let bytes = &self.bytes[..usize::from(self.len)];
        std::str::from_utf8(bytes).expect("visible ASCII characters")
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl std::fmt::Debug for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

/// An instruction as it was sent (ISO 20022 sese.023).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Instruct {
    /// The signer's reference.
    pub reference: Reference,
    /// Which way.
    pub movement: Movement,
    /// The class.
    pub class: ClassId,
    /// How many shares.
    pub quantity: Quantity,
    /// When it was traded.
    pub trade_date: Date,
    /// From when on it may settle.
    pub settlement_date: Date,
    /// Who delivers.
    pub delivering_party: PartyId,
    /// Who receives.
    pub receiving_party: PartyId,
    /// The account of the signer's side; none where the issuer delivers unissued stock.
    pub account: Option<AccountId>,
    /// The cash account of the signer's side and the amount; none for free of payment.
    pub payment: Option<(CashAccountId, AmountText)>,
    /// Empty, or a reference that both sides agreed on.
    pub common: Reference,
}

/// A command; what each asks for and who signs it is written in `command.proto`.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs)]
pub enum Command {
    RegisterParty {
        legal: bool,
        details: [u8; 32],
    },
    AdmitParticipant {
        party: PartyId,
        roles: Roles,
        keys: Vec<PublicKey>,
    },
    AddKey {
        participant: PartyId,
        key: PublicKey,
    },
    RevokeKey {
        participant: PartyId,
        key: PublicKey,
    },
    OpenSecuritiesAccount {
        holder: PartyId,
    },
    CreateCashAsset {
        currency: Currency,
        bank: PartyId,
    },
    OpenCashAccount {
        party: PartyId,
        asset: AssetId,
        operator: PartyId,
    },
    CreditCash {
        account: CashAccountId,
        amount: AmountText,
        reference: Reference,
    },
    RedeemCash {
        account: CashAccountId,
        amount: AmountText,
        reference: Reference,
    },
    RegisterIssuer {
        party: PartyId,
        registrar: PartyId,
        formed: Date,
        authorized: Authorized,
        source_id: String,
        draft: bool,
    },
    RegisterStockClass {
        issuer: IssuerId,
        kind: ClassKind,
        name: String,
        authorized: Authorized,
        decimals: u8,
        source_id: String,
    },
    RegisterStakeholder {
        issuer: IssuerId,
        source_id: String,
    },
    LinkStakeholder {
        stakeholder: StakeholderId,
        party: PartyId,
        operator: PartyId,
        joint: Hash,
    },
    IssueStock {
        class: ClassId,
        account: AccountId,
        quantity: Quantity,
        consideration: Option<(AmountText, Currency)>,
        date: Option<Date>,
        number: String,
    },
    TransferStock {
        class: ClassId,
        from: AccountId,
        to: AccountId,
        quantity: Quantity,
        certificates: Vec<CertificateId>,
    },
    InstructSettlement(Instruct),
    CancelInstruction {
        reference: Reference,
    },
    ImportRegister {
        issuer: IssuerId,
        items: Arc<Vec<v1::ImportItem>>,
    },
    ActivateRegister {
        issuer: IssuerId,
        package: [u8; 32],
        findings: u32,
        items: u32,
        outstanding: Quantity,
        joint: Hash,
    },
    RaiseFeatureLevel {
        level: u32,
    },
    RecordTransaction {
        issuer: IssuerId,
        objects: Vec<Object>,
    },
    SetRepurchasePolicy {
        class: ClassId,
        treasury: bool,
    },
}

impl Command {
    /// Reads a message; the first field that says nothing valid is the error.
    pub fn parse(message: v1::Command) -> Result<Command, FieldError> {
        parse::command(message)
    }
}

/// What both signers of a joint command must have said: the hash of its protobuf form, whatever
/// encoding each of them used.
fn joint(message: &v1::Command) -> Hash {
    use prost::Message as _;
    sha256(&[b"counterfoil joint command\0", &message.encode_to_vec()])
}
