//! Stripe's form encoding: names with brackets, values as text.

use common::Currency;

use crate::error::ApiError;

/// A request's parameters, in order. Not `Debug`, because card numbers are among them.
#[derive(Clone, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Parses a query or a form body.
    pub(crate) fn parse(encoded: &[u8]) -> Result<Self, ApiError> {
        serde_urlencoded::from_bytes(encoded)
            .map(Self)
            .map_err(|_| ApiError::invalid("The request is not form-encoded UTF-8; encode it as a form."))
    }

    /// Appends the parameters of another part of the request.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// A value that is present and may be empty. An empty value removes the former one.
    pub(crate) fn given(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// A value that is present and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.given(name).filter(|value| !value.is_empty())
    }

    /// A value that must be present and not empty.
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

    /// An address for browsers.
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
        self.nested(name).map(|(_, value)| value).collect()
    }

    /// The keys in brackets behind `name`, with their values.
    pub(crate) fn nested(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(move |(given, value)| {
            let key = given.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
            Some((key, value.as_str()))
        })
    }

    /// All names and values, sorted.
    pub(crate) fn sorted(&self) -> Vec<&(String, String)> {
        let mut sorted: Vec<_> = self.0.iter().collect();
        sorted.sort();
        sorted
    }

    /// Rejects parameters that the operation does not have.
    pub(crate) fn reject_unknown(&self, known: &[&str]) -> Result<(), ApiError> {
        let root = |given: &str| given.split('[').next().unwrap_or_default().to_owned();
        match self.0.iter().map(|(given, _)| root(given)).find(|given| !known.contains(&given.as_str())) {
            None => Ok(()),
            Some(unknown) => {
                let message = format!("Received unknown parameter: {unknown}");
                Err(ApiError::parameter("parameter_unknown", &unknown, message))
            }
        }
    }
}

/// Parses a currency code in any case.
pub(crate) fn currency(code: &str) -> Result<Currency, ApiError> {
    code.to_uppercase().parse().map_err(|()| {
        let known = Currency::ALL.map(|currency| currency.code().to_lowercase()).join(", ");
        let message = format!("Invalid currency: {code}. These currencies are supported: {known}");
        ApiError::invalid(message).about_parameter("currency")
    })
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
        assert_eq!(params.nested("metadata").collect::<Vec<_>>(), [("order", "7"), ("a b", "c")]);
        assert_eq!(params.text("empty"), None);
    }
}
