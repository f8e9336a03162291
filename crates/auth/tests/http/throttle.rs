//! Who guesses passwords is slowed down.

use std::time::Duration;

use auth::Config;
use runtime::testing::{Reply, TestService};

use crate::rig::{self, PASSWORD, sign_in_from};

const HERE: &str = "192.0.2.1";
const ELSEWHERE: &str = "198.51.100.1";

async fn fail(service: &TestService, times: usize) {
    for _ in 0..times {
        assert_eq!(sign_in_from(service, HERE, "ann", "wrong").await.status, 401);
    }
}

fn retry_after(reply: &Reply) -> u64 {
    assert_eq!((reply.status, reply.code()), (429, "too-many-attempts"));
    reply.header("retry-after").parse().expect("seconds")
}

#[tokio::test]
async fn after_ten_failures_even_the_right_password_has_to_wait_but_not_from_elsewhere() {
    let service = rig::start().await;
    rig::sign_up(&service, "ann").await;
    fail(&service, 10).await;
    let wait = retry_after(&sign_in_from(&service, HERE, "ann", PASSWORD).await);
    assert_eq!(sign_in_from(&service, ELSEWHERE, "ann", PASSWORD).await.status, 200);
    assert_eq!(sign_in_from(&service, HERE, "bob", "wrong").await.status, 401, "another account");

    service.clock.advance(Duration::from_secs(wait - 1));
    let again = retry_after(&sign_in_from(&service, HERE, "ann", PASSWORD).await);
    assert_eq!((wait, again), (60, 120), "too early");
    service.clock.advance(Duration::from_secs(again));
    assert_eq!(sign_in_from(&service, HERE, "ann", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn the_wait_grows() {
    let service = rig::start().await;
    rig::sign_up(&service, "ann").await;
    fail(&service, 10).await;
    let mut waits = Vec::new();
    for _ in 0..6 {
        waits.push(retry_after(&sign_in_from(&service, HERE, "ann", "wrong").await));
    }
    assert_eq!(waits, [60, 120, 240, 480, 900, 900]);
}

#[tokio::test]
async fn an_unknown_account_is_throttled_like_a_known_one() {
    let service = rig::start().await;
    fail(&service, 10).await;
    retry_after(&sign_in_from(&service, HERE, "ann", "wrong").await);
}

#[tokio::test]
async fn a_right_password_forgives_the_failures_before_it() {
    let service = rig::start().await;
    rig::sign_up(&service, "ann").await;
    for _ in 0..3 {
        fail(&service, 9).await;
        assert_eq!(sign_in_from(&service, HERE, "ann", PASSWORD).await.status, 200);
    }
}

#[tokio::test]
async fn failures_are_forgotten_after_a_quarter_of_an_hour() {
    let service = rig::start().await;
    fail(&service, 9).await;
    service.clock.advance(Duration::from_mins(15));
    fail(&service, 9).await;
}

#[tokio::test]
async fn an_address_that_tries_many_accounts_is_slowed_down_for_all_of_them() {
    let config = Config { sign_in_failures_per_address: 12, ..Config::default() };
    let service = rig::start_with(config).await;
    rig::sign_up(&service, "ann").await;
    for number in 0..12 {
        assert_eq!(sign_in_from(&service, HERE, &format!("person{number}"), "wrong").await.status, 401);
    }
    retry_after(&sign_in_from(&service, HERE, "ann", PASSWORD).await);
    assert_eq!(sign_in_from(&service, ELSEWHERE, "ann", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_body_that_is_not_valid_is_told_so_even_then() {
    let service = rig::start().await;
    fail(&service, 10).await;
    assert_eq!(sign_in_from(&service, HERE, "ann", "").await.status, 400);
}

#[tokio::test]
async fn many_guesses_at_once_do_not_slip_through() {
    let service = rig::start().await;
    rig::sign_up(&service, "ann").await;
    let guesses = (0..40).map(|_| sign_in_from(&service, HERE, "ann", "wrong"));
    let replies = futures::future::join_all(guesses).await;
    let checked = replies.iter().filter(|reply| reply.status == 401).count();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    assert!((10..10 + cores).contains(&checked), "{checked}");
    assert!(replies.iter().all(|reply| matches!(reply.status, 401 | 429)));
}
