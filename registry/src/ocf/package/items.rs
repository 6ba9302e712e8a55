//! The items of one file.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Item, Package};
use crate::ocf::findings::Findings;
use crate::ocf::format::{self, File, Shape, Since};
use crate::ocf::history::{Role, role};
use crate::ocf::normal::{Normal, shown};
use crate::ocf::object::Kind;
use crate::ocf::tree::{self, Parser, Tree};
use crate::ocf::{Code, Refusal, older};

/// What may stand in a file beside `file_type` and its items: nothing.
static NOTHING: Shape = Shape { fields: &[], ties: &[] };

/// Reads a file of items; `file` is its type, where the format has it.
pub(super) fn read(
    package: &mut Package,
    (at, name): (usize, &str),
    bytes: &[u8],
    file: Option<File>,
    newer: bool,
    findings: &mut Findings,
) -> Result<(), Refusal> {
    let text: Arc<str> = tree::text(name, bytes)?.into();
    let mut parser = Parser::new(name, &text);
    let (mut beside, mut file_types, mut lists, mut nth) = (Vec::new(), 0, 0, 0usize);
    parser.object(&mut |parser, key| {
        match &*key {
            "file_type" => {
                file_types += 1;
                parser.skip()?;
            }
            "items" => {
                lists += 1;
                parser.items(&mut |tree| {
                    nth += 1;
                    let item = Place { at, name, text: &text, nth, file, newer };
                    item.take(tree, package, findings)
                })?;
            }
            _ => beside.push((key, parser.value()?)),
        }
        if file_types > 1 || lists > 1 {
            return Err(parser.broken("a key occurs twice"));
        }
        Ok(())
    })?;
    parser.end()?;
    if lists == 0 {
        let what = "items: it is missing";
        findings.departure(Code::FieldMissing, name, "", what, "taken as empty")?;
    }
    Normal::new(findings, (name, &text), newer).head(&NOTHING, beside).map(drop)
}

/// Where an item stands.
struct Place<'a> {
    at: usize,
    name: &'a str,
    text: &'a Arc<str>,
    nth: usize,
    file: Option<File>,
    newer: bool,
}

impl Place<'_> {
    fn take(
        &self,
        tree: Tree<'_>,
        package: &mut Package,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        let Tree::Map(mut members) = tree else {
            let what = format!("item {} is not an object", self.nth);
            return match tree {
                Tree::Null => {
                    findings.departure(Code::FieldInvalid, self.name, "", what, "left out")
                }
                _ => Err(Refusal::new(Code::FieldInvalid, self.name, "", what)),
            };
        };
        let id = self.id(&mut members, findings)?;
        let Some(kind) = self.kind(&id, &members, findings)? else { return Ok(()) };
        if let Some((code, what)) = older::rename(kind, &mut members, self.newer) {
            findings.note(code, self.name, &id, what, "read")?;
        }
        if let Some((older, newer)) = older::drafted(kind, &mut members) {
            let what = format!("{older}: the format has no such field");
            let done = format!("read as {newer}, which is missing");
            findings.departure(Code::FieldUnknown, self.name, &id, what, done)?;
        }
        let mut cliffs = Vec::new();
        if kind == Kind::VestingTerms {
            cliffs = older::cliffs(&mut members);
            for (at, installment) in &cliffs {
                let what = format!(
                    "vesting_conditions[{at}].cliff_condition: the format has no such field"
                );
                let done = format!("read as a cliff at installment {installment}");
                findings.departure(Code::FieldUnknown, self.name, &id, what, done)?;
            }
        }
        let mut normal = Normal::new(findings, (self.name, self.text), self.newer);
        match normal.object(kind, &id, members) {
            Ok(mut object) => {
                older::set_cliffs(&mut object, &cliffs);
                package.items.push(Item { file: self.at, object });
                Ok(())
            }
            // What moves nothing may be missing; what refers to it loses the reference.
            Err(refusal) if moves_nothing(kind) => findings.departure(
                refusal.code,
                self.name,
                &id,
                refusal.what,
                "the object, which moves no share, is left out",
            ),
            Err(refusal) => Err(refusal),
        }
    }

    /// The id of an item; LENIENT gives one to an item that has none.
    fn id<'t>(
        &self,
        members: &mut Vec<(Cow<'t, str>, Tree<'t>)>,
        findings: &mut Findings,
    ) -> Result<Cow<'t, str>, Refusal> {
        let found = members.iter().find(|(key, _)| key == "id");
        match found.map(|(_, value)| value) {
            Some(Tree::Text(text)) if !text.is_empty() => return Ok(text.clone()),
            Some(Tree::Number(number)) => return Ok(Cow::Borrowed(number)),
            _ => {}
        }
        let id: Cow<'t, str> = format!("{}/{}", self.name, self.nth).into();
        let what = format!("item {} has no id", self.nth);
        findings.departure(Code::FieldMissing, self.name, "", what, format!("called {id}"))?;
        members.retain(|(key, _)| key != "id");
        members.push(("id".into(), Tree::Text(id.clone())));
        Ok(id)
    }

    /// The kind of an item; none where the item is left out.
    fn kind(
        &self,
        id: &str,
        members: &[(Cow<'_, str>, Tree<'_>)],
        findings: &mut Findings,
    ) -> Result<Option<Kind>, Refusal> {
        let said = members.iter().find(|(key, _)| key == "object_type");
        let Some(said) = said.and_then(|(_, value)| value.text()) else {
            // A file of one kind says what its items are.
            let only = Kind::ALL
                .iter()
                .filter(|kind| self.file.is_some() && format::file(**kind) == self.file);
            let only: Vec<&Kind> = only.collect();
            let what = "object_type: it is missing; say what the item is";
            let [kind] = only[..] else {
                return Err(Refusal::new(Code::FieldMissing, self.name, id, what));
            };
            findings.departure(
                Code::FieldMissing,
                self.name,
                id,
                what,
                format!("read as {kind}"),
            )?;
            return Ok(Some(*kind));
        };
        let Some(kind) = Kind::parse(said) else {
            let what = format!("the format has no object type \"{}\"", shown(said));
            let done = "left out: what it says is not known";
            findings.departure(Code::TypeUnknown, self.name, id, what, done)?;
            return Ok(None);
        };
        if kind == Kind::Issuer {
            let what = "the issuer stands in the manifest";
            findings.departure(Code::TypeMisplaced, self.name, id, what, "left out")?;
            return Ok(None);
        }
        if kind.as_str() != said {
            let what = format!("{said}: an older name of {kind}");
            findings.note(Code::NameOlder, self.name, id, what, "read under its newer name")?;
        }
        if format::since(kind) == Since::Main && !self.newer {
            let what = format!("{kind}: the release that the package claims has no such object");
            findings.note(Code::BeyondRelease, self.name, id, what, "read")?;
        }
        if let (Some(file), Some(home)) = (self.file, format::file(kind))
            && file != home
        {
            let what =
                format!("{kind} belongs in {}, this is {}", home.file_type(), file.file_type());
            findings.departure(Code::TypeMisplaced, self.name, id, what, "read")?;
        }
        Ok(Some(kind))
    }
}

/// Whether nothing that is held depends on a kind.
fn moves_nothing(kind: Kind) -> bool {
    use Kind::*;
    let entity = matches!(
        kind,
        StockLegendTemplate | StockPlan | VestingTerms | Valuation | Financing | Document
    );
    let limit = matches!(
        kind,
        IssuerAuthorizedSharesAdjustment
            | StockClassAuthorizedSharesAdjustment
            | StockClassConversionRatioAdjustment
            | StockPlanPoolAdjustment
            | StockPlanReturnToPool
    );
    entity || limit || matches!(role(kind), Role::Remark | Role::Vesting)
}
