//! Prices in forms and on pages. Never through a float.

use common::{Currency, Money};

/// The reason why a price does not parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PriceError {
    /// Not a number.
    NotANumber,
    /// More decimals than the currency has.
    TooManyDecimals,
    /// Larger than any amount.
    TooLarge,
}

/// Parses a decimal in major units, such as `25`, `25.5` or `25,00`, into minor units.
pub(crate) fn parse(text: &str, currency: Currency) -> Result<Money, PriceError> {
    let text = text.trim();
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) || text.ends_with(['.', ',']) {
        return Err(PriceError::NotANumber);
    }
    let decimals = currency.decimals() as usize;
    if fraction.len() > decimals {
        return Err(PriceError::TooManyDecimals);
    }
    let minor = format!("{whole}{fraction:0<decimals$}");
    let amount = minor.parse::<i64>().map_err(|_| PriceError::TooLarge)?;
    Ok(Money { amount, currency })
}

/// The value of an input, such as `25.00`, which [`parse`] accepts.
pub(crate) fn to_decimal(price: Money) -> String {
    price.to_string().split(' ').next().unwrap_or_default().to_owned()
}

/// The price on a page: `$25.00`, `€1,250.00`, `CHF 25.00`.
pub(crate) fn format(price: Money) -> String {
    let decimal = to_decimal(price);
    let (sign, decimal) = decimal.strip_prefix('-').map_or(("", decimal.as_str()), |rest| ("-", rest));
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{}{point}{fraction}", symbol(price.currency), grouped(whole))
}

/// The prefix of the amount. Dollars other than US dollars name their country; a non-breaking space follows a code of
/// letters.
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
    fn an_invalid_price_is_refused() {
        let read = |text| parse(text, Currency::Usd);
        for text in ["", "-5", "+5", "1e3", "abc", "1.2.3", ".50", "5.", "1 000", "٣"] {
            assert_eq!(read(text), Err(PriceError::NotANumber), "{text}");
        }
        // Not a thousand: half of the world writes the decimal point as a comma.
        assert_eq!(read("1,000"), Err(PriceError::TooManyDecimals));
        assert_eq!(read("0.001"), Err(PriceError::TooManyDecimals));
        assert_eq!(parse("5.0", Currency::Jpy), Err(PriceError::TooManyDecimals));
        assert_eq!(read("99999999999999999999"), Err(PriceError::TooLarge));
    }

    #[test]
    fn a_price_is_shown_by_its_currency() {
        let show = |amount, currency| format(Money { amount, currency });
        assert_eq!(show(2500, Currency::Usd), "$25.00");
        assert_eq!(show(123_456_789, Currency::Eur), "€1,234,567.89");
        assert_eq!(show(5, Currency::Gbp), "£0.05");
        assert_eq!(show(50_000, Currency::Jpy), "¥50,000");
        assert_eq!(show(2500, Currency::Chf), "CHF\u{a0}25.00");
    }

    #[test]
    fn an_input_value_parses_back() {
        for currency in Currency::ALL {
            for amount in [50, 2500, 99_999_999] {
                let money = Money { amount, currency };
                assert_eq!(parse(&to_decimal(money), currency), Ok(money));
            }
        }
    }
}
