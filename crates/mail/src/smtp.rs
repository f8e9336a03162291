//! The SMTP adapter.

use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::time::timeout;

use crate::options::{Protection, Server};
use crate::{MailOptions, Mailer, Message, OptionsError, SendError};

/// The timeout of a connection to the server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The timeout of an email with its connection. Some servers check an email before they accept it, which takes seconds.
pub(crate) const SEND_TIMEOUT: Duration = Duration::from_secs(30);
/// Longer than the pauses of a busy service, and shorter than servers keep idle connections (RFC 5321 section 4.5.3.2.7).
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// The largest number of connections of a process: as many as the worker sends at once.
const MAX_CONNECTIONS: u32 = 8;
const NO_ANSWER: &str = "the mail server does not answer in time";
/// Replies of servers that require or refuse credentials (RFC 4954 section 6): a fault of the configuration, not of the email.
const AUTHENTICATION_CODES: [u16; 4] = [530, 534, 535, 538];

/// A mail server behind SMTP, with a pool of connections.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpMailer {
    /// A mailer with these options. Connects at the first email. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// An option is not usable.
    pub fn new(options: &MailOptions) -> Result<Self, OptionsError> {
        let (server, from) = (Server::parse(&options.smtp_url)?, options.sender()?);
        let tls = || TlsParameters::new(server.host.clone()).map_err(|_| OptionsError::Tls);
        let tls = match server.protection {
            Protection::Tls => Tls::Wrapper(tls()?),
            Protection::StartTls => Tls::Required(tls()?),
            Protection::None => Tls::None,
        };
        let pool = PoolConfig::new().max_size(MAX_CONNECTIONS).idle_timeout(IDLE_TIMEOUT);
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host)
            .port(server.port)
            .tls(tls)
            .hello_name(ClientId::Domain(from.email.domain().to_owned()))
            .timeout(Some(CONNECT_TIMEOUT))
            .pool_config(pool);
        if let Some((user, password)) = server.credentials {
            transport = transport.credentials(Credentials::new(user, password));
        }
        Ok(Self { transport: transport.build(), from })
    }

    /// The domain of the sender, in which `Message-ID`s are unique.
    pub fn domain(&self) -> &str {
        self.from.email.domain()
    }
}

impl Mailer for SmtpMailer {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), SendError>> {
        async move {
            // A recipient who is none: no attempt can succeed.
            let message = message
                .to_lettre(&self.from)
                .map_err(|_| SendError::Permanent("no mail server accepts the address".to_owned()))?;
            match timeout(SEND_TIMEOUT, self.transport.send(message)).await {
                Ok(sent) => sent.map(drop).map_err(|error| refusal(&error)),
                Err(_) => Err(SendError::Temporary(NO_ANSWER.to_owned())),
            }
        }
        .boxed()
    }
}

/// The reply's code without its text, which may repeat the address.
fn refusal(error: &Error) -> SendError {
    let Some(code) = error.status().map(u16::from) else {
        let reason = if error.is_timeout() {
            NO_ANSWER
        } else if error.is_tls() {
            "the mail server offers no TLS connection"
        } else {
            "the mail server is unavailable"
        };
        return SendError::Temporary(reason.to_owned());
    };
    let reason = format!("the mail server replied {code}");
    if error.is_permanent() && !AUTHENTICATION_CODES.contains(&code) {
        SendError::Permanent(reason)
    } else {
        SendError::Temporary(reason)
    }
}
