//! Every page, for nobody, for a stranger and for its owner.

use e2e::World;

use crate::browser::{Browser, PRICE, id};

const NOWHERE: &str = "01a20399-ee1a-7dbe-adb9-18ba0d649af0";

/// A page, and what nobody, a stranger and its owner get.
type Row = (String, u16, u16, u16);

#[tokio::test]
async fn every_page_answers_everybody_with_the_right_status() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let stranger = world.person("stranger").await;
    let ticket = seller.sells("Concert", PRICE).await;
    let order = buyer.buys(&ticket).await;
    world.settle().await;
    let (ticket, order) = (id(&ticket), id(&order));
    let rows: Vec<Row> = vec![
        ("/".into(), 200, 200, 200),
        ("/tickets/new".into(), 303, 200, 200),
        (format!("/tickets/{ticket}"), 200, 200, 200),
        (format!("/tickets/{ticket}/edit"), 303, 403, 200),
        (format!("/orders/{order}"), 303, 403, 200),
        ("/mine".into(), 303, 200, 200),
        ("/orders".into(), 303, 200, 200),
        ("/account".into(), 303, 200, 200),
        ("/auth/signin".into(), 200, 303, 303),
        ("/auth/signup".into(), 200, 303, 303),
        (format!("/tickets/{NOWHERE}"), 404, 404, 404),
        (format!("/tickets/{NOWHERE}/edit"), 303, 404, 404),
        (format!("/orders/{NOWHERE}"), 303, 404, 404),
        ("/tickets/7".into(), 404, 404, 404),
        ("/mine/".into(), 404, 404, 404),
        ("/nothing".into(), 404, 404, 404),
    ];
    for (path, nobody, other, owner) in rows {
        let person = if path.starts_with("/orders/") { &buyer } else { &seller };
        let visitors = [
            (Browser::of_nobody(&world), nobody),
            (Browser::of(&world, &stranger), other),
            (Browser::of(&world, person), owner),
        ];
        for (browser, status) in visitors {
            let seen = browser.get(&path).await;
            assert_eq!(seen.status, status, "{path}: {}", seen.html);
            let policy = seen.header("content-security-policy");
            if status == 303 {
                continue;
            }
            assert_eq!(seen.header("content-type"), "text/html; charset=utf-8", "{path}");
            assert!(
                policy.starts_with("default-src 'self'") && !policy.contains("unsafe"),
                "{path}: {policy}"
            );
            let shown = seen.html.split("<template").next().unwrap_or_default();
            assert_eq!(shown.matches("<h1").count(), 1, "{path}");
            seen.says("<html lang=\"en\">").says("href=\"#content\"").says("<main id=\"content\"");
        }
    }
    buyer.cancels(&serde_json::json!({ "id": order })).await;
    world.finish().await;
}

#[tokio::test]
async fn a_page_that_needs_a_session_leads_to_signing_in_and_back() {
    let world = World::start().await;
    let nobody = Browser::of_nobody(&world);
    for path in ["/tickets/new", "/mine", "/orders", "/account"] {
        let next = path.replace('/', "%2F");
        assert_eq!(nobody.get(path).await.leads_to(), format!("/auth/signin?next={next}"));
    }
    world.finish().await;
}

#[tokio::test]
async fn a_page_renews_a_session_that_has_run_out() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::of(&world, &ann);
    let before = browser.cookie();
    world.advance(std::time::Duration::from_mins(20)).await;
    browser.get("/mine").await.is(200).says("My tickets").says("You have not listed a ticket yet.");
    assert_ne!(browser.cookie(), before, "the browser has a fresh cookie");
    world.finish().await;
}

#[tokio::test]
async fn a_form_that_is_sent_after_the_token_has_run_out_still_counts() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::of(&world, &ann);
    world.advance(std::time::Duration::from_mins(20)).await;
    let fields = [("title", "Late show"), ("price", "25"), ("currency", "USD")];
    let sent = browser.send("/tickets/new", &fields).await;
    assert!(sent.leads_to().starts_with("/tickets/"), "{}", sent.leads_to());
    world.finish().await;
}
