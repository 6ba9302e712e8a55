//! What a cap table says about all of it, at several dates and under several definitions.

use super::*;
use crate::captable::{CapTable, Definition, GrantLine, HolderLine, Holding};

fn table(company: &Company, date: &str) -> CapTable {
    company.fold.cap_table(company.entry.issuer, day(date)).unwrap().unwrap()
}

/// Totals under every definition, from the narrowest to the widest.
fn counted(table: &CapTable) -> Vec<String> {
    let totals = Definition::ALL.iter().map(|definition| table.total(definition).unwrap());
    for definition in &Definition::ALL {
        let held = table.holders.iter().map(|line| line.total(definition).unwrap().0);
        let all = held.sum::<u128>() + table.unissued(definition).unwrap().0;
        assert_eq!(all, table.total(definition).unwrap().0);
    }
    totals.map(|total| total.to_string()).collect()
}

/// The laws of a cap table at a date.
pub(super) fn agree(company: &Company, date: Date) {
    let table = company.fold.cap_table(company.entry.issuer, date).unwrap().unwrap();
    counted(&table);
    for class in &table.classes {
        let totals = [class.outstanding, class.treasury, class.retired].map(|part| part.0);
        assert_eq!(class.issued.0, totals.iter().sum::<u128>());
        let held = |of: fn(&Holding) -> Quantity| {
            let holdings = table.holders.iter().flat_map(|line| &line.holdings);
            holdings.filter(|one| one.class == class.class).map(|one| of(one).0).sum::<u128>()
        };
        assert_eq!(class.outstanding.0, held(|one| one.quantity));
        assert_eq!(class.as_converted.0, held(|one| one.as_converted));
    }
    let sum =
        |of: fn(&HolderLine) -> Quantity| table.holders.iter().map(|line| of(line).0).sum::<u128>();
    let granted = table.grants.iter().map(|grant| grant.outstanding.0).sum::<u128>();
    assert_eq!(granted, sum(|line| line.options));
    let warrants = table.warrants.iter().filter_map(|warrant| warrant.outstanding);
    assert_eq!(warrants.map(|left| left.0).sum::<u128>(), sum(|line| line.warrants));
    for grant in &table.grants {
        assert!(grant.exercisable <= grant.outstanding && grant.vested <= grant.granted);
        assert!(!grant.outstanding.is_zero());
    }
    let vesting = company.fold.vesting(company.entry.issuer, date).unwrap();
    for grant in &table.grants {
        let line = vesting.iter().find(|line| line.security == grant.source_id).unwrap();
        assert_eq!((line.granted, line.vested), (grant.granted, grant.vested));
    }
}

/// Granted, exercised, cancelled, outstanding, vested, exercisable.
fn figures(line: &GrantLine) -> [String; 6] {
    [line.granted, line.exercised, line.cancelled, line.outstanding, line.vested, line.exercisable]
        .map(|quantity| quantity.to_string())
}

fn terms() -> Value {
    json!({
        "object_type": "VESTING_TERMS", "id": "monthly", "name": "Monthly over four years",
        "description": "", "allocation_type": "CUMULATIVE_ROUND_DOWN",
        "vesting_conditions": [
            {
                "id": "start", "quantity": "0", "trigger": { "type": "VESTING_START_DATE" },
                "next_condition_ids": ["monthly"],
            },
            {
                "id": "monthly", "portion": { "numerator": "1", "denominator": "48" },
                "trigger": {
                    "type": "VESTING_SCHEDULE_RELATIVE", "relative_to_condition_id": "start",
                    "period": {
                        "type": "MONTHS", "length": 1, "occurrences": 48,
                        "day_of_month": "VESTING_START_DAY_OR_LAST_DAY_OF_MONTH",
                    },
                },
                "next_condition_ids": [],
            },
        ],
    })
}

/// Eve has an option over 480 shares that vests over 48 months from 2020-01-01.
fn with_a_vesting_grant() -> Company {
    let mut company = Company::new();
    company.tell([terms()]).unwrap();
    let vesting = json!({ "vesting_terms_id": "monthly" });
    company.tell([with(grant("g", "eve", "480", "2020-01-01"), vesting)]).unwrap();
    let start = json!({ "vesting_condition_id": "start" });
    company.tell([tx("TX_VESTING_START", "g", "2020-01-01", start)]).unwrap();
    company
}

#[test]
fn a_company_with_everything_is_counted_under_each_definition() {
    let mut company = with_a_vesting_grant();
    company.tell([stock("1", "ada", "3000", "2020-01-01")]).unwrap();
    let preferred = json!({ "stock_class_id": "preferred" });
    company.tell([with(stock("2", "bob", "1000", "2020-06-01"), preferred)]).unwrap();
    let units = json!({ "compensation_type": "RSU" });
    company.tell([with(grant("r", "bob", "100", "2020-06-01"), units)]).unwrap();
    let rights = json!({ "compensation_type": "CSAR" });
    company.tell([with(grant("c", "bob", "70", "2020-06-01"), rights)]).unwrap();
    company.tell([warrant("w", "bob", Some("50"), "2020-06-01")]).unwrap();
    company.tell([warrant("open", "bob", None, "2020-06-01")]).unwrap();
    company.tell([note("n", "bob", "250000", "2020-06-01")]).unwrap();
    let ratio = json!({
        "stock_class_id": "preferred",
        "new_ratio_conversion_mechanism": {
            "type": "RATIO_CONVERSION", "rounding_type": "FLOOR",
            "ratio": { "numerator": "3", "denominator": "2" },
        },
    });
    let kind = "TX_STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT";
    company.tell([act(kind, "2021-01-01", ratio)]).unwrap();

    assert_eq!(counted(&table(&company, "2019-12-31")), ["0", "0", "0", "0", "2000"]);
    let first = table(&company, "2020-01-01");
    assert_eq!(counted(&first), ["3000", "3000", "3000", "3480", "5000"]);
    // Half a year: 60 of 480 vested on 2020-07-01; the preferred stock converts one for one.
    let half = table(&company, "2020-07-01");
    assert_eq!(counted(&half), ["4000", "4000", "4110", "4630", "5980"]);
    // A year: 120 vested, and three common shares for two preferred.
    let year = table(&company, "2021-01-01");
    assert_eq!(counted(&year), ["4000", "4500", "4670", "5130", "6480"]);
    assert_eq!(year.classes[1].as_converted, Quantity::whole(1500));
    assert_eq!(year.warrants.len(), 2);
    assert_eq!(year.warrants[1].outstanding, None, "the number of shares is open");
    assert_eq!(year.convertibles[0].amount.to_string(), "250000 USD");
    let bob = year.holders.iter().find(|line| line.source_id == "bob").unwrap();
    assert_eq!((bob.options, bob.warrants), (Quantity::whole(170), Quantity::whole(50)));
    let plan = year.plans[0].pool;
    assert_eq!(
        [plan.reserved, plan.drawn, plan.available()],
        [1000, 650, 350].map(Quantity::whole)
    );
    assert_eq!(year.plans[0].name, "plan");
}

#[test]
fn a_grant_that_is_exercised_cancelled_and_left_keeps_its_figures() {
    let mut company = with_a_vesting_grant();
    let fields = json!({ "quantity": "30", "resulting_security_ids": ["s"] });
    let exercise = tx("TX_EQUITY_COMPENSATION_EXERCISE", "g", "2020-09-01", fields);
    company.tell([exercise, stock("s", "eve", "30", "2020-09-01")]).unwrap();
    // Eve leaves: of 450, what has not vested is cancelled; 120 had vested, 30 are exercised.
    let fields = json!({ "quantity": "360", "balance_security_id": "h" });
    let cancel = tx("TX_EQUITY_COMPENSATION_CANCELLATION", "g", "2021-01-15", fields);
    let vesting = json!({ "vesting_terms_id": "monthly" });
    company.tell([cancel, with(grant("h", "eve", "90", "2021-01-15"), vesting)]).unwrap();

    let at = |date: &str| figures(&table(&company, date).grants[0]);
    assert_eq!(at("2020-01-31"), ["480", "0", "0", "480", "0", "0"]);
    assert_eq!(at("2020-09-01"), ["480", "30", "0", "450", "80", "50"]);
    assert_eq!(at("2021-01-14"), ["480", "30", "0", "450", "120", "90"]);
    assert_eq!(at("2021-01-15"), ["480", "30", "360", "90", "120", "90"]);
    assert_eq!(at("2030-01-01"), ["480", "30", "360", "90", "120", "90"], "the rest never vests");
    let lines = company.fold.vesting(company.entry.issuer, day("2030-01-01")).unwrap();
    assert_eq!(lines.len(), 1, "the stock that she got is not under terms");
    assert_eq!(lines[0].terms, "Monthly over four years");
    assert_eq!((lines[0].vested, lines[0].unvested), (Quantity::whole(120), Quantity::ZERO));
}

#[test]
fn a_cancellation_of_a_part_leaves_the_rest_vesting() {
    let mut company = with_a_vesting_grant();
    let fields = json!({ "quantity": "100", "balance_security_id": "h" });
    let cancel = tx("TX_EQUITY_COMPENSATION_CANCELLATION", "g", "2020-07-15", fields);
    let vesting = json!({ "vesting_terms_id": "monthly" });
    company.tell([cancel, with(grant("h", "eve", "380", "2020-07-15"), vesting)]).unwrap();
    let at = |date: &str| figures(&table(&company, date).grants[0]);
    assert_eq!(at("2020-08-01"), ["480", "0", "100", "380", "70", "70"]);
    assert_eq!(at("2023-03-01"), ["480", "0", "100", "380", "380", "380"], "38 months");
    assert_eq!(at("2024-01-01"), ["480", "0", "100", "380", "380", "380"]);
}

#[test]
fn a_balance_whose_vesting_is_started_anew_is_a_grant_of_its_own() {
    let mut company = with_a_vesting_grant();
    let fields = json!({ "quantity": "240", "balance_security_id": "h" });
    let cancel = tx("TX_EQUITY_COMPENSATION_CANCELLATION", "g", "2021-01-01", fields);
    let vesting = json!({ "vesting_terms_id": "monthly" });
    company.tell([cancel, with(grant("h", "eve", "240", "2021-01-01"), vesting)]).unwrap();
    let start = json!({ "vesting_condition_id": "start" });
    company.tell([tx("TX_VESTING_START", "h", "2021-01-01", start)]).unwrap();
    let at = |date: &str| figures(&table(&company, date).grants[0]);
    assert_eq!(at("2020-12-31"), ["480", "0", "0", "480", "110", "110"]);
    assert_eq!(at("2021-03-01"), ["240", "0", "0", "240", "10", "10"]);
}

#[test]
fn a_transferred_grant_goes_on_vesting() {
    let mut company = with_a_vesting_grant();
    let fields = json!({ "quantity": "480", "resulting_security_ids": ["t"] });
    let transfer = tx("TX_EQUITY_COMPENSATION_TRANSFER", "g", "2020-07-01", fields);
    let vesting = json!({ "vesting_terms_id": "monthly" });
    company.tell([transfer, with(grant("t", "bob", "480", "2020-07-01"), vesting)]).unwrap();
    let grant = &table(&company, "2021-01-01").grants[0];
    assert_eq!(grant.holder_source_id, "bob");
    assert_eq!(figures(grant), ["480", "0", "0", "480", "120", "120"]);
}

#[test]
fn restricted_stock_vests_and_a_repurchase_takes_what_has_not() {
    let mut company = Company::new();
    company.tell([terms()]).unwrap();
    let vesting = json!({ "vesting_terms_id": "monthly" });
    company.tell([with(stock("1", "ada", "4800", "2020-01-01"), vesting.clone())]).unwrap();
    let start = json!({ "vesting_condition_id": "start" });
    company.tell([tx("TX_VESTING_START", "1", "2020-01-01", start)]).unwrap();
    let fields = json!({
        "quantity": "3600", "balance_security_id": "2",
        "price": { "amount": "0.5", "currency": "USD" },
    });
    let repurchase = tx("TX_STOCK_REPURCHASE", "1", "2021-01-10", fields);
    company.tell([repurchase, with(stock("2", "ada", "1200", "2021-01-10"), vesting)]).unwrap();
    let at = |date: &str| {
        let line = company.fold.vesting(company.entry.issuer, day(date)).unwrap().remove(0);
        [line.granted, line.outstanding, line.vested, line.unvested].map(|q| q.to_string())
    };
    assert_eq!(at("2020-07-01"), ["4800", "4800", "600", "4200"]);
    assert_eq!(at("2021-01-10"), ["4800", "1200", "1200", "0"]);
    assert_eq!(at("2029-01-10"), ["4800", "1200", "1200", "0"]);
    let class = &table(&company, "2021-01-10").classes[0];
    let totals = [class.issued, class.outstanding, class.treasury, class.retired];
    assert_eq!(totals.map(|q| q.to_string()), ["4800", "1200", "0", "3600"]);
}

#[test]
fn an_acceleration_counts_shares_of_its_own_day() {
    let mut company = with_a_vesting_grant();
    let fast = |date: &str, shares: &str| {
        let fields = json!({ "quantity": shares, "reason_text": "sale" });
        tx("TX_VESTING_ACCELERATION", "1", date, fields)
    };
    let vesting = json!({ "vesting_terms_id": "monthly" });
    company.tell([with(stock("1", "ada", "480", "2020-01-01"), vesting)]).unwrap();
    let start = json!({ "vesting_condition_id": "start" });
    company.tell([tx("TX_VESTING_START", "1", "2020-01-01", start)]).unwrap();
    company.tell([fast("2020-03-15", "100")]).unwrap();
    let ratio = json!({ "numerator": "3", "denominator": "1" });
    let fields = json!({ "stock_class_id": "common", "split_ratio": ratio });
    company.tell([act("TX_STOCK_CLASS_SPLIT", "2020-06-01", fields)]).unwrap();
    company.tell([fast("2020-06-15", "100")]).unwrap();
    let vested = |date: &str| {
        let lines = company.fold.vesting(company.entry.issuer, day(date)).unwrap();
        let line = lines.iter().find(|line| line.security == "1").unwrap();
        (line.vested.to_string(), line.outstanding.to_string())
    };
    assert_eq!(vested("2020-03-15"), ("120".into(), "480".into()));
    // Five months and a hundred, times three.
    assert_eq!(vested("2020-06-01"), ("450".into(), "1440".into()));
    assert_eq!(vested("2020-06-15"), ("550".into(), "1440".into()));
}

#[test]
fn vesting_that_cannot_be_told_is_a_note_and_counts_as_unvested() {
    let mut company = Company::new();
    let mut broken = terms();
    broken["vesting_conditions"][0]["next_condition_ids"] = json!(["start"]);
    company.tell([broken]).unwrap();
    let vesting = json!({ "vesting_terms_id": "monthly" });
    company.tell([with(grant("g", "eve", "480", "2020-01-01"), vesting)]).unwrap();
    let table = table(&company, "2025-01-01");
    assert_eq!(figures(&table.grants[0]), ["480", "0", "0", "480", "0", "0"]);
    assert_eq!(table.notes.len(), 1);
    assert_eq!(
        (table.notes[0].security.as_str(), table.notes[0].error.code()),
        ("g", "VESTING_CYCLE")
    );
    assert_eq!(counted(&table), ["0", "0", "0", "480", "2000"]);
}

#[test]
fn the_json_says_the_same_in_texts() {
    let mut company = with_a_vesting_grant();
    company.tell([stock("1", "ada", "3000", "2020-01-01")]).unwrap();
    company.tell([warrant("open", "bob", None, "2020-06-01")]).unwrap();
    company.tell([note("n", "bob", "250000", "2020-06-01")]).unwrap();
    let table = table(&company, "2021-01-01");
    let name = |line: &HolderLine| Some(line.source_id.to_uppercase());
    let json = table.to_json(&Definition::FULLY_DILUTED, name, &[]).unwrap();
    let expected = json!({
        "issuer": "acme", "asOf": "2021-01-01", "definition": "FULLY_DILUTED",
        "classes": [
            {
                "id": "common", "name": "common", "type": "COMMON", "authorized": "8000",
                "issued": "3000", "outstanding": "3000", "treasury": "0", "asConverted": "3000",
            },
            {
                "id": "preferred", "name": "preferred", "type": "PREFERRED", "authorized": "2000",
                "issued": "0", "outstanding": "0", "treasury": "0", "asConverted": "0",
            },
        ],
        "holders": [
            {
                "stakeholderId": "ada", "name": "ADA", "options": "0", "warrants": "0",
                "holdings": [{ "classId": "common", "quantity": "3000" }],
            },
            { "stakeholderId": "bob", "name": "BOB", "options": "0", "warrants": "0", "holdings": [] },
            { "stakeholderId": "eve", "name": "EVE", "options": "480", "warrants": "0", "holdings": [] },
        ],
        "plans": [
            {
                "id": "plan", "name": "plan", "reserved": "1000", "granted": "480",
                "exercised": "0", "available": "520",
            },
            {
                "id": "old plan", "name": "old plan", "reserved": "1000", "granted": "0",
                "exercised": "0", "available": "1000",
            },
        ],
        "grants": [{
            "securityId": "g", "stakeholderId": "eve", "type": "OPTION_NSO", "quantity": "480",
            "exercisePrice": "1", "vested": "120",
        }],
        "warrants": [{
            "classId": null, "securityId": "open", "stakeholderId": "bob", "quantity": null, "exercisePrice": "2",
        }],
        "convertibles": [{
            "securityId": "n", "stakeholderId": "bob", "amount": "250000", "currency": "USD",
        }],
        "fullyDiluted": "3480", "findings": [],
    });
    assert_eq!(serde_json::to_value(json).unwrap(), expected);
}
