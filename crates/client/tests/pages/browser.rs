//! A browser without scripts: keeps a cookie, follows no redirect and sends forms.

use e2e::{Endpoints, Person, World};
use parking_lot::Mutex;
use reqwest::header::{COOKIE, HeaderMap, SET_COOKIE};
use reqwest::{Client, RequestBuilder, redirect};

/// The browser of one person, or of a signed-out visitor.
pub(crate) struct Browser {
    endpoints: Endpoints,
    http: Client,
    cookie: Mutex<String>,
}

/// A response as the browser received it.
pub(crate) struct PageReply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) html: String,
}

impl Browser {
    pub(crate) fn signed_out(world: &World) -> Self {
        let http = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
        Self { endpoints: world.endpoints.clone(), http, cookie: Mutex::default() }
    }

    pub(crate) fn signed_in(world: &World, person: &Person) -> Self {
        Self { cookie: Mutex::new(person.cookie()), ..Self::signed_out(world) }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().expect("a method");
        let request = self.http.request(method, format!("{}{path}", self.endpoints.marketplace));
        let cookie = self.cookie();
        if cookie.is_empty() { request } else { request.header(COOKIE, cookie) }
    }

    pub(crate) fn cookie(&self) -> String {
        self.cookie.lock().clone()
    }

    pub(crate) async fn get(&self, path: &str) -> PageReply {
        self.load(self.request("GET", path).header("accept", "text/html")).await
    }

    /// Sends a form.
    pub(crate) async fn send(&self, path: &str, fields: &[(&str, &str)]) -> PageReply {
        let body = serde_urlencoded::to_string(fields).expect("a form");
        let kind = "application/x-www-form-urlencoded";
        let request = self.request("POST", path).header("accept", "text/html").header("content-type", kind);
        self.load(request.header("sec-fetch-site", "same-origin").body(body)).await
    }

    pub(crate) async fn load(&self, request: RequestBuilder) -> PageReply {
        let reply = request.send().await.expect("a reply");
        let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
        let set = headers.get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
        if let Some(cookie) = set.and_then(|cookie| cookie.split(';').next()) {
            cookie.clone_into(&mut self.cookie.lock());
        }
        PageReply { status, headers, html: reply.text().await.expect("text") }
    }
}

impl PageReply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Fails unless the page contains `text`.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) -> &Self {
        assert!(self.html.contains(text), "no `{text}` on a page of status {}: {}", self.status, self.html);
        self
    }

    /// Fails if the page contains `text`.
    #[track_caller]
    pub(crate) fn hides(&self, text: &str) -> &Self {
        assert!(!self.html.contains(text), "`{text}` on a page of status {}: {}", self.status, self.html);
        self
    }

    #[track_caller]
    pub(crate) fn has_status(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.html);
        self
    }

    /// The location of a 303.
    #[track_caller]
    pub(crate) fn redirect(&self) -> &str {
        self.has_status(303);
        self.header("location")
    }

    /// The value of the input `name`.
    #[track_caller]
    pub(crate) fn value(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\"");
        let input = self.html.split("<input").find(|input| input.contains(&mark)).expect("such an input");
        let value = input.split("value=\"").nth(1).expect("a value");
        value.split('"').next().unwrap_or_default().to_owned()
    }
}

/// The id in a body of the API.
pub(crate) fn id(thing: &serde_json::Value) -> &str {
    thing["id"].as_str().expect("an id")
}

/// 25 dollars.
pub(crate) const PRICE: common::Money = common::Money { amount: 2500, currency: common::Currency::Usd };
