//! Reading the objects of an item. Fields that the register does not judge are not looked at: that
//! an object fits the format is for its reader to say.

use super::*;
use crate::effect::Rounding;
use crate::ocf::object::{Kind, Value};

type Read<T> = Result<T, ActionError>;

pub(super) fn item(objects: &[Object]) -> Read<Action> {
    let Some((object, results)) = objects.split_first() else {
        return Err(ActionError {
            kind: Kind::Document,
            id: String::new(),
            field: "objects",
            why: "an item has at least one object".into(),
        });
    };
    let mut results = Results { object, issuances: results, taken: 0 };
    let action = action(object, &mut results)?;
    if results.taken != results.issuances.len() {
        return Err(wrong(
            object,
            "objects",
            "an item has an object that its first one does not name",
        ));
    }
    Ok(action)
}

fn action(object: &Object, results: &mut Results<'_>) -> Read<Action> {
    let kind = object.kind();
    if let Some((security, change)) = change(object, results)? {
        let security_id = text(object, "security_id")?;
        return Ok(Action::Changed { security, security_id, date: date(object, "date")?, change });
    }
    let id = object.id().to_owned();
    Ok(match kind {
        Kind::Issuer => Action::Issuer(IssuerTerms {
            id,
            formed: date(object, "formation_date")?,
            authorized: match object.value("initial_shares_authorized") {
                None => Authorized::NotApplicable,
                Some(_) => authorized(object, "initial_shares_authorized")?,
            },
        }),
        Kind::Stakeholder => Action::Stakeholder { id },
        Kind::StockClass => Action::Class(class(object)?),
        Kind::StockPlan => Action::Plan(plan(object)?),
        Kind::StockLegendTemplate | Kind::VestingTerms | Kind::Document => {
            Action::Information { kind, id, date: None }
        }
        Kind::Valuation => {
            Action::Information { kind, id, date: Some(date(object, "effective_date")?) }
        }
        Kind::Financing => Action::Information { kind, id, date: Some(date(object, "date")?) },
        Kind::IssuerAuthorizedSharesAdjustment => Action::IssuerAuthorized {
            date: date(object, "date")?,
            issuer_id: text(object, "issuer_id")?,
            authorized: authorized(object, "new_shares_authorized")?,
        },
        Kind::StockClassAuthorizedSharesAdjustment => Action::ClassAuthorized {
            date: date(object, "date")?,
            class_id: text(object, "stock_class_id")?,
            authorized: authorized(object, "new_shares_authorized")?,
        },
        Kind::StockClassConversionRatioAdjustment => {
            let field = "new_ratio_conversion_mechanism";
            let mechanism = object.value(field).and_then(Value::as_object);
            let ratio = mechanism.and_then(|mechanism| ratio_of(mechanism.get("ratio")?));
            Action::ConversionRatio {
                date: date(object, "date")?,
                class_id: text(object, "stock_class_id")?,
                ratio: ratio.ok_or_else(|| wrong(object, field, "a ratio above zero is wanted"))?,
            }
        }
        Kind::StockClassSplit => Action::Split {
            date: date(object, "date")?,
            class_id: text(object, "stock_class_id")?,
            ratio: object
                .value("split_ratio")
                .and_then(ratio_of)
                .ok_or_else(|| wrong(object, "split_ratio", "a ratio above zero is wanted"))?,
        },
        Kind::StockPlanPoolAdjustment => Action::PoolAdjusted {
            date: date(object, "date")?,
            plan_id: text(object, "stock_plan_id")?,
            reserved: quantity(object, "shares_reserved")?,
        },
        Kind::StockConsolidation => {
            let security_ids: Vec<String> =
                object.texts("security_ids").map(str::to_owned).collect();
            if security_ids.is_empty() {
                return Err(wrong(object, "security_ids", "at least one id is wanted"));
            }
            Action::Consolidated {
                date: date(object, "date")?,
                security_ids,
                result: results.one("resulting_security_id")?.ok_or_else(|| {
                    wrong(object, "resulting_security_id", "the resulting certificate is wanted")
                })?,
            }
        }
        Kind::StakeholderRelationship | Kind::StakeholderStatus => Action::StakeholderChanged {
            date: date(object, "date")?,
            stakeholder_id: text(object, "stakeholder_id")?,
        },
        _ => Action::Issued(issuance(object)?),
    })
}

/// The transactions of one security, `None` for every other object.
fn change(
    object: &Object,
    results: &mut Results<'_>,
) -> Read<Option<(Option<SecurityKind>, Change)>> {
    use Kind::*;
    use SecurityKind::{Compensation, Convertible, Stock, Warrant};
    let of_quantity = |field| quantity(object, field).map(Extent::Quantity);
    let of_amount = |field| money(object, field).map(Extent::Amount);
    let (security, change) = match object.kind() {
        StockAcceptance => (Stock, Change::Accepted),
        EquityCompensationAcceptance => (Compensation, Change::Accepted),
        WarrantAcceptance => (Warrant, Change::Accepted),
        ConvertibleAcceptance => (Convertible, Change::Accepted),
        StockRetraction => (Stock, Change::Retracted),
        EquityCompensationRetraction => (Compensation, Change::Retracted),
        WarrantRetraction => (Warrant, Change::Retracted),
        ConvertibleRetraction => (Convertible, Change::Retracted),
        StockTransfer => (Stock, results.transferred(of_quantity("quantity")?)?),
        EquityCompensationTransfer => {
            (Compensation, results.transferred(of_quantity("quantity")?)?)
        }
        WarrantTransfer => (Warrant, results.transferred(of_quantity("quantity")?)?),
        ConvertibleTransfer => (Convertible, results.transferred(of_amount("amount")?)?),
        StockCancellation => (Stock, results.cancelled(of_quantity("quantity")?)?),
        EquityCompensationCancellation => {
            (Compensation, results.cancelled(of_quantity("quantity")?)?)
        }
        WarrantCancellation => (Warrant, results.cancelled(of_quantity("quantity")?)?),
        ConvertibleCancellation => (Convertible, results.cancelled(of_amount("amount")?)?),
        StockRepurchase => {
            let (quantity, price) = (quantity(object, "quantity")?, money(object, "price")?);
            let balance = results.one("balance_security_id")?;
            (Stock, Change::Repurchased { quantity, price, balance })
        }
        StockConversion => (Stock, results.converted(of_quantity("quantity_converted")?)?),
        // What OCF counts here is units of a security that has none: the balance says what is left.
        ConvertibleConversion => (Convertible, results.converted(Extent::Whole)?),
        StockReissuance => (Stock, Change::Reissued { results: results.all()? }),
        EquityCompensationExercise => {
            let extent = of_quantity("quantity")?;
            (Compensation, Change::Exercised { extent, results: results.all()? })
        }
        // OCF 1.2.0 `WarrantExercise` bears no quantity; some systems write one.
        WarrantExercise => {
            let extent = match object.value("quantity") {
                Some(_) => of_quantity("quantity")?,
                None => Extent::Whole,
            };
            (Warrant, Change::Exercised { extent, results: results.all()? })
        }
        EquityCompensationRelease => {
            let quantity = quantity(object, "quantity")?;
            (Compensation, Change::Released { quantity, results: results.all()? })
        }
        EquityCompensationRepricing => {
            (Compensation, Change::Repriced { price: money(object, "new_exercise_price")? })
        }
        StockPlanReturnToPool => {
            let plan_id = text(object, "stock_plan_id")?;
            let quantity = quantity(object, "quantity")?;
            return Ok(Some((None, Change::ReturnedToPool { plan_id, quantity })));
        }
        VestingStart | VestingEvent | VestingAcceleration => {
            return Ok(Some((None, Change::Vesting)));
        }
        _ => return Ok(None),
    };
    Ok(Some((Some(security), change)))
}

/// The issuances that stand behind the object of an item.
struct Results<'a> {
    object: &'a Object,
    issuances: &'a [Object],
    taken: usize,
}

impl Results<'_> {
    fn transferred(&mut self, extent: Extent) -> Read<Change> {
        let (results, balance) = (self.all()?, self.one("balance_security_id")?);
        Ok(Change::Transferred { extent, results, balance })
    }

    fn cancelled(&mut self, extent: Extent) -> Read<Change> {
        Ok(Change::Cancelled { extent, balance: self.one("balance_security_id")? })
    }

    fn converted(&mut self, extent: Extent) -> Read<Change> {
        let (results, balance) = (self.all()?, self.one("balance_security_id")?);
        Ok(Change::Converted { extent, results, balance })
    }

    /// The issuances of `resulting_security_ids`.
    fn all(&mut self) -> Read<Vec<Issuance>> {
        let object = self.object;
        object
            .texts("resulting_security_ids")
            .map(|id| self.find("resulting_security_ids", id))
            .collect()
    }

    /// The issuance that a field names, if it names one.
    fn one(&mut self, field: &'static str) -> Read<Option<Issuance>> {
        let object = self.object;
        object.text(field).map(|id| self.find(field, id)).transpose()
    }

    fn find(&mut self, field: &'static str, id: &str) -> Read<Issuance> {
        let found = self.issuances.iter().find(|object| object.text("security_id") == Some(id));
        let Some(found) = found else {
            return Err(wrong(self.object, field, format!("the issuance of {id} is not with it")));
        };
        self.taken += 1;
        issuance(found)
    }
}

fn issuance(object: &Object) -> Read<Issuance> {
    let optional = |field| object.value(field).map(|_| text(object, field)).transpose();
    let terms = match object.kind() {
        Kind::StockIssuance => Terms::Stock {
            class_id: text(object, "stock_class_id")?,
            plan_id: optional("stock_plan_id")?,
            quantity: quantity(object, "quantity")?,
            price: money(object, "share_price")?,
        },
        Kind::EquityCompensationIssuance => Terms::Compensation {
            instrument: object
                .text("compensation_type")
                .and_then(Instrument::compensation)
                .ok_or_else(|| {
                    wrong(object, "compensation_type", "a type of the format is wanted")
                })?,
            plan_id: optional("stock_plan_id")?,
            class_id: optional("stock_class_id")?,
            quantity: quantity(object, "quantity")?,
            price: match object.value("base_price") {
                Some(_) => Some(money(object, "base_price")?),
                None => optional_money(object, "exercise_price")?,
            },
        },
        Kind::WarrantIssuance => Terms::Warrant {
            class_id: class_of_triggers(object),
            quantity: object.value("quantity").map(|_| quantity(object, "quantity")).transpose()?,
            price: optional_money(object, "exercise_price")?,
        },
        Kind::ConvertibleIssuance => {
            Terms::Convertible { amount: money(object, "investment_amount")? }
        }
        _ => return Err(wrong(object, "object_type", "an issuance is wanted")),
    };
    Ok(Issuance {
        security_id: text(object, "security_id")?,
        number: text(object, "custom_id")?,
        stakeholder_id: text(object, "stakeholder_id")?,
        date: date(object, "date")?,
        terms,
    })
}

/// The class for whose shares a warrant is, where each of its triggers names the same one. Triggers
/// that differ leave it open, and so does one that names a future round.
fn class_of_triggers(object: &Object) -> Option<String> {
    let triggers = object.value("exercise_triggers").and_then(Value::as_array)?;
    let mut classes = triggers.iter().map(|trigger| {
        let right = trigger.get("conversion_right")?;
        right.get("converts_to_stock_class_id")?.as_str().filter(|class| !class.is_empty())
    });
    let first = classes.next()??;
    classes.all(|other| other == Some(first)).then(|| first.to_owned())
}

fn class(object: &Object) -> Read<ClassTerms> {
    let kind = object.text("class_type").and_then(ClassKind::parse);
    let rights = object.value("conversion_rights").and_then(Value::as_array);
    Ok(ClassTerms {
        id: object.id().to_owned(),
        kind: kind.ok_or_else(|| wrong(object, "class_type", "COMMON or PREFERRED is wanted"))?,
        name: text(object, "name")?,
        authorized: authorized(object, "initial_shares_authorized")?,
        conversions: rights.into_iter().flatten().filter_map(conversion).collect(),
    })
}

/// A right with a ratio; the others convert by no number that the register could keep.
fn conversion(right: &Value) -> Option<Conversion> {
    let mechanism = right.get("conversion_mechanism")?;
    let target = right.get("converts_to_stock_class_id").and_then(Value::as_str);
    Some(Conversion {
        class_id: target.unwrap_or_default().to_owned(),
        ratio: ratio_of(mechanism.get("ratio")?)?,
        rounding: mechanism
            .get("rounding_type")
            .and_then(Value::as_str)
            .and_then(Rounding::parse)
            .unwrap_or_default(),
    })
}

fn plan(object: &Object) -> Read<PlanTerms> {
    let classes = object.texts("stock_class_ids").chain(object.text("stock_class_id"));
    let mut class_ids: Vec<String> = classes.map(str::to_owned).collect();
    class_ids.dedup();
    Ok(PlanTerms {
        id: object.id().to_owned(),
        class_ids,
        reserved: quantity(object, "initial_shares_reserved")?,
        returns: object.text("default_cancellation_behavior") == Some("RETURN_TO_POOL"),
    })
}

fn ratio_of(value: &Value) -> Option<Ratio> {
    let part = |name| value.get(name).and_then(Value::as_str).and_then(Quantity::parse);
    Ratio::new(part("numerator")?, part("denominator")?)
}

/// Characters of an id or a number: what a text of the ledger may have.
const TEXT_MAX: usize = 200;

fn text(object: &Object, field: &'static str) -> Read<String> {
    match object.text(field) {
        Some(text) if !text.is_empty() && text.len() <= TEXT_MAX => Ok(text.to_owned()),
        _ => Err(wrong(object, field, format!("a text of 1 to {TEXT_MAX} bytes is wanted"))),
    }
}

fn date(object: &Object, field: &'static str) -> Read<Date> {
    let date = object.text(field).and_then(Date::parse);
    date.ok_or_else(|| wrong(object, field, "a date is wanted (YYYY-MM-DD)"))
}

fn quantity(object: &Object, field: &'static str) -> Read<Quantity> {
    let quantity = object.text(field).and_then(Quantity::parse);
    let quantity = quantity.filter(|quantity| *quantity <= Quantity::MAX);
    quantity.ok_or_else(|| wrong(object, field, "a decimal of at most 10^15 is wanted"))
}

fn authorized(object: &Object, field: &'static str) -> Read<Authorized> {
    let authorized = object.text(field).and_then(Authorized::parse);
    let authorized = authorized.filter(|shares| shares.limit() <= Some(Quantity::MAX));
    authorized
        .ok_or_else(|| wrong(object, field, "a number, UNLIMITED or NOT APPLICABLE is wanted"))
}

fn money(object: &Object, field: &'static str) -> Read<Money> {
    let value = object.value(field);
    let part = |name| value.and_then(|money| money.get(name)).and_then(Value::as_str);
    let amount = part("amount").and_then(Quantity::parse).filter(|amount| *amount <= Quantity::MAX);
    let currency = part("currency").and_then(crate::amount::Currency::parse);
    match (amount, currency) {
        (Some(amount), Some(currency)) => Ok(Money { amount: amount.0, currency }),
        _ => Err(wrong(object, field, "an amount of at most 10^15 and a currency are wanted")),
    }
}

fn optional_money(object: &Object, field: &'static str) -> Read<Option<Money>> {
    object.value(field).map(|_| money(object, field)).transpose()
}

fn wrong(object: &Object, field: &'static str, why: impl Into<String>) -> ActionError {
    ActionError { kind: object.kind(), id: object.id().to_owned(), field, why: why.into() }
}
