//! Every page, for a signed-out visitor, a stranger and its owner; and the session that a page renews.

use e2e::World;

use crate::browser::{Browser, PRICE, id};

const NOWHERE: &str = "01a20399-ee1a-7dbe-adb9-18ba0d649af0";

/// A page, and its status for a signed-out visitor, a stranger and its owner.
type Row = (String, u16, u16, u16);

#[tokio::test]
async fn every_page_answers_every_visitor_with_the_right_status() {
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
        ("/account/security".into(), 303, 200, 200),
        ("/account/activity".into(), 303, 200, 200),
        ("/auth/factor".into(), 303, 303, 303),
        ("/auth/signin".into(), 200, 303, 303),
        ("/auth/signup".into(), 200, 303, 303),
        (format!("/tickets/{NOWHERE}"), 404, 404, 404),
        (format!("/tickets/{NOWHERE}/edit"), 303, 404, 404),
        (format!("/orders/{NOWHERE}"), 303, 404, 404),
        ("/tickets/7".into(), 404, 404, 404),
        ("/mine/".into(), 404, 404, 404),
        ("/nothing".into(), 404, 404, 404),
    ];
    for (path, signed_out, other, owner) in rows {
        let person = if path.starts_with("/orders/") { &buyer } else { &seller };
        let visitors = [
            (Browser::signed_out(&world), signed_out),
            (Browser::signed_in(&world, &stranger), other),
            (Browser::signed_in(&world, person), owner),
        ];
        for (browser, status) in visitors {
            let page = browser.get(&path).await;
            assert_eq!(page.status, status, "{path}: {}", page.html);
            let policy = page.header("content-security-policy");
            if status == 303 {
                continue;
            }
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
            assert!(
                policy.starts_with("default-src 'self'")
                    && policy.contains("frame-ancestors 'none'")
                    && !policy.contains("unsafe"),
                "{path}: {policy}"
            );
            let shown = page.html.split("<template").next().unwrap_or_default();
            assert_eq!(shown.matches("<h1").count(), 1, "{path}");
            page.shows("<html lang=\"en\">").shows("href=\"#content\"").shows("<main id=\"content\"");
        }
    }
    buyer.cancels(&serde_json::json!({ "id": order })).await;
    world.finish().await;
}

#[tokio::test]
async fn a_page_that_needs_a_session_leads_to_signing_in_and_back() {
    let world = World::start().await;
    let visitor = Browser::signed_out(&world);
    for path in ["/tickets/new", "/mine", "/orders", "/account"] {
        let next = path.replace('/', "%2F");
        assert_eq!(visitor.get(path).await.redirect(), format!("/auth/signin?next={next}"));
    }
    world.finish().await;
}

#[tokio::test]
async fn a_page_renews_an_expired_session() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::signed_in(&world, &ann);
    let before = browser.cookie();
    world.advance(std::time::Duration::from_mins(20)).await;
    browser.get("/mine").await.has_status(200).shows("My tickets").shows("You have not listed a ticket yet.");
    assert_ne!(browser.cookie(), before, "the browser has a fresh cookie");
    world.finish().await;
}

#[tokio::test]
async fn a_form_that_is_sent_after_the_token_has_expired_still_counts() {
    let world = World::start().await;
    let ann = world.person("ann").await;
    let browser = Browser::signed_in(&world, &ann);
    world.advance(std::time::Duration::from_mins(20)).await;
    let fields = [("title", "Late show"), ("price", "25"), ("currency", "USD")];
    let sent = browser.send("/tickets/new", &fields).await;
    assert!(sent.redirect().starts_with("/tickets/"), "{}", sent.redirect());
    world.finish().await;
}
