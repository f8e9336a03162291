//! The services' base URLs.

use clap::Args;
use runtime::config;

/// The base URL of each service: scheme and host.
#[derive(Debug, Clone, Args)]
pub struct ServiceUrls {
    /// Base URL of auth.
    #[arg(long = "auth-url", env = "AUTH_URL", value_parser = config::public_url)]
    pub auth: String,

    /// Base URL of tickets.
    #[arg(long = "tickets-url", env = "TICKETS_URL", value_parser = config::public_url)]
    pub tickets: String,

    /// Base URL of orders.
    #[arg(long = "orders-url", env = "ORDERS_URL", value_parser = config::public_url)]
    pub orders: String,

    /// Base URL of payments.
    #[arg(long = "payments-url", env = "PAYMENTS_URL", value_parser = config::public_url)]
    pub payments: String,
}

impl ServiceUrls {
    /// The URL of auth's public keys (JWKS).
    pub fn jwks(&self) -> String {
        format!("{}/api/users/jwks.json", self.auth)
    }

    /// The base URL of the service that serves `path`.
    pub(super) fn for_path(&self, path: &str) -> &str {
        let services = [
            ("/api/tickets", &self.tickets),
            ("/api/orders", &self.orders),
            ("/api/payments", &self.payments),
        ];
        services.into_iter().find(|(prefix, _)| path.starts_with(prefix)).map_or(&self.auth, |(_, url)| url)
    }
}
