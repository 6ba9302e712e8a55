//! Vesting in the register: what has vested of each security, and when the rest will.
//!
//! A grant has a life beyond one security id: the balance of a cancellation is the same promise
//! under another id, so its figures are those of the first grant. Cancellations take what was not
//! vested first; what had vested stays so, and nothing of what was cancelled vests later. A split
//! multiplies all figures.

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
    /// What was granted, in shares of the date.
    pub granted: Quantity,
    /// What is left of it.
    pub outstanding: Quantity,
    /// What had vested of what was granted.
    pub vested: Quantity,
    /// What is left and has not vested.
    pub unvested: Quantity,
    /// The schedule of what was granted first, as far as it is known; or why there is none.
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
            let figures = life.at(as_of, schedule.as_ref().ok())?;
            let own = life.descent.last().copied().unwrap_or_default();
            let exercisable = figures.exercisable(outstanding);
            Ok(VestingLine {
                security,
                number: number.to_owned(),
                holder,
                holder_source_id: sources.get(&holder).copied().unwrap_or_default().to_owned(),
                kind,
                terms: grants.book.terms_name(own).unwrap_or_default().to_owned(),
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
}

impl<'a> Grants<'a> {
    pub(super) fn of(fold: &'a Fold, issuer: IssuerId) -> Grants<'a> {
        let objects = fold.documents(issuer).map(|(_, object)| object.as_ref());
        Grants { fold, book: Book::of(objects) }
    }

    /// The life of a grant or warrant.
    pub(super) fn life(&self, id: SecurityId) -> Life<'a> {
        let fold = self.fold;
        let before = |facts: &&'a SecurityFacts| fold.security(facts.preceded_by?);
        let link = |facts: &'a SecurityFacts| Link {
            source_id: &facts.source_id,
            opened: facts.opened,
            origin: facts.origin,
            quantity: facts.quantity.unwrap_or_default(),
            changes: facts.changes.clone(),
        };
        self.life_of(std::iter::successors(fold.security(id), before).map(link).collect())
    }

    /// The life of a certificate. It is the same promise as long as each came from one other.
    fn life_of_stock(&self, id: CertificateId) -> Life<'a> {
        let fold = self.fold;
        let before = |facts: &&'a CertificateFacts| match facts.preceded_by.as_slice() {
            [only] => fold.certificate(*only),
            _ => None,
        };
        let split = |(date, after): &(Date, Quantity)| (*date, EventKind::Split, *after);
        let link = |facts: &'a CertificateFacts| Link {
            source_id: &facts.source_id,
            opened: facts.opened,
            origin: facts.origin,
            quantity: facts.quantity,
            changes: facts.scaled.iter().map(split).collect(),
        };
        self.life_of(std::iter::successors(fold.certificate(id), before).map(link).collect())
    }

    /// The life of the first of these securities, of which each came from the next one. It begins
    /// with the last issuance or transfer, or where vesting was started anew.
    fn life_of(&self, mut links: Vec<Link<'a>>) -> Life<'a> {
        let balance = [EventKind::Cancellation, EventKind::Repurchase];
        let begins =
            |link: &Link<'_>| self.book.started(link.source_id) || !balance.contains(&link.origin);
        let own = links.iter().position(begins).map_or(links.len(), |last| last + 1);
        links.reverse();
        let descent = links.iter().map(|link| link.source_id).collect();
        Life::of(descent, links.get(links.len() - own..).unwrap_or_default())
    }

    /// The schedule of what was granted first.
    pub(super) fn schedule(&self, life: &Life<'_>) -> Result<Schedule, VestingError> {
        self.book.schedule(&life.descent, life.granted, life.issued)
    }
}
