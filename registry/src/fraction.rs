//! Exact fractions without a sign, in lowest terms. Results beyond the representable range are
//! `None`.

use crate::amount::common_divisor;

/// A fraction of two integers that have no common divisor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fraction {
    above: u128,
    below: u128,
}

impl Fraction {
    pub(crate) const ZERO: Fraction = Fraction { above: 0, below: 1 };

    /// `above / below`, or `None` where `below` is zero.
    pub(crate) fn new(above: u128, below: u128) -> Option<Fraction> {
        let divisor = common_divisor(above, below);
        let (above, below) = (above.checked_div(divisor)?, below.checked_div(divisor)?);
        (below != 0).then_some(Fraction { above, below })
    }

    /// An integer.
    pub(crate) fn whole(value: u128) -> Fraction {
        Fraction { above: value, below: 1 }
    }

    /// The sum.
    pub(crate) fn plus(self, other: Fraction) -> Option<Fraction> {
        let shared = common_divisor(self.below, other.below);
        let (mine, theirs) = (other.below / shared, self.below / shared);
        let above = self.above.checked_mul(mine)?.checked_add(other.above.checked_mul(theirs)?)?;
        Fraction::new(above, self.below.checked_mul(mine)?)
    }

    /// The product.
    pub(crate) fn times(self, other: Fraction) -> Option<Fraction> {
        let left = common_divisor(self.above, other.below);
        let right = common_divisor(other.above, self.below);
        let above = (self.above / left).checked_mul(other.above / right)?;
        Fraction::new(above, (self.below / right).checked_mul(other.below / left)?)
    }

    /// What is missing to an integer; zero where nothing is.
    pub(crate) fn missing_to(self, whole: u128) -> Option<Fraction> {
        let all = whole.checked_mul(self.below)?;
        Fraction::new(all.saturating_sub(self.above), self.below)
    }

    /// The largest multiple of `unit` that is not larger.
    pub(crate) fn down_to(self, unit: u128) -> u128 {
        let whole = self.above / self.below;
        whole - whole % unit
    }

    /// The smallest multiple of `unit` that is not smaller.
    pub(crate) fn up_to(self, unit: u128) -> Option<u128> {
        let down = self.down_to(unit);
        if self == Fraction::whole(down) { Some(down) } else { down.checked_add(unit) }
    }

    /// The nearest multiple of `unit`, the larger of two that are as near.
    pub(crate) fn nearest(self, unit: u128) -> Option<u128> {
        let down = self.down_to(unit);
        // What is above `down`, and half a unit, both in parts of the denominator.
        let rest = self.above - down.checked_mul(self.below)?;
        let half = unit.checked_mul(self.below)?.div_ceil(2);
        if rest >= half { down.checked_add(unit) } else { Some(down) }
    }

    /// Whether this is a multiple of `unit`.
    pub(crate) fn is_multiple_of(self, unit: u128) -> bool {
        self.below == 1 && self.above.is_multiple_of(unit)
    }
}
