//! The simulator's shared state: mailbox, faults, clock and ids.

use std::sync::Arc;
use std::time::Duration;

use common::{Ids, SharedClock};
use parking_lot::Mutex;

use crate::{Email, Faults, Mailbox};

/// The simulator. Clones share one state.
#[derive(Clone)]
pub struct MailSim(Arc<Shared>);

struct Shared {
    mailbox: Mutex<Mailbox>,
    faults: Mutex<Faults>,
    clock: SharedClock,
    ids: Ids,
}

impl MailSim {
    /// A simulator with an empty mailbox.
    pub fn new(clock: SharedClock, ids: Ids) -> Self {
        Self(Arc::new(Shared { mailbox: Mutex::default(), faults: Mutex::default(), clock, ids }))
    }

    /// The emails for this address (case is ignored), newest first.
    pub fn emails_to(&self, address: &str) -> Vec<Arc<Email>> {
        self.with_mailbox(|mailbox| mailbox.search(&format!("to:{address}")))
    }

    /// The pending faults.
    pub fn faults(&self) -> Faults {
        *self.0.faults.lock()
    }

    /// Replaces the pending faults.
    pub fn set_faults(&self, faults: Faults) {
        *self.0.faults.lock() = faults;
    }

    pub(crate) fn with_mailbox<T>(&self, work: impl FnOnce(&mut Mailbox) -> T) -> T {
        work(&mut self.0.mailbox.lock())
    }

    /// Stores an email as it was received.
    pub(crate) fn receive(&self, sender: &str, recipients: Vec<String>, raw: Vec<u8>) {
        let id: uuid::Uuid = self.0.ids.next();
        let email = Email::parse(id.to_string(), self.0.clock.now(), sender, recipients, raw);
        self.with_mailbox(|mailbox| mailbox.add(email));
    }

    /// Consumes one of the counted faults, if one is pending.
    pub(crate) fn consume(&self, count: impl FnOnce(&mut Faults) -> &mut u32) -> bool {
        let mut faults = self.0.faults.lock();
        let left = count(&mut faults);
        let injected = *left > 0;
        *left -= u32::from(injected);
        injected
    }

    pub(crate) async fn delay(&self) {
        let delay = Duration::from_millis(self.faults().delay_ms);
        if !delay.is_zero() {
            self.0.clock.sleep(delay).await;
        }
    }
}
