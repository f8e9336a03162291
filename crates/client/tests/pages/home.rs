//! The home page: lists, searches and pages.

use common::{Currency, Money};
use e2e::World;

use crate::browser::{Browser, PRICE};

#[tokio::test]
async fn the_empty_home_page_invites_to_sell() {
    let world = World::start().await;
    let visitor = Browser::signed_out(&world);
    visitor.get("/").await.has_status(200).shows("No tickets on sale yet").shows("href=\"/tickets/new\"");
    visitor
        .get("/?q=mahler")
        .await
        .has_status(200)
        .shows("Nothing matches your search")
        .shows("value=\"mahler\"");
    world.finish().await;
}

#[tokio::test]
async fn a_search_finds_by_words_and_by_price_in_major_units() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    ann.sells("Mahler night", PRICE).await;
    ann.sells("Jazz night", Money { amount: 5000, currency: Currency::Usd }).await;
    let visitor = Browser::signed_out(&world);
    visitor.get("/").await.shows("Mahler night").shows("Jazz night");
    visitor
        .get("/?q=mah&minPrice=&maxPrice=&currency=USD&sort=newest")
        .await
        .shows("Mahler night")
        .hides("Jazz night");
    visitor.get("/?minPrice=25.01&currency=USD").await.shows("Jazz night").hides("Mahler night");
    visitor.get("/?maxPrice=25.00").await.shows("Mahler night").hides("Jazz night");
    let invalid = visitor.get("/?q=jazz&maxPrice=much").await;
    invalid.has_status(400).shows("id=\"maxPrice-error\"").shows("value=\"much\"").shows("value=\"jazz\"");
    visitor.get("/?cursor=garbage").await.has_status(400);
    world.finish().await;
}

#[tokio::test]
async fn a_long_list_comes_in_pages_that_keep_the_search() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    for number in 0..26 {
        ann.sells(&format!("Gala {number:02}"), PRICE).await;
    }
    let visitor = Browser::signed_out(&world);
    let first = visitor.get("/?q=gala").await;
    assert_eq!(first.html.matches("data-ticket=").count(), 24);
    let next = first
        .html
        .split("class=\"button\" href=\"/?")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a next page");
    let next = next.replace("&#38;", "&").replace("&amp;", "&");
    let second = visitor.get(&format!("/?{next}")).await;
    assert_eq!(second.html.matches("data-ticket=").count(), 2);
    second.shows("value=\"gala\"").shows("Back to the first page");
    world.finish().await;
}
