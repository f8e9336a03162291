//! The address of NATS, displayed without its secrets.

use std::fmt;
use std::str::FromStr;

use async_nats::{ConnectOptions, ServerAddr};
use percent_encoding::percent_decode_str;

/// The address of NATS: `nats://[user:password@ | token@]host[:port]`, or `tls://…`; several servers of one
/// cluster with commas between them. Displayed without its secrets.
#[derive(Clone)]
pub struct Address {
    servers: Vec<ServerAddr>,
    credentials: Credentials,
}

#[derive(Clone)]
enum Credentials {
    None,
    Token(String),
    Password { user: String, password: String },
}

/// Text that is not an address of NATS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be an address such as nats://nats:4222, or several with commas between them")]
pub struct AddressError;

impl Address {
    pub(super) fn servers(&self) -> &[ServerAddr] {
        &self.servers
    }

    /// Adds the credentials.
    pub(super) fn identify(&self, options: ConnectOptions) -> ConnectOptions {
        match self.credentials.clone() {
            Credentials::None => options,
            Credentials::Token(token) => options.token(token),
            Credentials::Password { user, password } => options.user_and_password(user, password),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let mut address = Self { servers: Vec::new(), credentials: Credentials::None };
        for part in text.split(',') {
            let (server, credentials) = server(part.trim())?;
            // All servers share the credentials of the first that has some.
            if let Credentials::None = address.credentials {
                address.credentials = credentials;
            }
            address.servers.push(server);
        }
        Ok(address)
    }
}

/// Separates the credentials: the client logs the addresses of servers.
fn server(text: &str) -> Result<(ServerAddr, Credentials), AddressError> {
    let server: ServerAddr = text.parse().map_err(|_| AddressError)?;
    if server.host().is_empty() || server.is_websocket() {
        return Err(AddressError);
    }
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(Into::into);
    let credentials = match (server.username().map(decoded), server.password().map(decoded)) {
        (None, None) => Credentials::None,
        (Some(Ok(token)), None) => Credentials::Token(token),
        (Some(Ok(user)), Some(Ok(password))) => Credentials::Password { user, password },
        _ => return Err(AddressError),
    };
    let mut url = server.into_inner();
    url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| AddressError)?;
    Ok((ServerAddr::from_url(url).map_err(|_| AddressError)?, credentials))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.servers.iter().map(ServerAddr::as_url_str).collect::<Vec<_>>().join(","))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_kept_and_never_displayed() {
        let address: Address =
            "nats://shop:p%40ss%2Fword@one:4222, tls://two:4223".parse().expect("an address");
        assert_eq!(format!("{address} {address:?}"), ["nats://one:4222,tls://two:4223"; 2].join(" "));
        let logged = format!("{:?}", address.servers());
        assert!(!logged.contains("shop") && !logged.contains("ss%2Fword"), "{logged}");
        let Credentials::Password { user, password } = address.credentials else {
            panic!("the address has a password");
        };
        assert_eq!((user.as_str(), password.as_str()), ("shop", "p@ss/word"));
        let address: Address = "nats://s3cret@one".parse().expect("an address");
        assert_eq!(address.to_string(), "nats://one");
        assert!(matches!(address.credentials, Credentials::Token(token) if token == "s3cret"));
    }

    #[test]
    fn an_invalid_address_is_refused_without_being_repeated() {
        for text in
            ["", "nats://", "http://user:s3cret@host", "nats://:s3cret@host", "ws://host", "nats://a,"]
        {
            let refused = text.parse::<Address>().expect_err(text);
            assert!(!refused.to_string().contains("s3cret"));
        }
    }
}
