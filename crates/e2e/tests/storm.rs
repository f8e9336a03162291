//! Many purchases at once, every card and every fault at random, from a seed: whatever happens, both promises hold.

use std::sync::Arc;
use std::time::Duration;

use common::{Currency, Entropy, Money, SeededEntropy, SharedClock};
use e2e::{HOLD, Person, Place, World, cards};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const PURCHASES: u64 = 50;

/// Dice from a seed.
struct Dice(SeededEntropy);

impl Dice {
    fn roll(&self, sides: u32) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes) % sides
    }
}

/// Faults for the next few calls and webhooks.
fn faults(dice: &Dice) -> Value {
    match dice.roll(8) {
        0 => json!({ "webhooks": { "drop": 5 } }),
        1 => json!({ "webhooks": { "duplicate": 5 } }),
        2 => json!({ "webhooks": { "delayMs": 4_000 } }),
        3 => json!({ "webhooks": { "reorder": true } }),
        4 => json!({ "api": { "failAfterCommit": 3 } }),
        5 => json!({ "api": { "failBefore": 3 } }),
        6 => json!({ "api": { "rateLimit": 3 } }),
        _ => json!({ "captureFails": 2 }),
    }
}

/// One purchase, by one of the ways in which people go about it.
async fn purchase(seller: Person, buyer: Person, rival: Person, dice: Dice) {
    let price = Money { amount: 10_00 + i64::from(dice.roll(90_00)), currency: Currency::Usd };
    let ticket = seller.sells("Seat", price).await;
    // Two want it at the same moment; whoever gets it goes on.
    let (one, other) = tokio::join!(buyer.orders(&ticket), rival.orders(&ticket));
    let (buyer, order) = if one.status == 201 { (buyer, one) } else { (rival, other) };
    assert_eq!(order.status, 201, "{}", order.json);
    let order = order.json;
    let way = dice.roll(9);
    if way == 0 {
        buyer.cancels(&order).await;
        return;
    }
    let begun = buyer.begins_to_pay(&order).await;
    if !matches!(begun.status, 200 | 201) {
        // Stripe was away: this one gives up and lets the hold run out.
        return;
    }
    match way {
        // Thinks better of it while the card is on its way.
        1 => drop(tokio::join!(buyer.cancels(&order), buyer.enters_card(&begun.json, cards::VISA))),
        2 => drop(buyer.enters_card(&begun.json, cards::INSUFFICIENT_FUNDS).await),
        3 => {
            buyer.enters_card(&begun.json, cards::DECLINED).await;
            buyer.enters_card(&begun.json, cards::VISA).await;
        }
        4 => {
            let asked = buyer.enters_card(&begun.json, cards::THREE_D_SECURE).await;
            let answer = ["accept", "refuse"][dice.roll(2) as usize];
            if let Some(intent) = asked.json["id"].as_str() {
                let url = format!("{}/sim/3ds/{intent}/{answer}", buyer.place.stripe);
                Place::send(buyer.place.http.post(url)).await;
            }
        }
        5 => drop(buyer.enters_card(&begun.json, cards::DISPUTED).await),
        6 => drop(buyer.enters_card(&begun.json, cards::REFUND_FAILS).await),
        _ => drop(buyer.enters_card(&begun.json, cards::VISA).await),
    }
}

async fn storm(seed: u64) {
    let world = World::start().await;
    let dice = Dice(SeededEntropy::new(seed));
    let mut people = Vec::new();
    for name in ["ada", "grace", "linus", "edsger"] {
        people.push(world.person(name).await);
    }
    let mut purchases = JoinSet::new();
    for number in 0..PURCHASES {
        let pick = |offset: u64| people[usize::try_from((number + offset) % 4).expect("small")].clone();
        let own = Dice(SeededEntropy::new(seed * 1_000 + number));
        purchases.spawn(purchase(pick(0), pick(1), pick(2), own));
        if number % 5 == 0 {
            world.place.stripe_faults(faults(&dice)).await;
            world.clock.advance(Duration::from_millis(u64::from(dice.roll(3_000))));
        }
    }
    while let Some(done) = purchases.join_next().await {
        done.expect("a purchase goes its way");
    }
    Place::send(world.place.http.delete(format!("{}/sim/faults", world.place.stripe))).await;
    // Time for what is late, then past every hold, and past every pause between two attempts.
    for seconds in [5, 10, 30, HOLD.as_secs(), 120, 120, 120] {
        world.advance(Duration::from_secs(seconds)).await;
    }
    world.ends_well().await;
    refund_some(&world, &people, &dice).await;
    let audit = world.ends_well().await;
    assert_eq!(audit.open, 0, "seed {seed}: {audit:?}");
    assert!(audit.complete > 0 && audit.cancelled > 0, "seed {seed}: {audit:?}");
}

/// The operator gives some of the money back. What is disputed is refused, and some banks do not take it.
async fn refund_some(world: &World, people: &[Person], dice: &Dice) {
    let clock: SharedClock = Arc::new(world.clock.clone());
    for person in people {
        for order in person.all("/api/orders").await {
            if order["status"] == "complete" && dice.roll(3) == 0 {
                let id = order["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
                let refund = payments::refund(world.payments(), &clock, id).await;
                assert_eq!(refund.is_err(), order["dispute"] == "open", "{order}");
            }
        }
    }
    for seconds in [6, 10, 30, 120] {
        world.advance(Duration::from_secs(seconds)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_both_promises_hold() {
    for seed in 1..=4 {
        storm(seed).await;
    }
}
