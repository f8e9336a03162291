//! Assets: immutable, compressed, small, and only ours.

use axum::body::Body;
use axum::http::Request;
use e2e::World;

use crate::app::TestApp;
use crate::browser::{Browser, PRICE, id};

/// The compressed size of a page with its styles and scripts.
const MAX_PAGE_BYTES: usize = 60 * 1024;

#[tokio::test]
async fn every_page_is_light_and_loads_nothing_from_elsewhere() {
    let world = World::start().await;
    let (seller, buyer) = world.two_people().await;
    for number in 0..24 {
        seller.sells(&format!("Concert number {number}"), PRICE).await;
    }
    let ticket = seller.sells("Concert", PRICE).await;
    let order = buyer.buys(&ticket).await;
    world.settle().await;
    let order_page = format!("/orders/{}", id(&order));
    let pages = [
        "/",
        "/tickets/new",
        "/mine",
        "/orders",
        "/account",
        "/account/security",
        "/account/activity",
        "/nothing",
        &format!("/tickets/{}", id(&ticket)),
        &order_page,
    ];
    let browser = Browser::signed_in(&world, &buyer);
    for path in pages {
        let page = browser.get(path).await;
        let mut weight = compressed_bytes(&browser, path).await;
        let links = page.html.split(['"', '\'']).filter(|part| part.starts_with("/assets/"));
        let links: std::collections::BTreeSet<_> = links.collect();
        assert!(links.len() >= 2, "{path}: {links:?}");
        for link in links {
            let asset = browser.get(link).await;
            assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable", "{link}");
            asset.has_status(200);
            weight += compressed_bytes(&browser, link).await;
        }
        assert!(weight < MAX_PAGE_BYTES, "{path} weighs {weight} bytes");
        let elsewhere = [" src=\"http", " href=\"http", " style=\"", " onclick"];
        let stripe = world.endpoints.stripe.as_str();
        for mark in elsewhere {
            let found =
                page.html.match_indices(mark).map(|(at, _)| &page.html[at..(at + 80).min(page.html.len())]);
            let found: Vec<_> = found
                .filter(|text| !text.contains(stripe) && !text.contains(&world.endpoints.marketplace))
                .collect();
            assert!(found.is_empty(), "{path}: {found:?}");
        }
    }
    buyer.cancels(&order).await;
    world.finish().await;
}

/// The compressed size.
async fn compressed_bytes(browser: &Browser, path: &str) -> usize {
    let request = browser.request("GET", path).header("accept", "text/html").header("accept-encoding", "br");
    let reply = request.send().await.expect("a reply");
    assert_eq!(reply.headers()["content-encoding"], "br", "{path}");
    reply.bytes().await.expect("a body").len()
}

#[test]
fn pages_of_https_load_no_script_of_http() {
    let (sim, stripe) = ("http://127.0.0.1:12111/stripe.js", "https://js.stripe.com/v3/");
    for (public_url, script, accepted) in [
        (None, sim, true),
        (Some("http://127.0.0.1:3000"), sim, true),
        (Some("https://tickets.example"), sim, false),
        (Some("https://tickets.example"), stripe, true),
    ] {
        let checked = client::check_script(public_url, script);
        assert_eq!(checked.is_ok(), accepted, "{public_url:?} {script}");
    }
}

#[tokio::test]
async fn a_long_host_makes_no_error_on_the_route_of_the_qr_code() {
    let order = "01a20399-ee1a-7dbe-adb9-18ba0d649af0";
    let app = TestApp::with_services(axum::Router::new());
    for host in ["tickets.example", &"x".repeat(4000), ""] {
        let request = Request::get(format!("/orders/{order}/qr.svg")).header("host", host);
        let reply = app.call(request.body(Body::empty()).expect("a request")).await;
        assert_eq!(reply.status(), 200, "{host}");
    }
}

#[tokio::test]
async fn an_asset_of_another_content_is_not_there() {
    let world = World::start().await;
    let browser = Browser::signed_out(&world);
    for path in ["/assets/page.js", "/assets/page.AAAAAAAAAAAA.js", "/assets/", "/assets/../Cargo.toml"] {
        browser.get(path).await.has_status(404);
    }
    world.finish().await;
}
