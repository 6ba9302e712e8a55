//! Sentences that tell what happens, and the objects of the format that say the same.
//!
//! Behind the sentence itself may stand, in this order: what is written otherwise on a resulting
//! security (`, but CS-2 is written for 99`; or `in` another class, `to` another holder, `on` another
//! date, `as` another number), rules that it breaks as defects that are signed for (`, signed for as
//! POOL_EXCEEDED`), and the rule by which it is refused (`: refused, SECURITY_ENDED`).

use counterfoil_registry::amount::Quantity;
use counterfoil_registry::date::Date;
use counterfoil_registry::draft::EntryError;
use counterfoil_registry::effect::{Authorized, Effect};
use counterfoil_registry::event::EventKind;
use counterfoil_registry::ocf::object::{Kind, Object};
use counterfoil_registry::rule::Rule;
use serde_json::{Value, json};

use crate::company::Company;
use crate::pattern::{Found, fit, words};

mod changed;
mod founding;
mod issued;
mod results;
mod vesting;

/// What a sentence is told about.
pub(crate) struct Scene<'a> {
    company: &'a Company,
    date: Date,
}

/// Makes the objects of a sentence: the first one, and what it opens.
type Tell = fn(&Scene<'_>, &Found) -> Told;
type Told = Result<Vec<Value>, String>;
/// Sentences of one form.
type Sentence = (&'static str, Tell);

const SENTENCES: [&[Sentence]; 4] =
    [founding::SENTENCES, issued::SENTENCES, changed::SENTENCES, vesting::SENTENCES];

/// Carries out a sentence. The rule by which it was refused, as it was told to be.
pub(crate) fn tell(company: &mut Option<Company>, text: &str) -> Result<Option<Rule>, String> {
    let mut sentence = words(text);
    let dated = sentence.first().and_then(|word| Date::parse(word));
    sentence.drain(..usize::from(dated.is_some()));
    let refused = behind(&mut sentence, &[":", "refused", ","]).map(|words| rule(&words));
    let signed = behind(&mut sentence, &[",", "signed", "for", "as"]).unwrap_or_default();
    let signed = signed.split(|word| word == "and").filter(|words| !words.is_empty());
    let (refused, signed) =
        (refused.transpose()?, signed.map(rule).collect::<Result<Vec<_>, _>>()?);
    let otherwise = behind(&mut sentence, &[",", "but"]);
    let other = fit("in the register of {other} , {sentence..}", &sentence);
    let sentence = other.as_ref().map_or(sentence, |found| found.all("sentence").to_vec());

    if company.is_none() {
        *company = Some(founding::formed(&sentence)?);
    }
    let company = company.as_mut().expect("it was formed above");
    if kept(company, dated, &sentence)? {
        return Ok(None);
    }
    let date = dated.unwrap_or_default();
    let mut objects = objects(&Scene { company, date }, &sentence)?;
    if let Some(otherwise) = otherwise {
        otherwise.split(|word| word == "and").try_for_each(|said| write(&mut objects, said))?;
    }
    let objects = objects.into_iter().map(object).collect();
    match (company.enter(objects, &signed, other.is_some()), refused) {
        (Ok(()), None) => Ok(None),
        (Err(EntryError::Rule(rule)), Some(wanted)) if rule == wanted => Ok(Some(rule)),
        (Err(EntryError::Rule(rule)), None) => Err(format!("it is refused: {}", rule.code())),
        (Err(EntryError::Rule(rule)), Some(_)) => {
            Err(format!("it is refused for another reason: {}", rule.code()))
        }
        (Err(EntryError::Item(error)), _) => Err(format!("it makes no item: {error}")),
        (Ok(()), Some(_)) => Err("it is not refused".to_owned()),
    }
}

/// Takes what stands behind these words off the sentence, and them too.
fn behind(sentence: &mut Vec<String>, mark: &[&str]) -> Option<Vec<String>> {
    let at = sentence.windows(mark.len()).position(|words| words == mark)?;
    let behind = sentence.split_off(at);
    Some(behind[mark.len()..].to_vec())
}

fn rule(words: &[String]) -> Result<Rule, String> {
    let [code] = words else { return Err("one code is wanted".to_owned()) };
    Rule::parse(code).ok_or_else(|| format!("there is no rule {code}"))
}

fn objects(scene: &Scene<'_>, sentence: &[String]) -> Told {
    let mut told = SENTENCES.iter().copied().flatten();
    let found = told.find_map(|(pattern, tell)| Some((tell, fit(pattern, sentence)?)));
    let (tell, found) = found.ok_or("no sentence of the language has this form")?;
    tell(scene, &found)
}

/// What a charter says of which the format has no object: how finely shares are divided, and whether
/// those that are bought back are kept.
fn kept(company: &mut Company, date: Option<Date>, sentence: &[String]) -> Result<bool, String> {
    if let Some(found) = fit("{class} is divided down to {#unit} of a share", sentence) {
        company.divide(found.one("class"), found.one("unit"));
        return Ok(true);
    }
    let Some(found) = fit("{class} keeps in treasury what is bought back", sentence) else {
        return Ok(false);
    };
    let class = company.register.class_named(company.issuer, found.one("class"));
    let class = class.ok_or("there is no such class")?;
    let effect = Effect::RepurchasePolicy { class, treasury: true };
    let date = date.ok_or("a date is wanted in front")?;
    company
        .happens(EventKind::Authorization, date, effect)
        .map_err(|rule| rule.code().to_owned())?;
    Ok(true)
}

/// Writes something else on a resulting security than what follows from the sentence.
fn write(objects: &mut [Value], said: &[String]) -> Result<(), String> {
    let found = fit("{id} is written {where} {what}", said);
    let found = found.ok_or("what is written otherwise is not understood")?;
    let paper = objects
        .iter_mut()
        .find(|object| object["security_id"] == found.one("id") && object["custom_id"].is_string());
    let paper = paper.ok_or("nothing of that id is issued here")?;
    let convertible = paper["object_type"] == "TX_CONVERTIBLE_ISSUANCE";
    let what = found.one("what");
    match (found.one("where"), convertible) {
        ("for", true) => paper["investment_amount"]["amount"] = number(what)?.into(),
        ("for", false) => paper["quantity"] = number(what)?.into(),
        ("in", true) => paper["investment_amount"]["currency"] = what.into(),
        ("in", false) => paper["stock_class_id"] = what.into(),
        ("to", _) => paper["stakeholder_id"] = what.into(),
        ("on", _) => paper["date"] = what.into(),
        ("as", _) => paper["custom_id"] = what.into(),
        (other, _) => return Err(format!("what is written {other} something?")),
    }
    Ok(())
}

/// An object out of its JSON.
fn object(value: Value) -> Object {
    let Value::Object(mut fields) = value else { unreachable!("objects are written here") };
    let mut text = |field: &str| match fields.remove(field) {
        Some(Value::String(text)) => text,
        other => panic!("{field} is a text: {other:?}"),
    };
    let (kind, id) = (text("object_type"), text("id"));
    let fields = serde_json::from_value(fields.into()).expect("fields are JSON");
    Object::new(Kind::parse(&kind).expect("a kind of the format"), id, fields)
}

/// A number as normal form spells it: `1,000.50` is `1000.5`.
pub(crate) fn number(text: &str) -> Result<String, String> {
    let digits = text.replace(',', "");
    let short = match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.'),
        false => &digits,
    };
    let number = Quantity::parse(short);
    number.map(|number| number.to_string()).ok_or_else(|| format!("{text} is no number"))
}

fn money(amount: &str, currency: &str) -> Result<Value, String> {
    Ok(json!({ "amount": number(amount)?, "currency": currency }))
}

/// Adds fields to an object.
fn with(mut object: Value, fields: Value) -> Value {
    if let (Value::Object(object), Value::Object(fields)) = (&mut object, fields) {
        object.extend(fields);
    }
    object
}

/// `stock-settled rights` of the trade are `STOCK_SETTLED_RIGHTS` of the format.
fn constant(word: &str) -> String {
    word.to_uppercase().replace('-', "_")
}

fn authorized(shares: Option<&str>, unlimited: bool) -> Result<Authorized, String> {
    let text = match (shares, unlimited) {
        (Some(shares), _) => number(shares)?,
        (None, true) => "UNLIMITED".to_owned(),
        (None, false) => "NOT APPLICABLE".to_owned(),
    };
    Authorized::parse(&text).ok_or_else(|| format!("{text} is no number of shares"))
}

impl Scene<'_> {
    /// An object that bears no date.
    fn thing(&self, object_type: &str, id: &str, fields: Value) -> Value {
        with(json!({ "object_type": object_type, "id": id }), fields)
    }

    /// A transaction.
    fn act(&self, object_type: &str, fields: Value) -> Value {
        let id = format!("tx-{}", self.company.next());
        with(json!({ "object_type": object_type, "id": id, "date": self.date.to_string() }), fields)
    }

    /// A transaction of one security.
    fn of(&self, object_type: &str, id: &str, fields: Value) -> Value {
        self.act(object_type, with(json!({ "security_id": id }), fields))
    }
}
