//! What "fully diluted" means: named definitions, since every party to a term sheet means another one.

/// What counts as a share. A percentage is of the total under one definition, which is named beside
/// it.
///
/// Whatever counts, stock counts once, and cash-settled appreciation rights (`CSAR`) and convertibles
/// never: the former give no share, the latter none whose number is known before a round.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Definition {
    /// The name, in the table of `docs/cap-table-json.md`.
    pub name: &'static str,
    /// The same in a sentence, to print beside percentages.
    pub sentence: &'static str,
    /// Stock counts as the common stock that it converts into; otherwise each share as one.
    pub as_converted: bool,
    /// Options and stock-settled appreciation rights count as far as they are vested.
    pub vested_options: bool,
    /// They count as far as they are not vested yet.
    pub unvested_options: bool,
    /// Restricted stock units count, vested or not.
    pub units: bool,
    /// Warrants count whose number of shares is known.
    pub warrants: bool,
    /// What a pool has left to grant counts.
    pub unissued_pool: bool,
}

impl Definition {
    /// Every outstanding share as one.
    pub const OUTSTANDING: Definition = Definition {
        name: "OUTSTANDING",
        sentence: "every outstanding share of every class counts as one",
        as_converted: false,
        vested_options: false,
        unvested_options: false,
        units: false,
        warrants: false,
        unissued_pool: false,
    };

    /// Outstanding stock, as converted to common.
    pub const AS_CONVERTED: Definition = Definition {
        name: "AS_CONVERTED",
        sentence: "outstanding stock counts as the common stock that it converts into",
        as_converted: true,
        ..Definition::OUTSTANDING
    };

    /// What could be common stock today.
    pub const EXERCISABLE: Definition = Definition {
        name: "EXERCISABLE",
        sentence: "outstanding stock as converted, vested options and warrants count",
        vested_options: true,
        warrants: true,
        ..Definition::AS_CONVERTED
    };

    /// All that was granted.
    pub const FULLY_DILUTED: Definition = Definition {
        name: "FULLY_DILUTED",
        sentence: "outstanding stock as converted, all outstanding options, restricted stock units \
                   and warrants count",
        unvested_options: true,
        units: true,
        ..Definition::EXERCISABLE
    };

    /// All that was granted, and all that can be.
    pub const FULLY_DILUTED_WITH_POOL: Definition = Definition {
        name: "FULLY_DILUTED_WITH_POOL",
        sentence: "outstanding stock as converted, all outstanding options, restricted stock units \
                   and warrants and what pools have left count",
        unissued_pool: true,
        ..Definition::FULLY_DILUTED
    };

    /// Every definition, from the narrowest to the widest.
    pub const ALL: [Definition; 5] = [
        Definition::OUTSTANDING,
        Definition::AS_CONVERTED,
        Definition::EXERCISABLE,
        Definition::FULLY_DILUTED,
        Definition::FULLY_DILUTED_WITH_POOL,
    ];

    /// The definition with this name, in capitals or not.
    pub fn named(name: &str) -> Option<Definition> {
        Definition::ALL.into_iter().find(|definition| definition.name.eq_ignore_ascii_case(name))
    }
}
