//! The limit of writes of one person in a minute.

use std::time::Duration;

use runtime::HttpOptions;

use crate::fixture::Fixture;
use crate::http::{Request, assert_refused};
use crate::routes::ROUTES;

/// Enough for what the fixture itself writes to one service.
const MAX_WRITES: u32 = 20;

async fn limited() -> Fixture {
    Fixture::with(HttpOptions { max_writes: MAX_WRITES, ..HttpOptions::default() }).await
}

/// A write that changes nothing.
fn write(path: &str, cookie: &str) -> Request {
    Request::new("POST", path).by(cookie).header("content-type", "application/json").body("{}")
}

/// Uses up the writes of this person to the service of this path.
async fn exhaust(fixture: &Fixture, path: &str, cookie: &str) {
    for _ in 0..MAX_WRITES {
        fixture.send(&write(path, cookie)).await;
    }
}

#[tokio::test]
async fn a_person_who_writes_too_much_waits_and_others_do_not() {
    let fixture = limited().await;
    let (seller, buyer) = (fixture.seller.cookie(), fixture.buyer.cookie());
    exhaust(&fixture, "/api/tickets", &seller).await;
    let refused = fixture.send(&write("/api/tickets", &seller)).await;
    assert_refused("one write too much", &refused, 429, "too-many-requests");
    let delay: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&delay), "{delay} s");

    assert_eq!(fixture.send(&write("/api/tickets", &buyer)).await.status, 400, "another person");
    assert_eq!(fixture.send(&write("/api/orders", &seller)).await.status, 400, "another service");
    let read = Request::new("GET", "/api/tickets").by(&seller);
    assert_eq!(fixture.send(&read).await.status, 200, "reads are not limited");
    fixture.world.advance(Duration::from_secs(delay)).await;
    assert_eq!(fixture.send(&write("/api/tickets", &seller)).await.status, 400, "after the delay");
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_second_session_of_the_same_person_has_no_writes_of_its_own() {
    let fixture = limited().await;
    let second = fixture.new_session(&fixture.seller).await;
    exhaust(&fixture, "/api/tickets", &fixture.seller.cookie()).await;
    let refused = fixture.send(&write("/api/tickets", &second)).await;
    assert_refused("another session", &refused, 429, "too-many-requests");
    fixture.world.finish().await;
}

#[tokio::test]
async fn the_limit_is_answered_before_every_other_defect_and_changes_nothing() {
    let fixture = limited().await;
    for route in ROUTES.iter().filter(|route| route.changes() && route.needs_session()) {
        let request = fixture.request(route).await;
        let cookie = fixture.owner(route).cookie();
        exhaust(&fixture, route.path.split("/{").next().unwrap_or(route.path), &cookie).await;
        let before = fixture.state().await;
        let spoiled = request.by(&cookie).header("sec-fetch-site", "cross-site").body("{");
        assert_refused(&format!("{route}"), &fixture.send(&spoiled).await, 429, "too-many-requests");
        assert_eq!(fixture.state().await, before, "{route}");
        // Past the minute, and within the life of the cookies.
        fixture.world.advance(Duration::from_secs(61)).await;
    }
    fixture.world.finish().await;
}
