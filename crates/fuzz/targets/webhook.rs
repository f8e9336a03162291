//! Stripe's webhooks: the signature, and the body under a genuine one. An input is the value of `Stripe-Signature`, and in
//! the next lines the body.

#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::hmac;
use axum::body::Body;
use fuzz::Target;
use http::Request;
use libfuzzer_sys::fuzz_target;
use payments::Config;
use runtime::testing::TestService;

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    Target::start(|| {
        let config = Config {
            stripe_url: Some("http://127.0.0.1:1".to_owned()),
            secret_key: "sk_test_sim".to_owned(),
            publishable_key: "pk_test_sim".to_owned(),
            webhook_secrets: vec!["whsec_old".to_owned(), "whsec_sim".to_owned()],
            stripe_js: "http://127.0.0.1:1/stripe.js".to_owned(),
            allow_live: false,
        };
        TestService::start(move |context| payments::service(context, config).expect("good config"))
    })
});

fn webhook(signature: http::HeaderValue, body: &[u8]) -> Request<Body> {
    let request = Request::post("/api/payments/webhook").header("stripe-signature", signature);
    request.body(body.to_vec().into()).expect("a request")
}

fuzz_target!(|data: &[u8]| {
    let (signature, body) = fuzz::first_line(data);
    let anonymous = TARGET.service.anonymous();
    if let Some(signature) = fuzz::header(signature) {
        let reply = TARGET.send(&anonymous, webhook(signature, body));
        assert_eq!((reply.status, reply.code()), (400, "bad-signature"), "no input guesses a signature");
    }
    let seconds = TARGET.service.context.clock.now().as_millis() / 1000;
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"whsec_sim");
    let tag = hmac::sign(&key, &[format!("{seconds}.").as_bytes(), body].concat());
    let hex = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let signature = fuzz::header(format!("t={seconds},v1={hex}").as_bytes()).expect("a value");
    let reply = TARGET.run(anonymous.send(webhook(signature, body)));
    // Stripe is not there; an event about one of our PaymentIntents would have to wait.
    assert!(matches!(reply.status, 200 | 400 | 503), "{} {}", reply.status, reply.json);
});
