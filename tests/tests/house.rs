//! The rules of the house that no compiler holds: which crate may use which, that each error code
//! has its page and each page its code, and that the core stays free of clocks, chance and floats.

#![allow(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use counterfoil_engine::rejection::{Rejection, Retry};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

#[test]
fn crates_depend_in_one_direction() {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs the tests, so it is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut uses: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let dependencies = dependencies.filter(|dependency| dependency["kind"].is_null());
        let names = dependencies.map(|dependency| dependency["name"].as_str().unwrap());
        uses.insert(package["name"].as_str().unwrap(), names.collect());
    }
    let own = |name: &str| -> Vec<&str> {
        uses[name].iter().copied().filter(|used| used.starts_with("counterfoil-")).collect()
    };
    assert_eq!(own("counterfoil-registry"), Vec::<&str>::new());
    assert_eq!(own("counterfoil-engine"), ["counterfoil-registry"]);
    assert_eq!(own("counterfoil-gateway"), ["counterfoil-engine", "counterfoil-registry"]);
    for core in ["counterfoil-registry", "counterfoil-engine"] {
        for foreign in ["tokio", "axum", "async-graphql"] {
            assert!(!uses[core].contains(foreign), "{core} must not use {foreign}");
        }
    }
}

#[test]
fn each_rejection_has_its_page_and_each_page_its_rejection() {
    let folder = root().join("docs/errors");
    let index = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let mut pages: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    // The gateway's own codes stand on one page, which the gateway's tests compare.
    pages.retain(|page| !["README.md", "gateway.md"].contains(&page.as_str()));
    for rejection in Rejection::all() {
        let (code, number) = (rejection.code(), rejection.number());
        let name = format!("{code}.md");
        let page = std::fs::read_to_string(folder.join(&name)).expect(&name);
        assert!(page.starts_with(&format!("# {code}\n\n*Number {number}.")), "{name}");
        let later = page.contains("Retry: it can help later");
        assert_eq!(later, rejection.retry() == Retry::Later, "{name}");
        assert!(index.contains(&format!("| {number} | [{code}]({name}) |")), "{name}");
        assert!(pages.remove(&name), "{name} is listed once");
    }
    assert!(pages.is_empty(), "pages of codes that do not exist: {pages:?}");
}

#[test]
fn each_code_of_the_storage_is_explained() {
    let page = std::fs::read_to_string(root().join("docs/reliability.md")).unwrap();
    let is_code = |text: &&str| {
        text.contains('_') && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    let mut codes = BTreeSet::new();
    for source in sources(&["engine/src/storage"]) {
        let text = std::fs::read_to_string(&source).unwrap();
        codes.extend(text.split('"').filter(is_code).map(str::to_owned));
    }
    assert!(codes.len() > 15, "{codes:?}");
    for code in codes {
        assert!(page.contains(&format!("| `{code}` |")), "{code} is not in docs/reliability.md");
    }
}

#[test]
fn each_code_of_vesting_is_documented_and_no_other() {
    let page = std::fs::read_to_string(root().join("docs/vesting.md")).unwrap();
    let codes = page.split("## Codes").nth(1).expect("a section of codes");
    let rows = codes.split("| `").skip(1).filter_map(|row| row.split('`').next());
    let known = counterfoil_registry::vesting::VestingError::CODES;
    assert_eq!(rows.collect::<BTreeSet<_>>(), BTreeSet::from(known));
}

#[test]
fn no_clock_chance_or_float_can_be_reached_from_the_core() {
    let banned = ["SystemTime", "Instant::now", "thread_rng", "getrandom", "HashMap", "HashSet"];
    let floats = [" f64", " f32", "<f64", "<f32", "(f64", "(f32"];
    for source in sources(&["registry/src", "engine/src"]) {
        // The driver and the simulator stand outside of the deterministic core.
        let name = source.strip_prefix(root()).unwrap().display().to_string();
        if ["driver", "storage/disk", "sim"].iter().any(|part| name.contains(part)) {
            continue;
        }
        let text = std::fs::read_to_string(&source).unwrap();
        for word in banned.iter().chain(&floats) {
            assert!(!text.contains(word), "{name} names {word}");
        }
    }
}

#[test]
fn files_stay_readable() {
    for source in sources(&["registry", "engine", "gateway", "tests", "benches"]) {
        let name = source.strip_prefix(root()).unwrap().display().to_string();
        let text = std::fs::read_to_string(&source).unwrap();
        let tests = name.ends_with("tests.rs");
        assert!(tests || text.starts_with("//!"), "{name} does not say what it is");
        assert!(text.lines().count() <= 500, "{name} wants to be a folder");
        let stub = ["todo!", "unimplemented!", "dbg!"].map(|word| format!("{word}("));
        assert!(!stub.iter().any(|word| text.contains(word)), "{name} holds a stub");
    }
}

#[test]
fn links_within_the_documentation_lead_somewhere() {
    for page in markdown(&root()) {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = link.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let path = page.parent().unwrap().join(target);
            assert!(path.exists(), "{}: {link} leads nowhere", page.display());
        }
    }
}

/// The codes that the command line gives of its own are on a page, or are codes of another part.
#[test]
fn each_code_of_the_command_line_is_explained() {
    let pages: Vec<String> =
        markdown(&root()).iter().map(|page| std::fs::read_to_string(page).unwrap()).collect();
    let mut codes = BTreeSet::new();
    for source in sources(&["gateway/src"]) {
        let text = std::fs::read_to_string(&source).unwrap();
        for call in ["Failure::refused(", "Failure::environment("] {
            let arguments = text.split(call).skip(1).map(str::trim_start);
            let literals = arguments.filter_map(|rest| rest.strip_prefix('"')?.split('"').next());
            codes.extend(literals.map(str::to_owned));
        }
    }
    assert!(codes.len() > 30, "{codes:?}");
    let named = |code: &String| pages.iter().any(|page| page.contains(code.as_str()));
    let unexplained: Vec<&String> = codes.iter().filter(|code| !named(code)).collect();
    assert!(unexplained.is_empty(), "no page names {unexplained:?}");
}

fn sources(folders: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in folders {
        walk(&root().join(folder), "rs", &mut found);
    }
    assert!(!found.is_empty());
    found
}

fn markdown(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    walk(&root.join("docs"), "md", &mut found);
    let top = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    found.extend(top.filter(|path| path.extension().is_some_and(|e| e == "md")));
    found
}

fn walk(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, extension, found);
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
}
