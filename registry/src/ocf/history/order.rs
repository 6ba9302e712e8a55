//! The order in which a history happens.
//!
//! By date; within a date what concerns classes, plans and the issuer, then issuances, then
//! acceptances, vesting and the like, then events that take from a security, in the order of the
//! files, then returns to a pool. An event waits for the one that opens its security, and what
//! concerns a result on the same day follows the event that opens it. An issuance that results from
//! an event happens in it and has no place of its own.

use super::index::{Index, Role};
use crate::date::Date;

/// The transactions, without those that are left out and those that happen within another.
pub(in crate::ocf) fn order(index: &Index) -> Vec<usize> {
    let mut keyed: Vec<(Date, Role, usize, usize)> = Vec::with_capacity(index.txs.len());
    for (at, tx) in index.txs.iter().enumerate() {
        let within = tx.role == Role::Issuance
            && tx.security.is_some_and(|security| index.securities[security].opener.is_some());
        if !tx.out && !within {
            keyed.push((happens(index, at), tx.role, tx.item, at));
        }
    }
    // What began earlier comes first, as it does in a package that is written.
    let said = |at: usize| index.txs[at].date;
    keyed.sort_unstable_by_key(|(date, role, item, at)| (*date, rank(*role), said(*at), *item));
    let mut ordering = Ordering { index, done: vec![false; index.txs.len()], order: Vec::new() };
    for (_, role, _, at) in keyed {
        match role {
            Role::Remark | Role::Vesting if ordering.waits(at) => {}
            Role::Terminal => ordering.terminal(at),
            _ => ordering.take(at),
        }
    }
    ordering.order
}

/// The day on which a transaction has its effect: vesting that began earlier counts from the
/// issuance.
fn happens(index: &Index, at: usize) -> Date {
    let tx = &index.txs[at];
    let issued = tx.security.map(|security| index.txs[index.securities[security].issuance].date);
    tx.date.max(issued.unwrap_or(tx.date))
}

fn rank(role: Role) -> u8 {
    match role {
        Role::Entity | Role::Class => 0,
        Role::Issuance => 1,
        Role::Remark | Role::Vesting => 2,
        Role::Terminal => 3,
        Role::Return => 4,
    }
}

struct Ordering<'a> {
    index: &'a Index,
    done: Vec<bool>,
    order: Vec<usize>,
}

impl Ordering<'_> {
    fn take(&mut self, at: usize) {
        if !std::mem::replace(&mut self.done[at], true) {
            self.order.push(at);
        }
    }

    /// The event that opens a security of a transaction and that has not happened yet.
    fn before(&self, at: usize) -> Option<usize> {
        self.index.txs[at]
            .concerned()
            .filter_map(|security| self.index.securities[security].opener)
            .find(|opener| !self.done[*opener] && !self.index.txs[*opener].out)
    }

    /// Whether a remark has to wait for an event of its day.
    fn waits(&self, at: usize) -> bool {
        self.before(at).is_some()
    }

    /// An event, after those that open its securities; they are of an earlier day or of the same.
    fn terminal(&mut self, at: usize) {
        let mut chain = vec![at];
        while let Some(last) = chain.last().copied() {
            if self.done[last] {
                chain.pop();
                continue;
            }
            match self.before(last) {
                Some(before) => chain.push(before),
                None => {
                    chain.pop();
                    self.take(last);
                    self.remarks(last);
                }
            }
        }
    }

    /// What concerns the results of an event on the day of the event.
    fn remarks(&mut self, at: usize) {
        let index = self.index;
        for result in index.txs[at].opened() {
            // Another event may name it too, and be left out.
            if index.securities[result].opener != Some(at) {
                continue;
            }
            let mut events: Vec<usize> = index.securities[result].events.clone();
            events.sort_by_key(|event| index.txs[*event].date);
            for event in events {
                let tx = &index.txs[event];
                let remark = matches!(tx.role, Role::Remark | Role::Vesting);
                if remark && !tx.out && happens(index, event) == index.txs[at].date {
                    self.take(event);
                }
            }
        }
    }
}
