//! The transactions (OCF 1.2.0 `schema/objects/transactions`, and those of the main branch).

use super::names as n;
use super::objects::{BOARD, COMMENTS, ID, STOCKHOLDERS};
use super::parts as p;
use super::{Field, Gap, Kind, Need, Shape, Since, Target, Tie, Type, UNSTATED, Unique};
use super::{field, filled, firm, may, must};
use Type::{Bool, Date, Enum, Integer, Label, List, Numeric, Text, To};

/// The fields of a transaction or change event.
pub(super) fn shape(kind: Kind) -> &'static Shape {
    match kind {
        Kind::IssuerAuthorizedSharesAdjustment => &ISSUER_ADJUSTMENT,
        Kind::StockClassAuthorizedSharesAdjustment => &CLASS_ADJUSTMENT,
        Kind::StockClassConversionRatioAdjustment => &RATIO_ADJUSTMENT,
        Kind::StockClassSplit => &SPLIT,
        Kind::StockPlanPoolAdjustment => &POOL_ADJUSTMENT,
        Kind::StockPlanReturnToPool => &RETURN_TO_POOL,
        Kind::ConvertibleIssuance => &CONVERTIBLE_ISSUANCE,
        Kind::EquityCompensationIssuance => &COMPENSATION_ISSUANCE,
        Kind::StockIssuance => &STOCK_ISSUANCE,
        Kind::WarrantIssuance => &WARRANT_ISSUANCE,
        Kind::ConvertibleCancellation => &AMOUNT_CANCELLATION,
        Kind::EquityCompensationCancellation
        | Kind::StockCancellation
        | Kind::WarrantCancellation => &CANCELLATION,
        Kind::ConvertibleTransfer => &AMOUNT_TRANSFER,
        Kind::EquityCompensationTransfer | Kind::StockTransfer | Kind::WarrantTransfer => &TRANSFER,
        Kind::ConvertibleRetraction
        | Kind::EquityCompensationRetraction
        | Kind::StockRetraction
        | Kind::WarrantRetraction => &RETRACTION,
        Kind::ConvertibleConversion => &CONVERTIBLE_CONVERSION,
        Kind::StockConversion => &STOCK_CONVERSION,
        Kind::EquityCompensationExercise => &COMPENSATION_EXERCISE,
        Kind::WarrantExercise => &WARRANT_EXERCISE,
        Kind::EquityCompensationRelease => &RELEASE,
        Kind::EquityCompensationRepricing => &REPRICING,
        Kind::StockConsolidation => &CONSOLIDATION,
        Kind::StockReissuance => &REISSUANCE,
        Kind::StockRepurchase => &REPURCHASE,
        Kind::VestingAcceleration => &ACCELERATION,
        Kind::VestingStart | Kind::VestingEvent => &VESTING,
        Kind::StakeholderRelationship => &CHANGE_OF_RELATIONSHIP,
        Kind::StakeholderStatus => &CHANGE_OF_STATUS,
        _ => &ACCEPTANCE,
    }
}

const DATE: Field = must("date", Date);
const SECURITY: Field = must("security_id", To(Target::Security));
const CLASS: Field = must("stock_class_id", To(Target::Class));
const QUANTITY: Field = must("quantity", Numeric);
const TAKEN: Field =
    filled("quantity", Numeric, Gap::Later("what the certificates that it opens leave over"));
const REASON: Field = filled("reason_text", Text, Gap::Text(UNSTATED));
const CONSIDERATION: Field = may("consideration_text", Text);
const BALANCE: Field = firm("balance_security_id", To(Target::Security));
const SECURITIES: Type = List(&To(Target::Security), 0, Unique::Each);
const SECURITIES_SOME: Type = List(&To(Target::Security), 1, Unique::Each);
const RESULTS: Field = filled("resulting_security_ids", SECURITIES, Gap::Empty);
const RESULTS_SOME: Field = filled("resulting_security_ids", SECURITIES_SOME, Gap::Empty);

// ---- What the issuer decides ----

static ISSUER_ADJUSTMENT: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        DATE,
        must("issuer_id", To(Target::Issuer)),
        must("new_shares_authorized", Numeric),
        BOARD,
        STOCKHOLDERS,
    ],
    ties: &[],
};
static CLASS_ADJUSTMENT: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        DATE,
        CLASS,
        must("new_shares_authorized", Numeric),
        BOARD,
        STOCKHOLDERS,
    ],
    ties: &[],
};
static RATIO_ADJUSTMENT: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        DATE,
        CLASS,
        must("new_ratio_conversion_mechanism", p::RATIO_MECHANISM),
    ],
    ties: &[],
};
static SPLIT: Shape =
    Shape { fields: &[ID, COMMENTS, DATE, CLASS, must("split_ratio", p::RATIO)], ties: &[] };
static POOL_ADJUSTMENT: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        DATE,
        must("stock_plan_id", To(Target::Plan)),
        BOARD,
        STOCKHOLDERS,
        must("shares_reserved", Numeric),
    ],
    ties: &[],
};
static RETURN_TO_POOL: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        DATE,
        SECURITY,
        must("stock_plan_id", To(Target::Plan)),
        QUANTITY,
        REASON,
    ],
    ties: &[],
};

// ---- Issuances ----

const NUMBER: Field = filled("custom_id", Label, Gap::As("security_id"));
const HOLDER: Field = must("stakeholder_id", To(Target::Stakeholder));
const EXEMPTIONS: Field = filled("security_law_exemptions", p::EXEMPTIONS, Gap::Empty);
const TERMS: Field = may("vesting_terms_id", To(Target::Terms));
const VESTINGS: Field = may("vestings", p::VESTINGS);

static STOCK_ISSUANCE: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        DATE,
        SECURITY,
        NUMBER,
        HOLDER,
        BOARD,
        STOCKHOLDERS,
        CONSIDERATION,
        EXEMPTIONS,
        filled("stock_class_id", To(Target::Class), Gap::Later("the one class of the package")),
        may("stock_plan_id", To(Target::Plan)),
        may("share_numbers_issued", p::SHARE_NUMBERS),
        filled("share_price", p::MONEY, Gap::NoPrice),
        QUANTITY,
        TERMS,
        VESTINGS,
        may("cost_basis", p::MONEY),
        filled("stock_legend_ids", List(&To(Target::Legend), 0, Unique::Any), Gap::Empty),
        may("issuance_type", Enum(n::ISSUANCE)),
    ],
    ties: &[],
};
static COMPENSATION_ISSUANCE: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        DATE,
        SECURITY,
        NUMBER,
        HOLDER,
        BOARD,
        STOCKHOLDERS,
        CONSIDERATION,
        EXEMPTIONS,
        may("stock_plan_id", To(Target::Plan)),
        may("stock_class_id", To(Target::Class)),
        filled("compensation_type", Enum(n::COMPENSATION), Gap::Text("OPTION")),
        may("option_grant_type", Enum(n::OPTION_TYPE)),
        QUANTITY,
        may("exercise_price", p::MONEY),
        may("base_price", p::MONEY),
        may("early_exercisable", Bool),
        TERMS,
        VESTINGS,
        field("expiration_date", Date, Need::Null),
        filled("termination_exercise_windows", p::WINDOWS, Gap::Empty),
    ],
    ties: &[
        Tie::When("compensation_type", n::OPTIONS, &["exercise_price"]),
        Tie::When("compensation_type", n::SARS, &["base_price"]),
    ],
};
static CONVERTIBLE_ISSUANCE: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        DATE,
        SECURITY,
        NUMBER,
        HOLDER,
        BOARD,
        STOCKHOLDERS,
        CONSIDERATION,
        EXEMPTIONS,
        must("investment_amount", p::MONEY),
        filled("convertible_type", Enum(n::CONVERTIBLE), Gap::Text("CONVERTIBLE_SECURITY")),
        filled("conversion_triggers", p::TRIGGERS_SOME, Gap::Triggers),
        may("pro_rata", Numeric),
        filled("seniority", Integer(i64::MIN), Gap::Number(1)),
    ],
    ties: &[],
};
static WARRANT_ISSUANCE: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        DATE,
        SECURITY,
        NUMBER,
        HOLDER,
        BOARD,
        STOCKHOLDERS,
        CONSIDERATION,
        EXEMPTIONS,
        firm("quantity", Numeric),
        may("exercise_price", p::MONEY),
        filled("purchase_price", p::MONEY, Gap::NoPrice),
        filled("exercise_triggers", p::TRIGGERS, Gap::Empty),
        may("warrant_expiration_date", Date),
        TERMS,
        VESTINGS,
        may("quantity_source", Enum(n::QUANTITY_SOURCE)),
    ],
    ties: &[],
};

// ---- What happens to a security ----

static ACCEPTANCE: Shape = Shape { fields: &[ID, COMMENTS, DATE, SECURITY], ties: &[] };
static RETRACTION: Shape = Shape { fields: &[ID, COMMENTS, DATE, SECURITY, REASON], ties: &[] };
static CANCELLATION: Shape =
    Shape { fields: &[ID, COMMENTS, DATE, SECURITY, TAKEN, BALANCE, REASON], ties: &[] };
static AMOUNT_CANCELLATION: Shape = Shape {
    fields: &[ID, COMMENTS, DATE, SECURITY, must("amount", p::MONEY), BALANCE, REASON],
    ties: &[],
};
static TRANSFER: Shape = Shape {
    fields: &[ID, COMMENTS, DATE, SECURITY, TAKEN, CONSIDERATION, BALANCE, RESULTS_SOME],
    ties: &[],
};
static AMOUNT_TRANSFER: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        DATE,
        SECURITY,
        must("amount", p::MONEY),
        CONSIDERATION,
        BALANCE,
        RESULTS_SOME,
    ],
    ties: &[],
};
static STOCK_CONVERSION: Shape = Shape {
    fields: &[ID, COMMENTS, DATE, SECURITY, must("quantity_converted", Numeric), BALANCE, RESULTS],
    ties: &[],
};
static CONVERTIBLE_CONVERSION: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        DATE,
        SECURITY,
        REASON,
        firm("quantity_converted", Numeric),
        BALANCE,
        filled("trigger_id", Label, Gap::Text(UNSTATED)),
        may("capitalization_definition", p::CAPITALIZATION),
        RESULTS,
    ],
    ties: &[],
};
static COMPENSATION_EXERCISE: Shape =
    Shape { fields: &[ID, COMMENTS, DATE, SECURITY, QUANTITY, CONSIDERATION, RESULTS], ties: &[] };
static WARRANT_EXERCISE: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        DATE,
        SECURITY,
        filled("trigger_id", Label, Gap::Text(UNSTATED)),
        // No release has it, and some systems write it: without it the whole warrant is exercised.
        Field { since: Since::Main, ..firm("quantity", Numeric) },
        CONSIDERATION,
        RESULTS,
    ],
    ties: &[],
};
static RELEASE: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        DATE,
        SECURITY,
        filled("settlement_date", Date, Gap::As("date")),
        filled("release_price", p::MONEY, Gap::NoPrice),
        QUANTITY,
        CONSIDERATION,
        RESULTS,
    ],
    ties: &[],
};
static REPRICING: Shape = Shape {
    fields: &[ID, COMMENTS, DATE, SECURITY, must("new_exercise_price", p::MONEY)],
    ties: &[],
};
static CONSOLIDATION: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        DATE,
        must("security_ids", SECURITIES_SOME),
        must("resulting_security_id", To(Target::Security)),
        may("reason_text", Text),
    ],
    ties: &[],
};
static REISSUANCE: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        DATE,
        SECURITY,
        RESULTS,
        may("split_transaction_id", To(Target::Split)),
        may("reason_text", Text),
    ],
    ties: &[],
};
static REPURCHASE: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        DATE,
        SECURITY,
        filled("price", p::MONEY, Gap::NoPrice),
        TAKEN,
        CONSIDERATION,
        BALANCE,
    ],
    ties: &[],
};
static ACCELERATION: Shape =
    Shape { fields: &[ID, COMMENTS, DATE, SECURITY, QUANTITY, REASON], ties: &[] };
static VESTING: Shape = Shape {
    fields: &[ID, COMMENTS, DATE, SECURITY, must("vesting_condition_id", Label)],
    ties: &[],
};
static CHANGE_OF_RELATIONSHIP: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        DATE,
        HOLDER,
        may("relationship_started", Enum(n::RELATIONSHIP)),
        may("relationship_ended", Enum(n::RELATIONSHIP)),
    ],
    ties: &[Tie::Some(&["relationship_started", "relationship_ended"])],
};
static CHANGE_OF_STATUS: Shape =
    Shape { fields: &[ID, COMMENTS, DATE, HOLDER, must("new_status", Enum(n::STATUS))], ties: &[] };
