//! JSON of one member, read once, with numbers kept as the text that stands there.
//!
//! A number is never turned into a binary fraction: `0.1` in a file that should have said `"0.1"` is
//! read as exactly that. A key that occurs twice in one object is refused (two readers could take
//! either), and so are more than [`DEPTH_MAX`] levels, and more than [`NODES_MAX`] values within one
//! item. Items are handed out one by one, so that no file stands in memory as a tree as a whole.

use std::borrow::Cow;

use super::{Code, Refusal};

/// Levels of lists and objects.
const DEPTH_MAX: usize = 64;
/// Values within one item, and beside the items: an issuance with daily vesting over 40 years needs
/// some 45,000.
const NODES_MAX: usize = 100_000;
/// Keys up to which a repeated key is looked for pair by pair.
const PAIRWISE_MAX: usize = 12;

/// A value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Tree<'a> {
    Null,
    True,
    False,
    /// The digits as they stand there.
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<Tree<'a>>),
    /// In the order of the file, each key once.
    Map(Vec<(Cow<'a, str>, Tree<'a>)>),
}

impl<'a> Tree<'a> {
    /// The text, where it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Tree::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a key, where this is an object that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Tree<'a>> {
        match self {
            Tree::Map(map) => map.iter().find(|(known, _)| known == key).map(|(_, value)| value),
            _ => None,
        }
    }
}

/// The text of a member; a byte order mark is passed (RFC 8259, 8.1).
pub(super) fn text<'a>(file: &str, bytes: &'a [u8]) -> Read<&'a str> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let what = format!("byte {} is not UTF-8", error.valid_up_to());
        Refusal::new(Code::JsonInvalid, file, "", what)
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Reads one member from its beginning to its end.
pub(super) struct Parser<'a> {
    file: &'a str,
    text: &'a str,
    at: usize,
    depth: usize,
    nodes: usize,
}

type Read<T> = Result<T, Refusal>;

impl<'a> Parser<'a> {
    /// A parser before the first byte.
    pub(super) fn new(file: &'a str, text: &'a str) -> Parser<'a> {
        Parser { file, text, at: 0, depth: 0, nodes: NODES_MAX }
    }

    /// Whether the next value is an object.
    pub(super) fn at_object(&mut self) -> bool {
        self.space();
        self.peek() == Some(b'{')
    }

    /// Visits each member of an object; the visitor takes the value of its key.
    pub(super) fn object(
        &mut self,
        visit: &mut dyn FnMut(&mut Parser<'a>, Cow<'a, str>) -> Read<()>,
    ) -> Read<()> {
        self.open(b'{')?;
        let mut first = true;
        while self.more(b'}', &mut first)? {
            let key = self.key()?;
            visit(self, key)?;
        }
        Ok(())
    }

    /// Visits the members of an object up to the one where the visitor says that it is enough.
    pub(super) fn first(
        &mut self,
        visit: &mut dyn FnMut(&mut Parser<'a>, Cow<'a, str>) -> Read<bool>,
    ) -> Read<()> {
        self.open(b'{')?;
        let mut first = true;
        while self.more(b'}', &mut first)? {
            let key = self.key()?;
            if visit(self, key)? {
                break;
            }
        }
        Ok(())
    }

    /// Hands each element of a list to the visitor, as a tree.
    pub(super) fn items(&mut self, visit: &mut dyn FnMut(Tree<'a>) -> Read<()>) -> Read<()> {
        self.space();
        if self.peek() != Some(b'[') {
            return Err(self.broken("a list of items is wanted"));
        }
        self.open(b'[')?;
        let mut first = true;
        while self.more(b']', &mut first)? {
            self.nodes = NODES_MAX;
            visit(self.value()?)?;
        }
        Ok(())
    }

    /// Reads a value.
    pub(super) fn value(&mut self) -> Read<Tree<'a>> {
        self.space();
        self.nodes = self
            .nodes
            .checked_sub(1)
            .ok_or_else(|| self.broken("more values in one item than the limit"))?;
        match self.peek() {
            Some(b'"') => self.string().map(Tree::Text),
            Some(b'{') => self.map(),
            Some(b'[') => {
                self.open(b'[')?;
                let (mut list, mut first) = (Vec::new(), true);
                while self.more(b']', &mut first)? {
                    list.push(self.value()?);
                }
                Ok(Tree::List(list))
            }
            Some(b'-' | b'0'..=b'9') => self.number().map(Tree::Number),
            Some(b't') => self.word("true", Tree::True),
            Some(b'f') => self.word("false", Tree::False),
            Some(b'n') => self.word("null", Tree::Null),
            _ => Err(self.broken("a value is wanted")),
        }
    }

    /// Passes a value without building it.
    pub(super) fn skip(&mut self) -> Read<()> {
        self.space();
        match self.peek() {
            Some(b'{') => self.object(&mut |parser, _| parser.skip()),
            Some(b'[') => {
                self.open(b'[')?;
                let mut first = true;
                while self.more(b']', &mut first)? {
                    self.skip()?;
                }
                Ok(())
            }
            _ => {
                self.nodes = NODES_MAX;
                self.value().map(drop)
            }
        }
    }

    /// Makes sure that nothing follows.
    pub(super) fn end(&mut self) -> Read<()> {
        self.space();
        if self.at < self.text.len() {
            Err(self.broken("something follows the value"))
        } else {
            Ok(())
        }
    }

    /// Refuses the member at this place.
    pub(super) fn broken(&self, what: &str) -> Refusal {
        let before = self.text.get(..self.at).unwrap_or_default();
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
        let what = format!("line {line}, column {column}: {what}");
        Refusal::new(Code::JsonInvalid, self.file, "", what)
    }

    fn map(&mut self) -> Read<Tree<'a>> {
        let mut map: Vec<(Cow<'a, str>, Tree<'a>)> = Vec::with_capacity(PAIRWISE_MAX);
        self.object(&mut |parser, key| {
            if map.len() < PAIRWISE_MAX && map.iter().any(|(known, _)| *known == key) {
                return Err(parser.broken(&format!("the key {key:?} occurs twice")));
            }
            map.push((key, parser.value()?));
            Ok(())
        })?;
        if map.len() > PAIRWISE_MAX {
            let mut keys: Vec<&str> = map.iter().map(|(key, _)| &**key).collect();
            keys.sort_unstable();
            if let Some(pair) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(self.broken(&format!("the key {:?} occurs twice", pair[0])));
            }
        }
        Ok(Tree::Map(map))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn expect(&mut self, wanted: u8) -> Read<()> {
        if self.peek() != Some(wanted) {
            return Err(self.broken(&format!("{:?} is wanted", char::from(wanted))));
        }
        self.at += 1;
        Ok(())
    }

    fn open(&mut self, bracket: u8) -> Read<()> {
        self.space();
        self.expect(bracket)?;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.broken("deeper than the limit"));
        }
        Ok(())
    }

    /// Whether another element follows; the closing bracket is taken where none does.
    fn more(&mut self, close: u8, first: &mut bool) -> Read<bool> {
        self.space();
        if self.peek() == Some(close) {
            self.at += 1;
            self.depth = self.depth.saturating_sub(1);
            return Ok(false);
        }
        if !std::mem::take(first) {
            self.expect(b',')?;
            self.space();
        }
        Ok(true)
    }

    fn key(&mut self) -> Read<Cow<'a, str>> {
        let key = self.string()?;
        self.space();
        self.expect(b':')?;
        Ok(key)
    }

    fn word(&mut self, word: &str, value: Tree<'a>) -> Read<Tree<'a>> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.broken("a value is wanted"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Read<&'a str> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.digits()?;
        if whole > 1 && self.text.as_bytes()[self.at - whole] == b'0' {
            return Err(self.broken("a number begins with 0"));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    fn digits(&mut self) -> Read<usize> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        match self.at - start {
            0 => Err(self.broken("a digit is wanted")),
            count => Ok(count),
        }
    }

    fn string(&mut self) -> Read<Cow<'a, str>> {
        self.expect(b'"')?;
        let start = self.at;
        self.plain();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(Cow::Borrowed(&self.text[start..self.at - 1]));
        }
        let mut text = self.text[start..self.at].to_owned();
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Cow::Owned(text));
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                Some(_) => return Err(self.broken("a control character within a text")),
                None => return Err(self.broken("a text does not end")),
            }
            let start = self.at;
            self.plain();
            text.push_str(&self.text[start..self.at]);
        }
    }

    /// Passes the characters of a text that stand for themselves.
    fn plain(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        self.at += rest.iter().position(special).unwrap_or(rest.len());
    }

    fn escape(&mut self) -> Read<char> {
        let escape = self.peek();
        self.at += 1;
        Ok(match escape {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let high = self.hex()?;
                let code = if (0xD800..0xDC00).contains(&high) {
                    self.expect(b'\\')?;
                    self.expect(b'u')?;
                    let low = self.hex()?;
                    if !(0xDC00..0xE000).contains(&low) {
                        return Err(self.broken("half of a surrogate pair"));
                    }
                    0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
                } else {
                    high
                };
                char::from_u32(code).ok_or_else(|| self.broken("half of a surrogate pair"))?
            }
            _ => {
                self.at = self.at.saturating_sub(1);
                return Err(self.broken("an unknown escape"));
            }
        })
    }

    fn hex(&mut self) -> Read<u32> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let value = digits.and_then(|digits| {
            digits.iter().try_fold(0u32, |sum, digit| {
                char::from(*digit).to_digit(16).map(|digit| sum * 16 + digit)
            })
        });
        let value = value.ok_or_else(|| self.broken("four hexadecimal digits are wanted"))?;
        self.at += 4;
        Ok(value)
    }
}

#[cfg(test)]
mod tests;
