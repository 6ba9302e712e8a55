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
//! Grants, warrants and convertibles lie in an arena of their own and stay there when they end: there
//! are few of them, and what was cancelled can return to a pool later.
//!
//! Invariants, stated by [`Register::audit`]: for each class ever issued = outstanding + treasury +
//! retired, and outstanding + treasury <= authorized; a position's quantity is the sum of its list;
//! no pool grants more than it reserves. Legacy defects that an activation signed for are marked, and
//! the mark goes as soon as the defect does.

use crate::handle::{
    AccountId, CertificateId, ClassId, Holder, IssuerId, PartyId, PlanId, SecurityId, StakeholderId,
};
use crate::scoped;
use crate::store::{Cell, Index, Paged};

mod apply;
mod audit;
mod check;
mod limit;
mod names;
mod plan;
mod plan_stock;
pub mod snapshot;
mod split;
mod state;
#[cfg(test)]
mod tests;

pub use limit::Limit;
pub use plan::{Place, Transfer};
pub use plan_stock::PlanStock;
pub use state::{
    Account, Certificate, Class, Issuer, Party, Plan, Position, Security, Stakeholder, Target,
};
use state::{Name, Slot};

/// Certificates that one event may close: what one settlement can cost is bounded.
pub const MAX_CLOSED_PER_EVENT: usize = 64;
/// Handles of one kind: indexes stay below `u32::MAX`, which marks "none".
const MAX_ITEMS: usize = u32::MAX as usize - 1;
/// The end of a list in memory.
const NONE: u32 = u32::MAX;

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
    plans: Paged<Plan>,
    /// Grants, warrants and convertibles, ended ones too.
    securities: Paged<Security>,
    plan_stock: Paged<PlanStock>,
    plan_stock_at: Index<u128>,
    /// The ids that issuers have used, in the order of their use, for the snapshot.
    names: Paged<Name>,
    name_at: Index<u128>,
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
    plans,
    securities,
    plan_stock,
    plan_stock_at,
    names,
    name_at,
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
            plans: Paged::default(),
            securities: Paged::default(),
            plan_stock: Paged::default(),
            plan_stock_at: Index::new(seed),
            names: Paged::default(),
            name_at: Index::new(seed),
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

    /// The plan with this handle.
    pub fn plan(&self, id: PlanId) -> Option<&Plan> {
        self.plans.get(id.index())
    }

    /// The security with this handle, open or ended.
    pub fn security(&self, id: SecurityId) -> Option<&Security> {
        self.securities.get(id.index())
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

    /// The handle of the next plan.
    pub fn next_plan(&self) -> PlanId {
        PlanId(dense(self.plans.len()))
    }

    /// The handle of the next security that is no share.
    pub fn next_security(&self) -> SecurityId {
        SecurityId(dense(self.securities.len()))
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

    /// Every plan with its handle.
    pub fn plans(&self) -> impl Iterator<Item = (PlanId, &Plan)> {
        self.plans.iter().enumerate().map(|(at, plan)| (PlanId(dense(at)), plan))
    }

    /// Every security that is no share, ended ones too, with its handle.
    pub fn securities(&self) -> impl Iterator<Item = (SecurityId, &Security)> {
        let securities = self.securities.iter().enumerate();
        securities.map(|(at, security)| (SecurityId(dense(at)), security))
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
