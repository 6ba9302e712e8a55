//! A real server in a process of its own, and what its people do.

#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests, outside of test functions")]

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use counterfoil_engine::hash::{Hash, parse_hex};
use counterfoil_engine::key::PrivateKey;
use counterfoil_engine::ledger::OPERATOR;
use counterfoil_engine::submission::Mode;
use counterfoil_engine::time::Timestamp;
use counterfoil_engine::wire::Encoding;
use counterfoil_engine::wire::v1::{self, command::Command as Ask};
use counterfoil_gateway::client::{Client, Signer, sign};
use serde_json::Value;

/// How long a command may take before a test gives it up: none of them waits for anybody.
const COMMAND_MAX: Duration = Duration::from_secs(180);

/// Runs the command line in a folder.
pub(crate) fn counterfoil(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterfoil"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("the binary was built");
    let (stdout, stderr) = (all_of(process.stdout.take()), all_of(process.stderr.take()));
    let until = Instant::now() + COMMAND_MAX;
    let status = loop {
        match process.try_wait().expect("the process is ours") {
            Some(status) => break status,
            None if Instant::now() > until => {
                process.kill().expect("the process is ours");
                panic!("{arguments:?} does not end");
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let read = |pipe: JoinHandle<Vec<u8>>| pipe.join().expect("the pipe is read to its end");
    Output { status, stdout: read(stdout), stderr: read(stderr) }
}

/// Reads a pipe to its end, beside the process that writes into it.
fn all_of(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.expect("it was asked for").read_to_end(&mut bytes).expect("a pipe can be read");
        bytes
    })
}

/// What a process printed.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what the command prints is UTF-8")
}

/// What `--json` printed.
pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("--json prints JSON")
}

/// A server that runs.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: String,
}

impl Server {
    /// Starts a server of the data directory `data` within a folder, on any free port.
    pub(crate) fn start(folder: &Path) -> Server {
        let mut process = Server::spawn(folder);
        let mut line = String::new();
        let out = process.stdout.as_mut().expect("it is piped");
        BufReader::new(out).read_line(&mut line).unwrap();
        let address = line.trim().to_owned();
        if address.is_empty() {
            let mut said = String::new();
            process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("the server did not start: {said}");
        }
        Server { process, address }
    }

    fn spawn(folder: &Path) -> Child {
        Command::new(env!("CARGO_BIN_EXE_counterfoil"))
            .args(["serve", "--data", "data", "--listen", "127.0.0.1:0"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary was built")
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.address)
    }

    /// Ends it as the system does that runs out of memory: `kill -9`.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Waits until it has ended by itself; what it said for people.
    pub(crate) fn ended(mut self) -> String {
        let mut said = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(!self.process.wait().unwrap().success());
        said
    }

    /// Ends it in order; what it said for people.
    pub(crate) fn terminate(mut self) -> (Option<i32>, String) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let mut said = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.process.wait().unwrap().code(), said)
    }
}

impl Drop for Server {
    /// A test that fails leaves no server behind.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sets up a ledger in `data` below a folder; its id and its operator.
pub(crate) fn set_up(folder: &Path) -> (Hash, Signer) {
    let arguments = ["init", "--data", "data", "--origin", "counterfoil.test/ledger", "--json"];
    let output = counterfoil(&arguments, folder);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let ledger = Hash::parse(json(&output)["ledger"].as_str().unwrap()).unwrap();
    let seed = std::fs::read_to_string(folder.join("data/keys/operator.key")).unwrap();
    let seed = parse_hex(seed.trim()).unwrap().try_into().unwrap();
    (ledger, Signer { participant: OPERATOR, key: PrivateKey::from_seed(seed) })
}

/// Minutes from now.
pub(crate) fn soon() -> Timestamp {
    use counterfoil_engine::driver::{Clock, SystemClock};
    SystemClock.now().plus_ms(5 * 60_000)
}

/// Signs and sends; what came of each command.
pub(crate) fn send(
    client: &Client,
    ledger: Hash,
    signer: &Signer,
    id: &str,
    asks: Vec<Ask>,
) -> Value {
    let mode = Mode::Independent;
    let signed = sign(ledger, signer, id, soon(), mode, Encoding::Protobuf, asks).unwrap();
    client.submit(&signed).unwrap()
}

/// The handle that the command at a place made.
pub(crate) fn made(answer: &Value, place: usize, what: &str) -> String {
    let made = answer["outcomes"][place]["made"][what].as_str();
    made.unwrap_or_else(|| panic!("no {what} in {answer}")).to_owned()
}

/// A party, admitted in a role with a key of its own.
pub(crate) fn admit(
    client: &Client,
    ledger: Hash,
    operator: &Signer,
    seed: u8,
    role: v1::Role,
) -> Signer {
    let register = Ask::RegisterParty(v1::RegisterParty {
        kind: v1::PartyKind::Legal.into(),
        details: vec![seed; 32].into(),
    });
    let entered = send(client, ledger, operator, &format!("enter-{seed}"), vec![register]);
    let party = made(&entered, 0, "party");
    let key = PrivateKey::from_seed([seed; 32]);
    let admit = Ask::AdmitParticipant(v1::AdmitParticipant {
        party: party.clone(),
        roles: vec![role.into()],
        keys: vec![key.public().0.to_vec().into()],
    });
    send(client, ledger, operator, &format!("admit-{seed}"), vec![admit]);
    let participant = counterfoil_registry::handle::PartyId::parse(&party).unwrap();
    Signer { participant, key }
}
