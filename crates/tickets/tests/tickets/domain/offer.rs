use common::text::TextError;
use common::{Currency, Money};
use tickets::domain::{Description, Offer, Price, Refusal, Title, Venue};

use super::{at, offer, usd};

#[test]
fn texts_are_trimmed_composed_and_bounded() {
    assert_eq!(Title::parse("  Cafe\u{301} ").expect("a title").as_str(), "Café");
    assert_eq!(Title::parse(&"é".repeat(200)).expect("a title").as_str().chars().count(), 200);
    assert_eq!(Title::parse(&"é".repeat(201)), Err(TextError::TooLong(200)));
    assert_eq!(Title::parse("  "), Err(TextError::Empty));
    assert_eq!(Venue::parse(&"v".repeat(201)), Err(TextError::TooLong(200)));
    assert_eq!(Description::parse(&"d".repeat(5_001)), Err(TextError::TooLong(5_000)));
}

#[test]
fn only_a_description_has_several_lines() {
    assert_eq!(Title::parse("a\nb"), Err(TextError::Control));
    assert_eq!(Venue::parse("a\tb"), Err(TextError::Control));
    assert_eq!(Description::parse("a\n\tb").expect("lines").as_str(), "a\n\tb");
    assert_eq!(Description::parse("a\u{0}b"), Err(TextError::Control));
}

#[test]
fn every_currency_has_a_least_price_and_all_share_the_most() {
    for currency in Currency::ALL {
        let price = |amount| Price::parse(Money { amount, currency });
        assert!(
            price(currency.min_price() - 1).is_err() && price(currency.min_price()).is_ok(),
            "{currency}"
        );
        assert!(price(Money::MAX).is_ok() && price(Money::MAX + 1).is_err(), "{currency}");
    }
    let error = Price::parse(Money { amount: 29, currency: Currency::Gbp }).expect_err("too little");
    assert_eq!(error.to_string(), "must be from 30 to 99999999 in minor units of GBP");
}

#[test]
fn a_start_lies_in_the_future_or_stays_as_it_was() {
    let offer = offer("concert", usd(2_500));
    assert_eq!(offer.check_start(None, at(999)), Ok(()));
    assert_eq!(offer.check_start(None, at(1_000)), Err(Refusal::Late));
    assert_eq!(offer.check_start(Some(at(1_000)), at(2_000)), Ok(()));
    assert_eq!(offer.check_start(Some(at(1_001)), at(2_000)), Err(Refusal::Late));
    assert_eq!(Offer { starts_at: None, ..offer }.check_start(Some(at(1)), at(2_000)), Ok(()));
}
