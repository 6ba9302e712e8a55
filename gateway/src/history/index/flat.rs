//! A file of items of one width, found by their number: no search, no cache of its own.
//!
//! Reads and writes name their place, so that readers need no lock against each other. What a crash
//! leaves behind the cursor of the index is written over when the follower comes there again.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::history::HistoryError;

/// Items read at once when a file is read from end to end.
const READ_ITEMS: usize = 1 << 15;

/// A file of items of `N` bytes.
pub(super) struct Flat<const N: usize> {
    file: File,
    path: PathBuf,
}

impl<const N: usize> Flat<N> {
    pub(super) fn open(path: &Path) -> Result<Flat<N>, HistoryError> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|error| HistoryError::disk(path, &error))?;
        Ok(Flat { file, path: path.to_owned() })
    }

    /// The item of a number; `None` behind the end.
    pub(super) fn get(&self, number: u64) -> Result<Option<[u8; N]>, HistoryError> {
        let mut item = [0; N];
        let Some(at) = number.checked_mul(N as u64) else { return Ok(None) };
        match self.file.read_exact_at(&mut item, at) {
            Ok(()) => Ok(Some(item)),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(self.fault(&error)),
        }
    }

    /// Shows the items from the first one on, at most so many; how many there were.
    pub(super) fn scan(
        &self,
        at_most: u64,
        mut show: impl FnMut(u64, &[u8; N]),
    ) -> Result<u64, HistoryError> {
        let mut buffer = vec![0; READ_ITEMS * N];
        let mut number = 0;
        while number < at_most {
            let left = usize::try_from(at_most - number).unwrap_or(usize::MAX);
            let wanted = left.min(READ_ITEMS) * N;
            let filled = self.fill(number, &mut buffer[..wanted])?;
            for item in buffer[..filled].as_chunks::<N>().0 {
                show(number, item);
                number += 1;
            }
            if filled < wanted {
                break;
            }
        }
        Ok(number)
    }

    fn fill(&self, number: u64, buffer: &mut [u8]) -> Result<usize, HistoryError> {
        let mut filled = 0;
        while filled < buffer.len() {
            let at = number.saturating_mul(N as u64).saturating_add(filled as u64);
            match self.file.read_at(&mut buffer[filled..], at) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.fault(&error)),
            }
        }
        Ok(filled)
    }

    /// Writes whole items, or a part of one, at a byte.
    pub(super) fn write(&self, at: u64, bytes: &[u8]) -> Result<(), HistoryError> {
        self.file.write_all_at(bytes, at).map_err(|error| self.fault(&error))
    }

    pub(super) fn sync(&self) -> Result<(), HistoryError> {
        self.file.sync_data().map_err(|error| self.fault(&error))
    }

    fn fault(&self, error: &std::io::Error) -> HistoryError {
        HistoryError::disk(&self.path, error)
    }
}
