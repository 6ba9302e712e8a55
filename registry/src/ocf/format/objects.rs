//! The objects that are not transactions (OCF 1.2.0 `schema/objects`).

use super::names as n;
use super::parts as p;
use super::{Field, Gap, Kind, Shape, Target, Tie, Type, UNSTATED, Unique};
use super::{filled, firm, may, must, newer};
use Type::{Authorized, Date, Enum, Label, List, Measure, Numeric, Text, To};

/// The fields of a kind that is not a transaction.
pub(super) fn shape(kind: Kind) -> &'static Shape {
    match kind {
        Kind::Issuer => &ISSUER,
        Kind::Stakeholder => &STAKEHOLDER,
        Kind::StockClass => &STOCK_CLASS,
        Kind::StockLegendTemplate => &LEGEND,
        Kind::StockPlan => &PLAN,
        Kind::VestingTerms => &TERMS,
        Kind::Valuation => &VALUATION,
        Kind::Financing => &FINANCING,
        _ => &DOCUMENT,
    }
}

pub(super) const ID: Field = must("id", Label);
pub(super) const COMMENTS: Field = may("comments", p::COMMENTS);
pub(super) const BOARD: Field = may("board_approval_date", Date);
pub(super) const STOCKHOLDERS: Field = may("stockholder_approval_date", Date);

static ISSUER: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        filled("legal_name", Text, Gap::Text(UNSTATED)),
        may("dba", Text),
        filled("formation_date", Date, Gap::Later("the day of the first transaction")),
        filled("country_of_formation", Type::Country, Gap::Text("ZZ")),
        may("country_subdivision_of_formation", Type::Subdivision),
        newer("country_subdivision_name_of_formation", Text),
        may("tax_ids", p::TAX_IDS),
        may("email", p::EMAIL),
        may("phone", p::PHONE),
        may("address", p::ADDRESS),
        firm("initial_shares_authorized", Authorized),
    ],
    ties: &[Tie::NotBoth(
        "country_subdivision_of_formation",
        "country_subdivision_name_of_formation",
    )],
};

static STAKEHOLDER: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        filled("name", p::NAME, Gap::Name),
        filled("stakeholder_type", Enum(n::STAKEHOLDER), Gap::Text("INDIVIDUAL")),
        may("issuer_assigned_id", Text),
        // `current_relationship` in 1.2.0, see [`super::super::older`].
        may("current_relationships", List(&Enum(n::RELATIONSHIP), 0, Unique::Any)),
        newer("current_status", Enum(n::STATUS)),
        may("primary_contact", p::CONTACT),
        may("contact_info", p::CONTACT_WITHOUT_NAME),
        may("addresses", p::ADDRESSES),
        may("tax_ids", p::TAX_IDS),
    ],
    ties: &[],
};

static STOCK_CLASS: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        filled("name", Label, Gap::As("id")),
        filled("class_type", Enum(n::CLASS), Gap::Text("COMMON")),
        filled("default_id_prefix", Text, Gap::Text("")),
        filled("initial_shares_authorized", Authorized, Gap::Text("NOT APPLICABLE")),
        BOARD,
        STOCKHOLDERS,
        filled("votes_per_share", Numeric, Gap::Text("1")),
        may("par_value", p::MONEY),
        may("price_per_share", p::MONEY),
        filled("seniority", Numeric, Gap::Text("1")),
        may("conversion_rights", p::CLASS_RIGHTS),
        may("liquidation_preference_multiple", Measure),
        may("participation_cap_multiple", Measure),
    ],
    ties: &[],
};

static LEGEND: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        filled("name", Text, Gap::Text(UNSTATED)),
        filled("text", Text, Gap::Text(UNSTATED)),
    ],
    ties: &[],
};

const COMMON: &str = "the classes of common stock, or all where none is";

static PLAN: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        filled("plan_name", Text, Gap::As("id")),
        BOARD,
        STOCKHOLDERS,
        filled("initial_shares_reserved", Numeric, Gap::Text("0")),
        may("default_cancellation_behavior", Enum(n::CANCELLATION)),
        filled("stock_class_ids", List(&To(Target::Class), 1, Unique::Any), Gap::Later(COMMON)),
    ],
    ties: &[],
};

static TERMS: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        filled("name", Text, Gap::Text(UNSTATED)),
        filled("description", Text, Gap::Text(UNSTATED)),
        filled("allocation_type", Enum(n::ALLOCATION), Gap::Text("CUMULATIVE_ROUND_DOWN")),
        must("vesting_conditions", p::CONDITIONS),
    ],
    ties: &[],
};

static VALUATION: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        may("provider", Text),
        BOARD,
        STOCKHOLDERS,
        must("price_per_share", p::MONEY),
        must("effective_date", Date),
        must("stock_class_id", To(Target::Class)),
        filled("valuation_type", Enum(n::VALUATION), Gap::Text("409A")),
    ],
    ties: &[],
};

static FINANCING: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        filled("name", Text, Gap::Text(UNSTATED)),
        must("issuance_ids", List(&To(Target::Issuance), 1, Unique::Any)),
        must("date", Date),
    ],
    ties: &[],
};

static DOCUMENT: Shape = Shape {
    fields: &[
        ID,
        COMMENTS,
        may("path", Text),
        may("uri", Text),
        may("related_objects", p::RELATED),
        must("md5", Type::Md5),
    ],
    ties: &[Tie::One(&["path", "uri"])],
};
