//! The `counterfoil` command as a person or a script meets it: real processes, real files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn counterfoil(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.args(arguments).current_dir(folder).output().expect("the binary was built")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what the command prints is UTF-8")
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/meridian-loom")
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).expect("--json prints JSON")
}

#[test]
fn the_demo_ends_with_a_bundle_that_verifies_again_and_no_changed_byte_does() {
    let folder = tempfile::tempdir().unwrap();
    let demo = counterfoil(&["demo", "--once"], folder.path());
    let shown = text(&demo.stdout);
    assert!(demo.status.success(), "{}", text(&demo.stderr));
    for line in [
        "Meridian Loom, Inc., 25 items, 8700000 shares",
        "200000 Common Stock for 500000 USD",
        "The founder was paid: 720000 USD",
        "settlements 2 against payment with both legs",
    ] {
        assert!(shown.contains(line), "the demo does not say: {line}\n{shown}");
    }
    let verify = |bundle: &str| {
        let arguments = ["verify", bundle, "--trust", "data/trusted-keys.txt", "--json"];
        counterfoil(&arguments, folder.path())
    };
    let verified = verify("data/demo.bundle");
    let report = json(&verified);
    assert_eq!(report["verified"], true);
    assert_eq!(report["classes"][0]["outstanding"], "7300000");
    assert_eq!(report["settlements"]["bothInstructionsShown"], "2");

    let bundle = std::fs::read(folder.path().join("data/demo.bundle")).unwrap();
    // The mutation of every byte is a test of the engine; here a few show the way to the user.
    for at in (0..bundle.len()).step_by(bundle.len() / 7) {
        let mut changed = bundle.clone();
        changed[at] ^= 1;
        std::fs::write(folder.path().join("changed.bundle"), changed).unwrap();
        let refused = verify("changed.bundle");
        assert_eq!(refused.status.code(), Some(1), "byte {at}");
        assert!(text(&refused.stderr).starts_with("error["), "byte {at}");
        assert!(refused.stdout.is_empty(), "byte {at}");
    }
}

#[test]
fn a_bundle_under_another_key_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert!(counterfoil(&["demo", "--once", "--data", "one"], folder.path()).status.success());
    assert!(counterfoil(&["demo", "--once", "--data", "two"], folder.path()).status.success());
    let crossed = ["verify", "one/demo.bundle", "--trust", "two/trusted-keys.txt"];
    let refused = counterfoil(&crossed, folder.path());
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).starts_with("error[CHECKPOINT_REFUSED]"));
}

#[test]
fn a_package_is_read_offline() {
    let folder = tempfile::tempdir().unwrap();
    let package = fixture().display().to_string();
    let table = counterfoil(&["ocf", "cap-table", &package, "--json"], folder.path());
    let table = json(&table);
    assert_eq!(table["asOf"], "2024-06-30");
    assert_eq!(table["fullyDiluted"], "8700000");
    assert_eq!(table["holders"].as_array().unwrap().len(), 5);
    let early = ["ocf", "cap-table", &package, "--as-of", "2021-12-31", "--json"];
    assert_eq!(json(&counterfoil(&early, folder.path()))["fullyDiluted"], "7150000");
    let people = counterfoil(&["ocf", "cap-table", &package], folder.path());
    assert!(text(&people.stdout).contains("Ada Verhoeven"));
    let checked = counterfoil(&["ocf", "check", &package, "--md5", "--json"], folder.path());
    assert_eq!(json(&checked)["readable"], true);
}

#[test]
fn a_package_is_converted_into_a_zip_and_back_and_nothing_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let package = fixture().display().to_string();
    let convert = |from: &str, to: &str| counterfoil(&["ocf", "convert", from, to], folder.path());
    for (from, to) in
        [(package.as_str(), "one.ocf.zip"), ("one.ocf.zip", "two"), ("two", "three.zip")]
    {
        let done = convert(from, to);
        assert!(done.status.success(), "{}", text(&done.stderr));
        assert!(text(&done.stdout).contains("Meridian Loom, Inc. as OCF 1.2.0"));
        let again = convert(from, to);
        assert_eq!(again.status.code(), Some(3));
        assert!(text(&again.stderr).starts_with("error[OUTPUT_EXISTS]: "));
    }
    let bytes = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert!(bytes("one.ocf.zip") == bytes("three.zip"), "the same package gives the same bytes");
    let checked = counterfoil(&["ocf", "check", "two", "--md5", "--json"], folder.path());
    assert_eq!(json(&checked)["readable"], true);
    assert_eq!(json(&checked)["findings"], serde_json::json!([]));
}

#[test]
fn findings_are_numbered_with_their_place_and_what_was_done() {
    let folder = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(fixture()).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let broken = text.replace("\"quantity\": \"4000000\"", "\"quantity\": 4000000");
        std::fs::write(folder.path().join(name), broken).unwrap();
    }
    let strict = counterfoil(&["ocf", "check", ".", "--json"], folder.path());
    assert_eq!(strict.status.code(), Some(1));
    let refusal = &json(&strict)["refusal"];
    assert_eq!(refusal["code"], "OCF_FIELD_INVALID");
    assert_eq!(
        (&refusal["file"], &refusal["item"]),
        (&"Transactions.ocf.json".into(), &"tx-issue-cs-1".into())
    );
    let lenient = counterfoil(&["ocf", "check", ".", "--lenient", "--json"], folder.path());
    let findings = &json(&lenient)["findings"];
    assert_eq!(findings[0]["code"], "OCF_MD5_MISMATCH");
    assert_eq!(findings[1]["number"], "2");
    assert_eq!(findings[1]["done"], "read as the same digits");
    let people = counterfoil(&["ocf", "check", ".", "--lenient"], folder.path());
    assert!(text(&people.stdout).contains("2 findings"), "{}", text(&people.stdout));
    assert!(text(&people.stderr).contains("read as the same digits"));
}

#[test]
fn what_cannot_be_done_has_a_code_a_place_and_a_status() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("broken")).unwrap();
    std::fs::write(folder.path().join("broken/Manifest.ocf.json"), "{").unwrap();
    std::fs::write(folder.path().join("keys.txt"), "nonsense\n").unwrap();
    std::fs::write(folder.path().join("empty.txt"), "# nobody\n").unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let table: [(&[&str], i32, &str); 7] = [
        (&["verify", "absent", "--trust", "keys.txt"], 1, "TRUSTED_KEY_MALFORMED"),
        (&["verify", "absent", "--trust", "empty.txt"], 1, "NO_TRUSTED_KEY"),
        (&["verify", "absent", "--trust", "absent"], 3, "FILE_UNREADABLE"),
        (&["ocf", "check", "broken"], 1, "OCF_JSON_INVALID"),
        (&["ocf", "check", "absent"], 1, "OCF_UNREADABLE"),
        (&["demo", "--once", "--data", "file/below"], 3, "FILE_UNWRITABLE"),
        (&["keygen", "file"], 3, "KEY_FILE_EXISTS"),
    ];
    for (arguments, status, code) in table {
        let output = counterfoil(arguments, folder.path());
        let said = text(&output.stderr);
        assert!(said.contains(&format!("error[{code}]")), "{arguments:?}: {said}");
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
    }
    let usage = counterfoil(&["ocf", "cap-table", "x", "--as-of", "2021-13-01"], folder.path());
    assert_eq!(usage.status.code(), Some(2));
}
