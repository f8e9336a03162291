//! Requests that another site made a browser send.

use runtime::HttpOptions;

use crate::problem::refused;
use crate::routes::ROUTES;
use crate::stage::{Ask, Stage};

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

fn from(ask: &Ask, site: &str, origin: &str, ours: &str) -> Ask {
    let origin = if origin == OURS { ours } else { origin };
    let ask = if site.is_empty() { ask.clone() } else { ask.clone().header("sec-fetch-site", site) };
    if origin.is_empty() { ask } else { ask.header("origin", origin) }
}

#[tokio::test]
async fn the_browser_says_where_a_request_comes_from() {
    let stage = Stage::set().await;
    let ours = stage.world.place.marketplace.clone();
    let ask = Ask::new("POST", "/api/users/signout");
    for (site, origin, passes) in TABLE {
        let reply = stage.send(&from(&ask, site, origin, &ours)).await;
        let what = format!("site {site:?}, origin {origin:?}");
        if passes {
            assert_eq!(reply.status, 204, "{what}: {}", reply.json);
        } else {
            refused(&what, &reply, 403, "cross-site");
        }
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn nothing_changes_for_another_site() {
    let stage = Stage::set().await;
    for route in ROUTES.iter().filter(|route| route.changes() && !route.is_for_machines()) {
        let ask = stage.ask(route).await;
        let before = stage.seen().await;
        for (site, origin, _) in TABLE.into_iter().filter(|(_, _, passes)| !passes) {
            let reply = stage.send(&from(&ask, site, origin, &stage.world.place.marketplace)).await;
            let what = format!("{} {}: site {site:?}, origin {origin:?}", route.method, route.path);
            refused(&what, &reply, 403, "cross-site");
        }
        assert_eq!(stage.seen().await, before, "{} {}", route.method, route.path);
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn reading_and_webhooks_are_nobodys_secret() {
    let stage = Stage::set().await;
    for route in ROUTES.iter().filter(|route| !route.changes() || route.is_for_machines()) {
        let ask = stage.ask(route).await;
        for (site, origin, _) in TABLE {
            let reply = stage.send(&from(&ask, site, origin, &stage.world.place.marketplace)).await;
            assert_eq!(
                reply.status, route.answers[2],
                "{} {}: {site:?} {origin:?}",
                route.method, route.path
            );
        }
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn our_origin_is_the_address_that_people_type() {
    let options =
        HttpOptions { public_url: Some("https://tickets.example".to_owned()), ..HttpOptions::default() };
    let stage = Stage::with(options).await;
    let ask = Ask::new("POST", "/api/users/signout");
    let host = stage.world.place.marketplace.clone();
    for (origin, passes) in [
        ("https://tickets.example", true),
        ("http://tickets.example", false),
        ("https://tickets.example:8443", false),
        ("https://other.tickets.example", false),
        (host.as_str(), false),
        ("null", false),
    ] {
        // Whoever is not a configured proxy may claim what they like.
        let ask = ask.clone().header("x-forwarded-host", "evil.example").header("x-forwarded-proto", "https");
        let reply = stage.send(&ask.header("origin", origin)).await;
        assert_eq!(reply.status, if passes { 204 } else { 403 }, "{origin}");
    }
    stage.world.ends_well().await;
}
