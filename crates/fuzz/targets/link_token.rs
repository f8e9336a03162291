//! The tokens of links in emails, at the route that takes them. An input is a token.

#![no_main]

use std::sync::LazyLock;

use auth::{Config, MasterKey};
use fuzz::{Target, post};
use libfuzzer_sys::fuzz_target;
use mail::testing::Recorder;
use runtime::testing::TestService;
use serde_json::json;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    Target::start(async || {
        let (clock, context) = runtime::testing::context();
        let (key, mail) = (MasterKey::from_bytes([1; 32]), Recorder::new().context());
        let auth = auth::service(&context, Config::default(), key, mail).await.expect("it starts");
        TestService::start_on(clock, context, auth.service, Some(auth.keys)).await
    })
});

fuzz_target!(|token: &str| {
    let body = json!({ "token": token }).to_string();
    let reply = TARGET.send(&TARGET.service.anonymous(), post("/api/users/verify", body));
    assert!(reply.status == 400 || reply.status == 413, "no input guesses a token: {}", reply.status);
});
