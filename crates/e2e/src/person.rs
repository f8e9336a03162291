//! A user who buys and sells over HTTP, as a program or a browser does.

use std::sync::Arc;

use auth::testing::Authenticator;
use common::Money;
use parking_lot::Mutex;
use reqwest::Method;
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::{Value, json};

use crate::{Endpoints, Reply};

/// A user with an account and a cookie jar. Cheap to clone; clones share the jar.
#[derive(Debug, Clone)]
pub struct Person {
    /// The marketplace.
    pub endpoints: Endpoints,
    /// The email address.
    pub email: String,
    /// The user's id.
    pub id: String,
    cookie: Arc<Mutex<String>>,
}

impl Person {
    /// The password of every user.
    pub const PASSWORD: &str = "seven wild geese at dawn";

    /// Signs up.
    ///
    /// # Panics
    /// The marketplace refuses.
    pub async fn sign_up(endpoints: &Endpoints, name: &str) -> Self {
        let mut person = Self {
            endpoints: endpoints.clone(),
            email: format!("{name}@example.com"),
            id: String::new(),
            cookie: Arc::default(),
        };
        let credentials = json!({ "email": person.email, "password": Self::PASSWORD });
        let reply = person.post("/api/users/signup", credentials).await;
        assert_eq!(reply.status, 201, "{}", reply.json);
        person.id = reply.text("id");
        person
    }

    /// A user of a stored session.
    pub fn signed_in(endpoints: &Endpoints, email: &str, id: &str, cookie: &str) -> Self {
        Self {
            endpoints: endpoints.clone(),
            email: email.to_owned(),
            id: id.to_owned(),
            cookie: Arc::new(Mutex::new(cookie.to_owned())),
        }
    }

    /// The same user at another address: the marketplace was restarted.
    #[must_use]
    pub fn at(&self, endpoints: &Endpoints) -> Self {
        Self { endpoints: endpoints.clone(), ..self.clone() }
    }

    /// The same user on another device, not signed in.
    #[must_use]
    pub fn on_another_device(&self) -> Self {
        Self { cookie: Arc::default(), ..self.clone() }
    }

    /// Signs in.
    pub async fn signs_in(&self) -> Reply {
        self.post("/api/users/signin", json!({ "email": self.email, "password": Self::PASSWORD })).await
    }

    /// The cookie as the browser sends it.
    pub fn cookie(&self) -> String {
        self.cookie.lock().clone()
    }

    /// Sends a request with the cookie, and stores the cookie of the reply. An expired token is renewed first, as the
    /// pages do.
    pub async fn request(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let reply = self.try_request(method.clone(), path, body.clone()).await;
        if reply.status != 401 || path.starts_with("/api/users/") {
            return reply;
        }
        self.try_request(Method::GET, "/api/users/currentuser", None).await;
        self.try_request(method, path, body).await
    }

    async fn try_request(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let mut request =
            self.endpoints.http.request(method, format!("{}{path}", self.endpoints.marketplace));
        let cookie = self.cookie();
        if !cookie.is_empty() {
            request = request.header(COOKIE, cookie);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let reply = Endpoints::send(request).await;
        if let Some(cookie) =
            reply.header(SET_COOKIE.as_str()).split(';').next().filter(|one| !one.is_empty())
        {
            cookie.clone_into(&mut self.cookie.lock());
        }
        reply
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Reply {
        self.request(Method::GET, path, None).await
    }

    /// `POST`
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.request(Method::POST, path, Some(body)).await
    }

    /// Adds a passkey of this name, for pages of the marketplace.
    ///
    /// # Panics
    /// The passkey is refused.
    pub async fn adds_passkey(&self, name: &str) -> Authenticator {
        let options = self.post("/api/users/passkeys/options", json!({})).await;
        let mut authenticator = Authenticator::new(&self.endpoints.marketplace);
        let body = json!({ "name": name, "credential": authenticator.register(&options.json) });
        let added = self.post("/api/users/passkeys", body).await;
        assert_eq!(added.status, 201, "{}", added.json);
        authenticator
    }

    /// Lists a ticket.
    ///
    /// # Panics
    /// The marketplace refuses.
    pub async fn sells(&self, title: &str, price: Money) -> Value {
        let reply = self.post("/api/tickets", json!({ "title": title, "price": price })).await;
        assert_eq!(reply.status, 201, "{}", reply.json);
        reply.json
    }

    /// Tries to order a ticket at its price.
    pub async fn orders(&self, ticket: &Value) -> Reply {
        self.post("/api/orders", json!({ "ticketId": ticket["id"], "price": ticket["price"] })).await
    }

    /// Orders a ticket.
    ///
    /// # Panics
    /// The marketplace refuses.
    pub async fn buys(&self, ticket: &Value) -> Value {
        let reply = self.orders(ticket).await;
        assert_eq!(reply.status, 201, "{}", reply.json);
        reply.json
    }

    /// Cancels an order.
    pub async fn cancels(&self, order: &Value) -> Reply {
        self.request(Method::DELETE, &format!("/api/orders/{}", id(order)), None).await
    }

    /// An order as the buyer sees it.
    ///
    /// # Panics
    /// The marketplace refuses.
    pub async fn order(&self, order: &Value) -> Value {
        let reply = self.get(&format!("/api/orders/{}", id(order))).await;
        assert_eq!(reply.status, 200, "{}", reply.json);
        reply.json
    }

    /// Begins the payment of an order.
    pub async fn begins_to_pay(&self, order: &Value) -> Reply {
        self.post("/api/payments", json!({ "orderId": order["id"] })).await
    }

    /// Enters a card for a payment, as the browser does: straight to Stripe.
    ///
    /// # Panics
    /// The payment has no client secret.
    pub async fn enters_card(&self, payment: &Value, card: &str) -> Reply {
        let secret = payment["clientSecret"].as_str().expect("a client secret");
        let intent = secret.split("_secret").next().unwrap_or_default();
        let form = [
            ("client_secret", secret),
            ("payment_method_data[type]", "card"),
            ("payment_method_data[card][number]", card),
            ("payment_method_data[card][exp_month]", "12"),
            ("payment_method_data[card][exp_year]", "2034"),
            ("payment_method_data[card][cvc]", "123"),
        ];
        let url = format!("{}/v1/payment_intents/{intent}/confirm", self.endpoints.stripe);
        let form = serde_urlencoded::to_string(form).expect("a form");
        let request = self.endpoints.http.post(url).bearer_auth("pk_test_sim");
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        Endpoints::send(request).await
    }

    /// Pays an order by card. Returns Stripe's reply.
    ///
    /// # Panics
    /// The payment cannot begin.
    pub async fn pays(&self, order: &Value, card: &str) -> Reply {
        let payment = self.begins_to_pay(order).await;
        assert!(matches!(payment.status, 200 | 201), "{} {}", payment.status, payment.json);
        self.enters_card(&payment.json, card).await
    }

    /// Every item of a list, page by page.
    ///
    /// # Panics
    /// The marketplace does not answer.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let join = if path.contains('?') { '&' } else { '?' };
            let reply = self.get(&format!("{path}{join}limit=100{cursor}")).await;
            assert_eq!(reply.status, 200, "{path}: {}", reply.json);
            items.extend(reply.json["items"].as_array().cloned().unwrap_or_default());
            match reply.json["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

fn id(thing: &Value) -> &str {
    thing["id"].as_str().expect("an id")
}

/// Stripe's test cards: <https://docs.stripe.com/testing#cards>.
pub mod cards {
    /// Succeeds.
    pub const VISA: &str = "4242424242424242";
    /// Is declined.
    pub const DECLINED: &str = "4000000000000002";
    /// Is declined for insufficient funds.
    pub const INSUFFICIENT_FUNDS: &str = "4000000000009995";
    /// Succeeds, and is disputed three seconds after the capture.
    pub const DISPUTED: &str = "4000000000000259";
    /// Succeeds; a refund of it is accepted and fails later.
    pub const REFUND_FAILS: &str = "4000000000005126";
    /// Requires 3-D Secure.
    pub const THREE_D_SECURE: &str = "4000002500003155";
}
