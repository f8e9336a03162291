//! Card numbers, which are checked and never stored.

/// The digits, without spaces and hyphens.
pub(crate) fn digits(number: &str) -> String {
    number.chars().filter(|character| !matches!(character, ' ' | '-')).collect()
}

/// The last four digits; empty unless the number is 12 digits or more.
pub(crate) fn last4(number: &str) -> String {
    let digits = digits(number);
    let well_formed = digits.len() >= 12 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if well_formed { digits[digits.len() - 4..].to_owned() } else { String::new() }
}

/// Whether the number is 12 to 19 digits with a valid Luhn checksum (ISO/IEC 7812-1, annex B).
pub(crate) fn is_plausible(digits: &str) -> bool {
    let well_formed = (12..=19).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(position, byte)| match (position % 2, u32::from(byte.wrapping_sub(b'0'))) {
            (0, digit) => digit,
            (_, digit) => digit * 2 / 10 + digit * 2 % 10,
        })
        .sum();
    well_formed && sum.is_multiple_of(10)
}

/// The network of the number.
pub(crate) fn brand(digits: &str) -> &'static str {
    let prefix: u32 = digits.get(..2).and_then(|two| two.parse().ok()).unwrap_or_default();
    match prefix {
        40..=49 => "visa",
        22..=27 | 51..=55 => "mastercard",
        34 | 37 => "amex",
        60 | 64 | 65 => "discover",
        30 | 36 | 38 | 39 => "diners",
        35 => "jcb",
        62 => "unionpay",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_digit_breaks_the_checksum() {
        assert!(is_plausible("4242424242424242") && is_plausible("378282246310005"));
        for wrong in ["4242424242424241", "42424242", "", "4242x24242424242"] {
            assert!(!is_plausible(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_number_is_shown_by_its_brand_and_last_four_digits() {
        assert_eq!((brand("4242424242424242"), last4("4242 4242 4242 4242").as_str()), ("visa", "4242"));
        assert_eq!(brand("5555555555554444"), "mastercard");
        assert_eq!(last4("123"), "");
    }
}
