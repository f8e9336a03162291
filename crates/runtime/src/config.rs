//! Parsers of configuration values.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use jiff::SpanRelativeTo;
use jiff::fmt::friendly::SpanParser;
use url::Url;

/// Parses a duration such as `15m`, `20s`, `250ms` or `1h 30m`; a day has 24 hours.
///
/// # Errors
/// A sentence that describes the form.
pub fn duration(text: &str) -> Result<Duration, String> {
    let span = SpanParser::new().parse_span(text).ok();
    let duration = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    duration
        .and_then(|duration| u64::try_from(duration.as_millis()).ok())
        .filter(|millis| *millis > 0)
        .map(Duration::from_millis)
        .ok_or_else(|| "must be a positive duration such as `15m`, `20s`, `250ms` or `8d`".to_owned())
}

/// An address that may contain a password, so `Debug` hides it. Any text is accepted; the adapter that opens the address
/// validates it, and its errors do not repeat it.
#[derive(Clone)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// The whole address.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl From<&str> for SecretUrl {
    fn from(url: &str) -> Self {
        Self(url.to_owned())
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.0.split_once(':').map_or("", |(scheme, _)| scheme);
        write!(f, "SecretUrl({scheme}:…)")
    }
}

/// Parses an origin, which is a scheme, a host and optionally a port. A slash at the end is removed.
///
/// # Errors
/// A sentence that describes the form.
pub fn public_url(text: &str) -> Result<String, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.and_then(|url| {
        let origin = url.origin().ascii_serialization();
        // Equal only without a user, path, query and fragment.
        (url.as_str().strip_suffix('/') == Some(&origin)).then_some(origin)
    })
    .ok_or_else(|| "must be a scheme and a host, such as `https://tickets.example`".to_owned())
}

/// Parses an address or a network such as `10.244.0.0/16`: in a cluster, the addresses of routers change.
///
/// # Errors
/// A sentence that describes the form.
pub fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    address
        .or_else(|_| text.parse())
        .map_err(|_| "must be an address or a network, such as `10.0.0.7` or `10.244.0.0/16`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        assert_eq!(duration("15m"), Ok(Duration::from_mins(15)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("20s"), Ok(Duration::from_secs(20)));
        assert_eq!(duration("8d"), Ok(Duration::from_hours(8 * 24)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_mins(90)));
        for wrong in [
            "",
            "15",
            "m",
            "0s",
            "0d",
            "-5s",
            "5s ago",
            "1us",
            "1 month",
            "soon",
            "99999999999999999999d",
            "18446744073709551615d",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_public_url_is_a_scheme_and_a_host() {
        assert_eq!(public_url("https://tickets.example/"), Ok("https://tickets.example".into()));
        assert_eq!(public_url("http://127.0.0.1:3000"), Ok("http://127.0.0.1:3000".into()));
        for wrong in [
            "",
            "tickets.example",
            "https://",
            "https://a/b",
            "https://a?b",
            "https://a#b",
            "https://a@b",
            "https://a b",
            "ftp://a",
        ] {
            assert!(public_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_network_is_an_address_or_several() {
        let contains = |network: &str, address: &str| {
            let address = address.parse::<IpAddr>().expect("an address");
            super::network(network).expect("a network").contains(&address)
        };
        assert!(contains("10.244.0.0/16", "10.244.3.7") && !contains("10.244.0.0/16", "10.245.0.1"));
        assert!(contains("10.0.0.7", "10.0.0.7") && !contains("10.0.0.7", "10.0.0.8"));
        assert!(contains("::ffff:10.0.0.7", "10.0.0.7") && contains("fd00::/8", "fd00::1"));
        for wrong in ["", "ingress", "10.0.0.0/33", "10.0.0", "10.0.0.7/"] {
            assert!(network(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_with_a_password_is_not_shown() {
        let url = SecretUrl::from("mongodb://orders:hunter2@db/orders");
        assert_eq!(format!("{url:?}"), "SecretUrl(mongodb:…)");
        assert_eq!(url.expose(), "mongodb://orders:hunter2@db/orders");
    }
}
