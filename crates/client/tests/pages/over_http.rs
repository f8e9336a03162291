//! The same pages as a process of their own, in front of services behind sockets.

use axum::body::Body;
use axum::http::Request;
use axum::http::header::{COOKIE, SET_COOKIE};
use client::{Addresses, Api};
use e2e::{Person, World};
use tower::ServiceExt;

use crate::away::{get_page, pages_of, see};
use crate::browser::{PRICE, id};

fn all_at(url: &str) -> Addresses {
    let url = url.to_owned();
    Addresses { auth: url.clone(), tickets: url.clone(), orders: url.clone(), payments: url }
}

#[tokio::test]
async fn a_person_signs_in_and_buys_through_pages_that_run_elsewhere() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    let ticket = seller.sells("Concert", PRICE).await;
    let pages = pages_of(Api::over_http(all_at(&world.endpoints.marketplace)));
    let (status, html) = see(&pages, get_page("/?q=concert")).await;
    assert!(status.is_success() && html.contains("Concert"), "{html}");

    let form = |path: &str, cookie: &str, fields: &[(&str, &str)]| {
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        let body = serde_urlencoded::to_string(fields).expect("a form");
        request.header(COOKIE, cookie).body(Body::from(body)).expect("a request")
    };
    let sign_in = form("/auth/signin", "", &[("email", &buyer.email), ("password", Person::PASSWORD)]);
    let reply = pages.clone().oneshot(sign_in).await.expect("a reply");
    assert_eq!(reply.status(), 303);
    let cookie =
        reply.headers()[SET_COOKIE].to_str().expect("text").split(';').next().expect("a cookie").to_owned();

    let buy =
        form(&format!("/tickets/{}/buy", id(&ticket)), &cookie, &[("price", "25.00"), ("currency", "USD")]);
    let reply = pages.clone().oneshot(buy).await.expect("a reply");
    let place = reply.headers()["location"].to_str().expect("text").to_owned();
    assert!(place.starts_with("/orders/"), "{place}");
    buyer.cancels(&serde_json::json!({ "id": place.trim_start_matches("/orders/") })).await;
    world.finish().await;
}

#[tokio::test]
async fn nobody_behind_the_sockets_is_a_notice_and_no_failure() {
    let pages = pages_of(Api::over_http(all_at("http://127.0.0.1:1")));
    let (status, html) = see(&pages, get_page("/")).await;
    assert!(status.is_success(), "{html}");
    assert!(html.contains("down for maintenance") && html.contains("cannot be shown right now"), "{html}");
}
