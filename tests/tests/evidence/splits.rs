//! Splits that give someone more or less than their ratio says.

use counterfoil_engine::evidence::verify::FaultCode;
use counterfoil_registry::amount::Quantity;
use counterfoil_registry::effect::Effect;
use counterfoil_registry::event::{Event, EventKind};
use counterfoil_registry::handle::SecurityId;
use counterfoil_tests::CLASS;

use crate::forgery::{forge_whole, forged, recorded};

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
