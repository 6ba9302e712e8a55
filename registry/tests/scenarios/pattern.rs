//! Sentences and the patterns that they fit.
//!
//! A pattern is a sentence with slots: `{holder}` takes one word, `{#shares}` one that begins with a
//! digit, `{@since}` a date, `{ids*}` a list (`CS-1, CS-2 and CS-3`, or `CS-1 through CS-9`), and
//! `{figure..}` all that is left. What stands in brackets may be absent. Commas, colons and
//! semicolons are words of their own.

use std::collections::BTreeMap;

use counterfoil_registry::date::Date;

/// The words of a text.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in text.split_whitespace() {
        let bare = word.trim_end_matches([',', ':', ';']);
        if !bare.is_empty() {
            words.push(bare.to_owned());
        }
        words.extend(word[bare.len()..].chars().map(String::from));
    }
    words
}

#[derive(Clone)]
enum Part<'p> {
    Word(&'p str),
    One(&'p str),
    Number(&'p str),
    Day(&'p str),
    List(&'p str),
    Rest(&'p str),
    Maybe(Vec<Part<'p>>),
}

/// What stood in the slots of a sentence.
#[derive(Clone, Default, Debug)]
pub(crate) struct Found(BTreeMap<String, Vec<String>>);

impl Found {
    /// The word in a slot that every such sentence has.
    pub(crate) fn one(&self, slot: &str) -> &str {
        self.maybe(slot).unwrap_or_else(|| panic!("the pattern has no slot {slot}"))
    }

    /// The word in a slot that may be absent.
    pub(crate) fn maybe(&self, slot: &str) -> Option<&str> {
        self.0.get(slot).and_then(|words| words.first()).map(String::as_str)
    }

    /// The words in a slot.
    pub(crate) fn all(&self, slot: &str) -> &[String] {
        self.0.get(slot).map(Vec::as_slice).unwrap_or_default()
    }
}

/// What a sentence says, where it fits the pattern.
pub(crate) fn fit(pattern: &str, sentence: &[String]) -> Option<Found> {
    let tokens: Vec<&str> = pattern.split_whitespace().collect();
    let (parts, rest) = parts(&tokens);
    assert!(rest.is_empty(), "a bracket too many in the pattern: {pattern}");
    let mut found = Found::default();
    fits(&parts, sentence, &mut found).then_some(found)
}

/// Reads a pattern up to the bracket that closes it, and says what stands behind.
fn parts<'p, 't>(mut tokens: &'t [&'p str]) -> (Vec<Part<'p>>, &'t [&'p str]) {
    let mut read = Vec::new();
    while let Some((token, rest)) = tokens.split_first() {
        tokens = rest;
        let slot = token.strip_prefix('{').and_then(|slot| slot.strip_suffix('}'));
        read.push(match (*token, slot) {
            ("]", _) => return (read, tokens),
            ("[", _) => {
                let (inner, behind) = parts(tokens);
                tokens = behind;
                Part::Maybe(inner)
            }
            (word, None) => Part::Word(word),
            (_, Some(slot)) => match (&slot[..1], slot.trim_end_matches(['*', '.'])) {
                ("#", name) => Part::Number(&name[1..]),
                ("@", name) => Part::Day(&name[1..]),
                (_, name) if slot.ends_with('*') => Part::List(name),
                (_, name) if slot.ends_with("..") => Part::Rest(name),
                (_, name) => Part::One(name),
            },
        });
    }
    (read, tokens)
}

fn fits(parts: &[Part<'_>], words: &[String], found: &mut Found) -> bool {
    let Some((part, parts)) = parts.split_first() else { return words.is_empty() };
    let one = |found: &mut Found, slot: &str, holds: &dyn Fn(&str) -> bool| {
        let Some((word, words)) = words.split_first().filter(|(word, _)| holds(word)) else {
            return false;
        };
        fits(parts, words, found) && found.0.insert(slot.to_owned(), vec![word.clone()]).is_none()
    };
    match part {
        Part::Word(wanted) => {
            // One share is no shares.
            let fits_word =
                |word: &String| word == wanted || (*wanted == "shares" && word == "share");
            words.first().is_some_and(fits_word) && fits(parts, &words[1..], found)
        }
        Part::One(slot) => one(found, slot, &|word| !is_mark(word)),
        Part::Number(slot) => {
            one(found, slot, &|word| word.starts_with(|c: char| c.is_ascii_digit()))
        }
        Part::Day(slot) => one(found, slot, &|word| Date::parse(word).is_some()),
        Part::Rest(slot) => {
            found.0.insert((*slot).to_owned(), words.to_vec());
            parts.is_empty()
        }
        Part::Maybe(inner) => {
            let whole: Vec<Part<'_>> = inner.iter().chain(parts).cloned().collect();
            let before = found.clone();
            fits(&whole, words, found) || {
                *found = before;
                fits(parts, words, found)
            }
        }
        Part::List(slot) => {
            let lists: Vec<(Vec<String>, usize)> = list(words);
            lists.into_iter().rev().any(|(items, taken)| {
                let mut here = found.clone();
                let fits = fits(parts, &words[taken..], &mut here);
                if fits {
                    here.0.insert((*slot).to_owned(), items);
                    *found = here;
                }
                fits
            })
        }
    }
}

fn is_mark(word: &str) -> bool {
    matches!(word, "," | ":" | ";")
}

/// Every list that the words begin with, and how many words each takes.
fn list(words: &[String]) -> Vec<(Vec<String>, usize)> {
    let (mut lists, mut items, mut at) = (Vec::new(), Vec::new(), 0);
    while let Some(item) = words.get(at).filter(|word| !is_mark(word)) {
        let word = |at: usize| words.get(at).map(String::as_str);
        at += 1;
        match (word(at), word(at + 1)) {
            (Some("through"), Some(last)) => {
                items.extend(range(item, last));
                at += 2;
            }
            _ => items.push(item.clone()),
        }
        lists.push((items.clone(), at));
        match (words.get(at).map(String::as_str), words.get(at + 1).map(String::as_str)) {
            (Some(","), Some("and")) => at += 2,
            (Some("," | "and"), Some(_)) => at += 1,
            _ => break,
        }
    }
    lists
}

/// `CS-1` and `CS-3`: `CS-1`, `CS-2`, `CS-3`.
fn range(first: &str, last: &str) -> Vec<String> {
    let split = |id: &str| {
        let stem = id.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        (id[..stem].to_owned(), id[stem..].parse::<u32>().expect("ids of a range end in a number"))
    };
    let ((stem, first), (_, last)) = (split(first), split(last));
    (first..=last).map(|nth| format!("{stem}{nth}")).collect()
}

#[test]
fn a_sentence_fits_its_pattern_or_none() {
    let fits = |pattern: &str, sentence: &str| fit(pattern, &words(sentence));
    let sale =
        "{holder} transfers {#shares} of {id} to {to} as {new} [ , the balance is {balance} ]";
    let found = fits(sale, "Ada transfers 60 of CS-1 to Bob as CS-2, the balance is CS-3").unwrap();
    assert_eq!((found.one("shares"), found.maybe("balance")), ("60", Some("CS-3")));
    let whole = fits(sale, "Ada transfers 60 of CS-1 to Bob as CS-2").unwrap();
    assert_eq!(whole.maybe("balance"), None);
    assert!(fits(sale, "Ada transfers all of CS-1 to Bob as CS-2").is_none());
    assert!(fits(sale, "Ada transfers 60 of CS-1 to Bob as CS-2, gladly").is_none());
    let joined = fits("{ids*} become {new}", "A-1 through A-3, B-7 and C-1 become D").unwrap();
    assert_eq!(joined.all("ids"), ["A-1", "A-2", "A-3", "B-7", "C-1"]);
}
