use super::*;

const FORMAT: &str = include_str!("../../../../docs/formats/evidence.md");

#[test]
fn every_code_is_documented() {
    for code in FaultCode::ALL {
        assert!(FORMAT.contains(&format!("| `{}` |", code.code())), "{}", code.code());
    }
}

#[test]
fn what_is_no_bundle_is_refused_at_its_byte() {
    let fault = verify(b"not a bundle", &[]).unwrap_err();
    assert_eq!((fault.code, fault.place), (FaultCode::Malformed, Place::Bundle));
    assert!(verify(&[], &[]).is_err());
}
