//! Exact fractions without a sign, in lowest terms.

use super::VestingError;

/// A fraction of two integers that have no common divisor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fraction {
    above: u128,
    below: u128,
}

impl Fraction {
    pub(super) const ZERO: Fraction = Fraction { above: 0, below: 1 };

    /// `above / below`, or `None` where `below` is zero.
    pub(super) fn new(above: u128, below: u128) -> Option<Fraction> {
        let divisor = common_divisor(above, below);
        let (above, below) = (above.checked_div(divisor)?, below.checked_div(divisor)?);
        (below != 0).then_some(Fraction { above, below })
    }

    /// An integer.
    pub(super) fn whole(value: u128) -> Fraction {
        Fraction { above: value, below: 1 }
    }

    /// The sum.
    pub(super) fn plus(self, other: Fraction) -> Result<Fraction, VestingError> {
        let shared = common_divisor(self.below, other.below);
        let (mine, theirs) = (other.below / shared, self.below / shared);
        let sum = || {
            let above =
                self.above.checked_mul(mine)?.checked_add(other.above.checked_mul(theirs)?)?;
            Fraction::new(above, self.below.checked_mul(mine)?)
        };
        sum().ok_or(VestingError::Overflow)
    }

    /// The product.
    pub(super) fn times(self, other: Fraction) -> Result<Fraction, VestingError> {
        let (left, right) =
            (common_divisor(self.above, other.below), common_divisor(other.above, self.below));
        // A numerator of zero has the other denominator as divisor, which is never zero.
        let product = || {
            let above = (self.above / left).checked_mul(other.above / right)?;
            Fraction::new(above, (self.below / right).checked_mul(other.below / left)?)
        };
        product().ok_or(VestingError::Overflow)
    }

    /// What is missing to an integer; zero where nothing is.
    pub(super) fn missing_to(self, whole: u128) -> Result<Fraction, VestingError> {
        let all = whole.checked_mul(self.below).ok_or(VestingError::Overflow)?;
        let missing = Fraction::new(all.saturating_sub(self.above), self.below);
        missing.ok_or(VestingError::Overflow)
    }

    /// The largest multiple of `unit` that is not larger.
    pub(super) fn down_to(self, unit: u128) -> u128 {
        let whole = self.above / self.below;
        whole - whole % unit
    }

    /// The nearest multiple of `unit`, which is even; of two, the larger.
    pub(super) fn nearest(self, unit: u128) -> Result<u128, VestingError> {
        Ok(self.plus(Fraction::whole(unit / 2))?.down_to(unit))
    }

    /// Whether this is a multiple of `unit`.
    pub(super) fn is_multiple_of(self, unit: u128) -> bool {
        self.below == 1 && self.above.is_multiple_of(unit)
    }
}

fn common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
