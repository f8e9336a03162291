//! The home page: lists, searches and pages.

use common::{Currency, Money};
use e2e::World;

use crate::browser::{Browser, PRICE};

#[tokio::test]
async fn the_empty_home_page_invites_to_sell() {
    let world = World::start().await;
    let nobody = Browser::of_nobody(&world);
    nobody.get("/").await.is(200).says("No tickets on sale yet").says("href=\"/tickets/new\"");
    nobody.get("/?q=mahler").await.is(200).says("Nothing matches your search").says("value=\"mahler\"");
    world.finish().await;
}

#[tokio::test]
async fn a_search_finds_by_words_and_by_price_in_major_units() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    ann.sells("Mahler night", PRICE).await;
    ann.sells("Jazz night", Money { amount: 5000, currency: Currency::Usd }).await;
    let nobody = Browser::of_nobody(&world);
    nobody.get("/").await.says("Mahler night").says("Jazz night");
    nobody
        .get("/?q=mah&minPrice=&maxPrice=&currency=USD&sort=newest")
        .await
        .says("Mahler night")
        .hides("Jazz night");
    nobody.get("/?minPrice=25.01&currency=USD").await.says("Jazz night").hides("Mahler night");
    nobody.get("/?maxPrice=25.00").await.says("Mahler night").hides("Jazz night");
    let faulty = nobody.get("/?q=jazz&maxPrice=much").await;
    faulty.is(400).says("id=\"maxPrice-fault\"").says("value=\"much\"").says("value=\"jazz\"");
    nobody.get("/?cursor=garbage").await.is(400);
    world.finish().await;
}

#[tokio::test]
async fn a_long_list_comes_in_pages_that_keep_the_search() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    for number in 0..26 {
        ann.sells(&format!("Gala {number:02}"), PRICE).await;
    }
    let nobody = Browser::of_nobody(&world);
    let first = nobody.get("/?q=gala").await;
    assert_eq!(first.html.matches("data-ticket=").count(), 24);
    let next = first
        .html
        .split("class=\"button\" href=\"/?")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a next page");
    let next = next.replace("&#38;", "&").replace("&amp;", "&");
    let second = nobody.get(&format!("/?{next}")).await;
    assert_eq!(second.html.matches("data-ticket=").count(), 2);
    second.says("value=\"gala\"").says("Back to the first page");
    world.finish().await;
}
