//! A register that another system kept arrives: items gather in a draft, registrar and operator sign
//! its totals, and one entry opens it or nothing happens.

use counterfoil_engine::wire::v1::{self, command::Command, import_item::Item};
use counterfoil_registry::handle::{AccountId, ClassId, IssuerId};
use counterfoil_tests::{Actor, Market};

/// The draft is the second issuer of the market.
const DRAFT: IssuerId = IssuerId(1);

fn class(id: &str, authorized: &str) -> Item {
    Item::Class(v1::ImportClass {
        id: id.into(),
        kind: v1::ClassKind::Common.into(),
        name: "Ordinary".into(),
        authorized: authorized.into(),
        decimals: "0".into(),
    })
}

fn holder(id: &str) -> Item {
    Item::Stakeholder(v1::ImportStakeholder { id: id.into() })
}

fn issuance(id: &str, date: &str, holder: &str, quantity: &str) -> Item {
    Item::Issuance(v1::ImportIssuance {
        security_id: id.into(),
        date: date.into(),
        class_id: "ordinary".into(),
        stakeholder_id: holder.into(),
        quantity: quantity.into(),
        number: format!("CS-{id}"),
        consideration: "10".into(),
        currency: "EUR".into(),
    })
}

fn result(id: &str, holder: &str, quantity: &str) -> v1::ImportResult {
    v1::ImportResult {
        security_id: id.into(),
        stakeholder_id: holder.into(),
        quantity: quantity.into(),
        number: format!("CS-{id}"),
    }
}

fn transfer(id: &str, date: &str, results: Vec<v1::ImportResult>) -> Item {
    Item::Transfer(v1::ImportTransfer { security_id: id.into(), date: date.into(), results })
}

fn cancellation(id: &str, date: &str, balance: Option<v1::ImportResult>) -> Item {
    Item::Cancellation(v1::ImportCancellation {
        security_id: id.into(),
        date: date.into(),
        balance,
    })
}

fn acceptance(id: &str, date: &str) -> Item {
    Item::Acceptance(v1::ImportAcceptance { security_id: id.into(), date: date.into() })
}

/// A founder's 600, of which 100 go to a friend and 50 are cancelled later.
fn history() -> Vec<Item> {
    vec![
        class("ordinary", "1000"),
        holder("founder"),
        holder("friend"),
        issuance("1", "2020-02-01", "founder", "600"),
        acceptance("1", "2020-02-02"),
        transfer(
            "1",
            "2021-05-01",
            vec![result("2", "friend", "100"), result("3", "founder", "500")],
        ),
        cancellation("3", "2022-01-01", Some(result("4", "founder", "450"))),
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
    let items = items.into_iter().map(|item| v1::ImportItem { item: Some(item) }).collect();
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
    lost[5] = transfer("1", "2021-05-01", vec![result("2", "friend", "100")]);
    let mut early = history();
    early[3] = issuance("1", "2019-12-31", "founder", "600");
    let mut twice = history();
    twice[6] = cancellation("1", "2022-01-01", None);
    let mut before = history();
    before[5] = transfer("1", "2020-01-31", vec![result("2", "friend", "600")]);
    let mut nobody = history();
    nobody[3] = issuance("1", "2020-02-01", "nobody", "600");
    let table = [
        (over, "AUTHORIZED_SHARES_EXCEEDED", "item 3"),
        (lost, "QUANTITY_MISMATCH", "item 5"),
        (early, "DATE_BEFORE_FORMATION", "item 3"),
        (twice, "CERTIFICATE_UNKNOWN", "item 6"),
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
    let mut items = history();
    items[3] = issuance("1", "2020-02-30", "founder", "600");
    let mut market = with_draft();
    assert_eq!(market.one(Actor::Registrar, import(items)), "MALFORMED");
    let outcome = &market.blocks.last().unwrap().records[0].outcome;
    let detail = &outcome.as_ref().unwrap_err().detail;
    assert!(detail.starts_with("importRegister.items[3].issuance.date: "), "{detail}");
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
