//! The two shapes of the marketplace behind one trait, so that each flow runs on both.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use e2e::{Cluster, Endpoints, HOLD_PERIOD, Person, World};

/// The hold on the cluster: longer than a flow that does not wait for its end.
pub(crate) const SHORT_HOLD_PERIOD: Duration = Duration::from_secs(20);

/// Far beyond what the cluster needs while all flows run at once.
const POLL_TIMEOUT: Duration = Duration::from_mins(1);

/// A marketplace.
pub(crate) trait Deployment {
    fn endpoints(&self) -> Endpoints;

    /// A new user.
    async fn person(&self, name: &str) -> Person;

    /// The account of this user was deleted.
    fn forget(&self, person: &Person);

    /// Polls until the condition holds.
    async fn poll_until<F: Future<Output = bool>>(&self, expected: &str, condition: impl FnMut() -> F);

    /// Lets half of a hold pass. Work that becomes due by that may not be done yet.
    async fn half_the_hold_passes(&self);

    /// Lets the second of the deadline pass, which is in time by Stripe's clock.
    async fn a_second_passes(&self);
}

impl Deployment for World {
    fn endpoints(&self) -> Endpoints {
        self.endpoints.clone()
    }

    async fn person(&self, name: &str) -> Person {
        self.person(name).await
    }

    fn forget(&self, person: &Person) {
        self.forget(person);
    }

    async fn poll_until<F: Future<Output = bool>>(&self, expected: &str, condition: impl FnMut() -> F) {
        self.poll_until(expected, condition).await;
    }

    async fn half_the_hold_passes(&self) {
        self.clock.advance(HOLD_PERIOD / 2);
    }

    async fn a_second_passes(&self) {
        self.clock.advance(Duration::from_secs(1));
    }
}

impl Deployment for Cluster {
    fn endpoints(&self) -> Endpoints {
        self.endpoints()
    }

    /// Several flows share the cluster, and their users may have the same names.
    async fn person(&self, name: &str) -> Person {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        Person::sign_up(&self.endpoints(), &format!("{name}-{number}")).await
    }

    fn forget(&self, _: &Person) {}

    async fn poll_until<F: Future<Output = bool>>(&self, expected: &str, condition: impl FnMut() -> F) {
        e2e::poll_until(POLL_TIMEOUT, expected, condition).await;
    }

    #[expect(clippy::disallowed_methods, reason = "processes live in real time")]
    async fn half_the_hold_passes(&self) {
        tokio::time::sleep(SHORT_HOLD_PERIOD / 2).await;
    }

    #[expect(clippy::disallowed_methods, reason = "processes live in real time")]
    async fn a_second_passes(&self) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
