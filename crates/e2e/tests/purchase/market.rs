//! What a flow needs of a marketplace, whatever it runs on.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use e2e::{Cluster, HOLD, Person, Place, World};
use tokio::time::Instant;

/// How long a ticket is held on the cluster: longer than a flow takes that does not wait for its end.
pub(crate) const SHORT_HOLD: Duration = Duration::from_secs(20);

/// How long the cluster is given for what should take a moment.
const PATIENCE: Duration = Duration::from_mins(1);

/// A marketplace.
pub(crate) trait Market {
    fn place(&self) -> Place;

    /// A new person.
    async fn person(&self, name: &str) -> Person;

    /// Waits until a look shows what is expected.
    async fn until<F: Future<Output = bool>>(&self, what: &str, look: impl FnMut() -> F);

    /// Lets half of the time pass for which a ticket is held. What becomes due by that may not be done yet.
    async fn half_the_hold_passes(&self);
}

impl Market for World {
    fn place(&self) -> Place {
        self.place.clone()
    }

    async fn person(&self, name: &str) -> Person {
        self.person(name).await
    }

    async fn until<F: Future<Output = bool>>(&self, what: &str, mut look: impl FnMut() -> F) {
        for _ in 0..12 {
            self.settle().await;
            if look().await {
                return;
            }
            self.advance(Duration::from_secs(15)).await;
        }
        panic!("it never came to pass that {what}");
    }

    async fn half_the_hold_passes(&self) {
        self.clock.advance(HOLD / 2);
    }
}

impl Market for Cluster {
    fn place(&self) -> Place {
        self.place()
    }

    /// Several flows share it, and their people may have the same names.
    async fn person(&self, name: &str) -> Person {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        Person::sign_up(&self.place(), &format!("{name}-{number}")).await
    }

    #[expect(clippy::disallowed_methods, reason = "processes live in real time")]
    async fn until<F: Future<Output = bool>>(&self, what: &str, mut look: impl FnMut() -> F) {
        let began = Instant::now();
        while !look().await {
            assert!(began.elapsed() < PATIENCE, "it never came to pass that {what}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    #[expect(clippy::disallowed_methods, reason = "processes live in real time")]
    async fn half_the_hold_passes(&self) {
        tokio::time::sleep(SHORT_HOLD / 2).await;
    }
}
