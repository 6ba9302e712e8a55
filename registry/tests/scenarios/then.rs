//! Sentences that say what holds at the end of a date.
//!
//! A clause that begins with a number goes on where the one before it had its number: `Ada holds 40
//! Common, 20 Preferred` holds both.

use counterfoil_registry::amount::{Money, Quantity};
use counterfoil_registry::captable::{CapTable, Definition};
use counterfoil_registry::date::Date;
use counterfoil_registry::ocf::object::Kind;

use crate::company::{Company, Paper, names};
use crate::pattern::{Found, fit, words};

/// What a sentence is judged by.
struct Scene<'a> {
    company: &'a Company,
    date: Date,
    table: CapTable,
}

/// What holds instead, where it is something else, or why it cannot be said.
type Told = Result<(), String>;

const CLAUSES: &[(&str, fn(&Scene<'_>, &Found) -> Told)] = &[
    ("{holder} holds {#wanted} {class}", |scene, found| {
        number(found, scene.held(found.one("holder"), found.one("class"))?)
    }),
    ("{holder} holds no {class}", |scene, found| {
        text("0", &scene.held(found.one("holder"), found.one("class"))?.to_string())
    }),
    ("{id} is for {#wanted} shares", |scene, found| {
        number(found, scene.open(found)?.left_at(scene.date).ok_or("its number is open")?)
    }),
    ("{id} is for an open number of shares", |scene, found| {
        let left = scene.open(found)?.left_at(scene.date);
        left.map_or(Ok(()), |left| Err(format!("it is for {left}")))
    }),
    ("{id} is for {#wanted} {currency}", |scene, found| {
        let lines = &scene.table.convertibles;
        let line = lines.iter().find(|line| line.source_id == found.one("id"));
        amount(found, line.ok_or("it is no open convertible")?.amount)
    }),
    ("{id} is priced at {#wanted} {currency}", |scene, found| {
        amount(found, scene.open(found)?.price_at(scene.date).ok_or("it has no price")?)
    }),
    ("{id} is {open}", |scene, found| {
        let paper = scene.company.paper(found.one("id"))?;
        let holds = match found.one("open") {
            "open" => paper.open_at(scene.date),
            "closed" => !paper.open_at(scene.date),
            "accepted" => paper.accepted_at(scene.date),
            other => return Err(format!("nothing is {other}")),
        };
        if holds { Ok(()) } else { Err("it is not".to_owned()) }
    }),
    ("{id} came from {others*}", |scene, found| scene.related(found, scene.before(found)?)),
    ("{id} became {others*}", |scene, found| scene.related(found, scene.behind(found)?)),
    ("{id} vests {#wanted} on {@day}", |scene, found| number(found, scene.vests(found)?)),
    ("{definition} counts {#wanted} [ for {holder} ]", |scene, found| {
        number(found, scene.counted(found)?)
    }),
    ("{name} is {where} its limit", |scene, found| {
        let beyond = scene.beyond(found.one("name"))?;
        match (found.one("where"), beyond) {
            ("beyond", true) | ("within", false) => Ok(()),
            (_, true) => Err("it is beyond".to_owned()),
            (_, false) => Err("it is within".to_owned()),
        }
    }),
    ("{class} is authorized without limit", |scene, found| {
        let lines = &scene.table.classes;
        let line = lines.iter().find(|line| line.source_id == found.one("class"));
        text("UNLIMITED", &line.ok_or("there is no such class")?.authorized.to_string())
    }),
    ("{id} is on record [ as {what} ]", |scene, found| scene.recorded(found)),
    ("{name} has {#wanted} {figure..}", |scene, found| {
        number(found, scene.figure(found.one("name"), &found.all("figure").join(" "))?)
    }),
];

/// Judges a sentence at the end of a date: every clause of it.
pub(crate) fn judge(company: &Company, date: Date, said: &str) -> Result<(), String> {
    let scene = Scene { company, date, table: company.table(date)? };
    let mut before: Vec<String> = Vec::new();
    let said = words(said);
    for clause in said.split(|word| word == ",") {
        let clause = clause.strip_prefix(&["and".to_owned()]).unwrap_or(clause);
        let number = |word: &String| word.starts_with(|c: char| c.is_ascii_digit());
        let mut whole = clause.to_vec();
        if clause.first().is_some_and(number) {
            let subject = before.iter().take_while(|word| !number(word)).cloned();
            whole = subject.chain(whole).collect();
        }
        let mut clauses = CLAUSES.iter();
        let found = clauses.find_map(|(pattern, judge)| Some((judge, fit(pattern, &whole)?)));
        let shown = whole.join(" ");
        let (judge, found) = found.ok_or_else(|| format!("nobody can say whether {shown}"))?;
        judge(&scene, &found).map_err(|why| format!("{shown}: {why}"))?;
        before = whole;
    }
    Ok(())
}

fn number(found: &Found, is: Quantity) -> Told {
    text(&crate::tell::number(found.one("wanted"))?, &is.to_string())
}

fn amount(found: &Found, is: Money) -> Told {
    let wanted = crate::tell::number(found.one("wanted"))?;
    text(&format!("{wanted} {}", found.one("currency")), &is.to_string())
}

fn text(wanted: &str, is: &str) -> Told {
    if wanted == is { Ok(()) } else { Err(format!("it is {is}")) }
}

impl Scene<'_> {
    fn held(&self, holder: &str, class: &str) -> Result<Quantity, String> {
        let issuer = self.company.issuer;
        let known = self.company.register.stakeholder_named(issuer, holder);
        known.ok_or_else(|| format!("nobody is called {holder}"))?;
        let class = self.company.register.class_named(issuer, class).ok_or("no such class")?;
        let line = self.table.holders.iter().find(|line| line.source_id == holder);
        Ok(line.map_or(Quantity::ZERO, |line| line.of(class)))
    }

    fn open(&self, found: &Found) -> Result<Paper<'_>, String> {
        let paper = self.company.paper(found.one("id"))?;
        if paper.open_at(self.date) { Ok(paper) } else { Err("it is not open".to_owned()) }
    }

    fn related(&self, found: &Found, mut is: Vec<String>) -> Told {
        let mut wanted = found.all("others").to_vec();
        wanted.sort();
        is.sort();
        if is.is_empty() {
            is.push("nothing".to_owned());
        }
        text(&wanted.join(" and "), &is.join(" and "))
    }

    fn before(&self, found: &Found) -> Result<Vec<String>, String> {
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

    fn behind(&self, found: &Found) -> Result<Vec<String>, String> {
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

    /// What vests on one day.
    fn vests(&self, found: &Found) -> Result<Quantity, String> {
        let day = Date::parse(found.one("day")).ok_or("a date is wanted")?;
        let lines = self.company.fold.vesting(self.company.issuer, self.date);
        let lines = lines.map_err(|error| error.to_string())?;
        let line = lines.into_iter().find(|line| line.security == found.one("id"));
        let schedule =
            line.ok_or("it does not vest")?.schedule.map_err(|error| error.to_string())?;
        let until = |date| schedule.vested_at(date);
        let before = until(Date::from_days(day.days() - 1));
        until(day).checked_sub(before).ok_or_else(|| "less vests than before".to_owned())
    }

    fn counted(&self, found: &Found) -> Result<Quantity, String> {
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
    fn beyond(&self, name: &str) -> Result<bool, String> {
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
    fn recorded(&self, found: &Found) -> Told {
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
    fn figure(&self, name: &str, figure: &str) -> Result<Quantity, String> {
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

    fn vesting_figure(&self, name: &str, figure: &str) -> Result<Quantity, String> {
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
        let lines = self.company.fold.vesting(self.company.issuer, self.date);
        let lines = lines.map_err(|error| error.to_string())?;
        let line = lines.into_iter().find(|line| line.security == name);
        let line = line.ok_or_else(|| format!("there is no open {name} that has figures"))?;
        match figure {
            "granted" => Ok(line.granted),
            "left" => Ok(line.outstanding),
            "vested" => Ok(line.vested),
            "unvested" => Ok(line.unvested),
            _ => Err(format!("stock and warrants have no figure {figure}")),
        }
    }
}
