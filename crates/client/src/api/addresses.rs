//! Where the services are.

use clap::Args;
use runtime::config;

/// Where the services are: scheme and host of each.
#[derive(Debug, Clone, Args)]
pub struct Addresses {
    /// Where auth is.
    #[arg(long = "auth-url", env = "AUTH_URL", value_parser = config::public_url)]
    pub auth: String,

    /// Where tickets is.
    #[arg(long = "tickets-url", env = "TICKETS_URL", value_parser = config::public_url)]
    pub tickets: String,

    /// Where orders is.
    #[arg(long = "orders-url", env = "ORDERS_URL", value_parser = config::public_url)]
    pub orders: String,

    /// Where payments is.
    #[arg(long = "payments-url", env = "PAYMENTS_URL", value_parser = config::public_url)]
    pub payments: String,
}

impl Addresses {
    /// Where auth publishes its public keys.
    pub fn jwks(&self) -> String {
        format!("{}/api/users/jwks.json", self.auth)
    }

    /// Who answers this path.
    pub(super) fn of(&self, path: &str) -> &str {
        let services = [
            ("/api/tickets", &self.tickets),
            ("/api/orders", &self.orders),
            ("/api/payments", &self.payments),
        ];
        services.into_iter().find(|(prefix, _)| path.starts_with(prefix)).map_or(&self.auth, |(_, url)| url)
    }
}
