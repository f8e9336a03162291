//! The other requests during a storm of sign-ins, sign-ups and garbage.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use loadgen::{Stopwatch, pause};
use tokio::task::JoinSet;

use crate::crowd::Crowd;
use crate::figures::{self, Goal, percentile};
use crate::load::expect;
use crate::program::{Failure, Program, folder, until_idle};
use crate::wire::{Connection, get_as, post};

/// Connections of each kind of the storm.
const CONNECTIONS: usize = 8;
/// The number of the other requests.
const REQUESTS: usize = 2_000;
/// The delay between two of them.
const REQUEST_INTERVAL: Duration = Duration::from_millis(5);
/// In milliseconds, at p99.
const GOAL: Goal = Goal::Below(5.0);

/// A part of the storm: its requests, and how many of each were answered.
#[derive(Default)]
struct Answered {
    sign_ins: AtomicU32,
    sign_ups: AtomicU32,
    garbage: AtomicU32,
}

/// Measures reads of people with a session, without and with the storm.
pub(crate) async fn measure() -> Result<(), Failure> {
    let folder = folder()?;
    // Far more failures than the throttle would let through, which is cheaper than to verify them.
    let limits = ["--sign-in-failures-per-account", "65535", "--sign-in-failures-per-address", "65535"];
    let more = ["--sign-in-failures-in-a-row", "65535"];
    let program = Program::start(&folder.path().join("data"), &[&limits[..], &more].concat())?;
    let crowd = Crowd::sign_up(program.address, 10).await?;
    let ticket = crowd.list(1).await?.replies.pop().ok_or("no ticket was listed")?;
    let buyer = crowd.buyers().first().ok_or("there is no buyer")?;
    let requests = [
        get_as("/api/orders", buyer),
        get_as(&format!("/api/tickets/{ticket}"), buyer),
        get_as("/api/users/currentuser", buyer),
    ];
    until_idle(program.id()).await?;
    let calm = others(program.address, &requests).await?;

    let (answered, stop) = (Arc::<Answered>::default(), Arc::<AtomicBool>::default());
    let mut storm = JoinSet::new();
    for number in 0..CONNECTIONS {
        let address = program.address;
        let (answered, stop) = (Arc::clone(&answered), Arc::clone(&stop));
        storm.spawn(sign_ins(address, number, Arc::clone(&answered), Arc::clone(&stop)));
        storm.spawn(sign_ups(address, number, Arc::clone(&answered), Arc::clone(&stop)));
        storm.spawn(garbage(address, number, answered, stop));
    }
    // The queues of the pools are full by then.
    pause(Duration::from_secs(2)).await;
    let watch = Stopwatch::start();
    let stormy = others(program.address, &requests).await?;
    let seconds = watch.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = storm.join_next().await {
        ended??;
    }
    figures::title(&format!(
        "storm: {REQUESTS} requests beside {} connections of sign-ins, sign-ups and garbage",
        3 * CONNECTIONS
    ));
    figures::goal(percentile(&stormy, 99.0), " ms", GOAL, "p99 of the other requests");
    figures::figure(percentile(&stormy, 50.0), " ms", "median");
    figures::figure(percentile(&calm, 99.0), " ms", "p99 without the storm");
    let per_second = |count: &AtomicU32| f64::from(count.load(Ordering::Relaxed)) / seconds;
    figures::note(&format!(
        "a second of the storm: about {:.0} sign-ins, {:.0} sign-ups, {:.0} of garbage",
        per_second(&answered.sign_ins),
        per_second(&answered.sign_ups),
        per_second(&answered.garbage)
    ));
    program.stop()
}

/// Sends the other requests in turn. Returns the time of each, in milliseconds.
async fn others(address: SocketAddr, requests: &[Vec<u8>]) -> Result<Vec<f64>, Failure> {
    let (mut connection, mut times) = (Connection::open(address).await?, Vec::new());
    for request in requests.iter().cycle().take(REQUESTS) {
        let watch = Stopwatch::start();
        expect(&connection.send(request).await?, 200)?;
        times.push(watch.millis());
        pause(REQUEST_INTERVAL).await;
    }
    Ok(times)
}

/// Wrong passwords of known and of unknown addresses.
async fn sign_ins(
    address: SocketAddr,
    number: usize,
    answered: Arc<Answered>,
    stop: Arc<AtomicBool>,
) -> Result<(), Failure> {
    let mut connection = Connection::open(address).await?;
    let email = if number.is_multiple_of(2) { format!("person{number}") } else { format!("unknown{number}") };
    let body = format!(r#"{{"email":"{email}@example.com","password":"wrong geese at dawn"}}"#);
    while !stop.load(Ordering::Relaxed) {
        expect(&connection.send(&post("/api/users/signin", "none=none", &body)).await?, 401)?;
        answered.sign_ins.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Passwords that take long to rate.
async fn sign_ups(
    address: SocketAddr,
    number: usize,
    answered: Arc<Answered>,
    stop: Arc<AtomicBool>,
) -> Result<(), Failure> {
    let mut connection = Connection::open(address).await?;
    let password = "passwordqwerty1234567890".repeat(5);
    let body = format!(r#"{{"email":"stormy{number}@example.com","password":"{password}"}}"#);
    while !stop.load(Ordering::Relaxed) {
        let status = connection.send(&post("/api/users/signup", "none=none", &body)).await?.status;
        if !matches!(status, 201 | 400 | 409) {
            return Err(format!("a sign-up got {status}").into());
        }
        answered.sign_ups.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Bodies and cookies that are none.
async fn garbage(
    address: SocketAddr,
    number: usize,
    answered: Arc<Answered>,
    stop: Arc<AtomicBool>,
) -> Result<(), Failure> {
    let mut connection = Connection::open(address).await?;
    let cookie = format!("session={}", "eyJhbGciOiJFUzI1NiJ9.e30.".repeat(number + 1));
    let (request, status) = if number.is_multiple_of(2) {
        (post("/api/users/signin", &cookie, &"[".repeat(10_000)), 400)
    } else {
        (post("/api/orders", &cookie, "{}"), 401)
    };
    while !stop.load(Ordering::Relaxed) {
        expect(&connection.send(&request).await?, status)?;
        answered.garbage.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
