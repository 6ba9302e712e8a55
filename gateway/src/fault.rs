//! What goes wrong before the ledger is asked, or on the way to it and back.
//!
//! A refusal of the ledger is data and has its own codes ([`counterfoil_engine::rejection`]); the
//! codes here belong to the transport. Each has a section in `docs/errors/gateway.md`, and none is
//! ever reused.

use std::fmt;

use axum::http::StatusCode;
use counterfoil_engine::driver::Rejected;
use counterfoil_engine::replica::ProposeError;
use counterfoil_engine::wire::WireError;

use crate::history::HistoryError;

/// Declares the codes: text, HTTP status, whether a retry can help, sentence.
macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal, $status:ident, $retry:literal, $sentence:literal;)+) => {
        /// What kind of fault it is.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Code {
            $($(#[$doc])* $variant,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$variant,)+];

            /// The text code.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)+ }
            }

            /// The HTTP status of a request that failed for it.
            pub fn status(self) -> StatusCode {
                match self { $(Code::$variant => StatusCode::$status,)+ }
            }

            /// Whether sending the same request again can help.
            pub fn retry(self) -> bool {
                match self { $(Code::$variant => $retry,)+ }
            }

            /// What it means, in one sentence.
            pub fn sentence(self) -> &'static str {
                match self { $(Code::$variant => $sentence,)+ }
            }
        }
    };
}

codes! {
    /// Not a GraphQL request.
    RequestMalformed = "REQUEST_MALFORMED", BAD_REQUEST, false,
        "the body or the query string is not a request of this kind";
    /// Not a GraphQL document.
    QueryMalformed = "QUERY_MALFORMED", BAD_REQUEST, false, "the document has a mistake of syntax";
    /// The document does not fit the schema.
    QueryInvalid = "QUERY_INVALID", BAD_REQUEST, false, "the document does not fit the schema";
    /// The document is beyond a limit.
    QueryTooComplex = "QUERY_TOO_COMPLEX", BAD_REQUEST, false,
        "the document is beyond a limit of the schema's description";
    /// Mutations that cannot be carried out as they are asked for.
    MutationForm = "MUTATION_FORM", BAD_REQUEST, false,
        "a document carries out one mutation, whose input is the variable $input";
    /// An argument says nothing valid.
    ArgumentInvalid = "ARGUMENT_INVALID", BAD_REQUEST, false, "an argument says nothing valid";
    /// Not a submission.
    SubmissionMalformed = "SUBMISSION_MALFORMED", BAD_REQUEST, false,
        "the body is not a submission in canonical form";
    /// Personal data that the ledger or an erasure rules out.
    PersonalDataRefused = "PERSONAL_DATA_REFUSED", CONFLICT, false,
        "the personal data are not those whose hash is recorded, or they were erased for good";
    /// A register that the format has no words for.
    PackageRefused = "PACKAGE_REFUSED", CONFLICT, false,
        "the register cannot be told as a package that can be read again";
    /// No valid token.
    Unauthenticated = "UNAUTHENTICATED", UNAUTHORIZED, false,
        "the token or the signed challenge is not valid, has expired, or its key is not in force";
    /// Nothing there, or nothing that this reader may see.
    NotFound = "NOT_FOUND", NOT_FOUND, false,
        "there is nothing of this name that this reader may see";
    /// The method does not fit.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", METHOD_NOT_ALLOWED, false,
        "the path does not take this method; mutations are sent by POST";
    /// No media type in common.
    NotAcceptable = "NOT_ACCEPTABLE", NOT_ACCEPTABLE, false,
        "the answer exists in none of the media types that the client accepts";
    /// Too many bytes.
    BodyTooLarge = "BODY_TOO_LARGE", PAYLOAD_TOO_LARGE, false, "the body is beyond its limit";
    /// A body of another kind.
    MediaTypeUnsupported = "MEDIA_TYPE_UNSUPPORTED", UNSUPPORTED_MEDIA_TYPE, false,
        "the path does not take a body of this media type";
    /// Too much on its way.
    Overloaded = "OVERLOADED", SERVICE_UNAVAILABLE, true,
        "too much is on its way; nothing was done";
    /// Another replica leads, or none.
    NotLeader = "NOT_LEADER", SERVICE_UNAVAILABLE, true,
        "this replica does not lead; nothing was done";
    /// Shutting down, or failed.
    Stopped = "STOPPED", SERVICE_UNAVAILABLE, true,
        "the server takes no more submissions; nothing was done";
    /// The height was not reached in time.
    HeightNotReached = "HEIGHT_NOT_REACHED", SERVICE_UNAVAILABLE, true,
        "the server has not seen this height in time";
    /// The past cannot be read yet.
    HistoryUnavailable = "HISTORY_UNAVAILABLE", SERVICE_UNAVAILABLE, true,
        "the past cannot be read now: its index is behind or damaged";
    /// It took too long.
    Timeout = "TIMEOUT", SERVICE_UNAVAILABLE, true, "the query took too long";
    /// Nobody knows.
    OutcomeUnknown = "OUTCOME_UNKNOWN", GATEWAY_TIMEOUT, true,
        "the submission may be executed or not; send the same bytes again, it is executed at most once";
    /// A mistake in the program.
    Internal = "INTERNAL", INTERNAL_SERVER_ERROR, false, "the server has made a mistake";
}

impl Code {
    /// Whether a request that failed for it has certainly not changed the ledger.
    pub fn changed_nothing(self) -> bool {
        !matches!(self, Code::OutcomeUnknown | Code::Internal)
    }
}

/// A fault with its figures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// What kind of fault.
    pub code: Code,
    /// Which limit, which argument; empty where the code says it all.
    pub detail: String,
}

impl Fault {
    /// What a client is told. The figures of a mistake of ours are for the log.
    pub fn shown(&self) -> String {
        if self.code == Code::Internal {
            tracing::error!(detail = self.detail, "a request failed by a mistake of the server");
            return self.code.sentence().to_owned();
        }
        self.to_string()
    }

    /// A fault with its figures.
    pub fn new(code: Code, detail: impl Into<String>) -> Fault {
        Fault { code, detail: detail.into() }
    }
}

impl From<Code> for Fault {
    fn from(code: Code) -> Fault {
        Fault { code, detail: String::new() }
    }
}

impl From<Rejected> for Fault {
    fn from(rejected: Rejected) -> Fault {
        match rejected {
            Rejected::Overloaded | Rejected::Refused(ProposeError::Overloaded) => Code::Overloaded,
            Rejected::Refused(ProposeError::NotLeader) => Code::NotLeader,
            Rejected::Refused(ProposeError::Size) => Code::BodyTooLarge,
            Rejected::Unknown => Code::OutcomeUnknown,
            Rejected::Stopped => Code::Stopped,
        }
        .into()
    }
}

impl From<HistoryError> for Fault {
    fn from(error: HistoryError) -> Fault {
        if !error.retry() {
            return Fault::new(Code::Internal, format!("{}: {error}", error.code()));
        }
        // What is damaged, and where it lies, is for the log.
        tracing::warn!(%error, "the past cannot be read now");
        Fault::new(Code::HistoryUnavailable, error.code())
    }
}

impl From<WireError> for Fault {
    fn from(error: WireError) -> Fault {
        Fault::new(Code::SubmissionMalformed, error.0)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.sentence())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " ({})", self.detail) }
    }
}

impl std::error::Error for Fault {}

/// Where the page of a code is served.
pub fn docs_url(code: &str) -> String {
    format!("/errors/{code}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unknown_outcome_leaves_something_open() {
        let cases = [
            (Rejected::Overloaded, Code::Overloaded),
            (Rejected::Refused(ProposeError::Overloaded), Code::Overloaded),
            (Rejected::Refused(ProposeError::NotLeader), Code::NotLeader),
            (Rejected::Refused(ProposeError::Size), Code::BodyTooLarge),
            (Rejected::Stopped, Code::Stopped),
            (Rejected::Unknown, Code::OutcomeUnknown),
        ];
        for (rejected, code) in cases {
            assert_eq!(Fault::from(rejected).code, code);
            assert_eq!(code.changed_nothing(), rejected != Rejected::Unknown, "{code:?}");
            let open = !code.sentence().contains("nothing was done") && code.retry();
            assert_eq!(open, rejected == Rejected::Unknown, "{code:?}");
        }
    }

    #[test]
    fn each_code_has_its_section_and_each_section_its_code() {
        let page = include_str!("../../docs/errors/gateway.md");
        let mut sections: Vec<&str> =
            page.split("\n## ").skip(1).filter_map(|section| section.lines().next()).collect();
        for code in Code::ALL {
            let (text, status) = (code.as_str(), code.status().as_u16());
            let retry = if code.retry() { "it can help later" } else { "no" };
            let head = format!("\n## {text}\n*HTTP {status}. Retry: {retry}.*\n");
            assert!(page.contains(&head), "{head}");
            let before = sections.len();
            sections.retain(|section| *section != text);
            assert_eq!(sections.len() + 1, before, "{text} stands there once");
        }
        assert_eq!(sections, Vec::<&str>::new());
    }
}
