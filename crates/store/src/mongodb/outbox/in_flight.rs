//! Commits in flight, grouped by the outbox that they write to. Their answers may overtake one another; the order of the
//! events must not depend on that.

use std::collections::VecDeque;
use std::collections::hash_map::{Entry, HashMap};

use crate::mongodb::layout::{Origin, StoredEvent};

/// The outcome of a commit.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CommitOutcome {
    /// These events entered the outbox.
    Committed(Vec<StoredEvent>),
    /// Nothing was written.
    Refused,
    /// The server did not answer.
    Unknown,
}

/// The commits in flight, at most as many as there are permits for calls.
#[derive(Debug, Default)]
pub(super) struct InFlightCommits {
    begun: u64,
    by_origin: HashMap<Origin, VecDeque<(u64, Option<CommitOutcome>)>>,
}

impl InFlightCommits {
    /// Adds a commit and returns its number.
    pub(super) fn begin(&mut self, origin: Origin) -> u64 {
        self.begun += 1;
        self.by_origin.entry(origin).or_default().push_back((self.begun, None));
        self.begun
    }

    /// Completes a commit. Returns, in order, the outcomes that no earlier commit in flight precedes any longer.
    pub(super) fn complete(
        &mut self,
        origin: Origin,
        number: u64,
        outcome: CommitOutcome,
    ) -> Vec<CommitOutcome> {
        let Entry::Occupied(mut commits) = self.by_origin.entry(origin) else { return vec![outcome] };
        if let Some((_, completed)) = commits.get_mut().iter_mut().find(|(begun, _)| *begun == number) {
            *completed = Some(outcome);
        }
        let mut settled = Vec::new();
        while let Some((_, completed)) = commits.get_mut().front_mut() {
            let Some(outcome) = completed.take() else { return settled };
            settled.push(outcome);
            commits.get_mut().pop_front();
        }
        commits.remove();
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
        let mut commits = InFlightCommits::default();
        let numbers = [1, 1, 2, 1].map(|number| commits.begin(origin(number)));
        let committed = || CommitOutcome::Committed(Vec::new());
        let (refused, unknown) = (CommitOutcome::Refused, CommitOutcome::Unknown);
        assert_eq!(commits.complete(origin(1), numbers[1], CommitOutcome::Refused), []);
        assert_eq!(commits.complete(origin(2), numbers[2], CommitOutcome::Unknown), [unknown]);
        assert_eq!(commits.complete(origin(1), numbers[0], committed()), [committed(), refused]);
        assert_eq!(commits.complete(origin(1), numbers[3], committed()), [committed()]);
        assert!(commits.by_origin.is_empty(), "nothing remains of completed commits");
    }
}
