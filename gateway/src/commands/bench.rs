//! `counterfoil bench`: an open-loop load on a server.
//!
//! A market of its own is set up, every submission is signed in front, and each is sent at its own
//! time whether or not those before it were answered: a server that falls behind shows it as latency
//! from the time at which a submission was due, not as a lower rate. One submission holds the two
//! instructions of many trades, each account selling one share to the next.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use counterfoil_engine::hash::{Hash, to_hex};
use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::ledger::OPERATOR;
use counterfoil_engine::limits::COMMANDS_PER_SUBMISSION;
use counterfoil_engine::submission::Mode;
use counterfoil_engine::wire::Encoding;
use counterfoil_engine::wire::v1::{self, command::Command};
use hdrhistogram::Histogram;
use serde_json::{Value, json};

use crate::client::{self, Client, Signer, handle};
use crate::exit::Failure;
use crate::keys;
use crate::server::now;
use crate::table::aligned;

/// How long what is signed here may be executed: as long as the ledger allows for bulk.
const VALID_MS: u64 = 9 * 60_000;

/// What to send, and how fast.
#[derive(Args)]
pub(crate) struct Load {
    /// The server's address.
    #[arg(
        long,
        default_value = "http://127.0.0.1:7413",
        value_name = "URL",
        env = "COUNTERFOIL_SERVER"
    )]
    server: String,
    /// The operator's private key: the load runs on a market of its own, which he admits.
    #[arg(long, value_name = "FILE")]
    operator_key: PathBuf,
    /// Trades in one submission, each of them two instructions.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=2_500))]
    trades: u32,
    /// Submissions a second.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// For how many seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=300))]
    seconds: u32,
    /// Accounts that trade.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    accounts: u32,
    /// Connections that send.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=256))]
    connections: u32,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Sets up the market, sends the load and prints what came of it.
pub(crate) fn run(load: &Load) -> Result<(), Failure> {
    let market = Market::open(&Client::new(&load.server), &load.operator_key, load)?;
    let count = load.rate * load.seconds;
    eprintln!("Signing {count} submissions of {} trades.", load.trades);
    let bodies: Result<Vec<v1::Submission>, Failure> =
        (0..count).map(|place| market.trades(place, load)).collect();
    let outcome = send(&bodies?, load);
    if load.json {
        say!("{}", outcome.to_json(load));
    } else {
        outcome.print(load);
    }
    if outcome.refused + outcome.failed == 0 {
        return Ok(());
    }
    let what = format!(
        "{} trades were refused or unsettled, {} submissions failed",
        outcome.refused, outcome.failed
    );
    Err(Failure::refused("LOAD_NOT_CARRIED", what))
}

/// A market of this load's own: one broker operates every account.
struct Market {
    ledger: Hash,
    run: String,
    broker: Signer,
    class: String,
    accounts: Vec<String>,
    cash: Vec<String>,
}

/// Who sets the market up.
struct Setup<'a> {
    client: &'a Client,
    ledger: Hash,
    run: String,
    sent: u32,
}

impl Setup<'_> {
    /// Sends commands in as many submissions as they need; what each of them made.
    fn send(&mut self, signer: &Signer, commands: Vec<Command>) -> Result<Vec<Value>, Failure> {
        let mut made = Vec::with_capacity(commands.len());
        for chunk in commands.chunks(COMMANDS_PER_SUBMISSION) {
            self.sent += 1;
            let id = format!("{}-{}", self.run, self.sent);
            let until = now().plus_ms(VALID_MS);
            let (mode, encoding) = (Mode::Independent, Encoding::Protobuf);
            let signed =
                client::sign(self.ledger, signer, &id, until, mode, encoding, chunk.to_vec())?;
            let answer = self.client.submit(&signed)?;
            made.extend(client::made(&answer)?);
        }
        Ok(made)
    }

    fn one(&mut self, signer: &Signer, what: &str, command: Command) -> Result<String, Failure> {
        handle(self.send(signer, vec![command])?.first(), what)
    }

    /// A party of the load, admitted in a role.
    fn admit(&mut self, operator: &Signer, role: v1::Role) -> Result<Signer, Failure> {
        let party = self.one(operator, "party", self.party())?;
        let key = PrivateKey::from_seed(keys::random()?);
        let admit = Command::AdmitParticipant(v1::AdmitParticipant {
            party: party.clone(),
            roles: vec![role.into()],
            keys: vec![key.public().0.to_vec().into()],
        });
        self.send(operator, vec![admit])?;
        Ok(Signer { participant: client::party(&party)?, key })
    }

    fn party(&self) -> Command {
        let details = counterfoil_engine::hash::sha256(&[self.run.as_bytes()]).0.to_vec().into();
        Command::RegisterParty(v1::RegisterParty { kind: v1::PartyKind::Legal.into(), details })
    }
}

impl Market {
    fn open(client: &Client, operator_key: &Path, load: &Load) -> Result<Market, Failure> {
        let operator = Signer { participant: OPERATOR, key: keys::read(operator_key)? };
        let run = format!("load-{}", to_hex(&keys::random()?[..6]));
        let ledger = client.ledger()?;
        let mut setup = Setup { client, ledger, run: run.clone(), sent: 0 };
        let registrar = setup.admit(&operator, v1::Role::Registrar)?;
        let bank = setup.admit(&operator, v1::Role::Bank)?;
        let broker = setup.admit(&operator, v1::Role::Broker)?;
        let own = broker.participant.to_string();
        let register = Command::RegisterIssuer(v1::RegisterIssuer {
            party: registrar.participant.to_string(),
            registrar: registrar.participant.to_string(),
            formed: "2020-01-01".to_owned(),
            authorized: "UNLIMITED".to_owned(),
            ..Default::default()
        });
        let issuer = setup.one(&operator, "issuer", register)?;
        let class = Command::RegisterStockClass(v1::RegisterStockClass {
            issuer,
            kind: v1::ClassKind::Common.into(),
            name: "Load".to_owned(),
            authorized: "UNLIMITED".to_owned(),
            decimals: "0".to_owned(),
            ..Default::default()
        });
        let class = setup.one(&registrar, "stockClass", class)?;
        let create = Command::CreateCashAsset(v1::CreateCashAsset {
            currency: "USD".to_owned(),
            bank: bank.participant.to_string(),
        });
        let asset = setup.one(&operator, "cashAsset", create)?;
        let open =
            || Command::OpenSecuritiesAccount(v1::OpenSecuritiesAccount { holder: own.clone() });
        let accounts = setup.send(&broker, (0..load.accounts).map(|_| open()).collect())?;
        let open = || {
            Command::OpenCashAccount(v1::OpenCashAccount {
                party: own.clone(),
                asset: asset.clone(),
                operator: own.clone(),
            })
        };
        let cash = setup.send(&bank, (0..load.accounts).map(|_| open()).collect())?;
        let all = |made: &[Value], what: &str| -> Result<Vec<String>, Failure> {
            made.iter().map(|made| handle(Some(made), what)).collect()
        };
        let (accounts, cash) = (all(&accounts, "account")?, all(&cash, "cashAccount")?);
        let issue = accounts.iter().map(|account| {
            Command::IssueStock(v1::IssueStock {
                class: class.clone(),
                account: account.clone(),
                quantity: "1000000".to_owned(),
                ..Default::default()
            })
        });
        setup.send(&registrar, issue.collect())?;
        let credit = (0..).zip(&cash).map(|(place, account): (u32, _)| {
            Command::CreditCash(v1::CreditCash {
                account: account.clone(),
                amount: "1000000".to_owned(),
                reference: format!("{run}-{place}"),
            })
        });
        setup.send(&bank, credit.collect())?;
        Ok(Market { ledger, run, broker, class, accounts, cash })
    }

    /// One submission of trades, signed.
    fn trades(&self, place: u32, load: &Load) -> Result<v1::Submission, Failure> {
        let day = now().date().to_string();
        let own = self.broker.participant.to_string();
        let mut commands = Vec::with_capacity(load.trades as usize * 2);
        for trade in 0..load.trades {
            let number = u64::from(place) * u64::from(load.trades) + u64::from(trade);
            // A stride through the accounts, so that neighbours in memory do not help.
            let from = (number * 7_919 % u64::from(load.accounts)) as usize;
            let to = (from + 1) % self.accounts.len();
            let side = |movement: v1::Movement, at: usize, side: char| {
                Command::InstructSettlement(v1::InstructSettlement {
                    reference: format!("{}-{number}{side}", self.run),
                    movement: movement.into(),
                    payment: v1::Payment::Against.into(),
                    class: self.class.clone(),
                    quantity: "1".to_owned(),
                    trade_date: day.clone(),
                    settlement_date: day.clone(),
                    delivering_party: own.clone(),
                    receiving_party: own.clone(),
                    account: self.accounts[at].clone(),
                    cash_account: self.cash[at].clone(),
                    amount: "1".to_owned(),
                    common_reference: String::new(),
                })
            };
            commands.push(side(v1::Movement::Deliver, from, 'D'));
            commands.push(side(v1::Movement::Receive, to, 'R'));
        }
        let (id, until) = (format!("{}-t{place}", self.run), now().plus_ms(VALID_MS));
        let (mode, encoding) = (Mode::Independent, Encoding::Protobuf);
        client::sign(self.ledger, &self.broker, &id, until, mode, encoding, commands)
    }
}

/// What came of a load.
struct Outcome {
    settled: u64,
    /// Trades refused, or not settled at once.
    refused: u64,
    /// Submissions without an answer, or refused as a whole.
    failed: u64,
    took: Duration,
    /// From when a submission was due until its answer, in microseconds.
    latency: Histogram<u64>,
}

fn send(submissions: &[v1::Submission], load: &Load) -> Outcome {
    let next = AtomicUsize::new(0);
    let latency = Histogram::new_with_bounds(1, 600_000_000, 3).expect("the bounds are in order");
    let outcome =
        Mutex::new(Outcome { settled: 0, refused: 0, failed: 0, took: Duration::ZERO, latency });
    let start = Instant::now();
    let gap = Duration::from_secs(1) / load.rate;
    thread::scope(|scope| {
        for _ in 0..load.connections {
            scope.spawn(|| {
                let client = Client::new(&load.server);
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(submission) = submissions.get(place) else { return };
                    let due = start + gap * u32::try_from(place).unwrap_or(u32::MAX);
                    thread::sleep(due.saturating_duration_since(Instant::now()));
                    let answer = client.submit(submission);
                    let waited = due.elapsed();
                    outcome.lock().expect("nobody panics inside").note(answer, waited, load);
                }
            });
        }
    });
    let mut outcome = outcome.into_inner().expect("nobody panics inside");
    outcome.took = start.elapsed();
    outcome
}

impl Outcome {
    fn note(&mut self, answer: Result<Value, Failure>, waited: Duration, load: &Load) {
        let Ok(answer) = answer else {
            self.failed += 1;
            return;
        };
        let micros = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
        self.latency.saturating_record(micros.max(1));
        let outcomes = answer["outcomes"].as_array().into_iter().flatten();
        let settled = outcomes.filter(|outcome| outcome["made"]["status"] == "SETTLED").count();
        self.settled += settled as u64;
        self.refused += u64::from(load.trades).saturating_sub(settled as u64);
    }

    /// Settled trades a second, rounded down.
    fn rate(&self) -> u128 {
        u128::from(self.settled) * 1_000 / self.took.as_millis().max(1)
    }

    fn percentiles(&self) -> [(&'static str, u64); 5] {
        let at = |quantile| self.latency.value_at_quantile(quantile);
        let max = self.latency.max();
        [("p50", at(0.5)), ("p90", at(0.9)), ("p99", at(0.99)), ("p99.9", at(0.999)), ("max", max)]
    }

    fn to_json(&self, load: &Load) -> Value {
        let latency =
            self.percentiles().map(|(name, micros)| (name.to_owned(), micros.to_string()));
        json!({
            "tradesOffered": (u64::from(load.rate) * u64::from(load.trades)).to_string(),
            "tradesPerSecond": self.rate().to_string(),
            "settled": self.settled.to_string(),
            "refused": self.refused.to_string(),
            "failedSubmissions": self.failed.to_string(),
            "tookMs": self.took.as_millis().to_string(),
            "latencyMicros": latency.into_iter().map(|(k, v)| (k, v.into())).collect::<serde_json::Map<_, Value>>(),
        })
    }

    fn print(&self, load: &Load) {
        let mut rows = vec![
            ("trades offered a second", u128::from(load.rate) * u128::from(load.trades)),
            ("trades settled a second", self.rate()),
            ("trades settled", self.settled.into()),
            ("trades refused or unsettled", self.refused.into()),
            ("submissions failed", self.failed.into()),
        ];
        let latency = self.percentiles();
        let names = latency.map(|(name, _)| format!("latency {name}, microseconds"));
        rows.extend(names.iter().map(String::as_str).zip(latency.map(|(_, v)| u128::from(v))));
        let rows = rows.into_iter().map(|(what, count)| vec![what.to_owned(), count.to_string()]);
        say!("{}", aligned(&[], &[1], rows.collect()));
    }
}
