//! Targets that do what none may do.

use axum::http::{StatusCode, header};
use axum::routing::{delete, post};
use axum::{Json, Router};
use loadgen::generate;
use serde_json::json;

use crate::app::{Fault, serve, serve_routes};
use crate::course::run;
use crate::options;

/// The violations of a run at a target with a fault, one a line.
async fn violations(fault: Fault, arguments: &str) -> String {
    run(fault, arguments).await.checks.violations.join("\n")
}

#[tokio::test]
async fn a_target_that_sells_a_ticket_twice_violates_the_checks() {
    let found =
        violations(Fault::SellsTwice, "--scenario contention --rate 20 --duration 1s --buyers 5").await;
    assert!(found.contains("while order") && found.contains("is reserved more than once"), "{found}");
    let ended =
        violations(Fault::EndsOrders, "--scenario contention --rate 20 --duration 1s --buyers 5").await;
    assert_eq!(ended, "");
    let found = violations(Fault::SellsTwice, "--scenario on-sale --crowd 20 --tickets 1 --people 5").await;
    assert!(found.contains("ticket0 is sold more than once"), "{found}");
}

#[tokio::test]
async fn every_order_has_its_buyer_its_price_and_its_ticket() {
    let order = "--scenario order --rate 5 --duration 1s";
    let purchase = "--scenario purchase --rate 5 --duration 1s --settle 100ms";
    for (fault, arguments, words) in [
        (Fault::Overcharges, order, "has the price 1000.5"),
        (Fault::MixesUpBuyers, order, r#"belongs to "another""#),
        (Fault::LosesOrders, order, "was accepted and is lost"),
        (Fault::KeepsTickets, purchase, "is complete, but ticket"),
    ] {
        let found = violations(fault, arguments).await;
        assert_eq!(found.matches(words).count(), 5, "{words}: {found}");
    }
}

#[tokio::test]
async fn a_violation_is_an_error_and_the_reports_list_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let [json, html] = ["json", "html"].map(|end| folder.path().join("report").with_extension(end));
    let files = format!("--json {} --html {}", json.display(), html.display());
    let target = serve(Fault::Overcharges).await;
    let arguments = format!("--contract course --scenario order --rate 5 --duration 1s {files}");
    let failure = loadgen::run(&options(&target, &arguments)).await.expect_err("a violation").to_string();
    assert_eq!(failure, "the target violated 5 checks; the report lists them");
    for file in [json, html] {
        let report = std::fs::read_to_string(file).expect("a report");
        assert_eq!(report.matches("has the price 1000.5").count(), 5, "{report}");
    }
}

#[tokio::test]
async fn processor_time_and_memory_come_from_metrics_or_are_not_measured() {
    let target = serve(Fault::None).await;
    let run = async |metrics: &str| {
        let arguments =
            format!("--contract course --scenario sell --rate 5 --duration 1s --metrics {target}{metrics}");
        generate(&options(&target, &arguments)).await.expect("a run")
    };
    let measured = run("/metrics").await;
    assert_eq!(measured.server.max_memory_mib, Some(1.0), "{measured}");
    let missing = run("/nothing").await;
    assert_eq!(missing.server.processor_seconds, None);
    assert!(format!("{missing}").contains("were not measured: process_cpu_seconds_total at"), "{missing}");
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
