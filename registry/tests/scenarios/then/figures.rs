//! What the register, the cap table and the record say at the end of a date.

use counterfoil_registry::amount::Quantity;
use counterfoil_registry::captable::{Definition, VestingLine};
use counterfoil_registry::date::Date;
use counterfoil_registry::ocf::object::Kind;

use super::{Scene, Told, text};
use crate::company::{Paper, names};
use crate::pattern::Found;

impl Scene<'_> {
    pub(super) fn held(&self, holder: &str, class: &str) -> Result<Quantity, String> {
        let issuer = self.company.issuer;
        let known = self.company.register.stakeholder_named(issuer, holder);
        known.ok_or_else(|| format!("nobody is called {holder}"))?;
        let class = self.company.register.class_named(issuer, class).ok_or("no such class")?;
        let line = self.table.holders.iter().find(|line| line.source_id == holder);
        Ok(line.map_or(Quantity::ZERO, |line| line.of(class)))
    }

    pub(super) fn open(&self, found: &Found) -> Result<Paper<'_>, String> {
        let paper = self.company.paper(found.one("id"))?;
        if paper.open_at(self.date) { Ok(paper) } else { Err("it is not open".to_owned()) }
    }

    pub(super) fn related(&self, found: &Found, mut is: Vec<String>) -> Told {
        let mut wanted = found.all("others").to_vec();
        wanted.sort();
        is.sort();
        if is.is_empty() {
            is.push("nothing".to_owned());
        }
        text(&wanted.join(" and "), &is.join(" and "))
    }

    pub(super) fn before(&self, found: &Found) -> Result<Vec<String>, String> {
        let fold = &self.company.fold;
        let stock = |id| Some(fold.certificate(id)?.source_id.as_str());
        let other = |id| Some(fold.security(id)?.source_id.as_str());
        Ok(match self.company.paper(found.one("id"))? {
            Paper::Stock(facts) => {
                let stock = facts.preceded_by.iter().map(|id| stock(*id));
                names(stock.chain([facts.converted_from.and_then(other)]))
            }
            Paper::Other(facts) => names([facts.preceded_by.and_then(other)].into_iter()),
        })
    }

    pub(super) fn behind(&self, found: &Found) -> Result<Vec<String>, String> {
        let fold = &self.company.fold;
        let stock = |id| Some(fold.certificate(id)?.source_id.as_str());
        let other = |id| Some(fold.security(id)?.source_id.as_str());
        Ok(match self.company.paper(found.one("id"))? {
            Paper::Stock(facts) => names(facts.resulted_in.iter().map(|id| stock(*id))),
            Paper::Other(facts) => {
                let stock = facts.converted_into.iter().map(|id| stock(*id));
                names(stock.chain(facts.resulted_in.iter().map(|id| other(*id))))
            }
        })
    }

    /// The vesting of an open security.
    pub(super) fn line(&self, id: &str) -> Result<VestingLine, String> {
        let lines = self.company.fold.vesting(self.company.issuer, self.date);
        let mut lines = lines.map_err(|error| error.to_string())?.into_iter();
        lines.find(|line| line.security == id).ok_or_else(|| format!("no open {id} vests"))
    }

    /// What vests on one day.
    pub(super) fn vests(&self, found: &Found) -> Result<Quantity, String> {
        let day = Date::parse(found.one("day")).ok_or("a date is wanted")?;
        let schedule = self.line(found.one("id"))?.schedule.map_err(|error| error.to_string())?;
        let until = |date| schedule.vested_at(date);
        let before = until(Date::from_days(day.days() - 1));
        until(day).checked_sub(before).ok_or_else(|| "less vests than before".to_owned())
    }

    pub(super) fn counted(&self, found: &Found) -> Result<Quantity, String> {
        let definition = Definition::named(found.one("definition")).ok_or("no such definition")?;
        let total = match found.maybe("holder") {
            None => self.table.total(&definition),
            Some(holder) => {
                let line = self.table.holders.iter().find(|line| line.source_id == holder);
                line.map_or(Ok(Quantity::ZERO), |line| line.total(&definition))
            }
        };
        total.map_err(|error| error.to_string())
    }

    /// Whether a class or a plan is beyond what it authorizes, by a defect that was signed for.
    pub(super) fn beyond(&self, name: &str) -> Result<bool, String> {
        let (register, issuer) = (&self.company.register, self.company.issuer);
        if name == self.company.name {
            return register.issuer(issuer).map(|issuer| issuer.excess).ok_or("?".to_owned());
        }
        let class = register.class_named(issuer, name).and_then(|id| register.class(id));
        let plan = register.plan_named(issuer, name).and_then(|id| register.plan(id));
        let beyond = class.map(|class| class.excess).or(plan.map(|plan| plan.excess));
        beyond.ok_or_else(|| format!("nothing of the name {name} has a limit"))
    }

    /// Whether an object is among what was recorded until the date: by its id, or what was said last
    /// of a holder.
    pub(super) fn recorded(&self, found: &Found) -> Told {
        let id = found.one("id");
        let mut documents = self.company.fold.documents(self.company.issuer);
        let Some(what) = found.maybe("what") else {
            let there = documents.any(|(date, object)| date <= self.date && object.id() == id);
            return if there { Ok(()) } else { Err("it is not".to_owned()) };
        };
        let said = |field: &str| {
            let documents = self.company.fold.documents(self.company.issuer);
            let of = documents.filter(|(date, object)| {
                let change = [Kind::StakeholderRelationship, Kind::StakeholderStatus];
                *date <= self.date
                    && change.contains(&object.kind())
                    && object.text("stakeholder_id") == Some(id)
            });
            let texts = of.filter_map(|(_, object)| object.text(field).map(str::to_owned));
            texts.collect::<Vec<String>>()
        };
        let wanted = what.to_uppercase().replace('-', "_");
        let started = said("relationship_started").contains(&wanted);
        let ended = said("relationship_ended").contains(&wanted);
        let status = said("new_status").last() == Some(&wanted);
        if status || (started && !ended) { Ok(()) } else { Err("it is not".to_owned()) }
    }

    /// A figure of a class, a plan, a grant or the company.
    pub(super) fn figure(&self, name: &str, figure: &str) -> Result<Quantity, String> {
        let unknown = || format!("{name} has no figure of that name");
        if let Some(line) = self.table.classes.iter().find(|line| line.source_id == name) {
            return Ok(match figure {
                "authorized" => line.authorized.limit().ok_or("it has no limit")?,
                "issued" => line.issued,
                "outstanding" => line.outstanding,
                "in treasury" => line.treasury,
                "retired" => line.retired,
                "as converted" => line.as_converted,
                _ => return Err(unknown()),
            });
        }
        if let Some(line) = self.table.plans.iter().find(|line| line.source_id == name) {
            return Ok(match figure {
                "reserved" => line.pool.reserved,
                "granted" => line.pool.drawn,
                "returned" => line.pool.returned,
                "exercised" => line.pool.exercised,
                "available" => line.pool.available(),
                _ => return Err(unknown()),
            });
        }
        if name == self.company.name && figure == "authorized" {
            let issuer = self.company.fold.issuer(self.company.issuer).ok_or_else(unknown)?;
            return issuer.authorized.at(self.date).limit().ok_or("it has no limit".to_owned());
        }
        self.vesting_figure(name, figure)
    }

    pub(super) fn vesting_figure(&self, name: &str, figure: &str) -> Result<Quantity, String> {
        if let Some(line) = self.table.grants.iter().find(|line| line.source_id == name) {
            return Ok(match figure {
                "granted" => line.granted,
                "exercised" => line.exercised,
                "cancelled" => line.cancelled,
                "left" => line.outstanding,
                "vested" => line.vested,
                "exercisable" => line.exercisable,
                _ => return Err(format!("a grant has no figure {figure}")),
            });
        }
        let line = self.line(name)?;
        match figure {
            "granted" => Ok(line.granted),
            "left" => Ok(line.outstanding),
            "vested" => Ok(line.vested),
            "unvested" => Ok(line.unvested),
            _ => Err(format!("stock and warrants have no figure {figure}")),
        }
    }
}
