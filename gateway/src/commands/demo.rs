//! `counterfoil demo`: the whole way once, from an Open Cap Format package to a settled trade whose
//! evidence is verified offline.
//!
//! The ledger, the submissions, the records and the verifier are the real ones. What the demo does not
//! show yet is said in its first lines: the ledger lives in the memory of this process.

use std::path::Path;

use counterfoil_engine::wire::v1::{self, command::Command};
use counterfoil_registry::handle::{ClassId, Holder, IssuerId, StakeholderId};

use crate::exit::Failure;
use desk::{Desk, Person};

mod desk;
mod sample;
mod show;

/// The people of the demo, and the accounts that they open on the way.
struct Cast {
    registrar: Person,
    bank: Person,
    sellers_broker: Person,
    buyers_broker: Person,
    buyer: String,
    buyers_account: String,
    buyers_cash: String,
}

/// Plays the demo and leaves the evidence bundle in `folder`.
pub(crate) fn run(folder: &Path) -> Result<(), Failure> {
    eprintln!("A ledger in the memory of this process; the evidence goes to {}.", folder.display());
    let mut desk = Desk::open()?;
    step("The operator opens the ledger", &format!("ledger {}", desk.genesis.ledger_id()));
    let cast = admit(&mut desk)?;
    let issuer = bring_in(&mut desk, &cast)?;
    let before = show::cap_table(&desk, issuer)?;
    println!("\nCap table before\n\n{before}\n");
    let founder = link_founder(&mut desk, &cast)?;
    let treasury = fund(&mut desk, &cast, issuer)?;
    let today = desk.machine.ledger().time().date().to_string();
    primary_issuance(&mut desk, &cast, &treasury, &today)?;
    let founders_cash = secondary_sale(&mut desk, &cast, &founder, &today)?;
    let after = show::cap_table(&desk, issuer)?;
    println!("\nCap table after\n\n{after}\n");
    println!("Lineage of the certificates\n\n{}\n", show::lineage(&desk, issuer)?);
    step("The founder was paid", &show::balance(&desk, &founders_cash));
    show::evidence(&desk, issuer, folder)
}

fn step(what: &str, outcome: &str) {
    println!("* {what}: {outcome}");
}

fn admit(desk: &mut Desk) -> Result<Cast, Failure> {
    let registrar = desk.participant("Brandywine Registrars LLC", v1::Role::Registrar)?;
    let bank = desk.participant("Christina River Bank", v1::Role::Bank)?;
    let sellers_broker = desk.participant("Heddle & Reed Brokers", v1::Role::Broker)?;
    let buyers_broker = desk.participant("Selvage Securities", v1::Role::Broker)?;
    let buyer = desk.party(&buyers_broker, "Kestrel Growth Partners LP", true)?.to_string();
    step("The operator admits", "a registrar, a bank and two brokers");
    let open = v1::OpenSecuritiesAccount { holder: buyer.clone() };
    let buyers_account = desk.account(&buyers_broker, Command::OpenSecuritiesAccount(open))?;
    let asset = Command::CreateCashAsset(v1::CreateCashAsset {
        currency: "USD".to_owned(),
        bank: bank.party.to_string(),
    });
    let operator = desk.operator.clone();
    desk.send(&operator, vec![asset])?;
    let buyers_cash = open_cash(desk, &bank, &buyer, &buyers_broker)?;
    let credit = Command::CreditCash(v1::CreditCash {
        account: buyers_cash.clone(),
        amount: "2000000".to_owned(),
        reference: "KESTREL-1".to_owned(),
    });
    desk.send(&bank, vec![credit])?;
    step("The buyer opens accounts and pays in", "2000000 USD");
    Ok(Cast { registrar, bank, sellers_broker, buyers_broker, buyer, buyers_account, buyers_cash })
}

fn open_cash(
    desk: &mut Desk,
    bank: &Person,
    party: &str,
    operator: &Person,
) -> Result<String, Failure> {
    let open = v1::OpenCashAccount {
        party: party.to_owned(),
        asset: counterfoil_engine::handle::AssetId(0).to_string(),
        operator: operator.party.to_string(),
    };
    desk.account(bank, Command::OpenCashAccount(open))
}

/// Imports the sample company through a draft register that registrar and operator activate.
fn bring_in(desk: &mut Desk, cast: &Cast) -> Result<IssuerId, Failure> {
    let sample = sample::read_sample()?;
    let operator = desk.operator.clone();
    let party = desk.party(&cast.registrar, &sample.name, true)?;
    let issuer = desk.machine.ledger().register().next_issuer();
    let register = Command::RegisterIssuer(v1::RegisterIssuer {
        party: party.to_string(),
        registrar: cast.registrar.party.to_string(),
        formed: sample.formed.clone(),
        authorized: sample.authorized.clone(),
        source_id: sample.id.clone(),
        draft: true,
    });
    desk.send(&operator, vec![register])?;
    let items = sample.items.len().to_string();
    let import = v1::ImportRegister { issuer: issuer.to_string(), items: sample.items.clone() };
    desk.send(&cast.registrar, vec![Command::ImportRegister(import)])?;
    let activate = Command::ActivateRegister(v1::ActivateRegister {
        issuer: issuer.to_string(),
        package: sample.digest.to_vec().into(),
        findings: sample.findings.to_string(),
        items: items.clone(),
        outstanding: sample.outstanding.clone(),
    });
    desk.send(&cast.registrar, vec![activate.clone()])?;
    desk.send(&operator, vec![activate])?;
    for (at, name) in (0..).zip(&sample.stakeholders) {
        desk.learn(Holder::Stakeholder(StakeholderId(at)), name);
    }
    let what = format!("{}, {items} items, {} shares", sample.name, sample.outstanding);
    step("Registrar and operator activate the register", &what);
    Ok(issuer)
}

/// The founder's stakeholder line becomes his party; his broker operates the account from now on.
fn link_founder(desk: &mut Desk, cast: &Cast) -> Result<String, Failure> {
    let founder = desk.party(&cast.sellers_broker, "Ada Verhoeven", false)?;
    let link = Command::LinkStakeholder(v1::LinkStakeholder {
        stakeholder: StakeholderId(0).to_string(),
        party: founder.to_string(),
        operator: cast.sellers_broker.party.to_string(),
    });
    desk.send(&cast.registrar, vec![link.clone()])?;
    desk.send(&cast.sellers_broker, vec![link])?;
    step("Registrar and broker link the founder's account", &founder.to_string());
    Ok(founder.to_string())
}

/// The issuer's cash account, which its registrar operates.
fn fund(desk: &mut Desk, cast: &Cast, issuer: IssuerId) -> Result<(String, String), Failure> {
    let party = desk.machine.ledger().register().issuer(issuer).map(|issuer| issuer.party);
    let party = party.expect("the issuer was registered").to_string();
    let cash = open_cash(desk, &cast.bank, &party, &cast.registrar)?;
    Ok((party, cash))
}

/// What both sides of a trade have in common.
fn trade(
    quantity: &str,
    amount: &str,
    delivering: &str,
    cast: &Cast,
    today: &str,
) -> v1::InstructSettlement {
    v1::InstructSettlement {
        payment: v1::Payment::Against.into(),
        class: ClassId(0).to_string(),
        quantity: quantity.to_owned(),
        trade_date: today.to_owned(),
        settlement_date: today.to_owned(),
        delivering_party: delivering.to_owned(),
        receiving_party: cast.buyer.clone(),
        amount: amount.to_owned(),
        ..v1::InstructSettlement::default()
    }
}

/// Sends both sides; the second one finds the first, and both legs are posted at once.
fn settle(
    desk: &mut Desk,
    cast: &Cast,
    deliverer: &Person,
    common: &v1::InstructSettlement,
    account: &str,
    cash: &str,
    reference: &str,
) -> Result<(), Failure> {
    let deliver = v1::InstructSettlement {
        reference: format!("{reference}-D"),
        movement: v1::Movement::Deliver.into(),
        account: account.to_owned(),
        cash_account: cash.to_owned(),
        ..common.clone()
    };
    let receive = v1::InstructSettlement {
        reference: format!("{reference}-R"),
        movement: v1::Movement::Receive.into(),
        account: cast.buyers_account.clone(),
        cash_account: cast.buyers_cash.clone(),
        ..common.clone()
    };
    desk.send(deliverer, vec![Command::InstructSettlement(deliver)])?;
    let records = desk.send(&cast.buyers_broker, vec![Command::InstructSettlement(receive)])?;
    let settled = records.iter().all(|record| !record.sections[0].is_empty());
    if settled { Ok(()) } else { Err(Failure::refused("NOT_SETTLED", reference)) }
}

fn primary_issuance(
    desk: &mut Desk,
    cast: &Cast,
    (treasury, cash): &(String, String),
    today: &str,
) -> Result<(), Failure> {
    let common = trade("200000", "500000", treasury, cast, today);
    settle(desk, cast, &cast.registrar, &common, "", cash, "PRIMARY")?;
    step("The issuer sells new shares against payment", "200000 Common Stock for 500000 USD");
    Ok(())
}

fn secondary_sale(
    desk: &mut Desk,
    cast: &Cast,
    founder: &str,
    today: &str,
) -> Result<String, Failure> {
    let register = desk.machine.ledger().register();
    let account = register.stakeholder(StakeholderId(0)).map(|line| line.account);
    let account = account.expect("the founder was imported").to_string();
    let cash = open_cash(desk, &cast.bank, founder, &cast.sellers_broker)?;
    let common = trade("300000", "720000", founder, cast, today);
    settle(desk, cast, &cast.sellers_broker, &common, &account, &cash, "SECONDARY")?;
    step("The founder sells to the buyer", "300000 Common Stock for 720000 USD");
    Ok(cash)
}
