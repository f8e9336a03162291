//! A marketplace with the people and things that requests are about, and requests that can be spoilt.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_lc_rs::hmac;
use common::{Currency, Money};
use e2e::{Circumstances, Person, Place, Reply, World};
use reqwest::Method;
use runtime::HttpOptions;
use serde_json::{Value, json};

use crate::problem::check_reply;
use crate::routes::{Body, PREFIXES, Route};

pub(crate) const PRICE: Money = Money { amount: 20_00, currency: Currency::Usd };

/// An id that nothing has.
pub(crate) const NOWHERE: &str = "0192f0c0-7c1e-7e3a-8000-1234567890ab";

/// A world with somebody who sells, somebody who buys, and somebody who has nothing to do with either.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) seller: Person,
    pub(crate) buyer: Person,
    pub(crate) stranger: Person,
    /// What each operation (`GET /api/tickets`) says that it may answer.
    pub(crate) documented: HashMap<String, Vec<String>>,
    count: AtomicU32,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        Self::with(HttpOptions::default()).await
    }

    pub(crate) async fn with(options: HttpOptions) -> Self {
        let world = World::under(Circumstances { http: options, ..Circumstances::default() }).await;
        let (seller, buyer) = world.two_people().await;
        let stranger = world.person("stranger").await;
        let documented = documented(&world.place).await;
        Self { world, seller, buyer, stranger, documented, count: AtomicU32::new(0) }
    }

    pub(crate) fn number(&self) -> u32 {
        self.count.fetch_add(1, Ordering::SeqCst)
    }

    /// Whose the things of a route are.
    pub(crate) fn owner(&self, route: &Route) -> &Person {
        if route.path.starts_with("/api/tickets") { &self.seller } else { &self.buyer }
    }

    pub(crate) async fn ticket(&self) -> Value {
        self.seller.sells(&format!("Concert {}", self.number()), PRICE).await
    }

    pub(crate) async fn order(&self) -> Value {
        self.buyer.buys(&self.ticket().await).await
    }

    pub(crate) async fn payment(&self) -> Value {
        let reply = self.buyer.begins_to_pay(&self.order().await).await;
        assert_eq!(reply.status, 201, "{}", reply.json);
        reply.json
    }

    /// A new session of this person's, on another device.
    async fn session(&self, person: &Person) -> Value {
        let cookie = self.new_session(person).await;
        let list = self.send(&Ask::new("GET", "/api/users/sessions").by(&cookie)).await;
        let items = list.json["items"].as_array().expect("sessions");
        items.iter().find(|item| item["current"] == true).expect("the one that asks").clone()
    }

    /// A new thing of the kind that the route's path names.
    async fn thing(&self, route: &Route) -> Value {
        match route.path.split('/').nth(2) {
            Some("tickets") => self.ticket().await,
            Some("orders") => self.order().await,
            Some("payments") => self.payment().await,
            Some("users") => self.session(self.owner(route)).await,
            _ => panic!("nobody knows how to make what {} names", route.path),
        }
    }

    /// A valid body for a route, about new things, so that it can be sent with success.
    pub(crate) async fn body(&self, route: &Route) -> Option<Value> {
        let password = Person::PASSWORD;
        Some(match (route.method, route.path) {
            _ if route.body == Body::Nothing => return None,
            (_, "/api/users/signup") => {
                json!({ "email": format!("new{}@example.com", self.number()), "password": password })
            }
            (_, "/api/users/password") => json!({ "current": password, "new": password }),
            (_, "/api/users/signin") => json!({ "email": self.buyer.email, "password": password }),
            (_, "/api/tickets" | "/api/tickets/{id}") => {
                json!({ "title": format!("Opera {}", self.number()), "price": PRICE })
            }
            (_, "/api/orders") => {
                let ticket = self.ticket().await;
                json!({ "ticketId": ticket["id"], "price": ticket["price"] })
            }
            (_, "/api/payments") => json!({ "orderId": self.order().await["id"] }),
            (_, "/api/payments/webhook") => {
                json!({ "id": "evt_1", "object": "event", "type": "customer.created" })
            }
            (method, path) => panic!("nobody knows a body for {method} {path}"),
        })
    }

    /// A valid request of the owner's to a route.
    pub(crate) async fn ask(&self, route: &'static Route) -> Ask {
        let mut path = route.path.to_owned();
        if route.has_id() {
            let thing = self.thing(route).await;
            path = path.replace("{id}", thing["id"].as_str().expect("an id"));
        }
        let body = self.body(route).await.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let mut ask = Ask::new(route.method, path).by(&self.owner(route).cookie());
        ask.operation = Some(format!("{} {}", route.method, route.path));
        if route.body != Body::Nothing {
            ask = ask.header("content-type", "application/json");
        }
        if route.is_for_machines() {
            ask = ask.header("stripe-signature", self.signature(&body));
        }
        self.world.settle().await;
        ask.body(body)
    }

    fn signature(&self, body: &[u8]) -> String {
        use common::Clock;
        let seconds = self.world.clock.now().as_millis() / 1000;
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"whsec_sim");
        let tag = hmac::sign(&key, &[format!("{seconds}.").as_bytes(), body].concat());
        let hex = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        format!("t={seconds},v1={hex}")
    }

    /// Sends a request and checks what holds for every reply.
    pub(crate) async fn send(&self, ask: &Ask) -> Reply {
        let reply = ask.send(&self.world.place).await;
        let what = format!("{} {}", ask.method, ask.path);
        check_reply(&what, &reply);
        if let Some(statuses) = ask.operation.as_ref().and_then(|one| self.documented.get(one)) {
            let status = reply.status.to_string();
            assert!(statuses.contains(&status), "{what}: {status} is not in the description: {}", reply.json);
        }
        reply
    }

    /// Everything that the three see.
    pub(crate) async fn seen(&self) -> Value {
        self.world.settle().await;
        let mut seen = vec![json!(self.stranger.all("/api/tickets").await)];
        for person in [&self.seller, &self.buyer, &self.stranger] {
            for path in ["/api/tickets/mine", "/api/orders", "/api/payments"] {
                seen.push(json!(person.all(path).await));
            }
        }
        Value::Array(seen)
    }

    /// A cookie of a session of its own.
    pub(crate) async fn new_session(&self, person: &Person) -> String {
        let body = json!({ "email": person.email, "password": Person::PASSWORD });
        let ask = Ask::new("POST", "/api/users/signin").json(&body);
        let reply = self.send(&ask).await;
        reply.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
    }
}

async fn documented(place: &Place) -> HashMap<String, Vec<String>> {
    let mut documented = HashMap::new();
    for prefix in PREFIXES {
        let description = place.get(&format!("{prefix}/openapi.json")).await;
        assert_eq!(description.status, 200, "{prefix}");
        for (path, operations) in description.json["paths"].as_object().into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                let responses = operation["responses"].as_object().into_iter().flatten();
                let statuses = responses.map(|(status, _)| status.clone()).collect();
                documented.insert(format!("{} {path}", method.to_uppercase()), statuses);
            }
        }
    }
    documented
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) path: String,
    /// As it stands in the description, if it is there.
    pub(crate) operation: Option<String>,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

impl Ask {
    pub(crate) fn new(method: &str, path: impl Into<String>) -> Self {
        let (method, path) = (method.to_owned(), path.into());
        Self { method, path, operation: None, headers: Vec::new(), body: Vec::new() }
    }

    /// With this header and no other of its name.
    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    #[must_use]
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    #[must_use]
    pub(crate) fn by(self, cookie: &str) -> Self {
        if cookie.is_empty() { self.without("cookie") } else { self.header("cookie", cookie) }
    }

    #[must_use]
    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    #[must_use]
    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    #[must_use]
    pub(crate) fn at(self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self }
    }

    pub(crate) async fn send(&self, place: &Place) -> Reply {
        let method: Method = self.method.parse().expect("a method");
        let mut request = place.http.request(method, format!("{}{}", place.marketplace, self.path));
        for (name, value) in &self.headers {
            request = request.header(name, value.as_slice());
        }
        if !self.body.is_empty() {
            request = request.body(self.body.clone());
        }
        Place::send(request).await
    }
}
