//! The rules of the register, one variant for each way to break one.

/// Declares the closed enum of rules: number, text code, sentence.
macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $code:literal, $sentence:literal;)+) => {
        /// A rule of the register that a command or a file would break.
        ///
        /// Numbers and codes are stable and never reused; each has a page in `docs/errors`.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u16)]
        pub enum Rule {
            $($(#[$doc])* $variant = $number,)+
        }

        impl Rule {
            /// Every rule, in the order of the checks.
            pub const ALL: &'static [Rule] = &[$(Rule::$variant,)+];

            /// The number in records.
            pub fn number(self) -> u16 {
                self as u16
            }

            /// The text code.
            pub fn code(self) -> &'static str {
                match self {
                    $(Rule::$variant => $code,)+
                }
            }

            /// What was wrong, in one sentence.
            pub fn sentence(self) -> &'static str {
                match self {
                    $(Rule::$variant => $sentence,)+
                }
            }
        }
    };
}

rules! {
    /// No party has this handle.
    PartyUnknown = 500, "PARTY_UNKNOWN", "no party has this handle";
    /// No issuer has this handle.
    IssuerUnknown = 501, "ISSUER_UNKNOWN", "no issuer has this handle";
    /// No stock class has this handle.
    ClassUnknown = 502, "CLASS_UNKNOWN", "no stock class has this handle";
    /// No stakeholder has this handle.
    StakeholderUnknown = 503, "STAKEHOLDER_UNKNOWN", "no stakeholder has this handle";
    /// No securities account has this handle.
    AccountUnknown = 504, "ACCOUNT_UNKNOWN", "no securities account has this handle";
    /// No open certificate has this id.
    CertificateUnknown = 505, "CERTIFICATE_UNKNOWN", "no open certificate has this id";
    /// What an event names belongs to another issuer.
    IssuerMismatch = 506, "ISSUER_MISMATCH", "the event names something of another issuer";
    /// The certificate is of another class or lies in another account.
    CertificateMismatch = 507, "CERTIFICATE_MISMATCH",
        "the certificate is of another class or lies in another account";
    /// Each printed number and source id is used once within an issuer.
    IdNotUnique = 508, "ID_NOT_UNIQUE", "this id is already used in the issuer's register";
    /// The register of the issuer is still a draft, or already open.
    RegisterStatus = 509, "REGISTER_STATUS",
        "the issuer's register is not in the state that this asks for";
    /// The quantity must be above zero.
    QuantityZero = 510, "QUANTITY_ZERO", "the quantity must be above zero";
    /// The class is not divided that finely.
    QuantityGranularity = 511, "QUANTITY_GRANULARITY",
        "the quantity is not a multiple of the smallest unit of the class";
    /// What goes in differs from what comes out.
    QuantityMismatch = 512, "QUANTITY_MISMATCH",
        "the quantities of the closed and of the opened certificates differ";
    /// The account holds less than that.
    SharesInsufficient = 513, "SHARES_INSUFFICIENT", "the account holds fewer shares than that";
    /// Outstanding and treasury shares would exceed what the class authorizes.
    AuthorizedSharesExceeded = 514, "AUTHORIZED_SHARES_EXCEEDED",
        "more shares than the class authorizes would be outstanding";
    /// The classes would authorize more than the issuer does.
    IssuerAuthorizedExceeded = 515, "ISSUER_AUTHORIZED_EXCEEDED",
        "more shares than the issuer authorizes would be authorized by its classes or outstanding";
    /// Nothing happens before the issuer exists.
    DateBeforeFormation = 516, "DATE_BEFORE_FORMATION",
        "the date lies before the formation of the issuer";
    /// Nothing happens to a certificate before it was issued.
    DateBeforeIssuance = 517, "DATE_BEFORE_ISSUANCE",
        "the date lies before the issuance of the certificate";
    /// A stakeholder is linked to at most one party.
    StakeholderLinked = 518, "STAKEHOLDER_LINKED", "the stakeholder is already linked to a party";
    /// More certificates than one event may touch.
    TooManyCertificates = 519, "TOO_MANY_CERTIFICATES",
        "more certificates than one event may close; name larger ones or consolidate first";
    /// A certificate is accepted at most once.
    AlreadyAccepted = 520, "ALREADY_ACCEPTED", "the certificate was already accepted";
    /// A limit of the register is reached.
    RegisterFull = 521, "REGISTER_FULL", "a limit of the register is reached";
    /// No stock plan has this id.
    PlanUnknown = 522, "PLAN_UNKNOWN", "no stock plan has this id";
    /// No security has this id.
    SecurityUnknown = 523, "SECURITY_UNKNOWN", "no security has this id";
    /// Exactly one event ends a security.
    SecurityEnded = 524, "SECURITY_ENDED", "an earlier event ended the security";
    /// The transaction is for securities of another kind.
    SecurityMismatch = 525, "SECURITY_MISMATCH",
        "the transaction is not one for a security of this kind";
    /// What an object names is not in the register.
    ReferenceUnknown = 526, "REFERENCE_UNKNOWN",
        "the object names legends, vesting terms or a split that the register does not have";
    /// An issuer is described as another one than it was registered as.
    IssuerDiffers = 527, "ISSUER_DIFFERS",
        "the issuer is described with another id, formation or authorization than registered";
    /// Each printed number is used once among the securities of one kind.
    NumberNotUnique = 528, "NUMBER_NOT_UNIQUE",
        "this printed number is already used in the issuer's register";
    /// A result is of another class, plan, kind, price or holder than the event allows.
    ResultMismatch = 529, "RESULT_MISMATCH",
        "a resulting security does not continue the one that it comes from";
    /// Results carry the date of the event.
    ResultDate = 530, "RESULT_DATE", "a resulting security bears another date than its event";
    /// An accepted security cannot be retracted.
    AcceptedNotRetractable = 531, "ACCEPTED_NOT_RETRACTABLE",
        "the security was accepted and can no longer be retracted";
    /// Amounts of two currencies are no sum.
    CurrencyMismatch = 532, "CURRENCY_MISMATCH", "the amounts are of different currencies";
    /// More is exercised, released or cancelled than is left of the security.
    SecurityInsufficient = 533, "SECURITY_INSUFFICIENT", "less than that is left of the security";
    /// What is granted and not returned exceeds the pool.
    PoolExceeded = 534, "POOL_EXCEEDED", "more than the plan reserves would be granted";
    /// More would be returned to a pool than was cancelled.
    PoolReturnExceeded = 535, "POOL_RETURN_EXCEEDED",
        "more than was cancelled would return to the pool";
    /// An event would have to be told before another one that is already recorded.
    DateOutOfOrder = 536, "DATE_OUT_OF_ORDER",
        "the date lies before a recorded event that builds on what held then";
    /// A rule that keeps the register sound cannot be waived, and only an import waives any.
    NotWaivable = 537, "NOT_WAIVABLE", "this rule cannot be waived here";
    /// A split must not pass by what may become shares of its class.
    SplitUnclear = 538, "SPLIT_UNCLEAR",
        "a grant or warrant does not say of which class it is, so it is not known whether the split \
         reaches it";
}

impl Rule {
    /// Whether an imported event may break it as a signed legacy defect: the register stays sound,
    /// and what it forbids stays forbidden from then on.
    pub fn waivable(self) -> bool {
        use Rule::*;
        matches!(
            self,
            AuthorizedSharesExceeded
                | IssuerAuthorizedExceeded
                | DateBeforeFormation
                | DateBeforeIssuance
                | NumberNotUnique
                | ResultMismatch
                | PoolExceeded
                | DateOutOfOrder
        )
    }

    /// The rule with this number.
    pub fn from_number(number: u16) -> Option<Rule> {
        Rule::ALL.iter().copied().find(|rule| rule.number() == number)
    }

    /// The rule with this text code.
    pub fn parse(code: &str) -> Option<Rule> {
        Rule::ALL.iter().copied().find(|rule| rule.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_codes_are_used_once_and_in_order() {
        assert!(Rule::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
        let codes: std::collections::BTreeSet<_> =
            Rule::ALL.iter().map(|rule| rule.code()).collect();
        assert_eq!(codes.len(), Rule::ALL.len());
    }
}
