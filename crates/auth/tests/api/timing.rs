//! No reply reveals by its time whether an address has an account. Compares distributions, not durations: samples of both
//! kinds alternate, and one kind must not be slower more often than by chance.

use std::time::Duration;

use auth::Config;
use runtime::testing::Reply;
use serde_json::json;

use crate::app::TestApp;

/// The number of samples of each kind.
const SAMPLES: usize = 30;
/// How far the share of slower samples may be from one half. Two equal distributions of [`SAMPLES`] are beyond that once in
/// a million runs (Mann–Whitney U: the standard deviation is 0.075); a reply that saves a hash is at 0.5.
const TOLERANCE: f64 = 0.37;

/// An app without limits.
async fn app() -> TestApp {
    let config = Config {
        sign_in_failures_per_account: u16::MAX,
        sign_in_failures_per_address: u16::MAX,
        sign_in_failures_in_a_row: u16::MAX,
        max_emails: 0,
        ..Config::default()
    };
    let app = TestApp::start_with(config).await;
    app.sign_up("ann").await;
    app.service.settle().await;
    app
}

#[expect(clippy::disallowed_methods, reason = "the time of a reply is real")]
async fn timed(reply: impl Future<Output = Reply>, status: u16) -> Duration {
    let began = tokio::time::Instant::now();
    let reply = reply.await;
    let time = began.elapsed();
    assert_eq!(reply.status, status, "{}", reply.json);
    time
}

/// The samples of an address with an account, and of one without: in turn, each kind as often first as second.
async fn alternate(sample: impl AsyncFn(&'static str) -> Duration) -> [Vec<Duration>; 2] {
    let mut samples = [Vec::new(), Vec::new()];
    for round in 0..SAMPLES {
        for turn in 0..2 {
            let kind = (round + turn) % 2;
            samples[kind].push(sample(["ann", "eve"][kind]).await);
        }
    }
    samples
}

/// The share of pairs in which the sample of `one` is the slower one: 0.5 for equal distributions.
fn slower(one: &[Duration], other: &[Duration]) -> f64 {
    let pairs = one.iter().flat_map(|one| other.iter().map(move |other| one.cmp(other)));
    let twice: u32 = pairs.map(|order| 1 + order as i32).map(i32::unsigned_abs).sum();
    let pairs = u32::try_from(2 * one.len() * other.len()).expect("few samples");
    f64::from(twice) / f64::from(pairs)
}

fn median(mut samples: Vec<Duration>) -> Duration {
    samples.sort_unstable();
    samples[samples.len() / 2]
}

/// Asserts that the samples come from one distribution, as far as their order tells.
fn assert_alike(known: Vec<Duration>, unknown: Vec<Duration>) {
    let share = slower(&known, &unknown);
    let medians = (median(known), median(unknown));
    println!("a known address is slower in {share:.2} of the pairs; medians {medians:?}");
    assert!((share - 0.5).abs() < TOLERANCE, "a known address is slower in {share:.2}: {medians:?}");
}

/// As in production, on several threads: the reply does not wait for the work that follows.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_takes_as_long_as_a_wrong_password() {
    let app = app().await;
    let [known, unknown] =
        alternate(async |name| timed(app.sign_in(name, "another vexed quartz"), 401).await).await;
    assert_alike(known, unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_takes_as_long_for_an_unknown_address() {
    let app = app().await;
    let [known, unknown] = alternate(async |name| {
        let body = json!({ "email": format!("{name}@example.com") });
        let time = timed(app.service.anonymous().post("/api/users/password/forgotten", body), 202).await;
        // The email of a request must not slow the next one down.
        app.emails_to("ann@example.com").await;
        time
    })
    .await;
    assert_alike(known, unknown);
}

#[test]
fn a_difference_of_distributions_is_seen() {
    let millis = |numbers: &[u64]| numbers.iter().copied().map(Duration::from_millis).collect::<Vec<_>>();
    let (quick, slow) = (millis(&[1, 2, 3]), millis(&[21, 22, 23]));
    assert_eq!((slower(&slow, &quick), slower(&quick, &slow)), (1.0, 0.0));
    assert_eq!((slower(&quick, &quick), slower(&millis(&[1, 4]), &millis(&[2, 3]))), (0.5, 0.5));
}
