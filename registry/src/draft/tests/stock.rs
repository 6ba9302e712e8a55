//! Shares: issues, transfers, splits, conversions, and all the ways to end.

use super::*;

fn company() -> Company {
    let mut company = Company::new();
    company.tell([stock("1", "ada", "100", "2020-01-01")]).unwrap();
    company
}

#[test]
fn a_sale_of_a_part_leaves_a_balance_certificate() {
    let mut company = company();
    let fields = json!({
        "quantity": "60", "resulting_security_ids": ["2"], "balance_security_id": "3",
    });
    let sale = tx("TX_STOCK_TRANSFER", "1", "2020-02-01", fields);
    let (sold, kept) =
        (stock("2", "bob", "60", "2020-02-01"), stock("3", "ada", "40", "2020-02-01"));
    company.tell([sale, sold, kept]).unwrap();
    assert_eq!(company.shares("1"), None);
    assert_eq!(company.shares("2").as_deref(), Some("60"));
    assert_eq!(company.shares("3").as_deref(), Some("40"));
    assert_eq!(company.totals(COMMON), [100, 100, 0, 0]);
    let lineage = company.fold.lineage(company.certificate("3").unwrap());
    assert_eq!(lineage.len(), 3, "the source, the sold part and the balance");
}

#[test]
fn a_cancellation_retires_shares_and_they_may_be_issued_again() {
    let mut company = company();
    let fields = json!({ "quantity": "30", "balance_security_id": "2" });
    let cancelled = tx("TX_STOCK_CANCELLATION", "1", "2020-02-01", fields);
    company.tell([cancelled, stock("2", "ada", "70", "2020-02-01")]).unwrap();
    assert_eq!(company.totals(COMMON), [100, 70, 0, 30]);
    company.tell([stock("3", "bob", "7930", "2020-03-01")]).unwrap();
    assert_eq!(company.totals(COMMON), [8030, 8000, 0, 30]);
}

#[test]
fn shares_bought_back_are_retired_unless_the_class_keeps_them() {
    let price = json!({ "amount": "2", "currency": "USD" });
    let repurchase =
        tx("TX_STOCK_REPURCHASE", "1", "2020-02-01", json!({ "quantity": "100", "price": price }));
    let mut retires = company();
    let event = retires.tell([repurchase.clone()]).unwrap();
    assert_eq!(retires.totals(COMMON), [100, 0, 0, 100]);
    assert_eq!(event.consideration.unwrap().money.to_string(), "200 USD");

    let mut keeps = company();
    let policy = Event {
        kind: EventKind::Authorization,
        date: day("2020-01-02"),
        consideration: None,
        effects: vec![Effect::RepurchasePolicy { class: COMMON, treasury: true }],
    };
    keeps.register.check(&policy).unwrap();
    keeps.register.apply(&policy);
    keeps.fold.add(&policy).unwrap();
    keeps.tell([repurchase]).unwrap();
    assert_eq!(keeps.totals(COMMON), [100, 0, 100, 0]);
    let more = stock("2", "bob", "7901", "2020-03-01");
    assert_eq!(keeps.tell([more]), Err(Rule::AuthorizedSharesExceeded), "treasury shares count");
}

#[test]
fn a_retraction_undoes_an_issuance_that_was_not_accepted() {
    let retraction =
        tx("TX_STOCK_RETRACTION", "1", "2020-01-05", json!({ "reason_text": "a mistake" }));
    let mut retracted = company();
    retracted.tell([retraction.clone()]).unwrap();
    assert_eq!(retracted.totals(COMMON), [100, 0, 0, 100]);
    let mut accepted = company();
    accepted.tell([tx("TX_STOCK_ACCEPTANCE", "1", "2020-01-03", json!({}))]).unwrap();
    assert_eq!(accepted.tell([retraction]), Err(Rule::AcceptedNotRetractable));
}

#[test]
fn preferred_shares_become_common_ones() {
    let mut company = company();
    let preferred = json!({ "stock_class_id": "preferred" });
    // Not one share more is authorized, and none is needed.
    let fields = json!({ "stock_class_id": "common", "new_shares_authorized": "UNLIMITED" });
    company
        .tell([act("TX_STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT", "2020-01-01", fields)])
        .unwrap();
    let fields = json!({ "stock_class_id": "preferred", "new_shares_authorized": "50" });
    let again = act("TX_STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT", "2020-01-01", fields);
    company.tell([with(again, json!({ "id": "again" }))]).unwrap();
    let fields = json!({ "issuer_id": "acme", "new_shares_authorized": "150" });
    company.tell([act("TX_ISSUER_AUTHORIZED_SHARES_ADJUSTMENT", "2020-01-01", fields)]).unwrap();
    company.tell([with(stock("p", "bob", "50", "2020-01-01"), preferred.clone())]).unwrap();
    let fields = json!({
        "quantity_converted": "30", "resulting_security_ids": ["c"], "balance_security_id": "q",
    });
    let conversion = tx("TX_STOCK_CONVERSION", "p", "2020-06-01", fields);
    let common = stock("c", "bob", "30", "2020-06-01");
    let balance = with(stock("q", "bob", "20", "2020-06-01"), preferred);
    company.tell([conversion, common, balance]).unwrap();
    assert_eq!(company.totals(PREFERRED), [50, 20, 0, 30]);
    assert_eq!(company.totals(COMMON), [130, 130, 0, 0]);
    let converted = company.fold.certificate(company.certificate("c").unwrap()).unwrap();
    assert_eq!(converted.preceded_by.len(), 1, "what became common was preferred");
}

#[test]
fn certificates_are_reissued_and_consolidated_without_a_share_more() {
    let mut company = company();
    let fields = json!({ "resulting_security_ids": ["2", "3"], "reason_text": "two children" });
    let reissued = tx("TX_STOCK_REISSUANCE", "1", "2020-02-01", fields);
    let (one, other) =
        (stock("2", "ada", "50", "2020-02-01"), stock("3", "ada", "50", "2020-02-01"));
    company.tell([reissued, one, other]).unwrap();
    let fields = json!({ "security_ids": ["2", "3"], "resulting_security_id": "4" });
    let consolidated = act("TX_STOCK_CONSOLIDATION", "2020-03-01", fields);
    company.tell([consolidated, stock("4", "ada", "100", "2020-03-01")]).unwrap();
    assert_eq!(company.shares("4").as_deref(), Some("100"));
    assert_eq!(company.totals(COMMON), [100, 100, 0, 0]);
}

#[test]
fn a_split_scales_every_certificate_of_its_class_and_nothing_else() {
    let mut company = company();
    company.tell([stock("2", "bob", "7", "2020-01-01")]).unwrap();
    company.tell([grant("g", "eve", "10", "2020-01-01")]).unwrap();
    let split = |class: &str, new: &str, old: &str, date: &str| {
        let ratio = json!({ "numerator": new, "denominator": old });
        act("TX_STOCK_CLASS_SPLIT", date, json!({ "stock_class_id": class, "split_ratio": ratio }))
    };
    company.tell([split("common", "3", "2", "2020-02-01")]).unwrap();
    assert_eq!(company.shares("1").as_deref(), Some("150"));
    assert_eq!(company.shares("2").as_deref(), Some("10"), "a half is paid in cash");
    assert_eq!(company.totals(COMMON), [160, 160, 0, 0]);
    assert_eq!(company.left("g").as_deref(), Some("10"), "a file says itself what becomes of it");
    let id = company.certificate("1").unwrap();
    let facts = company.fold.certificate(id).unwrap();
    assert_eq!(facts.quantity_at(day("2020-01-31")), Quantity::whole(100));
    assert_eq!(facts.quantity_at(day("2020-02-01")), Quantity::whole(150));
    let before = company.fold.class(COMMON).unwrap().totals_at(day("2020-01-31")).unwrap();
    assert_eq!(before.outstanding, Quantity::whole(107));
    // One for twenty: what would be less than a share ends.
    company.tell([split("common", "1", "20", "2020-03-01")]).unwrap();
    assert_eq!((company.shares("1").as_deref(), company.shares("2")), (Some("7"), None));
    assert_eq!(
        company.tell([split("common", "2000", "1", "2020-04-01")]),
        Err(Rule::AuthorizedSharesExceeded)
    );
    let early = tx("TX_STOCK_CANCELLATION", "1", "2020-02-15", json!({ "quantity": "7" }));
    assert_eq!(company.tell([early]), Err(Rule::DateOutOfOrder));
}

#[test]
fn a_live_split_reaches_what_becomes_shares_of_the_class() {
    let mut company = Company::with(false);
    company.tell([stock("1", "ada", "5", "2020-01-01")]).unwrap();
    company.tell([stock("2", "ada", "4", "2020-01-01")]).unwrap();
    company.tell([grant("g", "eve", "10", "2020-01-01")]).unwrap();
    let ratio = json!({ "numerator": "1", "denominator": "3" });
    let fields = json!({ "stock_class_id": "common", "split_ratio": ratio });
    company.tell([act("TX_STOCK_CLASS_SPLIT", "2020-02-01", fields)]).unwrap();
    // Nine shares of one holder are three, however they are certificated.
    assert_eq!(company.shares("1").as_deref(), Some("1"));
    assert_eq!(company.shares("2").as_deref(), Some("2"));
    assert_eq!(company.left("g").as_deref(), Some("3"));
    assert_eq!(company.pool(PlanId(0)), [333, 3, 0, 0]);
    let preferred = company.register.class(PREFERRED).unwrap();
    assert_eq!(preferred.conversions[0].ratio.parts(), (1, 3));
    let grant = company.register.security(company.security("g")).unwrap();
    assert_eq!(grant.price.unwrap().to_string(), "3 USD");
    // The format has no words for most of it, which an export says.
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
    draft.tell([super::grant("g", "eve", "10", "2020-01-01")]).unwrap();
    let ratio = json!({ "numerator": "1", "denominator": "3" });
    let fields = json!({ "stock_class_id": "common", "split_ratio": ratio });
    draft.tell([act("TX_STOCK_CLASS_SPLIT", "2020-02-01", fields)]).unwrap();
    assert_eq!(draft.fold.export(draft.entry.issuer, Date::MAX).findings, []);
}

#[test]
fn authorizations_have_a_history() {
    let mut company = company();
    let fields = json!({ "stock_class_id": "common", "new_shares_authorized": "6000" });
    company
        .tell([act("TX_STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT", "2020-05-01", fields)])
        .unwrap();
    let fields = json!({ "issuer_id": "acme", "new_shares_authorized": "9000" });
    company.tell([act("TX_ISSUER_AUTHORIZED_SHARES_ADJUSTMENT", "2020-06-01", fields)]).unwrap();
    let class = company.fold.class(COMMON).unwrap();
    let at = |date: &str| class.authorized.at(day(date)).to_string();
    assert_eq!((at("2020-04-30").as_str(), at("2020-05-01").as_str()), ("8000", "6000"));
    let issuer = company.fold.issuer(company.entry.issuer).unwrap();
    assert_eq!(issuer.authorized.at(day("2020-06-01")).to_string(), "9000");
}

#[test]
fn a_class_converts_at_another_ratio_from_a_date_on() {
    let mut company = company();
    let ratio = json!({ "numerator": "5", "denominator": "4" });
    let mechanism = json!({ "type": "RATIO_CONVERSION", "ratio": ratio });
    let fields = json!({
        "stock_class_id": "preferred", "new_ratio_conversion_mechanism": mechanism,
    });
    company
        .tell([act("TX_STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT", "2021-01-01", fields)])
        .unwrap();
    let class = company.fold.class(PREFERRED).unwrap();
    assert_eq!(class.conversions.at(day("2020-12-31"))[0].ratio.parts(), (1, 1));
    assert_eq!(class.conversions.at(day("2021-01-01"))[0].ratio.parts(), (5, 4));
}

#[test]
fn a_history_may_consolidate_more_certificates_than_a_command() {
    for (draft, expected) in [(true, Ok(())), (false, Err(Rule::TooManyCertificates))] {
        let mut company = Company::with(draft);
        let ids: Vec<String> = (0..65).map(|nth| format!("c{nth}")).collect();
        for id in &ids {
            company.tell([stock(id, "ada", "1", "2020-01-01")]).unwrap();
        }
        let fields = json!({ "security_ids": ids, "resulting_security_id": "all" });
        let event = act("TX_STOCK_CONSOLIDATION", "2020-02-01", fields);
        let told = company.tell([event, stock("all", "ada", "65", "2020-02-01")]);
        assert_eq!(told.map(drop), expected);
    }
}
