//! What can be configured, and how it is written.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

/// A duration as people write it: a whole number and `ms`, `s`, `m`, `h` or `d`, such as `15m` or `20s`.
///
/// # Errors
/// A sentence that tells the form.
pub fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => 0,
    };
    let duration = number.parse::<u64>().ok().and_then(|number| number.checked_mul(millis));
    duration.filter(|millis| *millis > 0).map(Duration::from_millis).ok_or_else(|| {
        "must be a whole number above 0 and a unit (ms, s, m, h, d), such as `15m` or `20s`".to_owned()
    })
}

/// An address that may hold a password, so it is neither printed nor logged. Any text is one; what is wrong with it is
/// said, without repeating it, by whoever opens it.
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

/// An origin: scheme and host, nothing behind; a slash at its end is taken off.
///
/// # Errors
/// A sentence that tells the form.
pub fn public_url(text: &str) -> Result<String, String> {
    let url = text.trim_end_matches('/');
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']) => Ok(url.to_owned()),
        _ => Err("must be a scheme and a host, such as `https://tickets.example`".to_owned()),
    }
}

/// An address, or a network such as `10.244.0.0/16`: in a cluster, the routers' addresses come and go.
///
/// # Errors
/// A sentence that tells the form.
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
        for wrong in
            ["", "15", "m", "0s", "-5s", "1.5h", "5 s", "99999999999999999999d", "18446744073709551615d"]
        {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_public_url_is_a_scheme_and_a_host() {
        assert_eq!(public_url("https://tickets.example/"), Ok("https://tickets.example".into()));
        assert_eq!(public_url("http://127.0.0.1:3000"), Ok("http://127.0.0.1:3000".into()));
        for wrong in ["tickets.example", "https://", "https://a/b", "https://a@b", "ftp://a"] {
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
