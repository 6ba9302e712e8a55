//! The cap table of one issuer at the end of one date.

use std::collections::BTreeMap;

use super::{Fold, FoldError};
use crate::amount::Quantity;
use crate::date::Date;
use crate::effect::{Authorized, ClassKind};
use crate::handle::{ClassId, Holder, IssuerId};

/// Who held what of an issuer at the end of a date.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CapTable {
    /// The issuer.
    pub issuer: IssuerId,
    /// Its id in the package that it came from; empty where there is none.
    pub source_id: String,
    /// The date.
    pub as_of: Date,
    /// The classes in the order of their registration.
    pub classes: Vec<ClassLine>,
    /// Those who held any, parties before stakeholders, in the order of their handles.
    pub holders: Vec<HolderLine>,
    /// Shares outstanding over all classes, each counted as one. Nothing that could become a share
    /// exists in the register yet.
    pub fully_diluted: Quantity,
}

/// A stock class and its totals.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClassLine {
    /// The class.
    pub class: ClassId,
    /// Its id in the package that it came from; empty where there is none.
    pub source_id: String,
    /// Its name.
    pub name: String,
    /// Common or preferred.
    pub kind: ClassKind,
    /// Shares authorized.
    pub authorized: Authorized,
    /// Shares issued until then.
    pub issued: Quantity,
    /// Shares that holders held.
    pub outstanding: Quantity,
    /// Shares that the issuer bought back and kept.
    pub treasury: Quantity,
    /// Shares cancelled until then.
    pub retired: Quantity,
}

/// What one holder held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HolderLine {
    /// The holder of record.
    pub holder: Holder,
    /// The id in the package of the stakeholder, or of the first one linked to the party; empty
    /// where there is none.
    pub source_id: String,
    /// By class, in the order of the classes; none is zero.
    pub holdings: Vec<Holding>,
}

/// What was held of one class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Holding {
    /// The class.
    pub class: ClassId,
    /// How many shares.
    pub quantity: Quantity,
}

impl HolderLine {
    /// What was held of a class.
    pub fn of(&self, class: ClassId) -> Quantity {
        let holding = self.holdings.iter().find(|holding| holding.class == class);
        holding.map_or(Quantity::ZERO, |holding| holding.quantity)
    }
}

impl Fold {
    /// The cap table of an issuer at the end of `as_of`; `Ok(None)` where no event enters the
    /// issuer. Sums beyond the representable range are [`FoldError::Overflow`].
    pub fn cap_table(&self, issuer: IssuerId, as_of: Date) -> Result<Option<CapTable>, FoldError> {
        let Some(facts) = self.issuer(issuer) else {
            return Ok(None);
        };
        let of_issuer = self.classes.iter().filter(|(_, class)| class.issuer == issuer);
        let classes: BTreeMap<ClassId, ClassLine> = of_issuer
            .map(|(id, class)| {
                let totals = class.totals_at(as_of).ok_or(FoldError::Overflow)?;
                let line = ClassLine {
                    class: *id,
                    source_id: class.source_id.clone(),
                    name: class.name.clone(),
                    kind: class.kind,
                    authorized: *class.authorized.at(as_of),
                    issued: totals.issued,
                    outstanding: totals.outstanding,
                    treasury: totals.treasury,
                    retired: totals.retired,
                };
                Ok((*id, line))
            })
            .collect::<Result<_, FoldError>>()?;
        let mut held: BTreeMap<Holder, BTreeMap<ClassId, Quantity>> = BTreeMap::new();
        let mut fully_diluted = Quantity::ZERO;
        for certificate in self.certificates.values() {
            let of_issuer = classes.contains_key(&certificate.class);
            if of_issuer && certificate.open_at(as_of) {
                let quantity = certificate.quantity_at(as_of);
                add(&mut fully_diluted, quantity)?;
                let holdings = held.entry(self.holder_at(certificate, as_of)).or_default();
                add(holdings.entry(certificate.class).or_default(), quantity)?;
            }
        }
        let holders = held.into_iter().map(|(holder, holdings)| HolderLine {
            holder,
            source_id: self.source_of(issuer, holder).to_owned(),
            holdings: holdings
                .into_iter()
                .map(|(class, quantity)| Holding { class, quantity })
                .collect(),
        });
        Ok(Some(CapTable {
            issuer,
            source_id: facts.source_id.clone(),
            as_of,
            holders: holders.collect(),
            classes: classes.into_values().collect(),
            fully_diluted,
        }))
    }

    fn source_of(&self, issuer: IssuerId, holder: Holder) -> &str {
        let of_issuer = self.stakeholders.iter().filter(|(_, line)| line.issuer == issuer);
        let mut lines = of_issuer.filter(|(id, line)| match holder {
            Holder::Stakeholder(stakeholder) => **id == stakeholder,
            Holder::Party(party) => line.linked.is_some_and(|(_, linked)| linked == party),
        });
        lines.next().map_or("", |(_, line)| &line.source_id)
    }
}

fn add(sum: &mut Quantity, quantity: Quantity) -> Result<(), FoldError> {
    *sum = sum.checked_add(quantity).ok_or(FoldError::Overflow)?;
    Ok(())
}
