//! From what events say to a cap table.

use std::collections::BTreeMap;

use super::super::conversion::{AsConverted, Convertible};
use super::super::{CertificateFacts, ClassFacts, Fold, FoldError, SecurityFacts};
use super::{
    CapTable, ClassLine, ConvertibleLine, Dilution, GrantLine, HolderLine, Holding, Note, PlanLine,
    WarrantLine, add,
};
use crate::amount::{DECIMALS, Money, Quantity};
use crate::captable::vesting::{Figures, Grants};
use crate::date::Date;
use crate::effect::Instrument;
use crate::handle::{ClassId, Holder, IssuerId, SecurityId};
use crate::ocf::object::{Kind, Object, Value};

impl Fold {
    /// The cap table of an issuer at the end of `as_of`; `Ok(None)` where no event enters the
    /// issuer. Sums beyond the representable range are [`FoldError::Overflow`].
    pub fn cap_table(&self, issuer: IssuerId, as_of: Date) -> Result<Option<CapTable>, FoldError> {
        let Some(facts) = self.issuer(issuer) else {
            return Ok(None);
        };
        let named = Named::of(self.documents(issuer).map(|(_, object)| object.as_ref()));
        let classes: Vec<(ClassId, &ClassFacts)> = self.classes(issuer).collect();
        let builder = Builder {
            fold: self,
            as_of,
            sources: self.sources(issuer),
            converted: as_converted(&classes, &named, as_of),
            grants: Grants::of(self, issuer),
            held: BTreeMap::new(),
            table: CapTable {
                issuer,
                source_id: facts.source_id.clone(),
                as_of,
                classes: Vec::new(),
                holders: Vec::new(),
                plans: Vec::new(),
                grants: Vec::new(),
                warrants: Vec::new(),
                convertibles: Vec::new(),
                notes: Vec::new(),
            },
        };
        builder.build(&classes, &named).map(Some)
    }

    /// The id in the package of each holder: that of the stakeholder, or of the first one linked to
    /// the party.
    pub(in crate::captable) fn sources(&self, issuer: IssuerId) -> BTreeMap<Holder, &str> {
        let mut sources = BTreeMap::new();
        for (id, line) in self.stakeholders(issuer) {
            sources.insert(Holder::Stakeholder(id), line.source_id.as_str());
            if let Some((_, party)) = line.linked {
                sources.entry(Holder::Party(party)).or_insert(line.source_id.as_str());
            }
        }
        sources
    }
}

/// What only the objects of the format say: votes of classes and names of plans, by their ids.
#[derive(Default)]
struct Named<'a> {
    votes: BTreeMap<&'a str, Quantity>,
    plans: BTreeMap<&'a str, &'a str>,
}

impl<'a> Named<'a> {
    fn of(objects: impl Iterator<Item = &'a Object>) -> Named<'a> {
        let mut named = Named::default();
        for object in objects {
            match object.kind() {
                Kind::StockClass => {
                    let votes = match object.value("votes_per_share") {
                        Some(Value::String(text)) => Quantity::parse(text),
                        Some(other) => other.as_u64().map(Quantity::whole),
                        None => None,
                    };
                    named.votes.insert(object.id(), votes.unwrap_or_default());
                }
                Kind::StockPlan => {
                    let name = object.text("plan_name").unwrap_or_default();
                    named.plans.insert(object.id(), name);
                }
                _ => {}
            }
        }
        named
    }
}

fn as_converted(classes: &[(ClassId, &ClassFacts)], named: &Named<'_>, as_of: Date) -> AsConverted {
    let convertible = |(class, facts): &(ClassId, &'_ ClassFacts)| Convertible {
        class: *class,
        source_id: facts.source_id.clone(),
        kind: facts.kind,
        votes: named.votes.get(facts.source_id.as_str()).copied().unwrap_or_default(),
        unit: 10u128.pow(u32::from(DECIMALS.saturating_sub(facts.decimals))),
        rights: facts.conversions.at(as_of).clone(),
    };
    AsConverted::of(&classes.iter().map(convertible).collect::<Vec<_>>())
}

struct Builder<'a> {
    fold: &'a Fold,
    as_of: Date,
    sources: BTreeMap<Holder, &'a str>,
    converted: AsConverted,
    grants: Grants<'a>,
    held: BTreeMap<Holder, Held>,
    table: CapTable,
}

/// What was found of one holder so far.
#[derive(Default)]
struct Held {
    stock: BTreeMap<ClassId, Quantity>,
    options: Quantity,
    warrants: Quantity,
    dilution: Dilution,
}

impl Builder<'_> {
    fn build(
        mut self,
        classes: &[(ClassId, &ClassFacts)],
        named: &Named<'_>,
    ) -> Result<CapTable, FoldError> {
        for (class, facts) in classes {
            let line = self.class_line(*class, facts)?;
            self.table.classes.push(line);
        }
        for (plan, facts) in self.fold.plans(self.table.issuer) {
            let name = named.plans.get(facts.source_id.as_str()).filter(|name| !name.is_empty());
            let name = name.copied().unwrap_or(&facts.source_id).to_owned();
            let pool = facts.pool_at(self.as_of).ok_or(FoldError::Overflow)?;
            let source_id = facts.source_id.clone();
            self.table.plans.push(PlanLine { plan, source_id, name, pool });
        }
        for (_, certificate) in self.fold.certificates() {
            self.stock(certificate)?;
        }
        for (id, security) in self.fold.securities(self.table.issuer) {
            if security.open_at(self.as_of) {
                self.security(id, security)?;
            }
        }
        self.holders()
    }

    fn class_line(&self, class: ClassId, facts: &ClassFacts) -> Result<ClassLine, FoldError> {
        let totals = facts.totals_at(self.as_of).ok_or(FoldError::Overflow)?;
        Ok(ClassLine {
            class,
            source_id: facts.source_id.clone(),
            name: facts.name.clone(),
            kind: facts.kind,
            authorized: *facts.authorized.at(self.as_of),
            issued: totals.issued,
            outstanding: totals.outstanding,
            treasury: totals.treasury,
            retired: totals.retired,
            as_converted: Quantity::ZERO,
        })
    }

    fn stock(&mut self, certificate: &CertificateFacts) -> Result<(), FoldError> {
        let of_issuer = self.fold.class(certificate.class).map(|class| class.issuer);
        if of_issuer == Some(self.table.issuer) && certificate.open_at(self.as_of) {
            let holder = self.fold.holder_at(certificate, self.as_of);
            let held = self.held.entry(holder).or_default();
            add(
                held.stock.entry(certificate.class).or_default(),
                certificate.quantity_at(self.as_of),
            )?;
        }
        Ok(())
    }

    fn security(&mut self, id: SecurityId, facts: &SecurityFacts) -> Result<(), FoldError> {
        let left = facts.quantity_at(self.as_of);
        if left.is_some_and(Quantity::is_zero) {
            return Ok(());
        }
        let holder = self.fold.holder_of(facts.account, facts.holder, self.as_of);
        let source_id = facts.source_id.clone();
        let holder_source_id = self.sources.get(&holder).copied().unwrap_or_default().to_owned();
        let price = *facts.price.at(self.as_of);
        match facts.instrument {
            Instrument::Convertible => {
                let amount = left.unwrap_or_default().0;
                let amount = Money { amount, currency: facts.currency.unwrap_or_default() };
                let line =
                    ConvertibleLine { security: id, source_id, holder, holder_source_id, amount };
                self.table.convertibles.push(line);
            }
            Instrument::Warrant => {
                let counted = self.counted(facts, left.unwrap_or_default())?;
                let held = self.held.entry(holder).or_default();
                add(&mut held.warrants, left.unwrap_or_default())?;
                add(&mut held.dilution.warrants, counted)?;
                let class = facts.class.and_then(|class| self.fold.class(class));
                self.table.warrants.push(WarrantLine {
                    security: id,
                    source_id,
                    holder,
                    holder_source_id,
                    class: facts.class,
                    class_source_id: class
                        .map_or_else(String::new, |class| class.source_id.clone()),
                    outstanding: left,
                    price,
                });
            }
            instrument => {
                let outstanding = left.unwrap_or_default();
                let figures = self.figures(id, facts)?;
                let exercisable = figures.exercisable(outstanding);
                self.option(holder, facts, outstanding, exercisable)?;
                self.table.grants.push(GrantLine {
                    security: id,
                    source_id,
                    holder,
                    holder_source_id,
                    instrument,
                    price,
                    granted: figures.granted,
                    exercised: figures.exercised,
                    cancelled: figures.cancelled,
                    outstanding,
                    vested: figures.vested,
                    exercisable,
                });
            }
        }
        Ok(())
    }

    /// The figures of a grant. One whose vesting cannot be told counts as unvested, with a note.
    fn figures(&mut self, id: SecurityId, facts: &SecurityFacts) -> Result<Figures, FoldError> {
        let life = self.grants.life(id);
        let schedule = self.grants.schedule(&life);
        let known = schedule.as_ref().ok();
        let figures = life.at(self.as_of, known)?.figures;
        if let Err(error) = schedule {
            let security = match facts.source_id.as_str() {
                "" => id.to_string(),
                source_id => source_id.to_owned(),
            };
            self.table.notes.push(Note { security, error });
        }
        Ok(figures)
    }

    fn option(
        &mut self,
        holder: Holder,
        facts: &SecurityFacts,
        outstanding: Quantity,
        exercisable: Quantity,
    ) -> Result<(), FoldError> {
        let vested = self.counted(facts, exercisable)?;
        let all = self.counted(facts, outstanding)?;
        let held = self.held.entry(holder).or_default();
        add(&mut held.options, outstanding)?;
        match facts.instrument {
            Instrument::Csar => Ok(()),
            Instrument::Rsu => add(&mut held.dilution.units, all),
            _ => {
                add(&mut held.dilution.vested_options, vested)?;
                let unvested = all.checked_sub(vested).unwrap_or_default();
                add(&mut held.dilution.unvested_options, unvested)
            }
        }
    }

    /// The common stock that so much of a security stands for.
    fn counted(&self, facts: &SecurityFacts, quantity: Quantity) -> Result<Quantity, FoldError> {
        match facts.class {
            Some(class) => self.converted.apply(class, quantity).ok_or(FoldError::Overflow),
            None => Ok(quantity),
        }
    }

    /// The lines of the holders, and of the classes what their stock converts into.
    fn holders(mut self) -> Result<CapTable, FoldError> {
        for (holder, held) in std::mem::take(&mut self.held) {
            let mut holdings = Vec::with_capacity(held.stock.len());
            for (class, quantity) in held.stock {
                let as_converted =
                    self.converted.apply(class, quantity).ok_or(FoldError::Overflow)?;
                let line = self.table.classes.iter_mut().find(|line| line.class == class);
                add(&mut line.ok_or(FoldError::Unknown)?.as_converted, as_converted)?;
                holdings.push(Holding { class, quantity, as_converted });
            }
            self.table.holders.push(HolderLine {
                holder,
                source_id: self.sources.get(&holder).copied().unwrap_or_default().to_owned(),
                holdings,
                options: held.options,
                warrants: held.warrants,
                dilution: held.dilution,
            });
        }
        Ok(self.table)
    }
}
