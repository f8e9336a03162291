//! The services, and what each is told.

use crate::cluster::Plan;
use crate::mongodb;

/// A service of the cluster.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// Its name, which is its program's.
    pub name: &'static str,
    /// Whether it keeps documents and hears events. The web client does neither.
    pub is_stateful: bool,
    /// Whether others reach it by HTTP.
    pub is_addressed: bool,
}

/// All services.
pub const SERVICES: [Service; 6] = [
    Service { name: "auth", is_stateful: true, is_addressed: true },
    Service { name: "tickets", is_stateful: true, is_addressed: true },
    Service { name: "orders", is_stateful: true, is_addressed: true },
    Service { name: "expiration", is_stateful: true, is_addressed: false },
    Service { name: "payments", is_stateful: true, is_addressed: true },
    Service { name: "client", is_stateful: false, is_addressed: true },
];

/// Where everything is that a service can be told of.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) mongodb_url: String,
    pub(crate) nats_url: String,
    pub(crate) stripe_url: String,
    /// The stable address of each service that has one.
    pub(crate) service_urls: Vec<(&'static str, String)>,
}

impl Surroundings {
    fn url(&self, service: &str) -> String {
        let found = self.service_urls.iter().find(|(name, _)| *name == service);
        found.map(|(_, url)| url.clone()).unwrap_or_default()
    }

    /// What a service's process finds in its environment, beside its own addresses.
    pub(crate) fn environment(&self, service: Service, plan: &Plan) -> Vec<(String, String)> {
        // nginx is the only one to talk to them.
        let mut told = vec![("TRUSTED_PROXIES", "127.0.0.1".to_owned())];
        if service.is_stateful {
            let database = mongodb::with_database(&self.mongodb_url, &plan.database(service.name));
            told.extend([
                ("STORE_URL", database),
                ("BUS_URL", self.nats_url.clone()),
                ("JWKS_URL", format!("{}/api/users/jwks.json", self.url("auth"))),
            ]);
        }
        match service.name {
            "client" => told.extend([
                ("AUTH_URL", self.url("auth")),
                ("TICKETS_URL", self.url("tickets")),
                ("ORDERS_URL", self.url("orders")),
                ("PAYMENTS_URL", self.url("payments")),
                ("STRIPE_JS", self.stripe_script()),
            ]),
            // The simulator's own keys: whatever the environment holds, no real money moves.
            "payments" => told.extend([
                ("STRIPE_URL", self.stripe_url.clone()),
                ("STRIPE_SECRET_KEY", "sk_test_sim".to_owned()),
                ("STRIPE_PUBLISHABLE_KEY", "pk_test_sim".to_owned()),
                ("STRIPE_WEBHOOK_SECRET", "whsec_sim".to_owned()),
                ("STRIPE_JS", self.stripe_script()),
            ]),
            _ => {}
        }
        told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn stripe_script(&self) -> String {
        format!("{}/stripe.js", self.stripe_url)
    }
}
