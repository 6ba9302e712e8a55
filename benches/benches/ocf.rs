//! Reading a package of 100,000 transactions, and carrying it out, apart from each other.

use std::fmt::Write;

use counterfoil_registry::ocf::import::{import, items};
use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{Mode, Options, read, write};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Rounds of issuance, acceptance and sale: five transactions each.
const ROUNDS: usize = 20_000;

/// A company of 1,000 holders in which every certificate is sold in part on the day after its
/// issuance.
fn source() -> Source {
    let mut holders = String::new();
    for at in 0..1_000 {
        let comma = if at == 0 { "" } else { "," };
        write!(
            holders,
            r#"{comma}{{"object_type":"STAKEHOLDER","id":"holder-{at}","name":{{"legal_name":"Holder {at}"}},"stakeholder_type":"INDIVIDUAL"}}"#
        )
        .expect("a text grows");
    }
    let class = r#"{"object_type":"STOCK_CLASS","id":"common","name":"Common","class_type":"COMMON","default_id_prefix":"CS-","initial_shares_authorized":"UNLIMITED","votes_per_share":"1","seniority":"1"}"#;
    let mut transactions = String::new();
    let issue = |text: &mut String, id: &str, date: &str, holder: usize, quantity: u32| {
        write!(
            text,
            r#"{{"object_type":"TX_STOCK_ISSUANCE","id":"5f2c0c36-7b1a-4f0e-9f52-issue-{id}","date":"{date}","security_id":"8d3f5b1e-2c64-4d0a-9c1f-{id}","custom_id":"CS-{id}","stakeholder_id":"holder-{holder}","stock_class_id":"common","share_price":{{"amount":"1.25","currency":"USD"}},"quantity":"{quantity}","security_law_exemptions":[{{"description":"Rule 701","jurisdiction":"US"}}],"stock_legend_ids":[],"comments":["as approved by the board"]}}"#
        )
        .expect("a text grows");
    };
    for at in 0..ROUNDS {
        if at > 0 {
            transactions.push(',');
        }
        let year = 2000 + at / 1_000;
        let (first, second) = (format!("{year}-03-01"), format!("{year}-03-02"));
        issue(&mut transactions, &format!("{at}-a"), &first, at % 1_000, 100);
        write!(
            transactions,
            r#",{{"object_type":"TX_STOCK_ACCEPTANCE","id":"5f2c0c36-7b1a-4f0e-9f52-accept-{at}","date":"{first}","security_id":"8d3f5b1e-2c64-4d0a-9c1f-{at}-a"}},"#
        )
        .expect("a text grows");
        issue(&mut transactions, &format!("{at}-b"), &second, (at + 1) % 1_000, 60);
        transactions.push(',');
        issue(&mut transactions, &format!("{at}-c"), &second, at % 1_000, 40);
        write!(
            transactions,
            r#",{{"object_type":"TX_STOCK_TRANSFER","id":"5f2c0c36-7b1a-4f0e-9f52-sell-{at}","date":"{second}","security_id":"8d3f5b1e-2c64-4d0a-9c1f-{at}-a","quantity":"60","resulting_security_ids":["8d3f5b1e-2c64-4d0a-9c1f-{at}-b"],"balance_security_id":"8d3f5b1e-2c64-4d0a-9c1f-{at}-c"}}"#
        )
        .expect("a text grows");
    }
    let file = |kind: &str, items: &str| {
        let text = format!(r#"{{"file_type":"OCF_{kind}_FILE","items":[{items}]}}"#);
        (format!("{kind}.json"), text.into_bytes())
    };
    let list = |kind: &str| format!(r#"[{{"filepath":"{kind}.json","md5":""}}]"#);
    let manifest = format!(
        r#"{{"file_type":"OCF_MANIFEST_FILE","ocf_version":"1.2.0","as_of":"2030-01-01","generated_at":"2030-01-01T00:00:00Z","issuer":{{"object_type":"ISSUER","id":"issuer","legal_name":"Large Inc.","formation_date":"2000-01-01","country_of_formation":"US"}},"stakeholders_files":{},"stock_classes_files":{},"transactions_files":{},"stock_plans_files":[],"stock_legend_templates_files":[],"vesting_terms_files":[],"valuations_files":[]}}"#,
        list("STAKEHOLDERS"),
        list("STOCK_CLASSES"),
        list("TRANSACTIONS"),
    );
    let members = [
        ("0.json".to_owned(), manifest.into_bytes()),
        file("STAKEHOLDERS", &holders),
        file("STOCK_CLASSES", class),
        file("TRANSACTIONS", &transactions),
    ];
    Source::from_members(members).expect("four members of fair size")
}

fn ocf(criterion: &mut Criterion) {
    let source = source();
    let bytes: usize = source.members().map(|(_, bytes)| bytes.len()).sum();
    let mut group = criterion.benchmark_group("ocf");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(bytes as u64));
    let read = || read(&source, Options::default()).expect("it is coherent");
    group.bench_function("read", |bench| bench.iter_with_large_drop(read));
    let package = read();
    assert_eq!(package.items.len(), 5 * ROUNDS + 1_001);
    let ordered = || items(&package).expect("it was read");
    group.bench_function("order", |bench| bench.iter_with_large_drop(ordered));
    group.bench_function("write", |bench| bench.iter(|| write(&package).expect("it was read")));
    group.throughput(Throughput::Elements(5 * ROUNDS as u64));
    group.bench_function("carry out", |bench| {
        let carried_out = || import(&package, Mode::Strict).expect("it breaks no rule");
        bench.iter_with_large_drop(carried_out);
    });
    group.finish();
}

criterion_group!(benches, ocf);
criterion_main!(benches);
