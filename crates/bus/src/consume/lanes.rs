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
            Self::Delivered(delivery) => Arc::clone(&delivery.envelope),
            Self::Replay(letter) => Arc::new(letter.event.clone()),
        }
    }

    pub(super) fn place(&self) -> Place {
        match self {
            Self::Delivered(delivery) => Place { aggregate: delivery.envelope.aggregate, letter: None },
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

#[cfg(test)]
mod tests {
    use common::event::DeadlinePassed;
    use common::{Event, Time};

    use super::*;

    fn replay() -> Job {
        let (id, time) = (Uuid::from_u128(1), Time::from_millis(0));
        let event = Envelope {
            id: id.into(),
            schema: 1,
            aggregate: id,
            version: 1,
            time,
            trace: None,
            event: Event::ExpirationCompleted(DeadlinePassed { order_id: id.into(), expires_at: time }),
        };
        Job::Replay(Box::new(DeadLetter {
            id,
            version: 2,
            event,
            consumer: "tests".to_owned(),
            reason: String::new(),
            attempts: 1,
            failed_at: time,
            replay_requested: true,
        }))
    }

    #[test]
    fn a_dead_letter_that_every_look_finds_again_is_held_once() {
        let mut lanes = Lanes::default();
        let place = lanes.enter(replay()).expect("its aggregate is free").place();
        for _ in 0..100 {
            assert!(lanes.enter(replay()).is_none());
        }
        assert_eq!(lanes.held(), 1);
        assert!(lanes.leave(place).is_none());
        assert_eq!(lanes.held(), 0);
        assert!(lanes.enter(replay()).is_some());
    }
}
