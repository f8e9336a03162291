//! A storm from its beginning to its end.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, LocalBus};
use e2e::audit::{Audit, intents};
use e2e::{Circumstances, HOLD, Person, World};
use futures::StreamExt;
use futures::stream::iter;
use store::Backend;
use stripe_sim::Fees;

use crate::aftermath::{Aftermath, Sale};
use crate::dice::Dice;
use crate::network::Network;
use crate::purchase::{Later, Purchase};
use crate::remote_database::RemoteDatabase;
use crate::seen::{self, ENDS, EVENTS, Seen};
use crate::weather::Weather;
use crate::without_fence::WithoutFence;

/// How many purchases there are in a storm.
const PURCHASES: u64 = 200;
/// So many of them are going on when Stripe goes out of reach.
const CAUGHT: u64 = 40;
/// How many go on at once.
const AT_ONCE: usize = 16;

/// What keeps the promises, and may be missing to see that the storm notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lacking {
    Nothing,
    Fence,
    IdempotencyKeys,
    VersionCheck,
}

/// How everything ended, and all that is wrong with it.
pub(crate) async fn storm(seed: u64, lacking: Lacking, seen: &Seen) -> (Audit, Vec<String>) {
    let network = Network::new(Dice::new(seed * 7), seen, lacking != Lacking::IdempotencyKeys);
    let world = World::under(circumstances(seed, lacking, &network)).await;
    let weather = Weather::of(&world, &network, seen, Dice::new(seed * 11));
    let dice = Dice::new(seed);
    let people = people(&world).await;
    let mut purchases: Vec<Purchase> = purchases(seed, &world, &people, &dice, seen);
    let caught = purchases.split_off(usize::try_from(PURCHASES - CAUGHT).expect("a few"));

    // Most go their way in bad weather; some wait for the last moment.
    let mut later = Vec::new();
    weather.rages(Duration::from_millis(40), go_their_way(purchases, &mut later)).await;
    wait_for_the_last_moment(&world, &weather, later).await;

    // Stripe goes out of reach under the others, beyond every deadline, until what it holds for us has expired.
    let mut later = Vec::new();
    let break_down = async {
        network.set_down(true);
    };
    let (before, after) = halves(caught);
    weather.rages(Duration::from_millis(40), go_their_way(before, &mut later)).await;
    weather
        .rages(Duration::from_millis(40), async {
            tokio::join!(break_down, go_their_way(after, &mut later));
        })
        .await;
    wait_for_the_last_moment(&world, &weather, later).await;
    for hours in [1, 24, 24, 24, 24, 24, 24, 24] {
        world.clock.advance(Duration::from_hours(hours));
        world.comes_to_rest().await;
    }
    network.set_down(false);
    for person in &people {
        person.signs_in().await;
    }
    // Past every pause between two attempts.
    let calm = [5, 10, 30, 60, 60, 60];
    for seconds in calm {
        world.clock.advance(Duration::from_secs(seconds));
        world.comes_to_rest().await;
    }

    let intents = intents(&world.place).await;
    let sales = intents.iter().filter_map(|intent| Sale::of(&world, &world.clock, intent, &dice));
    let aftermaths = iter(sales.zip(Aftermath::ALL.into_iter().cycle()))
        .for_each_concurrent(AT_ONCE, |(sale, aftermath)| async move { sale.has(aftermath, seen).await });
    weather.rages(Duration::from_millis(40), aftermaths).await;
    // Past two reconciliations, too: what nobody was told of is found by them.
    let mut rests = false;
    for seconds in calm.into_iter().chain([600, 60, 600, 60]) {
        world.clock.advance(Duration::from_secs(seconds));
        rests = world.comes_to_rest().await;
    }
    let (audit, mut faults) = world.faults().await;
    if !rests {
        faults.push("it never came to rest".to_owned());
    }
    note(&world, &audit, seen).await;
    (audit, faults)
}

fn circumstances(seed: u64, lacking: Lacking, network: &Network) -> Circumstances {
    let bus: Arc<dyn Bus> = match lacking {
        Lacking::Fence => Arc::new(WithoutFence::new()),
        _ => Arc::new(LocalBus::new()),
    };
    let network = network.clone();
    Circumstances {
        fees: Fees { basis_points: 290, fixed: 30, dispute: 15_00 },
        bus,
        at_the_database: Box::new(move |database| -> Arc<dyn Backend> {
            let checks_versions = lacking != Lacking::VersionCheck;
            Arc::new(RemoteDatabase { database, dice: Dice::new(seed * 13), checks_versions })
        }),
        before_stripe: Box::new(move |stripe| network.around(stripe)),
        ..Circumstances::default()
    }
}

async fn people(world: &World) -> Vec<Person> {
    let mut people = Vec::new();
    for name in ["ada", "grace", "linus", "edsger", "barbara"] {
        people.push(world.person(name).await);
    }
    people
}

/// All purchases; each card is entered several times, as far as it depends on us.
fn purchases(seed: u64, world: &World, people: &[Person], dice: &Dice, seen: &Seen) -> Vec<Purchase> {
    let mut cards: Vec<&str> = stripe_sim::test_cards().collect();
    dice.shuffle(&mut cards);
    let cards = cards.into_iter().cycle();
    (0..PURCHASES)
        .zip(cards)
        .map(|(number, card)| {
            let person = |offset: u64| {
                let place = (number + offset) % people.len() as u64;
                people[usize::try_from(place).expect("a few")].clone()
            };
            Purchase {
                seller: person(0),
                buyer: person(1),
                rival: person(2),
                card,
                clock: world.clock.clone(),
                dice: Dice::new(seed * 1_000 + number),
                seen: seen.clone(),
            }
        })
        .collect()
}

fn halves(mut purchases: Vec<Purchase>) -> (Vec<Purchase>, Vec<Purchase>) {
    let rest = purchases.split_off(purchases.len() / 2);
    (purchases, rest)
}

async fn go_their_way(purchases: Vec<Purchase>, later: &mut Vec<Later>) {
    let ways = iter(purchases).map(Purchase::goes_its_way).buffer_unordered(AT_ONCE);
    later.extend(ways.filter_map(std::future::ready).collect::<Vec<_>>().await);
}

/// The time until the first of them passes at once.
async fn wait_for_the_last_moment(world: &World, weather: &Weather, later: Vec<Later>) {
    if let Some(first) = later.iter().map(|later| later.at).min() {
        world.clock.advance(first.before(Duration::from_secs(3)) - common::Clock::now(&world.clock));
    }
    let all = iter(later).for_each_concurrent(None, |later| later.pays(&world.clock));
    weather.rages(Duration::from_millis(100), all).await;
    world.clock.advance(HOLD);
    world.comes_to_rest().await;
}

/// Notes what nobody did but the card processor, and how the orders ended.
async fn note(world: &World, audit: &Audit, seen: &Seen) {
    for kind in EVENTS {
        let found = world.place.stripe_get(&format!("/v1/events?limit=1&type={kind}")).await;
        if found.json["data"].as_array().is_some_and(|events| !events.is_empty()) {
            seen.note(seen::event(kind));
        }
    }
    for how in ENDS {
        if audit.orders.iter().any(|order| order["status"] == how || order["cancelReason"] == how) {
            seen.note(seen::end(how));
        }
    }
}
