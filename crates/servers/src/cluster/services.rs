//! The services of the cluster, their routes, and their environment variables.

use crate::cluster::ClusterConfig;
use crate::mongodb;

/// A service of the cluster.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// The name of the service and of its program.
    pub name: &'static str,
    /// Whether the service has a database and uses the bus; the web client does not.
    pub is_stateful: bool,
    /// Whether the service has an HTTP address for others.
    pub is_addressed: bool,
}

/// All services.
pub const SERVICES: [Service; 7] = [
    Service { name: "auth", is_stateful: true, is_addressed: true },
    Service { name: "tickets", is_stateful: true, is_addressed: true },
    Service { name: "orders", is_stateful: true, is_addressed: true },
    Service { name: "expiration", is_stateful: true, is_addressed: false },
    Service { name: "payments", is_stateful: true, is_addressed: true },
    Service { name: "notifications", is_stateful: true, is_addressed: false },
    Service { name: "client", is_stateful: false, is_addressed: true },
];

/// A path prefix and the service behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// An Ingress's `Prefix` path: `/api/users` matches `/api/users/signin`, but not `/api/usersx`.
    pub prefix: &'static str,
    /// The name of the service.
    pub service: &'static str,
}

/// All routes, the same as those of the ingress in Kubernetes. The longest matching prefix applies.
pub const ROUTES: [Route; 6] = [
    Route { prefix: "/api/users/export", service: "client" },
    Route { prefix: "/api/users", service: "auth" },
    Route { prefix: "/api/tickets", service: "tickets" },
    Route { prefix: "/api/orders", service: "orders" },
    Route { prefix: "/api/payments", service: "payments" },
    Route { prefix: "/", service: "client" },
];

/// The addresses that services connect to.
#[derive(Debug, Clone)]
pub(crate) struct Endpoints {
    pub(crate) mongodb_url: String,
    pub(crate) nats_url: String,
    /// The address of the marketplace.
    pub(crate) public_url: String,
    pub(crate) smtp_url: String,
    pub(crate) stripe_url: String,
    /// The stable address of each service that has one.
    pub(crate) service_urls: Vec<(&'static str, String)>,
}

impl Endpoints {
    fn url(&self, service: &str) -> String {
        let found = self.service_urls.iter().find(|(name, _)| *name == service);
        found.map(|(_, url)| url.clone()).unwrap_or_default()
    }

    /// Environment variables of a service, except for its own addresses.
    pub(crate) fn environment(&self, service: Service, config: &ClusterConfig) -> Vec<(String, String)> {
        // All requests come from nginx.
        let mut variables = vec![("TRUSTED_PROXIES", "127.0.0.1".to_owned())];
        if service.is_stateful {
            let database = mongodb::with_database(&self.mongodb_url, &config.database(service.name));
            variables.extend([
                ("STORE_URL", database),
                ("BUS_URL", self.nats_url.clone()),
                ("JWKS_URL", format!("{}/api/users/jwks.json", self.url("auth"))),
            ]);
        }
        match service.name {
            "auth" => variables.extend([
                ("AUTH_KEY_FILE", config.auth_key_file().display().to_string()),
                ("SMTP_URL", self.smtp_url.clone()),
                ("PUBLIC_URL", self.public_url.clone()),
            ]),
            "notifications" => variables
                .extend([("SMTP_URL", self.smtp_url.clone()), ("PUBLIC_URL", self.public_url.clone())]),
            "client" => variables.extend([
                ("AUTH_URL", self.url("auth")),
                ("TICKETS_URL", self.url("tickets")),
                ("ORDERS_URL", self.url("orders")),
                ("PAYMENTS_URL", self.url("payments")),
                ("STRIPE_JS", self.stripe_script()),
            ]),
            // The simulator's keys override those of this process's environment: no real money moves.
            "payments" => variables.extend([
                ("STRIPE_URL", self.stripe_url.clone()),
                ("STRIPE_SECRET_KEY", "sk_test_sim".to_owned()),
                ("STRIPE_PUBLISHABLE_KEY", "pk_test_sim".to_owned()),
                ("STRIPE_WEBHOOK_SECRET", "whsec_sim".to_owned()),
                ("STRIPE_JS", self.stripe_script()),
            ]),
            _ => {}
        }
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn stripe_script(&self) -> String {
        format!("{}/stripe.js", self.stripe_url)
    }
}
