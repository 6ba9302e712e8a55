//! From a file into the ledger: items gather in a draft register, and one activation that registrar
//! and operator both sign validates all of them and opens it, or does nothing.

use std::sync::Arc;

use counterfoil_registry::amount::Quantity;
use counterfoil_registry::draft::{Decimals, Entry, EntryError, ImportItem, Unsigned};
use counterfoil_registry::effect::Effect;
use counterfoil_registry::event::Event;
use counterfoil_registry::handle::IssuerId;
use counterfoil_registry::register::Place;
use counterfoil_registry::rule::Rule;
use counterfoil_registry::store::Scoped;

use super::{Chunk, Effects, Handled, Ledger, OPERATOR, Refusal, Signer};
use crate::command::{Command, import_item};
use crate::effects::IdentityEffect;
use crate::limits::{DRAFT_BYTES, DRAFT_ITEMS};
use crate::rejection::Rejection;
use crate::wire::v1;

impl Ledger {
    pub(super) fn import(
        &mut self,
        signer: &Signer,
        issuer: IssuerId,
        items: &Arc<Vec<v1::ImportItem>>,
        effects: &mut Effects,
    ) -> Handled {
        let draft = self.register.issuer(issuer).ok_or(Rule::IssuerUnknown)?;
        signer.is(draft.registrar)?;
        if !draft.draft {
            return Err(Rule::RegisterStatus.into());
        }
        let bytes = |item: &v1::ImportItem| item.objects.iter().map(String::len).sum::<usize>();
        let held = self.draft_items(issuer).chain(items.iter());
        let (items_held, bytes_held) = held.fold((0usize, 0usize), |(count, sum), item| {
            (count.saturating_add(1), sum.saturating_add(bytes(item)))
        });
        if items_held > DRAFT_ITEMS || bytes_held > DRAFT_BYTES {
            let detail =
                format!("{items_held} items of {bytes_held} bytes are more than the limit");
            return Err(Refusal { rejection: Rejection::DraftTotals, detail });
        }
        // Past this line the command succeeds.
        self.chunks.push(Chunk { issuer, items: Arc::clone(items) });
        self.touch_issuer(issuer, effects);
        let items = u32::try_from(items.len()).unwrap_or(u32::MAX);
        effects.identity(IdentityEffect::Drafted { items });
        Ok(())
    }

    fn draft_items(&self, issuer: IssuerId) -> impl Iterator<Item = &v1::ImportItem> {
        let chunks = self.chunks.iter().filter(move |chunk| chunk.issuer == issuer);
        chunks.flat_map(|chunk| chunk.items.iter())
    }

    pub(super) fn activate(
        &mut self,
        signer: &Signer,
        command: &Command,
        effects: &mut Effects,
    ) -> Handled {
        let Command::ActivateRegister { issuer, package, findings, items, outstanding, joint } =
            command
        else {
            return Err(Rejection::Malformed.into());
        };
        let issuer = *issuer;
        let draft = self.register.issuer(issuer).ok_or(Rule::IssuerUnknown)?;
        let registrar = draft.registrar;
        if signer.party != registrar && signer.party != OPERATOR {
            return Err(Rejection::NotAuthorized.into());
        }
        if !draft.draft {
            return Err(Rule::RegisterStatus.into());
        }
        let found = self.draft_items(issuer).count();
        if usize::try_from(*items) != Ok(found) {
            let detail = format!("{found} items were imported, {items} were signed");
            return Err(Refusal { rejection: Rejection::DraftTotals, detail });
        }
        // The first signature validates too, so that the second one meets no surprise.
        self.begin();
        let events = match self.enter_draft(signer.place, issuer, *outstanding) {
            Ok(events) => events,
            Err(refusal) => {
                self.rollback();
                return Err(refusal);
            }
        };
        let first = self.first_signer(*joint);
        if registrar != OPERATOR && first.is_none_or(|first| first == signer.party) {
            self.rollback();
            self.joined(signer, *joint, effects)?;
            self.touch_issuer(issuer, effects);
            return Ok(());
        }
        // Past this line the command succeeds.
        self.joined_done(*joint);
        let activated =
            Effect::RegisterActivated { issuer, package: *package, findings: *findings };
        let activated = self.registration(activated);
        self.register.apply(&activated);
        self.drop_draft(issuer);
        self.commit();
        for event in events.iter().chain([&activated]) {
            effects.register(event);
        }
        self.touch(registrar, effects);
        self.touch(OPERATOR, effects);
        self.touch_issuer(issuer, effects);
        Ok(())
    }

    /// Forgets the items of a draft that became a register.
    fn drop_draft(&mut self, issuer: IssuerId) {
        for at in 0..self.chunks.len() {
            if self.chunks.get(at).is_some_and(|chunk| chunk.issuer == issuer) {
                *self.chunks.get_mut(at).expect("within the length") = Chunk::default();
            }
        }
    }

    /// Carries out every item in order, under the rules of the register.
    fn enter_draft(
        &mut self,
        place: Place,
        issuer: IssuerId,
        outstanding: Quantity,
    ) -> Result<Vec<Event>, Refusal> {
        let refuse = |at: usize, rejection: Rejection, why: &str| Refusal {
            rejection,
            detail: format!("item {at}: {why}"),
        };
        let items = self.draft_items(issuer).enumerate().map(|(at, item)| {
            let malformed = |error| refuse(at, Rejection::Malformed, &format!("{error}"));
            import_item("item", item).map_err(malformed)
        });
        let mut items: Vec<ImportItem> = items.collect::<Result<_, _>>()?;
        let decimals = Decimals::of(items.iter().flat_map(|item| &item.objects));
        let entry = Entry { issuer, today: self.time.date(), decimals };
        let place = |_, more: u32| Place { opened: place.opened.saturating_add(more), ..place };
        let entered = entry.enter_all(&mut self.register, place, &mut items, Unsigned::Refuse);
        let events = entered.map_err(|(at, error)| match error {
            EntryError::Item(error) => refuse(at, Rejection::Malformed, &error.to_string()),
            EntryError::Rule(rule) => refuse(at, rule.into(), rule.sentence()),
        })?;
        let found = self.register.issuer(issuer).map(|issuer| issuer.outstanding);
        if found != Some(outstanding) {
            let found = found.unwrap_or_default();
            let detail = format!("{found} shares are outstanding, {outstanding} were signed");
            return Err(Refusal { rejection: Rejection::DraftTotals, detail });
        }
        Ok(events)
    }
}
