//! Whose stock of which plan a certificate is: what its papers say counts only where a pool was drawn on.

use super::*;
use crate::handle::PlanId;

const PLAN: PlanId = PlanId(0);
const OLD: PlanId = PlanId(1);

fn of_plan(value: Value, plan: &str) -> Value {
    with(value, json!({ "stock_plan_id": plan }))
}

fn whole(id: &str, result: &str) -> Value {
    let fields = json!({ "quantity": "100", "resulting_security_ids": [result] });
    tx("TX_STOCK_TRANSFER", id, "2020-02-01", fields)
}

fn cancel(id: &str, shares: &str) -> Value {
    tx("TX_STOCK_CANCELLATION", id, "2020-03-01", json!({ "quantity": shares }))
}

fn pool(company: &Company, plan: PlanId) -> [String; 3] {
    let pool = company.register.plan(plan).unwrap().pool;
    [pool.drawn, pool.returned, pool.available()].map(|quantity| quantity.to_string())
}

#[test]
fn a_name_on_paper_makes_no_room_in_a_pool_that_was_not_drawn_on() {
    let mut company = Company::new();
    company.tell([grant("g", "eve", "600", "2020-01-01")]).unwrap();
    company.tell([stock("3", "ada", "100", "2020-01-01")]).unwrap();
    // Out of one plan, and under the name of another one after a sale.
    company.tell([of_plan(stock("1", "ada", "100", "2020-01-01"), "old plan")]).unwrap();
    company
        .tell([whole("1", "2"), of_plan(stock("2", "bob", "100", "2020-02-01"), "plan")])
        .unwrap();
    company.tell([cancel("2", "100")]).unwrap();
    assert_eq!(pool(&company, PLAN), ["600", "0", "400"]);
    assert_eq!(pool(&company, OLD), ["100", "0", "900"]);
    // Ordinary stock that is reissued as stock of a plan.
    let reissued =
        tx("TX_STOCK_REISSUANCE", "3", "2020-02-01", json!({ "resulting_security_ids": ["4"] }));
    company.tell([reissued, of_plan(stock("4", "ada", "100", "2020-02-01"), "plan")]).unwrap();
    company.tell([cancel("4", "100")]).unwrap();
    assert_eq!(pool(&company, PLAN), ["600", "0", "400"]);
}

#[test]
fn what_is_sold_under_the_name_of_its_plan_stays_its_stock() {
    let mut company = Company::new();
    company.tell([of_plan(stock("1", "ada", "100", "2020-01-01"), "plan")]).unwrap();
    company
        .tell([whole("1", "2"), of_plan(stock("2", "bob", "100", "2020-02-01"), "plan")])
        .unwrap();
    company.tell([cancel("2", "100")]).unwrap();
    assert_eq!(pool(&company, PLAN), ["100", "100", "1000"]);
}

#[test]
fn the_balance_of_a_settlement_stays_stock_of_its_plan() {
    let mut company = Company::with(false);
    company.tell([of_plan(stock("1", "ada", "100", "2020-01-01"), "plan")]).unwrap();
    company.sell("ada", "bob", 10);
    let (ada, bob) = (company.account("ada"), company.account("bob"));
    let held = |account| company.register.certificates(account, COMMON).next().unwrap().id;
    let (kept, sold) = (held(ada), held(bob));
    assert_eq!(company.register.plan_stock(kept).unwrap().drawn, Quantity::whole(90));
    assert_eq!(company.register.plan_stock(sold), None, "what is sold is nobody's grant");
    company.tell([cancel(&kept.to_string(), "90")]).unwrap();
    assert_eq!(pool(&company, PLAN), ["100", "90", "990"]);
}

#[test]
fn a_label_out_of_nothing_is_refused_by_the_register_and_by_the_fold() {
    let mut company = Company::new();
    company.tell([stock("1", "ada", "100", "2020-01-01")]).unwrap();
    let item = ImportItem {
        objects: [whole("1", "2"), stock("2", "bob", "100", "2020-02-01")].map(object).to_vec(),
        waived: Vec::new(),
    };
    let place = Place { record: 50, opened: 0 };
    let honest = company.entry.plan(&company.register, place, &item.objects).unwrap();
    company.register.check(&honest).unwrap();
    let opened = honest.effects.iter().find_map(|effect| match effect {
        Effect::CertificateOpened(opened) => Some(opened.certificate),
        _ => None,
    });
    let labelled = |certificate| {
        let mut forged = honest.clone();
        forged.effects.push(Effect::StockOfPlan { certificate, plan: PLAN });
        forged
    };
    let other = crate::handle::CertificateId { record: 7, place: 0, slot: 0 };
    for (certificate, rule) in
        [(opened.unwrap(), Rule::ResultMismatch), (other, Rule::CertificateUnknown)]
    {
        let forged = labelled(certificate);
        assert_eq!(company.register.check(&forged), Err(rule));
        assert!(company.fold.clone().add(&forged).is_err());
    }
    company.fold.add(&honest).unwrap();
}

#[test]
fn a_conversion_opens_nothing_out_of_nothing() {
    let mut company = Company::new();
    company.tell([note("n", "bob", "1000", "2020-01-01")]).unwrap();
    let convert = tx(
        "TX_CONVERTIBLE_CONVERSION",
        "n",
        "2020-02-01",
        json!({ "resulting_security_ids": ["w"], "trigger_id": "t" }),
    );
    let objects = [convert, warrant("w", "bob", Some("10"), "2020-02-01")].map(object);
    let place = Place { record: 50, opened: 0 };
    let honest = company.entry.plan(&company.register, place, &objects).unwrap();
    company.register.check(&honest).unwrap();
    let forged = |change: fn(&mut Vec<Effect>)| {
        let mut forged = honest.clone();
        change(&mut forged.effects);
        forged
    };
    let unclosed = forged(|effects| {
        effects.retain(|effect| !matches!(effect, Effect::SecurityClosed { .. }));
    });
    let granted = forged(|effects| {
        for effect in effects {
            if let Effect::SecurityOpened(opened) = effect {
                opened.instrument = crate::effect::Instrument::OptionNso;
            }
        }
    });
    for event in [unclosed, granted] {
        assert_eq!(company.register.check(&event), Err(Rule::QuantityMismatch));
        assert!(!event.securities_balance());
    }
}
