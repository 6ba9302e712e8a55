//! What is refused, by the rule that it would break; and legacy defects that are signed for.

use super::*;

fn company() -> Company {
    let mut company = Company::new();
    company.tell([stock("1", "ada", "100", "2020-01-01")]).unwrap();
    company.tell([grant("g", "eve", "100", "2020-01-01")]).unwrap();
    company
}

fn transfer(fields: Value) -> Value {
    tx("TX_STOCK_TRANSFER", "1", "2020-02-01", fields)
}

fn whole() -> Value {
    transfer(json!({ "quantity": "100", "resulting_security_ids": ["2"] }))
}

#[test]
fn what_is_named_must_be_there() {
    let mut company = company();
    let unknown = |fields: Value| with(stock("9", "ada", "1", "2020-01-01"), fields);
    let cases = [
        (unknown(json!({ "stock_class_id": "x" })), Rule::ClassUnknown),
        (unknown(json!({ "stakeholder_id": "x" })), Rule::StakeholderUnknown),
        (unknown(json!({ "stock_plan_id": "x" })), Rule::PlanUnknown),
        (unknown(json!({ "stock_legend_ids": ["x"] })), Rule::ReferenceUnknown),
        (unknown(json!({ "vesting_terms_id": "x" })), Rule::ReferenceUnknown),
        (tx("TX_STOCK_ACCEPTANCE", "x", "2020-01-01", json!({})), Rule::SecurityUnknown),
        (
            act(
                "TX_ISSUER_AUTHORIZED_SHARES_ADJUSTMENT",
                "2021-01-01",
                json!({ "issuer_id": "x", "new_shares_authorized": "1" }),
            ),
            Rule::IssuerMismatch,
        ),
        (
            act("CE_STAKEHOLDER_STATUS", "2020-01-01", json!({ "stakeholder_id": "x" })),
            Rule::StakeholderUnknown,
        ),
    ];
    for (object, rule) in cases {
        assert_eq!(company.tell([object.clone()]), Err(rule), "{object}");
    }
    let legend =
        json!({ "object_type": "STOCK_LEGEND_TEMPLATE", "id": "x", "text": "unregistered" });
    company.tell([legend]).unwrap();
    company.tell([unknown(json!({ "stock_legend_ids": ["x"] }))]).unwrap();
}

#[test]
fn the_issuer_is_the_one_that_was_registered() {
    let issuer = |fields: Value| {
        let own = json!({
            "object_type": "ISSUER", "id": "acme", "formation_date": "2019-01-01",
            "initial_shares_authorized": "10000",
        });
        with(own, fields)
    };
    let mut company = company();
    for other in [
        json!({ "id": "other" }),
        json!({ "formation_date": "2019-01-02" }),
        json!({ "initial_shares_authorized": "UNLIMITED" }),
    ] {
        assert_eq!(company.tell([issuer(other)]), Err(Rule::IssuerDiffers));
    }
    company.tell([issuer(json!({}))]).unwrap();
    assert_eq!(company.tell([issuer(json!({}))]), Err(Rule::IdNotUnique));
}

#[test]
fn a_transaction_fits_the_kind_of_its_security() {
    let mut company = company();
    let cases = [
        tx("TX_WARRANT_ACCEPTANCE", "1", "2020-01-02", json!({})),
        tx("TX_STOCK_ACCEPTANCE", "g", "2020-01-02", json!({})),
        tx("TX_CONVERTIBLE_RETRACTION", "g", "2020-01-02", json!({})),
    ];
    for object in cases {
        assert_eq!(company.tell([object]), Err(Rule::SecurityMismatch));
    }
}

#[test]
fn one_event_ends_a_security_and_no_second_one() {
    let mut company = company();
    company.tell([whole(), stock("2", "bob", "100", "2020-02-01")]).unwrap();
    let second = tx("TX_STOCK_CANCELLATION", "1", "2020-03-01", json!({ "quantity": "100" }));
    assert_eq!(company.tell([second]), Err(Rule::SecurityEnded));
}

#[test]
fn ids_and_printed_numbers_are_used_once() {
    let mut company = company();
    let again = stock("1", "bob", "1", "2020-01-01");
    assert_eq!(
        company.tell([with(again.clone(), json!({ "custom_id": "CS-9" }))]),
        Err(Rule::IdNotUnique)
    );
    let number = json!({ "security_id": "9", "id": "tx-9" });
    let number = with(again, number);
    assert_eq!(company.tell([number.clone()]), Err(Rule::NumberNotUnique));
    let object = json!({ "security_id": "9", "custom_id": "CS-9" });
    let object = with(stock("1", "bob", "1", "2020-01-01"), object);
    assert_eq!(company.tell([object]), Err(Rule::IdNotUnique), "the transaction's own id");
    let grant = with(grant("g", "bob", "1", "2020-01-01"), json!({ "id": "x", "custom_id": "x" }));
    assert_eq!(company.tell([grant]), Err(Rule::IdNotUnique));
    company.tell_waiving([number], &[Rule::NumberNotUnique]).unwrap();
}

#[test]
fn what_goes_in_comes_out_within_one_class_and_on_one_day() {
    let mut company = company();
    let result = |fields: Value| with(stock("2", "bob", "100", "2020-02-01"), fields);
    let cases = [
        (result(json!({ "quantity": "99" })), Rule::QuantityMismatch),
        (result(json!({ "stock_class_id": "preferred" })), Rule::ResultMismatch),
        (result(json!({ "date": "2020-02-02" })), Rule::ResultDate),
    ];
    for (result, rule) in cases {
        assert_eq!(company.tell([whole(), result.clone()]), Err(rule), "{result}");
    }
    let part = transfer(json!({ "quantity": "60", "resulting_security_ids": ["2"] }));
    let result = result(json!({ "quantity": "60" }));
    assert_eq!(company.tell([part, result]), Err(Rule::QuantityMismatch), "where are the 40?");
    let cancel = |fields: Value| tx("TX_STOCK_CANCELLATION", "1", "2020-02-01", fields);
    let over = cancel(json!({ "quantity": "101" }));
    assert_eq!(company.tell([over]), Err(Rule::SecurityInsufficient));
    let balance = cancel(json!({ "quantity": "60", "balance_security_id": "2" }));
    let given = stock("2", "bob", "40", "2020-02-01");
    assert_eq!(company.tell([balance, given]), Err(Rule::ResultMismatch), "a balance stays");
    let zero = with(stock("9", "ada", "0", "2020-01-01"), json!({}));
    assert_eq!(company.tell([zero]), Err(Rule::QuantityZero));
    let fraction = stock("9", "ada", "0.5", "2020-01-01");
    assert_eq!(company.tell([fraction]), Err(Rule::QuantityGranularity));
}

#[test]
fn nothing_is_dated_before_what_it_needs() {
    let mut company = company();
    let formation = stock("9", "ada", "1", "2018-12-31");
    assert_eq!(company.tell([formation]), Err(Rule::DateBeforeFormation));
    let issuance = tx("TX_STOCK_ACCEPTANCE", "1", "2019-12-31", json!({}));
    assert_eq!(company.tell([issuance]), Err(Rule::DateBeforeIssuance));
    let grant = tx("TX_EQUITY_COMPENSATION_RETRACTION", "g", "2019-12-31", json!({}));
    assert_eq!(company.tell([grant]), Err(Rule::DateBeforeIssuance));
    company.tell([tx("TX_EQUITY_COMPENSATION_ACCEPTANCE", "g", "2020-03-01", json!({}))]).unwrap();
    let cancel = json!({ "quantity": "100" });
    let early = tx("TX_EQUITY_COMPENSATION_CANCELLATION", "g", "2020-02-29", cancel);
    assert_eq!(company.tell([early]), Err(Rule::DateOutOfOrder), "it was accepted after that");
    let fields = json!({ "stock_class_id": "common", "new_shares_authorized": "7000" });
    let charter =
        |date: &str| act("TX_STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT", date, fields.clone());
    assert_eq!(company.tell([charter("2019-12-31")]), Err(Rule::DateOutOfOrder));
    company.tell([charter("2020-06-01")]).unwrap();
    let early = stock("9", "ada", "1", "2020-05-31");
    assert_eq!(company.tell([early]), Err(Rule::DateOutOfOrder), "what was authorized then?");
}

#[test]
fn classes_and_issuers_authorize_what_is_issued() {
    let mut company = company();
    let class = |id: &str, shares: &str| {
        json!({
            "object_type": "STOCK_CLASS", "id": id, "name": id, "class_type": "COMMON",
            "initial_shares_authorized": shares,
        })
    };
    assert_eq!(company.tell([class("third", "1")]), Err(Rule::IssuerAuthorizedExceeded));
    company.tell([class("open", "UNLIMITED")]).unwrap();
    let many = stock("9", "ada", "7901", "2020-01-01");
    assert_eq!(company.tell([many]), Err(Rule::AuthorizedSharesExceeded));
    let open = json!({ "stock_class_id": "open" });
    let all = with(stock("9", "ada", "9901", "2020-01-01"), open);
    assert_eq!(company.tell([all]), Err(Rule::IssuerAuthorizedExceeded));
    let fields = json!({ "stock_class_id": "common", "new_shares_authorized": "99" });
    let less = act("TX_STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT", "2020-02-01", fields);
    assert_eq!(company.tell([less]), Err(Rule::AuthorizedSharesExceeded));
    let fields = json!({ "issuer_id": "acme", "new_shares_authorized": "9999" });
    let less = act("TX_ISSUER_AUTHORIZED_SHARES_ADJUSTMENT", "2020-02-01", fields);
    assert_eq!(company.tell([less]), Err(Rule::IssuerAuthorizedExceeded));
}

#[test]
fn an_over_issuance_that_is_signed_for_blocks_the_class_until_it_is_cured() {
    let mut company = company();
    let over = stock("9", "ada", "8000", "2020-02-01");
    let event = company.tell_waiving([over], &[Rule::AuthorizedSharesExceeded]).unwrap();
    let issuer = company.entry.issuer;
    let rule = Rule::AuthorizedSharesExceeded;
    assert!(event.effects.contains(&Effect::DefectAccepted { issuer, rule }));
    assert!(company.register.class(COMMON).unwrap().excess);
    let more = stock("8", "bob", "1", "2020-03-01");
    assert_eq!(company.tell([more.clone()]), Err(rule));
    let cancel = tx("TX_STOCK_CANCELLATION", "9", "2020-03-01", json!({ "quantity": "8000" }));
    company.tell([cancel]).unwrap();
    assert!(!company.register.class(COMMON).unwrap().excess);
    company.tell([more]).unwrap();
}

#[test]
fn only_some_rules_can_be_waived_and_only_in_a_draft() {
    let zero = stock("9", "ada", "0", "2020-02-01");
    assert_eq!(company().tell_waiving([zero], &[Rule::QuantityZero]), Err(Rule::QuantityZero));
    let mut live = Company::with(false);
    let over = stock("9", "ada", "8001", "2020-02-01");
    let waived = [Rule::AuthorizedSharesExceeded];
    assert_eq!(live.tell_waiving([over], &waived), Err(Rule::NotWaivable));
}

#[test]
fn a_class_of_a_draft_is_divided_as_its_quantities_need() {
    let fraction = stock("1", "ada", "0.25", "2020-01-01");
    let decimals = Decimals::of(&[object(fraction.clone())]);
    let mut company = Company::new();
    let class = json!({
        "object_type": "STOCK_CLASS", "id": "units", "name": "Units", "class_type": "COMMON",
        "initial_shares_authorized": "NOT APPLICABLE",
    });
    let units = with(fraction, json!({ "stock_class_id": "units" }));
    company.entry.decimals = Decimals::of(&[object(units.clone())]);
    assert_ne!(company.entry.decimals, decimals);
    company.tell([class]).unwrap();
    company.tell([units]).unwrap();
    assert_eq!(company.register.class(ClassId(2)).unwrap().decimals, 2);
}
