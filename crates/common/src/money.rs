//! Money: integer minor units of a currency, never a float.

use serde::{Deserialize, Serialize};

/// An amount of money, in the currency's minor unit (cents; for JPY, yen).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: Currency,
}

/// The currencies in which tickets can be listed, by their ISO 4217 codes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the names are ISO 4217 codes")]
pub enum Currency {
    Usd,
    Eur,
    Gbp,
    Cad,
    Aud,
    Chf,
    Sek,
    Jpy,
}

impl Currency {
    /// Every currency.
    pub const ALL: [Self; 8] =
        [Self::Usd, Self::Eur, Self::Gbp, Self::Cad, Self::Aud, Self::Chf, Self::Sek, Self::Jpy];

    /// The ISO 4217 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Usd => "USD",
            Self::Eur => "EUR",
            Self::Gbp => "GBP",
            Self::Cad => "CAD",
            Self::Aud => "AUD",
            Self::Chf => "CHF",
            Self::Sek => "SEK",
            Self::Jpy => "JPY",
        }
    }

    /// The least price, in minor units: at or above Stripe's minimum charge.
    /// <https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>
    pub const fn min_price(self) -> i64 {
        match self {
            Self::Gbp => 30,
            Self::Sek => 300,
            Self::Usd | Self::Eur | Self::Cad | Self::Aud | Self::Chf | Self::Jpy => 50,
        }
    }

    /// The number of decimals of the minor unit.
    pub const fn decimals(self) -> u32 {
        match self {
            Self::Jpy => 0,
            Self::Usd | Self::Eur | Self::Gbp | Self::Cad | Self::Aud | Self::Chf | Self::Sek => 2,
        }
    }
}

impl std::str::FromStr for Currency {
    type Err = ();

    fn from_str(code: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|currency| currency.code() == code).ok_or(())
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl Money {
    /// The largest price, in minor units of any currency: Stripe's limit of eight digits.
    pub const MAX: i64 = 99_999_999;

    /// Whether a ticket can have this price.
    pub const fn is_chargeable(self) -> bool {
        self.amount >= self.currency.min_price() && self.amount <= Self::MAX
    }
}

/// `25.00 USD`: for logs and messages; pages format by locale.
impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.amount < 0 { "-" } else { "" };
        let amount = self.amount.unsigned_abs();
        match self.currency.decimals() {
            0 => write!(f, "{sign}{amount} {}", self.currency),
            digits => {
                let unit = 10_u64.pow(digits);
                let width = digits as usize;
                write!(f, "{sign}{}.{:0width$} {}", amount / unit, amount % unit, self.currency)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_shown_in_major_units() {
        let show = |amount, currency| Money { amount, currency }.to_string();
        assert_eq!(show(2500, Currency::Usd), "25.00 USD");
        assert_eq!(show(5, Currency::Eur), "0.05 EUR");
        assert_eq!(show(-105, Currency::Gbp), "-1.05 GBP");
        assert_eq!(show(500, Currency::Jpy), "500 JPY");
    }

    #[test]
    fn the_bounds_of_a_price_are_inclusive() {
        for currency in Currency::ALL {
            let may = |amount| Money { amount, currency }.is_chargeable();
            assert!(!may(currency.min_price() - 1) && may(currency.min_price()));
            assert!(may(Money::MAX) && !may(Money::MAX + 1));
        }
    }

    #[test]
    fn codes_read_back() {
        for currency in Currency::ALL {
            assert_eq!(currency.code().parse(), Ok(currency));
            assert_eq!(serde_json::to_string(&currency).expect("JSON"), format!("\"{currency}\""));
        }
    }
}
