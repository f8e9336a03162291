//! The search of the public list: words, prices, order, cursor. An input is a query string.

#![no_main]

use std::sync::LazyLock;

use axum::body::Body;
use fuzz::{Target, post};
use http::Request;
use libfuzzer_sys::fuzz_target;
use runtime::testing::TestService;
use serde_json::json;

/// Texts that are hard to compare.
const TITLES: [&str; 5] = [
    "Mahler: Sinfonía n.º 2",
    "Straße – ÆØÅ",
    "東京ドーム",
    "І́мʼя e\u{301}té",
    "AC/DC \u{202d}x\u{202c} O'Neill",
];

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let target = Target::start(|| TestService::start(tickets::service));
    let seller = target.service.by(&target.service.person("seller"));
    for (index, title) in TITLES.into_iter().enumerate() {
        let offer = json!({ "title": title, "price": { "amount": 1_000 + index, "currency": "USD" } });
        target.send(&seller, post("/api/tickets", offer.to_string()));
    }
    target
});

fuzz_target!(|query: &str| {
    let Ok(request) = Request::get(format!("/api/tickets?{query}")).body(Body::empty()) else { return };
    let reply = TARGET.send(&TARGET.service.anonymous(), request);
    assert!(matches!(reply.status, 200 | 400), "{} {}", reply.status, reply.json);
});
