//! A storm from its beginning to its end.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use common::Clock;
use e2e::audit::{Audit, intents};
use e2e::{Circumstances, HOLD, Person, World};
use futures::StreamExt;
use futures::stream::iter;
use store::Backend;
use stripe_sim::Fees;

use crate::aftermath::{Aftermath, Sale};
use crate::dice::Dice;
use crate::late_bus::LateBus;
use crate::network::Network;
use crate::purchase::{Later, Purchase};
use crate::remote_database::RemoteDatabase;
use crate::seen::{self, ENDS, EVENTS, Seen};
use crate::weather::Weather;

/// How many purchases there are in a storm.
const PURCHASES: u64 = 200;
/// So many of them are going on when Stripe goes out of reach.
const CAUGHT: u64 = 40;
/// How many go on at once.
const AT_ONCE: usize = 16;

/// How fast time goes by at most while people are at it, in a tick.
const FAST: Duration = Duration::from_millis(40);
/// So long before somebody's last moment time begins to go by.
const JUST_BEFORE: Duration = Duration::from_millis(300);

/// Past every pause between two attempts, and past what banks take their time for.
const CALM: [Duration; 6] = {
    let (moment, minute) = (Duration::from_secs(5), Duration::from_mins(1));
    [moment, Duration::from_secs(10), Duration::from_secs(30), minute, minute, minute]
};

/// What keeps the promises, and may be missing to see that the storm notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lacking {
    Nothing,
    Fence,
    IdempotencyKeys,
    VersionCheck,
}

/// How everything ended, and all that is wrong with it.
pub(crate) async fn storm(number: u64, lacking: Lacking, seen: &Seen) -> (Audit, Vec<String>) {
    let network = Network::new(Dice::new(number * 7), seen, lacking != Lacking::IdempotencyKeys);
    let world = World::under(circumstances(number, lacking, &network)).await;
    let weather = Weather::of(&world, &network, seen, Dice::new(number * 11));
    let (people, dice) = (people(&world).await, Dice::new(number));
    let mut purchases = purchases(number, &world, &people, &dice, seen);
    let storm = Storm { world, weather, network, people, dice, seen };
    let caught = purchases.split_off(usize::try_from(PURCHASES - CAUGHT).expect("a few"));
    storm.breaks_loose(purchases).await;
    storm.cuts_off(caught).await;
    storm.has_an_aftermath().await;
    storm.ends().await
}

struct Storm<'a> {
    world: World,
    weather: Weather,
    network: Network,
    people: Vec<Person>,
    dice: Dice,
    seen: &'a Seen,
}

impl Storm<'_> {
    /// People buy in bad weather; some wait for the last moment.
    async fn breaks_loose(&self, purchases: Vec<Purchase>) {
        let later = self.go_their_way(purchases).await;
        self.wait_for_the_last_moment(later).await;
    }

    /// Stripe goes out of reach while people buy, beyond every deadline, until what it holds for us has expired.
    async fn cuts_off(&self, mut purchases: Vec<Purchase>) {
        let second_half = purchases.split_off(purchases.len() / 2);
        let mut later = self.go_their_way(purchases).await;
        self.network.set_down(true);
        later.extend(self.go_their_way(second_half).await);
        self.wait_for_the_last_moment(later).await;
        self.passes([Duration::from_hours(1)].into_iter().chain([Duration::from_hours(24); 7])).await;
        self.network.set_down(false);
        for person in &self.people {
            assert_eq!(person.signs_in().await.status, 200);
        }
        self.passes(CALM).await;
    }

    /// The money moves again, in bad weather, too.
    async fn has_an_aftermath(&self) {
        let intents = intents(&self.world.place).await;
        let mut sales = Vec::new();
        let found = intents.iter().filter_map(|intent| Sale::of(&self.world, intent, &self.dice));
        for (sale, aftermath) in found.zip(Aftermath::ALL.into_iter().cycle()) {
            let aftermath =
                if sale.is_of_interest_to_refund().await { Aftermath::RefundByUs } else { aftermath };
            sales.push((sale, aftermath));
        }
        let seen = self.seen;
        let aftermaths = iter(sales)
            .for_each_concurrent(AT_ONCE, |(sale, aftermath)| async move { sale.has(aftermath, seen).await });
        self.weather.rages(FAST, aftermaths).await;
        self.passes(CALM).await;
    }

    async fn ends(self) -> (Audit, Vec<String>) {
        self.network.set_calm();
        // Past two reconciliations: what nobody was told of is found by them.
        let minutes = [10, 1, 10, 1].map(Duration::from_mins);
        let rests = self.passes(minutes).await;
        let (audit, mut faults) = self.world.faults().await;
        if !rests {
            faults.push("it never came to rest".to_owned());
        }
        note(&self.world, &audit, self.seen).await;
        (audit, faults)
    }

    /// Lets time pass in good weather. Whether everything came to rest in the end.
    async fn passes(&self, times: impl IntoIterator<Item = Duration>) -> bool {
        let mut rests = false;
        for time in times {
            self.world.clock.advance(time);
            rests = self.world.comes_to_rest().await;
        }
        rests
    }

    async fn go_their_way(&self, purchases: Vec<Purchase>) -> Vec<Later> {
        let mut later = Vec::new();
        let ways = iter(purchases).map(Purchase::goes_its_way).buffer_unordered(AT_ONCE);
        let all = ways.for_each(|one| {
            later.extend(one);
            ready(())
        });
        self.weather.rages(FAST, all).await;
        later
    }

    /// One after another they enter their card at their moment. The time in between passes at once.
    async fn wait_for_the_last_moment(&self, mut later: Vec<Later>) {
        later.sort_by_key(|later| later.at);
        let clock = &self.world.clock;
        for one in later {
            clock.advance(one.at.before(JUST_BEFORE) - clock.now());
            self.weather.rages(FAST, one.pays(clock)).await;
        }
        self.passes([HOLD]).await;
    }
}

fn circumstances(seed: u64, lacking: Lacking, network: &Network) -> Circumstances {
    let network = network.clone();
    Circumstances {
        fees: Fees { basis_points: 290, fixed: 30, dispute: 15_00 },
        bus: Box::new(move |clock| {
            let fence = lacking != Lacking::Fence;
            Arc::new(LateBus::new(clock.clone(), Dice::new(seed * 17), fence))
        }),
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
fn purchases(storm: u64, world: &World, people: &[Person], dice: &Dice, seen: &Seen) -> Vec<Purchase> {
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
                dice: Dice::new(storm * 1_000 + number),
                seen: seen.clone(),
            }
        })
        .collect()
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
