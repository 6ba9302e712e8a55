//! Colour, where it helps: on a terminal, and not where `NO_COLOR` is set (<https://no-color.org>).

use std::io::IsTerminal;

/// Paints text for one stream, or leaves it plain.
#[derive(Clone, Copy)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    /// For standard error.
    pub(crate) fn stderr() -> Paint {
        Paint { on: std::io::stderr().is_terminal() && wanted() }
    }

    /// For standard output.
    pub(crate) fn stdout() -> Paint {
        Paint { on: std::io::stdout().is_terminal() && wanted() }
    }

    /// Something to look at.
    pub(crate) fn notice(self, text: &str) -> String {
        self.wrapped("33", text)
    }

    /// Something less important.
    pub(crate) fn faint(self, text: &str) -> String {
        self.wrapped("2", text)
    }

    fn wrapped(self, code: &str, text: &str) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn wanted() -> bool {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    set("NO_COLOR").is_none() && set("TERM").is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_as_it_is() {
        let (plain, painted) = (Paint { on: false }, Paint { on: true });
        assert_eq!(plain.notice("a"), "a");
        assert_eq!(painted.notice("a"), "\x1b[33ma\x1b[0m");
        assert_eq!(painted.faint("a"), "\x1b[2ma\x1b[0m");
    }
}
