//! As converted: how much common stock the shares of a class would become.
//!
//! A class with rights to convert into several common classes is counted as the one with the fewest
//! votes a share that has any; the format does not say which one a holder would choose, and fewer
//! votes is what a charter gives by default. A class that converts into preferred stock only is
//! followed to what that converts into, and the ratios multiply. Common stock, and stock without a
//! right to convert, counts as itself.

use std::collections::BTreeMap;

use crate::amount::{Quantity, Ratio};
use crate::effect::{ClassKind, Conversion, Rounding};
use crate::fraction::Fraction;
use crate::handle::ClassId;

/// What of a class bears on its conversion.
#[derive(Clone, Debug)]
pub(super) struct Convertible {
    /// The class.
    pub(super) class: ClassId,
    /// Its id in the package, by which rights name it.
    pub(super) source_id: String,
    /// Common or preferred.
    pub(super) kind: ClassKind,
    /// Votes a share, in units of 10^-10.
    pub(super) votes: Quantity,
    /// The unit of its shares, in units of 10^-10.
    pub(super) unit: u128,
    /// Its rights, with the ratios of the date.
    pub(super) rights: Vec<Conversion>,
}

/// What one share of a class becomes.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    ratio: Ratio,
    rounding: Rounding,
    unit: u128,
}

/// What the shares of each class become.
#[derive(Clone, Debug, Default)]
pub(super) struct AsConverted(BTreeMap<ClassId, Outcome>);

impl AsConverted {
    /// The outcome of every class that converts into common stock. A chain of ratios beyond the
    /// representable range counts as no right.
    pub(super) fn of(classes: &[Convertible]) -> AsConverted {
        // A right to the stock of a future round names no class, nor has each class an id.
        let named = classes.iter().filter(|class| !class.source_id.is_empty());
        let by_id: BTreeMap<&str, &Convertible> =
            named.map(|class| (class.source_id.as_str(), class)).collect();
        // A class is settled by those settled in the rounds before: by the shortest way to common
        // stock, however rights may lead in circles.
        let mut settled: BTreeMap<ClassId, (Quantity, Outcome)> = BTreeMap::new();
        loop {
            let open = classes.iter().filter(|class| {
                class.kind == ClassKind::Preferred && !settled.contains_key(&class.class)
            });
            let found: Vec<_> = open
                .filter_map(|class| Some((class.class, class.outcome(&by_id, &settled)?)))
                .collect();
            if found.is_empty() {
                break;
            }
            settled.extend(found);
        }
        AsConverted(settled.into_iter().map(|(class, (_, outcome))| (class, outcome)).collect())
    }

    /// The common stock that so many shares of a class become; `None` beyond the representable
    /// range.
    pub(super) fn apply(&self, class: ClassId, quantity: Quantity) -> Option<Quantity> {
        let Some(outcome) = self.0.get(&class) else {
            return Some(quantity);
        };
        let (above, below) = outcome.ratio.parts();
        let exact = Fraction::whole(quantity.0).times(Fraction::new(above, below)?)?;
        let rounded = match outcome.rounding {
            Rounding::Down => exact.down_to(outcome.unit),
            Rounding::Up => exact.up_to(outcome.unit)?,
            Rounding::Nearest => exact.nearest(outcome.unit)?,
        };
        Some(Quantity(rounded))
    }
}

impl Convertible {
    /// What a share of this preferred stock becomes, and the votes of the common stock that it
    /// becomes; `None` where it has no right that is known to lead there.
    fn outcome(
        &self,
        by_id: &BTreeMap<&str, &Convertible>,
        settled: &BTreeMap<ClassId, (Quantity, Outcome)>,
    ) -> Option<(Quantity, Outcome)> {
        let known = || {
            let rights = self.rights.iter();
            rights.filter_map(|right| Some((right, *by_id.get(right.class_id.as_str())?)))
        };
        let common = known().filter(|(_, into)| into.kind == ClassKind::Common);
        let direct = common.map(|(right, into)| {
            let outcome = Outcome { ratio: right.ratio, rounding: right.rounding, unit: into.unit };
            (into.votes, outcome)
        });
        let through = known().filter_map(|(right, into)| {
            let (votes, next) = settled.get(&into.class)?;
            let ratio = right.ratio.times(next.ratio)?;
            Some((*votes, Outcome { ratio, ..*next }))
        });
        // Stock without votes comes after all that has some; of equals the first listed is taken.
        let fewest = |(votes, _): &(Quantity, Outcome)| (votes.is_zero(), *votes);
        direct.min_by_key(fewest).or_else(|| through.min_by_key(fewest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(class_id: &str, ratio: (u64, u64)) -> Conversion {
        let ratio = Ratio::new(Quantity::whole(ratio.0), Quantity::whole(ratio.1)).unwrap();
        Conversion { class_id: class_id.to_owned(), ratio, rounding: Rounding::Down }
    }

    fn class(at: u32, id: &str, kind: ClassKind, votes: u64) -> Convertible {
        Convertible {
            class: ClassId(at),
            source_id: id.to_owned(),
            kind,
            votes: Quantity::whole(votes),
            unit: Quantity::whole(1).0,
            rights: Vec::new(),
        }
    }

    fn company(rights: [Vec<Conversion>; 3]) -> AsConverted {
        let [seed, a, b] = rights;
        AsConverted::of(&[
            class(0, "common", ClassKind::Common, 10),
            class(1, "non-voting", ClassKind::Common, 0),
            class(9, "", ClassKind::Common, 1),
            class(2, "low-vote", ClassKind::Common, 1),
            Convertible { rights: seed, ..class(3, "seed", ClassKind::Preferred, 1) },
            Convertible { rights: a, ..class(4, "a", ClassKind::Preferred, 1) },
            Convertible { rights: b, ..class(5, "b", ClassKind::Preferred, 1) },
        ])
    }

    fn converted(table: &AsConverted, class: u32, shares: u64) -> String {
        table.apply(ClassId(class), Quantity::whole(shares)).unwrap().to_string()
    }

    #[test]
    fn of_several_rights_the_common_class_with_the_fewest_votes_counts() {
        let all = vec![
            right("common", (1, 1)),
            right("non-voting", (3, 1)),
            right("low-vote", (2, 1)),
            right("b", (9, 1)),
        ];
        let without_votes = vec![right("non-voting", (3, 1))];
        let table = company([all, without_votes, vec![]]);
        assert_eq!(converted(&table, 3, 100), "200", "one vote is fewer than ten");
        assert_eq!(converted(&table, 4, 100), "300", "the only right there is");
        assert_eq!(converted(&table, 5, 100), "100", "without a right: as itself");
        assert_eq!(converted(&table, 0, 100), "100");
    }

    #[test]
    fn preferred_that_converts_into_preferred_is_followed_and_the_ratios_multiply() {
        let table = company([
            vec![right("a", (3, 2))],
            vec![right("b", (2, 1))],
            vec![right("common", (5, 4))],
        ]);
        assert_eq!(converted(&table, 3, 100), "375");
        assert_eq!(converted(&table, 3, 7), "26", "26.25, rounded down once at the end");
        assert_eq!(converted(&table, 4, 100), "250");
    }

    #[test]
    fn rights_that_lead_in_a_circle_or_nowhere_are_none() {
        let table = company([
            vec![right("a", (2, 1)), right("", (2, 1)), right("unknown", (2, 1))],
            vec![right("seed", (2, 1))],
            vec![right("b", (2, 1))],
        ]);
        for class in 3..6 {
            assert_eq!(converted(&table, class, 100), "100");
        }
        let way_out = company([
            vec![right("a", (2, 1))],
            vec![right("seed", (2, 1)), right("b", (3, 1))],
            vec![right("common", (1, 1))],
        ]);
        assert_eq!(converted(&way_out, 3, 100), "600");
    }

    #[test]
    fn fractions_are_rounded_as_the_right_says() {
        for (rounding, expected) in
            [(Rounding::Down, "3"), (Rounding::Up, "4"), (Rounding::Nearest, "4")]
        {
            let right = Conversion { rounding, ..right("common", (1, 2)) };
            let table = company([vec![right], vec![], vec![]]);
            assert_eq!(converted(&table, 3, 7), expected, "{rounding:?}");
            assert_eq!(converted(&table, 3, 8), "4", "{rounding:?}");
        }
    }
}
