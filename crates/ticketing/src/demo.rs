//! `--demo`: accounts and tickets, created through the public API.

use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use axum::http::{Request, Response, StatusCode};
use common::Time;
use serde_json::{Value, json};
use tower::ServiceExt;

/// The password of the demo accounts, which exist only on a marketplace with simulated payments.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A ticket: title, venue, price in minor units of USD, days until it starts.
type Offer = (&'static str, &'static str, i64, u64);

/// The accounts with their tickets.
const ACCOUNTS: [(&str, &[Offer]); 3] = [
    (
        "ada@example.com",
        &[
            ("Berlin Philharmonic: Mahler 5", "Philharmonie, Berlin", 8_900, 12),
            ("Jazz in the cellar", "Quasimodo, Berlin", 2_500, 3),
        ],
    ),
    (
        "grace@example.com",
        &[
            ("Cup final, row 12", "Wembley Stadium, London", 14_000, 31),
            ("Stand-up Sunday", "The Comedy Store", 1_800, 7),
        ],
    ),
    ("linus@example.com", &[]),
];

/// The marketplace refused an account or a ticket of the demo.
#[derive(Debug, thiserror::Error)]
#[error("the demo's {0} could not be created: the marketplace responded with {1}")]
pub struct DemoError(&'static str, StatusCode);

/// Creates the demo accounts and their tickets. An existing account is left unchanged.
///
/// # Errors
/// The marketplace refused a request.
pub(crate) async fn set_up(marketplace: &Router, now: Time) -> Result<(), DemoError> {
    for (email, tickets) in ACCOUNTS {
        let account = json!({ "email": email, "password": PASSWORD });
        let reply = post(marketplace, "/api/users/signup", None, &account).await;
        if reply.status() == StatusCode::CONFLICT {
            continue;
        }
        let Some(cookie) = cookie(&reply) else { return Err(DemoError("accounts", reply.status())) };
        for (title, venue, amount, days) in tickets {
            let price = json!({ "amount": amount, "currency": "USD" });
            let starts_at = evening(now.after(Duration::from_hours(24 * days)));
            let ticket = json!({ "title": title, "venue": venue, "startsAt": starts_at, "price": price });
            let reply = post(marketplace, "/api/tickets", Some(&cookie), &ticket).await;
            if reply.status() != StatusCode::CREATED {
                return Err(DemoError("tickets", reply.status()));
            }
        }
    }
    Ok(())
}

/// 19:30 UTC of that day.
fn evening(day: Time) -> Time {
    const DAY: i64 = 86_400_000;
    let midnight = Time::from_millis(day.as_millis() - day.as_millis().rem_euclid(DAY));
    midnight.after(Duration::from_mins(19 * 60 + 30))
}

async fn post(marketplace: &Router, path: &str, cookie: Option<&str>, body: &Value) -> Response<Body> {
    let mut request = Request::post(path).header(CONTENT_TYPE, "application/json");
    if let Some(cookie) = cookie {
        request = request.header(COOKIE, cookie);
    }
    let request = request.body(Body::from(Bytes::from(body.to_string()))).unwrap_or_default();
    match marketplace.clone().oneshot(request).await {
        Ok(reply) => reply,
        Err(never) => match never {},
    }
}

/// The cookie that a response sets, as sent back by a browser.
fn cookie(reply: &Response<Body>) -> Option<String> {
    let cookie = reply.headers().get(SET_COOKIE)?.to_str().ok()?;
    cookie.split(';').next().map(str::to_owned)
}
