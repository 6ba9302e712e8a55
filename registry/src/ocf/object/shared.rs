//! Texts that are parts of a larger one and share it.
//!
//! A package is read out of few large members. Its hundred thousands of ids, dates and numbers stay
//! where they stand there: an object holds the member, and where in it each of its texts lies. So
//! neither reading nor copying an object copies its texts, and a member is in memory for as long as
//! an object that was read out of it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// A text.
#[derive(Clone)]
pub struct Text {
    whole: Arc<str>,
    start: u32,
    end: u32,
}

impl Text {
    /// A text that may be a part of `whole`, where it then shares it.
    pub(in crate::ocf) fn within(whole: &Arc<str>, text: Cow<'_, str>) -> Text {
        let start = text.as_ptr().addr().checked_sub(whole.as_ptr().addr());
        let part = start.and_then(|start| {
            let end = start.checked_add(text.len()).filter(|end| *end <= whole.len())?;
            Some((u32::try_from(start).ok()?, u32::try_from(end).ok()?))
        });
        match part {
            Some((start, end)) => Text { whole: whole.clone(), start, end },
            None => Text::from(&*text),
        }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        // Both ends were measured on the whole, or are its own.
        self.whole.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        let end = u32::try_from(text.len()).expect("a text of an object is below 4 GiB");
        Text { whole: text.into(), start: 0, end }
    }
}

impl From<String> for Text {
    fn from(text: String) -> Text {
        Text::from(text.as_str())
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Text) -> bool {
        **self == **other
    }
}

impl Eq for Text {}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_shares_the_whole_and_another_text_stands_alone() {
        let whole: Arc<str> = "an issuance".into();
        let part = Text::within(&whole, Cow::Borrowed(&whole[3..]));
        assert_eq!((&*part, part.start), ("issuance", 3));
        assert!(Arc::ptr_eq(&part.whole, &whole));
        for other in [Cow::Borrowed("issuance"), Cow::Owned("issuance".to_owned())] {
            let alone = Text::within(&whole, other);
            assert_eq!(alone, part);
            assert!(!Arc::ptr_eq(&alone.whole, &whole));
        }
    }
}
