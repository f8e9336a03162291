//! The extractor of bodies: parsed, not validated, so that a handler receives only valid values.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::json::{self, RejectArrays};
use super::{FieldErrors, HttpContext};
use crate::{Problem, Time};

/// A value that is parsed from a body.
pub trait Parse: Sized {
    /// The shape of the JSON. It denies unknown fields; required fields are `Option`s, so that all missing ones are
    /// reported together.
    type Raw: DeserializeOwned;

    /// Whether the body has lists. Then serde also reads its structs from lists of their fields.
    const HAS_LISTS: bool = false;

    /// The value; adds every error and returns `None` if there is none. `now` is the time of the request.
    fn parse(raw: Self::Raw, now: Time, errors: &mut FieldErrors) -> Option<Self>;
}

/// A valid body; an invalid one is refused with 400 and every error.
#[derive(Debug)]
pub struct Valid<T>(pub T);

impl<T: Parse, S: Send + Sync> FromRequest<S> for Valid<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let context: Option<HttpContext> = request.extensions().get::<HttpContext>().cloned();
        let context = context.ok_or_else(|| Problem::internal("a route outside of the middleware"))?;
        let body = Bytes::from_request(request, state).await.map_err(Problem::internal)?;
        parse(&body, context.clock.now()).map(Self)
    }
}

fn parse<T: Parse>(body: &[u8], now: Time) -> Result<T, Problem> {
    // First, since it reads to the end: malformed JSON precedes every error of the shape.
    if T::HAS_LISTS {
        json::read::<serde_json::Value>(body)?;
    } else {
        let RejectArrays = json::read(body)?;
    }
    let raw = json::read(body)?;
    let mut errors = FieldErrors::default();
    match T::parse(raw, now, &mut errors) {
        Some(value) if errors.0.is_empty() => Ok(value),
        _ => Err(Problem::not_valid(errors.0)),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::http::RawMoney;
    use crate::{Currency, Money};

    #[derive(Debug)]
    struct Offer(Money);

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct RawOffer {
        title: Option<String>,
        price: Option<RawMoney>,
    }

    impl Parse for Offer {
        type Raw = RawOffer;

        fn parse(raw: RawOffer, _: Time, errors: &mut FieldErrors) -> Option<Self> {
            let title = errors.line("title", raw.title, 5);
            let price = errors.money("price", raw.price);
            title.and(price).map(Self)
        }
    }

    fn fields(body: &str) -> (String, Vec<Option<String>>) {
        let problem = parse::<Offer>(body.as_bytes(), Time::from_millis(0)).expect_err("a fault");
        (problem.code.into_owned(), problem.errors.into_iter().map(|error| error.field).collect())
    }

    #[test]
    fn a_body_that_keeps_its_rules_is_parsed() {
        let body = r#"{"title":"a","price":{"amount":5,"currency":"USD"}}"#;
        let Offer(price) = parse(body.as_bytes(), Time::from_millis(0)).expect("valid");
        assert_eq!(price, Money { amount: 5, currency: Currency::Usd });
    }

    #[test]
    fn all_faults_of_values_are_reported_together() {
        let (code, fields) = fields(r#"{"price":{"currency":"XXX"}}"#);
        assert_eq!(code, "not-valid");
        assert_eq!(fields, ["title", "price.amount", "price.currency"].map(|field| Some(field.to_owned())));
    }

    #[test]
    fn a_fault_of_the_shape_names_its_field() {
        for (body, field) in [
            (r#"{"title":1}"#, "title"),
            (r#"{"title":{"$gt":""}}"#, "title"),
            (r#"{"price":{"amount":25.5}}"#, "price.amount"),
            (r#"{"price":{"amount":"25"}}"#, "price.amount"),
            (r#"{"title":"a","title":"b"}"#, "title"),
            (r#"{"price":{"amount":1,"amount":2}}"#, "price.amount"),
            (r#"{"price":{"$gt":""}}"#, "price.$gt"),
            (r#"{"title":"a","price":[5,"USD"]}"#, "price"),
            (r#"{"admin":true}"#, "admin"),
        ] {
            assert_eq!(fields(body), ("not-valid".into(), vec![Some(field.into())]), "{body}");
        }
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for body in ["", "{", "nonsense", "{} {}", "{\"title\":\"\u{1}\"}"] {
            assert_eq!(fields(body).0, "malformed-json", "{body}");
        }
        let invalid_utf8 = b"{\"title\":\"\xff\"}";
        let problem = parse::<Offer>(invalid_utf8, Time::from_millis(0)).expect_err("a fault");
        assert_eq!(problem.code, "malformed-json");
        for body in ["[]", "null", "7", r#"["a",{"amount":5,"currency":"USD"}]"#] {
            assert_eq!(fields(body).0, "not-valid", "{body}");
        }
    }
}
