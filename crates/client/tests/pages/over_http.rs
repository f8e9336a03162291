//! The client as its own process, in front of services behind sockets.

use axum::http::header::SET_COOKIE;
use client::{Api, ServiceUrls};
use e2e::{Person, World};

use crate::app::TestApp;
use crate::browser::{PRICE, id};

fn all_at(url: &str) -> TestApp {
    let url = url.to_owned();
    let urls = ServiceUrls { auth: url.clone(), tickets: url.clone(), orders: url.clone(), payments: url };
    TestApp::new(Api::over_http(urls))
}

#[tokio::test]
async fn a_person_signs_in_and_buys_through_pages_that_run_elsewhere() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let ticket = seller.sells("Concert", PRICE).await;
    let app = all_at(&world.endpoints.marketplace);
    let (status, page) = app.get("/?q=concert").await;
    assert!(status.is_success() && page.contains("Concert"), "{page}");

    let credentials = [("email", buyer.email.as_str()), ("password", Person::PASSWORD)];
    let reply = app.post_form("/auth/signin", "", &credentials).await;
    assert_eq!(reply.status(), 303);
    let cookie =
        reply.headers()[SET_COOKIE].to_str().expect("text").split(';').next().expect("a cookie").to_owned();

    let shown = [("price", "25.00"), ("currency", "USD")];
    let reply = app.post_form(&format!("/tickets/{}/buy", id(&ticket)), &cookie, &shown).await;
    let location = reply.headers()["location"].to_str().expect("text").to_owned();
    assert!(location.starts_with("/orders/"), "{location}");
    buyer.cancels(&serde_json::json!({ "id": location.trim_start_matches("/orders/") })).await;
    world.finish().await;
}

#[tokio::test]
async fn unreachable_services_are_a_notice_and_no_failure() {
    let (status, page) = all_at("http://127.0.0.1:1").get("/").await;
    assert!(status.is_success(), "{page}");
    assert!(page.contains("down for maintenance") && page.contains("cannot be shown right now"), "{page}");
}
