//! One queue per aggregate: in order within an aggregate, concurrent across aggregates.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use common::Envelope;
use uuid::Uuid;

use crate::dead_letter::DeadLetter;
use crate::port::Delivery;

/// An event to handle.
pub(super) enum Job {
    /// Delivered by the bus.
    Delivered(Delivery),
    /// A dead letter whose replay was requested, and its event.
    Replay(Box<DeadLetter>, Arc<Envelope>),
}

impl Job {
    /// The event; `None` if it is unreadable.
    pub(super) fn event(&self) -> Option<&Arc<Envelope>> {
        match self {
            Self::Delivered(delivery) => delivery.envelope(),
            Self::Replay(_, event) => Some(event),
        }
    }

    /// The key; an unreadable event waits for no other.
    pub(super) fn key(&self) -> JobKey {
        match self {
            Self::Delivered(delivery) => {
                let aggregate = delivery.envelope().map(|event| event.aggregate);
                JobKey { aggregate: aggregate.unwrap_or_else(|| delivery.raw().id()), letter: None }
            }
            Self::Replay(letter, event) => JobKey { aggregate: event.aggregate, letter: Some(letter.id) },
        }
    }
}

/// The queue of a job, and the dead letter that the job replays.
#[derive(Debug, Clone, Copy)]
pub(super) struct JobKey {
    aggregate: Uuid,
    letter: Option<Uuid>,
}

/// The buffered jobs. An aggregate has a queue while one of its jobs runs; the others wait in that queue.
#[derive(Default)]
pub(super) struct KeyedQueues {
    queues: HashMap<Uuid, VecDeque<Job>>,
    replaying: HashSet<Uuid>,
    len: usize,
}

impl KeyedQueues {
    /// The number of jobs, running ones included.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds a job. Returns the job if it may run now. A dead letter that is buffered already is dropped: its request
    /// remains stored, and a later poll finds it again unless its replay succeeds.
    pub(super) fn push(&mut self, job: Job) -> Option<Job> {
        let key = job.key();
        if key.letter.is_some_and(|letter| !self.replaying.insert(letter)) {
            return None;
        }
        self.len += 1;
        if let Some(queue) = self.queues.get_mut(&key.aggregate) {
            queue.push_back(job);
            return None;
        }
        self.queues.insert(key.aggregate, VecDeque::new());
        Some(job)
    }

    /// Removes the job that ran under this key. Returns the one that may run next.
    pub(super) fn complete(&mut self, key: JobKey) -> Option<Job> {
        self.len -= 1;
        if let Some(letter) = key.letter {
            self.replaying.remove(&letter);
        }
        let next = self.queues.get_mut(&key.aggregate).and_then(VecDeque::pop_front);
        if next.is_none() {
            self.queues.remove(&key.aggregate);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use common::event::DeadlinePassed;
    use common::{Event, Time};

    use super::*;
    use crate::raw_event::RawEvent;

    fn replay() -> Job {
        let (id, time) = (Uuid::from_u128(1), Time::from_millis(0));
        let event = Event::ExpirationCompleted(DeadlinePassed { order_id: id.into(), expires_at: time });
        let event = Envelope::new(id.into(), id, 1, time, event);
        let letter = DeadLetter {
            id,
            version: 2,
            event: RawEvent::of(&event),
            consumer: "tests".to_owned(),
            reason: String::new(),
            attempts: 1,
            failed_at: time,
            replay_requested: true,
        };
        Job::Replay(Box::new(letter), Arc::new(event))
    }

    #[test]
    fn a_dead_letter_that_every_poll_finds_again_is_buffered_once() {
        let mut queues = KeyedQueues::default();
        let key = queues.push(replay()).expect("its aggregate is free").key();
        for _ in 0..100 {
            assert!(queues.push(replay()).is_none());
        }
        assert_eq!(queues.len(), 1);
        assert!(queues.complete(key).is_none());
        assert_eq!(queues.len(), 0);
        assert!(queues.push(replay()).is_some());
    }
}
