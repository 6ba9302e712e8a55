//! Splits that give someone more or less than their ratio says.

use counterfoil_engine::evidence::verify::FaultCode;
use counterfoil_engine::wire::v1::{self, command::Command};
use counterfoil_registry::amount::Quantity;
use counterfoil_registry::effect::Effect;
use counterfoil_registry::event::{Event, EventKind};
use counterfoil_registry::handle::{AccountId, SecurityId};
use counterfoil_registry::register::Target;

use counterfoil_tests::{Actor, CLASS, ISSUER, objects};
use serde_json::json;

use crate::chronicle::Chronicle;
use crate::forgery::{forge_whole, forged, recorded};
use crate::judge;

/// Whoever holds, and whatever becomes shares, gets what the ratio says.
#[test]
fn a_split_that_favours_someone_is_found() {
    fn changed(event: &mut Event, change: impl FnMut(&mut Effect) -> bool) -> bool {
        event.effects.iter_mut().any(change)
    }
    let cases: [fn(&mut Event) -> bool; 11] = [
        // From one holder to another, or between two certificates of one holder.
        |event| {
            let mut scaled = event.effects.iter_mut().filter_map(|effect| match effect {
                Effect::CertificateScaled { after, .. } => Some(after),
                _ => None,
            });
            let (first, second) = (scaled.next().unwrap(), scaled.next().unwrap());
            *first = first.checked_add(Quantity::whole(50)).unwrap();
            *second = second.checked_sub(Quantity::whole(50)).unwrap();
            true
        },
        |event| {
            let mut scaled = event.effects.iter_mut().rev().filter_map(|effect| match effect {
                Effect::CertificateScaled { after, .. } => Some(after),
                _ => None,
            });
            let (first, second) = (scaled.next().unwrap(), scaled.next().unwrap());
            std::mem::swap(first, second);
            true
        },
        // A grant: more shares, a lower strike, forgotten.
        |event| {
            changed(event, |effect| match effect {
                Effect::SecurityScaled { after, .. } => {
                    *after = Quantity::whole(181);
                    true
                }
                _ => false,
            })
        },
        |event| {
            changed(event, |effect| match effect {
                Effect::SecurityScaled { price: Some(price), .. } => {
                    price.amount -= 1;
                    true
                }
                _ => false,
            })
        },
        |event| {
            let before = event.effects.len();
            event.effects.retain(|effect| !matches!(effect, Effect::SecurityScaled { .. }));
            event.effects.len() < before
        },
        |event| {
            changed(event, |effect| match effect {
                Effect::PoolScaled { pool, .. } => {
                    pool.reserved = Quantity::whole(2_000);
                    true
                }
                _ => false,
            })
        },
        // The pool of two classes grows by what was granted of the one: 50 options, 20 shares.
        |event| {
            changed(event, |effect| match effect {
                Effect::PoolScaled { pool, .. } if pool.reserved == Quantity::whole(640) => {
                    pool.reserved = Quantity::whole(1_500);
                    true
                }
                _ => false,
            })
        },
        // A warrant is passed by.
        |event| {
            let before = event.effects.len();
            event.effects.retain(|effect| match effect {
                Effect::SecurityScaled { before, .. } => *before != Quantity::whole(10),
                _ => true,
            });
            event.effects.len() + 1 == before
        },
        |event| {
            changed(event, |effect| match effect {
                Effect::ClassSplit { treasury, .. } => {
                    *treasury = Quantity::whole(1);
                    true
                }
                _ => false,
            })
        },
        // Another ratio than was recorded, though nobody loses by it.
        |event| {
            changed(event, |effect| match effect {
                Effect::ClassSplit { ratio, .. } => {
                    *ratio = ratio.inverse();
                    true
                }
                _ => false,
            })
        },
        |event| {
            event.effects.push(Effect::ConversionsSet { class: CLASS, conversions: vec![] });
            true
        },
    ];
    let market = recorded();
    for (at, change) in cases.into_iter().enumerate() {
        let fault = forged(&market, true, |chronicle| {
            forge_whole(chronicle, EventKind::Split, change);
        });
        assert_eq!(fault.code, FaultCode::SharesUnequal, "{at}: {fault}");
    }
    // Nor is anything scaled where no class is split.
    let fault = forged(&market, true, |chronicle| {
        forge_whole(chronicle, EventKind::Issuance, |event| {
            let granted = event.effects.iter().find_map(|effect| match effect {
                Effect::SecurityOpened(opened) if opened.number == "safe" => Some(opened.security),
                _ => None,
            });
            let Some(safe) = granted else { return false };
            let (before, after) = (Quantity::whole(60), Quantity::whole(6_000));
            let security = SecurityId(safe.0 - 1);
            event.effects.push(Effect::SecurityScaled { security, before, after, price: None });
            true
        });
    });
    assert_eq!(fault.code, FaultCode::SharesUnequal, "{fault}");
}

/// Restricted stock is sold in part: what the seller keeps is stock of the plan still, and what the
/// issuer then cancels of it is back in the pool.
#[test]
fn what_is_left_of_the_stock_of_a_plan_is_proved_to_be_its() {
    let mut market = recorded();
    let register = market.machine.ledger().register();
    let fund = register.account_named(ISSUER, "fund").unwrap();
    let Some(Target::Certificate(restricted)) = register.security_named(ISSUER, "restricted")
    else {
        panic!("it was recorded");
    };
    let both = register.plan_named(ISSUER, "both").unwrap();
    let sale = Command::TransferStock(v1::TransferStock {
        class: CLASS.to_string(),
        from: fund.to_string(),
        to: AccountId(1).to_string(),
        quantity: "10".into(),
        certificates: vec![restricted.to_string()],
    });
    market.must(Actor::Registrar, vec![sale]);
    let register = market.machine.ledger().register();
    let kept = register.certificates(fund, CLASS).find(|one| one.quantity == Quantity::whole(50));
    let kept = kept.unwrap().id;
    assert_eq!(register.plan_stock(kept).unwrap().plan, Some(both));
    let before = register.plan(both).unwrap().pool;
    let cancel = objects([json!({
        "object_type": "TX_STOCK_CANCELLATION", "id": "forfeited", "date": "2026-11-20",
        "security_id": kept.to_string(), "quantity": "50", "reason_text": "left",
    })]);
    let cancel = v1::RecordTransaction { issuer: ISSUER.to_string(), objects: cancel };
    market.must(Actor::Registrar, vec![Command::RecordTransaction(cancel)]);
    let after = market.machine.ledger().register().plan(both).unwrap().pool;
    assert_eq!(before.returned, after.returned, "this plan retires what is cancelled");
    let back = objects([json!({
        "object_type": "TX_STOCK_PLAN_RETURN_TO_POOL", "id": "back", "date": "2026-11-20",
        "security_id": kept.to_string(), "stock_plan_id": "both", "quantity": "50",
        "reason_text": "by resolution",
    })]);
    let back = v1::RecordTransaction { issuer: ISSUER.to_string(), objects: back };
    market.must(Actor::Registrar, vec![Command::RecordTransaction(back)]);
    let after = market.machine.ledger().register().plan(both).unwrap().pool;
    assert_eq!(after.returned, Quantity::whole(50));
    judge(&Chronicle::of(&market).bundle(true)).unwrap();
}
