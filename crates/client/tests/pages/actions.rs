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
    let browser = Browser::signed_in(&world, &buyer);
    let page = browser.get(&path).await;
    page.shows("Buy for $25.00");
    let key = page.value("key");
    let fields = [("key", key.as_str()), ("price", "25.00"), ("currency", "USD")];
    let first = browser.send(&format!("{path}/buy"), &fields).await;
    let again = browser.send(&format!("{path}/buy"), &fields).await;
    assert!(first.redirect().starts_with("/orders/"), "{}", first.redirect());
    assert_eq!(first.redirect(), again.redirect());
    world.settle().await;
    browser.get(first.redirect()).await.has_status(200).shows("Concert").shows("$25.00");
    browser.get(&path).await.shows("You are buying this ticket.").shows(first.redirect());
    Browser::signed_out(&world)
        .get(&path)
        .await
        .shows("Another buyer holds this ticket right now.")
        .shows("(15 minutes left)");
    browser.get("/orders").await.shows("Concert").shows("$25.00");
    browser.get("/mine").await.shows("Held for you");
    let cancelled = browser.send(&format!("{}/cancel", first.redirect()), &[]).await;
    browser.get(cancelled.redirect()).await.has_status(200).shows("You canceled this order");
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
    let visitor = Browser::signed_out(&world);
    visitor.send(&buy, &fields).await.has_status(401).shows("You are signed out.").shows("Sign in to buy");
    let own = Browser::signed_in(&world, &seller);
    own.send(&buy, &fields).await.has_status(409).shows("This is your own ticket.");
    let browser = Browser::signed_in(&world, &late);
    browser
        .send(&buy, &[("price", "20.00"), ("currency", "USD")])
        .await
        .has_status(409)
        .shows("The price has changed");
    browser
        .send(&buy, &[("price", "cheap"), ("currency", "USD")])
        .await
        .has_status(400)
        .shows("Buy for $25.00");
    let order = buyer.buys(&ticket).await;
    world.settle().await;
    browser.send(&buy, &fields).await.has_status(409).shows("Another buyer was faster").shows("Held until");
    own.send(&format!("/tickets/{}/withdraw", id(&ticket)), &[])
        .await
        .has_status(409)
        .shows("cannot be changed");
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
    let (own, other) = (Browser::signed_in(&world, &seller), Browser::signed_in(&world, &buyer));
    other.send(&format!("{path}/withdraw"), &[]).await.has_status(403);
    let withdrawn = own.send(&format!("{path}/withdraw"), &[]).await;
    own.get(withdrawn.redirect()).await.shows("Your ticket is withdrawn.");
    world.settle().await;
    let refused = other.send(&format!("{path}/buy"), &[("price", "25.00"), ("currency", "USD")]).await;
    refused.has_status(409).shows("The seller withdrew this ticket.").hides("Buy for");
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
    let stranger = Browser::signed_in(&world, &seller);
    stranger.get(&path).await.has_status(403).hides("Secret gig");
    stranger.send(&format!("{path}/cancel"), &[]).await.has_status(403);
    buyer.cancels(&json!({ "id": id(&order) })).await;
    world.finish().await;
}

#[tokio::test]
async fn refunded_money_is_shown_and_the_receipt_keeps_its_date() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let order = buyer.buys(&seller.sells("Concert", PRICE).await).await;
    world.settle().await;
    buyer.pays(&order, cards::VISA).await;
    world.settle().await;
    let browser = Browser::signed_in(&world, &buyer);
    let path = format!("/orders/{}", id(&order));
    let paid_at = buyer.order(&order).await["updatedAt"].as_str().expect("a time").to_owned();
    let page = browser.get(&path).await;
    page.has_status(200).shows("The ticket is yours").shows("$25.00");
    assert!(!page.html.contains("Refunded"), "nothing was refunded yet");

    world.advance(Duration::from_hours(24)).await;
    let clock: SharedClock = Arc::new(world.clock.clone());
    let number = id(&order).parse().expect("an id");
    payments::refund(world.payments(), &clock, number).await.expect("it was paid");
    world.advance(Duration::from_secs(6)).await;
    world.poll_until("the order is marked", async || buyer.order(&order).await["refunded"].is_object()).await;
    assert_ne!(buyer.order(&order).await["updatedAt"], json!(paid_at));
    let page = browser.get(&path).await;
    page.has_status(200).shows("$25.00 was refunded to you.").shows("Refunded").shows(&paid_at[..16]);
    world.finish().await;
}
