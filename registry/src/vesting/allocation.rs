//! The seven allocation types: how installments become whole shares (OCF 1.2.0 `AllocationType`).

use crate::amount::Quantity;
use crate::fraction::Fraction;

/// How what does not divide evenly is distributed over the installments. The example is that of the
/// format: 18 shares in 4 installments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Allocation {
    /// 5, 4, 5, 4: each running total is rounded to the nearest share.
    CumulativeRounding,
    /// 4, 5, 4, 5: each running total is rounded down.
    CumulativeRoundDown,
    /// 5, 5, 4, 4: what is left over goes to the first installments, one share each.
    FrontLoaded,
    /// 4, 4, 5, 5: what is left over goes to the last installments, one share each.
    BackLoaded,
    /// 6, 4, 4, 4: what is left over goes to the first installment.
    FrontLoadedToSingleTranche,
    /// 4, 4, 4, 6: what is left over goes to the last installment.
    BackLoadedToSingleTranche,
    /// 4.5, 4.5, 4.5, 4.5: nothing is rounded but beyond ten decimals, where each running total is
    /// rounded down.
    Fractional,
}

/// The exact amount of an installment.
#[derive(Clone, Copy)]
pub(super) struct Amount {
    /// The amount.
    pub(super) part: Fraction,
    /// What has vested with it, in all.
    pub(super) sum: Fraction,
}

const SHARE: u128 = Quantity::whole(1).0;

impl Allocation {
    /// Every type.
    pub const ALL: [Allocation; 7] = [
        Allocation::CumulativeRounding,
        Allocation::CumulativeRoundDown,
        Allocation::FrontLoaded,
        Allocation::BackLoaded,
        Allocation::FrontLoadedToSingleTranche,
        Allocation::BackLoadedToSingleTranche,
        Allocation::Fractional,
    ];

    /// Its text in the format.
    pub fn as_str(self) -> &'static str {
        match self {
            Allocation::CumulativeRounding => "CUMULATIVE_ROUNDING",
            Allocation::CumulativeRoundDown => "CUMULATIVE_ROUND_DOWN",
            Allocation::FrontLoaded => "FRONT_LOADED",
            Allocation::BackLoaded => "BACK_LOADED",
            Allocation::FrontLoadedToSingleTranche => "FRONT_LOADED_TO_SINGLE_TRANCHE",
            Allocation::BackLoadedToSingleTranche => "BACK_LOADED_TO_SINGLE_TRANCHE",
            Allocation::Fractional => "FRACTIONAL",
        }
    }

    /// The type with this text.
    pub fn parse(text: &str) -> Option<Allocation> {
        Allocation::ALL.into_iter().find(|allocation| allocation.as_str() == text)
    }

    /// The shares of each installment of one stretch, in units of 10^-10. In front of it so many had
    /// been `allocated`.
    ///
    /// The whole of the grant, once reached, is paid in full even where it is not a whole number of
    /// shares. `None` beyond the representable range.
    pub(super) fn shares(
        self,
        exact: &[Amount],
        allocated: u128,
        grant: u128,
    ) -> Option<Vec<u128>> {
        match self {
            Allocation::CumulativeRounding => {
                cumulative(exact, allocated, grant, |sum| sum.nearest(SHARE))
            }
            Allocation::CumulativeRoundDown => {
                cumulative(exact, allocated, grant, |sum| Some(sum.down_to(SHARE)))
            }
            Allocation::Fractional => {
                cumulative(exact, allocated, grant, |sum| Some(sum.down_to(1)))
            }
            _ => self.loaded(exact, allocated, grant),
        }
    }

    /// Each installment rounded down, and what is left over handed out at one end.
    fn loaded(self, exact: &[Amount], allocated: u128, grant: u128) -> Option<Vec<u128>> {
        let Some(end) = exact.last().map(|amount| amount.sum) else { return Some(Vec::new()) };
        let end = if end.down_to(1) >= grant { grant } else { end.down_to(SHARE) };
        let mut left = end.saturating_sub(allocated);
        let mut shares = Vec::with_capacity(exact.len());
        for amount in exact {
            let whole = amount.part.down_to(SHARE).min(left);
            left -= whole;
            shares.push(whole);
        }
        let front =
            matches!(self, Allocation::FrontLoaded | Allocation::FrontLoadedToSingleTranche);
        let mut paying: Vec<usize> =
            (0..exact.len()).filter(|at| exact[*at].part != Fraction::ZERO).collect();
        let Some(last) = paying.last().copied() else {
            return Some(shares);
        };
        if !front {
            paying.reverse();
        }
        if matches!(
            self,
            Allocation::FrontLoadedToSingleTranche | Allocation::BackLoadedToSingleTranche
        ) {
            shares[paying[0]] += left;
            return Some(shares);
        }
        shares[last] += left % SHARE;
        // Installments that are whole as they are get one more only where an interrupted stretch
        // left more behind than there are uneven ones.
        let uneven = paying.iter().filter(|at| !exact[**at].part.is_multiple_of(SHARE));
        let whole = usize::try_from(left / SHARE).ok()?;
        for at in uneven.chain(paying.iter().cycle()).take(whole) {
            shares[*at] += SHARE;
        }
        Some(shares)
    }
}

fn cumulative(
    exact: &[Amount],
    allocated: u128,
    grant: u128,
    round: impl Fn(Fraction) -> Option<u128>,
) -> Option<Vec<u128>> {
    let mut paid = allocated;
    let mut shares = Vec::with_capacity(exact.len());
    for Amount { sum, .. } in exact {
        let due = if sum.down_to(1) >= grant { grant } else { round(*sum)? };
        shares.push(due.saturating_sub(paid));
        paid = paid.max(due);
    }
    Some(shares)
}
