//! Sentences that say what holds at the end of a date.
//!
//! A clause that begins with a number goes on where the one before it had its number: `Ada holds 40
//! Common, 20 Preferred` holds both.

use counterfoil_registry::amount::{Money, Quantity};
use counterfoil_registry::captable::CapTable;
use counterfoil_registry::date::Date;

use crate::company::Company;
use crate::pattern::{Found, fit, words};

mod figures;

/// What a sentence is judged by.
struct Scene<'a> {
    company: &'a Company,
    date: Date,
    table: CapTable,
}

/// What holds instead, where it is something else, or why it cannot be said.
type Told = Result<(), String>;

/// Judges a clause of one form.
type Judge = fn(&Scene<'_>, &Found) -> Told;

const CLAUSES: &[(&str, Judge)] = &[
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
    ("{id} has no schedule for {code}", |scene, found| {
        match scene.line(found.one("id"))?.schedule {
            Ok(_) => Err("it has one".to_owned()),
            Err(error) => text(found.one("code"), error.code()),
        }
    }),
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
    ("{#wanted} {currency} was paid", |scene, found| {
        amount(found, scene.company.paid.ok_or("nothing was paid")?)
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
