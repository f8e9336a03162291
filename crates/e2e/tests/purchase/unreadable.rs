//! Documents that this release cannot parse, such as those of a newer one: no other purchase notices.

use std::time::Duration;

use e2e::{World, cards};
use payments::domain::Payment;
use runtime::testing::edit;
use serde_json::Value;
use uuid::Uuid;

use crate::flows::{becomes, id, ticket_becomes, usd};

#[tokio::test]
async fn a_payment_with_a_status_of_a_newer_release_stops_no_other_purchase() {
    let world = World::start().await;
    let (seller, first) = world.two_people().await;
    let second = world.person("second").await;
    let on_hold = first.buys(&seller.sells("Concert", usd(20_00)).await).await;
    becomes(&world, &first, &on_hold, "awaiting-payment").await;
    let payment = first.begins_to_pay(&on_hold).await.json;
    let payment: Uuid = id(&payment).parse().expect("an id");
    world.settle().await;
    edit::<Payment>(world.payments(), payment, |state| state["status"] = "on-hold".into()).await;
    assert_eq!(first.begins_to_pay(&on_hold).await.status, 500, "this purchase alone waits");
    // Its poll is due, before every step of the other payment.
    world.advance(Duration::from_mins(2)).await;

    let offered = seller.sells("Opera", usd(30_00)).await;
    let order = second.buys(&offered).await;
    becomes(&world, &second, &order, "awaiting-payment").await;
    assert_eq!(second.pays(&order, cards::VISA).await.json["status"], "requires_capture");
    becomes(&world, &second, &order, "complete").await;
    ticket_becomes(&world, &offered, "sold").await;

    // A release that can read the payment finds it where it was.
    let status = Value::from("requires-payment");
    edit::<Payment>(world.payments(), payment, |state| state["status"] = status).await;
    first.pays(&on_hold, cards::VISA).await;
    becomes(&world, &first, &on_hold, "complete").await;
    world.finish().await;
}
