//! The names of the format: types of files, where each object belongs, and what this reader does
//! with it. They are those of OCF 1.2.0 and the newer ones of its main branch.

/// The files that a manifest lists: its key and their `file_type`, in the order of reading.
pub(super) const FILES: [(&str, &str); 9] = [
    ("stakeholders_files", "OCF_STAKEHOLDERS_FILE"),
    ("stock_classes_files", "OCF_STOCK_CLASSES_FILE"),
    ("stock_legend_templates_files", "OCF_STOCK_LEGEND_TEMPLATES_FILE"),
    ("stock_plans_files", "OCF_STOCK_PLANS_FILE"),
    ("vesting_terms_files", "OCF_VESTING_TERMS_FILE"),
    ("valuations_files", "OCF_VALUATIONS_FILE"),
    ("financings_files", "OCF_FINANCINGS_FILE"),
    ("documents_files", "OCF_DOCUMENTS_FILE"),
    ("transactions_files", "OCF_TRANSACTIONS_FILE"),
];

/// The other members of a manifest.
pub(super) const MANIFEST: [&str; 5] =
    ["ocf_version", "issuer", "as_of", "generated_at", "comments"];

/// What this reader does with an object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Reads it; these are its fields beside `id`, `object_type` and `comments`.
    Read(&'static [&'static str]),
    /// Reads past it: it moves no share.
    Passed,
    /// Refuses it by its name.
    Unsupported,
}

/// The fields of an issuer.
pub(super) const ISSUER: &[&str] = &[
    "legal_name",
    "dba",
    "formation_date",
    "country_of_formation",
    "country_subdivision_of_formation",
    "country_subdivision_name_of_formation",
    "tax_ids",
    "email",
    "phone",
    "address",
    "initial_shares_authorized",
];

const STAKEHOLDER: &[&str] = &[
    "name",
    "stakeholder_type",
    "issuer_assigned_id",
    "current_relationship",
    "current_relationships",
    "current_status",
    "primary_contact",
    "contact_info",
    "addresses",
    "tax_ids",
];

const STOCK_CLASS: &[&str] = &[
    "name",
    "class_type",
    "default_id_prefix",
    "initial_shares_authorized",
    "board_approval_date",
    "stockholder_approval_date",
    "votes_per_share",
    "par_value",
    "price_per_share",
    "seniority",
    "conversion_rights",
    "liquidation_preference_multiple",
    "participation_cap_multiple",
];

const ISSUANCE: &[&str] = &[
    "date",
    "security_id",
    "custom_id",
    "stakeholder_id",
    "board_approval_date",
    "stockholder_approval_date",
    "consideration_text",
    "security_law_exemptions",
    "stock_class_id",
    "stock_plan_id",
    "share_numbers_issued",
    "share_price",
    "quantity",
    "vesting_terms_id",
    "vestings",
    "cost_basis",
    "stock_legend_ids",
    "issuance_type",
];

const ACCEPTANCE: &[&str] = &["date", "security_id"];

const TRANSFER: &[&str] = &[
    "date",
    "security_id",
    "quantity",
    "consideration_text",
    "balance_security_id",
    "resulting_security_ids",
];

const CANCELLATION: &[&str] =
    &["date", "security_id", "quantity", "balance_security_id", "reason_text"];

/// The instruments whose transactions are refused as a whole.
const INSTRUMENTS: [&str; 4] =
    ["TX_CONVERTIBLE_", "TX_EQUITY_COMPENSATION_", "TX_PLAN_SECURITY_", "TX_WARRANT_"];
/// What can happen to them.
const ACTIONS: [&str; 9] = [
    "ACCEPTANCE",
    "CANCELLATION",
    "CONVERSION",
    "EXERCISE",
    "ISSUANCE",
    "RELEASE",
    "REPRICING",
    "RETRACTION",
    "TRANSFER",
];
const UNSUPPORTED: [&str; 16] = [
    "CE_STAKEHOLDER_RELATIONSHIP",
    "CE_STAKEHOLDER_STATUS",
    "TX_ISSUER_AUTHORIZED_SHARES_ADJUSTMENT",
    "TX_STOCK_CLASS_AUTHORIZED_SHARES_ADJUSTMENT",
    "TX_STOCK_CLASS_CONVERSION_RATIO_ADJUSTMENT",
    "TX_STOCK_CLASS_SPLIT",
    "TX_STOCK_CONSOLIDATION",
    "TX_STOCK_CONVERSION",
    "TX_STOCK_PLAN_POOL_ADJUSTMENT",
    "TX_STOCK_PLAN_RETURN_TO_POOL",
    "TX_STOCK_REISSUANCE",
    "TX_STOCK_REPURCHASE",
    "TX_STOCK_RETRACTION",
    "TX_VESTING_ACCELERATION",
    "TX_VESTING_EVENT",
    "TX_VESTING_START",
];

/// The `file_type` in which an object belongs and what is done with it; `None` where the format
/// has no such object.
pub(super) fn object(object_type: &str) -> Option<(&'static str, Treatment)> {
    let transaction = |treatment| Some(("OCF_TRANSACTIONS_FILE", treatment));
    match object_type {
        "STAKEHOLDER" => Some(("OCF_STAKEHOLDERS_FILE", Treatment::Read(STAKEHOLDER))),
        "STOCK_CLASS" => Some(("OCF_STOCK_CLASSES_FILE", Treatment::Read(STOCK_CLASS))),
        "STOCK_LEGEND_TEMPLATE" => Some(("OCF_STOCK_LEGEND_TEMPLATES_FILE", Treatment::Passed)),
        "STOCK_PLAN" => Some(("OCF_STOCK_PLANS_FILE", Treatment::Passed)),
        "VESTING_TERMS" => Some(("OCF_VESTING_TERMS_FILE", Treatment::Passed)),
        "VALUATION" => Some(("OCF_VALUATIONS_FILE", Treatment::Passed)),
        "FINANCING" => Some(("OCF_FINANCINGS_FILE", Treatment::Passed)),
        "DOCUMENT" => Some(("OCF_DOCUMENTS_FILE", Treatment::Passed)),
        "ISSUER" => Some(("OCF_MANIFEST_FILE", Treatment::Unsupported)),
        "TX_STOCK_ISSUANCE" => transaction(Treatment::Read(ISSUANCE)),
        "TX_STOCK_ACCEPTANCE" => transaction(Treatment::Read(ACCEPTANCE)),
        "TX_STOCK_TRANSFER" => transaction(Treatment::Read(TRANSFER)),
        "TX_STOCK_CANCELLATION" => transaction(Treatment::Read(CANCELLATION)),
        other => {
            let of_instrument = |instrument: &str| {
                other.strip_prefix(instrument).is_some_and(|action| ACTIONS.contains(&action))
            };
            let known =
                UNSUPPORTED.contains(&other) || INSTRUMENTS.iter().any(|i| of_instrument(i));
            if known { transaction(Treatment::Unsupported) } else { None }
        }
    }
}
