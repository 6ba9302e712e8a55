//! The folds of the issuers that were asked for last.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use counterfoil_registry::handle::IssuerId;

use super::RegisterAt;

/// Folds that are kept.
const REGISTERS_MAX: usize = 64;
/// Certificates in all of them together; a fold takes about 300 bytes for each. One register beyond it
/// is kept all the same, alone.
const CERTIFICATES_MAX: usize = 2_000_000;

/// Issuers that are folded at a time; two of them may share a place and wait for each other.
const PLACES: usize = 32;

/// Folds, the one that was asked for last at the end, and who folds now.
#[derive(Default)]
pub(in crate::history) struct Registers {
    kept: Mutex<Vec<Kept>>,
    folding: [Mutex<()>; PLACES],
}

struct Kept {
    register: Arc<RegisterAt>,
    certificates: usize,
}

impl Registers {
    /// The fold of an issuer up to exactly this record.
    pub(super) fn get(&self, issuer: IssuerId, last: u64) -> Option<Arc<RegisterAt>> {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it =
            |kept: &Kept| (kept.register.issuer, kept.register.last_record) == (issuer, last);
        let found = all.iter().position(is_it)?;
        let kept = all.remove(found);
        let register = kept.register.clone();
        all.push(kept);
        Some(register)
    }

    /// Waits until nobody else folds the register of an issuer, so that what two ask for at a time is
    /// folded once.
    pub(super) fn folding(&self, issuer: IssuerId) -> MutexGuard<'_, ()> {
        self.folding[issuer.0 as usize % PLACES].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fold from which one up to `last` goes on with the least to do. Where that is to be the
    /// newest, it is taken out: the former newest one is not asked for again, and need not be copied.
    pub(super) fn base(
        &self,
        issuer: IssuerId,
        last: u64,
        newest: bool,
    ) -> Option<Arc<RegisterAt>> {
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let before =
            |kept: &Kept| kept.register.issuer == issuer && kept.register.last_record < last;
        let candidates = all.iter().enumerate().filter(|(_, kept)| before(kept));
        let (found, _) = candidates.max_by_key(|(_, kept)| kept.register.last_record)?;
        if newest { Some(all.remove(found).register) } else { Some(all[found].register.clone()) }
    }

    pub(super) fn keep(&self, register: Arc<RegisterAt>) {
        let certificates = register.fold.certificates().count();
        let mut all = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Kept { register, certificates });
        let mut sum: usize = all.iter().map(|kept| kept.certificates).sum();
        while all.len() > 1 && (all.len() > REGISTERS_MAX || sum > CERTIFICATES_MAX) {
            sum -= all.remove(0).certificates;
        }
    }
}

#[cfg(test)]
mod tests {
    use counterfoil_registry::captable::Fold;

    use super::*;

    fn register(issuer: u32, last_record: u64) -> Arc<RegisterAt> {
        let issuer = IssuerId(issuer);
        Arc::new(RegisterAt { issuer, last_record, records: 1, fold: Fold::default() })
    }

    #[test]
    fn a_fold_goes_on_from_the_nearest_one_before_it() {
        let registers = Registers::default();
        for last in [10, 30, 20] {
            registers.keep(register(1, last));
        }
        registers.keep(register(2, 24));
        let base =
            |last, newest| registers.base(IssuerId(1), last, newest).map(|base| base.last_record);
        assert_eq!(base(10, false), None);
        assert_eq!(base(25, false), Some(20));
        assert_eq!(base(40, false), Some(30));
        // The newest one moves on; what was asked for about the past stays.
        assert_eq!(base(40, true), Some(30));
        assert!(registers.get(IssuerId(1), 30).is_none());
        assert!(registers.get(IssuerId(1), 20).is_some());
    }

    #[test]
    fn the_one_not_asked_for_longest_goes_first() {
        let registers = Registers::default();
        for issuer in 0..REGISTERS_MAX as u32 {
            registers.keep(register(issuer, 1));
        }
        assert!(registers.get(IssuerId(0), 1).is_some());
        registers.keep(register(99, 1));
        assert!(registers.get(IssuerId(0), 1).is_some());
        assert!(registers.get(IssuerId(1), 1).is_none());
        assert!(registers.get(IssuerId(2), 1).is_some());
    }
}
