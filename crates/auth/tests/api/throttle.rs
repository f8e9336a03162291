//! The throttle of failed sign-ins.

use std::time::Duration;

use auth::Config;
use runtime::testing::Reply;

use crate::app::{PASSWORD, TestApp, credentials};

const HERE: &str = "192.0.2.1";
const ELSEWHERE: &str = "198.51.100.1";

async fn fail(app: &TestApp, times: usize) {
    for _ in 0..times {
        assert_eq!(app.sign_in_from(HERE, "ann", "wrong").await.status, 401);
    }
}

/// The cookie of a browser that has signed up.
async fn device_of(app: &TestApp, name: &str) -> String {
    let body = credentials(&format!("{name}@example.com"), PASSWORD);
    let reply = app.service.anonymous().post("/api/users/signup", body).await;
    let cookies: Vec<_> =
        reply.headers.get_all("set-cookie").iter().filter_map(|one| one.to_str().ok()).collect();
    let device = cookies.iter().find(|cookie| cookie.starts_with("device=")).expect("a device cookie");
    assert!(device.contains("HttpOnly") && device.contains("Max-Age=31536000"), "{device}");
    device.split(';').next().unwrap_or_default().to_owned()
}

fn retry_after(reply: &Reply) -> u64 {
    assert_eq!((reply.status, reply.code()), (429, "too-many-attempts"));
    reply.header("retry-after").parse().expect("seconds")
}

#[tokio::test]
async fn after_ten_failures_even_the_right_password_has_to_wait_but_not_from_elsewhere() {
    let app = TestApp::start().await;
    app.sign_up("ann").await;
    fail(&app, 10).await;
    let wait = retry_after(&app.sign_in_from(HERE, "ann", PASSWORD).await);
    assert_eq!(app.sign_in_from(ELSEWHERE, "ann", PASSWORD).await.status, 200);
    assert_eq!(app.sign_in_from(HERE, "bob", "wrong").await.status, 401, "another account");

    app.service.clock.advance(Duration::from_secs(wait - 1));
    let again = retry_after(&app.sign_in_from(HERE, "ann", PASSWORD).await);
    assert_eq!((wait, again), (60, 1), "an attempt does not extend the wait");
    app.service.clock.advance(Duration::from_secs(again));
    assert_eq!(app.sign_in_from(HERE, "ann", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn the_wait_grows_with_each_failure_after_it() {
    let app = TestApp::start().await;
    app.sign_up("ann").await;
    fail(&app, 10).await;
    for expected in [60, 120, 240, 480] {
        let wait = retry_after(&app.sign_in_from(HERE, "ann", "wrong").await);
        assert_eq!(wait, expected);
        app.service.clock.advance(Duration::from_secs(wait));
        assert_eq!(app.sign_in_from(HERE, "ann", "wrong").await.status, 401);
    }
}

#[tokio::test]
async fn failures_count_for_every_replica_and_after_a_restart() {
    let app = TestApp::start().await;
    app.sign_up("ann").await;
    fail(&app, 10).await;
    let app = app.restart().await;
    retry_after(&app.sign_in_from(HERE, "ann", PASSWORD).await);
}

#[tokio::test]
async fn a_hundred_failures_in_a_row_from_anywhere_close_an_account_but_not_for_a_browser_of_its_owner() {
    let config = Config { sign_in_failures_in_a_row: 12, ..Config::default() };
    let app = TestApp::start_with(config).await;
    app.sign_up("bob").await;
    let device = device_of(&app, "ann").await;
    for number in 0..12 {
        let address = format!("203.0.113.{number}");
        assert_eq!(app.sign_in_from(&address, "ann", "wrong").await.status, 401);
        app.service.clock.advance(Duration::from_mins(16));
    }
    // The wait began with the last failure, sixteen minutes ago.
    assert_eq!(app.sign_in_from(HERE, "ann", "wrong").await.status, 401);
    retry_after(&app.sign_in_from(ELSEWHERE, "ann", PASSWORD).await);
    assert_eq!(app.sign_in_from(ELSEWHERE, "bob", PASSWORD).await.status, 200, "another account");
    let known = || app.service.anonymous().header("cookie", &device);
    assert_eq!(app.sign_in_by(known(), HERE, "ann", PASSWORD).await.status, 200);
    let junk = app.service.anonymous().header("cookie", "device=junk");
    retry_after(&app.sign_in_by(junk, HERE, "ann", PASSWORD).await);

    // The browser has a limit of its own.
    for _ in 0..10 {
        assert_eq!(app.sign_in_by(known(), HERE, "ann", "wrong").await.status, 401);
    }
    retry_after(&app.sign_in_by(known(), HERE, "ann", PASSWORD).await);
}

#[tokio::test]
async fn an_unknown_account_is_throttled_like_a_known_one() {
    let app = TestApp::start().await;
    fail(&app, 10).await;
    retry_after(&app.sign_in_from(HERE, "ann", "wrong").await);
}

#[tokio::test]
async fn a_right_password_resets_the_failures_before_it() {
    let app = TestApp::start().await;
    app.sign_up("ann").await;
    for _ in 0..3 {
        fail(&app, 9).await;
        assert_eq!(app.sign_in_from(HERE, "ann", PASSWORD).await.status, 200);
    }
}

#[tokio::test]
async fn failures_expire_after_a_quarter_of_an_hour() {
    let app = TestApp::start().await;
    fail(&app, 9).await;
    app.service.clock.advance(Duration::from_mins(15));
    fail(&app, 9).await;
}

#[tokio::test]
async fn an_address_that_tries_many_accounts_is_slowed_down_for_all_of_them() {
    let config = Config { sign_in_failures_per_address: 12, ..Config::default() };
    let app = TestApp::start_with(config).await;
    app.sign_up("ann").await;
    for number in 0..12 {
        assert_eq!(app.sign_in_from(HERE, &format!("person{number}"), "wrong").await.status, 401);
    }
    retry_after(&app.sign_in_from(HERE, "ann", PASSWORD).await);
    assert_eq!(app.sign_in_from(ELSEWHERE, "ann", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_body_that_is_not_valid_is_refused_as_such_even_then() {
    let app = TestApp::start().await;
    fail(&app, 10).await;
    assert_eq!(app.sign_in_from(HERE, "ann", "").await.status, 400);
}

#[tokio::test]
async fn many_guesses_at_once_do_not_slip_through() {
    let app = TestApp::start().await;
    app.sign_up("ann").await;
    let guesses = (0..40).map(|_| app.sign_in_from(HERE, "ann", "wrong"));
    let replies = futures::future::join_all(guesses).await;
    let checked = replies.iter().filter(|reply| reply.status == 401).count();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    assert!((10..10 + cores).contains(&checked), "{checked}");
    assert!(replies.iter().all(|reply| matches!(reply.status, 401 | 429)));
}

#[tokio::test]
async fn sign_ups_of_one_address_are_limited_before_their_body_is_looked_at() {
    let app = TestApp::start_with(Config { max_sign_ups: 3, ..Config::default() }).await;
    let sign_up = async |peer, name: &str| {
        let body = credentials(&format!("{name}@example.com"), PASSWORD);
        app.post_from(app.service.anonymous(), peer, "/api/users/signup", &body).await
    };
    for name in ["ann", "bob", "eve"] {
        assert_eq!(sign_up("2001:db8::1", name).await.status, 201);
        app.service.clock.advance(Duration::from_mins(10));
    }
    let reply = sign_up("2001:db8::ffff:1", "fay").await;
    assert_eq!((reply.status, reply.code(), reply.header("retry-after")), (429, "too-many-requests", "1800"));
    let empty = serde_json::json!({});
    let reply = app.post_from(app.service.anonymous(), "2001:db8::1", "/api/users/signup", &empty).await;
    assert_eq!(reply.status, 429);
    assert_eq!(sign_up("2001:db8:0:1::1", "fay").await.status, 201, "another network");
    app.service.clock.advance(Duration::from_mins(30));
    assert_eq!(sign_up("2001:db8::1", "gus").await.status, 201, "the first has expired");
    assert_eq!(sign_up("2001:db8::1", "hal").await.status, 429);
}
