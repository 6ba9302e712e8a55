//! The fold against events that contradict each other, and against the register itself.

use super::*;
use crate::amount::Quantity;
use crate::effect::{Authorized, ClassKind, Effect, Opened};
use crate::event::EventKind;
use crate::handle::PartyId;

fn day(days: i32) -> Date {
    Date::from_days(19_000 + days)
}

fn event(kind: EventKind, at: i32, effects: Vec<Effect>) -> Event {
    Event { kind, date: day(at), consideration: None, effects }
}

fn certificate(record: u64) -> CertificateId {
    CertificateId { record, place: 0, slot: 0 }
}

fn opened(record: u64, account: u32, shares: u64) -> Effect {
    Effect::CertificateOpened(Opened {
        certificate: certificate(record),
        class: ClassId(0),
        account: AccountId(account),
        holder: Holder::Party(PartyId(account + 10)),
        quantity: Quantity::whole(shares),
        ..Opened::default()
    })
}

fn closed(record: u64, account: u32, shares: u64) -> Effect {
    Effect::CertificateClosed {
        certificate: certificate(record),
        class: ClassId(0),
        account: AccountId(account),
        quantity: Quantity::whole(shares),
    }
}

fn class(at: u32) -> Effect {
    Effect::ClassRegistered {
        class: ClassId(at),
        issuer: IssuerId(0),
        kind: ClassKind::Common,
        decimals: 0,
        authorized: Authorized::Unlimited,
        name: "Common".into(),
        source_id: String::new(),
    }
}

/// An issuer with one class, whose stakeholder 0 holds 100 in account 0 since day 1.
fn company() -> Fold {
    let issuer = Effect::IssuerRegistered {
        issuer: IssuerId(0),
        party: PartyId(0),
        registrar: PartyId(1),
        draft: false,
        formed: day(0),
        authorized: Authorized::Unlimited,
        source_id: String::new(),
    };
    let stakeholder = Effect::StakeholderRegistered {
        stakeholder: StakeholderId(0),
        issuer: IssuerId(0),
        account: AccountId(0),
        source_id: "first".into(),
    };
    Fold::of(&[
        event(EventKind::Registration, 9, vec![issuer]),
        event(EventKind::Registration, 9, vec![class(0), stakeholder]),
        event(EventKind::Issuance, 1, vec![opened(1, 0, 100)]),
    ])
    .unwrap()
}

fn holders(fold: &Fold, at: i32) -> Vec<(Holder, Quantity)> {
    let table = fold.cap_table(IssuerId(0), day(at)).unwrap().unwrap();
    table.holders.iter().map(|line| (line.holder, line.of(ClassId(0)))).collect()
}

#[test]
fn a_link_changes_the_holder_from_its_date_on() {
    let mut fold = company();
    let linked = Effect::StakeholderLinked {
        stakeholder: StakeholderId(0),
        party: PartyId(7),
        account: AccountId(0),
        operator: PartyId(8),
    };
    fold.add(&event(EventKind::Registration, 20, vec![linked])).unwrap();
    let hundred = Quantity::whole(100);
    assert_eq!(holders(&fold, 19), [(Holder::Stakeholder(StakeholderId(0)), hundred)]);
    assert_eq!(holders(&fold, 20), [(Holder::Party(PartyId(7)), hundred)]);
    let table = fold.cap_table(IssuerId(0), day(20)).unwrap().unwrap();
    assert_eq!(table.holders[0].source_id, "first", "the line keeps its id");
}

#[test]
fn shares_count_from_the_day_of_their_event_to_the_day_before_the_next() {
    let mut fold = company();
    let moved = vec![closed(1, 0, 100), opened(2, 0, 70), opened(3, 5, 30)];
    fold.add(&event(EventKind::Transfer, 30, moved)).unwrap();
    let cancelled = vec![closed(2, 0, 70), opened(4, 0, 50)];
    fold.add(&event(EventKind::Cancellation, 40, cancelled)).unwrap();
    let buyer = Holder::Party(PartyId(15));
    let seller = Holder::Stakeholder(StakeholderId(0));
    let whole = Quantity::whole;
    assert_eq!(holders(&fold, 0), []);
    assert_eq!(holders(&fold, 29), [(seller, whole(100))]);
    assert_eq!(holders(&fold, 30), [(buyer, whole(30)), (seller, whole(70))]);
    assert_eq!(holders(&fold, 40), [(buyer, whole(30)), (seller, whole(50))]);
    let table = fold.cap_table(IssuerId(0), day(40)).unwrap().unwrap();
    let line = &table.classes[0];
    assert_eq!((line.issued, line.outstanding, line.retired), (whole(100), whole(80), whole(20)));
    assert_eq!(fold.lineage(certificate(4)).len(), 4);
    assert_eq!(fold.lineage(certificate(9)), []);
    assert_eq!(fold.cap_table(IssuerId(1), day(0)).unwrap(), None);
}

#[test]
fn events_that_contradict_others_change_nothing() {
    let mut fold = company();
    let cases = [
        (EventKind::Registration, 9, vec![class(0)], FoldError::Twice),
        (EventKind::Issuance, 9, vec![opened(1, 0, 1)], FoldError::Twice),
        (EventKind::Issuance, 9, vec![opened(2, 0, 1), opened(2, 0, 1)], FoldError::Twice),
        (EventKind::Transfer, 9, vec![closed(2, 0, 1)], FoldError::NotOpen),
        (EventKind::Transfer, 9, vec![closed(1, 0, 99)], FoldError::Mismatch),
        (EventKind::Transfer, 9, vec![closed(1, 4, 100)], FoldError::Mismatch),
        (EventKind::Transfer, 9, vec![closed(1, 0, 100), closed(1, 0, 100)], FoldError::NotOpen),
        (EventKind::Transfer, 0, vec![closed(1, 0, 100)], FoldError::Date),
        (
            EventKind::Acceptance,
            9,
            vec![Effect::CertificateAccepted { certificate: certificate(8) }],
            FoldError::NotOpen,
        ),
    ];
    for (kind, at, effects, error) in cases {
        assert_eq!(fold.add(&event(kind, at, effects)), Err(error));
        assert_eq!(holders(&fold, 99), holders(&company(), 99));
        assert_eq!(fold.certificates().count(), 1);
    }
}
