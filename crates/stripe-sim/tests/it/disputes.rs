//! Disputes: by card, by hand, answered, accepted and missed.

use std::time::Duration;

use reqwest::Method;
use stripe_core::dispute::{
    CloseDispute, ListDispute, RetrieveDispute, UpdateDispute, UpdateDisputeEvidence,
};
use stripe_shared::{Dispute, DisputeStatus};

use crate::support::{PUBLISHABLE_KEY, World};

/// 25.00 USD taken from this card.
async fn captured(world: &World, method: &str) -> String {
    let id = world.create().await.id();
    world.confirm(&id, method).await;
    world.post(&format!("/v1/payment_intents/{id}/capture"), &[]).await;
    id
}

fn charge_of(id: &str) -> String {
    format!("ch_{}00", &id[3..])
}

async fn disputes(world: &World, id: &str) -> Vec<Dispute> {
    ListDispute::new().payment_intent(id).send(&world.stripe()).await.expect("a list").data
}

async fn disputed(world: &World) -> (String, Dispute) {
    let id = captured(world, "pm_card_visa").await;
    let answer = world.post(&format!("/sim/charges/{}/dispute", charge_of(&id)), &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let dispute = disputes(world, &id).await.remove(0);
    (id, dispute)
}

/// What was announced of disputes.
fn announced(world: &World) -> Vec<String> {
    let kinds = world.receiver.kinds().into_iter();
    kinds.filter_map(|kind| kind.strip_prefix("charge.dispute.").map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_card_is_disputed_soon_after_its_money_was_taken() {
    let world = World::telling_all().await;
    let id = world.create().await.id();
    world.confirm(&id, "pm_card_createDisputeProductNotReceived").await;
    world.pass(Duration::from_hours(1)).await;
    assert!(disputes(&world, &id).await.is_empty(), "what is only reserved is not disputed");
    world.post(&format!("/v1/payment_intents/{id}/capture"), &[]).await;
    world.pass(Duration::from_secs(3)).await;
    let dispute = disputes(&world, &id).await.remove(0);
    assert_eq!((dispute.status.clone(), dispute.amount), (DisputeStatus::NeedsResponse, 2500));
    assert_eq!(dispute.reason, "product_not_received");
    world.settle().await;
    assert_eq!(announced(&world), ["created", "funds_withdrawn"]);
    assert_eq!(world.state(&id).await, "succeeded", "the payment itself stays as it is");
    world.pass(Duration::from_hours(1)).await;
    assert_eq!(disputes(&world, &id).await.len(), 1, "once");
}

#[tokio::test]
async fn winning_evidence_wins_and_the_money_is_back() {
    let world = World::telling_all().await;
    let (_, dispute) = disputed(&world).await;
    let client = world.stripe();
    let evidence = |text: &str| UpdateDisputeEvidence {
        uncategorized_text: Some(text.to_owned()),
        ..UpdateDisputeEvidence::new()
    };
    let update = UpdateDispute::new(dispute.id.as_str()).evidence(evidence("They were there.")).submit(false);
    assert_eq!(update.send(&client).await.expect("staged").status, DisputeStatus::NeedsResponse);
    let update = UpdateDispute::new(dispute.id.as_str()).evidence(evidence("winning_evidence"));
    let won = update.send(&client).await.expect("won");
    assert_eq!((won.status, won.balance_transactions.len()), (DisputeStatus::Won, 2));
    world.settle().await;
    assert_eq!(announced(&world), ["created", "funds_withdrawn", "updated", "closed", "funds_reinstated"]);
    let again = UpdateDispute::new(dispute.id.as_str()).evidence(evidence("losing_evidence"));
    assert!(again.send(&client).await.is_err(), "what is decided stays decided");
}

#[tokio::test]
async fn other_evidence_waits_for_the_bank() {
    let world = World::telling_all().await;
    let (_, dispute) = disputed(&world).await;
    let path = format!("/v1/disputes/{}", dispute.id.as_str());
    let sent = world.post(&path, &[("evidence[customer_name]", "Ada"), ("metadata[case]", "1")]).await;
    assert_eq!((sent.state(), &sent.body["metadata"]["case"]), ("under_review", &"1".into()));
    assert_eq!(sent.body["evidence_details"]["submission_count"], 1);
    world.pass(Duration::from_hours(30 * 24)).await;
    assert_eq!(world.get(&path).await.state(), "under_review", "an answer that was given is not missed");
    let lost = world.post(&format!("/sim/disputes/{}/lose", dispute.id.as_str()), &[]).await;
    assert_eq!(lost.state(), "lost");
    let again = world.post(&format!("/sim/disputes/{}/win", dispute.id.as_str()), &[]).await;
    assert_eq!(again.status, 400);
    assert_eq!(world.post(&path, &[("evidence[colour]", "red")]).await.code(), "parameter_unknown");
}

#[tokio::test]
async fn a_dispute_without_an_answer_is_lost_when_its_time_is_over() {
    let world = World::telling_all().await;
    let (_, dispute) = disputed(&world).await;
    world.pass(Duration::from_hours(7 * 24)).await;
    let dispute = RetrieveDispute::new(dispute.id.as_str()).send(&world.stripe()).await.expect("found");
    assert_eq!(dispute.status, DisputeStatus::Lost);
    world.settle().await;
    assert_eq!(announced(&world), ["created", "funds_withdrawn", "closed"]);
}

#[tokio::test]
async fn a_dispute_that_is_accepted_is_lost() {
    let world = World::telling_all().await;
    let (id, dispute) = disputed(&world).await;
    let closed = CloseDispute::new(dispute.id.as_str()).send(&world.stripe()).await.expect("closed");
    assert_eq!(closed.status, DisputeStatus::Lost);
    let refund = world.post("/v1/refunds", &[("payment_intent", &id)]).await;
    assert_eq!((refund.status, refund.code()), (400, "charge_disputed"), "the buyer has the money");
}

#[tokio::test]
async fn only_money_that_is_there_can_be_disputed_once() {
    let world = World::start().await;
    let authorized = world.authorized().await;
    let (refunded, disputed) = (captured(&world, "pm_card_visa").await, disputed(&world).await.0);
    world.post("/v1/refunds", &[("payment_intent", &refunded)]).await;
    for id in [authorized, refunded, disputed] {
        let answer = world.post(&format!("/sim/charges/{}/dispute", charge_of(&id)), &[]).await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    let id = captured(&world, "pm_card_visa").await;
    let path = format!("/sim/charges/{}/dispute", charge_of(&id));
    assert_eq!(world.post(&path, &[("reason", "mood")]).await.status, 400);
    let bearer = format!("Bearer {PUBLISHABLE_KEY}");
    let seen = world.call(Method::GET, "/v1/disputes", &[("authorization", &bearer)], &[]).await;
    assert_eq!(seen.code(), "secret_key_required");
}
