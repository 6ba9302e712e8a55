//! Certificates over their whole lives, and the commands that make and move them free of payment.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use counterfoil_engine::wire::v1;
use counterfoil_registry::captable::CertificateFacts;
use counterfoil_registry::effect::Effect;
use counterfoil_registry::event::decode_events;
use counterfoil_registry::handle::{
    AccountId, CertificateId, ClassId, Holder as HolderId, IssuerId, SecurityId,
};

use super::account::{Holder, SecuritiesAccount};
use super::input::Input;
use super::issuer::StockClass;
use super::page::{Page, Paging};
use super::party::{Party, name};
use super::scalar::{Date, Decimal};
use super::security::Security;
use super::sight::{Sight, held, id};
use super::submission::{SubmissionInput, act, payload};
use crate::fault::Fault;
use crate::history::records::Moment;
use crate::history::register::RegisterAt;
use crate::history::{History, HistoryError};

/// A certificate: so many shares of one class, in one account, of one holder. One that has closed is
/// found as well.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub(crate) struct Certificate {
    /// The id, such as `N52.0.7-8`: the record that opened it, its place there, and its slot.
    pub(super) id: ID,
    /// The printed number; its id where none was given.
    number: String,
    /// Its id in the package that it came from; empty where there is none.
    source_id: String,
    /// Its quantity when it was opened.
    opened_quantity: Decimal,
    /// What it stands for: a split of its class multiplies it.
    quantity: Decimal,
    /// The kind of event that opened it.
    opened_by: String,
    /// Since when it is or was open.
    opened: Date,
    /// When its holder accepted it.
    accepted: Option<Date>,
    /// When it was closed; null while it is open.
    closed: Option<Date>,
    /// The kind of event that closed it.
    closed_by: Option<String>,
    #[graphql(skip)]
    class: ClassId,
    #[graphql(skip)]
    account: AccountId,
    #[graphql(skip)]
    holder: HolderId,
    #[graphql(skip)]
    converted_from: Option<SecurityId>,
    #[graphql(skip)]
    lineage: [Vec<CertificateId>; 2],
    #[graphql(skip)]
    register: Arc<RegisterAt>,
    #[graphql(skip)]
    sight: Sight,
}

/// The name of a kind in the schema: `Issuance` is `ISSUANCE`.
pub(super) fn kind_name(kind: impl std::fmt::Debug) -> String {
    let mut name = String::new();
    for (at, letter) in format!("{kind:?}").chars().enumerate() {
        if at > 0 && letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

impl Certificate {
    /// The certificate with this id, open or closed, if the reader may see it.
    pub(crate) async fn find(
        sight: &Sight,
        certificate: CertificateId,
    ) -> Result<Option<Certificate>, Fault> {
        let open = sight.register().certificate(certificate);
        let open = open.map(|open| (open.class, open.account));
        let own = sight.clone();
        let register = sight.past(move |history, height| {
            let place = match open {
                Some(place) => Some(place),
                None => place_of(history, certificate)?,
            };
            // Asked before the register is read, so that the time tells nothing to who guesses ids.
            let seen = place.filter(|(class, account)| own.eyes().certificate(*class, *account));
            match seen.and_then(|(class, _)| own.register().class(class)) {
                Some(class) => history.register(class.issuer, Moment::Height(height)),
                None => Ok(None),
            }
        });
        let register = register.await?;
        Ok(register.and_then(|register| Certificate::of(sight, &register, certificate)))
    }

    /// A certificate of a register, if the reader may see it.
    pub(crate) fn of(
        sight: &Sight,
        register: &Arc<RegisterAt>,
        certificate: CertificateId,
    ) -> Option<Certificate> {
        let facts = register.fold.certificate(certificate)?;
        let CertificateFacts { class, account, .. } = *facts;
        sight.eyes().certificate(class, account).then(|| Certificate {
            id: id(certificate),
            number: match facts.number.as_str() {
                "" => certificate.to_string(),
                number => number.to_owned(),
            },
            source_id: facts.source_id.clone(),
            opened_quantity: facts.quantity.into(),
            quantity: facts.quantity_at(sight.ledger().time().date()).into(),
            opened_by: kind_name(facts.origin),
            opened: Date(facts.opened),
            accepted: facts.accepted.map(Date),
            closed: facts.closed.map(|(date, _)| Date(date)),
            closed_by: facts.closed.map(|(_, kind)| kind_name(kind)),
            class,
            account,
            holder: facts.holder,
            converted_from: facts.converted_from,
            lineage: [facts.preceded_by.clone(), facts.resulted_in.clone()],
            register: register.clone(),
            sight: sight.clone(),
        })
    }

    /// A page of the certificates of an issuer that the reader may see, closed ones too, in the order
    /// of their records.
    pub(super) async fn of_issuer(
        sight: &Sight,
        issuer: IssuerId,
        paging: Paging,
    ) -> Result<Page<Certificate>, Fault> {
        let found = sight.past(move |history, height| {
            let register = history.register(issuer, Moment::Height(height))?;
            let certificates = register.iter().flat_map(|register| register.fold.certificates());
            let ids: Vec<CertificateId> = certificates.map(|(id, _)| id).collect();
            Ok((register, ids))
        });
        let (register, ids) = found.await?;
        let page = paging.scan(sight, 0..ids.len() as u64, move |sight, at| {
            let id = ids.get(usize::try_from(at).ok()?)?;
            Certificate::of(sight, register.as_ref()?, *id)
        });
        page.await
    }

    fn relatives(&self, side: usize, paging: Paging) -> Result<Page<Certificate>, Fault> {
        let ids = &self.lineage[side];
        paging.of(0..ids.len() as u64, |at| {
            let relative = ids.get(usize::try_from(at).ok()?)?;
            Certificate::of(&self.sight, &self.register, *relative)
        })
    }
}

/// Class and account of a certificate that may have closed: its opening record names them.
fn place_of(
    history: &History,
    certificate: CertificateId,
) -> Result<Option<(ClassId, AccountId)>, HistoryError> {
    let Some(at) = history.record(certificate.record)? else { return Ok(None) };
    let events = decode_events(&at.sections[0]).unwrap_or_default();
    Ok(events.iter().flat_map(|event| &event.effects).find_map(|effect| match effect {
        Effect::CertificateOpened(opened) if opened.certificate == certificate => {
            Some((opened.class, opened.account))
        }
        _ => None,
    }))
}

#[ComplexObject]
impl Certificate {
    /// Its class.
    async fn stock_class(&self) -> Result<StockClass> {
        Ok(held(StockClass::shown(&self.sight, self.class))?)
    }

    /// The account that it lies or lay in, if the reader may see it.
    async fn account(&self) -> Option<SecuritiesAccount> {
        SecuritiesAccount::find(&self.sight, self.account)
    }

    /// The holder of record when it was opened.
    async fn holder(&self) -> Option<Holder> {
        match self.holder {
            HolderId::Party(party) => {
                Party::shown(&self.sight, party, Some(self.register.issuer)).map(Holder::Party)
            }
            holder => Holder::shown(&self.sight, holder),
        }
    }

    /// The name of that holder, if one was told.
    async fn holder_name(&self) -> Result<Option<String>> {
        Ok(name(&self.sight, self.holder, Some(self.register.issuer)).await?)
    }

    /// The grant, warrant or convertible that became it, if the reader may see that one.
    async fn converted_from(&self) -> Result<Option<Security>> {
        match self.converted_from {
            Some(security) => Ok(Security::find(&self.sight, security).await?),
            None => Ok(None),
        }
    }

    /// The certificates that it came from.
    async fn preceded_by(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<Certificate>> {
        Ok(self.relatives(0, Paging { first, after, last, before })?)
    }

    /// The certificates that came from it.
    async fn resulted_in(
        &self,
        #[graphql(desc = "So many from the beginning, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "In front of this cursor.")] before: Option<String>,
    ) -> Result<Page<Certificate>> {
        Ok(self.relatives(1, Paging { first, after, last, before })?)
    }
}

payload!(
    /// What `issueStock` did.
    IssueStockPayload {
        /// The certificate that came into being.
        certificates: Vec<ID> = certificates,
    }
);
payload!(
    /// What `transferStock` did.
    TransferStockPayload {
        /// The certificates that came into being: the receiver's, and that of the balance.
        certificates: Vec<ID> = certificates,
    }
);

/// Mutations of certificates.
#[derive(Default)]
pub(crate) struct CertificateMutation;

#[Object]
impl CertificateMutation {
    /// Issues stock free of payment. Signed by the registrar.
    async fn issue_stock(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<v1::IssueStock>,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<IssueStockPayload> {
        act(ctx, input, submission).await
    }

    /// Transfers stock free of payment. Signed by the holder or the operator of the account.
    async fn transfer_stock(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The command, as the variable $input.")] input: Input<v1::TransferStock>,
        #[graphql(desc = "Who signed it, and how.")] submission: SubmissionInput,
    ) -> Result<TransferStockPayload> {
        act(ctx, input, submission).await
    }
}
