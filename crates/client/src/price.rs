//! Prices as people write and read them. Never through a float.

use common::{Currency, Money};

/// Why a price could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PriceError {
    /// It is no number.
    NotANumber,
    /// It has more digits behind the point than the currency has.
    TooFine,
    /// It is larger than any price.
    TooLarge,
}

/// Reads a decimal in major units, such as `25`, `25.5` or `25,00`, into minor units.
pub(crate) fn parse(text: &str, currency: Currency) -> Result<Money, PriceError> {
    let text = text.trim();
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with(['.', ',']) {
        return Err(PriceError::NotANumber);
    }
    let decimals = currency.decimals() as usize;
    if fraction.len() > decimals {
        return Err(PriceError::TooFine);
    }
    let minor = format!("{whole}{fraction:0<decimals$}");
    let amount = minor.parse::<i64>().map_err(|_| PriceError::TooLarge)?;
    Ok(Money { amount, currency })
}

/// `25.00`: as [`parse`] reads it and as an input shows it.
pub(crate) fn plain(price: Money) -> String {
    price.to_string().split(' ').next().unwrap_or_default().to_owned()
}

/// `$25.00`, `€1,250.00`, `CHF 25.00`: as people read it.
pub(crate) fn show(price: Money) -> String {
    let plain = plain(price);
    let (sign, plain) = plain.strip_prefix('-').map_or(("", plain.as_str()), |rest| ("-", rest));
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{}{point}{fraction}", symbol(price.currency), grouped(whole))
}

/// What stands before the amount. Dollars that are not of the United States say whose they are, and a name of letters
/// is held together with the amount by a space that does not break.
const fn symbol(currency: Currency) -> &'static str {
    match currency {
        Currency::Usd => "$",
        Currency::Eur => "€",
        Currency::Gbp => "£",
        Currency::Cad => "CA$",
        Currency::Aud => "A$",
        Currency::Chf => "CHF\u{a0}",
        Currency::Sek => "SEK\u{a0}",
        Currency::Jpy => "¥",
    }
}

fn grouped(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_read_exactly() {
        let read = |text, currency| parse(text, currency).map(|money| money.amount);
        let right =
            [("25", 2500), ("25.5", 2550), (" 25.00 ", 2500), ("0.29", 29), ("19,99", 1999), ("007.10", 710)];
        for (text, amount) in right {
            assert_eq!(read(text, Currency::Usd), Ok(amount), "{text}");
        }
        assert_eq!(read("500", Currency::Jpy), Ok(500));
    }

    #[test]
    fn what_is_no_price_is_refused() {
        let read = |text| parse(text, Currency::Usd);
        for text in ["", "-5", "+5", "1e3", "abc", "1.2.3", ".50", "5.", "1 000", "٣"] {
            assert_eq!(read(text), Err(PriceError::NotANumber), "{text}");
        }
        // Not a thousand: a comma is a point to half of the world.
        assert_eq!(read("1,000"), Err(PriceError::TooFine));
        assert_eq!(read("0.001"), Err(PriceError::TooFine));
        assert_eq!(parse("5.0", Currency::Jpy), Err(PriceError::TooFine));
        assert_eq!(read("99999999999999999999"), Err(PriceError::TooLarge));
    }

    #[test]
    fn a_price_is_shown_by_its_currency() {
        let show = |amount, currency| show(Money { amount, currency });
        assert_eq!(show(2500, Currency::Usd), "$25.00");
        assert_eq!(show(123_456_789, Currency::Eur), "€1,234,567.89");
        assert_eq!(show(5, Currency::Gbp), "£0.05");
        assert_eq!(show(50_000, Currency::Jpy), "¥50,000");
        assert_eq!(show(2500, Currency::Chf), "CHF\u{a0}25.00");
    }

    #[test]
    fn what_an_input_shows_is_read_back() {
        for currency in Currency::ALL {
            for amount in [50, 2500, 99_999_999] {
                let money = Money { amount, currency };
                assert_eq!(parse(&plain(money), currency), Ok(money));
            }
        }
    }
}
