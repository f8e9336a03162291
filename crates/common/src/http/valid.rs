//! Bodies that are parsed, not validated: a handler sees only values that keep their rules.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::HttpContext;
use super::reject_arrays::RejectArrays;
use crate::text::{self, TextError};
use crate::{Currency, FieldError, Money, Problem, Time};

/// A value that is made from a request's body.
pub trait Parse: Sized {
    /// The shape on the wire. It should deny unknown fields; a field that is required is an `Option` here, so that
    /// everything missing is reported together.
    type Raw: DeserializeOwned;

    /// Makes the value, or notes every fault and returns `None`. `now` is the request's time.
    fn parse(raw: Self::Raw, now: Time, errors: &mut FieldErrors) -> Option<Self>;
}

/// The faults of a body, collected.
#[derive(Debug, Default)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Notes a fault.
    pub fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError::new(field, message));
    }

    /// The value, or a note of why it is none.
    pub fn check<T>(&mut self, field: &str, value: Result<T, impl ToString>) -> Option<T> {
        value.map_err(|error| self.add(field, error.to_string())).ok()
    }

    /// The value, or a note that it is missing.
    pub fn required<T>(&mut self, field: &str, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.add(field, "is required");
        }
        value
    }

    /// A required line of text ([`text::line`]).
    pub fn line(&mut self, field: &str, value: Option<String>, most: usize) -> Option<String> {
        let value = self.required(field, value)?;
        self.check(field, text::line(&value, most))
    }

    /// An optional line of text; blank counts as absent. `None`: it broke a rule.
    #[expect(clippy::option_option, reason = "the outer one tells faulty, the inner one absent")]
    #[expect(clippy::needless_pass_by_value, reason = "raw fields are handed over whole")]
    pub fn optional_line(
        &mut self,
        field: &str,
        value: Option<String>,
        most: usize,
    ) -> Option<Option<String>> {
        self.optional(field, value.as_deref(), |value| text::line(value, most))
    }

    /// Optional lines of text ([`text::lines`]); blank counts as absent. `None`: they broke a rule.
    #[expect(clippy::option_option, reason = "the outer one tells faulty, the inner one absent")]
    #[expect(clippy::needless_pass_by_value, reason = "raw fields are handed over whole")]
    pub fn optional_lines(
        &mut self,
        field: &str,
        value: Option<String>,
        most: usize,
    ) -> Option<Option<String>> {
        self.optional(field, value.as_deref(), |value| text::lines(value, most))
    }

    #[expect(clippy::option_option, reason = "the outer one tells faulty, the inner one absent")]
    fn optional(
        &mut self,
        field: &str,
        value: Option<&str>,
        clean: impl Fn(&str) -> Result<String, TextError>,
    ) -> Option<Option<String>> {
        match value.map(clean) {
            None | Some(Err(TextError::Empty)) => Some(None),
            Some(value) => self.check(field, value).map(Some),
        }
    }

    /// A required amount of money in one of our currencies. Its bounds are the caller's rule.
    pub fn money(&mut self, field: &str, value: Option<RawMoney>) -> Option<Money> {
        let RawMoney { amount, currency } = self.required(field, value)?;
        let amount = self.required(&format!("{field}.amount"), amount);
        let field = format!("{field}.currency");
        let currency = self.required(&field, currency).and_then(|code| {
            let codes = Currency::ALL.map(Currency::code).join(", ");
            self.check(&field, code.parse::<Currency>().map_err(|()| format!("must be one of {codes}")))
        });
        Some(Money { amount: amount?, currency: currency? })
    }
}

/// Money as it arrives, before its rules are checked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawMoney {
    amount: Option<i64>,
    currency: Option<String>,
}

/// Extracts a body that keeps its rules; else answers 400 and names every fault.
#[derive(Debug)]
pub struct Valid<T>(pub T);

impl<T: Parse, S: Send + Sync> FromRequest<S> for Valid<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let context: Option<HttpContext> = request.extensions().get::<HttpContext>().cloned();
        let context = context.ok_or_else(|| Problem::internal("a route outside the stack"))?;
        let body = Bytes::from_request(request, state).await.map_err(Problem::internal)?;
        parse(&body, context.clock.now()).map(Self)
    }
}

fn parse<T: Parse>(body: &[u8], now: Time) -> Result<T, Problem> {
    // First, since it reads to the end: what is not JSON is told so, whatever else is wrong with it.
    let RejectArrays = read(body)?;
    let raw = read(body)?;
    let mut errors = FieldErrors::default();
    match T::parse(raw, now, &mut errors) {
        Some(value) if errors.0.is_empty() => Ok(value),
        _ => Err(Problem::not_valid(errors.0)),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| shape(&error))?;
    json.end().map_err(|_| malformed())?;
    Ok(read)
}

fn malformed() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "malformed-json",
        "The body is not JSON; send one JSON object in UTF-8.",
    )
}

/// A fault of the body's shape, with the field where it is.
fn shape(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let inner = error.inner();
    if !inner.is_data() {
        return malformed();
    }
    let mut field = error.path().to_string();
    // serde's own sentence ends in the place within the text, which helps nobody who has the path.
    let words = inner.to_string();
    let words = words.split(" at line ").next().unwrap_or_default().to_owned();
    // A field that should not be there (twice) is named by the words, its parent by the path.
    if let Some(name) = words.split('`').nth(1).filter(|_| words.contains(" field `")) {
        let parent = field.trim_end_matches('.');
        if parent.is_empty() || parent == name || parent.ends_with(&format!(".{name}")) {
            field = if parent.is_empty() { name.to_owned() } else { parent.to_owned() };
        } else {
            field = format!("{parent}.{name}");
        }
    }
    let fault = match field.as_str() {
        "" | "." => FieldError { message: words, field: None },
        _ => FieldError::new(field, words),
    };
    Problem::not_valid(vec![fault])
}

#[cfg(test)]
mod tests {
    use super::*;

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
