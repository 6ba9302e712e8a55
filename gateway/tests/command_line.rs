//! The `counterfoil` command as a person or a script meets it: real processes, real files.

use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Server, counterfoil, json, set_up, text};

mod support;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/meridian-loom")
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

/// Shifts the clock of a process by eight days.
const LATER: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t clock, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, at);
    if (!failed && clock == CLOCK_REALTIME) at->tv_sec += 8 * 24 * 3600;
    return failed;
}
"#;

#[test]
fn the_demo_goes_on_where_it_was_and_doubles_nothing_also_a_week_later() {
    let folder = tempfile::tempdir().unwrap();
    let demo = |later: Option<&Path>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
        command.args(["demo", "--once"]).current_dir(folder.path());
        if let Some(library) = later {
            command.env("LD_PRELOAD", library);
        }
        let output = command.output().expect("the binary was built");
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let first = demo(None);
    assert_eq!(demo(None), first, "it shows the same and does nothing");
    let (source, library) = (folder.path().join("later.c"), folder.path().join("later.so"));
    std::fs::write(&source, LATER).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl");
    if !compiler.status().is_ok_and(|status| status.success()) {
        println!("skipped: no C compiler is here to shift the clock with");
        return;
    }
    // The day of the second cap table is another one; nothing else is.
    assert_eq!(demo(Some(&library)), first, "a week later");
}

#[test]
fn a_broker_acts_and_an_auditor_reads_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    set_up(folder.path());
    let server = Server::start(folder.path());
    let key = json(&counterfoil(&["keygen", "broker.key", "--json"], folder.path()));
    let submit = |commands: serde_json::Value, more: &[&str]| {
        let file = folder.path().join("commands.json");
        std::fs::write(&file, serde_json::to_string_pretty(&commands).unwrap()).unwrap();
        let operator = ["--participant", "P0-B", "--key", "data/keys/operator.key"];
        let mut arguments = vec!["submit", "commands.json", "--server", &server.address, "--json"];
        arguments.extend(operator.iter().chain(more));
        counterfoil(&arguments, folder.path())
    };
    let details = "ab".repeat(32);
    let register =
        serde_json::json!([{ "registerParty": { "kind": "LEGAL", "details": details } }]);
    let registered = submit(register.clone(), &["--id", "first"]);
    assert!(registered.status.success(), "{}", text(&registered.stderr));
    let party = json(&registered)["outcomes"][0]["made"]["party"].as_str().unwrap().to_owned();
    let admit = serde_json::json!({ "admitParticipant": {
        "party": party, "roles": ["REGISTRAR"], "keys": [key["publicKey"]],
    }});
    assert!(submit(admit, &[]).status.success());
    let again = submit(register, &["--id", "first"]);
    assert_eq!(json(&again)["outcomes"][0]["made"]["party"], *party, "it is not done twice");
    assert!(text(&again.stderr).contains("executed before"), "{}", text(&again.stderr));
    let wrong = submit(serde_json::json!([{ "registerPary": {} }]), &[]);
    assert!(text(&wrong.stderr).contains("error[COMMANDS_MALFORMED]"), "{}", text(&wrong.stderr));
    assert!(text(&wrong.stderr).contains("registerPary"));

    let own = ["--participant", &party, "--key", "broker.key", "--server", &server.address];
    let unknown = [&["bundle", "I0-2", "out.bundle"][..], &own].concat();
    let absent = counterfoil(&unknown, folder.path());
    assert!(text(&absent.stderr).contains("error[NOT_FOUND]"), "{}", text(&absent.stderr));
    let issuer = serde_json::json!([{ "registerIssuer": {
        "party": party, "registrar": party, "formed": "2020-01-01", "authorized": "UNLIMITED",
    }}]);
    assert!(submit(issuer, &[]).status.success());
    let fetched = counterfoil(&unknown, folder.path());
    assert!(fetched.status.success(), "{}", text(&fetched.stderr));
    let verify = ["verify", "out.bundle", "--trust", "data/trusted-keys.txt", "--json"];
    assert_eq!(json(&counterfoil(&verify, folder.path()))["verified"], true);

    let load = ["bench", "--server", &server.address, "--operator-key", "data/keys/operator.key"];
    let small = ["--trades", "5", "--rate", "10", "--seconds", "1", "--accounts", "20", "--json"];
    let carried = counterfoil(&[&load[..], &small].concat(), folder.path());
    assert!(carried.status.success(), "{}", text(&carried.stderr));
    assert_eq!(json(&carried)["settled"], "50");
    assert_eq!(server.terminate().0, Some(0));
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

#[test]
fn who_reads_only_the_beginning_ends_the_command_quietly() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.args(["keygen", "a.key"]).current_dir(folder.path());
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut process = command.spawn().unwrap();
    drop(process.stdout.take());
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(141), "{}", text(&output.stderr));
    assert!(!text(&output.stderr).contains("panicked"), "{}", text(&output.stderr));
}
