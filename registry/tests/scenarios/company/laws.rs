//! What holds after every line, whatever it told.

use counterfoil_registry::captable::Fold;
use counterfoil_registry::codec::Reader;
use counterfoil_registry::date::Date;
use counterfoil_registry::event::{Event, decode_events};
use counterfoil_registry::register::Register;

/// The laws of the register, and that the fold of the events says what the register says.
pub(super) fn hold(register: &Register, fold: &Fold) {
    assert_eq!(register.audit(), Vec::<String>::new());
    for (id, class) in register.classes() {
        let facts = fold.class(id).expect("the fold knows every class");
        let totals = facts.totals_at(Date::MAX).expect("no sum is too large");
        assert_eq!(totals.issued, class.issued);
        assert_eq!(totals.outstanding, class.outstanding);
        assert_eq!(totals.treasury, class.treasury);
        assert_eq!(totals.retired, class.retired);
        assert_eq!(*facts.authorized.newest(), class.authorized);
        assert_eq!(*facts.conversions.newest(), class.conversions);
        let open = fold.certificates().map(|(_, certificate)| certificate);
        let open = open.filter(|open| open.class == id && open.open_at(Date::MAX));
        let held = open.map(|certificate| certificate.quantity_at(Date::MAX).0);
        assert_eq!(held.sum::<u128>(), class.outstanding.0);
    }
    for (id, plan) in register.plans() {
        let facts = fold.plan(id).expect("the fold knows every plan");
        assert_eq!(facts.pool_at(Date::MAX), Some(plan.pool));
    }
    for (id, security) in register.securities() {
        let facts = fold.security(id).expect("the fold knows every security");
        assert_eq!(facts.open_at(Date::MAX), !security.ended);
        assert_eq!(facts.quantity_at(Date::MAX), security.quantity);
        assert_eq!(*facts.price.at(Date::MAX), security.price);
    }
}

/// Event and register are read from their bytes as they were written.
pub(super) fn read_back(event: &Event, register: &Register) {
    let mut bytes = Vec::new();
    event.encode(&mut bytes);
    assert_eq!(decode_events(&bytes).expect("they were written"), std::slice::from_ref(event));
    let (mut bytes, mut again) = (Vec::new(), Vec::new());
    register.encode(&mut bytes);
    let read = Register::decode(&mut Reader::new(&bytes), 3).expect("it was written");
    read.encode(&mut again);
    assert_eq!(again, bytes);
}
