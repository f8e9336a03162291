//! Buying, withdrawing and cancelling by form.

use std::sync::Arc;
use std::time::Duration;

use common::SharedClock;
use e2e::{World, cards};
use serde_json::json;

use crate::browser::{Browser, PRICE, id};

#[tokio::test]
async fn pressing_buy_twice_orders_once() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let ticket = seller.sells("Concert", PRICE).await;
    let path = format!("/tickets/{}", id(&ticket));
    let browser = Browser::of(&world, &buyer);
    let page = browser.get(&path).await;
    page.says("Buy for $25.00");
    let key = page.value("key");
    let fields = [("key", key.as_str()), ("price", "25.00"), ("currency", "USD")];
    let first = browser.send(&format!("{path}/buy"), &fields).await;
    let again = browser.send(&format!("{path}/buy"), &fields).await;
    assert!(first.leads_to().starts_with("/orders/"), "{}", first.leads_to());
    assert_eq!(first.leads_to(), again.leads_to());
    world.settle().await;
    browser.get(first.leads_to()).await.is(200).says("Concert").says("$25.00");
    browser.get(&path).await.says("You are buying this ticket.").says(first.leads_to());
    Browser::of_nobody(&world)
        .get(&path)
        .await
        .says("Somebody is buying this ticket right now.")
        .says("(15 minutes left)");
    browser.get("/orders").await.says("Concert").says("$25.00");
    browser.get("/mine").await.says("Held for you");
    let cancelled = browser.send(&format!("{}/cancel", first.leads_to()), &[]).await;
    browser.get(cancelled.leads_to()).await.is(200).says("You gave this order up");
    world.finish().await;
}

#[tokio::test]
async fn a_purchase_that_cannot_be_says_why() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let late = world.person("late").await;
    let ticket = seller.sells("Concert", PRICE).await;
    let buy = format!("/tickets/{}/buy", id(&ticket));
    let fields = [("price", "25.00"), ("currency", "USD")];
    let nobody = Browser::of_nobody(&world);
    nobody.send(&buy, &fields).await.is(401).says("You are signed out.").says("Sign in to buy");
    let own = Browser::of(&world, &seller);
    own.send(&buy, &fields).await.is(409).says("This is your own ticket.");
    let browser = Browser::of(&world, &late);
    browser
        .send(&buy, &[("price", "20.00"), ("currency", "USD")])
        .await
        .is(409)
        .says("The price has changed");
    browser.send(&buy, &[("price", "cheap"), ("currency", "USD")]).await.is(400).says("Buy for $25.00");
    let order = buyer.buys(&ticket).await;
    world.settle().await;
    browser.send(&buy, &fields).await.is(409).says("Somebody was faster").says("Held until");
    own.send(&format!("/tickets/{}/withdraw", id(&ticket)), &[]).await.is(409).says("cannot be changed");
    buyer.cancels(&order).await;
    world.settle().await;
    world.finish().await;
}

#[tokio::test]
async fn a_withdrawn_ticket_cannot_be_bought_and_only_its_seller_withdraws_it() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let ticket = seller.sells("Concert", PRICE).await;
    let path = format!("/tickets/{}", id(&ticket));
    let (own, other) = (Browser::of(&world, &seller), Browser::of(&world, &buyer));
    other.send(&format!("{path}/withdraw"), &[]).await.is(403);
    let withdrawn = own.send(&format!("{path}/withdraw"), &[]).await;
    own.get(withdrawn.leads_to()).await.says("Your ticket is withdrawn.");
    world.settle().await;
    let refused = other.send(&format!("{path}/buy"), &[("price", "25.00"), ("currency", "USD")]).await;
    refused.is(409).says("The seller took this ticket back.").hides("Buy for");
    other.get("/").await.hides(id(&ticket));
    world.finish().await;
}

#[tokio::test]
async fn another_persons_order_is_neither_shown_nor_cancelled() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let ticket = seller.sells("Secret gig", PRICE).await;
    let order = buyer.buys(&ticket).await;
    let path = format!("/orders/{}", id(&order));
    let stranger = Browser::of(&world, &seller);
    stranger.get(&path).await.is(403).hides("Secret gig");
    stranger.send(&format!("{path}/cancel"), &[]).await.is(403);
    buyer.cancels(&json!({ "id": id(&order) })).await;
    world.finish().await;
}

#[tokio::test]
async fn money_that_went_back_is_told_and_the_receipt_keeps_its_date() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let order = buyer.buys(&seller.sells("Concert", PRICE).await).await;
    world.settle().await;
    buyer.pays(&order, cards::VISA).await;
    world.settle().await;
    let browser = Browser::of(&world, &buyer);
    let path = format!("/orders/{}", id(&order));
    let paid_at = buyer.order(&order).await["updatedAt"].as_str().expect("a time").to_owned();
    let page = browser.get(&path).await;
    page.is(200).says("The ticket is yours").says("$25.00");
    assert!(!page.html.contains("Given back"), "nothing went back yet");

    world.advance(Duration::from_hours(24)).await;
    let clock: SharedClock = Arc::new(world.clock.clone());
    let number = id(&order).parse().expect("an id");
    payments::refund(world.payments(), &clock, number).await.expect("it was paid");
    world.advance(Duration::from_secs(6)).await;
    world.poll_until("the order is marked", async || buyer.order(&order).await["refunded"].is_object()).await;
    assert_ne!(buyer.order(&order).await["updatedAt"], json!(paid_at));
    let page = browser.get(&path).await;
    page.is(200).says("$25.00 of it were given back to you.").says("Given back").says(&paid_at[..16]);
    world.finish().await;
}
