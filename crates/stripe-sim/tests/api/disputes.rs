//! Disputes: opened by card or by hand, answered, accepted and overdue.

use std::time::Duration;

use reqwest::Method;
use stripe_core::dispute::{
    CloseDispute, ListDispute, RetrieveDispute, UpdateDispute, UpdateDisputeEvidence,
};
use stripe_shared::{Dispute, DisputeStatus};

use crate::app::{PUBLISHABLE_KEY, TestApp};

fn charge_of(id: &str) -> String {
    format!("ch_{}00", &id[3..])
}

async fn disputes(app: &TestApp, id: &str) -> Vec<Dispute> {
    ListDispute::new().payment_intent(id).send(&app.stripe()).await.expect("a list").data
}

async fn disputed(app: &TestApp) -> (String, Dispute) {
    let id = app.captured("pm_card_visa").await;
    let response = app.post(&format!("/sim/charges/{}/dispute", charge_of(&id)), &[]).await;
    assert_eq!(response.status, 200, "{response:?}");
    let dispute = disputes(app, &id).await.remove(0);
    (id, dispute)
}

/// The types of the received dispute events.
fn announced(app: &TestApp) -> Vec<String> {
    let kinds = app.receiver.kinds().into_iter();
    kinds.filter_map(|kind| kind.strip_prefix("charge.dispute.").map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_card_is_disputed_soon_after_its_money_was_taken() {
    let app = TestApp::with_all_events().await;
    let id = app.create().await.id();
    app.confirm(&id, "pm_card_createDisputeProductNotReceived").await;
    app.advance_clock(Duration::from_hours(1)).await;
    assert!(disputes(&app, &id).await.is_empty(), "what is only reserved is not disputed");
    app.capture(&id).await;
    app.advance_clock(Duration::from_secs(3)).await;
    let dispute = disputes(&app, &id).await.remove(0);
    assert_eq!((dispute.status.clone(), dispute.amount), (DisputeStatus::NeedsResponse, 2500));
    assert_eq!(dispute.reason, "product_not_received");
    app.wait_until_idle().await;
    assert_eq!(announced(&app), ["created", "funds_withdrawn"]);
    assert_eq!(app.state(&id).await, "succeeded", "the payment itself stays as it is");
    app.advance_clock(Duration::from_hours(1)).await;
    assert_eq!(disputes(&app, &id).await.len(), 1, "once");
}

#[tokio::test]
async fn winning_evidence_wins_and_the_money_is_back() {
    let app = TestApp::with_all_events().await;
    let (_, dispute) = disputed(&app).await;
    let client = app.stripe();
    let evidence = |text: &str| UpdateDisputeEvidence {
        uncategorized_text: Some(text.to_owned()),
        ..UpdateDisputeEvidence::new()
    };
    let update = UpdateDispute::new(dispute.id.as_str()).evidence(evidence("They were there.")).submit(false);
    assert_eq!(update.send(&client).await.expect("staged").status, DisputeStatus::NeedsResponse);
    let update = UpdateDispute::new(dispute.id.as_str()).evidence(evidence("winning_evidence"));
    let won = update.send(&client).await.expect("won");
    assert_eq!((won.status, won.balance_transactions.len()), (DisputeStatus::Won, 2));
    app.wait_until_idle().await;
    assert_eq!(announced(&app), ["created", "funds_withdrawn", "updated", "closed", "funds_reinstated"]);
    let again = UpdateDispute::new(dispute.id.as_str()).evidence(evidence("losing_evidence"));
    assert!(again.send(&client).await.is_err(), "what is decided stays decided");
}

#[tokio::test]
async fn other_evidence_waits_for_the_bank() {
    let app = TestApp::with_all_events().await;
    let (_, dispute) = disputed(&app).await;
    let path = format!("/v1/disputes/{}", dispute.id.as_str());
    let sent = app.post(&path, &[("evidence[customer_name]", "Ada"), ("metadata[case]", "1")]).await;
    assert_eq!((sent.state(), &sent.body["metadata"]["case"]), ("under_review", &"1".into()));
    assert_eq!(sent.body["evidence_details"]["submission_count"], 1);
    app.advance_clock(Duration::from_hours(30 * 24)).await;
    assert_eq!(app.get(&path).await.state(), "under_review", "an response that was given is not missed");
    let lost = app.post(&format!("/sim/disputes/{}/lose", dispute.id.as_str()), &[]).await;
    assert_eq!(lost.state(), "lost");
    let again = app.post(&format!("/sim/disputes/{}/win", dispute.id.as_str()), &[]).await;
    assert_eq!(again.status, 400);
    assert_eq!(app.post(&path, &[("evidence[colour]", "red")]).await.code(), "parameter_unknown");
}

#[tokio::test]
async fn a_dispute_without_an_answer_is_lost_when_its_time_is_over() {
    let app = TestApp::with_all_events().await;
    let (_, dispute) = disputed(&app).await;
    app.advance_clock(Duration::from_hours(7 * 24)).await;
    let dispute = RetrieveDispute::new(dispute.id.as_str()).send(&app.stripe()).await.expect("found");
    assert_eq!(dispute.status, DisputeStatus::Lost);
    app.wait_until_idle().await;
    assert_eq!(announced(&app), ["created", "funds_withdrawn", "closed"]);
}

#[tokio::test]
async fn a_dispute_that_is_accepted_is_lost() {
    let app = TestApp::with_all_events().await;
    let (id, dispute) = disputed(&app).await;
    let closed = CloseDispute::new(dispute.id.as_str()).send(&app.stripe()).await.expect("closed");
    assert_eq!(closed.status, DisputeStatus::Lost);
    let refund = app.post("/v1/refunds", &[("payment_intent", &id)]).await;
    assert_eq!((refund.status, refund.code()), (400, "charge_disputed"), "the buyer has the money");
}

#[tokio::test]
async fn only_money_that_is_there_can_be_disputed_once() {
    let app = TestApp::start().await;
    let authorized = app.authorized().await;
    let (refunded, disputed) = (app.captured("pm_card_visa").await, disputed(&app).await.0);
    app.post("/v1/refunds", &[("payment_intent", &refunded)]).await;
    for id in [authorized, refunded, disputed] {
        let response = app.post(&format!("/sim/charges/{}/dispute", charge_of(&id)), &[]).await;
        assert_eq!(response.status, 400, "{response:?}");
    }
    let id = app.captured("pm_card_visa").await;
    let path = format!("/sim/charges/{}/dispute", charge_of(&id));
    assert_eq!(app.post(&path, &[("reason", "mood")]).await.status, 400);
    let bearer = format!("Bearer {PUBLISHABLE_KEY}");
    let seen = app.call(Method::GET, "/v1/disputes", &[("authorization", &bearer)], &[]).await;
    assert_eq!(seen.code(), "secret_key_required");
}
