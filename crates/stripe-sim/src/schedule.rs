//! The times at which payments have due work, in memory: the worker wakes several times in the life of a payment, whose
//! document is large.

use std::collections::{BTreeSet, HashMap, HashSet};

use common::{Decision, Time};
use store::{CommitError, Range, StoreError};
use uuid::Uuid;

use crate::record::Record;
use crate::sim::StripeSim;

/// Documents read at once at the start.
const PAGE_SIZE: usize = 100;

/// The payments with due work now or later. This process is the only one that commits them.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    by_time: BTreeSet<(Time, Uuid)>,
    /// The revision that was scheduled, and its time.
    known: HashMap<Uuid, (u64, Time)>,
    /// Whether it covers all that is stored.
    is_complete: bool,
    /// Commits of which only the database knows whether they are stored.
    unknown_commits: u64,
}

impl Schedule {
    /// Takes over the time of a stored revision, unless a newer one is scheduled.
    pub(crate) fn update(&mut self, record: &Record) {
        let id = record.intent.id.0;
        if let Some((version, due)) = self.known.get(&id) {
            if *version > record.version {
                return;
            }
            self.by_time.remove(&(*due, id));
        }
        match record.due() {
            Some(due) => {
                self.by_time.insert((due, id));
                self.known.insert(id, (record.version, due));
            }
            None => drop(self.known.remove(&id)),
        }
    }

    /// The entry of a payment.
    pub(crate) fn entry(&self, id: Uuid) -> Option<(u64, Time)> {
        self.known.get(&id).copied()
    }

    /// Takes over what the database returned after this entry was read. If nothing has changed the entry since, the database
    /// counts, whatever its version: an entry without due work behind it would keep the worker busy for ever.
    pub(crate) fn replace(&mut self, id: Uuid, entry: Option<(u64, Time)>, stored: Option<&Record>) {
        if let Some((_, due)) = entry.filter(|entry| self.known.get(&id) == Some(entry)) {
            self.by_time.remove(&(due, id));
            self.known.remove(&id);
        }
        if let Some(record) = stored {
            self.update(record);
        }
    }

    /// At most `limit` payments that are due and not `busy`, and when the next of them all is due.
    fn due(&self, now: Time, busy: &HashSet<Uuid>, limit: usize) -> (Vec<Uuid>, Option<Time>) {
        let free = self.by_time.iter().filter(|(_, id)| !busy.contains(id));
        let due = free.clone().take_while(|(due, _)| *due <= now).take(limit).map(|(_, id)| *id).collect();
        let later = free.map(|(due, _)| *due).find(|due| *due > now);
        (due, later)
    }
}

impl StripeSim {
    /// Commits the next revision of a payment, and schedules its work. `known` saves a read if it is the latest revision.
    pub(crate) async fn commit(
        &self,
        id: Uuid,
        known: Option<&Record>,
        decide: impl FnMut(Option<&Record>) -> Option<Decision<Record>>,
    ) -> Result<Option<Record>, CommitError> {
        let stored = match known {
            Some(known) => self.0.records.apply_from(known, decide).await,
            None => self.0.records.apply(id, decide).await,
        };
        let mut schedule = self.0.schedule.lock();
        match &stored {
            Ok(Some(record)) => schedule.update(record),
            Ok(None) | Err(CommitError::Conflict | CommitError::DuplicateKey(_)) => {}
            // The revision may be stored nevertheless.
            Err(CommitError::Store(_)) => {
                schedule.is_complete = false;
                schedule.unknown_commits += 1;
            }
        }
        stored
    }

    /// The payments that are due and not `busy`, and when the next is due.
    pub(crate) async fn due(
        &self,
        now: Time,
        busy: &HashSet<Uuid>,
        limit: usize,
    ) -> Result<(Vec<Uuid>, Option<Time>), StoreError> {
        self.complete_schedule().await?;
        Ok(self.0.schedule.lock().due(now, busy, limit))
    }

    /// Completes the schedule from the database, at the start and after a commit of unknown outcome.
    async fn complete_schedule(&self) -> Result<(), StoreError> {
        let unknown_commits = {
            let schedule = self.0.schedule.lock();
            if schedule.is_complete {
                return Ok(());
            }
            schedule.unknown_commits
        };
        let all = Range::of(Record::BY_DUE, []).limit(PAGE_SIZE);
        let mut range = all.clone();
        loop {
            let page = self.0.records.page(range).await?;
            let mut schedule = self.0.schedule.lock();
            page.items.iter().for_each(|record| schedule.update(record));
            let Some(next) = page.next else {
                schedule.is_complete = schedule.unknown_commits == unknown_commits;
                return Ok(());
            };
            range = all.clone().after(Some(next));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn due_payments_come_first_and_busy_ones_not_at_all() {
        let now = Time::from_millis(1_000);
        let ids = [1, 2, 3].map(Uuid::from_u128);
        let mut schedule = Schedule::default();
        for (id, delay) in ids.iter().zip([0, 0, 5]) {
            schedule.by_time.insert((now.after(Duration::from_secs(delay)), *id));
        }
        let later = Some(now.after(Duration::from_secs(5)));
        assert_eq!(schedule.due(now, &HashSet::new(), 9), (vec![ids[0], ids[1]], later));
        assert_eq!(schedule.due(now, &HashSet::from([ids[0]]), 9), (vec![ids[1]], later));
        assert_eq!(schedule.due(now, &HashSet::new(), 1), (vec![ids[0]], later));
        assert_eq!(schedule.due(now, &HashSet::from(ids), 9), (vec![], None));
    }

    #[test]
    fn an_entry_that_the_database_does_not_confirm_is_dropped_unless_it_has_changed() {
        let (id, due) = (Uuid::from_u128(1), Time::from_millis(1_000));
        let mut schedule = Schedule::default();
        let insert = |schedule: &mut Schedule, version| {
            schedule.by_time.insert((due, id));
            schedule.known.insert(id, (version, due));
        };
        insert(&mut schedule, 1);
        let entry = schedule.entry(id);
        insert(&mut schedule, 2);
        schedule.replace(id, entry, None);
        assert_eq!(schedule.due(due, &HashSet::new(), 9).0, [id], "a commit has changed it meanwhile");
        schedule.replace(id, schedule.entry(id), None);
        assert_eq!(schedule.due(due, &HashSet::new(), 9), (vec![], None));
    }
}
