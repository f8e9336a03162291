//! Which service answers which path. The ingress in Kubernetes has the same routes.

/// A path and all below it, and the service that answers there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// As an Ingress's `Prefix` path: `/api/users` is also `/api/users/signin` and not `/api/usersx`.
    pub prefix: &'static str,
    /// The service's name.
    pub service: &'static str,
}

/// All routes; the longest prefix that fits decides.
pub const ROUTES: [Route; 5] = [
    Route { prefix: "/api/users", service: "auth" },
    Route { prefix: "/api/tickets", service: "tickets" },
    Route { prefix: "/api/orders", service: "orders" },
    Route { prefix: "/api/payments", service: "payments" },
    Route { prefix: "/", service: "client" },
];
