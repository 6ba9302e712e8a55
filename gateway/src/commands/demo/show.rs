//! What the demo shows: the cap table, the lineage of certificates, a balance. All of it is asked
//! for over GraphQL.

use counterfoil_registry::amount::Quantity;
use serde_json::{Value, json};

use crate::desk::Desk;
use crate::exit::Failure;
use crate::table::{aligned, grouped, percent};

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn quantity(text: &str) -> Quantity {
    Quantity::parse(text).unwrap_or_default()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The cap table of an issuer, as it was known at a height or as it is known now.
pub(super) fn cap_table(
    desk: &Desk,
    title: &str,
    issuer: &str,
    known_at: Option<&String>,
) -> Result<(), Failure> {
    let moment = known_at.map(|height| json!({ "height": height }));
    let answer = desk.ask(
        "query($issuer: ID!, $at: MomentInput) {
         capTable(issuer: $issuer, asOf: $at, knownAt: $at, definition: OUTSTANDING) { fullyDiluted
         classes { name authorized issued outstanding }
         holders(first: 100) { nodes { name holdings { quantity stockClass { name } } } } } }",
        json!({ "issuer": issuer, "at": moment }),
    )?;
    let table = &answer["capTable"];
    let classes: Vec<&Value> = list(&table["classes"]).collect();
    let whole = quantity(text(table, "fullyDiluted"));
    let row = |name: &str, quantities: Vec<String>| {
        let sum = Quantity(quantities.iter().map(|text| quantity(text).0).sum());
        let mut row = vec![name.to_owned()];
        row.extend(quantities.iter().map(|text| grouped(quantity(text))));
        row.extend([grouped(sum), percent(sum, whole)]);
        row
    };
    let mut rows = Vec::new();
    for holder in list(&table["holders"]["nodes"]) {
        let held = classes.iter().map(|class| {
            let mut holdings = list(&holder["holdings"]);
            let held = holdings.find(|held| held["stockClass"]["name"] == class["name"]);
            held.map_or("0", |held| text(held, "quantity")).to_owned()
        });
        rows.push(row(text(holder, "name"), held.collect()));
    }
    let totals = |field: &str| -> Vec<String> {
        classes.iter().map(|class| text(class, field).to_owned()).collect()
    };
    rows.push(row("outstanding", totals("outstanding")));
    for (name, field) in [("ever issued", "issued"), ("authorized", "authorized")] {
        let mut line = vec![name.to_owned()];
        line.extend(totals(field).iter().map(|text| grouped(quantity(text))));
        rows.push(line);
    }
    let mut head = vec!["holder"];
    head.extend(classes.iter().map(|class| text(class, "name")));
    head.extend(["all", "%"]);
    let numbers: Vec<usize> = (1..head.len()).collect();
    say!("\n{title}\n\n{}\n", aligned(&head, &numbers, rows));
    Ok(())
}

/// Every certificate of the issuer: what it came from and what became of it.
pub(super) fn lineage(desk: &Desk, issuer: &str) -> Result<(), Failure> {
    let answer = desk.ask(
        "query($issuer: ID!) { issuer(id: $issuer) { certificates(first: 100) { nodes {
         number opened quantity closed stockClass { name } holderName
         precededBy(first: 10) { nodes { number } } resultedIn(first: 10) { nodes { number } }
         } } } }",
        json!({ "issuer": issuer }),
    )?;
    let numbers = |page: &Value| {
        let numbers: Vec<&str> = list(&page["nodes"]).map(|node| text(node, "number")).collect();
        numbers.join(", ")
    };
    let rows = list(&answer["issuer"]["certificates"]["nodes"]).map(|certificate| {
        let became = match certificate["closed"].as_str() {
            None => "open".to_owned(),
            Some(date) => format!("{date} {}", numbers(&certificate["resultedIn"])),
        };
        let class = text(&certificate["stockClass"], "name");
        vec![
            text(certificate, "number").to_owned(),
            text(certificate, "opened").to_owned(),
            text(certificate, "holderName").to_owned(),
            format!("{} {class}", grouped(quantity(text(certificate, "quantity")))),
            numbers(&certificate["precededBy"]),
            became,
        ]
    });
    let head = ["certificate", "since", "first holder", "quantity", "from", "became"];
    say!("Lineage of the certificates\n\n{}\n", aligned(&head, &[], rows.collect()));
    Ok(())
}

/// What a cash account holds.
pub(super) fn balance(desk: &Desk, account: &str) -> Result<String, Failure> {
    let answer = desk.ask(
        "query($id: ID!) { cashAccount(id: $id) { balance asset { currency } } }",
        json!({ "id": account }),
    )?;
    let account = &answer["cashAccount"];
    Ok(format!("{} {}", text(account, "balance"), text(&account["asset"], "currency")))
}

/// A command that asks the server for something.
pub(super) fn query_to_try(address: &str) -> String {
    let query = json!({ "query": "{ checkpoint { origin treeSize treeRoot } }" });
    format!("curl -s {address}/graphql -H 'content-type: application/json' -d '{query}'")
}
