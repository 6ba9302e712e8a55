//! The objects within objects (OCF 1.2.0 `schema/types`).

use super::names as n;
use super::{
    Field, Gap, Shape, Since, Target, Tie, Type, UNSTATED, Unique, filled, firm, may, must,
};
use Type::{
    Bool, Date, Enum, Integer, Label, List, Measure, Numeric, OneOf, Part, Percentage, Text,
};

const fn shape(fields: &'static [Field]) -> Shape {
    Shape { fields, ties: &[] }
}

/// What `type` says, where a shape is chosen by it.
const fn tag(names: &'static [&'static str]) -> Field {
    must("type", Enum(names))
}

pub(super) const COMMENTS: Type = List(&Text, 0, Unique::Any);
pub(super) const MONEY: Type = Part(&MONETARY);
pub(super) const RATIO: Type = Part(&RATIO_SHAPE);
pub(super) const NAME: Type = Part(&NAME_SHAPE);
pub(super) const EMAIL: Type = Part(&EMAIL_SHAPE);
pub(super) const PHONE: Type = Part(&PHONE_SHAPE);
pub(super) const ADDRESS: Type = Part(&ADDRESS_SHAPE);
pub(super) const ADDRESSES: Type = List(&ADDRESS, 0, Unique::Any);
pub(super) const TAX_IDS: Type = List(&Part(&TAX_ID), 0, Unique::Any);
pub(super) const CONTACT: Type = Part(&CONTACT_SHAPE);
pub(super) const CONTACT_WITHOUT_NAME: Type = Part(&CONTACT_WITHOUT_NAME_SHAPE);
pub(super) const EXEMPTIONS: Type = List(&Part(&EXEMPTION), 0, Unique::Any);
pub(super) const SHARE_NUMBERS: Type = List(&Part(&SHARE_NUMBER_RANGE), 0, Unique::Any);
pub(super) const VESTINGS: Type = List(&Part(&VESTING), 1, Unique::Any);
pub(super) const WINDOWS: Type = List(&Part(&TERMINATION_WINDOW), 0, Unique::Any);
pub(super) const RELATED: Type = List(&Part(&OBJECT_REFERENCE), 0, Unique::Any);
pub(super) const CAPITALIZATION: Type = Part(&CAPITALIZATION_DEFINITION);
pub(super) const CLASS_RIGHTS: Type = List(&Part(&CLASS_RIGHT), 0, Unique::Any);
pub(super) const RATIO_MECHANISM: Type = Part(&RATIO_CONVERSION);
pub(super) const TRIGGERS: Type = List(&OneOf(TRIGGER), 0, Unique::Any);
pub(super) const TRIGGERS_SOME: Type = List(&OneOf(TRIGGER), 1, Unique::Any);
pub(super) const CONDITIONS: Type = List(&Part(&CONDITION), 1, Unique::Any);

static MONETARY: Shape = shape(&[must("amount", Measure), must("currency", Type::Currency)]);
static RATIO_SHAPE: Shape = shape(&[must("numerator", Numeric), must("denominator", Numeric)]);
static NAME_SHAPE: Shape = shape(&[
    filled("legal_name", Text, Gap::Text(UNSTATED)),
    may("first_name", Text),
    may("last_name", Text),
]);
static EMAIL_SHAPE: Shape = shape(&[
    filled("email_type", Enum(n::EMAIL), Gap::Text("OTHER")),
    must("email_address", Type::Email),
]);
static PHONE_SHAPE: Shape = shape(&[
    filled("phone_type", Enum(n::PHONE), Gap::Text("OTHER")),
    must("phone_number", Type::Phone),
]);
static ADDRESS_SHAPE: Shape = shape(&[
    filled("address_type", Enum(n::ADDRESS), Gap::Text("OTHER")),
    may("street_suite", Text),
    may("city", Text),
    may("country_subdivision", Type::Subdivision),
    filled("country", Type::Country, Gap::Text("ZZ")),
    may("postal_code", Text),
]);
static TAX_ID: Shape =
    shape(&[must("tax_id", Text), filled("country", Type::Country, Gap::Text("ZZ"))]);
static CONTACT_SHAPE: Shape = Shape {
    fields: &[
        filled("name", NAME, Gap::Name),
        may("phone_numbers", List(&PHONE, 0, Unique::Any)),
        may("emails", List(&EMAIL, 0, Unique::Any)),
    ],
    ties: &[Tie::Some(&["phone_numbers", "emails"])],
};
static CONTACT_WITHOUT_NAME_SHAPE: Shape = Shape {
    fields: &[
        may("phone_numbers", List(&PHONE, 0, Unique::Any)),
        may("emails", List(&EMAIL, 0, Unique::Any)),
    ],
    ties: &[Tie::Some(&["phone_numbers", "emails"])],
};
static EXEMPTION: Shape = shape(&[
    filled("description", Text, Gap::Text(UNSTATED)),
    filled("jurisdiction", Text, Gap::Text(UNSTATED)),
]);
static SHARE_NUMBER_RANGE: Shape =
    shape(&[must("starting_share_number", Numeric), must("ending_share_number", Numeric)]);
static VESTING: Shape = shape(&[must("date", Date), must("amount", Numeric)]);
static TERMINATION_WINDOW: Shape = shape(&[
    must("reason", Enum(n::TERMINATION)),
    must("period", Integer(i64::MIN)),
    must("period_type", Enum(n::PERIOD)),
]);
static OBJECT_REFERENCE: Shape =
    shape(&[must("object_type", Label), must("object_id", Type::To(Target::Object))]);

// ---- Conversion (`conversion_mechanisms`, `conversion_rights`, `conversion_triggers`) ----

static CAPITALIZATION_DEFINITION: Shape = shape(&[
    filled("include_stock_class_ids", List(&Label, 0, Unique::Any), Gap::Empty),
    filled("include_stock_plans_ids", List(&Label, 0, Unique::Any), Gap::Empty),
    filled("include_security_ids", List(&Label, 0, Unique::Any), Gap::Empty),
    filled("exclude_security_ids", List(&Label, 0, Unique::Any), Gap::Empty),
]);
static CAPITALIZATION_RULES: Shape = shape(&[
    must("include_outstanding_shares", Bool),
    must("include_outstanding_options", Bool),
    must("include_outstanding_unissued_options", Bool),
    must("include_this_security", Bool),
    must("include_other_converting_securities", Bool),
    must("include_option_pool_topup_for_promised_options", Bool),
    must("include_additional_option_pool_topup", Bool),
    must("include_new_money", Bool),
]);
const CAP_TEXT: Field = may("capitalization_definition", Text);
const CAP_RULES: Field = may("capitalization_definition_rules", Part(&CAPITALIZATION_RULES));

static RATIO_CONVERSION: Shape = shape(&[
    tag(&["RATIO_CONVERSION"]),
    filled("conversion_price", MONEY, Gap::NoPrice),
    must("ratio", RATIO),
    filled("rounding_type", Enum(n::ROUNDING), Gap::Text("NORMAL")),
]);
static CUSTOM: Shape = shape(&[
    tag(&["CUSTOM_CONVERSION"]),
    filled("custom_conversion_description", Text, Gap::Text(UNSTATED)),
]);
static FIXED_AMOUNT: Shape =
    shape(&[tag(&["FIXED_AMOUNT_CONVERSION"]), must("converts_to_quantity", Numeric)]);
static PERCENT: Shape = shape(&[
    tag(&["FIXED_PERCENT_OF_CAPITALIZATION_CONVERSION"]),
    must("converts_to_percent", Percentage),
    CAP_TEXT,
    CAP_RULES,
]);
static NOTE: Shape = shape(&[
    tag(&["CONVERTIBLE_NOTE_CONVERSION"]),
    filled("interest_rates", List(&Part(&INTEREST_RATE), 0, Unique::Any), Gap::Empty),
    filled("day_count_convention", Enum(n::DAY_COUNT), Gap::Text("ACTUAL_365")),
    filled("interest_payout", Enum(n::INTEREST_PAYOUT), Gap::Text("DEFERRED")),
    filled("interest_accrual_period", Enum(n::ACCRUAL_PERIOD), Gap::Text("ANNUAL")),
    filled("compounding_type", Enum(n::COMPOUNDING), Gap::Text("SIMPLE")),
    may("conversion_discount", Percentage),
    may("conversion_valuation_cap", MONEY),
    CAP_TEXT,
    CAP_RULES,
    may("exit_multiple", RATIO),
    may("conversion_mfn", Bool),
]);
static INTEREST_RATE: Shape = shape(&[
    must("rate", Percentage),
    must("accrual_start_date", Date),
    may("accrual_end_date", Date),
]);
static SAFE: Shape = shape(&[
    tag(&["SAFE_CONVERSION"]),
    may("conversion_discount", Percentage),
    may("conversion_valuation_cap", MONEY),
    may("exit_multiple", RATIO),
    filled("conversion_mfn", Bool, Gap::False),
    may("conversion_timing", Enum(n::CONVERSION_TIMING)),
    CAP_TEXT,
    CAP_RULES,
]);
static SHARE_PRICE: Shape = Shape {
    fields: &[
        tag(&["PPS_BASED_CONVERSION"]),
        filled("description", Text, Gap::Text(UNSTATED)),
        may("discount", Bool),
        may("discount_percentage", Percentage),
        may("discount_amount", MONEY),
    ],
    ties: &[
        Tie::NotBoth("discount_percentage", "discount_amount"),
        Tie::With("discount_percentage", "discount"),
        Tie::With("discount_amount", "discount"),
        Tie::When("discount", &["true"], &["discount_percentage", "discount_amount"]),
    ],
};
static VALUATION: Shape = Shape {
    fields: &[
        tag(&["VALUATION_BASED_CONVERSION"]),
        must("valuation_type", Enum(n::VALUATION_FORMULA)),
        may("valuation_amount", MONEY),
        CAP_TEXT,
        CAP_RULES,
    ],
    ties: &[Tie::When("valuation_type", n::VALUED, &["valuation_amount"])],
};

const FUTURE: Field = may("converts_to_future_round", Bool);
const INTO: Field = may("converts_to_stock_class_id", Type::To(Target::Class));

static CLASS_RIGHT: Shape = shape(&[
    may("type", Enum(&["STOCK_CLASS_CONVERSION_RIGHT"])),
    must("conversion_mechanism", OneOf(&[("RATIO_CONVERSION", &RATIO_CONVERSION)])),
    FUTURE,
    INTO,
]);
static CONVERTIBLE_RIGHT: Shape = shape(&[
    tag(&["CONVERTIBLE_CONVERSION_RIGHT"]),
    filled(
        "conversion_mechanism",
        OneOf(&[
            ("SAFE_CONVERSION", &SAFE),
            ("CONVERTIBLE_NOTE_CONVERSION", &NOTE),
            ("CUSTOM_CONVERSION", &CUSTOM),
            ("FIXED_PERCENT_OF_CAPITALIZATION_CONVERSION", &PERCENT),
            ("FIXED_AMOUNT_CONVERSION", &FIXED_AMOUNT),
        ]),
        Gap::Mechanism,
    ),
    FUTURE,
    INTO,
]);
static WARRANT_RIGHT: Shape = shape(&[
    tag(&["WARRANT_CONVERSION_RIGHT"]),
    filled(
        "conversion_mechanism",
        OneOf(&[
            ("CUSTOM_CONVERSION", &CUSTOM),
            ("FIXED_PERCENT_OF_CAPITALIZATION_CONVERSION", &PERCENT),
            ("FIXED_AMOUNT_CONVERSION", &FIXED_AMOUNT),
            ("VALUATION_BASED_CONVERSION", &VALUATION),
            ("PPS_BASED_CONVERSION", &SHARE_PRICE),
        ]),
        Gap::Mechanism,
    ),
    FUTURE,
    INTO,
]);
/// The schema accepts a right without `type` that fits exactly one; this reader wants it said.
const RIGHT: Field = must("conversion_right", OneOf(RIGHTS));
const RIGHTS: &[(&str, &Shape)] = &[
    ("CONVERTIBLE_CONVERSION_RIGHT", &CONVERTIBLE_RIGHT),
    ("WARRANT_CONVERSION_RIGHT", &WARRANT_RIGHT),
    ("STOCK_CLASS_CONVERSION_RIGHT", &CLASS_RIGHT),
];
const TRIGGER_ID: Field = filled("trigger_id", Label, Gap::Text(UNSTATED));
const NICKNAME: Field = may("nickname", Text);
const DESCRIPTION: Field = may("trigger_description", Text);
const CONDITION_TEXT: Field = filled("trigger_condition", Text, Gap::Text(UNSTATED));

const TRIGGER: &[(&str, &Shape)] = &[
    ("AUTOMATIC_ON_CONDITION", &ON_CONDITION),
    ("AUTOMATIC_ON_DATE", &ON_DATE),
    ("ELECTIVE_IN_RANGE", &IN_RANGE),
    ("ELECTIVE_ON_CONDITION", &ELECTIVE_ON_CONDITION),
    ("ELECTIVE_AT_WILL", &AT_WILL),
    ("UNSPECIFIED", &UNSPECIFIED),
];
static ON_CONDITION: Shape = shape(&[
    tag(&["AUTOMATIC_ON_CONDITION"]),
    TRIGGER_ID,
    NICKNAME,
    DESCRIPTION,
    CONDITION_TEXT,
    RIGHT,
]);
static ON_DATE: Shape = shape(&[
    tag(&["AUTOMATIC_ON_DATE"]),
    TRIGGER_ID,
    NICKNAME,
    DESCRIPTION,
    must("trigger_date", Date),
    RIGHT,
]);
static IN_RANGE: Shape = shape(&[
    tag(&["ELECTIVE_IN_RANGE"]),
    TRIGGER_ID,
    NICKNAME,
    DESCRIPTION,
    must("start_date", Date),
    must("end_date", Date),
    RIGHT,
]);
static ELECTIVE_ON_CONDITION: Shape = shape(&[
    tag(&["ELECTIVE_ON_CONDITION"]),
    TRIGGER_ID,
    NICKNAME,
    DESCRIPTION,
    CONDITION_TEXT,
    RIGHT,
]);
static AT_WILL: Shape =
    shape(&[tag(&["ELECTIVE_AT_WILL"]), TRIGGER_ID, NICKNAME, DESCRIPTION, RIGHT]);
static UNSPECIFIED: Shape =
    shape(&[tag(&["UNSPECIFIED"]), TRIGGER_ID, NICKNAME, DESCRIPTION, RIGHT]);

// ---- Vesting (`vesting`) ----

static CONDITION: Shape = Shape {
    fields: &[
        must("id", Label),
        may("description", Text),
        may("portion", Part(&PORTION)),
        may("quantity", Numeric),
        must(
            "trigger",
            OneOf(&[
                ("VESTING_START_DATE", &START),
                ("VESTING_SCHEDULE_ABSOLUTE", &ABSOLUTE),
                ("VESTING_SCHEDULE_RELATIVE", &RELATIVE),
                ("VESTING_EVENT", &EVENT),
            ]),
        ),
        filled("next_condition_ids", List(&Label, 0, Unique::Each), Gap::Empty),
    ],
    ties: &[Tie::One(&["portion", "quantity"])],
};
static PORTION: Shape =
    shape(&[must("numerator", Numeric), must("denominator", Numeric), may("remainder", Bool)]);
static START: Shape = shape(&[tag(&["VESTING_START_DATE"])]);
static EVENT: Shape = shape(&[tag(&["VESTING_EVENT"])]);
static ABSOLUTE: Shape = shape(&[tag(&["VESTING_SCHEDULE_ABSOLUTE"]), must("date", Date)]);
static RELATIVE: Shape = shape(&[
    tag(&["VESTING_SCHEDULE_RELATIVE"]),
    must("period", OneOf(&[("DAYS", &IN_DAYS), ("MONTHS", &IN_MONTHS)])),
    must("relative_to_condition_id", Label),
]);
/// Without it another schedule would be read, so it is never left out.
const CLIFF: Field = Field { since: Since::Main, ..firm("cliff_installment", Integer(0)) };
static IN_DAYS: Shape = shape(&[
    tag(&["DAYS"]),
    must("length", Integer(0)),
    filled("occurrences", Integer(1), Gap::Number(1)),
    CLIFF,
]);
static IN_MONTHS: Shape = shape(&[
    tag(&["MONTHS"]),
    must("length", Integer(0)),
    filled("occurrences", Integer(1), Gap::Number(1)),
    CLIFF,
    filled(
        "day_of_month",
        Enum(n::DAY_OF_MONTH),
        Gap::Text("VESTING_START_DAY_OR_LAST_DAY_OF_MONTH"),
    ),
]);
