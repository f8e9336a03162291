//! The throttle of failed sign-ins.

use std::time::Duration;

use auth::Config;
use runtime::testing::Reply;

use crate::app::{PASSWORD, TestApp};

const HERE: &str = "192.0.2.1";
const ELSEWHERE: &str = "198.51.100.1";

async fn fail(app: &TestApp, times: usize) {
    for _ in 0..times {
        assert_eq!(app.sign_in_from(HERE, "ann", "wrong").await.status, 401);
    }
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
    assert_eq!((wait, again), (60, 120), "too early");
    app.service.clock.advance(Duration::from_secs(again));
    assert_eq!(app.sign_in_from(HERE, "ann", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn the_wait_grows() {
    let app = TestApp::start().await;
    app.sign_up("ann").await;
    fail(&app, 10).await;
    let mut waits = Vec::new();
    for _ in 0..6 {
        waits.push(retry_after(&app.sign_in_from(HERE, "ann", "wrong").await));
    }
    assert_eq!(waits, [60, 120, 240, 480, 900, 900]);
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
