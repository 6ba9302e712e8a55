//! A server: the replica of a data directory, the read side and the gateway in front of both.
//!
//! A start recovers, serves, and on the signal to end stops taking requests, answers those on their
//! way and brings the archive up to date. A fault of the disk ends the process at once, because
//! what the disk then holds is unknown.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use counterfoil_engine::driver::ledger::Origin;
use counterfoil_engine::driver::{
    self, Clock, Node, OpenError, SystemClock, abort_process, recovery::RecoveryError,
};
use counterfoil_engine::machine::Machine;
use counterfoil_engine::replica::Settings as ReplicaSettings;
use counterfoil_engine::storage::{self, Identity, OpenFault, Sizes};
use counterfoil_engine::time::Timestamp;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::exit::Failure;
use crate::history::{History, Setup};
use crate::home::Home;
use crate::http;
use crate::keys::random;
use crate::people::People;
use crate::service::{Options, Service};
use crate::settings::{Said, Settings};

/// The only replica of a group of one.
const REPLICA: u64 = 1;
/// How long a start waits until the replica leads its group.
const READY: Duration = Duration::from_secs(30);
/// How long requests on their way have when the server is told to end.
const GRACE: Duration = Duration::from_secs(5);
/// Applied entries that stay in memory for followers that lag a little.
const WINDOW_BYTES: usize = 8 << 20;

/// The time now, as the ledger counts it.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

/// Sets up the stores of a new ledger's only replica.
pub(crate) fn set_up_replica(home: &Home) -> Result<(), Failure> {
    let ledger = home.genesis.ledger_id();
    let identity = Identity { ledger, replica: REPLICA, incarnation: seed()? };
    let mut stores = storage::Home::create(&home.replica(), identity, Sizes::default())
        .map_err(|fault| refused(&fault))?
        .stores;
    driver::initialise::<Machine>(
        replica(home)?,
        &origin(home)?,
        &mut stores.log,
        &stores.snapshots,
    )
    .map_err(|fault| Failure::environment(fault.code, fault.to_string()))
}

fn replica(home: &Home) -> Result<ReplicaSettings, Failure> {
    let cluster = home.genesis.ledger_id();
    Ok(ReplicaSettings { id: REPLICA, cluster, seed: seed()?, window_bytes: WINDOW_BYTES })
}

/// From what the machine of a data directory is made.
pub(crate) fn origin(home: &Home) -> Result<Origin, Failure> {
    let (genesis, secret) = (home.genesis.clone(), home.secret.clone());
    Ok(Origin { genesis, secret, seed: seed()? })
}

fn seed() -> Result<u64, Failure> {
    let bytes = random()?;
    Ok(u64::from_be_bytes(*bytes.first_chunk().expect("32 bytes hold 8")))
}

fn refused(fault: &OpenFault) -> Failure {
    Failure::environment(fault.code(), fault.to_string())
}

/// A server that listens and does not serve yet.
pub(crate) struct Server {
    service: Arc<Service>,
    listener: TcpListener,
    runtime: Runtime,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Recovers the replica of a data directory and binds the address.
    pub(crate) fn open(home: &Home, settings: &Settings) -> Result<Server, Failure> {
        let runtime = Runtime::new()
            .map_err(|error| Failure::environment("SYSTEM_REFUSED", error.to_string()))?;
        // The address comes first: a second server on one port ends before it touches the data.
        let listener = runtime.block_on(bind(settings.listen))?;
        let address = listener.local_addr().map_err(|error| unbound(settings.listen, &error))?;
        let service = Arc::new(service(home, settings)?);
        Ok(Server { service, listener, runtime, address })
    }

    /// The signal with which people and supervisors end a server. From this call on it no longer
    /// ends the process where it stands.
    pub(crate) fn told_to_end(&self) -> impl Future<Output = ()> + Send + 'static {
        let _within = self.runtime.enter();
        let handlers = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
        async {
            let (Ok(mut terminate), Ok(mut interrupt)) = handlers else {
                // Without handlers the signals end the process at once, which loses nothing.
                return std::future::pending().await;
            };
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
    }

    /// Serves until `until` is there, then ends in order.
    pub(crate) fn serve(
        self,
        until: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Failure> {
        let Server { service, listener, runtime, .. } = self;
        let (told, heard) = oneshot::channel();
        let until = async move {
            until.await;
            let _ = told.send(());
        };
        // Who neither sends the rest of a request nor takes its answer does not hold the end up.
        let patience = async move {
            match heard.await {
                Ok(()) => tokio::time::sleep(GRACE).await,
                Err(_) => std::future::pending().await,
            }
        };
        let serving = http::serve(listener, service.clone(), until);
        let served = runtime.block_on(async {
            tokio::select! {
                served = serving => served,
                () = patience => Ok(()),
            }
        });
        runtime.shutdown_timeout(GRACE);
        if let Ok(service) = Arc::try_unwrap(service) {
            service.node.shutdown();
        }
        served.map_err(|error| Failure::environment("NETWORK_FAILED", error.to_string()))
    }
}

/// Opens the replica of a data directory for one piece of work, without serving it.
pub(crate) fn offline<T>(
    home: &Home,
    work: impl FnOnce(&Service) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let settings = Settings::load(home.path(), None, Said::default())?;
    let service = service(home, &settings)?;
    let done = work(&service);
    service.node.shutdown();
    done
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| unbound(address, &error))
}

fn unbound(address: SocketAddr, error: &std::io::Error) -> Failure {
    let code = match error.kind() {
        std::io::ErrorKind::AddrInUse => "ADDRESS_IN_USE",
        _ => "ADDRESS_UNUSABLE",
    };
    Failure::environment(code, format!("{address}: {error}"))
        .hint("choose another address with --listen; port 0 takes any that is free")
}

/// Opens everything that a request can reach.
fn service(home: &Home, settings: &Settings) -> Result<Service, Failure> {
    let opened = storage::Home::open(&home.replica(), home.genesis.ledger_id(), Sizes::default())
        .map_err(|fault| refused(&fault))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let node = Node::<Machine>::open(
        replica(home)?,
        settings.limits,
        opened.stores,
        &origin(home)?,
        clock.clone(),
        abort_process(),
    )
    .map_err(|error| unopened(&error))?;
    if !node.wait_ready(READY) {
        let what = "the replica does not lead its group of one".to_owned();
        return Err(Failure::environment("NOT_READY", what));
    }
    let history = History::open(Setup {
        folder: home.path().to_owned(),
        genesis: home.genesis.clone(),
        secret: home.secret.clone(),
        blocks: Arc::new(opened.blocks),
        checkpoint_key: home.checkpoint_key()?,
    })
    .map_err(|error| Failure::environment(error.code(), error.to_string()))?;
    let people = People::open(home.path())
        .map_err(|error| Failure::environment(error.code(), error.to_string()))?;
    let options = Options { development: settings.development };
    Ok(Service::new(node, Arc::new(history), people, clock, random()?, options))
}

/// Why the node of a data directory does not open, with what can be done.
fn unopened(error: &OpenError) -> Failure {
    let text = error.to_string();
    let code = match error {
        OpenError::Recovery(RecoveryError::Store(fault)) => fault.code.to_owned(),
        // Each of the others begins with its code.
        _ => text.split(':').next().unwrap_or("RECOVERY_FAILED").to_owned(),
    };
    Failure::environment(&code, text).hint("`counterfoil fsck` looks at the whole directory")
}
