//! The options of an operator: the mail server and the sender.

use clap::Args;
use lettre::message::Mailbox;
use percent_encoding::percent_decode_str;
use runtime::config::SecretUrl;
use url::{Host, Url};

/// The mail server and the sender.
#[derive(Debug, Clone, Args)]
pub struct MailOptions {
    /// The mail server: `smtps://user:password@host:port` (TLS from the start) or `smtp://…` (STARTTLS). TLS is required,
    /// unless the host is a loopback address; `?tls=none` does without, in a network of one's own.
    #[arg(long, env = "SMTP_URL", default_value = Self::SMTP_URL, hide_env_values = true)]
    pub smtp_url: SecretUrl,

    /// The sender of emails, such as `Tickets <no-reply@tickets.example>`.
    #[arg(long, env = "MAIL_FROM", default_value = Self::MAIL_FROM)]
    pub mail_from: String,
}

impl MailOptions {
    /// The simulator's default address.
    const SMTP_URL: &str = "smtp://127.0.0.1:1025";
    const MAIL_FROM: &str = "Ticketing <no-reply@localhost>";
}

impl Default for MailOptions {
    fn default() -> Self {
        Self { smtp_url: Self::SMTP_URL.into(), mail_from: Self::MAIL_FROM.to_owned() }
    }
}

/// The reason why the options are not usable. Repeats neither address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// The address of the server has another form.
    #[error("SMTP_URL must be `smtps://user:password@host:port` or `smtp://host:port`")]
    Url,
    /// The sender is no address.
    #[error("MAIL_FROM must be an address such as `Tickets <no-reply@tickets.example>`")]
    From,
    /// The TLS configuration cannot be made.
    #[error("TLS to the mail server cannot be configured")]
    Tls,
}

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    /// TLS from the start.
    Tls,
    /// `STARTTLS`, required.
    StartTls,
    /// None: the server is on this machine, or the operator has decided so.
    None,
}

/// The parsed address of a server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) protection: Protection,
    pub(crate) credentials: Option<(String, String)>,
}

impl Server {
    pub(crate) fn parse(url: &SecretUrl) -> Result<Self, OptionsError> {
        let url = Url::parse(url.expose()).map_err(|_| OptionsError::Url)?;
        // Hosts of other schemes than those of the web are not parsed as addresses.
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(OptionsError::Url)?;
        let host = Host::parse(host).map_err(|_| OptionsError::Url)?;
        let is_loopback = match &host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        let (default_port, protection) = match (url.scheme(), url.query()) {
            ("smtps", None) => (465, Protection::Tls),
            ("smtp", None) if is_loopback => (25, Protection::None),
            ("smtp", None) => (587, Protection::StartTls),
            ("smtp", Some("tls=none")) => (25, Protection::None),
            _ => return Err(OptionsError::Url),
        };
        if !matches!(url.path(), "" | "/") {
            return Err(OptionsError::Url);
        }
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let credentials = url.password().map(|password| (decoded(url.username()), decoded(password)));
        let host = host.to_string().trim_matches(['[', ']']).to_owned();
        Ok(Self { host, port: url.port().unwrap_or(default_port), protection, credentials })
    }
}

impl MailOptions {
    pub(crate) fn sender(&self) -> Result<Mailbox, OptionsError> {
        self.mail_from.parse().map_err(|_| OptionsError::From)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Server, OptionsError> {
        Server::parse(&url.into())
    }

    fn protection(url: &str) -> Protection {
        parse(url).expect("a server").protection
    }

    #[test]
    fn tls_is_required_unless_the_server_is_on_this_machine() {
        for url in
            ["smtp://mail.example", "smtp://10.0.0.7:25", "smtp://localhost.example", "smtp://[fd00::1]"]
        {
            assert_eq!(protection(url), Protection::StartTls, "{url}");
        }
        for url in ["smtp://127.0.0.1:1025", "smtp://localhost:1025", "smtp://[::1]:1025"] {
            assert_eq!(protection(url), Protection::None, "{url}");
        }
        assert_eq!(protection("smtps://mail.example"), Protection::Tls);
        assert_eq!(protection("smtp://mailpit:1025?tls=none"), Protection::None);
    }

    #[test]
    fn name_and_password_are_decoded() {
        let server = parse("smtps://ann%40example.com:p%3Aw%2F@mail.example:2465").expect("a server");
        assert_eq!((server.host.as_str(), server.port), ("mail.example", 2465));
        assert_eq!(server.credentials, Some(("ann@example.com".into(), "p:w/".into())));
    }

    #[test]
    fn another_form_is_refused() {
        for url in [
            "",
            "mail.example",
            "http://mail.example",
            "smtp://",
            "smtp://host/path",
            "smtp://h?tls=maybe",
            "smtps://h?tls=none",
        ] {
            assert_eq!(parse(url).err(), Some(OptionsError::Url), "{url}");
        }
        let options = MailOptions { mail_from: "not an address".into(), ..MailOptions::default() };
        assert_eq!(options.sender(), Err(OptionsError::From));
        assert!(MailOptions::default().sender().is_ok());
    }
}
