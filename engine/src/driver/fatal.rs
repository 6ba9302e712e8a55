//! Faults after which a replica must not go on.

use std::fmt;
use std::sync::Arc;

use super::store::StoreFault;

/// Why the process has to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fatal {
    /// What was being done.
    pub while_doing: &'static str,
    /// What the disk said.
    pub fault: StoreFault,
}

impl fmt::Display for Fatal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; while {}", self.fault.detail, self.while_doing)?;
        if self.fault.code == "DISK_FULL" {
            f.write_str(". Nothing acknowledged is lost: free some space and start again")?;
        }
        Ok(())
    }
}

/// What is done about it. On a server it does not return; in a test it takes a note.
pub type OnFatal = Arc<dyn Fn(&Fatal) + Send + Sync>;

/// Prints the reason and ends the process at once: what is in memory may be ahead of a disk that
/// can no longer be believed, so nothing more is said to anyone.
pub fn abort_process() -> OnFatal {
    Arc::new(|fatal| {
        eprintln!("counterfoil: {fatal}");
        std::process::abort();
    })
}
