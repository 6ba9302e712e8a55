//! Names for what is made: after that of its source, and like nothing else in the package.

use std::collections::{BTreeMap, BTreeSet};

use crate::action::result_ids;
use crate::amount::Quantity;
use crate::ocf::object::{Object, Value};
use crate::ocf::package::Item;

/// Values in all that is made, several times what the largest package has: each certificate may be
/// a copy of one that says a great deal.
const VALUES_MAX: usize = 10_000_000;

/// The names that are taken.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    taken: BTreeSet<String>,
    /// The number that was given last, for each name.
    last: BTreeMap<String, usize>,
    /// How many values were made.
    values: usize,
}

impl Fresh {
    /// What the objects of a package are called, their securities, and what they open.
    pub(super) fn of(items: &[Item]) -> Fresh {
        let mut fresh = Fresh::default();
        for item in items {
            let object = &item.object;
            fresh.take(object.id());
            let fields = ["security_id", "custom_id"];
            let names = fields.iter().filter_map(|field| object.text(field));
            names.chain(result_ids(object)).for_each(|id| fresh.take(id));
        }
        fresh
    }

    /// The issuance of a certificate of this quantity that continues another one, under this
    /// security id or a new one. `named` is the issuance after which it is called.
    pub(super) fn certificate(
        &mut self,
        model: &Object,
        named: &Object,
        security_id: Option<String>,
        date: &str,
        quantity: Quantity,
    ) -> Object {
        let text = |field: &str| named.text(field).unwrap_or_default();
        let security_id = security_id.unwrap_or_else(|| self.after(text("security_id")));
        let mut made = model.clone();
        made.rename(self.after(named.id()));
        made.set("security_id", security_id.into());
        made.set("custom_id", self.after(text("custom_id")).into());
        made.set("date", date.into());
        for field in ["share_numbers_issued", "comments"] {
            made.remove(field);
        }
        match made.value("investment_amount").cloned() {
            Some(Value::Object(mut money)) => {
                money.insert("amount", quantity.to_string().into());
                made.set("investment_amount", Value::Object(money));
            }
            _ => made.set("quantity", quantity.to_string().into()),
        }
        self.values += made.fields().size();
        made
    }

    /// What is said where more was made than any history needs.
    pub(super) fn beyond(&self) -> Option<String> {
        let what = || format!("the certificates that are made have more than {VALUES_MAX} values");
        (self.values > VALUES_MAX).then(what)
    }

    /// Nothing made is called like this.
    pub(super) fn take(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// The first of `<name>/2`, `<name>/3` and so on that nothing else is called.
    pub(super) fn after(&mut self, name: &str) -> String {
        let last = self.last.entry(name.to_owned()).or_insert(1);
        loop {
            *last += 1;
            let fresh = format!("{name}/{last}");
            if self.taken.insert(fresh.clone()) {
                return fresh;
            }
        }
    }
}
