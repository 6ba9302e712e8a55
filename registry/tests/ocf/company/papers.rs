//! Issuances of every kind of security.

use serde_json::{Value, json};

use super::{Company, Held, Paper};

impl Company<'_> {
    /// Writes the issuance of a security, which some event may open.
    pub(super) fn open(
        &mut self,
        kind: Paper,
        holder: String,
        class: &str,
        quantity: u64,
    ) -> String {
        let variant = self.choose(15);
        self.open_alike(kind, holder, class, quantity, variant)
    }

    pub(super) fn open_alike(
        &mut self,
        kind: Paper,
        holder: String,
        class: &str,
        quantity: u64,
        variant: usize,
    ) -> String {
        let id = self.id("security");
        let mut issuance = json!({
            "security_id": id, "custom_id": format!("No. {id}"), "stakeholder_id": holder,
            "security_law_exemptions": [{ "description": "Rule 701", "jurisdiction": "US" }],
        });
        let set = |issuance: &mut Value, more: Value| {
            for (key, value) in more.as_object().unwrap() {
                issuance[key] = value.clone();
            }
        };
        let vesting = self.choose(3);
        match vesting {
            0 if kind != Paper::Convertible => issuance["vesting_terms_id"] = "terms".into(),
            1 if kind != Paper::Convertible => {
                let half = quantity / 2;
                issuance["vestings"] = json!([
                    { "date": "2021-01-01", "amount": half.to_string() },
                    { "date": "2022-01-01", "amount": (quantity - half).to_string() },
                ]);
            }
            _ => {}
        }
        let price = json!({ "amount": "1.25", "currency": "USD" });
        match kind {
            Paper::Stock => set(
                &mut issuance,
                json!({ "stock_class_id": class, "quantity": quantity.to_string(),
                        "share_price": price, "stock_legend_ids": ["legend"] }),
            ),
            Paper::Grant => {
                let types = ["OPTION", "OPTION_ISO", "OPTION_NSO", "CSAR", "SSAR"];
                let at = variant % types.len();
                let field = if at < 3 { "exercise_price" } else { "base_price" };
                set(
                    &mut issuance,
                    json!({ "stock_plan_id": "plan", "stock_class_id": "common",
                            "compensation_type": types[at], "quantity": quantity.to_string(),
                            "expiration_date": "2031-01-01", field: price,
                            "termination_exercise_windows": [
                                { "reason": "VOLUNTARY_OTHER", "period": 3, "period_type": "MONTHS" }] }),
                );
                if at == 0 {
                    let kinds = ["ISO", "NSO", "INTL"];
                    issuance["option_grant_type"] = kinds[variant / types.len() % 3].into();
                }
            }
            Paper::Unit => set(
                &mut issuance,
                json!({ "stock_plan_id": "plan", "compensation_type": "RSU",
                        "quantity": format!("{quantity}.00"), "expiration_date": null,
                        "termination_exercise_windows": [] }),
            ),
            Paper::Warrant => set(
                &mut issuance,
                json!({ "quantity": quantity.to_string(), "exercise_price": price,
                        "purchase_price": price, "quantity_source": "INSTRUMENT_FIXED",
                        "exercise_triggers": [{
                            "type": "ELECTIVE_IN_RANGE", "trigger_id": "range",
                            "start_date": "2020-01-01", "end_date": "2040-01-01",
                            "conversion_right": {
                                "type": "WARRANT_CONVERSION_RIGHT",
                                "conversion_mechanism": {
                                    "type": "PPS_BASED_CONVERSION", "description": "Next price",
                                    "discount": true, "discount_percentage": ".20" },
                                "converts_to_stock_class_id": "common" } }] }),
            ),
            Paper::Convertible => set(
                &mut issuance,
                json!({ "investment_amount": { "amount": quantity.to_string(), "currency": "USD" },
                        "convertible_type": "NOTE", "seniority": 1,
                        "conversion_triggers": [{
                            "type": "AUTOMATIC_ON_DATE", "trigger_id": "maturity",
                            "trigger_date": "2025-01-01",
                            "conversion_right": {
                                "type": "CONVERTIBLE_CONVERSION_RIGHT",
                                "conversion_mechanism": {
                                    "type": "CONVERTIBLE_NOTE_CONVERSION",
                                    "interest_rates": [{ "rate": "0.080", "accrual_start_date": "2021-01-01" }],
                                    "day_count_convention": "30_360", "interest_payout": "DEFERRED",
                                    "interest_accrual_period": "ANNUAL", "compounding_type": "SIMPLE",
                                    "conversion_valuation_cap": { "amount": "5000000.0", "currency": "USD" } },
                                "converts_to_future_round": true } }] }),
            ),
        }
        let tx = self.push(&format!("TX_{}_ISSUANCE", kind.name()), issuance);
        self.issued.push(tx);
        let class = class.to_owned();
        self.open.push(Held {
            id: id.clone(),
            kind,
            holder,
            class,
            quantity,
            accepted: false,
            variant,
        });
        id
    }
}
