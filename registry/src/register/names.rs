//! The ids that an issuer has used, and what they stand for.

use sha2::{Digest, Sha256};

use super::{Name, Register, Target, dense};
use crate::effect::Instrument;
use crate::handle::{
    AccountId, CertificateId, ClassId, IssuerId, PlanId, SecurityId, StakeholderId,
};
use crate::ocf::object::Kind;

/// What an id is the id of; texts are compared within one issuer and one of these.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Space {
    /// The printed number of a certificate.
    StockNumber,
    /// The `security_id` of any security.
    Security,
    Class,
    Stakeholder,
    Plan,
    /// The `id` of an object of this kind.
    Object(Kind),
    /// The printed number of a security that is no share.
    Number(Instrument),
}

impl Space {
    /// 128 bits of SHA-256 over the issuer, the space and the text.
    pub(super) fn digest(self, issuer: IssuerId, text: &str) -> u128 {
        let (space, kind) = match self {
            Space::StockNumber => (1, ""),
            Space::Security => (2, ""),
            Space::Class => (3, ""),
            Space::Stakeholder => (4, ""),
            Space::Plan => (5, ""),
            Space::Object(kind) => (6, kind.as_str()),
            Space::Number(Instrument::Warrant) => (8, ""),
            Space::Number(Instrument::Convertible) => (9, ""),
            Space::Number(_) => (7, ""),
        };
        let mut hasher = Sha256::new();
        hasher.update(issuer.0.to_be_bytes());
        hasher.update([space]);
        // No kind is a prefix of another one with a slash behind it.
        hasher.update(kind.as_bytes());
        hasher.update(if kind.is_empty() { "" } else { "/" });
        hasher.update(text.as_bytes());
        let digest: [u8; 32] = hasher.finalize().into();
        u128::from_be_bytes(digest[..16].try_into().expect("half of the digest"))
    }
}

impl Register {
    pub(super) fn is_used(&self, digest: u128) -> bool {
        self.name_at.get(digest).is_some()
    }

    pub(super) fn use_name(&mut self, digest: u128, target: Target) {
        let at = dense(self.names.push(Name { digest, target }));
        self.name_at.insert(digest, at);
    }

    fn named(&self, issuer: IssuerId, space: Space, text: &str) -> Option<Target> {
        let at = self.name_at.get(space.digest(issuer, text))?;
        self.names.get(at as usize).map(|name| name.target)
    }

    /// Whether the issuer has recorded an object of this kind under this id.
    pub fn has_object(&self, issuer: IssuerId, kind: Kind, id: &str) -> bool {
        self.is_used(Space::Object(kind).digest(issuer, id))
    }

    /// The class of an issuer that a package calls so, or with this handle.
    pub fn class_named(&self, issuer: IssuerId, text: &str) -> Option<ClassId> {
        let id = match self.named(issuer, Space::Class, text) {
            Some(Target::Class(class)) => class,
            _ => ClassId::parse(text)?,
        };
        (self.class(id)?.issuer == issuer).then_some(id)
    }

    /// The plan of an issuer that a package calls so, or with this handle.
    pub fn plan_named(&self, issuer: IssuerId, text: &str) -> Option<PlanId> {
        let id = match self.named(issuer, Space::Plan, text) {
            Some(Target::Plan(plan)) => plan,
            _ => PlanId::parse(text)?,
        };
        (self.plan(id)?.issuer == issuer).then_some(id)
    }

    /// The stakeholder of an issuer that a package calls so, or with this handle.
    pub fn stakeholder_named(&self, issuer: IssuerId, text: &str) -> Option<StakeholderId> {
        let id = match self.named(issuer, Space::Stakeholder, text) {
            Some(Target::Stakeholder(stakeholder)) => stakeholder,
            _ => StakeholderId::parse(text)?,
        };
        (self.stakeholder(id)?.issuer == issuer).then_some(id)
    }

    /// The account that a stakeholder's securities lie in, or the account with this handle.
    pub fn account_named(&self, issuer: IssuerId, text: &str) -> Option<AccountId> {
        if let Some(stakeholder) = self.stakeholder_named(issuer, text) {
            return Some(self.stakeholder(stakeholder)?.account);
        }
        let account = AccountId::parse(text)?;
        self.account(account).map(|_| account)
    }

    /// The certificate or other security of an issuer that a package calls so, or with this handle.
    /// It may have ended.
    pub fn security_named(&self, issuer: IssuerId, text: &str) -> Option<Target> {
        if let Some(target) = self.named(issuer, Space::Security, text) {
            return Some(target);
        }
        if let Some(certificate) = CertificateId::parse(text) {
            let open = self.certificate(certificate).and_then(|open| self.class(open.class));
            let of = match open {
                Some(class) => Some(class.issuer),
                None => self.plan_stock(certificate).map(|stock| stock.issuer),
            };
            return (of == Some(issuer)).then_some(Target::Certificate(certificate));
        }
        let security = SecurityId::parse(text)?;
        (self.security(security)?.issuer == issuer).then_some(Target::Security(security))
    }
}
