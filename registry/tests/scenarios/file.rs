//! Files of scenarios: one company, and what may happen to it.

use std::path::Path;

/// A sentence, and where it begins.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) text: String,
}

/// What happens to the company of its file.
pub(crate) struct Scenario {
    pub(crate) number: usize,
    pub(crate) title: String,
    pub(crate) lines: Vec<Line>,
}

/// A file.
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) company: Vec<Line>,
    pub(crate) scenarios: Vec<Scenario>,
}

/// The folder of the scenarios.
pub(crate) fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/scenarios")
}

/// Reads a file. A line that is indented further continues the sentence above it.
pub(crate) fn read(name: &str) -> Result<File, String> {
    let name = format!("{name}.scenario");
    let path = folder().join(&name);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
    let mut file = File { name, company: Vec::new(), scenarios: Vec::new() };
    let mut begun = false;
    for (at, line) in text.lines().enumerate() {
        let (number, words) = (at + 1, line.trim());
        let wrong = |what: &str| Err(format!("{}:{number}: {what}: {line}", file.name));
        let indent = line.len() - line.trim_start().len();
        let scenario = file.scenarios.last_mut();
        let lines = scenario.map_or(&mut file.company, |scenario| &mut scenario.lines);
        match (indent, words) {
            (_, "") => {}
            (0, "Company:") if !begun => begun = true,
            (0, comment) if comment.starts_with('#') => {}
            (0, title) if begun && title.starts_with("Scenario: ") => {
                let title = title["Scenario: ".len()..].to_owned();
                file.scenarios.push(Scenario { number, title, lines: Vec::new() });
            }
            (2, _) if begun => lines.push(Line { number, text: words.to_owned() }),
            (3.., _) => match lines.last_mut() {
                Some(last) => last.text = format!("{} {words}", last.text),
                None => return wrong("no sentence goes on here"),
            },
            _ => return wrong("neither a sentence nor the beginning of a scenario"),
        }
    }
    Ok(file)
}
