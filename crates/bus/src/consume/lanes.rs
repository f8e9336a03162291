//! One lane for each aggregate: in order within it, at the same time across them.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use common::Envelope;
use uuid::Uuid;

use crate::Delivery;
use crate::dead_letter::DeadLetter;

/// An event to be handled.
pub(super) enum Job {
    /// The bus delivered it.
    Delivered(Delivery),
    /// A dead letter that shall be handled again.
    Replay(Box<DeadLetter>),
}

impl Job {
    pub(super) fn event(&self) -> Arc<Envelope> {
        match self {
            Self::Delivered(delivery) => Arc::clone(&delivery.event),
            Self::Replay(letter) => Arc::new(letter.event.clone()),
        }
    }

    pub(super) fn place(&self) -> Place {
        match self {
            Self::Delivered(delivery) => Place { aggregate: delivery.event.aggregate, letter: None },
            Self::Replay(letter) => Place { aggregate: letter.event.aggregate, letter: Some(letter.id) },
        }
    }
}

/// What a job occupies while it is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    aggregate: Uuid,
    letter: Option<Uuid>,
}

/// The jobs that are held. An aggregate has a lane while one of its jobs runs; the others queue in it.
#[derive(Default)]
pub(super) struct Lanes {
    queues: HashMap<Uuid, VecDeque<Job>>,
    replaying: HashSet<Uuid>,
    held: usize,
}

impl Lanes {
    /// How many jobs are held.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Takes a job in. Returns it if it may run now. A dead letter that is held already is dropped: it still
    /// carries its request, and the next look finds it if it is not done by then.
    pub(super) fn enter(&mut self, job: Job) -> Option<Job> {
        let place = job.place();
        if place.letter.is_some_and(|letter| !self.replaying.insert(letter)) {
            return None;
        }
        self.held += 1;
        if let Some(queue) = self.queues.get_mut(&place.aggregate) {
            queue.push_back(job);
            return None;
        }
        self.queues.insert(place.aggregate, VecDeque::new());
        Some(job)
    }

    /// The job that ran at this place has ended. Returns the one that may run next.
    pub(super) fn leave(&mut self, place: Place) -> Option<Job> {
        self.held -= 1;
        if let Some(letter) = place.letter {
            self.replaying.remove(&letter);
        }
        let next = self.queues.get_mut(&place.aggregate).and_then(VecDeque::pop_front);
        if next.is_none() {
            self.queues.remove(&place.aggregate);
        }
        next
    }
}
