//! Transactions that are for another kind of security than the one that they name, and events that
//! do not say how much they take.

use super::Walk;
use crate::amount::Quantity;
use crate::ocf::object::{Kind, Object};
use crate::ocf::{Code, Refusal};

impl Walk<'_> {
    /// Whether a remark is for the kind of security that it names. What is not is left out: an
    /// acceptance or a repricing moves no share.
    pub(super) fn speaks_of(&mut self, at: usize, security: usize) -> Result<bool, Refusal> {
        let Some(what) = self.of_another_kind(at, security) else { return Ok(true) };
        self.departure(at, Code::SecurityKind, what, "left out: it moves no share")?;
        self.index.txs[at].out = true;
        Ok(false)
    }

    /// Reads an event for the kind of security that it names, where the format has the same event
    /// for that kind; another one is refused, since nobody can say what it takes.
    pub(super) fn read_for(&mut self, at: usize, security: usize) -> Result<(), Refusal> {
        let Some(what) = self.of_another_kind(at, security) else { return Ok(()) };
        let found = self.object(self.index.securities[security].issuance).kind();
        let Some(kind) = counterpart(self.index.txs[at].kind, found) else {
            let what = format!("{what}; correct the security_id or the object_type");
            return Err(self.refusal(at, Code::SecurityKind, what));
        };
        self.departure(at, Code::SecurityKind, what, &format!("read as {kind}"))?;
        self.index.txs[at].kind = kind;
        let object = self.change(at);
        *object = Object::new(kind, object.id().to_owned(), object.fields().clone());
        Ok(())
    }

    /// What is wrong with the kind of a transaction, if something is.
    fn of_another_kind(&self, at: usize, security: usize) -> Option<String> {
        let kind = self.index.txs[at].kind;
        let found = self.object(self.index.securities[security].issuance).kind();
        let wanted = issuance_of(kind).filter(|wanted| *wanted != found);
        wanted.map(|_| format!("{kind} is for another kind of security than {found}"))
    }

    /// How many shares an event takes. Where it does not say so, LENIENT takes what follows from the
    /// certificates that it opens, if they leave no choice.
    pub(super) fn taken(
        &mut self,
        at: usize,
        security: usize,
        transfer: bool,
    ) -> Result<Quantity, Refusal> {
        if self.object(at).value("quantity").is_some() {
            return self.quantity(at, "quantity");
        }
        let held = self.held(security);
        let kept = match self.index.txs[at].balance {
            Some(balance) => self.issued(self.index.securities[balance].issuance)?,
            // Without results and without a balance nothing says how much is taken.
            None => transfer.then_some(Quantity::ZERO),
        };
        let gone = held.zip(kept).and_then(|(held, kept)| held.checked_sub(kept));
        let opened = if transfer { self.results_hold(at)? } else { gone };
        match gone.filter(|gone| !gone.is_zero() && opened == Some(*gone)) {
            Some(gone) => {
                self.change(at).set("quantity", gone.to_string().into());
                Ok(gone)
            }
            None => {
                let what = "quantity: it is missing, and the certificates that it opens do not \
                            show how much it takes; state it";
                Err(self.refusal(at, Code::FieldMissing, what))
            }
        }
    }
}

/// The same event for the securities of another issuance.
fn counterpart(kind: Kind, issuance: Kind) -> Option<Kind> {
    use Kind::*;
    // Convertibles are counted in money, so that only their retraction says the same.
    const ALIKE: [&[Kind]; 3] = [
        &[StockCancellation, EquityCompensationCancellation, WarrantCancellation],
        &[StockTransfer, EquityCompensationTransfer, WarrantTransfer],
        &[StockRetraction, EquityCompensationRetraction, WarrantRetraction, ConvertibleRetraction],
    ];
    let alike = ALIKE.into_iter().find(|alike| alike.contains(&kind))?;
    alike.iter().copied().find(|kind| issuance_of(*kind) == Some(issuance))
}

/// The issuance of the securities that a kind of transaction is for; none where it is for any.
fn issuance_of(kind: Kind) -> Option<Kind> {
    let name = kind.as_str();
    [
        ("TX_STOCK_PLAN_", None),
        ("TX_STOCK_", Some(Kind::StockIssuance)),
        ("TX_EQUITY_COMPENSATION_", Some(Kind::EquityCompensationIssuance)),
        ("TX_WARRANT_", Some(Kind::WarrantIssuance)),
        ("TX_CONVERTIBLE_", Some(Kind::ConvertibleIssuance)),
    ]
    .into_iter()
    .find(|(prefix, _)| name.starts_with(prefix))
    .and_then(|(_, issuance)| issuance)
}
