//! Spellings: the one text of a number, and what texts of closed form look like.

use std::borrow::Cow;

use crate::amount::DECIMALS;

/// Digits of a number that is worth reading.
const DIGITS_MAX: usize = 40;

/// The shortest spelling of an OCF `Numeric`, which may have a sign, zeros in front and zeros at the
/// end. `None` where the text is none, or has more than ten decimals.
pub(super) fn decimal(text: &str) -> Option<Cow<'_, str>> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return None,
        Some((whole, fraction)) => (whole, fraction),
        None => (digits, ""),
    };
    let sound = !whole.is_empty()
        && fraction.len() <= usize::from(DECIMALS)
        && whole.bytes().chain(fraction.bytes()).all(|c| c.is_ascii_digit());
    if !sound {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    let sign = if whole == "0" && fraction.is_empty() { "" } else { sign };
    if whole.len() + fraction.len() > DIGITS_MAX {
        return None;
    }
    if sign.is_empty() && fraction.is_empty() {
        return Some(Cow::Borrowed(whole));
    }
    let point = if fraction.is_empty() { "" } else { "." };
    let shortest = format!("{sign}{whole}{point}{fraction}");
    Some(if shortest == text { Cow::Borrowed(text) } else { Cow::Owned(shortest) })
}

/// A JSON number without exponent: `1.5e3` is `1500`. `None` where it would be longer than any number
/// worth reading.
pub(super) fn plain(number: &str) -> Option<String> {
    let Some((mantissa, exponent)) = number.split_once(['e', 'E']) else {
        return Some(number.to_owned());
    };
    let exponent: i32 = exponent.parse().ok()?;
    let (sign, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let limit = i32::try_from(DIGITS_MAX).unwrap_or(i32::MAX);
    if point.abs() > limit || whole.len() + fraction.len() > DIGITS_MAX {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    Some(match usize::try_from(point) {
        Ok(point) if point >= digits.len() => format!("{sign}{digits:0<point$}"),
        Ok(point) if point > 0 => format!("{sign}{}.{}", &digits[..point], &digits[point..]),
        _ => {
            let zeros = usize::try_from(point.unsigned_abs()).unwrap_or_default();
            format!("{sign}0.{}{digits}", "0".repeat(zeros))
        }
    })
}

/// The spelling of a number cut to ten decimals; `None` where it is no number.
pub(super) fn cut(text: &str) -> Option<String> {
    let (whole, fraction) = text.split_once('.')?;
    let sound =
        fraction.len() > usize::from(DECIMALS) && fraction.bytes().all(|c| c.is_ascii_digit());
    let fraction = sound.then(|| &fraction[..usize::from(DECIMALS)])?;
    decimal(&format!("{whole}.{fraction}")).map(Cow::into_owned)
}

/// The one spelling of an OCF `Percentage`, a part of one; `None` where it is none.
pub(super) fn percentage(text: &str) -> Option<String> {
    let text = if text.starts_with('.') { format!("0{text}") } else { text.to_owned() };
    if text.starts_with(['+', '-']) {
        return None;
    }
    let part = decimal(&text)?;
    (part == "1" || part == "0" || part.starts_with("0.")).then(|| part.into_owned())
}

/// A number of hundredths, above 1 and up to 100, as a part of one.
pub(super) fn hundredths(text: &str) -> Option<String> {
    let number = decimal(text)?;
    let scaled = plain(&format!("{number}e-2"))?;
    percentage(&scaled)
}

/// A date and a time with its zone (RFC 3339, 5.6).
pub(super) fn is_moment(text: &str) -> bool {
    let (Some(date), Some(rest)) = (text.get(..10), text.get(10..)) else { return false };
    let Some(rest) = rest.strip_prefix(['T', 't']) else { return false };
    let (Some(time), Some(rest)) = (rest.get(..8), rest.get(8..)) else { return false };
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return false;
            }
            &fraction[digits..]
        }
        None => rest,
    };
    let clock = |text: &str, limits: &[u32]| {
        let parts: Vec<&str> = text.split(':').collect();
        parts.len() == limits.len()
            && parts.iter().zip(limits).all(|(part, limit)| {
                part.len() == 2
                    && part.bytes().all(|c| c.is_ascii_digit())
                    && part.parse::<u32>().is_ok_and(|value| value <= *limit)
            })
    };
    let zone = match rest.strip_prefix(['+', '-']) {
        Some(offset) => clock(offset, &[23, 59]),
        None => rest.eq_ignore_ascii_case("z"),
    };
    crate::date::Date::parse(date).is_some() && clock(time, &[23, 59, 60]) && zone
}

/// An address as the format's `email` has it (RFC 5321, 4.1.2), without quotes and literals.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let local_sound = local.split('.').all(|atom| {
        let sound = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&c);
        !atom.is_empty() && atom.bytes().all(sound)
    });
    let domain_sound = domain.split('.').all(|label| {
        let sound = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
        let dashed = label.starts_with('-') || label.ends_with('-');
        (1..=63).contains(&label.len()) && !dashed && label.bytes().all(sound)
    });
    local_sound && domain_sound && local.len() <= 64 && domain.len() <= 253
}

/// `+1 617 333 4444`, with `ext. 100` or `extension 100` behind it (OCF 1.2.0 `Phone`).
pub(super) fn is_phone(text: &str) -> bool {
    let mut parts = text.split(' ');
    let mut digits = |least: usize, most: usize, lead: &str| {
        let part = parts.next().and_then(|part| part.strip_prefix(lead));
        part.is_some_and(|part| {
            (least..=most).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_digit())
        })
    };
    if !(digits(1, 3, "+") && digits(2, 3, "") && digits(2, 3, "") && digits(4, 4, "")) {
        return false;
    }
    match (parts.next(), parts.next(), parts.next()) {
        (None, _, _) => true,
        (Some(word), Some(number), None) => {
            ["ext.", "extension"].contains(&word)
                && !number.is_empty()
                && number.bytes().all(|c| c.is_ascii_digit())
        }
        _ => false,
    }
}
