//! A company in a register, and what was entered there.

use std::collections::BTreeMap;

use counterfoil_registry::amount::{Money, Quantity};
use counterfoil_registry::captable::{CapTable, CertificateFacts, Fold, SecurityFacts};
use counterfoil_registry::date::Date;
use counterfoil_registry::draft::{Decimals, Entry, EntryError, ImportItem};
use counterfoil_registry::effect::{Authorized, Effect, Instrument};
use counterfoil_registry::event::{Event, EventKind};
use counterfoil_registry::handle::IssuerId;
use counterfoil_registry::ocf::object::{Kind, Object};
use counterfoil_registry::register::{Party, Place, Register};
use counterfoil_registry::rule::Rule;
use serde_json::json;

mod laws;

/// A company, its register and its history.
pub(crate) struct Company {
    /// Its name and its id.
    pub(crate) name: String,
    pub(crate) issuer: IssuerId,
    pub(crate) fold: Fold,
    pub(crate) register: Register,
    entry: Entry,
    record: u64,
    /// Issuances that say how finely classes are divided.
    divided: Vec<Object>,
    /// What was entered, in its order.
    pub(crate) entered: Vec<Object>,
    /// What was paid in the last event.
    pub(crate) paid: Option<Money>,
    /// Whether the objects say all that happened, and nothing that is beyond the format.
    pub(crate) told: bool,
}

/// A security, open or ended.
pub(crate) enum Paper<'a> {
    Stock(&'a CertificateFacts),
    Other(&'a SecurityFacts),
}

impl Company {
    /// A company of which nothing is recorded but that it was formed.
    pub(crate) fn formed(name: &str, on: Date, authorized: Authorized, open: bool) -> Company {
        let mut register = Register::new(7);
        let party = register.add_party(Party { legal: true, details: [0; 32] });
        let issuer = register.next_issuer();
        let registered = Effect::IssuerRegistered {
            issuer,
            party,
            registrar: party,
            draft: !open,
            formed: on,
            authorized,
            source_id: name.to_owned(),
        };
        let mut company = Company {
            name: name.to_owned(),
            issuer,
            fold: Fold::default(),
            register,
            entry: Entry { issuer, today: on, ..Entry::default() },
            record: 0,
            divided: Vec::new(),
            entered: Vec::new(),
            paid: None,
            told: true,
        };
        company.happens(EventKind::Registration, on, registered).expect("an issuer is registered");
        // A live split does more than its transaction says.
        company.told = !open;
        company
    }

    /// An event that no object of the format tells of.
    pub(crate) fn happens(
        &mut self,
        kind: EventKind,
        date: Date,
        effect: Effect,
    ) -> Result<(), Rule> {
        let event = Event { kind, date, consideration: None, effects: vec![effect] };
        self.register.check(&event)?;
        self.register.apply(&event);
        self.fold.add(&event).expect("what the register accepts can be folded");
        self.told = false;
        Ok(())
    }

    /// Says of a class that its shares are divided so finely.
    pub(crate) fn divide(&mut self, class: &str, unit: &str) {
        let fields = json!({ "stock_class_id": class, "quantity": unit });
        let fields = serde_json::from_value(fields).expect("an object was written");
        self.divided.push(Object::new(Kind::StockIssuance, "unit", fields));
        self.entry.decimals = Decimals::of(&self.divided);
    }

    /// Enters an item into the register of this company, or of one that there is not. What is
    /// refused changes nothing, and the laws of the register hold afterwards.
    pub(crate) fn enter(
        &mut self,
        objects: Vec<Object>,
        waived: &[Rule],
        elsewhere: bool,
    ) -> Result<(), EntryError> {
        let item = ImportItem { objects, waived: waived.to_vec() };
        let issuer = if elsewhere { IssuerId(u32::MAX) } else { self.issuer };
        let entry = Entry { issuer, ..self.entry.clone() };
        let before = self.bytes();
        self.record += 1;
        let place = Place { record: self.record, opened: 0 };
        let entered = entry.enter(&mut self.register, place, &item);
        match &entered {
            Ok(event) => {
                self.fold.add(event).expect("what the register accepts can be folded");
                self.paid = event.consideration.map(|consideration| consideration.money);
            }
            Err(_) => assert_eq!(self.bytes(), before, "what is refused changes nothing"),
        }
        laws::hold(&self.register, &self.fold);
        laws::read_back(&entered?, &self.register);
        self.told &= waived.is_empty();
        self.entered.extend(item.objects);
        Ok(())
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.register.encode(&mut bytes);
        bytes
    }

    /// The cap table at the end of a date.
    pub(crate) fn table(&self, date: Date) -> Result<CapTable, String> {
        let table = self.fold.cap_table(self.issuer, date).map_err(|error| error.to_string())?;
        table.ok_or_else(|| "the company is not registered".to_owned())
    }

    /// The security that bears an id.
    pub(crate) fn paper(&self, id: &str) -> Result<Paper<'_>, String> {
        let stock = self.fold.certificates().find(|(_, facts)| facts.source_id == id);
        let other = self.fold.securities(self.issuer).find(|(_, facts)| facts.source_id == id);
        let other = other.map(|(_, facts)| Paper::Other(facts));
        let paper = stock.map(|(_, facts)| Paper::Stock(facts)).or(other);
        paper.ok_or_else(|| format!("there is no security {id}"))
    }

    /// The issuance of a security, or of one like it where there is none.
    pub(crate) fn issuance(&self, id: &str) -> Option<&Object> {
        self.entered.iter().find(|object| {
            object.text("security_id") == Some(id) && object.text("custom_id").is_some()
        })
    }

    /// Whether a class or a plan is called so.
    pub(crate) fn has(&self, kind: Kind, id: &str) -> bool {
        self.register.has_object(self.issuer, kind, id)
    }

    /// Places that objects are numbered by.
    pub(crate) fn next(&self) -> u64 {
        self.record + 1
    }
}

impl Paper<'_> {
    /// What the format calls transactions of it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Paper::Stock(_) => "STOCK",
            Paper::Other(facts) => match facts.instrument {
                Instrument::Warrant => "WARRANT",
                Instrument::Convertible => "CONVERTIBLE",
                _ => "EQUITY_COMPENSATION",
            },
        }
    }

    pub(crate) fn open_at(&self, date: Date) -> bool {
        match self {
            Paper::Stock(facts) => facts.open_at(date),
            Paper::Other(facts) => facts.open_at(date),
        }
    }

    pub(crate) fn accepted_at(&self, date: Date) -> bool {
        let accepted = match self {
            Paper::Stock(facts) => facts.accepted,
            Paper::Other(facts) => facts.accepted,
        };
        accepted.is_some_and(|accepted| accepted <= date)
    }

    /// How many shares or units it stands for, or how much money; none where that is open.
    pub(crate) fn left_at(&self, date: Date) -> Option<Quantity> {
        match self {
            Paper::Stock(facts) => Some(facts.quantity_at(date)),
            Paper::Other(facts) => facts.quantity_at(date),
        }
    }

    pub(crate) fn price_at(&self, date: Date) -> Option<Money> {
        match self {
            Paper::Stock(_) => None,
            Paper::Other(facts) => *facts.price.at(date),
        }
    }
}

/// The names of what came before or after a security, from ids of all kinds.
pub(crate) fn names<'a>(ids: impl Iterator<Item = Option<&'a str>>) -> Vec<String> {
    let by_name: BTreeMap<&str, ()> = ids.flatten().map(|id| (id, ())).collect();
    by_name.into_keys().map(str::to_owned).collect()
}
