//! A browser without scripts: it keeps a cookie, follows nothing by itself and sends forms.

use std::sync::{Mutex, PoisonError};

use e2e::{Endpoints, Person, World};
use reqwest::header::{COOKIE, HeaderMap, SET_COOKIE};
use reqwest::{Client, RequestBuilder, redirect};

/// A browser of one person, or of nobody.
pub(crate) struct Browser {
    endpoints: Endpoints,
    http: Client,
    cookie: Mutex<String>,
}

/// What a browser was given.
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) html: String,
}

impl Browser {
    pub(crate) fn of_nobody(world: &World) -> Self {
        let http = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
        Self { endpoints: world.endpoints.clone(), http, cookie: Mutex::default() }
    }

    pub(crate) fn of(world: &World, person: &Person) -> Self {
        Self { cookie: Mutex::new(person.cookie()), ..Self::of_nobody(world) }
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().expect("a method");
        let request = self.http.request(method, format!("{}{path}", self.endpoints.marketplace));
        let cookie = self.cookie();
        if cookie.is_empty() { request } else { request.header(COOKIE, cookie) }
    }

    pub(crate) fn cookie(&self) -> String {
        self.cookie.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Seen {
        self.see(self.request("GET", path).header("accept", "text/html")).await
    }

    /// Sends a form.
    pub(crate) async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let body = serde_urlencoded::to_string(fields).expect("a form");
        let kind = "application/x-www-form-urlencoded";
        let request = self.request("POST", path).header("accept", "text/html").header("content-type", kind);
        self.see(request.header("sec-fetch-site", "same-origin").body(body)).await
    }

    pub(crate) async fn see(&self, request: RequestBuilder) -> Seen {
        let reply = request.send().await.expect("a reply");
        let (status, headers) = (reply.status().as_u16(), reply.headers().clone());
        let set = headers.get(SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
        if let Some(cookie) = set.and_then(|cookie| cookie.split(';').next()) {
            cookie.clone_into(&mut self.cookie.lock().unwrap_or_else(PoisonError::into_inner));
        }
        Seen { status, headers, html: reply.text().await.expect("text") }
    }
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Fails unless this stands on the page.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(self.html.contains(text), "no `{text}` on a page of status {}: {}", self.status, self.html);
        self
    }

    /// Fails if this stands on the page.
    #[track_caller]
    pub(crate) fn hides(&self, text: &str) -> &Self {
        assert!(!self.html.contains(text), "`{text}` on a page of status {}: {}", self.status, self.html);
        self
    }

    #[track_caller]
    pub(crate) fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.html);
        self
    }

    /// Where a 303 leads.
    #[track_caller]
    pub(crate) fn leads_to(&self) -> &str {
        self.is(303);
        self.header("location")
    }

    /// The value of an input of this name.
    #[track_caller]
    pub(crate) fn value(&self, name: &str) -> String {
        let mark = format!("name=\"{name}\"");
        let input = self.html.split("<input").find(|input| input.contains(&mark)).expect("such an input");
        let value = input.split("value=\"").nth(1).expect("a value");
        value.split('"').next().unwrap_or_default().to_owned()
    }
}

/// The id of a thing that the API showed.
pub(crate) fn id(thing: &serde_json::Value) -> &str {
    thing["id"].as_str().expect("an id")
}

/// 25 dollars.
pub(crate) const PRICE: common::Money = common::Money { amount: 2500, currency: common::Currency::Usd };
