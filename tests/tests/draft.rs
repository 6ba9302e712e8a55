//! A register that another system kept arrives: items gather in a draft, registrar and operator sign
//! its totals, and one entry opens it or nothing happens.

use counterfoil_engine::wire::v1::{self, command::Command};
use counterfoil_registry::handle::{AccountId, ClassId, IssuerId, StakeholderId};
use counterfoil_tests::{Actor, Market, objects};
use serde_json::{Value, json};

/// The draft is the second issuer of the market.
const DRAFT: IssuerId = IssuerId(1);

/// The objects of one item.
type Item = Vec<Value>;

fn class(id: &str, authorized: &str) -> Item {
    vec![json!({
        "object_type": "STOCK_CLASS", "id": id, "name": "Ordinary", "class_type": "COMMON",
        "initial_shares_authorized": authorized,
    })]
}

fn holder(id: &str) -> Item {
    vec![json!({ "object_type": "STAKEHOLDER", "id": id, "stakeholder_type": "INDIVIDUAL" })]
}

fn certificate(id: &str, date: &str, holder: &str, quantity: &str) -> Value {
    json!({
        "object_type": "TX_STOCK_ISSUANCE", "id": format!("issue {id}"), "date": date,
        "security_id": id, "custom_id": format!("CS-{id}"), "stakeholder_id": holder,
        "stock_class_id": "ordinary", "quantity": quantity,
        "share_price": { "amount": "0.01", "currency": "EUR" },
    })
}

fn issuance(id: &str, date: &str, holder: &str, quantity: &str) -> Item {
    vec![certificate(id, date, holder, quantity)]
}

/// A transfer to the receivers `(certificate, holder, quantity)`, the seller's balance last.
fn transfer(id: &str, date: &str, quantity: &str, results: &[(&str, &str, &str)]) -> Item {
    let mut tx = json!({
        "object_type": "TX_STOCK_TRANSFER", "id": format!("sell {id}"), "date": date,
        "security_id": id, "quantity": quantity, "resulting_security_ids": [results[0].0],
    });
    if let Some((balance, ..)) = results.get(1) {
        tx["balance_security_id"] = (*balance).into();
    }
    let opened = results.iter().map(|(id, holder, shares)| certificate(id, date, holder, shares));
    std::iter::once(tx).chain(opened).collect()
}

fn cancellation(id: &str, date: &str, quantity: &str, balance: Option<Value>) -> Item {
    let mut tx = json!({
        "object_type": "TX_STOCK_CANCELLATION", "id": format!("cancel {id}"), "date": date,
        "security_id": id, "quantity": quantity, "reason_text": "surrendered",
    });
    if let Some(balance) = &balance {
        tx["balance_security_id"] = balance["security_id"].clone();
    }
    std::iter::once(tx).chain(balance).collect()
}

fn acceptance(id: &str, date: &str) -> Item {
    vec![json!({
        "object_type": "TX_STOCK_ACCEPTANCE", "id": format!("accept {id}"), "date": date,
        "security_id": id,
    })]
}

/// A founder's 600, of which 100 go to a friend and 50 are cancelled later.
fn history() -> Vec<Item> {
    vec![
        class("ordinary", "1000"),
        holder("founder"),
        holder("friend"),
        issuance("1", "2020-02-01", "founder", "600"),
        acceptance("1", "2020-02-02"),
        transfer("1", "2021-05-01", "100", &[("2", "friend", "100"), ("3", "founder", "500")]),
        cancellation(
            "3",
            "2022-01-01",
            "50",
            Some(certificate("4", "2022-01-01", "founder", "450")),
        ),
    ]
}

fn with_draft() -> Market {
    let mut market = Market::open(1);
    let register = Command::RegisterIssuer(v1::RegisterIssuer {
        party: counterfoil_tests::client(1).to_string(),
        registrar: Actor::Registrar.party().to_string(),
        formed: "2020-01-01".into(),
        authorized: "1000".into(),
        source_id: "company".into(),
        draft: true,
    });
    market.must(Actor::Operator, vec![register]);
    market
}

fn import(items: Vec<Item>) -> Command {
    let item = |item| v1::ImportItem { objects: objects(item), waived: vec![] };
    let items = items.into_iter().map(item).collect();
    Command::ImportRegister(v1::ImportRegister { issuer: DRAFT.to_string(), items })
}

fn activate(items: usize, outstanding: &str) -> Command {
    Command::ActivateRegister(v1::ActivateRegister {
        issuer: DRAFT.to_string(),
        package: vec![7; 32].into(),
        findings: "0".into(),
        items: items.to_string(),
        outstanding: outstanding.into(),
    })
}

#[test]
fn a_register_arrives_with_its_dates_and_is_open_for_live_commands() {
    let mut market = with_draft();
    let items = history();
    let (first, second) = items.split_at(4);
    market.must(Actor::Registrar, vec![import(first.to_vec())]);
    market.must(Actor::Registrar, vec![import(second.to_vec())]);
    assert_eq!(market.one(Actor::Seller, import(vec![])), "NOT_AUTHORIZED");
    market.must(Actor::Registrar, vec![activate(7, "550")]);
    let register = market.machine.ledger().register();
    assert!(register.issuer(DRAFT).unwrap().draft, "one signature is not enough");
    assert_eq!(register.classes().count(), 1, "and left nothing behind");
    assert_eq!(market.one(Actor::Registrar, activate(7, "550")), "ALREADY_SIGNED");
    market.must(Actor::Operator, vec![activate(7, "550")]);

    let register = market.machine.ledger().register();
    assert!(!register.issuer(DRAFT).unwrap().draft);
    let class = register.class(ClassId(1)).unwrap();
    let totals = [class.issued, class.outstanding, class.retired].map(|q| q.to_string());
    assert_eq!(totals, ["600", "550", "50"]);
    let account = |number| AccountId(number);
    let held = |number| {
        let certificates = register.certificates(account(number), ClassId(1));
        certificates.map(|c| format!("{} since {}", c.quantity, c.date)).collect::<Vec<_>>()
    };
    assert_eq!(held(2), ["450 since 2022-01-01"]);
    assert_eq!(held(3), ["100 since 2021-05-01"]);

    let issue = Command::IssueStock(v1::IssueStock {
        class: ClassId(1).to_string(),
        account: account(3).to_string(),
        quantity: "10".into(),
        ..Default::default()
    });
    market.must(Actor::Registrar, vec![issue]);
    assert_eq!(market.one(Actor::Registrar, import(vec![])), "REGISTER_STATUS");
}

#[test]
fn a_draft_that_breaks_a_rule_opens_nothing_and_says_which_item() {
    let mut over = history();
    over[3] = issuance("1", "2020-02-01", "founder", "1001");
    let mut lost = history();
    lost[5] = transfer("1", "2021-05-01", "100", &[("2", "friend", "100")]);
    let mut early = history();
    early[3] = issuance("1", "2019-12-31", "founder", "600");
    let mut twice = history();
    twice[6] = cancellation("1", "2022-01-01", "600", None);
    let mut before = history();
    before[5] = transfer("1", "2020-01-31", "600", &[("2", "friend", "600")]);
    let mut nobody = history();
    nobody[3] = issuance("1", "2020-02-01", "nobody", "600");
    let table = [
        (over, "AUTHORIZED_SHARES_EXCEEDED", "item 3"),
        (lost, "QUANTITY_MISMATCH", "item 5"),
        (early, "DATE_BEFORE_FORMATION", "item 3"),
        (twice, "SECURITY_ENDED", "item 6"),
        (before, "DATE_BEFORE_ISSUANCE", "item 5"),
        (nobody, "STAKEHOLDER_UNKNOWN", "item 3"),
    ];
    for (items, code, place) in table {
        let mut market = with_draft();
        market.must(Actor::Registrar, vec![import(items)]);
        assert_eq!(market.one(Actor::Registrar, activate(7, "550")), code);
        let outcome = &market.blocks.last().unwrap().records[0].outcome;
        let detail = &outcome.as_ref().unwrap_err().detail;
        assert!(detail.contains(place), "{code}: {detail}");
        assert_eq!(market.machine.ledger().register().classes().count(), 1);
    }
}

#[test]
fn a_malformed_item_does_not_come_into_the_draft() {
    let mut market = with_draft();
    let mut refused = |item: v1::ImportItem, place: &str| {
        let import = v1::ImportRegister { issuer: DRAFT.to_string(), items: vec![item] };
        let code = market.one(Actor::Registrar, Command::ImportRegister(import));
        assert_eq!(code, "MALFORMED");
        let outcome = &market.blocks.last().unwrap().records[0].outcome;
        let detail = &outcome.as_ref().unwrap_err().detail;
        assert!(detail.starts_with(&format!("importRegister.items[0].{place}")), "{detail}");
    };
    let item = |objects| v1::ImportItem { objects, waived: vec![] };
    let day = objects(issuance("1", "2020-02-30", "founder", "600"));
    refused(item(day), "objects: TX_STOCK_ISSUANCE issue 1: date");
    refused(item(vec![]), "objects: ");
    let spaced = objects(holder("founder"))[0].replace(',', ", ");
    refused(item(vec![spaced]), "objects[0]: ");
    let mut named = holder("founder");
    named[0]["name"] = json!({ "legal_name": "Ada Founder" });
    refused(item(objects(named)), "objects[0]: name: personal data");
    let waived = vec!["QUANTITY_ZERO".to_owned()];
    refused(v1::ImportItem { objects: objects(holder("founder")), waived }, "waived[0]: ");
}

#[test]
fn the_totals_that_were_signed_must_be_found() {
    let mut market = with_draft();
    market.must(Actor::Registrar, vec![import(history())]);
    assert_eq!(market.one(Actor::Operator, activate(8, "550")), "DRAFT_TOTALS");
    assert_eq!(market.one(Actor::Operator, activate(7, "551")), "DRAFT_TOTALS");
    // The two sides must sign the same totals: these are two commands that both wait.
    market.must(Actor::Operator, vec![activate(7, "550")]);
    let mut other = activate(7, "550");
    if let Command::ActivateRegister(activate) = &mut other {
        activate.package = vec![8; 32].into();
    }
    market.must(Actor::Registrar, vec![other]);
    assert!(market.machine.ledger().register().issuer(DRAFT).unwrap().draft);
    market.must(Actor::Registrar, vec![activate(7, "550")]);
    assert!(!market.machine.ledger().register().issuer(DRAFT).unwrap().draft);
}

/// An option plan and a SAFE come out of a file; the registrar goes on with them in the ledger.
#[test]
fn the_registrar_records_whatever_else_happens() {
    let mut market = with_draft();
    let plan = json!({
        "object_type": "STOCK_PLAN", "id": "plan", "plan_name": "2020 Plan",
        "initial_shares_reserved": "100", "stock_class_ids": ["ordinary"],
    });
    let grant = |id: &str, units: &str, date: &str| {
        json!({
            "object_type": "TX_EQUITY_COMPENSATION_ISSUANCE", "id": format!("grant {id}"),
            "date": date, "security_id": id, "custom_id": format!("ES-{id}"),
            "stakeholder_id": "friend", "stock_plan_id": "plan", "stock_class_id": "ordinary",
            "compensation_type": "OPTION_NSO", "quantity": units,
        })
    };
    let mut items = history();
    items.push(vec![plan]);
    items.push(vec![grant("o1", "60", "2022-02-01")]);
    market.must(Actor::Registrar, vec![import(items)]);
    market.must(Actor::Registrar, vec![activate(9, "550")]);
    let record = |told: Vec<Value>| {
        Command::RecordTransaction(v1::RecordTransaction {
            issuer: DRAFT.to_string(),
            objects: objects(told),
        })
    };
    let second = || record(vec![grant("o2", "40", "2026-11-20")]);
    assert_eq!(market.one(Actor::Registrar, second()), "REGISTER_STATUS");
    market.must(Actor::Operator, vec![activate(9, "550")]);
    assert_eq!(market.one(Actor::Seller, second()), "NOT_AUTHORIZED");
    market.must(Actor::Registrar, vec![second()]);
    let third = record(vec![grant("o3", "1", "2026-11-20")]);
    assert_eq!(market.one(Actor::Registrar, third), "POOL_EXCEEDED");
    let tomorrow = record(vec![grant("o3", "1", "2026-11-21")]);
    assert_eq!(market.one(Actor::Registrar, tomorrow), "DATES_INVALID");

    let exercise = json!({
        "object_type": "TX_EQUITY_COMPENSATION_EXERCISE", "id": "exercise", "date": "2026-11-20",
        "security_id": "o1", "quantity": "25", "resulting_security_ids": ["5"],
    });
    let shares = certificate("5", "2026-11-20", "friend", "25");
    market.must(Actor::Registrar, vec![record(vec![exercise, shares])]);
    let split = json!({
        "object_type": "TX_STOCK_CLASS_SPLIT", "id": "split", "date": "2026-11-20",
        "stock_class_id": "ordinary", "split_ratio": { "numerator": "3", "denominator": "2" },
    });
    market.must(Actor::Registrar, vec![record(vec![split])]);
    let ledger = market.machine.ledger();
    let register = ledger.register();
    let class = register.class(ClassId(1)).unwrap();
    assert_eq!(
        class.outstanding.to_string(),
        "862",
        "575 shares and half as many, a fraction aside"
    );
    let left: Vec<String> =
        register.securities().map(|(_, grant)| grant.quantity.unwrap().to_string()).collect();
    assert_eq!(left, ["52", "60"]);
    assert_eq!(ledger.audit(), Vec::<String>::new());

    // What a broker holds, the registrar cannot take away.
    let policy = |treasury| {
        let class = ClassId(1).to_string();
        Command::SetRepurchasePolicy(v1::SetRepurchasePolicy { class, treasury })
    };
    market.must(Actor::Registrar, vec![policy(true)]);
    let link = Command::LinkStakeholder(v1::LinkStakeholder {
        stakeholder: StakeholderId(0).to_string(),
        party: Actor::Seller.party().to_string(),
        operator: Actor::Seller.party().to_string(),
    });
    market.must(Actor::Registrar, vec![link.clone()]);
    market.must(Actor::Seller, vec![link]);
    let repurchase = |id: &str, shares: &str| {
        record(vec![json!({
            "object_type": "TX_STOCK_REPURCHASE", "id": format!("repurchase {id}"),
            "date": "2026-11-20", "security_id": id, "quantity": shares,
            "price": { "amount": "1", "currency": "EUR" },
        })])
    };
    assert_eq!(market.one(Actor::Registrar, repurchase("4", "675")), "NOT_AUTHORIZED");
    market.must(Actor::Registrar, vec![repurchase("2", "150")]);
    let class = market.machine.ledger().register().class(ClassId(1)).unwrap().clone();
    assert_eq!(
        (class.treasury.to_string(), class.retired.to_string()),
        ("150".into(), "75".into())
    );
}
