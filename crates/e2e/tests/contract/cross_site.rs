//! Requests that another site made a browser send.

use runtime::HttpOptions;

use crate::fixture::Fixture;
use crate::http::{Request, assert_refused};
use crate::routes::ROUTES;

const OURS: &str = "(ours)";

/// `Sec-Fetch-Site`, `Origin`, and whether a request with them goes through.
const TABLE: [(&str, &str, bool); 16] = [
    ("", "", true),
    ("same-origin", "", true),
    ("none", "", true),
    ("cross-site", "", false),
    ("same-site", "", false),
    ("same-origin", "https://evil.example", true),
    ("none", "null", true),
    ("cross-site", OURS, false),
    ("same-site", OURS, false),
    ("", OURS, true),
    ("", "null", false),
    ("", "https://evil.example", false),
    ("", "http://evil.example", false),
    ("", "http://127.0.0.1", false),
    ("", "http://127.0.0.1.evil.example", false),
    ("", "nonsense", false),
];

fn from(request: &Request, site: &str, origin: &str, ours: &str) -> Request {
    let origin = if origin == OURS { ours } else { origin };
    let request =
        if site.is_empty() { request.clone() } else { request.clone().header("sec-fetch-site", site) };
    if origin.is_empty() { request } else { request.header("origin", origin) }
}

#[tokio::test]
async fn the_browser_says_where_a_request_comes_from() {
    let fixture = Fixture::new().await;
    let ours = fixture.world.endpoints.marketplace.clone();
    let request = Request::new("POST", "/api/users/signout");
    for (site, origin, passes) in TABLE {
        let reply = fixture.send(&from(&request, site, origin, &ours)).await;
        let what = format!("site {site:?}, origin {origin:?}");
        if passes {
            assert_eq!(reply.status, 204, "{what}: {}", reply.json);
        } else {
            assert_refused(&what, &reply, 403, "cross-site");
        }
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn another_site_can_change_nothing() {
    let fixture = Fixture::new().await;
    for route in ROUTES.iter().filter(|route| route.changes() && !route.is_webhook()) {
        let request = fixture.request(route).await;
        let before = fixture.state().await;
        for (site, origin, _) in TABLE.into_iter().filter(|(_, _, passes)| !passes) {
            let reply =
                fixture.send(&from(&request, site, origin, &fixture.world.endpoints.marketplace)).await;
            let what = format!("{route}: site {site:?}, origin {origin:?}");
            assert_refused(&what, &reply, 403, "cross-site");
        }
        assert_eq!(fixture.state().await, before, "{route}");
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn reads_and_webhooks_pass_from_every_site() {
    let fixture = Fixture::new().await;
    for route in ROUTES.iter().filter(|route| !route.changes() || route.is_webhook()) {
        let request = fixture.request(route).await;
        for (site, origin, _) in TABLE {
            let reply =
                fixture.send(&from(&request, site, origin, &fixture.world.endpoints.marketplace)).await;
            assert_eq!(reply.status, route.statuses[2], "{route}: {site:?} {origin:?}");
        }
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn our_origin_is_the_public_url() {
    let options =
        HttpOptions { public_url: Some("https://tickets.example".to_owned()), ..HttpOptions::default() };
    let fixture = Fixture::with(options).await;
    let request = Request::new("POST", "/api/users/signout");
    let host = fixture.world.endpoints.marketplace.clone();
    for (origin, passes) in [
        ("https://tickets.example", true),
        ("http://tickets.example", false),
        ("https://tickets.example:8443", false),
        ("https://other.tickets.example", false),
        (host.as_str(), false),
        ("null", false),
    ] {
        // Forwarding headers count only from a configured proxy.
        let request =
            request.clone().header("x-forwarded-host", "evil.example").header("x-forwarded-proto", "https");
        let reply = fixture.send(&request.header("origin", origin)).await;
        assert_eq!(reply.status, if passes { 204 } else { 403 }, "{origin}");
    }
    fixture.world.finish().await;
}
