//! `GET /api/users/currentuser`

use std::time::Duration;

use runtime::testing::TestService;
use serde_json::{Value, json};

use crate::rig;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Who this token stands for, and the fresh token if there is one.
async fn ask(service: &TestService, token: &str) -> (Value, Option<String>) {
    let reply = rig::current_user(service, token).await;
    (reply.json["currentUser"]["email"].clone(), rig::token(&reply))
}

#[tokio::test]
async fn nobody_is_signed_in_without_a_cookie() {
    let service = rig::start().await;
    let reply = service.anonymous().get("/api/users/currentuser").await;
    assert_eq!((reply.status, &reply.json), (200, &json!({ "currentUser": null })));
    assert_eq!(reply.header("cache-control"), "private, no-store");
    assert_eq!(reply.header("set-cookie"), "");
}

#[tokio::test]
async fn a_cookie_that_is_worth_nothing_is_taken_away() {
    let service = rig::start().await;
    assert_eq!(ask(&service, "garbage").await, (Value::Null, Some(String::new())));
}

#[tokio::test]
async fn a_young_token_is_kept() {
    let service = rig::start().await;
    let token = rig::sign_up(&service, "ann").await;
    service.clock.advance((5 * MINUTE).saturating_sub(SECOND));
    assert_eq!(ask(&service, &token).await, (json!("ann@example.com"), None));
}

#[tokio::test]
async fn a_token_older_than_five_minutes_is_replaced() {
    let service = rig::start().await;
    let token = rig::sign_up(&service, "ann").await;
    service.clock.advance(5 * MINUTE);
    let (who, fresh) = ask(&service, &token).await;
    assert_eq!(who, "ann@example.com");
    let (old, new) = (rig::claims(&token), rig::claims(&fresh.expect("a cookie")));
    assert_eq!((new.sid, new.sub), (old.sid, old.sub));
    assert_eq!((new.iat - old.iat, new.exp - new.iat), (300, 900));
}

#[tokio::test]
async fn an_expired_token_is_replaced_while_its_session_lives() {
    let service = rig::start().await;
    let token = rig::sign_up(&service, "ann").await;
    service.clock.advance((7 * DAY).saturating_sub(MINUTE));
    let (who, fresh) = ask(&service, &token).await;
    assert_eq!(who, "ann@example.com");
    assert_eq!(ask(&service, &fresh.expect("a cookie")).await, (json!("ann@example.com"), None));
}

#[tokio::test]
async fn two_pages_that_ask_at_once_are_both_answered() {
    let service = rig::start().await;
    let token = rig::sign_up(&service, "ann").await;
    service.clock.advance(HOUR);
    let (one, other) = tokio::join!(ask(&service, &token), ask(&service, &token));
    for (who, fresh) in [one, other] {
        assert_eq!(who, "ann@example.com");
        assert_eq!(ask(&service, &fresh.expect("a cookie")).await, (json!("ann@example.com"), None));
    }
}

#[tokio::test]
async fn a_session_that_is_not_used_for_seven_days_is_over() {
    let service = rig::start().await;
    let token = rig::sign_up(&service, "ann").await;
    service.clock.advance(7 * DAY);
    assert_eq!(ask(&service, &token).await, (Value::Null, Some(String::new())));
    service.settle().await;
    assert_eq!(ask(&service, &token).await, (Value::Null, Some(String::new())), "and when it is forgotten");
}

#[tokio::test]
async fn a_session_that_is_used_is_over_after_thirty_days() {
    let service = rig::start().await;
    let mut token = rig::sign_up(&service, "ann").await;
    for day in 1..=30 {
        service.clock.advance(if day < 30 { DAY } else { DAY.saturating_sub(SECOND) });
        let (who, fresh) = ask(&service, &token).await;
        assert_eq!(who, "ann@example.com", "day {day}");
        token = fresh.expect("a cookie");
    }
    let start: common::Time = runtime::testing::START.parse().expect("a time");
    assert_eq!(rig::claims(&token).exp * 1000, start.after(30 * DAY).as_millis(), "no token outlives it");
    service.clock.advance(SECOND);
    assert_eq!(ask(&service, &token).await, (Value::Null, Some(String::new())));
}
