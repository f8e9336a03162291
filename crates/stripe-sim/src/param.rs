//! Stripe's form encoding: names with brackets, values as text.

use aws_lc_rs::digest::{Context, SHA256};

use crate::card;
use crate::error::ApiError;

/// A request's parameters, in order. Not `Debug`, because card numbers pass through.
#[derive(Clone, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads a query or a form body.
    pub(crate) fn parse(encoded: &[u8]) -> Result<Self, ApiError> {
        serde_urlencoded::from_bytes(encoded)
            .map(Self)
            .map_err(|_| ApiError::invalid("The request is not form-encoded UTF-8; encode it as a form."))
    }

    /// Puts the parameters of another part of the request behind these.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// A value that is present, though it may be empty, which asks to remove what was there.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// A value that is present and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.given(name).filter(|value| !value.is_empty())
    }

    /// A value that must be present and cannot be removed.
    pub(crate) fn required(&self, name: &str) -> Result<&str, ApiError> {
        match self.given(name) {
            Some("") => {
                let message = format!("'{name}' cannot be unset, so it cannot be empty; leave it out.");
                Err(ApiError::parameter("parameter_invalid_empty", name, message))
            }
            Some(value) => Ok(value),
            None => {
                let message = format!("Missing required param: {name}.");
                Err(ApiError::parameter("parameter_missing", name, message))
            }
        }
    }

    /// A whole number.
    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let parse = |value: &str| {
            value.parse().map_err(|_| {
                ApiError::parameter("parameter_invalid_integer", name, format!("Invalid integer: {value}"))
            })
        };
        self.text(name).map(parse).transpose()
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        let parse = |value: &str| {
            let wrong = || ApiError::invalid(format!("Invalid boolean: {value}")).about_parameter(name);
            value.parse().map_err(|_| wrong())
        };
        self.text(name).map(parse).transpose()
    }

    /// An address to which a browser can be sent.
    pub(crate) fn url(&self, name: &str) -> Result<Option<String>, ApiError> {
        let is_web = |url: &str| url.starts_with("http://") || url.starts_with("https://");
        match self.text(name) {
            Some(url) if !is_web(url) || !url.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err(ApiError::parameter("url_invalid", name, "Not a valid URL."))
            }
            url => Ok(url.map(str::to_owned)),
        }
    }

    /// The values of `name[]` or `name[0]`, `name[1]`, in order.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        self.below(name).map(|(_, value)| value).collect()
    }

    /// What stands in brackets behind `name`, and its value.
    pub(crate) fn below(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(move |(given, value)| {
            let key = given.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
            Some((key, value.as_str()))
        })
    }

    /// Refuses parameters that the operation does not have.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        let root = |given: &str| given.split('[').next().unwrap_or_default().to_owned();
        match self.0.iter().map(|(given, _)| root(given)).find(|given| !known.contains(&given.as_str())) {
            None => Ok(()),
            Some(stranger) => {
                let message = format!("Received unknown parameter: {stranger}");
                Err(ApiError::parameter("parameter_unknown", &stranger, message))
            }
        }
    }

    /// Tells requests apart under one idempotency key. It is stored, so of a card it knows no more than the last
    /// four digits: a digest of a whole number could be guessed back.
    pub(crate) fn fingerprint(&self, caller: &str, path: &str) -> String {
        let mut sorted: Vec<_> = self.0.iter().collect();
        sorted.sort();
        let mut digest = Context::new(&SHA256);
        let mut add = |part: &str| {
            digest.update(part.as_bytes());
            digest.update(&[0]);
        };
        add(caller);
        add(path);
        for (name, value) in sorted {
            add(name);
            match name {
                name if name.ends_with("[number]") => add(&card::last4(value)),
                name if name.ends_with("[cvc]") => {}
                _ => add(value),
            }
        }
        crate::webhook::hex(digest.finish().as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(encoded: &str) -> Params {
        Params::parse(encoded.as_bytes()).expect("form-encoded")
    }

    #[test]
    fn brackets_make_lists_and_maps() {
        let params = params("types%5B0%5D=card&types[]=link&metadata[order]=7&metadata[a%20b]=c&empty=");
        assert_eq!(params.list("types"), ["card", "link"]);
        assert_eq!(params.below("metadata").collect::<Vec<_>>(), [("order", "7"), ("a b", "c")]);
        assert_eq!(params.text("empty"), None);
    }

    #[test]
    fn the_fingerprint_ignores_order_and_keeps_no_card_number() {
        let print = |encoded: &str| params(encoded).fingerprint("Secret", "/v1/x");
        assert_eq!(print("a=1&b=2"), print("b=2&a=1"));
        assert_ne!(print("a=1&b=2"), print("a=1&b=3"));
        let card = |number: &str, cvc: &str| print(&format!("card[number]={number}&card[cvc]={cvc}"));
        assert_eq!(card("4242424242424242", "123"), card("5555555555554242", "999"));
    }
}
