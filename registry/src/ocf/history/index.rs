//! The transactions of a package by the securities that they open, concern and close.

use std::collections::BTreeMap;

use super::names::Names;
use crate::date::Date;
use crate::ocf::findings::Findings;
use crate::ocf::normal::shown;
use crate::ocf::object::{Kind, Object};
use crate::ocf::package::Package;
use crate::ocf::{Code, Refusal};

/// What a kind of object does in a history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::ocf) enum Role {
    /// It stands outside of time: a class, a holder, terms, a document.
    Entity,
    /// It concerns a class, a plan or the issuer.
    Class,
    /// It opens a security.
    Issuance,
    /// It concerns a security and leaves it open: acceptance, repricing, a change of its holder.
    Remark,
    /// The same, and may be dated before the issuance.
    Vesting,
    /// It takes from a security, or ends it.
    Terminal,
    /// It follows what took from a security.
    Return,
}

/// The role of a kind.
pub(in crate::ocf) fn role(kind: Kind) -> Role {
    use Kind::*;
    match kind {
        Issuer | Stakeholder | StockClass | StockLegendTemplate | StockPlan | VestingTerms
        | Valuation | Financing | Document => Role::Entity,
        IssuerAuthorizedSharesAdjustment
        | StockClassConversionRatioAdjustment
        | StockClassAuthorizedSharesAdjustment
        | StockClassSplit
        | StockPlanPoolAdjustment => Role::Class,
        ConvertibleIssuance | EquityCompensationIssuance | StockIssuance | WarrantIssuance => {
            Role::Issuance
        }
        ConvertibleAcceptance
        | EquityCompensationAcceptance
        | StockAcceptance
        | WarrantAcceptance
        | EquityCompensationRepricing
        | StakeholderRelationship
        | StakeholderStatus => Role::Remark,
        VestingStart | VestingEvent | VestingAcceleration => Role::Vesting,
        StockPlanReturnToPool => Role::Return,
        _ => Role::Terminal,
    }
}

/// Whether the shares that a kind of event opens are new ones: of an exercise, a release, or a
/// conversion of what is no stock. Whose they are does not depend on what they were issued for.
pub(super) fn issues_anew(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        EquityCompensationExercise
            | EquityCompensationRelease
            | WarrantExercise
            | ConvertibleConversion
    )
}

/// A transaction.
#[derive(Debug)]
pub(in crate::ocf) struct Tx {
    /// Index in the items of the package.
    pub(in crate::ocf) item: usize,
    pub(in crate::ocf) kind: Kind,
    pub(in crate::ocf) role: Role,
    pub(in crate::ocf) date: Date,
    /// The security that it opens or concerns.
    pub(in crate::ocf) security: Option<usize>,
    /// The others, in a consolidation.
    pub(in crate::ocf) more: Vec<usize>,
    /// What it opens, the balance not included.
    pub(in crate::ocf) results: Vec<usize>,
    /// What is left, under another certificate.
    pub(in crate::ocf) balance: Option<usize>,
    /// A balance that it names and that nothing issues.
    pub(in crate::ocf) wanted: Option<String>,
    /// Whether it is left out.
    pub(in crate::ocf) out: bool,
}

/// A security.
#[derive(Debug)]
pub(in crate::ocf) struct Security {
    pub(in crate::ocf) id: String,
    /// The transaction that issues it.
    pub(in crate::ocf) issuance: usize,
    /// The transaction that it results from, if any.
    pub(in crate::ocf) opener: Option<usize>,
    /// What else concerns it, in the order of the files.
    pub(in crate::ocf) events: Vec<usize>,
}

/// Transactions and securities.
#[derive(Debug, Default)]
pub(in crate::ocf) struct Index {
    pub(in crate::ocf) txs: Vec<Tx>,
    pub(in crate::ocf) securities: Vec<Security>,
    /// Items of which a list of links lost some, and what is left of it.
    unlinked: Vec<(usize, &'static str, Vec<String>)>,
}

impl Index {
    /// Reads the transactions. LENIENT leaves out events of a security that nothing issues, and
    /// links to results that nothing issues.
    pub(in crate::ocf) fn of(package: &Package, findings: &mut Findings) -> Result<Index, Refusal> {
        let mut index = Index::default();
        let mut left_out = Vec::new();
        let issuances = package.items.iter().enumerate();
        let issuances = issuances.filter(|(_, item)| role(item.object.kind()) == Role::Issuance);
        let issuances: Vec<Issued<'_>> =
            issuances.map(|(at, item)| Issued::of(at, &item.object)).collect();
        let items = Names::of(issuances.iter().map(|issued| (issued.security, issued.at)));
        let mut names = Securities {
            again: items.repeated().collect(),
            items,
            of_item: vec![usize::MAX; package.items.len()],
            left_of: BTreeMap::new(),
        };
        for issued in issuances {
            index.issuance(&issued, package, &mut names, &mut left_out, findings)?;
        }
        names.balances(package)?;
        for (at, item) in package.items.iter().enumerate() {
            match role(item.object.kind()) {
                Role::Entity | Role::Issuance => {}
                role => {
                    let file = package.file(item.file);
                    index.event(at, role, &item.object, file, &names, findings)?;
                }
            }
        }
        index.out(left_out);
        Ok(index)
    }

    /// Takes the links that lead nowhere out of the objects.
    pub(super) fn unlink(&mut self, package: &mut Package) {
        for (at, field, kept) in self.unlinked.drain(..) {
            package.items[at].object.set(field, kept.into());
        }
    }

    fn out(&mut self, items: Vec<usize>) {
        for item in items {
            let out = Tx { out: true, ..Tx::new(item, Kind::StockIssuance, Date::MIN) };
            self.txs.push(out);
        }
    }

    fn issuance(
        &mut self,
        issued: &Issued<'_>,
        package: &Package,
        names: &mut Securities<'_>,
        left_out: &mut Vec<usize>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        let (at, id) = (issued.at, issued.security);
        if let Some(known) = names.again.get(&at).map(|first| names.of_item[*first]) {
            let first = &package.items[self.txs[self.securities[known].issuance].item].object;
            let (item, object) = (&package.items[at], &package.items[at].object);
            let what = format!("the security {} is issued twice", shown(id));
            let file = package.file(item.file);
            if first.kind() != object.kind() || first.fields() != object.fields() {
                return Err(Refusal::new(Code::IdTwice, file, object.id(), what));
            }
            findings.departure(Code::IdTwice, file, object.id(), what, "taken once")?;
            left_out.push(at);
            return Ok(());
        }
        let security = self.securities.len();
        names.of_item[at] = security;
        let issuance = self.txs.len();
        self.securities.push(Security {
            id: id.to_owned(),
            issuance,
            opener: None,
            events: Vec::new(),
        });
        let tx = Tx::new(at, issued.kind, issued.date);
        self.txs.push(Tx { security: Some(security), ..tx });
        Ok(())
    }

    fn event(
        &mut self,
        at: usize,
        role: Role,
        object: &Object,
        file: &str,
        names: &Securities<'_>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        let here = self.txs.len();
        let mut tx = Tx::new(at, object.kind(), date(object));
        let missing = |id: &str| format!("no issuance opens the security {}", shown(id));
        if let Some(id) = object.text("security_id") {
            tx.security = names.get(id);
            if tx.security.is_none() {
                let done = "left out: there is nothing that it could change";
                findings.departure(Code::ReferenceUnknown, file, object.id(), missing(id), done)?;
                tx.out = true;
            }
        }
        if tx.kind == Kind::StockConsolidation {
            let mut sources: Vec<usize> = Vec::new();
            let mut kept: Vec<String> = Vec::new();
            for id in object.texts("security_ids") {
                match names.get(id) {
                    Some(known) if sources.contains(&known) => {
                        let what = format!("it consolidates {} twice", shown(id));
                        let done = "taken once";
                        findings.departure(Code::FieldInvalid, file, object.id(), what, done)?;
                    }
                    Some(known) => {
                        sources.push(known);
                        kept.push(id.to_owned());
                    }
                    None => {
                        let done = "the link is left out";
                        findings.departure(
                            Code::ReferenceUnknown,
                            file,
                            object.id(),
                            missing(id),
                            done,
                        )?;
                    }
                }
            }
            if kept.len() < object.texts("security_ids").count() {
                self.unlinked.push((at, "security_ids", kept));
            }
            tx.security = sources.first().copied();
            tx.more = sources.into_iter().skip(1).collect();
            tx.out = tx.security.is_none();
        }
        if role == Role::Terminal && !tx.out {
            self.results(here, &mut tx, object, file, names, findings)?;
        }
        if !tx.out {
            for security in tx.security.iter().chain(&tx.more) {
                self.securities[*security].events.push(here);
            }
        }
        self.txs.push(tx);
        Ok(())
    }

    /// Resolves what an event opens.
    fn results(
        &mut self,
        here: usize,
        tx: &mut Tx,
        object: &Object,
        file: &str,
        names: &Securities<'_>,
        findings: &mut Findings,
    ) -> Result<(), Refusal> {
        let mut kept: Vec<String> = Vec::new();
        let mut lost = false;
        for id in object.texts("resulting_security_ids") {
            match names.issued(id) {
                Some(known) => {
                    tx.results.push(known);
                    kept.push(id.to_owned());
                }
                // A reissuance that has another result shows what is in the one that it lacks.
                None if tx.wanted.is_none() && partly_reissued(object, names) => {
                    lost = true;
                    tx.wanted = Some(id.to_owned());
                }
                None => {
                    lost = true;
                    let what = format!("no issuance opens the resulting security {}", shown(id));
                    let done = "the link is left out";
                    findings.departure(Code::ReferenceUnknown, file, object.id(), what, done)?;
                }
            }
        }
        for field in ["balance_security_id", "resulting_security_id"] {
            match object.text(field).map(|id| names.issued(id).ok_or(id)) {
                Some(Ok(known)) if field == "balance_security_id" => tx.balance = Some(known),
                Some(Ok(known)) => tx.results.push(known),
                Some(Err(id)) => tx.wanted = Some(id.to_owned()),
                None => {}
            }
        }
        lost |= self.opens(here, tx, &mut kept, (file, object.id()), findings)?;
        if lost {
            self.unlinked.push((tx.item, "resulting_security_ids", kept));
        }
        Ok(())
    }

    /// Notes which event opens what; returns whether a link was left out.
    fn opens(
        &mut self,
        here: usize,
        tx: &mut Tx,
        kept: &mut Vec<String>,
        (file, id): (&str, &str),
        findings: &mut Findings,
    ) -> Result<bool, Refusal> {
        let mut lost = false;
        for result in tx.opened().collect::<Vec<usize>>() {
            let known = &self.securities[result];
            let itself = tx.concerned().any(|security| security == result);
            // New shares are whose they are, whatever they were issued for.
            let anew = issues_anew(tx.kind) && tx.balance != Some(result);
            // Of two events that end one certificate the later one will be left out.
            let same = |other: usize| other != here && self.txs[other].security == tx.security;
            if !itself && known.opener.is_none_or(|other| !anew && same(other)) {
                if known.opener.is_none_or(|other| tx.date < self.txs[other].date) {
                    self.securities[result].opener = Some(here);
                }
                continue;
            }
            let what = format!("the security {} results from two events", shown(&known.id));
            if itself || known.opener == Some(here) || !anew {
                let what = format!("{what}; name the certificates that each of them opens");
                return Err(Refusal::new(Code::ResultInvalid, file, id, what));
            }
            let done = "the link is left out, and the certificate stays with the first of them";
            findings.departure(Code::ResultInvalid, file, id, what, done)?;
            lost = true;
            kept.retain(|id| *id != known.id);
            tx.results.retain(|other| *other != result);
        }
        Ok(lost)
    }
}

/// An issuance, read once.
struct Issued<'a> {
    at: usize,
    kind: Kind,
    security: &'a str,
    date: Date,
}

impl<'a> Issued<'a> {
    fn of(at: usize, object: &'a Object) -> Issued<'a> {
        let security = object.text("security_id").unwrap_or_default();
        Issued { at, kind: object.kind(), security, date: date(object) }
    }
}

impl Tx {
    fn new(item: usize, kind: Kind, date: Date) -> Tx {
        Tx {
            item,
            kind,
            role: role(kind),
            date,
            security: None,
            more: Vec::new(),
            results: Vec::new(),
            balance: None,
            wanted: None,
            out: false,
        }
    }

    /// What it opens.
    pub(in crate::ocf) fn opened(&self) -> impl Iterator<Item = usize> {
        self.results.iter().chain(&self.balance).copied()
    }

    /// What it concerns or ends.
    pub(in crate::ocf) fn concerned(&self) -> impl Iterator<Item = usize> {
        self.security.iter().chain(&self.more).copied()
    }
}

/// Whether an object reissues a certificate as several, of which one at least is issued.
fn partly_reissued(object: &Object, names: &Securities<'_>) -> bool {
    object.kind() == Kind::StockReissuance
        && object.texts("resulting_security_ids").any(|id| names.issued(id).is_some())
}

/// Securities by their ids.
struct Securities<'a> {
    /// Items that issue one, by its id.
    items: Names<'a>,
    /// Items that issue what an item before them issues, each with that one.
    again: BTreeMap<usize, usize>,
    /// The index of the security that an item issues.
    of_item: Vec<usize>,
    /// Balances that events name and nothing issues, by the security that they are left of: what is
    /// reduced in place lives on under that name.
    left_of: BTreeMap<&'a str, usize>,
}

impl<'a> Securities<'a> {
    /// The security that is issued under an id.
    fn issued(&self, id: &str) -> Option<usize> {
        let security = self.of_item[self.items.get(id)?];
        (security != usize::MAX).then_some(security)
    }

    /// The security that goes by an id.
    fn get(&self, id: &str) -> Option<usize> {
        self.issued(id).or_else(|| self.left_of.get(id).copied())
    }

    /// What an event leaves under a name that nothing issues, and the certificate of which it is left:
    /// a balance, the one result that a reissuance lacks, or that of a consolidation.
    fn left(&self, object: &'a Object) -> Option<(&'a str, &'a str)> {
        if role(object.kind()) != Role::Terminal {
            return None;
        }
        let (mut from, mut left) = (object.text("security_id"), object.text("balance_security_id"));
        if object.kind() == Kind::StockConsolidation {
            let mut sources = object.texts("security_ids");
            from = sources.find(|id| self.issued(id).is_some());
            left = object.text("resulting_security_id");
        }
        if partly_reissued(object, self) {
            left = object.texts("resulting_security_ids").find(|id| self.issued(id).is_none());
        }
        Some((from?, left.filter(|left| self.issued(left).is_none())?))
    }

    /// Finds what lives on under names that nothing issues. Of two certificates nobody can say which
    /// one it is.
    fn balances(&mut self, package: &'a Package) -> Result<(), Refusal> {
        let mut named: BTreeMap<&str, Vec<&'a str>> = BTreeMap::new();
        for item in &package.items {
            if let Some((from, left)) = self.left(&item.object) {
                named.entry(from).or_default().push(left);
            }
        }
        let known = named.keys().filter_map(|from| Some((*from, self.issued(from)?)));
        let mut next: Vec<(&str, usize)> = known.collect();
        while let Some((from, security)) = next.pop() {
            for balance in named.remove(from).unwrap_or_default() {
                if !self.left_of.contains_key(balance) {
                    self.left_of.insert(balance, security);
                    next.push((balance, security));
                }
            }
        }
        for item in &package.items {
            let Some((from, left)) = self.left(&item.object) else { continue };
            let of = self.left_of.get(left).copied();
            if from == left || self.get(from).is_some_and(|from| Some(from) != of) {
                let what = format!(
                    "nothing issues {}, which would be left of two certificates; issue it, or give each \
                     of them its own name",
                    shown(left)
                );
                let (file, id) = (package.file(item.file), item.object.id());
                return Err(Refusal::new(Code::ResultInvalid, file, id, what));
            }
        }
        Ok(())
    }
}

/// The date of a transaction, which its normal form has.
fn date(object: &Object) -> Date {
    object.text("date").and_then(Date::parse).unwrap_or_default()
}

/// Takes items out of a package, by their indices in rising order.
pub(super) fn remove(package: &mut Package, items: &[usize]) {
    let mut next = items.iter().peekable();
    let mut at = 0usize;
    package.items.retain(|_| {
        let gone = next.next_if(|item| **item == at).is_some();
        at += 1;
        !gone
    });
}
