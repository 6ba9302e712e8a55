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

    /// The shares of each installment of one stretch, in units of 10^-10.
    ///
    /// `exact` are the installments as fractions; before them `before` had vested exactly and
    /// `allocated` in shares. The whole of the grant, once reached, is paid in full even where it is
    /// not a whole number of shares. `None` beyond the representable range.
    pub(super) fn shares(
        self,
        exact: &[Fraction],
        before: Fraction,
        allocated: u128,
        grant: u128,
    ) -> Option<Vec<u128>> {
        match self {
            Allocation::CumulativeRounding => {
                cumulative(exact, before, allocated, grant, |sum| sum.nearest(SHARE))
            }
            Allocation::CumulativeRoundDown => {
                cumulative(exact, before, allocated, grant, |sum| Some(sum.down_to(SHARE)))
            }
            Allocation::Fractional => {
                cumulative(exact, before, allocated, grant, |sum| Some(sum.down_to(1)))
            }
            _ => self.loaded(exact, before, allocated, grant),
        }
    }

    /// Each installment rounded down, and what is left over handed out at one end.
    fn loaded(
        self,
        exact: &[Fraction],
        before: Fraction,
        allocated: u128,
        grant: u128,
    ) -> Option<Vec<u128>> {
        let end = exact.iter().try_fold(before, |sum, part| sum.plus(*part))?;
        let end = if end.down_to(1) >= grant { grant } else { end.down_to(SHARE) };
        let mut left = end.saturating_sub(allocated);
        let mut shares = Vec::with_capacity(exact.len());
        for part in exact {
            let whole = part.down_to(SHARE).min(left);
            left -= whole;
            shares.push(whole);
        }
        let front =
            matches!(self, Allocation::FrontLoaded | Allocation::FrontLoadedToSingleTranche);
        let mut paying: Vec<usize> =
            (0..exact.len()).filter(|at| exact[*at] != Fraction::ZERO).collect();
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
        let uneven = paying.iter().filter(|at| !exact[**at].is_multiple_of(SHARE));
        let whole = usize::try_from(left / SHARE).ok()?;
        for at in uneven.chain(paying.iter().cycle()).take(whole) {
            shares[*at] += SHARE;
        }
        Some(shares)
    }
}

fn cumulative(
    exact: &[Fraction],
    before: Fraction,
    allocated: u128,
    grant: u128,
    round: impl Fn(Fraction) -> Option<u128>,
) -> Option<Vec<u128>> {
    let (mut sum, mut paid) = (before, allocated);
    let mut shares = Vec::with_capacity(exact.len());
    for part in exact {
        sum = sum.plus(*part)?;
        let due = if sum.down_to(1) >= grant { grant } else { round(sum)? };
        shares.push(due.saturating_sub(paid));
        paid = paid.max(due);
    }
    Some(shares)
}
