//! The options that every service has.

use std::net::SocketAddr;

use clap::Args;
use common::http::{HttpContext, HttpSettings, Sessions, VerifiedEmail};
use common::{Ids, SharedClock};
use ipnet::IpNet;

use crate::backends::BusOptions;
use crate::config::{self, SecretUrl};

/// The options that every service has, as flags or environment variables.
#[derive(Debug, Clone, Args)]
pub struct ServiceArgs {
    /// The address of the API.
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,

    /// The address of `/livez`, `/readyz` and `/metrics`.
    #[arg(long, env = "ADMIN_LISTEN", default_value = "127.0.0.1:9090")]
    pub admin_listen: SocketAddr,

    /// The database: `mongodb://user:password@host:port/database` (by default a database of the service's name), or
    /// `sqlite:<path of a file>`, which only one process can open.
    #[arg(long, env = "STORE_URL", hide_env_values = true)]
    pub store_url: SecretUrl,

    /// The bus.
    #[command(flatten)]
    pub bus: BusOptions,

    /// The address of auth's public keys.
    #[arg(long, env = "JWKS_URL", default_value = "http://127.0.0.1:3000/api/users/jwks.json")]
    pub jwks_url: String,

    /// The options of the HTTP side.
    #[command(flatten)]
    pub http: HttpOptions,
}

/// The options of everything that answers HTTP requests.
#[derive(Debug, Clone, Args)]
pub struct HttpOptions {
    /// The public address of the marketplace, such as `https://tickets.example`; with https, cookies are `Secure`.
    #[arg(long, env = "PUBLIC_URL", value_parser = config::public_url)]
    pub public_url: Option<String>,

    /// The address or network of a trusted proxy, such as `10.244.0.0/16`, whose forwarded headers count; repeatable.
    #[arg(
        long = "trusted-proxy",
        env = "TRUSTED_PROXIES",
        value_delimiter = ',',
        value_parser = config::network
    )]
    pub trusted_proxies: Vec<IpNet>,

    /// The largest number of writes (`POST`, `PUT`, `DELETE`) of one person in a minute, for each service and replica;
    /// 0: no limit.
    #[arg(long, env = "MAX_WRITES", default_value_t = HttpOptions::MAX_WRITES)]
    pub max_writes: u32,

    /// The largest number of open event streams of one person, or of one address (IPv6: /64) without a session, for each
    /// service and replica; 0: no limit.
    #[arg(long, env = "MAX_STREAMS", default_value_t = HttpOptions::MAX_STREAMS)]
    pub max_streams: usize,

    /// The actions that need a verified email address: `off` (none), `sell` (list and edit tickets),
    /// `buy` (order and pay) or `both`.
    #[arg(long, env = "VERIFIED_EMAIL", default_value = "off", value_name = "off|sell|buy|both")]
    pub verified_email: VerifiedEmail,
}

/// The defaults of the command line, but without a limit of writes: one person of a test does the work of many.
impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            public_url: None,
            trusted_proxies: Vec::new(),
            max_writes: 0,
            max_streams: Self::MAX_STREAMS,
            verified_email: VerifiedEmail::Off,
        }
    }
}

impl HttpOptions {
    const MAX_WRITES: u32 = 120;
    const MAX_STREAMS: usize = 20;

    /// The context of extractors and middleware.
    pub fn context(
        &self,
        service: &'static str,
        clock: SharedClock,
        ids: Ids,
        sessions: Sessions,
    ) -> HttpContext {
        HttpContext::new(HttpSettings {
            service,
            clock,
            ids,
            sessions,
            public_url: self.public_url.clone(),
            trusted_proxies: self.trusted_proxies.clone(),
            max_writes: self.max_writes,
            max_streams: self.max_streams,
            verified_email: self.verified_email,
        })
    }
}
