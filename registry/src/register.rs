//! The live register: every issuer's classes, stakeholders and open certificates.
//!
//! A holding is a set of certificates. Each lies in one account, in the list of one *position*
//! (account, class), oldest first. Exactly one terminal event closes a certificate, and a partial
//! one opens a balance certificate of the same holder at the same place of the list.
//!
//! An [`Event`](crate::event::Event) is made by a `plan_*` function (which certificates, which ids), judged by
//! [`Register::check`] alone, and carried out by [`Register::apply`], which cannot fail on what was
//! checked. The past is not kept here: it is in the records of the ledger, or in the file.
//!
//! Invariants, stated by [`Register::audit`]: for each class ever issued = outstanding + treasury +
//! retired, and outstanding + treasury <= authorized; a position's quantity is the sum of its list.

use sha2::{Digest, Sha256};

use crate::amount::Quantity;
use crate::date::Date;
use crate::effect::{Authorized, ClassKind};
use crate::handle::{AccountId, CertificateId, ClassId, Holder, IssuerId, PartyId, StakeholderId};
use crate::scoped;
use crate::store::{Cell, Index, Paged};

mod apply;
mod audit;
mod check;
mod plan;
pub mod snapshot;
#[cfg(test)]
mod tests;

pub use plan::{Place, Transfer};

/// Certificates that one event may close: what one settlement can cost is bounded.
pub const MAX_CLOSED_PER_EVENT: usize = 64;
/// Handles of one kind: indexes stay below `u32::MAX`, which marks "none".
const MAX_ITEMS: usize = u32::MAX as usize - 1;
/// The end of a list in memory.
const NONE: u32 = u32::MAX;

/// A natural or legal person.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Party {
    /// Whether a legal person.
    pub legal: bool,
    /// Salted hash of the name and address, which live in an erasable store outside the ledger.
    pub details: [u8; 32],
}

/// An issuer and what its charter says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Issuer {
    /// The party that it is.
    pub party: PartyId,
    /// The participant who keeps the register.
    pub registrar: PartyId,
    /// Whether the register still waits for its activation.
    pub draft: bool,
    /// Date of formation.
    pub formed: Date,
    /// Shares authorized over all classes.
    pub authorized: Authorized,
    /// Sum of the numeric authorizations of its classes.
    pub classes_authorized: Quantity,
    /// Shares outstanding and in treasury over all classes.
    pub outstanding: Quantity,
    /// Id in the package that it came from.
    pub source_id: String,
}

/// A stock class and its totals.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Class {
    /// Its issuer.
    pub issuer: IssuerId,
    /// Common or preferred.
    pub kind: ClassKind,
    /// Decimals of a share.
    pub decimals: u8,
    /// Shares authorized.
    pub authorized: Authorized,
    /// Shares ever issued.
    pub issued: Quantity,
    /// Shares that holders hold.
    pub outstanding: Quantity,
    /// Shares cancelled.
    pub retired: Quantity,
    /// Its name.
    pub name: String,
    /// Id in the package that it came from.
    pub source_id: String,
}

/// A line in one issuer's register.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stakeholder {
    /// The issuer.
    pub issuer: IssuerId,
    /// The account that was opened for it.
    pub account: AccountId,
    /// The party that it turned out to be.
    pub party: Option<PartyId>,
    /// Id in the package that it came from.
    pub source_id: String,
}

/// A securities account: one holder of record, one operator who may instruct.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// The holder of record.
    pub holder: Holder,
    /// The participant who may instruct.
    pub operator: PartyId,
    first_position: u32,
}

impl Default for Account {
    fn default() -> Account {
        Account { holder: Holder::default(), operator: PartyId(0), first_position: NONE }
    }
}

/// What one account holds of one class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Position {
    /// The class.
    pub class: ClassId,
    /// The account.
    pub account: AccountId,
    /// Shares held.
    pub quantity: Quantity,
    /// Open certificates.
    pub certificates: u32,
    head: u32,
    tail: u32,
    next_of_account: u32,
}

impl Default for Position {
    fn default() -> Position {
        Position {
            class: ClassId(0),
            account: AccountId(0),
            quantity: Quantity::ZERO,
            certificates: 0,
            head: NONE,
            tail: NONE,
            next_of_account: NONE,
        }
    }
}

/// A certificate in the arena: 48 bytes. A free slot has no quantity, and `next` is the next one.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Slot {
    quantity: Quantity,
    record: u64,
    position: u32,
    next: u32,
    prev: u32,
    date: Date,
    place: u32,
    accepted: bool,
}

/// An open certificate, as it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Certificate {
    /// Its id.
    pub id: CertificateId,
    /// Its class.
    pub class: ClassId,
    /// The account that it lies in.
    pub account: AccountId,
    /// Its quantity.
    pub quantity: Quantity,
    /// Since when.
    pub date: Date,
    /// Whether its holder accepted it.
    pub accepted: bool,
}

/// The registers of all issuers; see the module.
#[derive(Clone, Debug)]
pub struct Register {
    parties: Paged<Party>,
    issuers: Paged<Issuer>,
    classes: Paged<Class>,
    stakeholders: Paged<Stakeholder>,
    accounts: Paged<Account>,
    positions: Paged<Position>,
    slots: Paged<Slot>,
    /// The first free slot.
    free: Cell<u32>,
    /// Positions by account and class.
    position_of: Index<u64>,
    /// Digests of the ids that an issuer has used. In the order of their use, for the snapshot.
    used_ids: Paged<u128>,
    used_id_at: Index<u128>,
}

scoped!(Register {
    parties,
    issuers,
    classes,
    stakeholders,
    accounts,
    positions,
    slots,
    free,
    position_of,
    used_ids,
    used_id_at,
});

impl Register {
    /// An empty register. `seed` orders its hash indexes, which nothing can observe.
    pub fn new(seed: u64) -> Register {
        Register {
            parties: Paged::default(),
            issuers: Paged::default(),
            classes: Paged::default(),
            stakeholders: Paged::default(),
            accounts: Paged::default(),
            positions: Paged::default(),
            slots: Paged::default(),
            free: Cell::new(NONE),
            position_of: Index::new(seed),
            used_ids: Paged::default(),
            used_id_at: Index::new(seed),
        }
    }

    /// The party with this handle.
    pub fn party(&self, id: PartyId) -> Option<&Party> {
        self.parties.get(id.index())
    }

    /// The issuer with this handle.
    pub fn issuer(&self, id: IssuerId) -> Option<&Issuer> {
        self.issuers.get(id.index())
    }

    /// The class with this handle.
    pub fn class(&self, id: ClassId) -> Option<&Class> {
        self.classes.get(id.index())
    }

    /// The stakeholder with this handle.
    pub fn stakeholder(&self, id: StakeholderId) -> Option<&Stakeholder> {
        self.stakeholders.get(id.index())
    }

    /// The account with this handle.
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(id.index())
    }

    /// What `account` holds of `class`, if it ever held any.
    pub fn position(&self, account: AccountId, class: ClassId) -> Option<&Position> {
        let at = self.position_of.get(position_key(account, class))?;
        self.positions.get(at as usize)
    }

    /// The open certificate with this id.
    pub fn certificate(&self, id: CertificateId) -> Option<Certificate> {
        let slot = self.slots.get(id.slot as usize)?;
        let open = !slot.quantity.is_zero() && slot.record == id.record && slot.place == id.place;
        open.then(|| self.shown(id.slot, slot))
    }

    /// How many parties, issuers, classes, stakeholders and accounts there are; the next one of
    /// each kind gets this number.
    pub fn next_party(&self) -> PartyId {
        PartyId(dense(self.parties.len()))
    }

    /// The handle of the next issuer.
    pub fn next_issuer(&self) -> IssuerId {
        IssuerId(dense(self.issuers.len()))
    }

    /// The handle of the next class.
    pub fn next_class(&self) -> ClassId {
        ClassId(dense(self.classes.len()))
    }

    /// The handle of the next stakeholder.
    pub fn next_stakeholder(&self) -> StakeholderId {
        StakeholderId(dense(self.stakeholders.len()))
    }

    /// The handle of the next account.
    pub fn next_account(&self) -> AccountId {
        AccountId(dense(self.accounts.len()))
    }

    /// Every issuer with its handle.
    pub fn issuers(&self) -> impl Iterator<Item = (IssuerId, &Issuer)> {
        self.issuers.iter().enumerate().map(|(at, issuer)| (IssuerId(dense(at)), issuer))
    }

    /// Every class with its handle.
    pub fn classes(&self) -> impl Iterator<Item = (ClassId, &Class)> {
        self.classes.iter().enumerate().map(|(at, class)| (ClassId(dense(at)), class))
    }

    /// Every stakeholder with its handle.
    pub fn stakeholders(&self) -> impl Iterator<Item = (StakeholderId, &Stakeholder)> {
        let stakeholders = self.stakeholders.iter().enumerate();
        stakeholders.map(|(at, stakeholder)| (StakeholderId(dense(at)), stakeholder))
    }

    /// Every account with its handle.
    pub fn accounts(&self) -> impl Iterator<Item = (AccountId, &Account)> {
        self.accounts.iter().enumerate().map(|(at, account)| (AccountId(dense(at)), account))
    }

    /// The positions of an account, latest first.
    pub fn positions(&self, account: AccountId) -> impl Iterator<Item = &Position> {
        let first = self.account(account).map_or(NONE, |account| account.first_position);
        let follow = |position: &&Position| self.positions.get(position.next_of_account as usize);
        std::iter::successors(self.positions.get(first as usize), follow)
    }

    /// The open certificates of a position, oldest first.
    pub fn certificates(
        &self,
        account: AccountId,
        class: ClassId,
    ) -> impl Iterator<Item = Certificate> {
        let head = self.position(account, class).map_or(NONE, |position| position.head);
        self.list(head).map(|(at, slot)| self.shown(at, slot))
    }

    fn list(&self, head: u32) -> impl Iterator<Item = (u32, &Slot)> {
        let at = |at: u32| self.slots.get(at as usize).map(|slot| (at, slot));
        std::iter::successors(at(head), move |(_, slot)| at(slot.next))
    }

    fn shown(&self, at: u32, slot: &Slot) -> Certificate {
        let position = &self.positions.get(slot.position as usize);
        let position = position.expect("an open slot belongs to a position");
        Certificate {
            id: CertificateId { record: slot.record, place: slot.place, slot: at },
            class: position.class,
            account: position.account,
            quantity: slot.quantity,
            date: slot.date,
            accepted: slot.accepted,
        }
    }

    /// Enters a party; there is no rule to break but the number of them.
    pub fn add_party(&mut self, party: Party) -> PartyId {
        PartyId(dense(self.parties.push(party)))
    }

    /// Opens a securities account of a party.
    pub fn add_account(&mut self, holder: PartyId, operator: PartyId) -> AccountId {
        let holder = Holder::Party(holder);
        AccountId(dense(self.accounts.push(Account { holder, operator, ..Account::default() })))
    }
}

fn dense(index: usize) -> u32 {
    u32::try_from(index).expect("limits keep every arena below u32::MAX items")
}

fn position_key(account: AccountId, class: ClassId) -> u64 {
    u64::from(account.0) << 32 | u64::from(class.0)
}

/// What [`Register::check`] compares to find an id used twice: 128 bits of SHA-256 over the issuer,
/// the kind of id and the text.
fn id_digest(issuer: IssuerId, kind: u8, text: &str) -> u128 {
    let mut hasher = Sha256::new();
    hasher.update(issuer.0.to_be_bytes());
    hasher.update([kind]);
    hasher.update(text.as_bytes());
    let digest: [u8; 32] = hasher.finalize().into();
    u128::from_be_bytes(digest[..16].try_into().expect("half of the digest"))
}
