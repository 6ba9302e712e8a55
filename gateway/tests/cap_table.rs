//! The command line over packages: cap tables, vesting and descent, as people and scripts see them.

#![allow(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/meridian-loom")
}

/// A small company of the format's authors, or `None` where the folder is not there.
fn acme() -> Option<PathBuf> {
    let shared = std::env::var_os("COUNTERFOIL_SHARED");
    let folder = shared.map(|root| Path::new(&root).join("ocf/acme-holdings-limited"));
    if folder.is_none() {
        println!("skipped: COUNTERFOIL_SHARED names no folder");
    }
    folder
}

fn ocf(command: &str, package: &Path, options: &[&str]) -> Output {
    let mut asked = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    asked.args(["ocf", command]).arg(package).args(options).output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn as_json(command: &str, package: &Path, options: &[&str]) -> Value {
    let options = [options, &["--json"]].concat();
    serde_json::from_str(&text(&ocf(command, package, &options))).unwrap()
}

#[test]
fn a_cap_table_is_aligned_names_its_definition_and_has_no_colour_in_a_pipe() {
    let shown = text(&ocf("cap-table", &sample(), &[]));
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines[0], "Meridian Loom, Inc. at the end of 2024-06-30");
    assert!(lines[2].ends_with("counted       %"), "{shown}");
    let total = lines.iter().find(|line| line.starts_with(" total")).unwrap();
    assert!(total.ends_with("8,700,000  100.00"), "{shown}");
    assert!(shown.contains("counted, %: FULLY_DILUTED - outstanding stock as converted"));
    assert!(!shown.contains('\u{1b}'));
    let classes = text(&ocf("cap-table", &sample(), &["--by", "class"]));
    assert!(classes.contains(" Series Seed Preferred Stock  preferred"), "{classes}");
}

#[test]
fn a_date_and_a_definition_choose_what_is_counted() {
    let earlier = as_json("cap-table", &sample(), &["--as-of", "2022-06-29"]);
    assert_eq!(
        (&earlier["asOf"], &earlier["fullyDiluted"]),
        (&json!("2022-06-29"), &json!("7150000"))
    );
    let outstanding = as_json("cap-table", &sample(), &["--definition", "outstanding"]);
    assert_eq!(outstanding["definition"], "OUTSTANDING");
    for wrong in [["--definition", "everything"], ["--as-of", "tomorrow"], ["--by", "colour"]] {
        assert_eq!(ocf("cap-table", &sample(), &wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn descent_is_a_tree_and_one_certificate_is_found_by_its_number() {
    let all = text(&ocf("history", &sample(), &[]));
    assert!(
        all.contains("CS-2  3,000,000 Common Stock, Tomas Lindqvist  2021-03-01 issued"),
        "{all}"
    );
    let one = text(&ocf("history", &sample(), &["--certificate", "CS-4"]));
    let starts: Vec<&str> = one.lines().filter_map(|line| line.split("  ").next()).collect();
    assert_eq!(starts, ["CS-2", "├─ CS-5", "└─ CS-4"], "{one}");
    let unknown = ocf("history", &sample(), &["--certificate", "CS-99"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).starts_with("error[CERTIFICATE_UNKNOWN]"));
}

#[test]
fn acme_has_its_published_figures() {
    let Some(acme) = acme() else { return };
    let table = as_json("cap-table", &acme, &["--lenient"]);
    let outstanding: Vec<(&str, &str)> = table["classes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|class| (class["name"].as_str().unwrap(), class["outstanding"].as_str().unwrap()))
        .collect();
    let expected = [("Ordinary A", "145000"), ("Ordinary B", "50000"), ("Preferred", "15000")];
    assert_eq!(outstanding, expected);
    let emily = table["holders"].as_array().unwrap().iter().find(|h| h["options"] != "0").unwrap();
    assert_eq!(
        (&emily["name"], &emily["options"]),
        (&json!("Emily Eliza Employee"), &json!("106127"))
    );
    assert_eq!(table["fullyDiluted"], "316127");
    let vesting = as_json("vesting", &acme, &["--lenient"]);
    let vested: Vec<&str> = vesting["securities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|security| security["vested"].as_str().unwrap())
        .collect();
    assert_eq!(vested, ["36127", "45000", "21500"], "48, 45 and 43 of 48 months");
    let shown = ocf("cap-table", &acme, &["--lenient"]);
    let findings = String::from_utf8_lossy(&shown.stderr).into_owned();
    assert!(findings.contains(" findings:\n"), "{findings}");
    assert!(findings.contains("OCF_FIELD_UNKNOWN"), "{findings}");
    let strict = ocf("cap-table", &acme, &[]);
    assert_eq!(strict.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&strict.stderr).contains("hint: --lenient"));
}

/// A line of a table, a title and a refusal hold one line each, whatever a file calls its people.
#[test]
fn no_name_in_a_file_acts_on_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let acts = r"X\n total  9\u001b[2J\u0007\u202e";
    let changed = |id_too: bool| {
        for member in std::fs::read_dir(sample()).unwrap() {
            let member = member.unwrap();
            let mut file = std::fs::read_to_string(member.path()).unwrap();
            for name in ["Meridian Loom, Inc.", "Ada Verhoeven"] {
                file = file.replace(name, acts);
            }
            if id_too {
                file = file
                    .replace("\"stakeholder_id\": \"", &format!("\"stakeholder_id\": \"{acts}"));
            }
            std::fs::write(folder.path().join(member.file_name()), file).unwrap();
        }
    };
    let quiet = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let acting = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(acting) && !text.contains("\n total  9"), "{text}");
        text
    };
    changed(false);
    let plain = "X\u{fffd} total  9\u{fffd}[2J\u{fffd}\u{fffd}";
    for command in ["cap-table", "vesting", "history", "check"] {
        let output = ocf(command, folder.path(), &[]);
        assert!(output.status.success(), "{command}");
        assert!(quiet(&output.stdout).contains(plain), "{command}");
    }
    changed(true);
    let refused = ocf("check", folder.path(), &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(quiet(&refused.stderr).starts_with("error["));
}
