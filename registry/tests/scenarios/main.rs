//! Scenarios of company law, told in `fixtures/scenarios` in the words of the trade.
//!
//! A file begins with a company; each of its scenarios begins there anew. A sentence is a line, and
//! goes on in lines that are indented further. Three kinds of sentences:
//!
//! * `2020-02-01  Ada transfers 60 of CS-1 to Bob as CS-2, the balance is CS-3` tells what happens
//!   on that day (without a date: what bears none). It becomes objects of the Open Cap Format, which
//!   are entered into the register; every form of sentence stands in [`tell`].
//! * `2020-03-01  Ada transfers 60 of CS-1 to Bob as CS-4: refused, SECURITY_ENDED` tells what must
//!   be refused, by which rule, and that it changed nothing.
//! * `then  Ada holds 40 Common, CS-1 is closed` says what holds at the end of the day that was told
//!   last, and `then on 2021-12-31  ...` at the end of another one; see [`then`].
//!
//! The laws of the register hold after every line. At its end a scenario is read once more as a
//! package, strictly, and imported; see [`package`] (those apart that sign for a defect, keep shares
//! in treasury or play in an open register, of which a package does not say all). Together the
//! scenarios tell of every kind of object and of every rule by which an entry can be refused.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use counterfoil_registry::date::Date;
use counterfoil_registry::ocf::object::Kind;
use counterfoil_registry::rule::Rule;

use company::Company;
use file::{File, Line, Scenario};

mod company;
mod file;
mod package;
mod pattern;
mod tell;
mod then;

/// A test for each file.
macro_rules! files {
    ($($name:ident = $file:literal;)+) => {
        const FILES: &[&str] = &[$($file),+];
        $(#[test] fn $name() { play($file); })+
    };
}

files! {
    charter = "charter";
    conversions = "conversions";
    convertibles = "convertibles";
    defects = "defects";
    dilution = "dilution";
    grants = "grants";
    live_splits = "live-splits";
    one_class = "one-class";
    pools = "pools";
    records = "records";
    shares = "shares";
    splits = "splits";
    vesting = "vesting";
    warrants = "warrants";
}

/// The rules that no entry of an item can break, and what can.
const ELSEWHERE: &[(Rule, &str)] = &[
    (Rule::PartyUnknown, "parties are named by the commands that register an issuer or link one"),
    (Rule::AccountUnknown, "items name holders; the legs of a settlement name accounts"),
    (Rule::CertificateMismatch, "an entry takes class and account from the certificate itself"),
    (Rule::RegisterStatus, "a register is activated by a command of its own"),
    (Rule::SharesInsufficient, "an item names certificates; a settlement names a number of shares"),
    (Rule::StakeholderLinked, "holders are linked to parties by a command of its own"),
    (Rule::RegisterFull, "it would take four billion certificates"),
];

/// What a scenario told of.
#[derive(Default)]
struct Told {
    kinds: BTreeSet<Kind>,
    rules: BTreeSet<Rule>,
}

/// Plays all scenarios of a file, and fails with every sentence that does not hold.
fn play(name: &str) -> Told {
    let file = file::read(name).unwrap_or_else(|error| panic!("{error}"));
    let mut told = Told::default();
    let scenarios = file.scenarios.iter();
    let failures: Vec<String> =
        scenarios.filter_map(|scenario| scene(&file, scenario, &mut told).err()).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    told
}

/// Plays one scenario up to the first sentence that does not hold.
fn scene(file: &File, scenario: &Scenario, told: &mut Told) -> Result<(), String> {
    let wrong = |number: usize, what: &str, why: String| {
        format!("{}:{number}: {what}\n    {why}\n    in: {}", file.name, scenario.title)
    };
    let (mut company, mut today) = (None, Date::MIN);
    for line in file.company.iter().chain(&scenario.lines) {
        sentence(&mut company, &mut today, line, told)
            .map_err(|why| wrong(line.number, &line.text, why))?;
    }
    let company = company.ok_or_else(|| wrong(scenario.number, "", "no company".to_owned()))?;
    if company.told {
        package::same(&company, today).map_err(|why| wrong(scenario.number, "at its end", why))?;
        told.kinds.extend(company.entered.iter().map(|object| object.kind()));
    }
    Ok(())
}

fn sentence(
    company: &mut Option<Company>,
    today: &mut Date,
    line: &Line,
    told: &mut Told,
) -> Result<(), String> {
    let Some(said) = line.text.strip_prefix("then ") else {
        told.rules.extend(tell::tell(company, &line.text)?);
        let date = line.text.split_whitespace().next().and_then(Date::parse);
        *today = date.unwrap_or(*today);
        return Ok(());
    };
    let company = company.as_ref().ok_or("there is no company yet")?;
    let mut words = said.split_whitespace();
    let date = words.next().filter(|word| *word == "on").and_then(|_| words.next());
    let date = date.map(|date| Date::parse(date).ok_or("a date is wanted")).transpose()?;
    let said = if date.is_some() { words.collect::<Vec<_>>().join(" ") } else { said.to_owned() };
    then::judge(company, date.unwrap_or(*today), &said)
}

#[test]
fn every_file_is_played() {
    let files = std::fs::read_dir(file::folder()).unwrap();
    let mut there: Vec<String> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    there.sort();
    let mut named: Vec<String> = FILES.iter().map(|name| format!("{name}.scenario")).collect();
    named.sort();
    assert_eq!(there, named);
}

#[test]
fn together_they_tell_of_every_kind_and_of_every_rule() {
    let (mut kinds, mut rules) = (BTreeSet::new(), BTreeSet::new());
    for name in FILES {
        let told = play(name);
        kinds.extend(told.kinds);
        rules.extend(told.rules);
    }
    let untold: Vec<&Kind> = Kind::ALL.iter().filter(|kind| !kinds.contains(kind)).collect();
    assert!(untold.is_empty(), "no scenario tells of {untold:?}");
    let elsewhere: BTreeSet<Rule> = ELSEWHERE.iter().map(|(rule, _)| *rule).collect();
    let unbroken = Rule::ALL.iter().copied().filter(|rule| !rules.contains(rule));
    assert_eq!(unbroken.collect::<BTreeSet<Rule>>(), elsewhere, "what no scenario breaks");
}
