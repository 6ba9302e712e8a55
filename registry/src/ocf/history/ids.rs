//! Ids of objects: each once among the objects of one file type, and each security issued once.

use super::fresh::Fresh;
use super::names::Names;
use crate::ocf::findings::Findings;
use crate::ocf::format::{self, File};
use crate::ocf::object::Kind;
use crate::ocf::package::Package;
use crate::ocf::{Code, Refusal};

/// Makes the ids unique. An object that occurs twice is taken once, and so is a holder of one name; a
/// transaction or a description that shares its id with another gets an id of its own, and references
/// mean the first; two classes, plans, holders or splits under one id are refused, since nobody could
/// say which of them a reference means.
pub(super) fn unique(package: &mut Package, findings: &mut Findings) -> Result<(), Refusal> {
    let mut left_out = Vec::new();
    let mut fresh: Option<Fresh> = None;
    let mut renamed: Vec<(usize, String)> = Vec::new();
    for (at, first) in repeated(package) {
        let item = &package.items[at];
        let (kind, id) = (item.object.kind(), item.object.id());
        let file = package.file(item.file);
        if package.items[first].object == item.object {
            let what = "the same object stands in the package twice";
            findings.departure(Code::IdTwice, file, id, what, "taken once")?;
            left_out.push(at);
            continue;
        }
        let what = "another object has the same id";
        let name = package.items[first].object.value("name");
        if kind == Kind::Stakeholder && name == item.object.value("name") {
            let done = "the first description of the holder is taken";
            findings.departure(Code::IdTwice, file, id, what, done)?;
            left_out.push(at);
            continue;
        }
        if is_named(kind) {
            return Err(Refusal::new(Code::IdTwice, file, id, what));
        }
        let fresh = fresh.get_or_insert_with(|| {
            let mut fresh = Fresh::default();
            package.items.iter().for_each(|item| fresh.take(item.object.id()));
            fresh
        });
        let fresh = fresh.after(id);
        findings.departure(Code::IdTwice, file, id, what, format!("called {fresh}"))?;
        renamed.push((at, fresh));
    }
    for (at, id) in renamed {
        package.items[at].object.rename(id);
    }
    super::index::remove(package, &left_out);
    Ok(())
}

/// The items whose id another one of the same file type has before them, each with that one.
fn repeated(package: &Package) -> Vec<(usize, usize)> {
    let mut ids = File::ALL.map(|_| Vec::new());
    for (at, item) in package.items.iter().enumerate() {
        if let Some(file) = format::file(item.object.kind()) {
            ids[file as usize].push((item.object.id(), at));
        }
    }
    let lists = ids.map(|ids| Names::of(ids.into_iter()));
    let mut repeated: Vec<_> = lists.iter().flat_map(Names::repeated).collect();
    repeated.sort_unstable();
    repeated
}

/// Whether shares are held, limited or multiplied by what bears the id, so that two under one id
/// mean two things.
fn is_named(kind: Kind) -> bool {
    matches!(kind, Kind::Stakeholder | Kind::StockClass | Kind::StockPlan | Kind::StockClassSplit)
}
