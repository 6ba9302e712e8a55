//! Vesting in the register: what has vested of each security, and when the rest will.
//!
//! A grant has a life beyond one security id: the balance of a cancellation is the same promise
//! under another id, so its figures are those of the first grant. Cancellations take what was not
//! vested first; what had vested stays so, and nothing of what was cancelled vests later. A split
//! multiplies all figures. What a transfer or a reissuance opens takes its part, by quantity, of what
//! had vested and was not exercised, and of all that vests later.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{CertificateFacts, Fold, FoldError, SecurityFacts};
use crate::amount::Quantity;
use crate::date::Date;
use crate::event::EventKind;
use crate::handle::{CertificateId, Holder, IssuerId, SecurityId};
use crate::vesting::{Book, Schedule, VestingError};

mod life;

pub(super) use life::Figures;
use life::{Life, Link};

/// A security that vests, or did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VestingLine {
    /// Its id in the package, or its handle.
    pub security: String,
    /// The printed number; may be empty.
    pub number: String,
    /// Its holder.
    pub holder: Holder,
    /// The id in the package of the holder.
    pub holder_source_id: String,
    /// Its compensation type, `WARRANT` or `STOCK`.
    pub kind: &'static str,
    /// The name of its vesting terms; empty where it has none.
    pub terms: String,
    /// What was granted, or received by a transfer or a reissuance; in shares of the date.
    pub granted: Quantity,
    /// What is left of it.
    pub outstanding: Quantity,
    /// What had vested of what was granted.
    pub vested: Quantity,
    /// What is left and has not vested.
    pub unvested: Quantity,
    /// The schedule of what was granted, as far as it is known, in shares of the date and without
    /// what was cancelled until then; or why there is none.
    pub schedule: Result<Schedule, VestingError>,
}

impl Fold {
    /// The vesting of every security that is open at the end of a date and is a grant, or of which
    /// something is said about vesting: grants and warrants before stock, in the order of the events.
    pub fn vesting(&self, issuer: IssuerId, as_of: Date) -> Result<Vec<VestingLine>, FoldError> {
        let grants = Grants::of(self, issuer);
        let sources = self.sources(issuer);
        let line = |security, number: &str, holder, kind, outstanding, life: Life<'_>| {
            let schedule = grants.schedule(&life);
            let standing = life.at(as_of, schedule.as_ref().ok())?;
            let figures = standing.figures;
            let schedule = match schedule {
                Ok(schedule) => Ok(schedule.told(|vested| standing.vested(vested))?),
                Err(error) => Err(error),
            };
            let exercisable = figures.exercisable(outstanding);
            Ok(VestingLine {
                security,
                number: number.to_owned(),
                holder,
                holder_source_id: sources.get(&holder).copied().unwrap_or_default().to_owned(),
                kind,
                terms: grants.book.terms_name(life.own).unwrap_or_default().to_owned(),
                granted: figures.granted,
                outstanding,
                vested: figures.vested,
                unvested: outstanding.checked_sub(exercisable).unwrap_or_default(),
                schedule,
            })
        };
        let mut lines = Vec::new();
        for (id, facts) in self.securities(issuer).filter(|(_, facts)| facts.open_at(as_of)) {
            let vests = facts.instrument.is_compensation() || grants.book.vests(&facts.source_id);
            let (Some(outstanding), true) = (facts.quantity_at(as_of), vests) else { continue };
            let holder = self.holder_of(facts.account, facts.holder, as_of);
            let security = shown(&facts.source_id, id);
            let (kind, life) = (facts.instrument.as_str(), grants.life(id));
            lines.push(line(security, &facts.number, holder, kind, outstanding, life)?);
        }
        for (id, facts) in self.certificates().filter(|(_, facts)| facts.open_at(as_of)) {
            let of_issuer = self.class(facts.class).is_some_and(|class| class.issuer == issuer);
            if of_issuer && grants.book.vests(&facts.source_id) {
                let (outstanding, holder) =
                    (facts.quantity_at(as_of), self.holder_at(facts, as_of));
                let security = shown(&facts.source_id, id);
                let life = grants.life_of_stock(id);
                lines.push(line(security, &facts.number, holder, "STOCK", outstanding, life)?);
            }
        }
        Ok(lines)
    }
}

fn shown(source_id: &str, handle: impl ToString) -> String {
    if source_id.is_empty() { handle.to_string() } else { source_id.to_owned() }
}

/// The securities of an issuer with all that is said about their vesting.
pub(super) struct Grants<'a> {
    fold: &'a Fold,
    book: Book<'a>,
    /// The lives of securities from which several came, so that each of those begins there.
    parted: RefCell<BTreeMap<SecurityId, Life<'a>>>,
    parted_stock: RefCell<BTreeMap<CertificateId, Life<'a>>>,
}

impl<'a> Grants<'a> {
    pub(super) fn of(fold: &'a Fold, issuer: IssuerId) -> Grants<'a> {
        let objects = fold.documents(issuer).map(|(_, object)| object.as_ref());
        let (parted, parted_stock) = Default::default();
        Grants { fold, book: Book::of(objects), parted, parted_stock }
    }

    /// The life of a grant or warrant.
    pub(super) fn life(&self, id: SecurityId) -> Life<'a> {
        let link = |id: SecurityId| {
            let facts: &'a SecurityFacts = self.fold.security(id)?;
            Some(Link {
                source_id: &facts.source_id,
                opened: facts.opened,
                origin: facts.origin,
                class: None,
                quantity: facts.quantity.unwrap_or_default(),
                unit: self.unit(&facts.source_id, facts.quantity.unwrap_or_default()),
                changes: Cow::Borrowed(&facts.changes),
                before: facts.preceded_by,
                parts: facts.resulted_in.len() > 1,
            })
        };
        self.life_of(&self.parted, id, link)
    }

    /// The life of a certificate. It is the same promise as long as each came from one other.
    fn life_of_stock(&self, id: CertificateId) -> Life<'a> {
        let split = |(date, after): &(Date, Quantity)| (*date, EventKind::Split, *after);
        let link = |id: CertificateId| {
            let facts: &'a CertificateFacts = self.fold.certificate(id)?;
            Some(Link {
                source_id: &facts.source_id,
                opened: facts.opened,
                origin: facts.origin,
                class: Some(facts.class),
                quantity: facts.quantity,
                unit: self.unit(&facts.source_id, facts.quantity),
                changes: facts.scaled.iter().map(split).collect(),
                before: match facts.preceded_by.as_slice() {
                    [only] => Some(*only),
                    _ => None,
                },
                parts: facts.resulted_in.len() > 1,
            })
        };
        self.life_of(&self.parted_stock, id, link)
    }

    /// The life of a security, told from where its own began, or from the last security on the way
    /// whose life is known.
    fn life_of<Id: Copy + Ord>(
        &self,
        known: &RefCell<BTreeMap<Id, Life<'a>>>,
        id: Id,
        link_of: impl Fn(Id) -> Option<Link<'a, Id>>,
    ) -> Life<'a> {
        let mut known = known.borrow_mut();
        let mut links: Vec<(Id, Link<'a, Id>)> = Vec::new();
        let mut life = None;
        let mut at = Some(id);
        while let Some(id) = at {
            life = known.get(&id).cloned();
            let Some(link) = link_of(id).filter(|_| life.is_none()) else { break };
            at = link.before.filter(|_| !self.begins(&link));
            links.push((id, link));
        }
        while let Some((id, link)) = links.pop() {
            let next = match life {
                Some(before) => self.heir(before, &link),
                None => Life::of(&link),
            };
            if link.parts {
                known.insert(id, next.clone());
            }
            life = Some(next);
        }
        life.unwrap_or_default()
    }

    /// Whether a security says itself all that there is to say of its vesting.
    fn begins<Id>(&self, link: &Link<'_, Id>) -> bool {
        self.book.started(link.source_id)
            || self.book.listed(link.source_id).is_some_and(|sum| sum == link.quantity)
    }

    /// The life of a security that came from another one: the balance of a cancellation goes on, and
    /// what a transfer or a reissuance opens is a part of what was left.
    fn heir<Id>(&self, mut before: Life<'a>, link: &Link<'a, Id>) -> Life<'a> {
        if self.book.recorded(before.own) {
            before.remember();
        }
        let balance = [EventKind::Cancellation, EventKind::Repurchase].contains(&link.origin);
        let same = before.class == link.class && self.book.alike(before.own, link.source_id);
        if balance {
            before.reduced(link)
        } else if same {
            before.parted(link)
        } else {
            before.promised_anew(link)
        }
    }

    /// What a security vests in: whole shares, unless it is in fractions itself.
    fn unit(&self, source_id: &str, quantity: Quantity) -> u128 {
        let whole = quantity.has_granularity(0) && !self.book.fractional(source_id);
        if whole { Quantity::whole(1).0 } else { 1 }
    }

    /// The schedule of what was granted first.
    pub(super) fn schedule(&self, life: &Life<'_>) -> Result<Schedule, VestingError> {
        self.book.schedule(&life.descent(), life.granted, life.issued)
    }
}
