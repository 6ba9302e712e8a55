//! A company's life told in items: the laws of all histories, their positions at every date, and what
//! an export says of them. What each transaction does and by which rules it is refused is told in
//! `fixtures/scenarios`.
//!
//! After every item the register's laws hold, the fold of the events agrees with the register, and
//! both events and register read back from their bytes.

use serde_json::{Value, json};

use super::*;
use crate::amount::Quantity;
use crate::captable::Fold;
use crate::codec::Reader;
use crate::effect::Authorized;
use crate::event::EventKind;
use crate::handle::{AccountId, ClassId};
use crate::ocf::object::Fields;
use crate::register::Party;

mod days;
mod labels;
mod laws;
mod positions;

/// A draft register, and what was entered.
struct Company {
    register: Register,
    entry: Entry,
    fold: Fold,
    record: u64,
}

const COMMON: ClassId = ClassId(0);

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

/// An object out of its JSON.
fn object(value: Value) -> Object {
    let mut fields: Fields = serde_json::from_value(value).unwrap();
    let kind = Kind::parse(fields.remove("object_type").unwrap().as_str().unwrap()).unwrap();
    let id = fields.remove("id").unwrap().as_str().unwrap().to_owned();
    Object::new(kind, id, fields)
}

/// The issuance of a certificate that is the second object of an event, or stands alone.
fn stock(id: &str, holder: &str, shares: &str, date: &str) -> Value {
    json!({
        "object_type": "TX_STOCK_ISSUANCE", "id": format!("tx-{id}"), "date": date,
        "security_id": id, "custom_id": format!("CS-{id}"), "stakeholder_id": holder,
        "stock_class_id": "common", "quantity": shares,
        "share_price": { "amount": "0.5", "currency": "USD" },
    })
}

fn grant(id: &str, holder: &str, units: &str, date: &str) -> Value {
    json!({
        "object_type": "TX_EQUITY_COMPENSATION_ISSUANCE", "id": format!("tx-{id}"), "date": date,
        "security_id": id, "custom_id": format!("ES-{id}"), "stakeholder_id": holder,
        "stock_plan_id": "plan", "stock_class_id": "common", "compensation_type": "OPTION_NSO",
        "quantity": units, "exercise_price": { "amount": "1", "currency": "USD" },
    })
}

fn note(id: &str, holder: &str, amount: &str, date: &str) -> Value {
    json!({
        "object_type": "TX_CONVERTIBLE_ISSUANCE", "id": format!("tx-{id}"), "date": date,
        "security_id": id, "custom_id": format!("CN-{id}"), "stakeholder_id": holder,
        "convertible_type": "SAFE", "investment_amount": { "amount": amount, "currency": "USD" },
    })
}

fn warrant(id: &str, holder: &str, shares: Option<&str>, date: &str) -> Value {
    let mut value = json!({
        "object_type": "TX_WARRANT_ISSUANCE", "id": format!("tx-{id}"), "date": date,
        "security_id": id, "custom_id": format!("W-{id}"), "stakeholder_id": holder,
        "exercise_price": { "amount": "2", "currency": "USD" },
    });
    if let Some(shares) = shares {
        value["quantity"] = shares.into();
    }
    value
}

/// Changes some fields of an object.
fn with(mut value: Value, fields: Value) -> Value {
    for (name, field) in fields.as_object().unwrap() {
        value[name] = field.clone();
    }
    value
}

/// A transaction of one security.
fn tx(kind: &str, security: &str, date: &str, fields: Value) -> Value {
    let id = format!("{kind}-{security}-{date}");
    let own = json!({ "object_type": kind, "id": id, "date": date, "security_id": security });
    with(own, fields)
}

/// Transactions of a class, a plan or an issuer.
fn act(kind: &str, date: &str, fields: Value) -> Value {
    with(json!({ "object_type": kind, "id": format!("{kind}-{date}"), "date": date }), fields)
}

impl Company {
    /// Formed on 2019-01-01 with 10,000 authorized shares: 8,000 common, 2,000 preferred that
    /// convert into common one for one; a plan over 1,000 common shares to which what is cancelled
    /// returns, and another one to which it does not.
    fn new() -> Company {
        Company::with(true)
    }

    fn with(draft: bool) -> Company {
        let mut company = Company::bare(draft);
        company.found();
        company
    }

    /// An issuer and nothing else.
    fn bare(draft: bool) -> Company {
        let mut register = Register::new(7);
        let party = register.add_party(Party { legal: true, details: [0; 32] });
        let issuer = register.next_issuer();
        let registered = Event {
            kind: EventKind::Registration,
            date: day("2019-01-01"),
            consideration: None,
            effects: vec![Effect::IssuerRegistered {
                issuer,
                party,
                registrar: party,
                draft,
                formed: day("2019-01-01"),
                authorized: Authorized::Shares(Quantity::whole(10_000)),
                source_id: "acme".into(),
            }],
        };
        register.check(&registered).unwrap();
        register.apply(&registered);
        let fold = Fold::of([&registered]).unwrap();
        let entry = Entry { issuer, today: day("2019-01-01"), ..Entry::default() };
        Company { register, entry, fold, record: 0 }
    }

    fn found(&mut self) {
        let class = |id: &str, kind: &str, shares: &str, rights: Value| {
            json!({
                "object_type": "STOCK_CLASS", "id": id, "name": id, "class_type": kind,
                "initial_shares_authorized": shares, "conversion_rights": rights,
            })
        };
        let right = json!([{
            "type": "STOCK_CLASS_CONVERSION_RIGHT", "converts_to_stock_class_id": "common",
            "conversion_mechanism": {
                "type": "RATIO_CONVERSION", "rounding_type": "FLOOR",
                "ratio": { "numerator": "1", "denominator": "1" },
            },
        }]);
        self.tell([class("common", "COMMON", "8000", json!([]))]).unwrap();
        self.tell([class("preferred", "PREFERRED", "2000", right)]).unwrap();
        for (id, behavior) in [("plan", "RETURN_TO_POOL"), ("old plan", "RETIRE")] {
            let plan = json!({
                "object_type": "STOCK_PLAN", "id": id, "plan_name": id,
                "initial_shares_reserved": "1000", "stock_class_ids": ["common"],
                "default_cancellation_behavior": behavior,
            });
            self.tell([plan]).unwrap();
        }
        for id in ["ada", "bob", "eve"] {
            let name = json!({ "legal_name": id });
            let person = json!({ "object_type": "STAKEHOLDER", "id": id, "name": name });
            self.tell([person]).unwrap();
        }
    }

    fn tell<const N: usize>(&mut self, objects: [Value; N]) -> Result<Event, Rule> {
        self.tell_all(objects.to_vec())
    }

    fn tell_all(&mut self, objects: Vec<Value>) -> Result<Event, Rule> {
        let objects: Vec<Object> = objects.into_iter().map(object).collect();
        let item = ImportItem { objects, waived: Vec::new() };
        let before = self.bytes();
        self.record += 1;
        let place = Place { record: self.record, opened: 0 };
        let entered = self.entry.enter(&mut self.register, place, &item);
        let event = match entered {
            Ok(event) => event,
            Err(EntryError::Rule(rule)) => {
                assert_eq!(self.bytes(), before, "a refused item changes nothing");
                return Err(rule);
            }
            Err(EntryError::Item(error)) => panic!("{error}"),
        };
        self.fold.add(&event).unwrap();
        let mut bytes = Vec::new();
        event.encode(&mut bytes);
        let read = crate::event::decode_events(&bytes).unwrap();
        assert_eq!(read, std::slice::from_ref(&event));
        self.judge();
        Ok(event)
    }

    fn account(&self, id: &str) -> AccountId {
        self.register.account_named(self.entry.issuer, id).unwrap()
    }

    /// Moves common shares as a settlement does, on 2020-02-01.
    fn sell(&mut self, from: &str, to: &str, shares: u64) {
        let transfer = crate::register::Transfer {
            class: COMMON,
            from: self.account(from),
            to: Some(self.account(to)),
            quantity: Quantity::whole(shares),
            certificates: &[],
        };
        self.record += 1;
        let place = Place { record: self.record, opened: 0 };
        let mut sale = Event::default();
        self.register.plan_movement(&mut sale, place, day("2020-02-01"), &transfer).unwrap();
        self.register.check(&sale).unwrap();
        self.register.apply(&sale);
        self.fold.add(&sale).unwrap();
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.register.encode(&mut bytes);
        bytes
    }

    /// The laws of the register, and that the fold says the same.
    fn judge(&self) {
        assert_eq!(self.register.audit(), Vec::<String>::new());
        let bytes = self.bytes();
        let mut read = Vec::new();
        Register::decode(&mut Reader::new(&bytes), 3).unwrap().encode(&mut read);
        assert_eq!(read, bytes, "a snapshot is read as it was written");
        for (id, class) in self.register.classes() {
            let facts = self.fold.class(id).unwrap();
            let totals = facts.totals_at(Date::MAX).unwrap();
            assert_eq!(totals.issued, class.issued);
            assert_eq!(totals.outstanding, class.outstanding);
            assert_eq!(totals.treasury, class.treasury);
            assert_eq!(totals.retired, class.retired);
            assert_eq!(*facts.authorized.last(), class.authorized);
            assert_eq!(*facts.conversions.last(), class.conversions);
            let open = self.fold.certificates().filter(|(_, c)| c.class == id);
            let open = open.filter(|(_, certificate)| certificate.open_at(Date::MAX));
            let held = open.map(|(_, certificate)| certificate.quantity_at(Date::MAX).0);
            assert_eq!(held.sum::<u128>(), class.outstanding.0);
        }
        for (id, plan) in self.register.plans() {
            assert_eq!(self.fold.plan(id).unwrap().pool_at(Date::MAX), Some(plan.pool));
        }
        for (id, security) in self.register.securities() {
            let facts = self.fold.security(id).unwrap();
            assert_eq!(facts.open_at(Date::MAX), !security.ended);
            assert_eq!(facts.quantity_at(Date::MAX), security.quantity);
            assert_eq!(*facts.price.at(Date::MAX), security.price);
        }
    }
}

#[test]
fn names_of_people_do_not_enter_the_register() {
    let company = Company::new();
    let documents: Vec<String> =
        company.fold.documents(company.entry.issuer).map(|(_, object)| object.to_json()).collect();
    assert!(documents.iter().any(|text| text.contains("\"id\":\"ada\"")));
    assert!(documents.iter().all(|text| !text.contains("legal_name")), "{documents:?}");
}

#[test]
fn what_was_entered_is_exported_as_it_was_told() {
    let mut company = Company::new();
    company.tell([stock("1", "ada", "100", "2020-01-01")]).unwrap();
    let sale = tx(
        "TX_STOCK_TRANSFER",
        "1",
        "2020-03-01",
        json!({ "quantity": "100", "resulting_security_ids": ["2"] }),
    );
    company.tell([sale, stock("2", "bob", "100", "2020-03-01")]).unwrap();
    let kinds = |date: &str| {
        let objects = company.fold.export(company.entry.issuer, day(date)).objects;
        let kinds: Vec<String> =
            objects.iter().map(|o| format!("{} {}", o.kind(), o.id())).collect();
        kinds.join(", ")
    };
    assert!(kinds("2020-03-01").ends_with(
        "TX_STOCK_ISSUANCE tx-1, TX_STOCK_TRANSFER TX_STOCK_TRANSFER-1-2020-03-01, \
         TX_STOCK_ISSUANCE tx-2"
    ));
    assert!(kinds("2020-02-29").ends_with("TX_STOCK_ISSUANCE tx-1"));
    assert!(kinds("2019-06-01").ends_with("STAKEHOLDER eve"));
}

/// Commands that are no transactions of the format are told in its words all the same.
#[test]
fn a_live_sale_is_exported_as_the_transactions_of_the_format() {
    let mut company = Company::with(false);
    company.tell([stock("1", "ada", "10", "2020-01-01")]).unwrap();
    company.tell([stock("2", "ada", "20", "2020-01-01")]).unwrap();
    company.sell("ada", "bob", 25);
    company.judge();
    let exported = company.fold.export(company.entry.issuer, Date::MAX);
    assert_eq!(exported.findings, []);
    // The export is entered into an empty register and says the same.
    let mut again = Company::bare(true);
    let mut items: Vec<Vec<Object>> = Vec::new();
    for object in exported.objects {
        match object.kind() {
            Kind::Issuer => continue,
            Kind::StockTransfer | Kind::StockConsolidation => items.push(vec![object]),
            Kind::StockIssuance => {
                let id = object.text("security_id").unwrap().to_owned();
                let source = items
                    .iter_mut()
                    .find(|item| crate::action::result_ids(&item[0]).any(|result| result == id));
                match source {
                    Some(item) => item.push(object),
                    None => items.push(vec![object]),
                }
            }
            _ => items.push(vec![object]),
        }
    }
    for objects in items {
        again.record += 1;
        let place = Place { record: again.record, opened: 0 };
        let item = ImportItem { objects, waived: Vec::new() };
        again.entry.enter(&mut again.register, place, &item).unwrap();
    }
    for (holder, shares) in [("ada", 5), ("bob", 25)] {
        let held = again.register.position(again.account(holder), COMMON).unwrap();
        assert_eq!(held.quantity, Quantity::whole(shares), "{holder}");
    }
}

#[test]
fn a_warrant_that_names_its_class_by_a_handle_is_exported_with_the_id() {
    let mut company = Company::with(false);
    let right = json!({
        "type": "WARRANT_CONVERSION_RIGHT", "converts_to_stock_class_id": COMMON.to_string(),
    });
    let trigger =
        json!({ "type": "ELECTIVE_AT_WILL", "trigger_id": "t", "conversion_right": right });
    let triggers = json!({ "exercise_triggers": [trigger] });
    company.tell([with(warrant("w", "bob", Some("1"), "2020-01-01"), triggers)]).unwrap();
    let (_, facts) = company.fold.securities(company.entry.issuer).next().unwrap();
    assert_eq!(facts.class, Some(COMMON));
    let told = company.fold.export(company.entry.issuer, Date::MAX).objects;
    let told = told.iter().find(|object| object.text("security_id") == Some("w")).unwrap();
    let triggers = told.value("exercise_triggers").and_then(|list| list.as_array()).unwrap();
    let class = triggers[0].get("conversion_right").unwrap().get("converts_to_stock_class_id");
    assert_eq!(class, Some(&"common".into()));
}

#[test]
fn an_export_says_what_a_live_split_did_beside_its_transaction() {
    let mut company = Company::with(false);
    company.tell([stock("1", "ada", "5", "2020-01-01")]).unwrap();
    company.tell([stock("2", "ada", "4", "2020-01-01")]).unwrap();
    company.tell([grant("g", "eve", "10", "2020-01-01")]).unwrap();
    let ratio = json!({ "numerator": "1", "denominator": "3" });
    let fields = json!({ "stock_class_id": "common", "split_ratio": ratio });
    company.tell([act("TX_STOCK_CLASS_SPLIT", "2020-02-01", fields.clone())]).unwrap();
    let export = |date: &str| company.fold.export(company.entry.issuer, day(date)).findings;
    assert_eq!(export("2020-01-31"), []);
    let [finding] = export("2020-02-01").try_into().unwrap();
    assert_eq!(finding.code, crate::ocf::Code::SplitUntold);
    assert_eq!(finding.item, "TX_STOCK_CLASS_SPLIT-2020-02-01");
    assert_eq!(
        finding.what,
        "it scaled the pools of 2 plans and the conversion rights of 1 classes too, and rounded 1 \
         certificates together with others of their holder"
    );
    // A draft does what the transaction says and no more.
    let mut draft = Company::with(true);
    draft.tell([stock("1", "ada", "6", "2020-01-01")]).unwrap();
    draft.tell([grant("g", "eve", "10", "2020-01-01")]).unwrap();
    draft.tell([act("TX_STOCK_CLASS_SPLIT", "2020-02-01", fields)]).unwrap();
    assert_eq!(draft.fold.export(draft.entry.issuer, Date::MAX).findings, []);
}
