//! A mailer for tests: accepts every email, or fails as a test demands.

use std::collections::VecDeque;
use std::future::ready;
use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt};
use parking_lot::Mutex;

use crate::{EmailContext, Mailer, Message, SendError};

/// Records the emails that it accepts.
#[derive(Default)]
pub struct Recorder {
    sent: Mutex<Vec<Message>>,
    failures: Mutex<VecDeque<SendError>>,
}

impl Recorder {
    /// A mailer that accepts every email.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The context of a worker that sends with this mailer.
    pub fn context(self: Arc<Self>) -> EmailContext {
        EmailContext {
            mailer: self,
            public_url: "https://tickets.example".into(),
            domain: "tickets.example".into(),
        }
    }

    /// The accepted emails to this address, oldest first.
    pub fn to(&self, address: &str) -> Vec<Message> {
        self.sent.lock().iter().filter(|message| message.to == address).cloned().collect()
    }

    /// Fails the next attempt with this error.
    pub fn fail(&self, error: SendError) {
        self.failures.lock().push_back(error);
    }
}

impl Mailer for Recorder {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<(), SendError>> {
        let result = self.failures.lock().pop_front().map_or(Ok(()), Err);
        if result.is_ok() {
            self.sent.lock().push(message.clone());
        }
        ready(result).boxed()
    }
}
