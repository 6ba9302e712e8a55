//! `counterfoil ocf convert`: reads a package and writes it as OCF 1.2.0.

use std::path::Path;

use counterfoil_registry::ocf::{archive, write};

use super::{counted, print_findings, read_only, refused};
use crate::cli::Package;
use crate::exit::{Failure, write_file};
use crate::table::plain;

/// Reads a package and writes it as OCF 1.2.0: as a zip where the name of `out` ends in `.zip`, else
/// as a folder. Nothing is overwritten.
pub(crate) fn convert(asked: &Package, out: &Path) -> Result<(), Failure> {
    let package = read_only(asked, false).map_err(|refusal| refused(asked, &refusal))?;
    let written = write(&package).map_err(|refusal| refused(asked, &refusal))?;
    write_out(out, &written.members)?;
    let findings: Vec<_> = package.findings.iter().chain(&written.findings).cloned().collect();
    say!(
        "{}: {} as OCF 1.2.0, {} objects in {} files, {}.",
        out.display(),
        plain(package.issuer_name()),
        package.items.len() + 1,
        written.members.len(),
        counted(findings.len()),
    );
    print_findings(&findings, &[]);
    Ok(())
}

/// Writes members as a zip where the name ends in `.zip`, else as a folder. Nothing is overwritten.
pub(super) fn write_out(out: &Path, members: &[(String, Vec<u8>)]) -> Result<(), Failure> {
    let unwritable = |error: std::io::Error| {
        Failure::environment("FILE_UNWRITABLE", format!("{}: {error}", out.display()))
    };
    let zipped = out.extension().is_some_and(|end| end.eq_ignore_ascii_case("zip"));
    if zipped {
        if out.exists() {
            let message = format!("{} is there already", out.display());
            return Err(Failure::environment("OUTPUT_EXISTS", message));
        }
        let bytes = archive::zip(members).map_err(unwritable)?;
        write_file(out, &bytes)?;
    } else {
        archive::folder(out, members).map_err(|error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                let message = format!("{} is there already, and not empty", out.display());
                Failure::environment("OUTPUT_EXISTS", message)
            }
            _ => unwritable(error),
        })?;
    }
    Ok(())
}
