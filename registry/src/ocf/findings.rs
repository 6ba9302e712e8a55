//! What was found while a package is read, within a bound.

use super::{Code, Finding, Mode, Refusal};
use crate::rule::Rule;

/// Findings that a package may have before it is refused as something else than a cap table.
const FINDINGS_MAX: usize = 200_000;

/// The findings so far, and what becomes of a departure.
#[derive(Debug)]
pub(super) struct Findings {
    mode: Mode,
    list: Vec<Finding>,
}

impl Findings {
    pub(super) fn new(mode: Mode) -> Findings {
        Findings::of(mode, Vec::new())
    }

    /// With what was found before.
    pub(super) fn of(mode: Mode, list: Vec<Finding>) -> Findings {
        Findings { mode, list }
    }

    pub(super) fn mode(&self) -> Mode {
        self.mode
    }

    /// A departure from the format: STRICT refuses it, LENIENT notes it with what is done.
    pub(super) fn departure(
        &mut self,
        code: Code,
        file: &str,
        item: &str,
        what: impl Into<String>,
        done: impl Into<String>,
    ) -> Result<(), Refusal> {
        match self.mode {
            Mode::Strict => Err(Refusal::new(code, file, item, what)),
            Mode::Lenient => self.note(code, file, item, what, done),
        }
    }

    /// Something that the reader of the result should know, in STRICT too.
    pub(super) fn note(
        &mut self,
        code: Code,
        file: &str,
        item: &str,
        what: impl Into<String>,
        done: impl Into<String>,
    ) -> Result<(), Refusal> {
        self.push(Finding::new(code, file, item, what, done))
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.list.len()
    }

    /// A note that belongs after the first `place` findings, and that took longer to come to.
    pub(super) fn note_at(&mut self, place: usize, finding: Finding) -> Result<(), Refusal> {
        self.push(finding)?;
        self.list[place..].rotate_right(1);
        Ok(())
    }

    /// A rule that an event is known to break and that is waived for it.
    pub(super) fn waived(&mut self, rule: Rule, file: &str, item: &str) -> Result<(), Refusal> {
        let finding = Finding::new(
            Code::RuleWaived,
            file,
            item,
            rule.sentence(),
            "carried out as a legacy defect, which the activation signs for",
        );
        self.push(Finding { rule: Some(rule), ..finding })
    }

    pub(super) fn into_list(self) -> Vec<Finding> {
        self.list
    }

    fn push(&mut self, finding: Finding) -> Result<(), Refusal> {
        if self.list.len() >= FINDINGS_MAX {
            let what = format!("a package has at most {FINDINGS_MAX} findings");
            return Err(Refusal::new(Code::TooManyFindings, &finding.file, "", what));
        }
        self.list.push(finding);
        Ok(())
    }
}
