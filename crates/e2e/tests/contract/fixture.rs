//! A world with users and resources for the requests of a test.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use auth::testing::Authenticator;
use aws_lc_rs::hmac;
use common::http::VerifiedEmail;
use common::{Currency, Money};
use e2e::{Endpoints, Person, Reply, World, WorldConfig};
use parking_lot::Mutex;
use runtime::HttpOptions;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::http::{Request, check_reply};
use crate::routes::{Body, PREFIXES, Route};

pub(crate) const PRICE: Money = Money { amount: 20_00, currency: Currency::Usd };

/// An id that does not exist.
pub(crate) const UNKNOWN_ID: &str = "0192f0c0-7c1e-7e3a-8000-1234567890ab";

/// A world with a seller, a buyer, and a stranger to both.
pub(crate) struct Fixture {
    pub(crate) world: World,
    pub(crate) seller: Person,
    pub(crate) buyer: Person,
    pub(crate) stranger: Person,
    /// The description of each operation (`GET /api/tickets`).
    pub(crate) operations: HashMap<String, Value>,
    /// The passkey of the buyer.
    passkey: Mutex<Authenticator>,
    /// The last user who has begun to set an authenticator app up.
    careful: Mutex<Option<Person>>,
    /// The origin of the pages.
    origin: String,
    count: AtomicU32,
    /// The cookies of seller and buyer from before they verified their addresses.
    unverified: HashMap<String, String>,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::with(HttpOptions::default()).await
    }

    pub(crate) async fn with(options: HttpOptions) -> Self {
        // One buyer of a test requests more emails than a person does.
        let auth = auth::Config {
            max_emails: 0,
            max_sign_ups: 0,
            max_passkey_challenges: 0,
            ..auth::Config::default()
        };
        let origin = options.public_url.clone();
        let world = World::with(WorldConfig { auth, http: options, ..WorldConfig::default() }).await;
        let (seller, buyer) = world.two_people().await;
        let stranger = world.person("stranger").await;
        let operations = operations(&world.endpoints).await;
        let origin = origin.unwrap_or_else(|| world.endpoints.marketplace.clone());
        let (passkey, careful) = (Mutex::new(Authenticator::new(&origin)), Mutex::default());
        let (count, unverified) = (AtomicU32::new(0), HashMap::new());
        let fixture =
            Self { world, seller, buyer, stranger, operations, passkey, careful, origin, count, unverified };
        *fixture.passkey.lock() = fixture.add_passkey().await.0;
        fixture
    }

    /// A registration of a new passkey of the buyer.
    async fn registration(&self) -> (Authenticator, Value) {
        // A session of its own has just authenticated, however far the test has advanced the clock.
        let cookie = self.new_session(&self.buyer).await;
        let options = self.send(&Request::new("POST", "/api/users/passkeys/options").by(&cookie)).await;
        let mut authenticator = Authenticator::new(&self.origin);
        let body = json!({ "credential": authenticator.register(&options.json) });
        (authenticator, body)
    }

    /// Adds a passkey of the buyer.
    async fn add_passkey(&self) -> (Authenticator, Value) {
        let (authenticator, body) = self.registration().await;
        let cookie = self.new_session(&self.buyer).await;
        let added = self.send(&Request::new("POST", "/api/users/passkeys").json(&body).by(&cookie)).await;
        assert_eq!(added.status, 201, "{}", added.json);
        (authenticator, added.json)
    }

    /// A world where `needs` takes a verified address, which the seller and the buyer have.
    pub(crate) async fn with_verified_people(needs: VerifiedEmail) -> Self {
        let options = HttpOptions { verified_email: needs, ..HttpOptions::default() };
        let mut fixture = Self::with(options).await;
        for person in [fixture.seller.clone(), fixture.buyer.clone()] {
            fixture.unverified.insert(person.id.clone(), person.cookie());
            fixture.verify(&person).await;
            assert_eq!(person.get("/api/users/currentuser").await.json["currentUser"]["verified"], true);
        }
        fixture
    }

    /// Opens the link in this user's mailbox.
    pub(crate) async fn verify(&self, person: &Person) {
        let body = json!({ "token": self.link_token(person).await });
        assert_eq!(self.send(&Request::new("POST", "/api/users/verify").json(&body)).await.status, 204);
    }

    /// The cookie of a route's owner from before they verified their address; the session is the same.
    pub(crate) fn unverified_cookie(&self, route: &Route) -> &str {
        &self.unverified[&self.owner(route).id]
    }

    pub(crate) fn number(&self) -> u32 {
        self.count.fetch_add(1, Ordering::SeqCst)
    }

    /// The owner of a route's resources.
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

    /// A new session of this user on another device.
    async fn session(&self, person: &Person) -> Value {
        let cookie = self.new_session(person).await;
        let list = self.send(&Request::new("GET", "/api/users/sessions").by(&cookie)).await;
        let items = list.json["items"].as_array().expect("sessions");
        items.iter().find(|item| item["current"] == true).expect("the current session").clone()
    }

    /// A new resource of a route.
    async fn resource(&self, route: &Route) -> Value {
        match route.path.split('/').nth(2) {
            Some("tickets") => self.ticket().await,
            Some("orders") => self.order().await,
            Some("payments") => self.payment().await,
            _ if route.path.starts_with("/api/users/passkeys") => self.add_passkey().await.1,
            Some("users") => self.session(self.owner(route)).await,
            _ => panic!("no way to create the resource of {}", route.path),
        }
    }

    /// A valid body for a route. Its resources are new, so that the request succeeds.
    pub(crate) async fn body(&self, route: &Route) -> Option<Value> {
        let password = Person::PASSWORD;
        Some(match (route.method, route.path) {
            _ if route.body == Body::None => return None,
            (_, "/api/users/signup") => {
                json!({ "email": format!("new{}@example.com", self.number()), "password": password })
            }
            (_, "/api/users/password") => json!({ "current": password, "new": password }),
            (_, "/api/users/password/forgotten") => json!({ "email": self.buyer.email }),
            (_, "/api/users/password/reset") => {
                let person = self.passer_by("forgetful").await;
                self.world.settle().await;
                person.post("/api/users/password/forgotten", json!({ "email": person.email })).await;
                json!({ "token": self.link_token(&person).await, "new": password })
            }
            (_, "/api/users/verify") => {
                let person = self.passer_by("unverified").await;
                json!({ "token": self.link_token(&person).await })
            }
            (_, "/api/users/email") => {
                json!({ "email": format!("changed{}@example.com", self.number()), "password": password })
            }
            (_, "/api/users" | "/api/users/totp" | "/api/users/reauthentication") => {
                json!({ "password": password })
            }
            (_, "/api/users/totp/confirm") => {
                let person = self.passer_by("careful").await;
                let code = self.begin_authenticator(&person).await;
                *self.careful.lock() = Some(person);
                json!({ "code": code })
            }
            (_, "/api/users/signin/factor") => self.second_factor().await,
            (_, "/api/users/signin") => json!({ "email": self.buyer.email, "password": password }),
            (_, "/api/users/passkeys") => self.registration().await.1,
            (_, "/api/users/signin/passkey") => {
                let options = Request::new("POST", "/api/users/signin/passkey/options");
                let options = self.send(&options).await.json;
                self.passkey.lock().sign(&options)
            }
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
            (method, path) => panic!("no body for {method} {path}"),
        })
    }

    /// Begins to set an authenticator app up for this user, and returns the code that the app shows.
    async fn begin_authenticator(&self, person: &Person) -> String {
        use common::Clock;
        let begun = person.post("/api/users/totp", json!({ "password": Person::PASSWORD })).await;
        let secret = Secret::try_from_base32(begun.text("secret")).expect("Base32");
        let app = Builder::new().with_secret(secret).build().expect("an app");
        let seconds = self.world.clock.now().as_millis() / 1000;
        app.generate(u64::try_from(seconds).expect("a time")).to_string()
    }

    /// The challenge of a sign-in that waits for the second factor, with a recovery code.
    async fn second_factor(&self) -> Value {
        let person = self.passer_by("careful").await;
        let code = self.begin_authenticator(&person).await;
        let confirmed = person.post("/api/users/totp/confirm", json!({ "code": code })).await;
        let waiting = person.signs_in().await;
        json!({ "challenge": waiting.text("challenge"), "code": confirmed.json["recoveryCodes"][0] })
    }

    /// A user of one request, whose sessions may end.
    pub(crate) async fn passer_by(&self, name: &str) -> Person {
        Person::sign_up(&self.world.endpoints, &format!("{name}{}", self.number())).await
    }

    /// The token of the last link that this user was sent.
    pub(crate) async fn link_token(&self, person: &Person) -> String {
        self.world.settle().await;
        let emails = self.world.mail().emails_to(&person.email);
        let mut links = emails.iter().flat_map(|email| email.links());
        let token = links.find_map(|link| Some(link.split_once("?token=")?.1.to_owned()));
        token.expect("an email with a link")
    }

    /// A valid request of the owner to a route.
    pub(crate) async fn request(&self, route: &'static Route) -> Request {
        let mut path = route.path.to_owned();
        if route.has_id() {
            let resource = self.resource(route).await;
            path = path.replace("{id}", resource["id"].as_str().expect("an id"));
        }
        let body = self.body(route).await.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let cookie = self.cookie(route, self.owner(route)).await;
        let mut request = Request::new(route.method, path).by(&cookie);
        request.operation = Some(route.to_string());
        if route.body != Body::None {
            request = request.header("content-type", "application/json");
        }
        if route.is_webhook() {
            request = request.header("stripe-signature", self.signature(&body));
        }
        self.world.settle().await;
        request.body(body)
    }

    /// The cookie of a person for a request to this route: of a session of its own, if the request ends the session, and of
    /// another account, if the request deletes the account.
    pub(crate) async fn cookie(&self, route: &Route, person: &Person) -> String {
        if route.deletes_account() {
            return self.passer_by("leaving").await.cookie();
        }
        let careful = self.careful.lock().as_ref().map(Person::cookie);
        if let Some(cookie) = careful.filter(|_| route.needs_own_account()) {
            return cookie;
        }
        if route.ends_session() { self.new_session(person).await } else { person.cookie() }
    }

    fn signature(&self, body: &[u8]) -> String {
        use common::Clock;
        let seconds = self.world.clock.now().as_millis() / 1000;
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"whsec_sim");
        let tag = hmac::sign(&key, &[format!("{seconds}.").as_bytes(), body].concat());
        let hex = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        format!("t={seconds},v1={hex}")
    }

    /// Sends a request and checks its reply.
    pub(crate) async fn send(&self, request: &Request) -> Reply {
        let reply = request.send(&self.world.endpoints).await;
        let what = format!("{} {}", request.method, request.path);
        check_reply(&what, &reply);
        if let Some(operation) = request.operation.as_ref().and_then(|one| self.operations.get(one)) {
            let status = reply.status.to_string();
            let is_documented = operation["responses"].get(&status).is_some();
            assert!(is_documented, "{what}: {status} is not documented: {}", reply.json);
        }
        reply
    }

    /// The state that the three users see.
    pub(crate) async fn state(&self) -> Value {
        self.world.settle().await;
        let mut state = vec![json!(self.stranger.all("/api/tickets").await)];
        for person in [&self.seller, &self.buyer, &self.stranger] {
            for path in ["/api/tickets/mine", "/api/orders", "/api/payments"] {
                state.push(json!(person.all(path).await));
            }
        }
        Value::Array(state)
    }

    /// The cookie of a new session.
    pub(crate) async fn new_session(&self, person: &Person) -> String {
        let body = json!({ "email": person.email, "password": Person::PASSWORD });
        let reply = self.send(&Request::new("POST", "/api/users/signin").json(&body)).await;
        reply.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
    }
}

/// Whether an operation documents a problem with this code.
pub(crate) fn documents(operation: &Value, status: &str, code: &str) -> bool {
    let description = operation["responses"][status]["description"].as_str().unwrap_or_default();
    description.contains(&format!("`{code}`"))
}

async fn operations(endpoints: &Endpoints) -> HashMap<String, Value> {
    let mut all = HashMap::new();
    for prefix in PREFIXES {
        let description = endpoints.get(&format!("{prefix}/openapi.json")).await;
        assert_eq!(description.status, 200, "{prefix}");
        for (path, operations) in description.json["paths"].as_object().into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                all.insert(format!("{} {path}", method.to_uppercase()), operation.clone());
            }
        }
    }
    all
}
