//! What the register says, told again in the words of the format.
//!
//! Events that were entered in those words are told as they were. Those of live commands are told
//! from what they did: an issue, a transfer and a settlement become the transactions that the format
//! has for them, under the handles of the register. A transfer out of several certificates becomes
//! their consolidation and the transfer of the whole, since a transfer of the format has one source.
//!
//! A split says in the words of the format what becomes of shares, each certificate by itself. In a
//! live register it reaches pools and conversion rights too, and rounds by holder, which its
//! transaction does not say: such a split is told with a finding, since whoever carries the export
//! out gets other figures. Grants bear the split among their changes ([`SecurityFacts::changes`]).
//!
//! [`SecurityFacts::changes`]: super::SecurityFacts::changes
//!
//! What the ledger never knew is left for who completes the package: names and the other personal
//! fields ([`Kind::personal_fields`]), and the name and country of an issuer that was not imported.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Fold, Told};
use crate::amount::{DECIMALS, Quantity, format_decimal};
use crate::date::Date;
use crate::effect::{Effect, Opened};
use crate::event::{Event, EventKind};
use crate::handle::{AccountId, CertificateId, ClassId, IssuerId};
use crate::ocf::object::{Fields, Kind, Object, Value};
use crate::ocf::{Code, Finding};

/// A register in the words of the format.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Export {
    /// The objects, in the order of the events.
    pub objects: Vec<Object>,
    /// What the objects do not say.
    pub findings: Vec<Finding>,
}

impl Fold {
    /// Every object of an issuer whose date, if it bears one, is not after `as_of`, in the order of
    /// the events.
    pub fn export(&self, issuer: IssuerId, as_of: Date) -> Export {
        let mut export = Teller { fold: self, objects: Vec::new() };
        for told in self.told.get(&issuer).map(Vec::as_slice).unwrap_or_default() {
            match told {
                Told::Documented(date, objects) => {
                    let told =
                        objects.iter().filter(|object| *date <= as_of || !is_dated(object.kind()));
                    export.objects.extend(told.map(|object| object.as_ref().clone()));
                }
                Told::Bare(event) if event.kind == EventKind::Registration => {
                    export.entities(event)
                }
                Told::Bare(event) if event.date <= as_of => export.event(event),
                Told::Bare(_) => {}
            }
        }
        export.holders();
        // An issuer that was described stands there once.
        let described =
            export.objects.iter().filter(|object| object.kind() == Kind::Issuer).count();
        if described > 1 {
            let first = export.objects.iter().position(|object| object.kind() == Kind::Issuer);
            first.map(|at| export.objects.remove(at));
        }
        let untold = self.untold.get(&issuer).into_iter().flatten();
        let findings =
            untold.filter(|(date, _)| *date <= as_of).map(|(_, finding)| finding.clone());
        Export { objects: export.objects, findings: findings.collect() }
    }

    /// What a split did that its transaction does not say, if anything.
    pub(super) fn untold(&self, event: &Event, told: &[Arc<Object>]) -> Option<Finding> {
        let (class, ratio) = event.effects.iter().find_map(|effect| match effect {
            Effect::ClassSplit { class, ratio, .. } => Some((class, *ratio)),
            _ => None,
        })?;
        let decimals = self.classes.get(class).map_or(0, |facts| facts.decimals);
        let unit = 10u128.pow(u32::from(DECIMALS.saturating_sub(decimals)));
        let alone = |before: Quantity| ratio.of(before.0, unit).map(Quantity);
        let mut counts = [0usize; 3];
        for effect in &event.effects {
            let kind = match effect {
                Effect::PoolScaled { .. } => 0,
                Effect::ConversionsSet { .. } => 1,
                Effect::CertificateScaled { before, after, .. }
                    if alone(*before) != Some(*after) =>
                {
                    2
                }
                Effect::CertificateClosed { quantity, .. }
                    if alone(*quantity) != Some(Quantity::ZERO) =>
                {
                    2
                }
                _ => continue,
            };
            counts[kind] += 1;
        }
        let [pools, rights, rounded] = counts;
        if counts == [0; 3] {
            return None;
        }
        let what = format!(
            "it scaled the pools of {pools} plans and the conversion rights of {rights} classes too, \
             and rounded {rounded} certificates together with others of their holder"
        );
        let item = told.first().map_or("", |object| object.id());
        Some(Finding::new(
            Code::SplitUntold,
            "Transactions.ocf.json",
            item,
            what,
            "told as the split alone",
        ))
    }
}

/// Whether an object happens on a date; the others hold at every date.
fn is_dated(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Issuer
            | Kind::Stakeholder
            | Kind::StockClass
            | Kind::StockLegendTemplate
            | Kind::StockPlan
            | Kind::VestingTerms
            | Kind::Document
    )
}

struct Teller<'a> {
    fold: &'a Fold,
    objects: Vec<Object>,
}

impl Teller<'_> {
    fn push(&mut self, kind: Kind, id: &str, fields: impl Into<Fields>) {
        self.objects.push(Object::new(kind, id, fields.into()));
    }

    fn entities(&mut self, event: &Event) {
        for effect in &event.effects {
            match effect {
                Effect::IssuerRegistered { issuer, formed, authorized, source_id, .. } => {
                    let fields = [
                        ("formation_date", formed.to_string().into()),
                        ("initial_shares_authorized", authorized.to_string().into()),
                    ];
                    self.push(Kind::Issuer, &named(source_id, issuer), fields);
                }
                Effect::ClassRegistered { class, kind, authorized, name, source_id, .. } => {
                    let fields = [
                        ("name", name.as_str().into()),
                        ("class_type", kind.as_str().into()),
                        ("default_id_prefix", class.to_string().into()),
                        ("initial_shares_authorized", authorized.to_string().into()),
                        ("votes_per_share", "1".into()),
                        ("seniority", "1".into()),
                    ];
                    self.push(Kind::StockClass, &named(source_id, class), fields);
                }
                Effect::StakeholderRegistered { stakeholder, source_id, .. } => {
                    self.push(Kind::Stakeholder, &named(source_id, stakeholder), []);
                }
                _ => {}
            }
        }
    }

    fn event(&mut self, event: &Event) {
        let mut closed: Vec<CertificateId> = Vec::new();
        let mut opened: Vec<&Opened> = Vec::new();
        for effect in &event.effects {
            match effect {
                Effect::CertificateClosed { certificate, .. } => closed.push(*certificate),
                Effect::CertificateOpened(certificate) => opened.push(certificate),
                _ => {}
            }
        }
        match (event.kind, closed.as_slice()) {
            (EventKind::Issuance, []) => {
                for opened in &opened {
                    self.issuance(event, opened, true);
                }
            }
            (EventKind::Transfer, [source]) => {
                let source = self.security(*source);
                self.transfer(event, &source, &closed, &opened);
            }
            (EventKind::Transfer, [first, ..]) => {
                let whole = self.consolidation(event, *first, &closed);
                self.transfer(event, &whole, &closed, &opened);
            }
            _ => {}
        }
    }

    fn transfer(
        &mut self,
        event: &Event,
        source: &str,
        closed: &[CertificateId],
        opened: &[&Opened],
    ) {
        let from = closed.first().and_then(|id| self.fold.certificates.get(id));
        let from = from.map(|certificate| certificate.account);
        let (balance, results): (Vec<&&Opened>, Vec<&&Opened>) =
            opened.iter().partition(|opened| Some(opened.account) == from);
        let moved = results.iter().fold(0u128, |sum, opened| sum.saturating_add(opened.quantity.0));
        let ids: Vec<String> = results.iter().map(|opened| self.opened_id(opened)).collect();
        let mut fields = Fields::from([
            ("date", event.date.to_string().into()),
            ("security_id", source.into()),
            ("quantity", Quantity(moved).to_string().into()),
            ("resulting_security_ids", ids.into()),
        ]);
        if let [balance] = balance.as_slice() {
            fields.insert("balance_security_id", self.opened_id(balance).into());
        }
        self.push(Kind::StockTransfer, &format!("transfer-{source}"), fields);
        for opened in opened {
            let sold = Some(opened.account) != from;
            self.issuance(event, opened, sold);
        }
    }

    /// The consolidation of several certificates; returns the id of the whole.
    fn consolidation(
        &mut self,
        event: &Event,
        first: CertificateId,
        closed: &[CertificateId],
    ) -> String {
        let whole = format!("whole-{}", self.security(first));
        let ids: Vec<String> = closed.iter().map(|id| self.security(*id)).collect();
        let fields = [
            ("date", event.date.to_string().into()),
            ("security_ids", ids.into()),
            ("resulting_security_id", whole.as_str().into()),
        ];
        self.push(Kind::StockConsolidation, &format!("consolidation-{whole}"), fields);
        let sources = closed.iter().filter_map(|id| self.fold.certificates.get(id));
        let sum = sources.fold(0u128, |sum, source| sum.saturating_add(source.last_quantity().0));
        if let Some(source) = self.fold.certificates.get(&first) {
            let opened = Opened {
                class: source.class,
                account: source.account,
                quantity: Quantity(sum),
                source_id: whole.clone(),
                number: whole.clone(),
                ..Opened::default()
            };
            self.issuance(event, &opened, false);
        }
        whole
    }

    /// A certificate as its issuance; `paid` says whether the consideration of the event is its.
    fn issuance(&mut self, event: &Event, opened: &Opened, paid: bool) {
        let id = self.opened_id(opened);
        // Where nothing was paid, a price of zero needs a currency all the same.
        let paid = event.consideration.filter(|_| paid);
        let (price, currency) = paid.map_or((0, "USD".to_owned()), |paid| {
            let one = 10u128.pow(u32::from(DECIMALS));
            let scaled = paid.money.amount.checked_mul(one);
            let price = scaled.and_then(|scaled| scaled.checked_div(opened.quantity.0));
            (price.unwrap_or_default(), paid.money.currency.to_string())
        });
        let number = if opened.number.is_empty() { &id } else { &opened.number };
        let amount = format_decimal(price, DECIMALS);
        let price = [("amount", amount.into()), ("currency", currency.into())];
        let fields = [
            ("date", event.date.to_string().into()),
            ("security_id", id.as_str().into()),
            ("custom_id", number.as_str().into()),
            ("stakeholder_id", self.stakeholder(opened.account).into()),
            ("stock_class_id", self.class(opened.class).into()),
            ("quantity", opened.quantity.to_string().into()),
            ("share_price", price.into()),
            ("security_law_exemptions", Value::Array(Vec::new())),
            ("stock_legend_ids", Value::Array(Vec::new())),
        ];
        self.push(Kind::StockIssuance, &format!("issuance-{id}"), fields);
    }

    /// Accounts of parties that are on no line of the register hold in their own name.
    fn holders(&mut self) {
        let known: BTreeSet<&str> = self
            .objects
            .iter()
            .filter(|object| object.kind() == Kind::Stakeholder)
            .map(Object::id)
            .collect();
        let named = self.objects.iter().filter_map(|object| object.text("stakeholder_id"));
        let missing = named.filter(|id| !known.contains(id) && AccountId::parse(id).is_some());
        let missing: BTreeSet<String> = missing.map(str::to_owned).collect();
        for id in missing {
            self.push(Kind::Stakeholder, &id, []);
        }
    }

    fn security(&self, id: CertificateId) -> String {
        let source = self.fold.certificates.get(&id).map(|facts| facts.source_id.as_str());
        named(source.unwrap_or_default(), id)
    }

    fn opened_id(&self, opened: &Opened) -> String {
        named(&opened.source_id, opened.certificate)
    }

    fn class(&self, id: ClassId) -> String {
        let source = self.fold.classes.get(&id).map(|facts| facts.source_id.as_str());
        named(source.unwrap_or_default(), id)
    }

    fn stakeholder(&self, account: AccountId) -> String {
        let Some(id) = self.fold.of_account.get(&account) else { return account.to_string() };
        let source = self.fold.stakeholders.get(id).map(|facts| facts.source_id.as_str());
        named(source.unwrap_or_default(), id)
    }
}

fn named(source_id: &str, handle: impl ToString) -> String {
    if source_id.is_empty() { handle.to_string() } else { source_id.to_owned() }
}
