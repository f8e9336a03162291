//! Where the services are.

use clap::Args;
use runtime::config;

/// Where the services are: scheme and host of each.
#[derive(Debug, Clone, Args)]
pub struct Addresses {
    /// Where auth is.
    #[arg(long, env = "AUTH_URL", value_parser = config::public_url)]
    pub auth_url: String,

    /// Where tickets is.
    #[arg(long, env = "TICKETS_URL", value_parser = config::public_url)]
    pub tickets_url: String,

    /// Where orders is.
    #[arg(long, env = "ORDERS_URL", value_parser = config::public_url)]
    pub orders_url: String,

    /// Where payments is.
    #[arg(long, env = "PAYMENTS_URL", value_parser = config::public_url)]
    pub payments_url: String,
}

impl Addresses {
    /// Where auth publishes its public keys.
    pub fn jwks(&self) -> String {
        format!("{}/api/users/jwks.json", self.auth_url)
    }

    /// Who answers this path.
    pub(super) fn of(&self, path: &str) -> &str {
        let services = [
            ("/api/tickets", &self.tickets_url),
            ("/api/orders", &self.orders_url),
            ("/api/payments", &self.payments_url),
        ];
        services
            .into_iter()
            .find(|(prefix, _)| path.starts_with(prefix))
            .map_or(&self.auth_url, |(_, url)| url)
    }
}
