//! Cash: assets, accounts, what banks bring in and take out, and payments.

use counterfoil_registry::amount::{Currency, parse_decimal};
use counterfoil_registry::handle::PartyId;
use counterfoil_registry::rule::Rule;

use super::{Asset, CashAccount, Effects, Handled, Ledger, NONE, Refusal, Signer};
use crate::command::{AmountText, Reference, Roles};
use crate::effects::{CashEffect, IdentityEffect};
use crate::handle::{AssetId, CashAccountId};
use crate::limits::AMOUNT_MINOR;
use crate::rejection::Rejection;

/// The kind of reference that a bank uses up with a credit or a redemption.
const BANK_REFERENCE: u8 = 2;

impl Ledger {
    pub(super) fn create_asset(
        &mut self,
        signer: &Signer,
        currency: Currency,
        bank: PartyId,
        effects: &mut Effects,
    ) -> Handled {
        signer.needs(Roles::OPERATOR)?;
        let participant = self.participant(bank).ok_or(Rejection::ParticipantUnknown)?;
        if !participant.roles.any(Roles::BANK) {
            return Err(Rejection::NotAuthorized.into());
        }
        let key = asset_key(currency, bank);
        if self.asset_of.get(key).is_some() {
            return Err(Rejection::AssetExists.into());
        }
        // Past this line the command succeeds.
        let at = self.assets.push(Asset { currency, bank, issued: 0 });
        let asset = AssetId(u32::try_from(at).unwrap_or(NONE - 1));
        self.asset_of.insert(key, asset.0);
        self.touch(bank, effects);
        effects.cash(CashEffect::AssetCreated { asset, currency, bank });
        Ok(())
    }

    pub(super) fn open_cash_account(
        &mut self,
        signer: &Signer,
        party: PartyId,
        asset: AssetId,
        operator: PartyId,
        effects: &mut Effects,
    ) -> Handled {
        let bank = self.asset(asset).ok_or(Rejection::AssetUnknown)?.bank;
        signer.is(bank)?;
        self.participant(operator).ok_or(Rejection::ParticipantUnknown)?;
        self.register.party(party).ok_or(Rule::PartyUnknown)?;
        // Past this line the command succeeds.
        let account = CashAccount { party, asset, operator, balance: 0 };
        let at = self.cash_accounts.push(account);
        let account = CashAccountId(u32::try_from(at).unwrap_or(NONE - 1));
        self.touch(operator, effects);
        effects.identity(IdentityEffect::CashAccountOpened { account, party, asset, operator });
        Ok(())
    }

    pub(super) fn credit(
        &mut self,
        signer: &Signer,
        account: CashAccountId,
        amount: &AmountText,
        reference: Reference,
        effects: &mut Effects,
    ) -> Handled {
        let (asset, minor, digest) = self.bank_order(signer, account, amount, reference)?;
        // Past this line the command succeeds.
        self.use_reference(digest, NONE);
        let owed = self.assets.get_mut(asset.index()).expect("checked");
        owed.issued = owed.issued.saturating_add(minor);
        let held = self.cash_accounts.get_mut(account.index()).expect("checked");
        held.balance = held.balance.saturating_add(minor);
        let operator = held.operator;
        self.touch(operator, effects);
        effects.cash(CashEffect::Issued { asset, amount: signed(minor) });
        effects.post(account, asset, signed(minor));
        Ok(())
    }

    pub(super) fn redeem(
        &mut self,
        signer: &Signer,
        account: CashAccountId,
        amount: &AmountText,
        reference: Reference,
        effects: &mut Effects,
    ) -> Handled {
        let (asset, minor, digest) = self.bank_order(signer, account, amount, reference)?;
        self.covered(account, minor)?;
        // Past this line the command succeeds.
        self.use_reference(digest, NONE);
        let owed = self.assets.get_mut(asset.index()).expect("checked");
        owed.issued -= minor;
        let held = self.cash_accounts.get_mut(account.index()).expect("checked");
        held.balance -= minor;
        let operator = held.operator;
        self.touch(operator, effects);
        effects.cash(CashEffect::Issued { asset, amount: -signed(minor) });
        effects.post(account, asset, -signed(minor));
        Ok(())
    }

    /// What credits and redemptions share: the bank's own account, amount and an unused reference.
    fn bank_order(
        &self,
        signer: &Signer,
        account: CashAccountId,
        amount: &AmountText,
        reference: Reference,
    ) -> Result<(AssetId, u128, u128), Refusal> {
        let held = self.cash_account(account).ok_or(Rejection::CashAccountUnknown)?;
        let asset = self.asset(held.asset).ok_or(Rejection::AssetUnknown)?;
        signer.is(asset.bank)?;
        let minor = minor_units(amount, asset.currency)?;
        if asset.issued.checked_add(minor).is_none_or(|sum| sum > AMOUNT_MINOR * 1_000_000) {
            return Err(Rejection::AmountInvalid.into());
        }
        let digest = self.reference_digest(BANK_REFERENCE, signer.party, reference);
        if self.reference_of.get(digest).is_some() {
            return Err(Rejection::ReferenceUsed.into());
        }
        Ok((held.asset, minor, digest))
    }

    /// Whether an account covers a payment.
    pub(super) fn covered(&self, account: CashAccountId, minor: u128) -> Result<(), Refusal> {
        let held = self.cash_account(account).ok_or(Rejection::CashAccountUnknown)?;
        if held.balance >= minor {
            return Ok(());
        }
        let short = minor - held.balance;
        let detail = format!("account {account} lacks {short} minor units");
        Err(Refusal { rejection: Rejection::CashInsufficient, detail })
    }

    /// Moves money between two accounts of one asset; the payer was found to be covered.
    pub(super) fn pay(
        &mut self,
        from: CashAccountId,
        to: CashAccountId,
        asset: AssetId,
        minor: u128,
        effects: &mut Effects,
    ) {
        let payer = self.cash_accounts.get_mut(from.index()).expect("checked");
        payer.balance = payer.balance.checked_sub(minor).expect("the payer was covered");
        let payee = self.cash_accounts.get_mut(to.index()).expect("checked");
        payee.balance = payee.balance.checked_add(minor).expect("no more than the bank issued");
        effects.post(from, asset, -signed(minor));
        effects.post(to, asset, signed(minor));
    }
}

/// Reads an amount of a currency: above zero, whole in minor units, within the limit.
pub(super) fn minor_units(amount: &AmountText, currency: Currency) -> Result<u128, Rejection> {
    parse_decimal(&amount.0, currency.minor_decimals())
        .filter(|minor| (1..=AMOUNT_MINOR).contains(minor))
        .ok_or(Rejection::AmountInvalid)
}

fn signed(minor: u128) -> i128 {
    i128::try_from(minor).expect("the limit on amounts is far below 2^127")
}

pub(super) fn asset_key(currency: Currency, bank: PartyId) -> u64 {
    let [a, b, c] = currency.bytes();
    u64::from(bank.0) << 32 | u64::from(u32::from_be_bytes([0, a, b, c]))
}
