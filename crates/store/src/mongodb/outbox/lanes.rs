//! Commits on their way, by the outbox that they write to. Their answers may overtake one another; what follows from
//! the answers may not.

use std::collections::VecDeque;
use std::collections::hash_map::{Entry as Slot, HashMap};

use super::{Entry, Origin};

/// How a commit ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// These entered the outbox.
    Committed(Vec<Entry>),
    /// Nothing did.
    Refused,
    /// The answer did not come.
    Unknown,
}

/// The commits on their way. It holds no more than there are callers.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    begun: u64,
    lanes: HashMap<Origin, VecDeque<(u64, Option<Outcome>)>>,
}

impl Lanes {
    /// A commit begins. Returns its place.
    pub(super) fn enter(&mut self, origin: Origin) -> u64 {
        self.begun += 1;
        self.lanes.entry(origin).or_default().push_back((self.begun, None));
        self.begun
    }

    /// A commit has ended. Returns what nothing earlier stands before any longer, in order.
    pub(super) fn leave(&mut self, origin: Origin, place: u64, outcome: Outcome) -> Vec<Outcome> {
        let Slot::Occupied(mut lane) = self.lanes.entry(origin) else { return vec![outcome] };
        if let Some((_, ended)) = lane.get_mut().iter_mut().find(|(begun, _)| *begun == place) {
            *ended = Some(outcome);
        }
        let mut settled = Vec::new();
        while let Some((_, ended)) = lane.get_mut().front_mut() {
            let Some(outcome) = ended.take() else { return settled };
            settled.push(outcome);
            lane.get_mut().pop_front();
        }
        lane.remove();
        settled
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_answer_that_comes_early_waits_for_the_one_before() {
        let origin = |number| Origin { collection: "notes", document: Uuid::from_u128(number) };
        let mut lanes = Lanes::default();
        let places = [1, 1, 2, 1].map(|number| lanes.enter(origin(number)));
        assert_eq!(lanes.leave(origin(1), places[1], Outcome::Refused), []);
        assert_eq!(lanes.leave(origin(2), places[2], Outcome::Unknown), [Outcome::Unknown]);
        let committed = || Outcome::Committed(Vec::new());
        assert_eq!(lanes.leave(origin(1), places[0], committed()), [committed(), Outcome::Refused]);
        assert_eq!(lanes.leave(origin(1), places[3], committed()), [committed()]);
        assert!(lanes.lanes.is_empty(), "nothing remains of what has ended");
    }
}
