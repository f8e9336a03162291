//! The table of all routes, with the contract of each.

/// The prefixes of the services. Each serves its description below its prefix.
pub(crate) const PREFIXES: [&str; 5] =
    ["/api/users", "/api/tickets", "/api/orders", "/api/expiration", "/api/payments"];

/// The body that a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    None,
    Json,
    /// JSON in the form of WebAuthn, which is read as browsers write it: unknown members are ignored.
    WebAuthn,
    /// Signed by Stripe: the rules for browsers do not apply.
    Signed,
}

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// As in the description.
    pub(crate) path: &'static str,
    pub(crate) body: Body,
    /// The statuses of a valid request: anonymous, by a stranger, by the owner of the resource.
    pub(crate) statuses: [u16; 3],
    /// Whether the reply is a page of a list.
    pub(crate) is_list: bool,
    /// Whether the reply has an entity tag.
    pub(crate) is_tagged: bool,
}

impl Route {
    const fn new(method: &'static str, path: &'static str, statuses: [u16; 3]) -> Self {
        Self { method, path, body: Body::None, statuses, is_list: false, is_tagged: false }
    }

    const fn takes(self, body: Body) -> Self {
        Self { body, ..self }
    }

    const fn list(self) -> Self {
        Self { is_list: true, ..self }
    }

    const fn tagged(self) -> Self {
        Self { is_tagged: true, ..self }
    }

    /// Whether a request ends the session that it comes with.
    pub(crate) fn ends_session(&self) -> bool {
        ["/signup", "/signin", "/signin/factor", "/signin/passkey", "/signout"]
            .iter()
            .any(|end| self.path.ends_with(end))
    }

    /// Whether a request deletes the account of its caller, or keeps the caller from signing in as before.
    pub(crate) fn needs_own_account(&self) -> bool {
        self.deletes_account() || self.path.ends_with("/totp/confirm")
    }

    /// Whether a request deletes the account of its caller.
    pub(crate) fn deletes_account(&self) -> bool {
        (self.method, self.path) == ("DELETE", "/api/users")
    }

    pub(crate) fn needs_session(&self) -> bool {
        self.statuses[0] == 401
    }

    /// Whether an operator may require a verified address for the route.
    pub(crate) fn may_need_verified_email(&self) -> bool {
        matches!(
            (self.method, self.path),
            ("POST", "/api/tickets" | "/api/orders" | "/api/payments") | ("PUT", "/api/tickets/{id}")
        )
    }

    pub(crate) fn changes(&self) -> bool {
        self.method != "GET"
    }

    /// Whether a request or its reply holds a secret, so that nothing of them is stored.
    fn holds_secret(&self) -> bool {
        ["passkeys", "totp", "reauthentication"]
            .iter()
            .any(|name| self.path.starts_with(&format!("/api/users/{name}")))
    }

    /// Whether an idempotency key counts.
    pub(crate) fn takes_key(&self) -> bool {
        self.method == "POST" && self.needs_session() && !self.holds_secret()
    }

    /// Whether a success creates or replaces a resource with a version.
    pub(crate) fn has_version(&self) -> bool {
        let replies_without = matches!(self.statuses[2], 202 | 204) || self.path.starts_with("/api/users/");
        self.needs_session() && matches!(self.method, "POST" | "PUT") && !replies_without
    }

    pub(crate) fn is_webhook(&self) -> bool {
        self.body == Body::Signed
    }

    /// Whether the path names a resource.
    pub(crate) fn has_id(&self) -> bool {
        self.path.contains("{id}")
    }

    /// The `Cache-Control` of a success.
    pub(crate) fn caching(&self) -> &'static str {
        match self.path {
            "/api/users/jwks.json" => "public, max-age=300",
            "/api/tickets" | "/api/tickets/{id}" if !self.changes() => "public, no-cache",
            _ => "private, no-store",
        }
    }
}

impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// The table.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/api/users/currentuser", [200, 200, 200]),
    Route::new("GET", "/api/users/jwks.json", [200, 200, 200]).tagged(),
    Route::new("POST", "/api/users/signup", [201, 201, 201]).takes(Body::Json),
    Route::new("POST", "/api/users/signin", [200, 200, 200]).takes(Body::Json),
    Route::new("POST", "/api/users/signout", [204, 204, 204]),
    Route::new("POST", "/api/users/signin/passkey/options", [200, 200, 200]),
    Route::new("POST", "/api/users/signin/passkey", [200, 200, 200]).takes(Body::WebAuthn),
    Route::new("POST", "/api/users/passkeys/options", [401, 200, 200]),
    Route::new("POST", "/api/users/passkeys", [401, 400, 201]).takes(Body::WebAuthn),
    Route::new("GET", "/api/users/passkeys", [401, 200, 200]),
    Route::new("DELETE", "/api/users/passkeys/{id}", [401, 404, 204]),
    Route::new("POST", "/api/users/signin/factor", [200, 200, 200]).takes(Body::Json),
    Route::new("POST", "/api/users/reauthentication", [401, 204, 204]).takes(Body::Json),
    Route::new("GET", "/api/users/totp", [401, 200, 200]),
    Route::new("POST", "/api/users/totp", [401, 201, 201]).takes(Body::Json),
    Route::new("POST", "/api/users/totp/confirm", [401, 200, 200]).takes(Body::Json),
    Route::new("DELETE", "/api/users/totp", [401, 204, 204]).takes(Body::Json),
    Route::new("GET", "/api/users/activity", [401, 200, 200]).list(),
    Route::new("GET", "/api/users/sessions", [401, 200, 200]),
    Route::new("DELETE", "/api/users/sessions", [401, 204, 204]),
    Route::new("DELETE", "/api/users/sessions/{id}", [401, 404, 204]),
    Route::new("PUT", "/api/users/password", [401, 204, 204]).takes(Body::Json),
    Route::new("POST", "/api/users/password/forgotten", [202, 202, 202]).takes(Body::Json),
    Route::new("POST", "/api/users/password/reset", [204, 204, 204]).takes(Body::Json),
    Route::new("POST", "/api/users/verification", [401, 202, 202]),
    Route::new("POST", "/api/users/verify", [204, 204, 204]).takes(Body::Json),
    Route::new("PUT", "/api/users/email", [401, 202, 202]).takes(Body::Json),
    Route::new("GET", "/api/users/export", [401, 200, 200]),
    Route::new("DELETE", "/api/users", [401, 204, 204]).takes(Body::Json),
    Route::new("GET", "/api/tickets", [200, 200, 200]).list().tagged(),
    Route::new("POST", "/api/tickets", [401, 201, 201]).takes(Body::Json),
    Route::new("GET", "/api/tickets/mine", [401, 200, 200]).list(),
    Route::new("GET", "/api/tickets/events", [200, 200, 200]),
    Route::new("GET", "/api/tickets/{id}", [200, 200, 200]).tagged(),
    Route::new("PUT", "/api/tickets/{id}", [401, 403, 200]).takes(Body::Json),
    Route::new("DELETE", "/api/tickets/{id}", [401, 403, 204]),
    Route::new("GET", "/api/orders", [401, 200, 200]).list(),
    Route::new("POST", "/api/orders", [401, 201, 201]).takes(Body::Json),
    Route::new("GET", "/api/orders/{id}", [401, 403, 200]).tagged(),
    Route::new("DELETE", "/api/orders/{id}", [401, 403, 204]),
    Route::new("GET", "/api/orders/{id}/events", [401, 403, 200]),
    Route::new("GET", "/api/payments", [401, 200, 200]).list(),
    Route::new("POST", "/api/payments", [401, 403, 201]).takes(Body::Json),
    Route::new("GET", "/api/payments/{id}", [401, 403, 200]).tagged(),
    Route::new("GET", "/api/payments/{id}/receipt", [401, 403, 200]).tagged(),
    Route::new("GET", "/api/payments/statement", [401, 200, 200]).list(),
    Route::new("POST", "/api/payments/webhook", [200, 200, 200]).takes(Body::Signed),
];

/// The row of a route.
pub(crate) fn route(method: &str, path: &str) -> &'static Route {
    let found = ROUTES.iter().find(|route| (route.method, route.path) == (method, path));
    found.unwrap_or_else(|| panic!("{method} {path} has no row in the table"))
}
