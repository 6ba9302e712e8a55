//! The conservation laws of the ledger.

use super::{Ledger, NONE, State};
use crate::command::Movement;
use crate::handle::InstructionId;

impl Ledger {
    /// Every law that does not hold, as a sentence; empty on a sound ledger.
    ///
    /// For each cash asset the accounts sum to what its bank issued; for each class the register's
    /// laws hold; no instruction is half matched, half settled or half cancelled.
    pub fn audit(&self) -> Vec<String> {
        let mut broken = self.register.audit();
        let mut held = vec![0u128; self.assets.len()];
        for (id, account) in self.cash_accounts() {
            match held.get_mut(account.asset.index()) {
                Some(sum) => *sum = sum.saturating_add(account.balance),
                None => broken.push(format!("cash account {id} is of an unknown asset")),
            }
        }
        for ((id, asset), held) in self.assets().zip(held) {
            if asset.issued != held {
                broken.push(format!(
                    "cash asset {id}: accounts hold {held}, the bank issued {}",
                    asset.issued
                ));
            }
        }
        self.audit_instructions(&mut broken);
        for participant in self.participants() {
            if participant.keys.iter().all(|(_, revoked)| *revoked) {
                broken.push(format!("participant {} has no key in force", participant.party));
            }
        }
        broken
    }

    fn audit_instructions(&self, broken: &mut Vec<String>) {
        let mut pairs = 0usize;
        let mut unmatched = 0usize;
        for (id, instruction) in self.instructions() {
            let mirrors = |with: InstructionId, expected: State| {
                let other = self.instruction(with);
                other.is_some_and(|other| {
                    other.movement != instruction.movement && other.state == expected
                })
            };
            let sound = match instruction.state {
                State::Matched { with, reason } => {
                    pairs += usize::from(instruction.movement == Movement::Deliver);
                    mirrors(with, State::Matched { with: id, reason })
                }
                State::Settled { with } => mirrors(with, State::Settled { with: id }),
                State::Unmatched => {
                    unmatched += 1;
                    true
                }
                State::Cancelled => true,
            };
            if !sound {
                broken.push(format!("instruction {id} is in another state than its counterpart"));
            }
        }
        let linked = |mut at: u32| {
            let mut count = 0usize;
            while let Some(instruction) = self.instructions.get(at as usize)
                && count <= self.instructions.len()
            {
                count += 1;
                at = instruction.next;
            }
            count
        };
        if linked(self.pending.0) != pairs {
            broken.push(format!("{pairs} matched pairs, not all of which wait for settlement"));
        }
        let waiting = self.instructions().filter(|(id, instruction)| {
            let first = || self.unmatched.get(self.waits_under(*id));
            instruction.state == State::Unmatched
                && (instruction.prev != NONE || first() == Some(id.0))
        });
        if waiting.count() != unmatched {
            broken.push("an unmatched instruction cannot be found by a counterpart".to_owned());
        }
    }
}
