//! Media types: what a client sends, what it accepts.

use axum::http::{HeaderMap, header};

/// Whether the body is said to be of one of these types.
pub(super) fn sent(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next()?.trim().to_ascii_lowercase();
    // RFC 8259 knows one encoding; another one is refused rather than guessed.
    let other_charset =
        value.split(';').skip(1).filter_map(|parameter| parameter.trim().split_once('=')).any(
            |(name, value)| {
                name.eq_ignore_ascii_case("charset")
                    && !value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            },
        );
    (!other_charset).then_some(essence)
}

/// The media types of a GraphQL answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// `application/graphql-response+json`: the status says whether anything was executed.
    Graphql,
    /// `application/json`: a well-formed request gets 200.
    Json,
}

impl Answer {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Answer::Graphql => "application/graphql-response+json; charset=utf-8",
            Answer::Json => "application/json; charset=utf-8",
        }
    }

    /// What the client accepts most (RFC 9110 section 12.5.1); `None`: neither.
    pub(super) fn negotiate(headers: &HeaderMap) -> Option<Answer> {
        let accepts: Vec<&str> = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        if accepts.is_empty() {
            return Some(Answer::Json);
        }
        let mut best: Option<(u32, Answer)> = None;
        for range in accepts.iter().flat_map(|value| value.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let answer = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                "application/graphql-response+json" => Answer::Graphql,
                "application/json" | "application/*" | "*/*" => Answer::Json,
                _ => continue,
            };
            let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(1000, thousandths);
            if quality > 0 && best.is_none_or(|(other, _)| quality > other) {
                best = Some((quality, answer));
            }
        }
        best.map(|(_, answer)| answer)
    }
}

/// A quality such as `0.8` in thousandths; one that is malformed counts as 1.
fn thousandths(text: &str) -> u32 {
    let Some(fraction) = text.strip_prefix("0") else { return 1000 };
    let digits = fraction.strip_prefix('.').unwrap_or_default();
    format!("{digits:0<3}").get(..3).and_then(|digits| digits.parse().ok()).unwrap_or(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &str) -> Option<Answer> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, value.parse().unwrap());
        Answer::negotiate(&headers)
    }

    #[test]
    fn the_client_gets_what_it_likes_most() {
        let cases = [
            ("application/json", Some(Answer::Json)),
            ("application/graphql-response+json", Some(Answer::Graphql)),
            ("text/html, */*;q=0.8", Some(Answer::Json)),
            ("application/json;q=0.5, application/graphql-response+json", Some(Answer::Graphql)),
            (
                "application/graphql-response+json;q=0.1, application/json;q=0.25",
                Some(Answer::Json),
            ),
            ("application/json;q=0", None),
            ("text/html", None),
        ];
        for (value, wanted) in cases {
            assert_eq!(accept(value), wanted, "{value}");
        }
        assert_eq!(Answer::negotiate(&HeaderMap::new()), Some(Answer::Json));
    }
}
