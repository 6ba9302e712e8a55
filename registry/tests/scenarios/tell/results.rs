//! How much of a security is taken, and what results from it.
//!
//! What a transfer, a balance or a reissuance opens is written after the model of the security that
//! it comes from.

use counterfoil_registry::amount::Quantity;
use counterfoil_registry::date::Date;
use counterfoil_registry::ocf::object::Object;
use serde_json::{Value, json};

use super::{Found, Scene, money, number, with};

impl Scene<'_> {
    /// The name of a transaction: for a security of the kind that the sentence says, or of its own.
    pub(super) fn name(&self, found: &Found, action: &str) -> Result<String, String> {
        let kind = match found.maybe("kind") {
            None => self.company.paper(found.one("id"))?.word(),
            Some("certificate") => "STOCK",
            Some("grant") => "EQUITY_COMPENSATION",
            Some("warrant") => "WARRANT",
            Some("convertible") => "CONVERTIBLE",
            Some(other) => return Err(format!("what is a {other}?")),
        };
        Ok(format!("TX_{kind}_{action}"))
    }

    fn model(&self, id: &str) -> Result<&Object, String> {
        self.company.issuance(id).ok_or_else(|| format!("there is no security {id}"))
    }

    pub(super) fn holder(&self, id: &str) -> Result<String, String> {
        Ok(self.model(id)?.text("stakeholder_id").unwrap_or_default().to_owned())
    }

    /// Who acts holds the security; of one that there is not, the register itself speaks.
    pub(super) fn held(&self, found: &Found) -> Result<(), String> {
        let (id, holder) = (found.one("id"), found.one("holder"));
        let wrong = self.holder(id).is_ok_and(|of| of != holder);
        if wrong { Err(format!("{id} is not {holder}'s")) } else { Ok(()) }
    }

    /// What is left of a security, as the register has it now.
    pub(super) fn left(&self, id: &str) -> Result<Quantity, String> {
        Ok(self.company.paper(id)?.left_at(Date::MAX).unwrap_or_default())
    }

    /// How much of a security is taken, and the balance where there is one.
    pub(super) fn taken(&self, found: &Found) -> Result<(Quantity, Option<Value>), String> {
        let id = found.one("id");
        let Some(amount) = found.maybe("amount") else {
            // All of it; of what the register does not have, one.
            return Ok((self.left(id).unwrap_or(Quantity::whole(1)), None));
        };
        let parts = [Some(amount), found.maybe("amount2")].into_iter().flatten();
        let parts = parts.map(|part| Ok(Quantity::parse(&number(part)?).unwrap_or_default()));
        let parts: Vec<Quantity> = parts.collect::<Result<_, String>>()?;
        let taken = parts.into_iter().try_fold(Quantity::ZERO, Quantity::checked_add);
        let taken = taken.ok_or("too many shares")?;
        let balance = found.maybe("balance").map(|balance| {
            let rest = self.left(id)?.checked_sub(taken).unwrap_or_default();
            self.like(id, balance, &self.holder(id)?, &rest.to_string())
        });
        Ok((taken, balance.transpose()?))
    }

    /// The field that says how much is taken.
    pub(super) fn extent(&self, found: &Found, taken: Quantity) -> Value {
        let own = self.model(found.one("id")).ok();
        let own = own.and_then(|issuance| issuance.value("investment_amount"));
        let currency =
            found.maybe("currency").or(own.and_then(|own| own.get("currency")?.as_str()));
        match currency {
            None => json!({ "quantity": taken.to_string() }),
            Some(currency) => {
                json!({ "amount": { "amount": taken.to_string(), "currency": currency } })
            }
        }
    }

    /// The issuance of a security like another one.
    pub(super) fn like(
        &self,
        model: &str,
        id: &str,
        holder: &str,
        quantity: &str,
    ) -> Result<Value, String> {
        let issuance = self.model(model)?;
        let mut fields = issuance.fields().clone();
        fields.remove("vestings");
        let fields = serde_json::to_value(fields).expect("fields are JSON");
        let mut new = with(json!({ "object_type": issuance.kind().as_str() }), fields);
        new = with(
            new,
            json!({
                "id": format!("tx-{id}"), "date": self.date.to_string(), "security_id": id,
                "custom_id": id, "stakeholder_id": holder,
            }),
        );
        if let Some(price) = self.company.paper(model)?.price_at(self.date) {
            let price = price.to_string();
            let (amount, currency) = price.split_once(' ').ok_or("a price has a currency")?;
            let base = new.get("base_price").is_some();
            let field = if base { "base_price" } else { "exercise_price" };
            new[field] = money(amount, currency)?;
        }
        match new.get("investment_amount") {
            Some(_) => new["investment_amount"]["amount"] = quantity.into(),
            None => new["quantity"] = quantity.into(),
        }
        Ok(new)
    }

    /// The shares that an exercise, a release or a conversion results in.
    pub(super) fn shares(&self, found: &Found) -> Result<Value, String> {
        let holder = self.holder(found.one("id"))?;
        let stock = self.stock(found.one("new"), &holder, found.one("class"));
        Ok(with(stock, json!({ "quantity": number(found.one("shares"))? })))
    }
}
