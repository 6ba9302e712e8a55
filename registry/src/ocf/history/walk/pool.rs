//! Returns to a pool: of what was cancelled, and under the certificate under which it was.

use super::{Life, Walk};
use crate::amount::Quantity;
use crate::ocf::object::Kind;
use crate::ocf::{Code, Refusal};

impl Walk<'_> {
    /// Notes what a cancellation, a retraction or a repurchase takes from a grant, or from stock.
    pub(super) fn cancelled(&mut self, at: usize, security: usize, quantity: Quantity) {
        use Kind::*;
        let kind = self.index.txs[at].kind;
        let grant = matches!(kind, EquityCompensationCancellation | EquityCompensationRetraction);
        let stock = matches!(kind, StockCancellation | StockRetraction | StockRepurchase);
        if grant || stock {
            let id = self.stands(security).text("security_id").unwrap_or_default().to_owned();
            self.states[security].cancelled.push((id, quantity));
        }
    }

    /// A return may follow the end of its security, and gives back no more than was cancelled.
    pub(super) fn returned(&mut self, at: usize) -> Result<(), Refusal> {
        let Some(security) = self.index.txs[at].security else { return Ok(()) };
        if self.states[security].life == Life::Out {
            let what = "what it concerns was left out";
            self.departure(at, Code::ReferenceUnknown, what, "left out")?;
            self.index.txs[at].out = true;
            return Ok(());
        }
        let quantity = self.quantity(at, "quantity")?;
        let cancelled = &mut self.states[security].cancelled;
        let covers = |(_, left): &(String, Quantity)| *left >= quantity && !quantity.is_zero();
        match cancelled.iter().rposition(covers) {
            Some(last) => {
                let (id, left) = &mut cancelled[last];
                *left = left.checked_sub(quantity).unwrap_or_default();
                let id = id.clone();
                // What is used up is not looked at again.
                if left.is_zero() {
                    cancelled.remove(last);
                }
                if self.object(at).text("security_id") != Some(&*id) {
                    self.change(at).set("security_id", id.into());
                }
            }
            None => {
                let what = format!("it returns {quantity}, and no single cancellation covers it");
                self.departure(at, Code::ReturnExceeded, what, "left out")?;
                self.index.txs[at].out = true;
            }
        }
        Ok(())
    }
}
