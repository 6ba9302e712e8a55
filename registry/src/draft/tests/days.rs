//! Histories: the limits of charter and plans hold at the end of each day, in whatever order the day
//! is told, and a class counts from the day on which something first happens to it.

use super::*;

/// What is told after the entities, one item a line.
type Told = Vec<Vec<Value>>;

/// A company and what happened to it, both told afterwards as one history. Whatever passes with
/// waivers passes again with those that were added, as in a ledger.
fn history(
    before: &[Value],
    told: &Told,
    unsigned: Unsigned,
) -> Result<Vec<ImportItem>, (usize, Rule)> {
    let company = Company::bare(true);
    let entities = before.iter().map(|entity| vec![entity.clone()]);
    let items = entities.chain(told.iter().cloned()).map(|objects| ImportItem {
        objects: objects.into_iter().map(object).collect(),
        waived: Vec::new(),
    });
    let mut items: Vec<ImportItem> = items.collect();
    let carry_out = |items: &mut [ImportItem], unsigned| {
        let mut company = Company { register: company.register.clone(), ..Company::bare(true) };
        let place = |at: usize, _| Place { record: 1 + at as u64, opened: 0 };
        let events = company.entry.enter_all(&mut company.register, place, items, unsigned);
        let events = events.map_err(|(at, error)| match error {
            EntryError::Rule(rule) => (at, rule),
            EntryError::Item(error) => panic!("{error}"),
        })?;
        events.iter().for_each(|event| company.fold.add(event).unwrap());
        company.judge();
        Ok((events, company.bytes()))
    };
    let first = carry_out(&mut items, unsigned)?;
    assert_eq!(carry_out(&mut items, Unsigned::Refuse).as_ref(), Ok(&first));
    Ok(items)
}

fn class(id: &str, shares: &str) -> Value {
    json!({
        "object_type": "STOCK_CLASS", "id": id, "name": id, "class_type": "COMMON",
        "initial_shares_authorized": shares,
    })
}

fn of(class: &str, value: Value) -> Value {
    with(value, json!({ "stock_class_id": class }))
}

/// Common and a second class, a pool of 100, and Ada.
fn entities(common: &str, second: &str) -> Vec<Value> {
    let plan = json!({
        "object_type": "STOCK_PLAN", "id": "plan", "plan_name": "plan",
        "initial_shares_reserved": "100", "stock_class_ids": ["common"],
        "default_cancellation_behavior": "RETURN_TO_POOL",
    });
    let ada = json!({ "object_type": "STAKEHOLDER", "id": "ada", "name": { "legal_name": "Ada" } });
    vec![class("common", common), class("second", second), plan, ada]
}

fn issuer(date: &str, shares: &str) -> Vec<Value> {
    let fields = json!({ "issuer_id": "acme", "new_shares_authorized": shares });
    vec![act("TX_ISSUER_AUTHORIZED_SHARES_ADJUSTMENT", date, fields)]
}

fn raise(date: &str, class: &str, shares: &str) -> Vec<Value> {
    let fields = json!({ "stock_class_id": class, "new_shares_authorized": shares });
    vec![act("TX_STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT", date, fields)]
}

fn pool(date: &str, shares: &str) -> Vec<Value> {
    let fields = json!({ "stock_plan_id": "plan", "shares_reserved": shares });
    vec![act("TX_STOCK_PLAN_POOL_ADJUSTMENT", date, fields)]
}

fn cancel(id: &str, date: &str, units: &str) -> Vec<Value> {
    vec![tx("TX_EQUITY_COMPENSATION_CANCELLATION", id, date, json!({ "quantity": units }))]
}

fn split(date: &str) -> Vec<Value> {
    let ratio = json!({ "numerator": "2", "denominator": "1" });
    let fields = json!({ "stock_class_id": "common", "split_ratio": ratio });
    vec![act("TX_STOCK_CLASS_SPLIT", date, fields)]
}

const DAY: &str = "2021-01-01";
const NEXT: &str = "2021-01-02";

#[test]
fn a_day_is_judged_when_it_is_complete() {
    let full = || vec![stock("1", "ada", "8000", "2020-01-01")];
    let granted = || vec![grant("g", "ada", "100", "2020-01-01")];
    let converted = |date: &str| {
        let fields = json!({ "quantity_converted": "8000", "resulting_security_ids": ["2"] });
        let result = of("second", stock("2", "ada", "1000", date));
        vec![tx("TX_STOCK_CONVERSION", "1", date, fields), result]
    };
    let regrant = |date: &str| vec![grant("h", "ada", "100", date)];
    // What happens, in an order in which some limit is exceeded in between; and, with what heals it
    // a day late, the item at fault and its rule.
    let cases: [(&str, Told, usize, Rule); 6] = [
        (
            "a class is raised before the issuer is",
            vec![full(), raise(DAY, "common", "11000"), issuer(DAY, "20000")],
            1,
            Rule::IssuerAuthorizedExceeded,
        ),
        (
            "shares are split before the class is raised",
            vec![full(), issuer("2020-06-01", "30000"), split(DAY), raise(DAY, "common", "16000")],
            2,
            Rule::AuthorizedSharesExceeded,
        ),
        (
            "a class is cut before its shares are converted",
            vec![full(), raise(DAY, "common", "10"), converted(DAY)],
            1,
            Rule::AuthorizedSharesExceeded,
        ),
        (
            "a pool is cut before a grant is cancelled",
            vec![granted(), pool(DAY, "10"), cancel("g", DAY, "100")],
            1,
            Rule::PoolExceeded,
        ),
        (
            "an option is granted before another one is cancelled",
            vec![granted(), regrant(DAY), cancel("g", DAY, "100")],
            1,
            Rule::PoolExceeded,
        ),
        (
            "shares are issued before the class is raised",
            vec![
                full(),
                issuer("2020-06-01", "30000"),
                vec![stock("9", "ada", "1", DAY)],
                raise(DAY, "common", "9000"),
            ],
            2,
            Rule::AuthorizedSharesExceeded,
        ),
    ];
    let before = entities("8000", "2000");
    for (name, mut told, at, rule) in cases {
        history(&before, &told, Unsigned::Refuse)
            .unwrap_or_else(|broken| panic!("{name}: {broken:?}"));
        for value in told.last_mut().unwrap() {
            *value = with(value.clone(), json!({ "date": NEXT }));
        }
        let late = history(&before, &told, Unsigned::Refuse);
        assert_eq!(late, Err((before.len() + at, rule)), "{name}, and a day late");
        // The one that answers for it is made to say so, and only that one.
        let items = history(&before, &told, Unsigned::Waive).unwrap();
        let waived: Vec<_> =
            items.iter().enumerate().filter(|(_, item)| !item.waived.is_empty()).collect();
        assert_eq!(waived.len(), 1, "{name}");
        assert_eq!((waived[0].0, &*waived[0].1.waived), (before.len() + at, &[rule][..]));
    }
}

#[test]
fn a_class_counts_from_the_day_on_which_something_happens_to_it() {
    let before = entities("10000", "5000");
    let first = || vec![stock("1", "ada", "10", "2020-01-01")];
    let of_second = |date: &str| vec![of("second", stock("2", "ada", "10", date))];
    let rule = Rule::IssuerAuthorizedExceeded;
    let told = vec![first(), issuer(DAY, "15000"), of_second(DAY)];
    history(&before, &told, Unsigned::Refuse).unwrap();
    let told = vec![first(), of_second(DAY), issuer(NEXT, "15000")];
    assert_eq!(
        history(&before, &told, Unsigned::Refuse),
        Err((5, rule)),
        "it was issued too early"
    );
    let items = history(&before, &told, Unsigned::Waive).unwrap();
    assert_eq!(items[5].waived, [rule]);
    // Nothing ever happens to the second class, which is then one too many.
    let told = vec![first()];
    assert_eq!(history(&before, &told, Unsigned::Refuse), Err((1, rule)));
    let items = history(&before, &told, Unsigned::Waive).unwrap();
    assert_eq!(items[1].waived, [rule]);
}
