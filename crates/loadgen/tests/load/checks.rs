//! Targets that do what none may do.

use axum::http::{StatusCode, header};
use axum::routing::{delete, post};
use axum::{Json, Router};
use loadgen::generate;
use serde_json::json;

use crate::course::{Faults, run, serve_routes};
use crate::options;

#[tokio::test]
async fn a_target_that_sells_a_ticket_twice_violates_the_checks() {
    let faults = Faults { sells_twice: true, ..Faults::default() };
    let reserved = run(faults, "--scenario contention --rate 20 --duration 1s --buyers 5").await;
    let violations = reserved.checks.violations.join("\n");
    assert!(
        violations.contains("while order") && violations.contains("reserved more than once"),
        "{violations}"
    );
    let sold = run(faults, "--scenario on-sale --crowd 20 --tickets 1 --people 5").await;
    assert!(sold.checks.complete > 1, "{sold}");
    let violations = sold.checks.violations.join("\n");
    assert!(violations.contains("ticket0 is sold more than once"), "{violations}");
}

#[tokio::test]
async fn a_target_that_charges_another_price_violates_the_checks() {
    let faults = Faults { overcharges: true, ..Faults::default() };
    let report = run(faults, "--scenario order --rate 5 --duration 1s").await;
    let violations = &report.checks.violations;
    assert!(violations.len() == 5 && violations.iter().all(|one| one.contains("1000.5")), "{report}");
}

#[tokio::test]
async fn a_target_that_pays_with_stripe_itself_is_refused_before_the_load() {
    let created = |body: serde_json::Value| async move { (StatusCode::CREATED, Json(body)) };
    let session = [(header::SET_COOKIE, "session=1")];
    let payment = json!({ "clientSecret": "pi_1_secret_1", "publishableKey": "pk_live_1", "stripeJs": "https://js.stripe.com/v3/" });
    let routes = Router::new()
        .route("/api/users/signup", post(async move || (session, created(json!({ "id": "1" })).await)))
        .route("/api/tickets", post(async move || created(json!({ "id": "2" })).await))
        .route("/api/orders", post(async move || created(json!({ "id": "3" })).await))
        .route("/api/orders/3", delete(async || StatusCode::NO_CONTENT))
        .route("/api/payments", post(async move || created(payment).await));
    let target = serve_routes(routes).await;
    for scenario in ["purchase", "mix", "on-sale"] {
        let arguments = format!("--scenario {scenario} --rate 5 --duration 1s");
        let refused = generate(&options(&target, &arguments)).await.expect_err("a refusal").to_string();
        assert!(refused.contains("https://js.stripe.com, not the simulator"), "{refused}");
    }
}
