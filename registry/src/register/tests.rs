//! The register against a naive model of holdings, with the audit as the oracle.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::amount::Quantity;
use crate::codec::Reader;
use crate::date::Date;
use crate::effect::{Authorized, ClassKind, Effect, Opened};
use crate::event::{Event, EventKind};
use crate::rule::Rule;
use crate::store::Scoped;

const ACCOUNTS: u32 = 4;

fn day(days: i32) -> Date {
    Date::from_days(20_000 + days)
}

fn enter(register: &mut Register, effects: Vec<Effect>) -> Result<(), Rule> {
    let event = Event { kind: EventKind::Registration, date: day(0), consideration: None, effects };
    register.check(&event)?;
    register.apply(&event);
    Ok(())
}

/// One issuer with 1,000 authorized shares, two classes of 600 and 400, and four holders.
fn company(seed: u64) -> Register {
    let mut register = Register::new(seed);
    let issuer = register.add_party(Party { legal: true, details: [1; 32] });
    let registrar = register.add_party(Party { legal: true, details: [2; 32] });
    enter(
        &mut register,
        vec![Effect::IssuerRegistered {
            issuer: IssuerId(0),
            party: issuer,
            registrar,
            draft: false,
            formed: day(0),
            authorized: Authorized::Shares(Quantity::whole(1000)),
            source_id: String::new(),
        }],
    )
    .unwrap();
    for (at, shares) in [600, 400].into_iter().enumerate() {
        enter(&mut register, vec![class(at as u32, shares, "")]).unwrap();
    }
    for _ in 0..ACCOUNTS {
        let holder = register.add_party(Party::default());
        register.add_account(holder, registrar);
    }
    register
}

fn class(at: u32, shares: u64, source_id: &str) -> Effect {
    Effect::ClassRegistered {
        class: ClassId(at),
        issuer: IssuerId(0),
        kind: ClassKind::Common,
        decimals: 0,
        authorized: Authorized::Shares(Quantity::whole(shares)),
        name: format!("class {at}"),
        source_id: source_id.to_owned(),
    }
}

fn issue(
    register: &mut Register,
    record: u64,
    account: u32,
    class: u32,
    shares: u64,
) -> Result<Event, Rule> {
    let mut event = Event::default();
    let certificate = Opened {
        class: ClassId(class),
        account: AccountId(account),
        quantity: Quantity::whole(shares),
        ..Opened::default()
    };
    register.plan_issuance(&mut event, Place { record, opened: 0 }, day(1), certificate)?;
    register.check(&event)?;
    register.apply(&event);
    Ok(event)
}

fn movement(
    register: &mut Register,
    record: u64,
    from: u32,
    to: Option<u32>,
    class: u32,
    shares: u64,
    certificates: &[CertificateId],
) -> Result<Event, Rule> {
    let mut event = Event::default();
    let transfer = Transfer {
        class: ClassId(class),
        from: AccountId(from),
        to: to.map(AccountId),
        quantity: Quantity::whole(shares),
        certificates,
    };
    register.plan_movement(&mut event, Place { record, opened: 0 }, day(2), &transfer)?;
    register.check(&event)?;
    register.apply(&event);
    Ok(event)
}

fn held(register: &Register, account: u32, class: u32) -> Vec<String> {
    let certificates = register.certificates(AccountId(account), ClassId(class));
    certificates.map(|certificate| certificate.quantity.to_string()).collect()
}

#[test]
fn a_sale_takes_the_oldest_certificates_and_leaves_the_balance_in_their_place() {
    let mut register = company(1);
    for (record, shares) in [(1, 10), (2, 20), (3, 30)] {
        issue(&mut register, record, 0, 0, shares).unwrap();
    }
    let sale = movement(&mut register, 4, 0, Some(1), 0, 15, &[]).unwrap();
    assert_eq!(held(&register, 0, 0), ["15", "30"]);
    assert_eq!(held(&register, 1, 0), ["15"]);
    assert_eq!(sale.effects.len(), 4, "two closed, the balance and the result opened");
    assert_eq!(register.audit(), Vec::<String>::new());
}

#[test]
fn a_seller_may_name_the_certificates() {
    let mut register = company(1);
    for (record, shares) in [(1, 10), (2, 20), (3, 30)] {
        issue(&mut register, record, 0, 0, shares).unwrap();
    }
    let all: Vec<_> = register.certificates(AccountId(0), ClassId(0)).map(|c| c.id).collect();
    movement(&mut register, 4, 0, Some(1), 0, 5, &all[1..2]).unwrap();
    assert_eq!(held(&register, 0, 0), ["10", "15", "30"], "the balance keeps the place");
    let closed = movement(&mut register, 5, 0, Some(1), 0, 5, &all[1..2]);
    assert_eq!(closed, Err(Rule::CertificateUnknown), "one terminal event a certificate");
    let twice = movement(&mut register, 5, 0, Some(1), 0, 20, &[all[0], all[0]]);
    assert_eq!(twice, Err(Rule::CertificateUnknown));
    let unneeded = movement(&mut register, 5, 0, Some(1), 0, 5, &[all[0], all[2]]);
    assert_eq!(unneeded, Err(Rule::QuantityMismatch));
    assert_eq!(register.audit(), Vec::<String>::new());
}

#[test]
fn each_rule_has_its_code() {
    let mut register = company(1);
    issue(&mut register, 1, 0, 0, 500).unwrap();
    let table: &[(&str, Result<Event, Rule>, Rule)] = &[
        ("over the class", issue(&mut register, 2, 0, 0, 101), Rule::AuthorizedSharesExceeded),
        ("nothing", issue(&mut register, 2, 0, 0, 0), Rule::QuantityZero),
        ("no class", issue(&mut register, 2, 0, 9, 1), Rule::ClassUnknown),
        ("no account", issue(&mut register, 2, 9, 0, 1), Rule::AccountUnknown),
        ("too few", movement(&mut register, 2, 0, Some(1), 0, 501, &[]), Rule::SharesInsufficient),
        (
            "none of that class",
            movement(&mut register, 2, 0, Some(1), 1, 1, &[]),
            Rule::SharesInsufficient,
        ),
    ];
    for (what, outcome, rule) in table {
        assert_eq!(outcome.as_ref().unwrap_err(), rule, "{what}");
    }
    assert_eq!(enter(&mut register, vec![class(2, 1, "")]), Err(Rule::IssuerAuthorizedExceeded));
    assert_eq!(enter(&mut register, vec![class(5, 0, "")]), Err(Rule::RegisterFull));
    enter(&mut register, vec![class(2, 0, "once")]).unwrap();
    assert_eq!(enter(&mut register, vec![class(3, 0, "once")]), Err(Rule::IdNotUnique));
    let mut early = issue(&mut register, 3, 0, 0, 1).unwrap();
    early.date = day(-1);
    early.effects.clear();
    let opened =
        Opened { account: AccountId(0), quantity: Quantity::whole(1), ..Opened::default() };
    register.plan_issuance(&mut early, Place::default(), day(-1), opened.clone()).unwrap();
    assert_eq!(register.check(&early), Err(Rule::DateBeforeFormation));
    let half = Opened { quantity: Quantity::parse("0.5").unwrap(), ..opened };
    register.plan_issuance(&mut early, Place::default(), day(1), half).unwrap();
    assert_eq!(register.check(&early), Err(Rule::QuantityGranularity));
}

#[test]
fn one_event_closes_a_bounded_number_of_certificates() {
    let mut register = company(1);
    for record in 0..=MAX_CLOSED_PER_EVENT as u64 {
        issue(&mut register, record, 0, 0, 1).unwrap();
    }
    let most = MAX_CLOSED_PER_EVENT as u64;
    let over = movement(&mut register, 99, 0, Some(1), 0, most + 1, &[]);
    assert_eq!(over, Err(Rule::TooManyCertificates));
    movement(&mut register, 99, 0, Some(1), 0, most, &[]).unwrap();
}

#[derive(Clone, Debug)]
enum Step {
    Issue(u32, u32, u64),
    Move(u32, Option<u32>, u32, u64),
}

fn step() -> impl Strategy<Value = Step> {
    let account = 0..ACCOUNTS;
    prop_oneof![
        (account.clone(), 0u32..2, 0u64..90).prop_map(|(a, c, q)| Step::Issue(a, c, q)),
        (account.clone(), proptest::option::weighted(0.8, account), 0u32..2, 0u64..60)
            .prop_map(|(a, b, c, q)| Step::Move(a, b, c, q)),
    ]
}

proptest! {
    #[test]
    fn holdings_are_those_of_a_naive_model(steps in proptest::collection::vec(step(), 0..60)) {
        let mut register = company(7);
        let mut model: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        for (record, step) in steps.into_iter().enumerate() {
            let record = record as u64;
            let before = encoded(&register);
            let done = match step {
                Step::Issue(account, class, shares) => {
                    let done = issue(&mut register, record, account, class, shares);
                    if done.is_ok() {
                        *model.entry((account, class)).or_default() += shares;
                    }
                    done
                }
                Step::Move(from, to, class, shares) => {
                    let done = movement(&mut register, record, from, to, class, shares, &[]);
                    let can = shares > 0 && model.get(&(from, class)).is_some_and(|h| *h >= shares);
                    prop_assert_eq!(done.is_ok(), can);
                    if can {
                        *model.entry((from, class)).or_default() -= shares;
                        if let Some(to) = to {
                            *model.entry((to, class)).or_default() += shares;
                        }
                    }
                    done
                }
            };
            match done {
                Ok(event) => {
                    let mut bytes = Vec::new();
                    event.encode(&mut bytes);
                    prop_assert_eq!(crate::event::decode_events(&bytes).unwrap(), vec![event]);
                }
                Err(_) => prop_assert_eq!(encoded(&register), before),
            }
            prop_assert_eq!(register.audit(), Vec::<String>::new());
        }
        for ((account, class), shares) in model {
            let position = register.position(AccountId(account), ClassId(class));
            let quantity = position.map_or(Quantity::ZERO, |position| position.quantity);
            prop_assert_eq!(quantity, Quantity::whole(shares));
        }
        let bytes = encoded(&register);
        let mut from = Reader::new(&bytes);
        let again = Register::decode(&mut from, 99).unwrap();
        from.end().unwrap();
        prop_assert_eq!(encoded(&again), bytes);
        prop_assert_eq!(again.audit(), Vec::<String>::new());
    }

    #[test]
    fn a_rollback_leaves_no_trace(
        before in proptest::collection::vec(step(), 0..20),
        within in proptest::collection::vec(step(), 0..20),
    ) {
        let mut register = company(7);
        let run = |register: &mut Register, steps: Vec<Step>| {
            for (record, step) in steps.into_iter().enumerate() {
                let _refusals_do_not_matter = match step {
                    Step::Issue(a, c, q) => issue(register, record as u64, a, c, q),
                    Step::Move(a, b, c, q) => movement(register, record as u64, a, b, c, q, &[]),
                };
            }
        };
        run(&mut register, before);
        let bytes = encoded(&register);
        register.begin();
        run(&mut register, within);
        register.rollback();
        prop_assert_eq!(encoded(&register), bytes);
        prop_assert_eq!(register.audit(), Vec::<String>::new());
    }

    #[test]
    fn reading_events_is_total(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(events) = crate::event::decode_events(&bytes) {
            let mut again = Vec::new();
            for event in &events {
                event.encode(&mut again);
            }
            prop_assert_eq!(again, bytes);
        }
    }
}

fn encoded(register: &Register) -> Vec<u8> {
    let mut bytes = Vec::new();
    register.encode(&mut bytes);
    bytes
}
