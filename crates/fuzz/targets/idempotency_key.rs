//! Idempotency keys and bodies of JSON. An input is the value of `Idempotency-Key`, and in the next lines the body.

#![no_main]

use std::sync::LazyLock;

use fuzz::{Target, post};
use libfuzzer_sys::fuzz_target;
use runtime::testing::{Person, TestService};

static TARGET: LazyLock<Target> = LazyLock::new(|| Target::start(|| TestService::start(tickets::service)));
static SELLER: LazyLock<Person> = LazyLock::new(|| TARGET.service.person("seller"));

fuzz_target!(|data: &[u8]| {
    let (key, body) = fuzz::first_line(data);
    let Some(key) = fuzz::header(key) else { return };
    let seller = TARGET.service.by(&SELLER);
    let send = || {
        let mut request = post("/api/tickets", body.to_vec());
        request.headers_mut().insert("idempotency-key", key.clone());
        TARGET.send(&seller, request)
    };
    let (first, again) = (send(), send());
    // A key that counts; with a body that differs from the one of an earlier input, it is refused twice.
    if !again.header("idempotent-replayed").is_empty() {
        assert_eq!((first.status, first.body), (again.status, again.body));
    } else {
        assert!(first.status >= 400 && again.status == first.status, "{} {}", first.status, again.status);
    }
});
