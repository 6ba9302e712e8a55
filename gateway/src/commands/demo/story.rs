//! The story of the demo, step by step.

use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::wire::v1::{self, command::Command};
use counterfoil_registry::ocf::source::Source;
use counterfoil_registry::ocf::{Mode, Options};
use serde_json::{Value, json};

use super::step;
use crate::client::{self, Signer};
use crate::desk::Desk;
use crate::exit::Failure;
use crate::home::Home;
use crate::keys;
use crate::newcomer::Newcomer;

/// The founder's id in the package.
const FOUNDER: &str = "holder-ada-verhoeven";

/// The people of the demo, and the accounts that they open on the way.
pub(super) struct Cast {
    registrar: Signer,
    bank: Signer,
    sellers_broker: Signer,
    buyers_broker: Signer,
    asset: String,
    buyer: String,
    buyers_account: String,
    buyers_cash: String,
}

/// The company.
pub(super) struct Issuer {
    /// Its handle.
    pub(super) id: String,
    /// The height at which its register was activated.
    pub(super) activated: String,
    /// The day on which it was: that of both trades, also when the demo goes on another day.
    day: String,
    party: String,
    /// The class that is sold.
    common: String,
    /// The founder's line and the account that came with it.
    founder: String,
    founders_account: String,
}

/// Enters a party and admits it with a new key, which is kept beside the ledger's own.
fn participant(
    desk: &Desk,
    home: &Home,
    id: &str,
    name: &str,
    role: v1::Role,
) -> Result<Signer, Failure> {
    let personal = json!({ "name": name });
    let handle = desk.enter(&desk.operator, &format!("demo-party-{id}"), &personal, true)?;
    let seed = keys::seed(&home.path().join(format!("keys/demo-{id}.key")))?;
    let key = PrivateKey::from_seed(seed);
    let admit = Command::AdmitParticipant(v1::AdmitParticipant {
        party: handle.clone(),
        roles: vec![role.into()],
        keys: vec![key.public().0.to_vec().into()],
    });
    desk.send(&desk.operator, &format!("demo-admit-{id}"), vec![admit])?;
    Ok(Signer { participant: client::party(&handle)?, key })
}

/// Admits the participants; the buyer opens accounts and pays in.
pub(super) fn admit(desk: &Desk, home: &Home) -> Result<Cast, Failure> {
    let admit = |id, name, role| participant(desk, home, id, name, role);
    let registrar = admit("registrar", "Brandywine Registrars LLC", v1::Role::Registrar)?;
    let bank = admit("bank", "Christina River Bank", v1::Role::Bank)?;
    let sellers_broker = admit("seller", "Heddle & Reed Brokers", v1::Role::Broker)?;
    let buyers_broker = admit("buyer", "Selvage Securities", v1::Role::Broker)?;
    step("The operator admits", "a registrar, a bank and two brokers");
    let personal = json!({ "name": "Kestrel Growth Partners LP" });
    let buyer = desk.enter(&buyers_broker, "demo-client", &personal, true)?;
    let open = v1::OpenSecuritiesAccount { holder: buyer.clone() };
    let open = vec![Command::OpenSecuritiesAccount(open)];
    let buyers_account = desk.send(&buyers_broker, "demo-account", open)?.made(0, "account")?;
    let create = vec![Command::CreateCashAsset(v1::CreateCashAsset {
        currency: "USD".to_owned(),
        bank: bank.participant.to_string(),
    })];
    let asset = desk.send(&desk.operator, "demo-asset", create)?.made(0, "cashAsset")?;
    let buyers_cash = open_cash(desk, &bank, "demo-cash-buyer", &buyer, &asset, &buyers_broker)?;
    let credit = Command::CreditCash(v1::CreditCash {
        account: buyers_cash.clone(),
        amount: "2000000".to_owned(),
        reference: "KESTREL-1".to_owned(),
    });
    desk.send(&bank, "demo-credit", vec![credit])?;
    step("The buyer opens accounts and pays in", "2000000 USD");
    Ok(Cast {
        registrar,
        bank,
        sellers_broker,
        buyers_broker,
        asset,
        buyer,
        buyers_account,
        buyers_cash,
    })
}

fn open_cash(
    desk: &Desk,
    bank: &Signer,
    id: &str,
    party: &str,
    asset: &str,
    operator: &Signer,
) -> Result<String, Failure> {
    let open = v1::OpenCashAccount {
        party: party.to_owned(),
        asset: asset.to_owned(),
        operator: operator.participant.to_string(),
    };
    desk.send(bank, id, vec![Command::OpenCashAccount(open)])?.made(0, "cashAccount")
}

macro_rules! member {
    ($name:literal) => {
        (
            $name.to_owned(),
            include_bytes!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../fixtures/meridian-loom/",
                $name
            ))
            .to_vec(),
        )
    };
}

/// The sample company, which the binary carries: the package `fixtures/meridian-loom`.
fn sample() -> Result<Newcomer, Failure> {
    let members = [
        member!("Manifest.ocf.json"),
        member!("Stakeholders.ocf.json"),
        member!("StockClasses.ocf.json"),
        member!("Transactions.ocf.json"),
    ];
    let source = Source::from_members(members)
        .map_err(|refusal| Failure::refused(refusal.code.as_str(), refusal.reason()))?;
    Newcomer::read(&source, Options { mode: Mode::Strict, md5: true })
}

/// Imports the sample company through a draft register that registrar and operator activate.
pub(super) fn bring_in(desk: &Desk, cast: &Cast) -> Result<Issuer, Failure> {
    let sample = sample()?;
    let brought = sample.bring_in(desk, &cast.registrar, "demo")?;
    let (id, (activated, day)) = (brought.issuer, brought.activated);
    let (items, outstanding) = (sample.items.len(), &sample.outstanding);
    let what = format!("{}, {items} items, {outstanding} shares", sample.name);
    step("Registrar and operator activate the register", &what);
    let lines = desk.ask(
        "query($issuer: ID!, $height: Height!) { issuer(id: $issuer, minHeight: $height) {
         stockClasses(first: 100) { nodes { id name } }
         stakeholders(first: 100) { nodes { id sourceId account { id } } } } }",
        json!({ "issuer": id, "height": activated }),
    )?;
    let lines = &lines["issuer"];
    let founder = node(&lines["stakeholders"], "sourceId", FOUNDER)?;
    let common = node(&lines["stockClasses"], "name", "Common Stock")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Ok(Issuer {
        id,
        activated,
        day,
        party: brought.party,
        common: text(&common["id"]),
        founder: text(&founder["id"]),
        founders_account: text(&founder["account"]["id"]),
    })
}

/// The node of a page in which a field has a value.
fn node<'a>(page: &'a Value, field: &str, value: &str) -> Result<&'a Value, Failure> {
    let mut nodes = page["nodes"].as_array().into_iter().flatten();
    nodes.find(|node| node[field] == value).ok_or_else(|| {
        let what = format!("nothing has {field} {value}");
        Failure::environment("SERVER_UNEXPECTED", what)
    })
}

/// The founder's stakeholder line becomes her party; her broker operates the account from now on.
pub(super) fn link_founder(desk: &Desk, cast: &Cast, issuer: &Issuer) -> Result<String, Failure> {
    let founder = desk.enter(
        &cast.sellers_broker,
        "demo-founder",
        &json!({ "name": "Ada Verhoeven" }),
        false,
    )?;
    let link = Command::LinkStakeholder(v1::LinkStakeholder {
        stakeholder: issuer.founder.clone(),
        party: founder.clone(),
        operator: cast.sellers_broker.participant.to_string(),
    });
    desk.send(&cast.registrar, "demo-link", vec![link.clone()])?;
    desk.send(&cast.sellers_broker, "demo-link", vec![link])?;
    step("Registrar and broker link the founder's account", &founder);
    Ok(founder)
}

/// A trade: who delivers what, and against how much.
struct Trade<'a> {
    id: &'a str,
    deliverer: &'a Signer,
    delivering: &'a str,
    /// Empty where the issuer delivers unissued stock.
    account: &'a str,
    cash: &'a str,
    quantity: &'a str,
    amount: &'a str,
}

/// Both brokers instruct; the second instruction finds the first, and both legs are posted at once.
fn settle(desk: &Desk, cast: &Cast, issuer: &Issuer, trade: &Trade<'_>) -> Result<(), Failure> {
    let instruct = |movement: v1::Movement, account: &str, cash: &str| v1::InstructSettlement {
        reference: format!("{}-{}", trade.id, movement.as_str_name()),
        movement: movement.into(),
        payment: v1::Payment::Against.into(),
        class: issuer.common.clone(),
        quantity: trade.quantity.to_owned(),
        trade_date: issuer.day.clone(),
        settlement_date: issuer.day.clone(),
        delivering_party: trade.delivering.to_owned(),
        receiving_party: cast.buyer.clone(),
        account: account.to_owned(),
        cash_account: cash.to_owned(),
        amount: trade.amount.to_owned(),
        common_reference: trade.id.to_owned(),
    };
    let deliver = instruct(v1::Movement::Deliver, trade.account, trade.cash);
    let receive = instruct(v1::Movement::Receive, &cast.buyers_account, &cast.buyers_cash);
    let reference = receive.reference.clone();
    desk.instruct(trade.deliverer, &format!("demo-{}-deliver", trade.id), deliver)?;
    desk.instruct(&cast.buyers_broker, &format!("demo-{}-receive", trade.id), receive)?;
    let status = desk.ask(
        "query($owner: ID!, $reference: String!) {
         instruction(owner: $owner, reference: $reference) { status } }",
        json!({
            "owner": cast.buyers_broker.participant.to_string(),
            "reference": reference,
        }),
    )?;
    match status["instruction"]["status"].as_str() {
        Some("SETTLED") => Ok(()),
        other => {
            let what = format!("{reference} is {}", other.unwrap_or("not there"));
            Err(Failure::refused("NOT_SETTLED", what))
        }
    }
}

/// The issuer sells new shares: the certificate comes into being in the settlement.
pub(super) fn primary_issuance(desk: &Desk, cast: &Cast, issuer: &Issuer) -> Result<(), Failure> {
    let registrar = &cast.registrar;
    let cash =
        open_cash(desk, &cast.bank, "demo-cash-issuer", &issuer.party, &cast.asset, registrar)?;
    let trade = Trade {
        id: "PRIMARY",
        deliverer: registrar,
        delivering: &issuer.party,
        account: "",
        cash: &cash,
        quantity: "200000",
        amount: "500000",
    };
    settle(desk, cast, issuer, &trade)?;
    step("The issuer sells new shares against payment", "200000 Common Stock for 500000 USD");
    Ok(())
}

/// The founder sells a part of her certificate; the handle of the account into which she is paid.
pub(super) fn secondary_sale(
    desk: &Desk,
    cast: &Cast,
    issuer: &Issuer,
    founder: &str,
) -> Result<String, Failure> {
    let broker = &cast.sellers_broker;
    let cash = open_cash(desk, &cast.bank, "demo-cash-founder", founder, &cast.asset, broker)?;
    let trade = Trade {
        id: "SECONDARY",
        deliverer: broker,
        delivering: founder,
        account: &issuer.founders_account,
        cash: &cash,
        quantity: "300000",
        amount: "720000",
    };
    settle(desk, cast, issuer, &trade)?;
    step("The founder sells to the buyer", "300000 Common Stock for 720000 USD");
    Ok(cash)
}
