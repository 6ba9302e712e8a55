//! The objects of a package looked at together: that ids are unique, that references lead somewhere,
//! and that what happens to each security adds up.
//!
//! STRICT refuses at the first departure. LENIENT has one written reading for each, of which none
//! gives or takes a holding by a guess: an event that cannot be carried out as it stands is repaired
//! to say what it can only have meant, or left out where it can have no effect, or refused. What is
//! left is a package that STRICT accepts.
//!
//! Deliberately absent: the rules of the register (authorized shares, pools, formation), which bind
//! when the items are carried out ([`super::import`]).

use super::findings::Findings;
use super::package::Package;
use super::{Mode, Refusal};

mod dates;
mod fresh;
mod ids;
mod index;
mod joint;
mod lost;
mod names;
mod order;
mod references;
mod vesting;
mod walk;

pub(super) use index::{Index, Role, role};
pub(super) use order::order;

/// Checks a package, or repairs it in LENIENT.
pub(super) fn repair(package: &mut Package, findings: &mut Findings) -> Result<(), Refusal> {
    ids::unique(package, findings)?;
    references::resolve(package, findings)?;
    if findings.mode() == Mode::Lenient {
        lost::make(package, findings)?;
        joint::divide(package, findings)?;
    }
    dates::early(package, findings)?;
    let mut index = Index::of(package, findings)?;
    index.unlink(package);
    dates::agree(package, &mut index, findings)?;
    let walked = walk::walk(package, index, findings)?;
    // Each transaction names by now what its security has become.
    if vesting::agree(package, findings)? || walked {
        references::resolve(package, findings)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
