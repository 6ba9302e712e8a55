//! Sources, sound and hostile.

use std::io::{Cursor, Write};

use proptest::prelude::*;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::*;

fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn from_zip(bytes: Vec<u8>) -> Result<Source, Code> {
    Source::from_zip(Cursor::new(bytes)).map_err(|refusal| refusal.code)
}

#[test]
fn a_folder_and_its_zips_are_one_source() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("A.ocf.json"), b"{}").unwrap();
    std::fs::write(folder.path().join("scan.pdf"), b"%PDF").unwrap();
    let plain = Source::open(folder.path()).unwrap();
    let nested = from_zip(zip_of(&[("co/A.ocf.json", b"{}"), ("co/scan.pdf", b"%PDF")])).unwrap();
    let flat = from_zip(zip_of(&[("./A.ocf.json", b"{}")])).unwrap();
    let path = folder.path().join("package.zip");
    std::fs::write(&path, zip_of(&[("A.ocf.json", b"{}")])).unwrap();
    let opened = Source::open(&path).unwrap();
    for other in [&nested, &flat, &opened] {
        assert_eq!((&plain, plain.digest()), (other, other.digest()));
    }
    assert_eq!(plain.members().collect::<Vec<_>>(), [("A.ocf.json", b"{}".as_slice())]);
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in ["../a.json", "/a.json", "a/../b.json", "a\\b.json", "c:a.json", "a//b.json"] {
        let members = [(name.to_owned(), Vec::new())];
        assert_eq!(Source::from_members(members).unwrap_err().code, Code::PathInvalid, "{name}");
        assert_eq!(from_zip(zip_of(&[(name, b"{}")])).unwrap_err(), Code::PathInvalid, "{name}");
    }
}

#[test]
fn bombs_and_crowds_are_refused() {
    let zeros = vec![b' '; 16 << 20];
    assert_eq!(from_zip(zip_of(&[("a.json", &zeros)])).unwrap_err(), Code::CompressionRatio);
    let crowd = (0..=MEMBERS_MAX).map(|at| (format!("{at}.json"), Vec::new()));
    assert_eq!(Source::from_members(crowd).unwrap_err().code, Code::TooManyMembers);
    let mut claims = zip_of(&[("a.json", b"{}")]);
    let end = claims.len() - 22;
    claims[end + 8..end + 12].copy_from_slice(&[0xFF; 4]);
    assert_eq!(from_zip(claims).unwrap_err(), Code::TooManyMembers);
    let large = [("a.json".to_owned(), vec![b' '; (MEMBER_BYTES_MAX + 1) as usize])];
    assert_eq!(Source::from_members(large).unwrap_err().code, Code::MemberTooLarge);
    let twice = [("a.json".to_owned(), Vec::new()), ("./a.json".to_owned(), Vec::new())];
    assert_eq!(Source::from_members(twice).unwrap_err().code, Code::MemberTwice);
}

#[test]
fn an_encrypted_member_is_refused() {
    let mut zip = zip_of(&[("a.json", b"{}")]);
    // Bit 0 of the flags, in the local header and in the directory (APPNOTE 6.3.10, 4.4.4).
    let directory = zip.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    zip[6] |= 1;
    zip[directory + 8] |= 1;
    assert_eq!(from_zip(zip).unwrap_err(), Code::Encrypted);
}

#[test]
fn what_is_not_there_or_no_zip_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Source::open(&folder.path().join("missing")).unwrap_err();
    assert_eq!(missing.code, Code::Unreadable);
    assert_eq!(from_zip(b"not a zip".to_vec()).unwrap_err(), Code::ZipBroken);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = from_zip(bytes);
    }

    #[test]
    fn no_damage_makes_it_panic(at in 0usize..200, byte in any::<u8>()) {
        let mut zip = zip_of(&[("co/a.json", b"{\"file_type\":\"OCF_STAKEHOLDERS_FILE\"}")]);
        let at = at % zip.len();
        zip[at] = byte;
        let _ = from_zip(zip);
    }
}
