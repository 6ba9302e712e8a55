//! The ledger itself on three simulated replicas: brokers instruct deliveries against payment
//! while disks forget, links break and processes crash.
//!
//! `SIM_SEED=n` runs one seed, `SIM_SEEDS=n` so many.

use counterfoil_engine::command::Reference;
use counterfoil_engine::driver::ledger::Origin;
use counterfoil_engine::machine::Machine;
use counterfoil_engine::sim::{Chance, Plan, Workload, run};
use counterfoil_engine::submission::{Author, Mode};
use counterfoil_engine::time::Timestamp;
use counterfoil_engine::wire::{Encoding, v1};
use counterfoil_tests::{Actor, Market, OPENING};

const SEEDS: u64 = 20;

/// Command 2n is the seller's side of trade n, command 2n + 1 the buyer's.
struct Trades(Market);

impl Trades {
    fn actor(id: u64) -> (Actor, v1::Movement) {
        match id % 2 {
            0 => (Actor::Seller, v1::Movement::Deliver),
            _ => (Actor::Buyer, v1::Movement::Receive),
        }
    }

    fn reference(id: u64) -> String {
        format!("TRADE-{}", id / 2)
    }
}

impl Workload for Trades {
    type Machine = Machine;

    fn origin(&self) -> Origin {
        let Market { genesis, secret, .. } = &self.0;
        Origin { genesis: genesis.clone(), secret: secret.clone(), seed: 9 }
    }

    fn machine(&self) -> Machine {
        self.0.machine.clone()
    }

    fn begin(&self) -> Timestamp {
        self.0.clock
    }

    fn submission(&self, id: u64, _: &mut Chance) -> Vec<u8> {
        let (actor, movement) = Trades::actor(id);
        let author = Author {
            ledger: self.0.genesis.ledger_id(),
            participant: actor.party(),
            key: actor.key(),
            encoding: Encoding::Protobuf,
        };
        let command = Market::side(&Trades::reference(id), movement, 1, "10");
        let until = OPENING.plus_ms(300_000);
        let signed =
            author.sign(&format!("SIM-{id}"), until, Mode::Independent, vec![([0; 16], command)]);
        counterfoil_engine::submission::Submission::from_wire(signed)
            .expect("well-formed")
            .bytes
            .to_vec()
    }

    fn executions(&self, machine: &Machine, id: u64) -> u64 {
        let (actor, _) = Trades::actor(id);
        let reference = Trades::reference(id);
        let reference = Reference::parse(&reference).expect("a reference");
        u64::from(machine.ledger().instruction_of(actor.party(), reference).is_some())
    }
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

#[test]
fn settlements_survive_what_happens_to_three_replicas() {
    let seeds = match number("SIM_SEED") {
        Some(seed) => seed..=seed,
        None => 1..=number("SIM_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        let plan = Plan { faulty_ms: 2_500, quiet_ms: 800, ..Plan::new(seed) };
        let market = Market::funded(seed, 900_000, 9_000_000);
        match run(Trades(market), plan) {
            Ok(report) => println!("seed {seed}: {report:?}"),
            Err(violation) => panic!(
                "seed {seed}: {violation}\nrepeat: SIM_SEED={seed} cargo test -p \
                 counterfoil-tests --test ledger_simulator -- --nocapture"
            ),
        }
    }
}
