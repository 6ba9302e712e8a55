//! Packages that are within every bound and name the same things over and over. Each of these would
//! take many times as long if the work grew with the square of what is named.

use super::super::fresh::Fresh;
use super::*;
use crate::amount::Quantity;
use crate::ocf::object::Object;

#[test]
fn many_transfers_into_the_same_certificates_are_weighed_once_each() {
    let results: Vec<String> = (0..1_000).map(|at| format!("r{at}")).collect();
    let results: Vec<&str> = results.iter().map(String::as_str).collect();
    let issued = results.iter().map(|id| issue(id, "2021-02-01", "b", "1"));
    let sources: Vec<String> = (0..200).map(|at| format!("s{at}")).collect();
    let sold = sources.iter().map(|id| transfer(id, "2021-02-01", "1000000", &results));
    let history: Vec<Value> = issued.chain(sold).collect();
    let options = Options { mode: Mode::Lenient, md5: true };
    // What the transfers give makes up no certificate, and none of them has a source.
    let package = read(&source(&history), options).unwrap();
    let found: Vec<_> = package.findings.iter().map(|found| found.code).collect();
    assert_eq!(found, [Code::ReferenceUnknown; 200]);
    assert_eq!(package.of(Kind::StockTransfer).count(), 0);
}

#[test]
fn one_certificate_accepted_again_and_again_is_accepted_once() {
    let accepted = |at: usize| {
        let event = event("STOCK_ACCEPTANCE", "y", "2021-02-01", json!({}));
        with(event, "id", format!("accepted {at}").into())
    };
    let sold = |at: usize| {
        let sold = transfer("x", "2021-02-01", "100", &["y"]);
        with(sold, "id", format!("sold {at}").into())
    };
    let issued = [issue("x", "2021-01-01", "a", "100"), issue("y", "2021-02-01", "b", "100")];
    let again = (0..12_000).map(sold).chain((0..12_000).map(accepted));
    let history: Vec<Value> = issued.into_iter().chain(again).collect();
    let refusal = strictly(&history).map(drop).unwrap_err();
    assert_eq!(refusal.code, Code::AcceptedTwice, "{refusal}");
    let options = Options { mode: Mode::Lenient, md5: true };
    let package = read(&source(&history), options).unwrap();
    let left = |kind: Kind| package.of(kind).count();
    assert_eq!((left(Kind::StockTransfer), left(Kind::StockAcceptance)), (1, 1));
}

#[test]
fn certificates_of_a_grant_that_says_a_great_deal_are_not_made_without_end() {
    let long = vec![true; 2_000_000].into();
    let grant = Object::new(Kind::EquityCompensationIssuance, "g", [("vestings", long)].into());
    let mut fresh = Fresh::default();
    let mut make = || {
        fresh.certificate(&grant, &grant, None, "2021-01-01", Quantity::MAX);
        fresh.beyond()
    };
    assert_eq!([make(), make(), make(), make()], [None, None, None, None]);
    let beyond = "the certificates that are made have more than 10000000 values";
    assert_eq!(make().as_deref(), Some(beyond));
}
